//! What a permit is bound to.

use super::*;
use crate::Permit;

fn permit() -> Permit {
    candidate(State::Idle).ask(Decider::ScaleDownPolicy).unwrap()
}

/// LC-24: a permit names what it was made for, and on whose decision.
#[test]
fn permit_names_what_it_is_for() {
    let binding = candidate(State::Idle).binding;
    let permit = permit();
    assert_eq!(permit.binding(), &binding);
    assert_eq!(permit.decided_by(), Decider::ScaleDownPolicy);
    assert_eq!(permit.expires_at(), at(0) + TimeDelta::seconds(30));
    let removal = permit.redeem(&binding, at(0)).unwrap();
    assert_eq!(
        (removal.cluster(), removal.machine(), removal.decided_by()),
        ("cluster", "machine", Decider::ScaleDownPolicy)
    );
    assert_eq!(removal.binding(), &binding);
}

/// LC-24: it is void after its time.
#[test]
fn permit_ends() {
    let binding = candidate(State::Idle).binding;
    let late = |seconds| {
        permit()
            .redeem(&binding, at(0) + TimeDelta::seconds(seconds))
            .err()
    };
    assert_eq!(late(29), None);
    assert_eq!(late(30), Some(Void::Expired));
    assert_eq!(late(1_000_000), Some(Void::Expired));
}

/// LC-24: it is void when anything that it names has changed.
#[test]
fn permit_is_void_for_anything_else() {
    let changed = |change: fn(&mut Binding)| {
        let mut found = candidate(State::Idle).binding;
        change(&mut found);
        permit().redeem(&found, at(0)).err()
    };
    let other = || "other".to_owned();
    assert_eq!(changed(|_| {}), None);
    assert_eq!(
        changed(|found| found.vpsie_node_uid = "other".into()),
        Some(Void::VpsieNodeChanged)
    );
    assert_eq!(
        changed(|found| found.resource_version = "8".into()),
        Some(Void::VpsieNodeChanged)
    );
    assert_eq!(
        changed(|found| found.node_uid = Some("other".into())),
        Some(Void::NodeChanged)
    );
    assert_eq!(changed(|found| found.node_uid = None), Some(Void::NodeChanged));
    assert_eq!(
        changed(|found| found.machine = "other".into()),
        Some(Void::MachineChanged)
    );
    assert_eq!(
        changed(|found| found.cluster = "other".into()),
        Some(Void::MachineChanged)
    );
    let mut found = candidate(State::Idle).binding;
    (found.node_uid, found.machine) = (Some(other()), other());
    let expired = permit().redeem(&found, at(1)).unwrap_err();
    assert_eq!(
        expired.to_string(),
        "the permit to remove the machine has expired; the gate is asked again"
    );
}

/// LC-26: a permit says why the node may go, in a word that the log keeps.
#[test]
fn permit_says_why_the_node_may_go() {
    for (state, ground) in [
        (State::Ready, "never_used"),
        (State::Active, "idle_long_enough"),
        (State::Idle, "idle_long_enough"),
        (State::Draining, "drained"),
        (State::Unhealthy, "broken"),
    ] {
        let node = candidate(state);
        let permit = node.ask(Decider::Manual).unwrap();
        assert_eq!(permit.ground().as_str(), ground);
        assert_eq!(
            permit.redeem(&node.binding, at(0)).unwrap().ground().as_str(),
            ground
        );
    }
}
