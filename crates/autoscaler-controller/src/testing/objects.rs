//! Builders of NodeGroups, VPSieNodes and Nodes.

use super::{CLUSTER, NAMESPACE, NUMBER, at};
use crate::drain::Drain;
use crate::intent::{Intent, Outcome};
use crate::kept::{self, Node};
use crate::resources::{Condition, ConditionStatus, NodeGroup, Phase, VPSieNode, VPSieNodeStatus, keys};
use crate::tombstone::Tombstone;
use crate::world::ClaimObject;
use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use node_lifecycle::{Decider, State};
use std::sync::Arc;

/// A NodeGroup under construction.
#[derive(Clone)]
pub(crate) struct GroupBuilder(pub(crate) NodeGroup);

/// A VPSieNode under construction.
#[derive(Clone)]
pub(crate) struct ClaimBuilder(pub(crate) VPSieNode);

/// Makes a managed NodeGroup with our finalizer and its provider group known, of 0 to 100 nodes.
pub(crate) fn group(name: &str) -> GroupBuilder {
    let mut group = NodeGroup {
        metadata: metadata(name),
        ..NodeGroup::default()
    };
    group.metadata.finalizers = Some(vec![keys::FINALIZER_NODE_GROUP.to_owned()]);
    group.metadata.labels = Some([(keys::LABEL_MANAGED.to_owned(), keys::TRUE.to_owned())].into());
    group.spec.max_nodes = 100;
    group.spec.resource_identifier = CLUSTER.to_owned();
    group.spec.datacenter_id = "dc1".to_owned();
    group.spec.kubernetes_version = "v1.34.1".to_owned();
    group.spec.offering_ids = vec!["small".to_owned()];
    group.spec.kube_size_id = Some(7);
    GroupBuilder(group).number(i64::try_from(NUMBER).unwrap())
}

/// Makes a VPSieNode with our finalizer, of the group that its name begins with.
pub(crate) fn claim(name: &str) -> ClaimBuilder {
    let mut claim = VPSieNode {
        metadata: metadata(name),
        ..VPSieNode::default()
    };
    claim.metadata.finalizers = Some(vec![keys::FINALIZER_VPSIE_NODE.to_owned()]);
    claim.spec.node_group_name = name.rsplit_once('-').map_or(name, |(group, _)| group).to_owned();
    claim.spec.resource_identifier = CLUSTER.to_owned();
    claim.spec.datacenter_id = "dc1".to_owned();
    ClaimBuilder(claim)
}

/// Makes a Ready Node.
pub(crate) fn node(name: &str) -> Node {
    let node = Node {
        metadata: metadata(name).into(),
        ..Node::default()
    };
    told(node, "Ready", "True")
}

/// Cordons a Node and marks it as one whose machine is to go, `seconds` from now.
pub(crate) fn drained(node: &mut Node, seconds: i64) {
    let drain = Drain::begin(node, Decider::Manual, at(seconds));
    let annotations = &mut node.metadata.annotations;
    annotations.insert(keys::ANNOTATION_DRAIN.to_owned(), drain.to_annotation());
    node.spec.is_cordoned = true;
}

/// Says something of a Node, as its kubelet does: `told(node, "DiskPressure", "True")`.
pub(crate) fn told(mut node: Node, type_: &str, status: &str) -> Node {
    let kept = &mut node.status.get_or_insert_default().conditions;
    let mut conditions = kept.to_vec();
    conditions.retain(|condition| condition.type_ != type_);
    conditions.push(kept::Condition {
        type_: type_.to_owned().into(),
        status: status.to_owned().into(),
        ..kept::Condition::default()
    });
    *kept = conditions.into();
    node
}

/// Makes the record of a first request with this outcome, `seconds` from now.
pub(crate) fn intent(outcome: Outcome, seconds: i64) -> Intent {
    Intent {
        outcome,
        ..Intent::open(at(seconds), 1, Some("b1".to_owned()))
    }
}

/// Makes a condition that changed now.
pub(crate) fn condition(type_: &str, status: bool, reason: &str, message: &str) -> Condition {
    Condition {
        last_transition_time: Some(at(0)),
        ..Condition::new(type_, ConditionStatus::from(status), reason, message, None)
    }
}

fn metadata(name: &str) -> ObjectMeta {
    ObjectMeta {
        namespace: Some(NAMESPACE.to_owned()),
        name: Some(name.to_owned()),
        uid: Some(format!("{NAMESPACE}/{name}")),
        resource_version: Some("1".to_owned()),
        ..ObjectMeta::default()
    }
}

fn time(at: DateTime<Utc>) -> Time {
    Time(k8s_openapi::jiff::Timestamp::from_second(at.timestamp()).unwrap())
}

// === impl GroupBuilder ===

impl GroupBuilder {
    pub(crate) fn min(mut self, nodes: i32) -> Self {
        self.0.spec.min_nodes = nodes;
        self
    }

    pub(crate) fn max(mut self, nodes: i32) -> Self {
        self.0.spec.max_nodes = nodes;
        self
    }

    pub(crate) fn number(mut self, number: i64) -> Self {
        self.0.status.get_or_insert_default().vpsie_group_id = Some(number);
        self
    }

    pub(crate) fn without_number(mut self) -> Self {
        self.0.status.get_or_insert_default().vpsie_group_id = None;
        self
    }

    pub(crate) fn in_namespace(mut self, namespace: &str) -> Self {
        self.0.metadata.uid = self
            .0
            .metadata
            .name
            .as_ref()
            .map(|name| format!("{namespace}/{name}"));
        self.0.metadata.namespace = Some(namespace.to_owned());
        self
    }

    pub(crate) fn unmanaged(mut self) -> Self {
        self.0.metadata.labels = None;
        self
    }

    pub(crate) fn without_finalizer(mut self) -> Self {
        self.0.metadata.finalizers = None;
        self
    }

    pub(crate) fn deleted(mut self) -> Self {
        self.0.metadata.deletion_timestamp = Some(time(at(0)));
        self
    }

    /// Changes anything else.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut NodeGroup)) -> Self {
        change(&mut self.0);
        self
    }
}

// === impl ClaimBuilder ===

impl ClaimBuilder {
    pub(crate) fn in_phase(self, phase: Phase) -> Self {
        self.status(|status| status.phase = Some(phase))
    }

    pub(crate) fn status(mut self, change: impl FnOnce(&mut VPSieNodeStatus)) -> Self {
        change(self.0.status.get_or_insert_default());
        self
    }

    /// Records a machine by its identifier.
    pub(crate) fn machine(mut self, identifier: &str) -> Self {
        self.0.spec.vpsie_node_identifier = Some(identifier.to_owned());
        self
    }

    pub(crate) fn annotated(mut self, key: &str, value: &str) -> Self {
        let annotations = self.0.metadata.annotations.get_or_insert_default();
        annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Records what came of its request.
    pub(crate) fn asked(self, intent: &Intent) -> Self {
        self.annotated(keys::ANNOTATION_CREATION_INTENT, &intent.to_annotation())
    }

    /// Records what came of the removal of its machine.
    pub(crate) fn removal(self, intent: &Intent) -> Self {
        self.annotated(keys::ANNOTATION_REMOVAL_INTENT, &intent.to_annotation())
    }

    /// Records the life of a node that came to this state half an hour ago.
    pub(crate) fn lived(self, state: State) -> Self {
        let record = node_lifecycle::testing::life(state).to_json();
        self.annotated(keys::ANNOTATION_LIFECYCLE, &record)
    }

    pub(crate) fn created(mut self, seconds: i64) -> Self {
        self.0.metadata.creation_timestamp = Some(time(at(seconds)));
        self
    }

    pub(crate) fn in_namespace(mut self, namespace: &str) -> Self {
        self.0.metadata.uid = self
            .0
            .metadata
            .name
            .as_ref()
            .map(|name| format!("{namespace}/{name}"));
        self.0.metadata.namespace = Some(namespace.to_owned());
        self
    }

    pub(crate) fn without_finalizer(mut self) -> Self {
        self.0.metadata.finalizers = None;
        self
    }

    pub(crate) fn deleted(mut self) -> Self {
        self.0.metadata.deletion_timestamp = Some(time(at(0)));
        self
    }

    /// Changes anything else.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut VPSieNode)) -> Self {
        change(&mut self.0);
        self
    }

    /// Returns it as it is kept.
    pub(crate) fn kept(&self) -> kept::VPSieNode {
        (&self.0).into()
    }

    pub(crate) fn build(self) -> ClaimObject {
        ClaimObject::new(Arc::new(self.kept()))
    }
}

/// Makes the tombstone of a request of group `web` that was made an hour before it was released.
pub(crate) fn tombstone(uid: &str, released: i64) -> Tombstone {
    Tombstone {
        uid: uid.to_owned(),
        namespace: NAMESPACE.to_owned(),
        node_group: "web".to_owned(),
        cluster: CLUSTER.to_owned(),
        group: Some(NUMBER),
        requested_at: at(released - 3600),
        released_at: at(released),
        baseline: Some("b1".to_owned()),
    }
}
