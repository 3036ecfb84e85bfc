//! What the facts say of each topic: one function for each.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use node_lifecycle::State;

use super::moments::is_future;
use super::{Inputs, Rules};
use crate::condition::{Finding, Status, Topic};
use crate::facts::Readiness;
use crate::warning::Warning;

/// Finds what holds of a node in this state.
pub(super) fn all(
    rules: &Rules,
    inputs: &Inputs<'_>,
    state: State,
    warnings: &BTreeSet<Warning>,
) -> [(Topic, Finding); 5] {
    let findings = [
        (Topic::Provisioned, provisioned(inputs, state)),
        (Topic::Available, available(inputs, state)),
        (Topic::Degraded, degraded(inputs, state)),
        (Topic::Draining, draining(inputs, state)),
        (Topic::Warning, warning(warnings)),
    ];
    findings.map(|(topic, finding)| {
        // A moment that cannot be true dates nothing.
        let since = finding.since;
        let told = since.filter(|at| !is_future(*at, inputs.now, rules.clock_skew));
        (topic, finding.since(told))
    })
}

fn provisioned(inputs: &Inputs<'_>, state: State) -> Finding {
    let owner = inputs.owner;
    let known_at = owner.and_then(|owner| owner.provisioned_at);
    if let Some(node) = inputs.node {
        return Finding::new(Status::True, "MachineExists").since(known_at.or(node.created_at));
    }
    if state == State::Provisioning {
        return Finding::new(Status::False, "MachineAwaited")
            .saying("its machine is not known yet")
            .since(owner.and_then(|owner| owner.created_at));
    }
    Finding::new(Status::True, "MachineExists").since(known_at)
}

fn available(inputs: &Inputs<'_>, state: State) -> Finding {
    let Some(node) = inputs.node else {
        return Finding::new(Status::False, "NodeAwaited").saying("it has no Node");
    };
    let ready = node.ready.as_ref();
    let finding = match ready.and_then(|ready| ready.is_ready) {
        None => Finding::new(Status::Unknown, "NodeSilent").saying("its kubelet does not report"),
        Some(false) => Finding::new(Status::False, "NodeNotReady").saying(not_ready(ready)),
        Some(true) if state.counts_as_capacity() => Finding::new(Status::True, "NodeReady"),
        Some(true) => {
            let entered_at = entered_at(inputs);
            return Finding::new(Status::False, "OutOfService")
                .saying(format!("the Node is Ready, but {state}"))
                .since(entered_at);
        }
    };
    finding.since(ready.and_then(|ready| ready.since))
}

fn degraded(inputs: &Inputs<'_>, state: State) -> Finding {
    let wrong = |reason| Finding::new(Status::True, reason);
    if let Some(failure) = inputs.owner.and_then(|owner| owner.failure.as_deref()) {
        let broken_at = entered_at(inputs).filter(|_| state == State::Unhealthy);
        return wrong("VPSieNodeFailed")
            .saying(format!("its VPSieNode has failed: {failure}"))
            .since(broken_at);
    }
    if state == State::Unhealthy {
        return wrong("Unhealthy")
            .saying("it is broken")
            .since(entered_at(inputs));
    }
    let fine = Finding::new(Status::False, "AsExpected");
    let Some(node) = inputs.node else {
        let is_missed = state.counts_as_capacity();
        return if is_missed {
            wrong("NodeMissing").saying("its Node is gone")
        } else {
            fine
        };
    };
    let ready = node.ready.as_ref();
    let since = ready.and_then(|ready| ready.since);
    match ready.map(|ready| ready.is_ready) {
        Some(Some(false)) if !state.is_starting() => {
            return wrong("NodeNotReady").saying(not_ready(ready)).since(since);
        }
        Some(None) if !state.is_starting() => {
            return wrong("NodeSilent")
                .saying("its kubelet has fallen silent")
                .since(since);
        }
        Some(Some(_) | None) | None => {}
    }
    match node.disk_pressure {
        Some(pressure) => wrong("DiskPressure")
            .saying("it is short of disk")
            .since(pressure.since),
        None => fine,
    }
}

fn draining(inputs: &Inputs<'_>, state: State) -> Finding {
    let leaving = |reason| Finding::new(Status::True, reason);
    if matches!(state, State::Draining | State::Decommissioned) {
        return leaving("Leaving")
            .saying(format!("it is {state}"))
            .since(entered_at(inputs));
    }
    let owner = inputs.owner.and_then(|owner| owner.deleted_at);
    let deleted_at = owner.or(inputs.node.and_then(|node| node.deleted_at));
    if deleted_at.is_some() {
        return leaving("BeingDeleted")
            .saying("it is being deleted")
            .since(deleted_at);
    }
    match inputs.node.and_then(|node| node.drain_marked) {
        Some(mark) => leaving("DrainMarked")
            .saying("it is marked to be drained")
            .since(mark.since),
        None => Finding::new(Status::False, "InService"),
    }
}

fn warning(warnings: &BTreeSet<Warning>) -> Finding {
    let Some(first) = warnings.first() else {
        return Finding::new(Status::False, "AsExpected");
    };
    let sentences: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    Finding::new(Status::True, first.name()).saying(sentences.join("; "))
}

fn entered_at(inputs: &Inputs<'_>) -> Option<DateTime<Utc>> {
    let life = inputs.owner.and_then(|owner| owner.life);
    life.map(|life| life.entered_at)
}

fn not_ready(ready: Option<&Readiness>) -> String {
    match ready.map(|ready| ready.reason.as_str()) {
        None | Some("") => "the Node is not Ready".to_owned(),
        Some(reason) => format!("the Node is not Ready: {reason}"),
    }
}
