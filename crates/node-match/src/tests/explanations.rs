//! What a person is told: one story per verdict and per objection.

mod counts;
mod laws;
mod rare;

use crate::testing::{GROUP, baseline, claim, group, machine, node, snapshot};
use crate::{ClusterShape, Snapshot, explain_claim, match_fleet};

/// Compares all that is said of one claim.
#[track_caller]
fn check(world: &Snapshot<'_>, uid: &str, expected: &[&str]) {
    let matching = match_fleet(world);
    let why = explain_claim(world, &matching, uid).expect("the claim is in the world");
    assert_eq!(why.sentences(), expected);
}

/// R3: what is matched is told with the evidence of every link.
#[test]
fn match_is_told_with_its_evidence() {
    let world = snapshot(5)
        .claims([claim("my-node")])
        .machines([machine(71003)
            .named("my-node-k8s-worker")
            .addressed(&["10.0.0.4"])])
        .nodes([node("worker").addressed(&["10.0.0.4"])]);
    check(
        &world,
        "my-node",
        &[
            "Matched: machine 71003 (my-node-k8s-worker, machine-71003) and Node worker are its own.",
            "The machine is its own: the name my-node-k8s-worker begins with that of the VPSieNode (hostname-pattern).",
            "The Node is that machine's: both have the address 10.0.0.4 (address).",
        ],
    );
}

/// R2: every reason of R2 is told with its numbers, the nearest machine first.
#[test]
fn every_machine_that_was_considered_is_told_with_its_reason() {
    let before = baseline(&["1"]);
    let world = snapshot(5)
        .groups([group(GROUP, 2, 4096, 80), group(7, 4, 8192, 80)])
        .claims([claim("web").since(&before), claim("db").with_id(2).since(&before)])
        .machines([
            machine(1),
            machine(2),
            machine(3).in_group(7),
            machine(4).sized(4, 4096, 80),
            machine(5).named("hel-kubernetes-49ab-master-1"),
            machine(8).addressed(&["10.0.0.8"]),
        ])
        .nodes([node("n8").addressed(&["10.0.0.8"]).labelled("api")]);
    check(
        &world,
        "web",
        &[
            "Waiting: nothing new that could be its own has appeared in group 412 since the request at 00:00:00 UTC (5 min ago); 6 machines were considered:",
            "Machine 8 (machine-8) has the Node n8, which is labelled for VPSieNode api.",
            "Machine 2 (machine-2) belongs to VPSieNode kube-system/db.",
            "Machine 1 (machine-1) was there before the request.",
            "Machine 4 (machine-4) has 4 CPUs, and machines of the group have 2.",
            "Machine 3 (machine-3) is of group 7, not of 412.",
            "Machine 5 (hel-kubernetes-49ab-master-1, machine-5) belongs to the control plane.",
            "It times out 15 min after the request.",
        ],
    );
}

/// R2b: without a complete baseline the times are told.
#[test]
fn want_of_proof_is_told_with_the_times() {
    let world = snapshot(5).claims([claim("web")]).machines([
        machine(1).created(-60),
        machine(2),
        machine(3).created_somewhere(1),
        machine(4).created(1),
    ]);
    check(
        &world,
        "web",
        &[
            "Waiting: machines are there, but nothing proves that one is new: nothing was noted of what was there before the request; 4 machines were considered:",
            "Machine 2 (machine-2) is not provably new: when it was created is not reported.",
            "Machine 3 (machine-3) is not provably new: it was created at 00:01:00, but the zone of that time is not reported.",
            "Machine 4 (machine-4) is not provably new: it was created at 00:01:00 UTC (4 min ago), which proves nothing while the times of other machines are unknown.",
            "Machine 1 (machine-1) is older than the request: it was created at 2024-10-03 23:00:00 UTC (1 h 5 min ago).",
            "A name or an address that links one of them settles it, or a person who records it.",
        ],
    );
}

/// D6: a claim that timed out says how long it waited.
#[test]
fn time_out_is_told_with_the_limit() {
    let empty = baseline(&[]);
    check(
        &snapshot(20).claims([claim("web").since(&empty)]),
        "web",
        &[
            "Timed out: nothing new that could be its own has appeared in group 412 since the request at 00:00:00 UTC (20 min ago).",
            "The limit of 15 min is over; a machine that comes late is still recorded on it.",
        ],
    );
    check(
        &snapshot(4).claims([claim("web").since(&empty)]),
        "web",
        &[
            "Waiting: nothing new that could be its own has appeared in group 412 since the request at 00:00:00 UTC (4 min ago).",
            "It times out 15 min after the request.",
        ],
    );
}

/// R2: a machine that does not run yet is awaited.
#[test]
fn machine_that_does_not_run_is_awaited() {
    let world = snapshot(5)
        .claims([claim("web"), claim("db").since(&baseline(&[]))])
        .machines([machine(1).named("web").in_status("installing")]);
    check(
        &world,
        "web",
        &[
            "Waiting: its machine is there but does not run yet; 1 machine was considered:",
            "Machine 1 (web, machine-1) is not running: its status is installing.",
            "It goes on by itself as soon as VPSie says that it runs.",
        ],
    );
    check(
        &world,
        "db",
        &[
            "Waiting: nothing new that could be its own has appeared in group 412 since the request at 00:00:00 UTC (5 min ago); 1 machine was considered:",
            "Machine 1 (web, machine-1) is kept for VPSieNode kube-system/web until it runs.",
            "It times out 15 min after the request.",
        ],
    );
}

/// R7: a surplus is told with both counts.
#[test]
fn surplus_is_told_with_both_counts() {
    let before = baseline(&[]);
    let world = snapshot(5)
        .claims([claim("a").since(&before), claim("b").since(&before)])
        .machines([machine(1), machine(2), machine(3)]);
    check(
        &world,
        "a",
        &[
            "Ambiguous: 3 candidates are new for 2 waiting VPSieNodes, so somebody else adds machines, and nobody can tell which are ours; 3 machines were considered:",
            "Machine 1 (machine-1) could be its own.",
            "Machine 2 (machine-2) could be its own.",
            "Machine 3 (machine-3) could be its own.",
            "A person has to record which machine is whose, or remove the machines that nobody asked for.",
        ],
    );
}

/// R2c: work on the cluster is told with what shows it.
#[test]
fn work_on_the_cluster_is_told() {
    let shape = |version: &str, managers| ClusterShape {
        version: Some(version.to_owned()),
        locked: Some(false),
        managers: Some(managers),
    };
    let before = crate::Baseline::clone(&baseline(&[])).with_shape(shape("v1.33.1", 1));
    let world = snapshot(5)
        .shape(shape("v1.34.1", 2))
        .claims([claim("a").since(&before.into())])
        .machines([machine(1)]);
    check(
        &world,
        "a",
        &[
            "Ambiguous: VPSie is working on the cluster: its version was v1.33.1 and is v1.34.1 and the number of its control-plane machines was 1 and is 2; 1 machine was considered:",
            "Machine 1 (machine-1) could be its own.",
            "Nothing will undo that: a person has to record which machine is its own.",
        ],
    );
}

/// R0: a conflict names the other VPSieNode.
#[test]
fn conflict_names_the_other_claim() {
    let world = snapshot(5)
        .claims([claim("a").with_id(1), claim("b").with_id(1)])
        .machines([machine(1)]);
    check(
        &world,
        "a",
        &[
            "Conflict: its records contradict those of VPSieNode kube-system/b (machine-recorded-twice); 1 machine was considered:",
            "Machine 1 (machine-1) is named by records that contradict each other.",
            "Nothing of them is deleted until a person removes one of the records.",
        ],
    );
}

/// Settled reading of R0: what is recorded and not there is named.
#[test]
fn lost_records_are_named() {
    let world = snapshot(5).claims([claim("a").with_id(7), claim("b").with_node("gone")]);
    check(
        &world,
        "a",
        &[
            "Waiting: machine 7 is recorded on it, and VPSie does not list that machine.",
            "Nothing weaker takes its place. See at VPSie whether the machine still exists.",
        ],
    );
    check(
        &world,
        "b",
        &[
            "Waiting: Node gone is recorded on it, and there is no such Node.",
            "Nothing weaker takes its place. See why the Node left the cluster.",
        ],
    );
}

/// N1: a claim that takes no part says why.
#[test]
fn claim_that_takes_no_part_says_why() {
    let world = snapshot(5)
        .claims([claim("a").not_requested()])
        .machines([machine(1)]);
    check(
        &world,
        "a",
        &["Takes no part: no machine was asked for and nothing is recorded."],
    );
}

/// More than sixteen are counted, not listed.
#[test]
fn what_is_beyond_the_list_is_counted() {
    let keys: Vec<String> = (1..40u64).map(|id| id.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let world = snapshot(5)
        .claims([claim("a").since(&baseline(&keys))])
        .machines((1..40).map(machine));
    let matching = match_fleet(&world);
    let why = explain_claim(&world, &matching, "a").expect("it is there");
    let told = why.sentences();
    assert_eq!((why.considered.machines, why.considered.listed.len()), (39, 16));
    assert!(
        told.contains(&"23 more are not listed: 23 in-baseline.".to_owned()),
        "{told:#?}"
    );
}

/// Names come from outside and must not steer a terminal.
#[test]
fn control_characters_in_names_do_not_reach_the_terminal() {
    let world = snapshot(5)
        .claims([claim("a")])
        .machines([machine(1).named("a-\u{1b}[2J\nb")]);
    let matching = match_fleet(&world);
    let told = explain_claim(&world, &matching, "a")
        .expect("it is there")
        .sentences();
    assert!(
        told.iter().all(|text| !text.contains(char::is_control)),
        "{told:?}"
    );
    assert!(told[0].contains("a-[2Jb"), "{told:?}");
}
