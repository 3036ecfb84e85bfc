//! Everything that one pass looks at, read once.

use crate::baseline::Baselines;
use crate::intent::Requested;
use crate::poll::{Absences, ClusterView, Polls};
use crate::resources::{NodeGroup, VPSieNode};
use crate::settings::Settings;
use crate::tombstone::Tombstones;
use crate::trouble::Troubles;
use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vpsie_api::{ClusterId, NodeUuid};

/// One observation of Kubernetes and VPSie.
pub struct World<'a> {
    /// The time of the observation.
    pub now: DateTime<Utc>,
    /// Requests of an earlier leader may still be under way: nothing is concluded from an open intent.
    pub is_hand_over: bool,
    /// What an operator may tune.
    pub settings: &'a Settings,
    /// All NodeGroups, in order of namespace and name.
    pub groups: Vec<Arc<NodeGroup>>,
    /// All VPSieNodes, in order of namespace and name.
    pub claims: Vec<ClaimObject>,
    /// All Nodes, in order of name.
    pub nodes: Vec<Arc<Node>>,
    /// What VPSie answered last, by cluster.
    pub polls: &'a Polls,
    /// The stored baselines.
    pub baselines: &'a Baselines,
    /// The stored tombstones of released requests (`I6`).
    pub tombstones: &'a Tombstones,
    /// What Kubernetes did not let us do in the last passes.
    pub troubles: &'a Troubles,
    /// Deleted VPSieNodes for whose open request nothing was found, by uid (`I6`).
    pub without_candidate: &'a Absences<String>,
}

/// A VPSieNode with what its annotations say of its request.
#[derive(Clone, Debug)]
pub struct ClaimObject {
    /// The object as stored.
    pub object: Arc<VPSieNode>,
    /// What was asked for it.
    pub requested: Requested,
}

// === impl World ===

impl World<'_> {
    /// Puts the objects in order of namespace and name, on which turns and batches depend.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        fn place(metadata: &ObjectMeta) -> (Option<String>, Option<String>) {
            (metadata.namespace.clone(), metadata.name.clone())
        }
        self.groups.sort_by_cached_key(|group| place(&group.metadata));
        self.claims
            .sort_by_cached_key(|claim| place(&claim.object.metadata));
        self.nodes.sort_by_cached_key(|node| place(&node.metadata));
        self
    }

    /// Returns what is known of the cluster of a VPSieNode or NodeGroup.
    pub fn cluster(&self, identifier: &str) -> Option<&ClusterView> {
        self.polls.cluster(&ClusterId::new(identifier))
    }

    /// Returns the NodeGroup of a VPSieNode.
    pub fn group_of(&self, claim: &VPSieNode) -> Option<&Arc<NodeGroup>> {
        self.groups.iter().find(|group| {
            group.name_any() == claim.spec.node_group_name && group.namespace() == claim.namespace()
        })
    }

    /// Returns the VPSieNodes of a NodeGroup.
    pub fn members<'w>(&'w self, group: &'w NodeGroup) -> impl Iterator<Item = &'w ClaimObject> {
        self.claims.iter().filter(move |claim| {
            claim.object.spec.node_group_name == group.name_any()
                && claim.object.namespace() == group.namespace()
        })
    }
}

// === impl ClaimObject ===

impl ClaimObject {
    /// Reads the annotations of a VPSieNode.
    pub fn new(object: Arc<VPSieNode>) -> Self {
        let requested = Requested::read(&object);
        Self { object, requested }
    }

    /// Tells whether the object is being deleted.
    pub fn is_deleted(&self) -> bool {
        self.object.metadata.deletion_timestamp.is_some()
    }

    /// Returns the recorded identifier of the machine.
    pub fn machine(&self) -> Option<NodeUuid> {
        let identifier = self.object.spec.vpsie_node_identifier.as_deref()?;
        (!identifier.is_empty()).then(|| NodeUuid::new(identifier))
    }

    /// Tells whether anything of a machine is recorded.
    pub fn has_machine(&self) -> bool {
        self.machine().is_some()
            || self.object.instance_id().is_some()
            || self
                .object
                .spec
                .ip_address
                .as_deref()
                .is_some_and(|address| !address.is_empty())
    }

    /// Tells whether a machine may exist for it: one is recorded, or a request may have made one.
    pub fn may_have_machine(&self) -> bool {
        self.has_machine() || self.requested.may_have_effect()
    }
}

/// Lists the clusters to poll, and in each the recorded machines whose absence matters.
pub fn wanted(groups: &[Arc<NodeGroup>], claims: &[ClaimObject]) -> BTreeMap<ClusterId, BTreeSet<NodeUuid>> {
    let mut wanted: BTreeMap<ClusterId, BTreeSet<NodeUuid>> = BTreeMap::new();
    for group in groups
        .iter()
        .filter(|group| !group.spec.resource_identifier.is_empty())
    {
        wanted
            .entry(ClusterId::new(group.spec.resource_identifier.as_str()))
            .or_default();
    }
    for claim in claims
        .iter()
        .filter(|claim| !claim.object.spec.resource_identifier.is_empty())
    {
        let cluster = ClusterId::new(claim.object.spec.resource_identifier.as_str());
        wanted.entry(cluster).or_default().extend(claim.machine());
    }
    wanted
}

#[cfg(test)]
mod tests;
