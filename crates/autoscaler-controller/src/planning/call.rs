//! Whether a pod that is on no Node waits for one, and since when (`SC-1`).

use chrono::{DateTime, TimeDelta, Utc};
use fleet_plan::cluster::Ignored;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use std::time::Duration;

use crate::time::to_chrono;

/// Names the scheduler whose refusals count.
const SCHEDULER: &str = "default-scheduler";

/// Says what is to be done about a pod that is on no Node, whatever it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Nothing.
    Ignored(Ignored),
    /// The scheduler found no Node for it.
    Unschedulable {
        /// Since when; nothing where nobody has written it down.
        since: Option<DateTime<Utc>>,
    },
}

// === impl Call ===

impl Call {
    /// Reads what the scheduler and others have written on a pod.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        let spec = pod.spec.as_ref();
        let scheduler = spec.and_then(|spec| spec.scheduler_name.as_deref());
        let gates = spec.and_then(|spec| spec.scheduling_gates.as_ref());
        let is_of_daemon_set = pod
            .owner_references()
            .iter()
            .any(|owner| owner.kind == "DaemonSet");
        let ignored = if pod.metadata.deletion_timestamp.is_some() {
            Some(Ignored::Terminating)
        } else if is_of_daemon_set {
            Some(Ignored::DaemonSet)
        } else if scheduler.is_some_and(|name| !name.is_empty() && name != SCHEDULER) {
            Some(Ignored::OtherScheduler)
        } else if gates.is_some_and(|gates| !gates.is_empty()) {
            Some(Ignored::SchedulingGated)
        } else {
            None
        };
        match (ignored, refusal(pod)) {
            (Some(ignored), _) => Self::Ignored(ignored),
            (None, None) => Self::Ignored(Ignored::NotUnschedulable),
            (None, Some(since)) => Self::Unschedulable { since },
        }
    }

    /// Tells whether the pod still waits for less than `grace`; one of which nobody knows since when has waited enough.
    #[must_use]
    pub fn is_within(self, grace: Duration, now: DateTime<Utc>) -> bool {
        self.due_at(grace).is_some_and(|due| due > now)
    }

    /// Returns since when the scheduler finds no Node, where that is written down.
    #[must_use]
    pub fn since(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Ignored(_) => None,
            Self::Unschedulable { since } => since,
        }
    }

    /// Returns when `grace` is over.
    #[must_use]
    pub fn due_at(self, grace: Duration) -> Option<DateTime<Utc>> {
        match self {
            Self::Ignored(_) => None,
            Self::Unschedulable { since } => {
                let grace = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
                since?.checked_add_signed(grace)
            }
        }
    }

    /// Tells whether the scheduler found no Node.
    #[must_use]
    pub fn is_unschedulable(self) -> bool {
        match self {
            Self::Unschedulable { .. } => true,
            Self::Ignored(_) => false,
        }
    }
}

/// Returns since when the scheduler calls a pod unschedulable; nothing while it does not.
fn refusal(pod: &Pod) -> Option<Option<DateTime<Utc>>> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions.iter().find(|one| one.type_ == "PodScheduled")?;
    let is_refused = scheduled.status == "False" && scheduled.reason.as_deref() == Some("Unschedulable");
    let told = scheduled.last_transition_time.as_ref();
    let since = told.or(pod.metadata.creation_timestamp.as_ref());
    is_refused.then(|| since.and_then(to_chrono))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn call(metadata: Value, spec: Value, reason: &str) -> Call {
        let condition = json!({
            "type": "PodScheduled", "status": "False", "reason": reason, "lastTransitionTime": "2026-01-24T08:00:00Z",
        });
        let mut pod = json!({ "metadata": metadata, "spec": spec, "status": { "conditions": [condition] } });
        pod["spec"]["containers"] = json!([]);
        Call::of(&serde_json::from_value(pod).expect("it has the shape of a Pod"))
    }

    /// SC-1: only what the usual scheduler calls unschedulable waits for a Node; all else is told by its reason.
    #[test]
    fn only_what_the_scheduler_refuses_waits() {
        let refused = |metadata, spec| call(metadata, spec, "Unschedulable");
        let since = DateTime::from_timestamp(1_769_241_600, 0);
        assert_eq!(refused(json!({}), json!({})), Call::Unschedulable { since });
        let of_daemon_set = json!({ "ownerReferences": [
            { "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "u" },
        ]});
        let gates = json!({ "schedulingGates": [{ "name": "later" }] });
        for (call, expected) in [
            (
                call(json!({}), json!({}), "SchedulerError"),
                Ignored::NotUnschedulable,
            ),
            (refused(of_daemon_set, json!({})), Ignored::DaemonSet),
            (
                refused(json!({}), json!({ "schedulerName": "mine" })),
                Ignored::OtherScheduler,
            ),
            (refused(json!({}), gates), Ignored::SchedulingGated),
            (
                refused(json!({ "deletionTimestamp": "2026-01-24T08:00:00Z" }), json!({})),
                Ignored::Terminating,
            ),
        ] {
            assert_eq!(call, Call::Ignored(expected));
        }
        assert_eq!(
            Call::of(&Pod::default()),
            Call::Ignored(Ignored::NotUnschedulable)
        );
    }

    /// SC-1: the grace period counts from the refusal; without a time it is over.
    #[test]
    fn grace_counts_from_the_refusal() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a time");
        let grace = Duration::from_secs(30);
        let call = Call::Unschedulable { since: Some(at(100)) };
        assert!(call.is_within(grace, at(129)));
        assert!(!call.is_within(grace, at(130)));
        assert!(!call.is_within(Duration::ZERO, at(100)));
        assert!(!Call::Unschedulable { since: None }.is_within(grace, at(0)));
    }
}
