//! The checks of the gate, as a table in their order.

use chrono::TimeDelta;

use super::{Identity, Question};
use crate::refusal::Doubt;
use crate::{Decider, Refusal, State};

/// Is one check: it refuses, or it has nothing to say.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The requirement that it comes from.
    pub rule: &'static str,
    /// What it asks, as a question to which the answer must be yes.
    pub asks: &'static str,
    /// Refuses, or returns nothing.
    pub refusal: fn(&Question<'_>) -> Option<Refusal>,
}

/// The checks, in the order in which they decide (`LC-22`). Before them all: is the node known (`LC-15`)?
pub const CHECKS: &[Check] = &[
    Check {
        rule: "LC-14",
        asks: "is the node managed?",
        refusal: refusal_of_protected,
    },
    Check {
        rule: "LC-14a",
        asks: "are Node and machine proven to be one?",
        refusal: refusal_of_unproven,
    },
    Check {
        rule: "LC-21",
        asks: "are its pods known for long enough?",
        refusal: refusal_before_sync,
    },
    Check {
        rule: "LC-16",
        asks: "has it been ready?",
        refusal: refusal_of_starting,
    },
    Check {
        rule: "LC-17",
        asks: "is it empty?",
        refusal: refusal_of_carrying,
    },
    Check {
        rule: "LC-18 to LC-20",
        asks: "has it rested for long enough in its state?",
        refusal: refusal_of_state,
    },
    Check {
        rule: "LC-23",
        asks: "does its group keep enough nodes?",
        refusal: refusal_of_group_floor,
    },
    Check {
        rule: "SC-12",
        asks: "does every watched Service keep a ready endpoint?",
        refusal: refusal_of_last_endpoint,
    },
];

fn refusal_of_protected(question: &Question<'_>) -> Option<Refusal> {
    let protection = question.facts.protection.protection()?;
    Some(Refusal::NotManagedNode { protection })
}

fn refusal_of_unproven(question: &Question<'_>) -> Option<Refusal> {
    let doubt = match question.facts.identity {
        Identity::Unproven(doubt) => doubt,
        Identity::Linked(binding) if binding.node_uid.is_none() => without_node(question)?,
        Identity::Linked(_) => return None,
    };
    Some(Refusal::IdentityUnproven { doubt })
}

/// A machine that never joined must not stay for ever, so a person may end it, and so may who asked for it.
///
/// Nor must one whose removal was allowed while its Node was there, and did not come about: its Node may be gone first.
const fn without_node(question: &Question<'_>) -> Option<Doubt> {
    if question.facts.is_under_way {
        return None;
    }
    match question.decided_by {
        Decider::Manual | Decider::Rollback => None,
        Decider::ScaleDownPolicy | Decider::ConsolidationPolicy | Decider::UnhealthyCleanup => {
            Some(Doubt::NodeAbsent)
        }
    }
}

fn refusal_before_sync(question: &Question<'_>) -> Option<Refusal> {
    if question.facts.workload.is_none() {
        return Some(Refusal::WorkloadSyncInProgress);
    }
    let recovery = question.facts.life.recovery()?;
    let Some(listed_at) = recovery.pods_listed_at else {
        return Some(Refusal::WorkloadSyncInProgress);
    };
    let remaining = left(question.graces.post_sync, question.now - listed_at)?;
    Some(Refusal::PostSyncGracePeriod { remaining })
}

fn refusal_of_starting(question: &Question<'_>) -> Option<Refusal> {
    let state = question.facts.life.state();
    state.is_starting().then_some(Refusal::StillStartingUp { state })
}

fn refusal_of_carrying(question: &Question<'_>) -> Option<Refusal> {
    // The check before has refused already; this one must not depend on it.
    let Some(workload) = question.facts.workload else {
        return Some(Refusal::WorkloadSyncInProgress);
    };
    if workload.pods > 0 {
        return Some(Refusal::WorkloadPods { pods: workload.pods });
    }
    if workload.requested_cpu_m > 0 || workload.requested_memory_bytes > 0 {
        return Some(Refusal::WorkloadRequests {
            cpu_m: workload.requested_cpu_m,
            memory_bytes: workload.requested_memory_bytes,
        });
    }
    None
}

fn refusal_of_state(question: &Question<'_>) -> Option<Refusal> {
    match question.facts.life.state() {
        State::Ready => refusal_of_young(question),
        State::Active | State::Idle => refusal_of_busy(question),
        State::Draining => None,
        State::Unhealthy => refusal_of_failed(question),
        state @ (State::Provisioning | State::Initializing | State::Decommissioned) => {
            Some(Refusal::InvalidState { state })
        }
    }
}

/// Judges a ready node, which has carried nothing yet, by its age (`LC-18`).
fn refusal_of_young(question: &Question<'_>) -> Option<Refusal> {
    let life = question.facts.life;
    let Some(since) = life.initialized_at().or(question.facts.created_at) else {
        return Some(Refusal::TimestampMissing { state: life.state() });
    };
    let age = question.now - since;
    let remaining = left(question.graces.ready(question.decided_by), age)?;
    Some(Refusal::ReadyNodeTooYoung { age, remaining })
}

/// Judges a node that has carried workload by the time of its rest (`LC-19`).
fn refusal_of_busy(question: &Question<'_>) -> Option<Refusal> {
    let life = question.facts.life;
    let state = life.state();
    if life.workloads_ever() == 0 {
        return Some(Refusal::InvalidState { state });
    }
    let Some(idle) = life.idle_for(question.now) else {
        return Some(Refusal::TimestampMissing { state });
    };
    let remaining = left(question.graces.idle(question.decided_by), idle)?;
    Some(Refusal::IdleTooShort { idle, remaining })
}

/// Judges a broken node: one that failed is a person's (`LC-20`, E4).
fn refusal_of_failed(question: &Question<'_>) -> Option<Refusal> {
    let failure = question.facts.failure?;
    (question.decided_by != Decider::Manual).then(|| Refusal::ManualCleanupRequired {
        failure: failure.to_owned(),
    })
}

fn refusal_of_group_floor(question: &Question<'_>) -> Option<Refusal> {
    let group = question.facts.group;
    if group.is_deleted || !question.facts.life.state().counts_as_capacity() {
        return None;
    }
    let remaining = group.capacity_nodes.saturating_sub(1);
    let floor = group.floor(question.decided_by);
    if remaining < floor {
        return Some(Refusal::BelowMinNodes { remaining, floor });
    }
    (remaining == 0 && group.workload_pods > 0).then_some(Refusal::LastNodeOfWorkload {
        pods: group.workload_pods,
    })
}

/// Keeps the last ready endpoint of a Service, unless its whole group goes, or it may be gone already (`SC-12`).
fn refusal_of_last_endpoint(question: &Question<'_>) -> Option<Refusal> {
    let facts = question.facts;
    if facts.group.is_deleted || facts.is_under_way {
        return None;
    }
    let service = facts.last_endpoints.first()?.clone();
    let services = u64::try_from(facts.last_endpoints.len()).unwrap_or(u64::MAX);
    Some(Refusal::LastReadyEndpoint { service, services })
}

/// Returns what is left of a grace after so much time; nothing when it is over.
///
/// A stamp in the future leaves more than the whole grace: clocks differ, and nothing is removed because of that.
fn left(grace: TimeDelta, passed: TimeDelta) -> Option<TimeDelta> {
    (passed < grace).then(|| grace - passed)
}
