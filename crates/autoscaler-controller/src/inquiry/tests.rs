//! Which VPSieNode is meant, and what is said of it.

use super::*;
use crate::testing::{at, claim, condition, intent, world};
use vpsie_api::{Call, CallError};

fn named(found: Result<&ClaimObject, InquiryError>) -> String {
    match found {
        Ok(claim) => full_name(claim),
        Err(error) => error.to_string(),
    }
}

/// A name alone is enough while it is the only one; a wrong one leads to those that are alike.
#[test]
fn vpsie_node_is_found_by_name_or_what_is_near_is_offered() {
    let elsewhere = claim("db-1").in_namespace("default");
    let world = world()
        .claim(claim("web-1"))
        .claim(claim("db-1"))
        .claim(elsewhere);
    let world = world.observe();
    let table = [
        ("web-1", "kube-system/web-1"),
        ("kube-system/web-1", "kube-system/web-1"),
        ("default/db-1", "default/db-1"),
        (
            "default/web-1",
            "there is no VPSieNode default/web-1; did you mean default/db-1?",
        ),
        (
            "wbe-1",
            "there is no VPSieNode wbe-1; did you mean kube-system/web-1?",
        ),
        (
            "db-1",
            "several VPSieNodes are named db-1; say which: default/db-1, kube-system/db-1",
        ),
        (
            "",
            "there is no VPSieNode ; `kubectl get -A vpsienodes` lists those that there are",
        ),
    ];
    for (asked, expected) in table {
        assert_eq!(named(find(&world, asked)), expected, "{asked}");
    }
}

/// I2: what came of the request is told with its time, its attempt and its error.
#[test]
fn request_is_told_with_what_came_of_it() {
    let lost = Intent {
        error: Some("the reply took too long".to_owned()),
        ..intent(Outcome::Unknown, -300)
    };
    let told = |claim: &ClaimObject| record(claim, at(0));
    assert_eq!(
        told(
            &claim("web-1")
                .asked(&lost)
                .removal(&intent(Outcome::Accepted, -10))
                .deleted()
                .build()
        ),
        [
            "VPSieNode kube-system/web-1 of NodeGroup web is in phase Pending, and it is being deleted.",
            "A machine was asked for at 2024-10-03 23:55:00 UTC (5 min ago), attempt 1: the answer was lost, and a machine \
             may be concerned (the reply took too long).",
            "The removal of its machine was asked for at 2024-10-03 23:59:50 UTC (10 s ago), attempt 1: VPSie accepted it.",
        ]
    );
    assert_eq!(told(&claim("web-1").build())[1], "No machine was asked for.");
    let unreadable = claim("web-1")
        .annotated(keys::ANNOTATION_CREATION_INTENT, "{")
        .created(-60)
        .build();
    assert_eq!(
        told(&unreadable)[1],
        "The record of its request, at 2024-10-03 23:59:00 UTC (1 min ago) or later, cannot be read (EOF while parsing \
         an object at line 1 column 1): a machine may exist, and it is never asked for again."
    );
    let taken_over = claim("web-1")
        .in_phase(crate::resources::Phase::Provisioning)
        .created(-60)
        .build();
    assert_eq!(
        told(&taken_over)[1],
        "Another autoscaler asked for its machine, or may have asked, at 2024-10-03 23:59:00 UTC (1 min ago) or later: \
         it is never asked for again."
    );
}

/// What VPSie answered is told, or why it did not.
#[test]
fn answer_of_vpsie_is_told() {
    let cluster = |world: &crate::testing::TestWorld| {
        let view = world.polls.cluster(&crate::testing::cluster_id());
        answer(view, at(0))
    };
    assert_eq!(
        cluster(&world()),
        "It names no VPSie cluster, so VPSie was not asked."
    );
    assert_eq!(
        cluster(&world().polled(&["m1", "m2"])),
        "VPSie listed 2 machines in its cluster at 2024-10-03 23:59:50 UTC (10 s ago)."
    );
    let failed = world().answered(Err(CallError::NotFound {
        call: Call::GetCluster,
        message: "no such cluster".to_owned(),
        request_id: None,
    }));
    assert_eq!(
        cluster(&failed),
        "VPSie gave no answer for its cluster: reading the cluster: VPSie does not find it (no such cluster); check the \
         identifiers and the base URL."
    );
}

/// Conditions are told with since when, why and the message.
#[test]
fn conditions_are_told_in_sentences() {
    let mut joined = condition("NodeJoined", false, "Waiting", "no Node yet\u{1b}[2J");
    joined.last_transition_time = Some(at(-120));
    let claim = claim("web-1")
        .status(|status| status.conditions = Some(vec![joined]))
        .build();
    assert_eq!(
        conditions(&claim, at(0)),
        ["Condition NodeJoined is False since 2024-10-03 23:58:00 UTC (2 min ago), Waiting: no Node yet[2J."]
    );
}
