//! Which facts are entries of the audit log.

use super::super::entry::entry;
use super::*;

/// LC-36: what is recorded of the main story, of one that fails, and of a machine that was taken in.
#[test]
fn provisions_and_ends_are_recorded_step_by_step() {
    let adopted = claim("web-1").machine("m1").in_phase(Phase::Provisioned);
    let ending = ready().deleted().removal(&intent(Outcome::Accepted, 0));
    let trouble = |claim: ClaimBuilder| with(claim, "Error", true, "DiscoveryTimeout");
    let steps: [(Scene, Scene, &[&str]); 11] = [
        (
            Scene::with([]),
            Scene::with([claim("web-1")]),
            &["scale_up slots_free success"],
        ),
        (
            Scene::with([claim("web-1")]),
            Scene::with([asked(Outcome::Open)]),
            &[],
        ),
        (
            Scene::with([asked(Outcome::Open)]),
            Scene::with([asked(Outcome::Accepted)]),
            &["node_provision requested success"],
        ),
        (
            Scene::with([asked(Outcome::Open)]),
            Scene::with([asked(Outcome::Unknown)]),
            &["node_provision outcome_unknown failed"],
        ),
        (
            Scene::with([asked(Outcome::Accepted)]),
            Scene::with([found()]),
            &["node_provision discovered success"],
        ),
        (
            Scene::with([claim("web-1")]),
            Scene::with([adopted]),
            &["node_provision adopted success"],
        ),
        (
            Scene::with([found()]),
            Scene::with([joined(Phase::Joining)]),
            &["node_provision joined success"],
        ),
        (
            Scene::with([asked(Outcome::Accepted)]),
            Scene::with([trouble(asked(Outcome::Accepted))]),
            &["node_provision DiscoveryTimeout failed"],
        ),
        (
            Scene::with([ending.clone()]).letting_go(),
            Scene::with([]),
            &["node_decommission removed success"],
        ),
        (
            Scene::with([ending]),
            Scene::with([]),
            &["node_decommission not_proven failed"],
        ),
        (
            Scene::with([ready()]),
            Scene::with([]),
            &["node_decommission not_removed failed"],
        ),
    ];
    for (number, (before, now, expected)) in steps.iter().enumerate() {
        let drafts = facts(before, now);
        let drafts = drafts.iter().filter_map(entry);
        let told = drafts.map(|draft| {
            let entry = draft.entry();
            assert!(entry.group.as_deref() == Some("kube-system/web"), "{entry:?}");
            format!("{} {} {}", entry.action, entry.reason, entry.result)
        });
        assert_eq!(told.collect::<Vec<_>>(), *expected, "step {number}");
    }
}

/// LC-36, SC-4, SC-7: who decided that VPSieNodes are made, and why, each cause by itself.
#[test]
fn growth_is_recorded_by_its_cause() {
    let for_pods = claim("web-2").annotated(keys::ANNOTATION_PLANNED_FOR, "shop/a");
    let by_use = claim("web-3").annotated(keys::ANNOTATION_CREATION_REASON, keys::BY_USE);
    let grown = Scene::with([claim("web-1"), for_pods, by_use]);
    let drafts = facts(&Scene::with([]), &grown);
    let told = drafts.iter().filter_map(entry).map(|draft| {
        let entry = draft.entry();
        format!("{} {}", entry.reason, entry.decision_by)
    });
    let expected = [
        "slots_free min_nodes",
        "pods_wait scale_up_policy",
        "above_threshold scale_up_policy",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
