//! What makes hashes differ, and what does not.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use node_lifecycle::{Health, State};

use super::*;
use crate::condition::{Status, Topic};
use crate::conditions::Conditions;
use crate::key::{GroupKey, OwnerKey};
use crate::membership::Scope;
use crate::testing::at;
use crate::warning::Warning;

fn condition(status: Status, since: Since) -> Condition {
    Condition {
        status,
        reason: "Because",
        message: "it is so".into(),
        since,
    }
}

fn state() -> NodeState {
    NodeState {
        subject: Subject::node("n"),
        uid: "uid".into(),
        node_group: Some(GroupKey::new("kube-system", "workers")),
        owner: None,
        scope: Scope::Worker,
        zone: Some("hel".into()),
        kubelet_version: Some("v1.33.2".into()),
        desired_version: None,
        lifecycle_state: State::Active,
        health: Health::Healthy,
        is_excluded: false,
        conditions: [(Topic::Available, condition(Status::True, Since::Told(at(0))))].into(),
        warnings: BTreeSet::from([Warning::ZoneMissing]),
        workload: node_lifecycle::Workload::default(),
        message: "".into(),
        last_evaluated: at(0),
        evaluation_count: 1,
        source_version: "1".into(),
        expires_at: None,
        state_hash: StateHash::default(),
    }
}

fn owner() -> OwnerState {
    OwnerState {
        key: OwnerKey::new("kube-system", "w"),
        group: Some(GroupKey::new("kube-system", "workers")),
        phase: Some(Phase::Ready),
        is_ending: false,
    }
}

fn changed(change: impl FnOnce(&mut NodeState)) -> StateHash {
    let mut state = state();
    change(&mut state);
    StateHash::of(&state)
}

/// NS-3: the hash is the same in every process, today and tomorrow; a change of it is a change for every consumer.
#[test]
fn hash_is_stable() {
    let expected = "899563298dce902395d5fdcd25633ed62c2ee5c3753d1107d8dd538575cf3d9e";
    assert_eq!(StateHash::of(&state()).to_string(), expected);
}

/// NS-3: everything that a consumer can see counts.
#[test]
fn every_visible_field_counts() {
    type Change = fn(&mut NodeState);
    let changes: [Change; 22] = [
        |_| {},
        |state| state.subject = Subject::node("m"),
        |state| state.subject = Subject::Awaited(OwnerKey::new("", "n")),
        |state| state.uid = "".into(),
        |state| state.node_group = None,
        |state| state.node_group = Some(GroupKey::new("kube", "system-workers")),
        |state| state.scope = Scope::Unmanaged,
        |state| state.zone = None,
        |state| state.zone = Some("".into()),
        |state| std::mem::swap(&mut state.kubelet_version, &mut state.desired_version),
        |state| state.lifecycle_state = State::Idle,
        |state| state.health = Health::Unknown,
        |state| state.is_excluded = true,
        |state| state.conditions = Conditions::default(),
        |state| {
            set(
                state,
                Topic::Degraded,
                condition(Status::True, Since::Told(at(0))),
            )
        },
        |state| {
            set(
                state,
                Topic::Available,
                condition(Status::False, Since::Told(at(0))),
            )
        },
        |state| {
            set(
                state,
                Topic::Available,
                condition(Status::True, Since::Told(at(1))),
            )
        },
        |state| {
            set(
                state,
                Topic::Available,
                condition(Status::True, Since::Seen(at(0))),
            )
        },
        |state| state.warnings = BTreeSet::from([Warning::FutureTimestamp("creation")]),
        |state| state.workload.pods = 1,
        |state| state.workload.requested_cpu_m = 1,
        |state| state.message = "news".into(),
    ];
    let hashes: BTreeSet<StateHash> = changes.iter().map(|change| changed(change)).collect();
    assert_eq!(hashes.len(), changes.len(), "each differs from every other");
}

/// NS-3: all that is told of the VPSieNode counts, too.
#[test]
fn every_field_of_the_owner_counts() {
    type Change = fn(&mut OwnerState);
    let changes: [Change; 5] = [
        |_| {},
        |owner| owner.key = OwnerKey::new("", "w"),
        |owner| owner.group = None,
        |owner| owner.phase = None,
        |owner| owner.is_ending = true,
    ];
    let of = |change: &Change| {
        let mut owner = owner();
        change(&mut owner);
        changed(|state| state.owner = Some(owner))
    };
    let mut hashes: BTreeSet<StateHash> = changes.iter().map(of).collect();
    hashes.insert(changed(|_| {}));
    assert_eq!(hashes.len(), changes.len() + 1, "each differs from every other");
}

fn set(state: &mut NodeState, topic: Topic, condition: Condition) {
    state.conditions.insert(topic, condition);
}

/// NS-3: when and how often it was looked at does not count.
#[test]
fn looking_again_does_not_count() {
    let same = StateHash::of(&state());
    assert_eq!(changed(|state| state.last_evaluated += TimeDelta::days(1)), same);
    assert_eq!(changed(|state| state.evaluation_count = 9), same);
    assert_eq!(changed(|state| state.source_version = "12".into()), same);
    assert_eq!(changed(|state| state.state_hash = same), same);
    let seen = |minutes| {
        changed(|state| {
            set(
                state,
                Topic::Draining,
                condition(Status::False, Since::Seen(at(minutes))),
            )
        })
    };
    assert_eq!(seen(1), seen(2), "a restart sees it at another moment (NS-27)");
}

/// NS-3: text that moves from one field into the next makes another hash, as do two conditions in place of one.
#[test]
fn fields_are_kept_apart() {
    let words = |uid: &str, message: &str| {
        changed(|state| {
            state.uid = uid.into();
            state.message = message.into();
        })
    };
    assert_ne!(words("ab", "c"), words("a", "bc"));
    assert_ne!(words("", "abc"), words("abc", ""));
    let told = |reason: &'static str, message: &str| {
        changed(|state| {
            let mut news = condition(Status::True, Since::Told(at(0)));
            (news.reason, news.message) = (reason, message.into());
            set(state, Topic::Available, news);
        })
    };
    assert_ne!(told("ab", "c"), told("a", "bc"));
}

/// NS-3: the order in which conditions were found makes no difference.
#[test]
fn order_of_conditions_makes_no_difference() {
    let topics = Topic::ALL.iter().copied();
    let all = |topics: Vec<Topic>| {
        changed(|state| {
            state.conditions = Conditions::default();
            for topic in topics {
                set(state, topic, condition(Status::False, Since::Told(at(0))));
            }
        })
    };
    assert_eq!(all(topics.clone().collect()), all(topics.rev().collect()));
}
