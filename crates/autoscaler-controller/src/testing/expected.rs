//! What the tests of VPSieNodes expect, and the situations that they share; all about `web-1`.

use super::{ClaimBuilder, NAMESPACE, TestWorld, at, claim, found, group, intent, world};
use crate::command::{Command, StatusWrite};
use crate::intent::Outcome;
use crate::resources::{Condition, Phase, VPSieNodeStatus};
use crate::target::Target;
use node_match::Verdict;

/// Names a NodeGroup or VPSieNode of the tests.
pub(crate) fn target(name: &str) -> Target {
    Target {
        namespace: NAMESPACE.to_owned(),
        name: name.to_owned(),
        uid: format!("{NAMESPACE}/{name}"),
        resource_version: "1".to_owned(),
    }
}

/// Names a Node of the tests.
pub(crate) fn node_target(name: &str) -> Target {
    Target {
        namespace: String::new(),
        ..target(name)
    }
}

/// Returns the command that writes this change of a VPSieNode's status.
pub(crate) fn write(before: &ClaimBuilder, change: impl FnOnce(&mut VPSieNodeStatus)) -> Command {
    let mut status = before.0.status.clone().unwrap_or_default();
    change(&mut status);
    let write = StatusWrite {
        status,
        cleared: Vec::new(),
    };
    Command::WriteVpsieNodeStatus(target("web-1"), Box::new(write))
}

/// Puts these conditions in the place of all others.
pub(crate) fn conditions(status: &mut VPSieNodeStatus, conditions: &[Condition]) {
    status.conditions = Some(conditions.to_vec());
}

/// Makes a world with the group of `web-1`, of which VPSie was not asked yet.
pub(crate) fn prepared() -> TestWorld {
    world().group(group("web").min(1))
}

/// Makes `web-1` as it is a minute after an accepted request.
pub(crate) fn asked() -> ClaimBuilder {
    claim("web-1")
        .in_phase(Phase::Provisioning)
        .asked(&intent(Outcome::Accepted, -60))
}

/// Makes `web-1` with machine `m1`, known for a minute.
pub(crate) fn with_machine(phase: Phase) -> ClaimBuilder {
    asked()
        .machine("m1")
        .in_phase(phase)
        .status(|status| status.provisioned_at = Some(at(-60)))
}

/// Says that Node `n1` is its own.
pub(crate) fn with_node() -> Verdict<'static> {
    found(None, Some("n1"), Vec::new())
}

/// Compares the commands about `web-1`.
#[track_caller]
pub(crate) fn check(world: TestWorld, expected: &[Command]) {
    assert_eq!(world.claim_commands("web-1"), expected);
}
