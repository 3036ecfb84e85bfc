//! A deleted VPSieNode whose machine is not known: its request is over, open, or brings a machine late.

use super::*;
use crate::testing::expected::prepared;
use crate::testing::tombstone;

/// One without a machine, whose request has this outcome.
fn asked(outcome: Outcome) -> ClaimBuilder {
    claim("web-1")
        .in_phase(Phase::Provisioning)
        .asked(&intent(outcome, -60))
        .deleted()
}

#[test]
fn vpsie_node_that_never_asked_ends_at_once() {
    check(world().claim(claim("web-1").deleted()), &[release()]);
    check(world().claim(asked(Outcome::Refused)), &[release()]);
    check(world().claim(asked(Outcome::NotSent)), &[release()]);
    check(world().claim(leaving().without_finalizer()).polled(&["m1"]), &[]);
}

const OPEN: &str = "a machine may still appear for this VPSieNode; it is kept until the time limit and three replies without one";

/// I6: an open request holds the finalizer until it is proven that nothing came of it.
#[test]
fn open_request_holds_the_vpsie_node() {
    let open = condition(VPS_READY, false, "RequestOpen", OPEN);
    for outcome in [Outcome::Open, Outcome::Accepted, Outcome::Unknown] {
        let held = status(&asked(outcome), Phase::Terminating, std::slice::from_ref(&open));
        check(world().claim(asked(outcome)).polled(&[]), &[held]);
    }
}

/// I6: what is released although a machine could still come leaves a tombstone, written before it goes.
#[test]
fn released_request_leaves_a_tombstone() {
    for outcome in [Outcome::Open, Outcome::Accepted, Outcome::Unknown] {
        let intent = intent(outcome, -60);
        let stone = Tombstone {
            uid: format!("{NAMESPACE}/web-1"),
            requested_at: intent.requested_at,
            baseline: intent.baseline,
            ..tombstone("", 0)
        };
        check(
            prepared().claim(asked(outcome)).proven_without_candidate("web-1"),
            &[Command::Bury(Box::new(stone)), release()],
        );
    }
}

/// I5, I6: a machine that comes while the VPSieNode leaves is recorded, so that it can be removed.
#[test]
fn machine_that_comes_late_is_recorded_first() {
    let commands = world()
        .claim(asked(Outcome::Accepted))
        .polled(&["m1"])
        .proven_without_candidate("web-1")
        .verdict("web-1", own_machine())
        .claim_commands("web-1");
    let labels: Vec<&str> = commands.iter().map(Command::label).collect();
    assert_eq!(labels, ["record-machine", "write-vpsienode-status"]);
}

/// D2: a machine without an identifier cannot be named, and is not forgotten either.
#[test]
fn machine_without_an_identifier_must_stay() {
    let before = claim("web-1")
        .but(|claim| claim.spec.vpsie_instance_id = 7)
        .deleted();
    let shown = shown(ERROR, Obstacle::IdentifierUnknown);
    check(
        world().claim(before.clone()).polled(&["m1"]),
        &[status(&before, Phase::Terminating, &[shown])],
    );
}
