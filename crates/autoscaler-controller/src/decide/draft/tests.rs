//! When a status is written, and what of it.

use super::*;
use crate::resources::Phase;
use crate::testing::expected::target;
use crate::testing::{at, claim, condition};
use chrono::TimeDelta;

fn finish(draft: Draft<VPSieNodeStatus>) -> Option<StatusWrite<VPSieNodeStatus>> {
    let command = draft.finish(&target("web-1"))?;
    let Command::WriteVpsieNodeStatus(_, write) = command else {
        panic!("not the write of a status: {command:?}");
    };
    Some(*write)
}

#[test]
fn unchanged_status_is_not_written() {
    let object = claim("web-1").status(|status| {
        status.phase = Some(Phase::Ready);
        status.conditions = Some(vec![condition("NodeReady", true, "Ready", "it is")]);
    });
    let mut draft = Draft::of_claim(&object.kept(), at(0) + TimeDelta::hours(1));
    draft.condition("NodeReady", true, Reason::Ready, "it is");
    draft.clear("Error");
    assert_eq!(finish(draft), None);
}

/// A field that is left out of a merge patch stays; one that ends must be named.
#[test]
fn fields_that_end_are_named() {
    let object = claim("web-1").status(|status| {
        status.hostname = Some("h".to_owned());
        status.last_error = Some("an error".to_owned());
    });
    let mut draft = Draft::of_claim(&object.kept(), at(0));
    draft.status.last_error = None;
    let expected = StatusWrite {
        status: VPSieNodeStatus {
            hostname: Some("h".to_owned()),
            ..VPSieNodeStatus::default()
        },
        cleared: vec!["lastError".to_owned()],
    };
    assert_eq!(finish(draft), Some(expected));
}

/// What we record on the way makes a new generation, of which the next phase tells.
#[test]
fn new_generation_alone_is_written_only_at_rest() {
    let asked = |phase: Phase| {
        let object = claim("web-1").in_phase(phase).status(|status| {
            status.observed_generation = Some(1);
            status.conditions = Some(vec![condition("NodeJoined", false, "WaitingForNode", "why")]);
        });
        let object = object.but(|claim| claim.metadata.generation = Some(2)).kept();
        let mut draft = Draft::of_claim(&object, at(1));
        draft.condition("NodeJoined", false, Reason::WaitingForNode, "why");
        finish(draft).map(|write| write.status.observed_generation)
    };
    for phase in [Phase::Provisioning, Phase::Provisioned, Phase::Joining] {
        assert_eq!(asked(phase), None);
    }
    for phase in [Phase::Ready, Phase::Failed, Phase::Deleting] {
        assert_eq!(asked(phase), Some(Some(2)));
    }
}

/// A new generation is observed once, and conditions say which one they are about.
#[test]
fn new_generation_is_observed_once() {
    let mut object = claim("web-1")
        .but(|claim| claim.metadata.generation = Some(2))
        .kept();
    let write = finish(Draft::of_claim(&object, at(0))).unwrap();
    assert_eq!(write.status.observed_generation, Some(2));
    object.status = Some((&write.status).into());
    let mut draft = Draft::of_claim(&object, at(1));
    draft.condition("Error", true, Reason::Conflict, "why");
    let write = finish(draft).unwrap();
    assert_eq!(
        write.status.conditions.clone().unwrap()[0].observed_generation,
        Some(2)
    );
    object.status = Some((&write.status).into());
    assert_eq!(finish(Draft::of_claim(&object, at(2))), None);
}

/// Kubernetes stores whole seconds; a finer stamp would differ from what is read back.
#[test]
fn stamps_are_whole_seconds() {
    let object = claim("web-1").kept();
    let draft = Draft::of_claim(&object, at(0) + TimeDelta::milliseconds(999));
    assert_eq!(draft.stamp(), at(0));
}
