//! What is observed of a Node, of the VPSieNode that owns it, and of a NodeGroup: plain values, free of any CRD type.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use node_lifecycle::{Phase, State};
use smol_str::SmolStr;

use crate::key::{GroupKey, OwnerKey};
use crate::selector::SelectorFacts;

/// Tells of a Node what its state depends on.
///
/// Texts that are short stand in the value itself ([`SmolStr`], up to 23 bytes); those that are longer, or that other values
/// have as well, are shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its name.
    pub name: Arc<str>,
    /// Its uid.
    pub uid: Arc<str>,
    /// The version of the object that was read.
    pub resource_version: SmolStr,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// When its deletion was asked for.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Its labels; only those that a selector asks for are needed.
    pub labels: BTreeMap<String, String>,
    /// Whether it bears the role or the taint of the control plane.
    pub is_of_control_plane: bool,
    /// The name of the NodeGroup that its label tells.
    pub group_label: Option<SmolStr>,
    /// The namespace of that NodeGroup, where the Node tells one.
    pub group_namespace: Option<SmolStr>,
    /// The uid of the VPSieNode for which it is marked, where it bears one. It counts until that VPSieNode records its Node.
    pub marked_for: Option<Arc<str>>,
    /// The zones that its labels name, the one that counts first.
    pub zones: Box<[SmolStr]>,
    /// What it says of its readiness; nothing before its kubelet reported.
    pub ready: Option<Readiness>,
    /// Since when it is short of disk; nothing when it is not.
    pub disk_pressure: Option<Pressure>,
    /// The version of its kubelet.
    pub kubelet_version: Option<SmolStr>,
    /// Since when it bears the drain mark.
    pub drain_marked: Option<Mark>,
    /// Whether somebody excepted it by annotation or label.
    pub has_opted_out: bool,
}

/// Tells what a Node says of its readiness.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Whether it is Ready; nothing when its kubelet has fallen silent.
    pub is_ready: Option<bool>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Why, in one word. Not the message: kubelets change it with every report.
    pub reason: SmolStr,
}

/// Tells since when a Node is short of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Since when, where that is told.
    pub since: Option<DateTime<Utc>>,
}

/// Tells since when a Node bears a mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// Since when, where that is told.
    pub since: Option<DateTime<Utc>>,
}

/// Tells of a VPSieNode what the state of its Node depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerFacts {
    /// Its namespace and name.
    pub key: OwnerKey,
    /// Its uid.
    pub uid: Arc<str>,
    /// The version of the object that was read.
    pub resource_version: SmolStr,
    /// The name of its NodeGroup, in the same namespace; empty when it names none.
    pub group: Arc<str>,
    /// The name of its Node, once that was matched.
    pub node: Option<Arc<str>>,
    /// Its phase; nothing when it is a word of somebody else, of which nothing is known.
    pub phase: Option<Phase>,
    /// Its recorded life.
    pub life: Option<LifeFacts>,
    /// Why it failed; nothing unless it is in the phase Failed.
    pub failure: Option<Box<str>>,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// When its machine became known.
    pub provisioned_at: Option<DateTime<Utc>>,
    /// When its deletion was asked for.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The Kubernetes version that was asked for.
    pub version: Option<SmolStr>,
}

/// Tells of the life of a VPSieNode what its state depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeFacts {
    /// Its state.
    pub state: State,
    /// When that state began.
    pub entered_at: DateTime<Utc>,
}

/// Tells of a NodeGroup what the states of its nodes depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its namespace and name.
    pub key: GroupKey,
    /// Which Nodes it selects by their labels; nothing when it selects none.
    pub selector: Option<SelectorFacts>,
    /// Whether somebody has paused it.
    pub is_paused: bool,
    /// The Kubernetes version that its nodes should have.
    pub version: Option<SmolStr>,
    /// Whether it is being deleted.
    pub is_ending: bool,
}

// === impl OwnerFacts ===

impl OwnerFacts {
    /// Tells where the node is in its life: what was recorded, else what the phase says (`LC-5`).
    ///
    /// A phase of which nothing is known may be one in service.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> State {
        let phase = self.phase.unwrap_or(Phase::Ready);
        self.life
            .map_or_else(|| phase.life_without_record(now).state(), |life| life.state)
    }

    /// Returns the NodeGroup that it names.
    #[must_use]
    pub fn group_key(&self) -> Option<GroupKey> {
        (!self.group.is_empty()).then(|| GroupKey {
            namespace: Arc::clone(&self.key.namespace),
            name: Arc::clone(&self.group),
        })
    }
}
