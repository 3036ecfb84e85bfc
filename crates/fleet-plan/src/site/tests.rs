//! What the place itself decides, by the documented semantics of the scheduler.

use super::*;
use crate::taint::Effect;
use crate::testing::{
    above, absent, any_of, below, demand, labels, node, node_term, none_of, present, taint,
};

/// Says whether a Node of zone `a` with eight cores and a taint `gpu` admits the pod.
#[track_caller]
fn check(pod: Demand, expected: &[&str]) {
    let node =
        node("one")
            .label("zone", "a")
            .label("cores", "8")
            .taint(taint("gpu", "yes", Effect::NoSchedule));
    let site = Site::of_node(&node);
    let tolerant = pod.tolerates("gpu");
    let words: Vec<&str> = site
        .misfits(&tolerant.placement)
        .iter()
        .map(Misfit::word)
        .collect();
    assert_eq!(words, expected, "{:?}", tolerant.placement);
    assert_eq!(site.admits(&tolerant.placement), expected.is_empty());
}

/// SC-2: every label of the selector must be there, with its value.
#[test]
fn node_selector_wants_all_its_labels() {
    check(demand("shop").selects("zone", "a"), &[]);
    check(demand("shop").selects("zone", "a").selects("cores", "8"), &[]);
    check(demand("shop").selects("zone", "b"), &["node-selector"]);
    check(demand("shop").selects("disk", ""), &["node-selector"]);
}

/// SC-2: one term is enough, but all its requirements must hold; a term without any selects nothing.
#[test]
fn node_affinity_wants_one_whole_term() {
    let with = |terms: Vec<Vec<Requirement>>| {
        demand("shop").node_affinity(terms.into_iter().map(node_term).collect())
    };
    check(with(vec![vec![any_of("zone", &["a"]), present("cores")]]), &[]);
    check(
        with(vec![vec![any_of("zone", &["b"])], vec![absent("disk")]]),
        &[],
    );
    check(with(vec![vec![above("cores", 7), below("cores", 9)]]), &[]);
    check(
        with(vec![vec![any_of("zone", &["a"]), none_of("cores", &["8"])]]),
        &["node-affinity"],
    );
    check(with(vec![vec![]]), &["node-affinity"]);
    check(with(vec![]), &["node-affinity"]);
    check(
        with(vec![vec![any_of("zone", &["a"])]]).selects("zone", "b"),
        &["node-selector"],
    );
}

/// SC-2: `matchFields` looks at the name of the Node, which a new node does not have yet.
#[test]
fn match_fields_look_at_the_name() {
    let named = |requirement: Requirement| {
        let term = NodeTerm {
            labels: Vec::new(),
            names: vec![requirement],
        };
        demand("shop").node_affinity(vec![term])
    };
    check(named(any_of("metadata.name", &["one"])), &[]);
    check(named(none_of("metadata.name", &["one"])), &["node-affinity"]);
    let to_come = Site::to_come(&labels(&[]), &[]);
    assert!(!to_come.admits(&named(any_of("metadata.name", &["one"])).placement));
    assert!(to_come.admits(&named(none_of("metadata.name", &["one"])).placement));
}

/// SC-2: a new node has a hostname, which is that of no other.
#[test]
fn hostname_of_a_new_node_is_its_own() {
    let to_come = Site::to_come(&labels(&[]), &[]);
    for (requirement, expected) in [
        (present(HOSTNAME), true),
        (absent(HOSTNAME), false),
        (any_of(HOSTNAME, &["one"]), false),
        (none_of(HOSTNAME, &["one"]), true),
    ] {
        let pod = demand("shop").node_affinity(vec![node_term(vec![requirement.clone()])]);
        assert_eq!(to_come.admits(&pod.placement), expected, "{requirement:?}");
    }
    let misfits = to_come.misfits(&demand("shop").selects(HOSTNAME, "one").placement);
    let needs = "kubernetes.io/hostname=one".to_owned();
    assert_eq!(misfits, [Misfit::NodeSelector { needs, has: None }]);
}

/// SC-2: each taint that schedules nothing must be tolerated.
#[test]
fn taints_must_be_tolerated() {
    let site = Site::of_node(
        &node("one")
            .taint(taint("gpu", "", Effect::NoSchedule))
            .taint(taint("old", "", Effect::PreferNoSchedule))
            .taint(taint("bad", "", Effect::NoExecute)),
    );
    let misfits = site.misfits(&demand("shop").tolerates("gpu").placement);
    assert_eq!(misfits, [Misfit::Taint(taint("bad", "", Effect::NoExecute))]);
    assert!(site.admits(&demand("shop").tolerates("gpu").tolerates("bad").placement));
}

/// SC-2: every volume must be reached.
#[test]
fn volumes_must_be_reached() {
    let at = |zone: &str| node_term(vec![any_of("zone", &[zone])]);
    check(demand("shop").volume_at("data", at("a")), &[]);
    check(
        demand("shop")
            .volume_at("data", at("a"))
            .volume_at("logs", at("b")),
        &["volume-place"],
    );
}

/// SC-3: a demand that contradicts itself is known by its label; one with another way out is not.
#[test]
fn contradiction_in_every_term_is_told() {
    let impossible = || node_term(vec![present("disk"), absent("disk")]);
    let with = |terms| demand("shop").node_affinity(terms);
    assert_eq!(
        contradictory_label(&with(vec![impossible()])).as_deref(),
        Some("disk")
    );
    assert_eq!(
        contradictory_label(&with(vec![impossible(), node_term(vec![present("disk")])])),
        None
    );
    let selected = with(vec![node_term(vec![any_of("zone", &["a"])])]).selects("zone", "b");
    assert_eq!(contradictory_label(&selected).as_deref(), Some("zone"));
    assert_eq!(contradictory_label(&demand("shop")), None);
}
