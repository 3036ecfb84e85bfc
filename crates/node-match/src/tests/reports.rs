//! R2a: what several reports of one machine say together.

use crate::testing::{CLUSTER, GROUP, at, baseline, claim, machine, snapshot, told_unexplained};
use crate::tests::check_all;
use crate::{Machine, ReportedAt, Snapshot, match_fleet};

fn bare(list: u8) -> Machine<'static> {
    Machine {
        list,
        cluster: CLUSTER.into(),
        identifier: Some("One".into()),
        ..Machine::default()
    }
}

/// R2a: of several reports, the first that knows a thing tells it; whatever speaks against a machine counts.
#[test]
fn reports_of_one_machine_are_told_as_one() {
    let mut first = bare(0).addressed(&["10.0.0.2", "10.0.0.1"]).in_status("Running");
    (first.id, first.hostname) = (Some(0), Some(" ".into()));
    first = first.created_somewhere(1);
    let second = bare(1).named(" web ").in_status("off").in_group(GROUP).created(4);
    let mut third = bare(2).addressed(&["10.0.0.1"]).named("db").created(3);
    (third.id, third.identifier) = (Some(7), Some("ONE".into()));
    for reports in [
        [first.clone(), second.clone(), third.clone()],
        [third, second, first],
    ] {
        let world = snapshot(5).machines(reports);
        let matching = match_fleet(&world);
        let [entry] = matching.unexplained.machines.as_slice() else {
            panic!("{:#?}", matching.unexplained);
        };
        let machine = &entry.machine;
        assert_eq!(machine.reports().len(), 3);
        assert_eq!((machine.cluster(), machine.id()), (CLUSTER, Some(7)));
        assert_eq!(
            (machine.identifier(), machine.hostname()),
            (Some("One"), Some("web"))
        );
        assert_eq!(machine.addresses(), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!((machine.status(), machine.is_running()), (Some("off"), false));
        assert_eq!(machine.group(), Some(GROUP));
        assert!(!machine.is_deleted() && !machine.is_control_plane());
        let created = ReportedAt {
            at: at(3),
            zoned: true,
        };
        assert_eq!(machine.created_at(), Some(created));
    }
}

/// R2a, R2c: one report that marks a machine deleted, or of the control plane by role or name, is enough.
#[test]
fn one_report_is_enough_to_rule_a_machine_out() {
    let told =
        |report: Machine<'static>| told_unexplained(&match_fleet(&snapshot(5).machines([bare(0), report])));
    let mut deleted = bare(1);
    deleted.is_deleted = true;
    assert_eq!(told(deleted), ["? deleted"]);
    for role in ["Master", "control-plane", " controlplane "] {
        let mut report = bare(1);
        report.role = Some(role.to_owned().into());
        assert_eq!(told(report), ["? control-plane"], "{role}");
    }
    assert_eq!(told(bare(1).named("HEL-Master-1")), ["? control-plane"]);
    assert_eq!(told(bare(1).named("webmaster-1")), ["? unlinked"]);
}

fn count(world: &Snapshot<'_>) -> usize {
    match_fleet(world).unexplained.machines.len()
}

/// R2a: equal ids of one list and cluster are one machine; of two lists or clusters, or unreported, they are not.
#[test]
fn equal_ids_are_one_machine_only_within_a_list_of_a_cluster() {
    let report = |list, id| Machine {
        list,
        id: Some(id),
        identifier: None,
        ..machine(1)
    };
    let of = |reports: [Machine<'static>; 3]| count(&snapshot(5).machines(reports));
    assert_eq!(of([report(0, 1), report(0, 1), report(0, 2)]), 2);
    assert_eq!(of([report(0, 1), report(1, 1), report(2, 1)]), 3);
    assert_eq!(of([report(0, 1), report(0, 1).in_cluster("b"), report(0, 1)]), 2);
    assert_eq!(of([report(0, 0), report(0, 0), report(0, 0)]), 3);
}

/// R2a: hostname and address together are one machine, each alone is not, and where that would join two
/// identifiers only what is certain is joined.
#[test]
fn hostname_and_address_together_are_one_machine() {
    let report = |identifier: Option<&'static str>, hostname: &str, address: &str| Machine {
        id: None,
        identifier: identifier.map(Into::into),
        ..machine(1).named(hostname).addressed(&[address])
    };
    let of = |reports: Vec<Machine<'static>>| count(&snapshot(5).machines(reports));
    let (a, b) = ("10.0.0.1", "10.0.0.2");
    assert_eq!(of(vec![report(None, "web", a), report(None, "Web", a)]), 1);
    assert_eq!(of(vec![report(None, "web", a), report(None, "web", b)]), 2);
    assert_eq!(of(vec![report(None, "web", a), report(None, "db", a)]), 2);
    assert_eq!(of(vec![report(Some("one"), "web", a), report(None, "web", a)]), 1);
    let mixed = vec![
        report(Some("one"), "web", a),
        report(Some("two"), "web", a),
        report(None, "web", a),
        report(Some("ONE"), "other", b),
    ];
    assert_eq!(of(mixed), 3);
}

/// Makes a machine that nothing but its addresses tells from another.
fn nameless(addresses: &[&str]) -> Machine<'static> {
    let mut machine = machine(0).addressed(addresses);
    (machine.id, machine.identifier) = (None, None);
    machine
}

/// R8: the order in which a report lists its addresses says nothing, also where only they tell machines apart.
#[test]
fn order_of_addresses_decides_nothing() {
    for (first, second) in [
        (&["10.0.0.1", "10.0.0.9"][..], &["10.0.0.3", "10.0.0.5"][..]),
        (&["10.0.0.1", "10.0.0.9"], &["10.0.0.5"]),
        (&["10.0.0.1", "10.0.0.7", "10.0.0.9"], &["10.0.0.5"]),
    ] {
        let reversed: Vec<&str> = first.iter().rev().copied().collect();
        for listed in [first, reversed.as_slice()] {
            for machines in [
                [nameless(listed), nameless(second)],
                [nameless(second), nameless(listed)],
            ] {
                let empty = baseline(&[]);
                let world = snapshot(5)
                    .claims([claim("a").since(&empty), claim("b").since(&empty)])
                    .machines(machines);
                let matching = match_fleet(&world);
                let found = matching.verdict("a").and_then(|verdict| verdict.matched());
                let machine = found.and_then(|found| found.machine.as_ref());
                assert_eq!(
                    machine.map(|machine| machine.addresses()),
                    Some(first.to_vec()),
                    "{world:?}"
                );
            }
        }
    }
}

/// R8: machines that nobody claims are listed by cluster and id, whichever lists report them.
#[test]
fn unclaimed_machines_are_listed_by_cluster_and_id() {
    let mut of_another_list = machine(1);
    (of_another_list.list, of_another_list.identifier) = (1, None);
    let world = snapshot(5).machines([machine(3), of_another_list, machine(2).in_cluster("cluster-b")]);
    check_all(&world, &[], &["1 unlinked", "3 unlinked", "2 unlinked"]);
}
