//! Builders for tests of this and other crates. Feature `testing`.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::{Phase, PodFacts, PodUid, State};

use crate::{
    Evaluator, Expression, GroupFacts, GroupKey, Inputs, LifeFacts, NodeFacts, NodeState, OwnerFacts,
    OwnerKey, Readiness, Rules, SelectorFacts,
};

/// The namespace of every object that is made here.
pub const NAMESPACE: &str = "kube-system";

/// Returns the moment so many minutes after the one at which every test evaluates.
#[must_use]
pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
}

/// Makes a Node that has been Ready for an hour, in a zone, of version 1.33.2.
#[must_use]
pub fn node(name: &str) -> NodeFacts {
    NodeFacts {
        name: name.into(),
        uid: format!("uid-of-{name}").into(),
        resource_version: "1".into(),
        created_at: Some(at(-90)),
        zones: ["hel".into()].into(),
        ready: Some(ready(Some(true), -60)),
        kubelet_version: Some("v1.33.2".into()),
        ..NodeFacts::default()
    }
}

/// Makes what a Node says of its readiness, and since how many minutes from `at(0)`.
#[must_use]
pub fn ready(is_ready: Option<bool>, minutes: i64) -> Readiness {
    Readiness {
        is_ready,
        since: Some(at(minutes)),
        reason: "KubeletSays".into(),
    }
}

/// Makes a VPSieNode of a NodeGroup that is active, or still to get its Node.
#[must_use]
pub fn owner(name: &str, group: &str, node: Option<&str>) -> OwnerFacts {
    let (phase, state) = match node {
        Some(_) => (Phase::Ready, State::Active),
        None => (Phase::Provisioning, State::Provisioning),
    };
    OwnerFacts {
        key: OwnerKey::new(NAMESPACE, name),
        uid: format!("uid-of-{name}").into(),
        resource_version: "1".into(),
        group: group.into(),
        node: node.map(Into::into),
        phase: Some(phase),
        life: Some(LifeFacts {
            state,
            entered_at: at(-30),
        }),
        failure: None,
        created_at: Some(at(-120)),
        provisioned_at: node.map(|_| at(-100)),
        deleted_at: None,
        version: None,
    }
}

/// Makes a NodeGroup that wants version 1.33.2 and selects nothing.
#[must_use]
pub fn group(name: &str) -> GroupFacts {
    GroupFacts {
        key: group_key(name),
        selector: None,
        is_paused: false,
        version: Some("v1.33.2".into()),
        is_ending: false,
    }
}

/// Names a NodeGroup.
#[must_use]
pub fn group_key(name: &str) -> GroupKey {
    GroupKey::new(NAMESPACE, name)
}

/// Makes a selector for a label.
#[must_use]
pub fn selector(key: &str, value: &str) -> SelectorFacts {
    SelectorFacts {
        match_labels: [(key.to_owned(), value.to_owned())].into(),
        match_expressions: Vec::new(),
    }
}

/// Makes a requirement.
#[must_use]
pub fn expression(key: &str, operator: &str, values: &[&str]) -> Expression {
    Expression {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

/// Makes a workload pod that requests half a core and 256 MiB.
#[must_use]
pub fn pod(uid: &str) -> PodFacts {
    PodFacts {
        uid: PodUid::of(uid),
        is_bound: true,
        requested_cpu_m: 500,
        requested_memory_bytes: 256 << 20,
        ..PodFacts::default()
    }
}

// === impl NodeFacts ===

impl NodeFacts {
    /// Puts a label on it.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Lets its label name a NodeGroup.
    #[must_use]
    pub fn of_group(mut self, group: &str) -> Self {
        self.group_label = Some(group.into());
        self.group_namespace = Some(NAMESPACE.into());
        self
    }
}

// === impl GroupFacts ===

impl GroupFacts {
    /// Lets it select by a label.
    #[must_use]
    pub fn selecting(mut self, key: &str, value: &str) -> Self {
        self.selector = Some(selector(key, value));
        self
    }
}

// === impl OwnerFacts ===

impl OwnerFacts {
    /// Lets it be in another state since half an hour.
    #[must_use]
    pub fn in_state(mut self, state: State) -> Self {
        self.life = Some(LifeFacts {
            state,
            entered_at: at(-30),
        });
        self
    }
}

/// Evaluates by the usual rules and counts how many times it was asked (`NS-2`).
#[derive(Debug, Default)]
pub struct Counting {
    rules: Rules,
    calls: AtomicU64,
}

// === impl Counting ===

impl Counting {
    /// Tells how many times it was asked since it was last asked this.
    pub fn take(&self) -> u64 {
        self.calls.swap(0, Ordering::Relaxed)
    }
}

impl Evaluator for Counting {
    fn evaluate(&self, inputs: &Inputs<'_>) -> NodeState {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.rules.evaluate(inputs)
    }
}
