//! The gate against a slow and obvious one, for any facts.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{Health, Recovery};

/// Says for every rule whether it is broken, and takes the first. It shares no code with the gate.
fn obvious(node: &Candidate, by: Decider, graces: &Graces) -> Option<RefusalName> {
    let mut broken = broken_by_node(node, by, graces);
    broken.extend(broken_by_state(node, by, graces));
    broken.extend(broken_by_group(node, by));
    broken
        .into_iter()
        .find(|(is_broken, _)| *is_broken)
        .map(|(_, name)| name)
}

/// Is a rule that is broken, or not.
type Rules = Vec<(bool, RefusalName)>;

fn broken_by_node(node: &Candidate, by: Decider, graces: &Graces) -> Rules {
    use RefusalName::*;
    let facts = node.protection;
    let is_protected =
        facts.is_of_control_plane || !facts.has_owner || !facts.is_group_managed || facts.has_opted_out;
    let by_hand = ["manual", "rollback"].contains(&by.as_str());
    let is_doubtful = node.doubt.is_some() || (node.binding.node_uid.is_none() && !by_hand);
    let listed = node
        .life
        .recovery
        .map(|recovery| recovery.pods_listed_at.map(seconds_since));
    let is_fresh = listed
        .flatten()
        .is_some_and(|ago| ago < graces.post_sync.num_seconds());
    let load = node.workload.unwrap_or_default();
    vec![
        (is_protected, NotManagedNode),
        (is_doubtful, IdentityUnproven),
        (
            node.workload.is_none() || listed == Some(None),
            WorkloadSyncInProgress,
        ),
        (is_fresh, PostSyncGracePeriod),
        (
            ["provisioning", "initializing"].contains(&node.life.state().as_str()),
            StillStartingUp,
        ),
        (load.pods > 0, WorkloadPods),
        (
            load.requested_cpu_m | load.requested_memory_bytes > 0,
            WorkloadRequests,
        ),
    ]
}

fn broken_by_state(node: &Candidate, by: Decider, graces: &Graces) -> Rules {
    use RefusalName::*;
    let state = node.life.state().as_str();
    let never_worked = node.life.workloads_ever() == 0;
    let age = node.life.initialized_at.or(node.created_at).map(seconds_since);
    let rest_of_ready = if by.as_str() == "manual" {
        graces.ready_manual
    } else {
        graces.ready
    };
    let is_young = age.is_some_and(|age| age < rest_of_ready.num_seconds());
    let rest = rested(node);
    let is_short = rest.is_some_and(|rest| rest < idle_grace(by, graces).num_seconds());
    let is_used = state == "active" || state == "idle";
    let is_failed = node.failure.is_some() && by.as_str() != "manual";
    vec![
        (state == "ready" && age.is_none(), TimestampMissing),
        (state == "ready" && is_young, ReadyNodeTooYoung),
        (
            (is_used && never_worked) || state == "decommissioned",
            InvalidState,
        ),
        (is_used && rest.is_none(), TimestampMissing),
        (is_used && is_short, IdleTooShort),
        (state == "unhealthy" && is_failed, ManualCleanupRequired),
    ]
}

fn broken_by_group(node: &Candidate, by: Decider) -> Rules {
    use RefusalName::*;
    let is_capacity = ["ready", "active", "idle"].contains(&node.life.state().as_str());
    let is_floored = is_capacity && !node.group.is_deleted;
    let left = i64::from(node.group.capacity_nodes) - 1;
    let (least, most) = (i64::from(node.group.min_nodes), i64::from(node.group.max_nodes));
    let wanted = match (by.as_str(), node.group.is_replaced) {
        ("manual", true) if most <= least => most - 1,
        ("manual", false) => 0,
        _ => least,
    };
    let is_too_few = left.max(0) < wanted;
    vec![
        (is_floored && is_too_few, BelowMinNodes),
        (
            is_floored && left <= 0 && node.group.workload_pods > 0,
            LastNodeOfWorkload,
        ),
        (
            !node.last_endpoints.is_empty() && !node.group.is_deleted && !node.is_under_way,
            LastReadyEndpoint,
        ),
    ]
}

fn seconds_since(time: DateTime<Utc>) -> i64 {
    (at(0) - time).num_seconds()
}

fn idle_grace(by: Decider, graces: &Graces) -> TimeDelta {
    match by {
        Decider::Manual => graces.idle_manual,
        Decider::ConsolidationPolicy => graces.idle_consolidation,
        Decider::ScaleDownPolicy | Decider::UnhealthyCleanup | Decider::Rollback => graces.idle_scale_down,
    }
}

/// Says for how many seconds nothing has run there; a rest before the present work does not count.
fn rested(node: &Candidate) -> Option<i64> {
    match (node.life.state().as_str(), node.life.last_workload_at) {
        ("active", Some(left)) if left > node.life.entered_at => Some(seconds_since(left)),
        ("active", _) => Some(0),
        (_, left) => left.map(seconds_since),
    }
}

/// Makes moments close to the limits of all graces.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let minutes = proptest::sample::select(vec![
        -120_i64, -31, -30, -29, -16, -15, -14, -11, -10, -9, -1, 0, 1,
    ]);
    (minutes, -1_i64..=1).prop_map(|(minutes, seconds)| at(minutes) + TimeDelta::seconds(seconds))
}

fn mostly<T: Clone + std::fmt::Debug + 'static>(usual: T, other: T) -> impl Strategy<Value = T> {
    prop_oneof![8 => Just(usual), 1 => Just(other)]
}

fn lives() -> impl Strategy<Value = Life> {
    let stamps = (
        moment(),
        proptest::option::of(moment()),
        proptest::option::of(moment()),
    );
    let recovery = prop_oneof![
        4 => Just(None),
        1 => (moment(), proptest::option::of(moment())).prop_map(|(recovered_at, pods_listed_at)| Some(Recovery {
            recovered_at,
            pods_listed_at,
        })),
    ];
    let state = proptest::sample::select(State::ALL);
    (state, stamps, recovery, mostly(true, false)).prop_map(|(state, stamps, recovery, has_worked)| {
        let mut life = life(State::Idle);
        life.state = state;
        life.health = Health::Unknown;
        (life.entered_at, life.initialized_at, life.last_workload_at) = stamps;
        life.recovery = recovery;
        if !has_worked {
            life.pods = Default::default();
        }
        life
    })
}

fn workloads() -> impl Strategy<Value = Option<Workload>> {
    let amount = || mostly(0_u64, 3);
    let workload =
        (amount(), amount(), amount()).prop_map(|(pods, requested_cpu_m, requested_memory_bytes)| Workload {
            pods,
            requested_cpu_m,
            requested_memory_bytes,
        });
    prop_oneof![9 => workload.prop_map(Some), 1 => Just(None)]
}

fn candidates() -> impl Strategy<Value = Candidate> {
    let protection = (
        mostly(false, true),
        mostly(true, false),
        mostly(true, false),
        mostly(false, true),
    );
    let identity = (
        mostly(None, Some(Doubt::Conflict)),
        mostly(Some("node".to_owned()), None),
    );
    let group = (
        0_u32..4,
        0_u32..5,
        mostly(true, false),
        0_u32..4,
        0_u64..2,
        mostly(false, true),
    );
    let rest = (
        proptest::option::of(moment()),
        mostly(None, Some("DiscoveryTimeout".to_owned())),
        mostly(Vec::new(), vec!["shop/web".to_owned()]),
    );
    (lives(), workloads(), protection, identity, group, rest).prop_map(
        |(life, workload, protection, (doubt, node_uid), group, (created_at, failure, last_endpoints))| {
            let mut node = candidate(State::Idle);
            (node.life, node.workload, node.doubt) = (life, workload, doubt);
            (node.created_at, node.failure, node.binding.node_uid) = (created_at, failure, node_uid);
            node.last_endpoints = last_endpoints;
            node.protection = ProtectionFacts {
                is_of_control_plane: protection.0,
                has_owner: protection.1,
                is_group_managed: protection.2,
                has_opted_out: protection.3,
            };
            let (min_nodes, max_nodes, is_replaced, capacity_nodes, workload_pods, is_deleted) = group;
            node.group = GroupFacts {
                min_nodes,
                max_nodes,
                is_replaced,
                capacity_nodes,
                workload_pods,
                is_deleted,
            };
            node
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// LC-14 to LC-23: the same answer as the obvious gate, and a permit for nothing but what was asked about.
    #[test]
    fn gate_answers_like_the_obvious_one(node in candidates(), by in proptest::sample::select(Decider::ALL)) {
        let answer = node.ask(by);
        prop_assert_eq!(answer.as_ref().err().map(Refusal::name), obvious(&node, by, &Graces::default()));
        if let Ok(permit) = answer {
            prop_assert_eq!(permit.binding(), &node.binding);
        }
    }

    /// LC-18 to LC-21: when a refusal says how long it lasts, that very refusal is over then, and not before.
    #[test]
    fn what_remains_is_exact(node in candidates(), by in proptest::sample::select(Decider::ALL)) {
        let gate = Gate::new(Graces::default()).unwrap();
        let Err(refusal) = node.ask(by) else { return Ok(()) };
        let Some(remaining) = refusal.remaining() else { return Ok(()) };
        let later = |time| gate.decide(Some(&node.facts()), by, time).err().map(|refusal| refusal.name());
        if !matches!(refusal, Refusal::IdleTooShort { .. }) || node.life.state() != State::Active {
            prop_assert_ne!(later(at(0) + remaining), Some(refusal.name()));
            prop_assert_eq!(later(at(0) + remaining - TimeDelta::milliseconds(1)), Some(refusal.name()));
        }
    }
}

/// The random facts above reach every refusal, and a permit; otherwise the comparison would prove little.
#[test]
fn random_facts_reach_every_answer() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..10_000 {
        let node = candidates().new_tree(&mut runner).unwrap().current();
        reached.insert(
            node.ask(Decider::ScaleDownPolicy)
                .err()
                .map(|refusal| refusal.name()),
        );
    }
    let missing: Vec<&RefusalName> = RefusalName::ALL
        .iter()
        .filter(|name| !reached.contains(&Some(**name)))
        .collect();
    assert_eq!(missing, [&RefusalName::NodeNotFound]);
    assert!(reached.contains(&None));
}
