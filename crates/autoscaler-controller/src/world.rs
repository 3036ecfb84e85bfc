//! Everything that one pass looks at, read once.

mod index;

use crate::baseline::Baselines;
use crate::growth::Growth;
use crate::intent::Requested;
use crate::kept::{Node, VPSieNode};
use crate::leaked::FirstBaselines;
use crate::poll::{Absences, ClusterView, Identity, Polls, Wanted};
use crate::resources::{NodeGroup, keys};
use crate::settings::Settings;
use crate::skew::Skew;
use crate::tombstone::Tombstones;
use crate::trouble::Troubles;
use crate::watches::{Place, Unreadable};
use chrono::{DateTime, Utc};
use endpoint_discovery::Views;
pub use index::Index;
use index::place;
use kube::ResourceExt;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};
use vpsie_api::{ClusterId, DatacenterId, NodeUuid};

/// One observation of Kubernetes and VPSie.
pub struct World<'a> {
    /// The time of the observation.
    pub now: DateTime<Utc>,
    /// In which way the clock that told the time cannot be believed; nothing while it can.
    pub skew: Option<Skew>,
    /// Requests of an earlier leader may still be under way: nothing is concluded from an open intent.
    pub is_hand_over: bool,
    /// When the first lists were there, or leadership began; nothing where nobody acts on what is decided.
    pub began_at: Option<DateTime<Utc>>,
    /// What an operator may tune.
    pub settings: &'a Settings,
    /// All NodeGroups, in order of namespace and name.
    pub groups: Vec<Arc<NodeGroup>>,
    /// All VPSieNodes, in order of namespace and name.
    pub claims: Vec<ClaimObject>,
    /// All Nodes, in order of name.
    pub nodes: Vec<Arc<Node>>,
    /// What is there and cannot be read.
    pub unreadable: Unreadable,
    /// What VPSie answered last, by cluster.
    pub polls: &'a Polls,
    /// The stored baselines.
    pub baselines: &'a Baselines,
    /// Which of them was the first for each group at VPSie.
    pub firsts: &'a FirstBaselines,
    /// The stored tombstones of released requests (`I6`).
    pub tombstones: &'a Tombstones,
    /// What Kubernetes did not let us do in the last passes.
    pub troubles: &'a Troubles,
    /// Why the Secret with the credentials cannot be used, so that what was read before stays in use.
    pub credentials: Option<String>,
    /// Deleted VPSieNodes for whose open request nothing was found, by uid (`I6`).
    pub without_candidate: &'a Absences<String>,
    /// The endpoints of the watched Services; empty where none is watched.
    pub endpoints: Arc<Views>,
    /// What the pods that wait ask of NodeGroups, once it was planned: matching borrows from a world before that.
    pub growth: OnceLock<Growth>,
    /// Where the objects are; empty until the world is [in order](World::in_order).
    pub index: Index,
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
        self.groups
            .sort_by(|one, other| place(one.as_ref()).cmp(&place(other.as_ref())));
        self.claims
            .sort_by(|one, other| place(&*one.object).cmp(&place(&*other.object)));
        self.nodes.sort_by(|one, other| one.name().cmp(other.name()));
        self.index = Index::of(&self.groups, &self.claims, &self.nodes);
        self
    }

    /// Returns what the pods that wait ask of NodeGroups; nothing is known before it was planned.
    pub fn growth(&self) -> &Growth {
        static UNKNOWN: LazyLock<Growth> = LazyLock::new(Growth::default);
        self.growth.get().unwrap_or(&UNKNOWN)
    }

    /// Returns what is known of the cluster of a VPSieNode or NodeGroup.
    pub fn cluster(&self, identifier: &str) -> Option<&ClusterView> {
        self.polls.cluster(&ClusterId::new(identifier))
    }

    /// Returns the NodeGroup of a VPSieNode.
    pub fn group_of(&self, claim: &VPSieNode) -> Option<&Arc<NodeGroup>> {
        let (namespace, _) = place(claim);
        self.group_in(namespace, claim.spec.node_group_name())
    }

    /// Returns the NodeGroup of a namespace and name.
    pub fn group_at(&self, place: &Place) -> Option<&Arc<NodeGroup>> {
        self.group_in(&place.0, &place.1)
    }

    fn group_in(&self, namespace: &str, name: &str) -> Option<&Arc<NodeGroup>> {
        let sought = |group: &Arc<NodeGroup>| place(group.as_ref()).cmp(&(namespace, name));
        let found = self.groups.binary_search_by(sought).ok()?;
        self.groups.get(found)
    }

    /// Returns another NodeGroup of the name in the same cluster: both would be one group at VPSie.
    pub fn namesake(&self, group: &NodeGroup) -> Option<&Arc<NodeGroup>> {
        let (_, name) = place(group);
        let wanted = (group.spec.resource_identifier.as_str(), name);
        let mut groups = self.index.namesakes.find(&self.groups, index::namesake, wanted);
        groups.find(|other| other.metadata.uid != group.metadata.uid)
    }

    /// Tells whether a namespace has a VPSieNode of a name, be it one that cannot be read.
    pub fn has_claim(&self, namespace: &str, name: &str) -> bool {
        let place = (namespace.to_owned(), name.to_owned());
        self.claim_at(&place).is_some() || self.unreadable.vpsie_nodes.contains_key(&place)
    }

    /// Returns the VPSieNode of a namespace and name.
    pub fn claim_at(&self, (namespace, name): &Place) -> Option<&ClaimObject> {
        let sought = |claim: &ClaimObject| place(claim.object.as_ref()).cmp(&(namespace, name));
        let found = self.claims.binary_search_by(sought).ok()?;
        self.claims.get(found)
    }

    /// Returns the name of a VPSieNode that cannot be read and may be of a NodeGroup: its label names that, or none.
    pub fn hidden_member(&self, group: &NodeGroup) -> Option<&str> {
        let (namespace, name) = (group.namespace().unwrap_or_default(), group.name_any());
        let mut hidden = self.unreadable.vpsie_nodes.iter().filter(|((other, _), labels)| {
            let label = labels.get(keys::LABEL_NODE_GROUP);
            *other == namespace && label.is_none_or(|label| *label == name)
        });
        hidden.next().map(|((_, name), _)| name.as_str())
    }

    /// Tells whether the NodeGroup of a VPSieNode is there and cannot be read.
    pub fn is_group_hidden(&self, claim: &VPSieNode) -> bool {
        let place = (
            claim.namespace().unwrap_or_default(),
            claim.spec.node_group_name().to_owned(),
        );
        self.unreadable.groups.contains_key(&place)
    }

    /// Returns a Node by its uid.
    pub fn node(&self, uid: &str) -> Option<&Arc<Node>> {
        let mut found = self.index.uids.find(&self.nodes, index::uid, ("", uid));
        found.next_back()
    }

    /// Returns a Node by its name.
    pub fn node_named(&self, name: &str) -> Option<&Arc<Node>> {
        let found = self.nodes.binary_search_by(|node| node.name().cmp(name)).ok()?;
        self.nodes.get(found)
    }

    /// Tells whether there is a Node of a name, be it one that cannot be read.
    pub fn has_node(&self, name: &str) -> bool {
        let is_hidden = || self.unreadable.nodes.keys().any(|(_, other)| other == name);
        self.node_named(name).is_some() || is_hidden()
    }

    /// Returns the Nodes whose label names a VPSieNode.
    pub fn nodes_labelled(&self, claim: &str) -> impl Iterator<Item = &Arc<Node>> {
        self.index.labels.find(&self.nodes, index::label, ("", claim))
    }

    /// Returns the VPSieNodes of a NodeGroup.
    pub fn members(&self, group: &NodeGroup) -> impl Iterator<Item = &ClaimObject> {
        self.index.members.find(&self.claims, index::member, place(group))
    }
}

// === impl ClaimObject ===

impl ClaimObject {
    /// Reads the annotations of a VPSieNode.
    pub fn new(object: Arc<VPSieNode>) -> Self {
        let requested = Requested::read(&object);
        Self { object, requested }
    }

    /// Returns the uid; empty for an object that was never stored.
    pub fn uid(&self) -> &str {
        self.object.metadata.uid().unwrap_or_default()
    }

    /// Returns the namespace and the name.
    pub fn place(&self) -> (String, String) {
        (
            self.object.namespace().unwrap_or_default(),
            self.object.name_any(),
        )
    }

    /// Tells whether the object is being deleted.
    pub fn is_deleted(&self) -> bool {
        self.object.metadata.deletion_timestamp.is_some()
    }

    /// Returns the recorded identifier of the machine.
    pub fn machine(&self) -> Option<NodeUuid> {
        let identifier = self.object.spec.vpsie_node_identifier()?;
        (!identifier.is_empty()).then(|| NodeUuid::new(identifier))
    }

    /// Returns by what its machine is looked for in the lists of VPSie: the identifier, else the number.
    pub fn identity(&self) -> Option<Identity> {
        let number = || {
            u64::try_from(self.object.instance_id()?)
                .ok()
                .map(Identity::Number)
        };
        self.machine().map(Identity::Identifier).or_else(number)
    }

    /// Tells whether anything of a machine is recorded.
    pub fn has_machine(&self) -> bool {
        self.machine().is_some()
            || self.object.instance_id().is_some()
            || self
                .object
                .spec
                .ip_address()
                .is_some_and(|address| !address.is_empty())
    }

    /// Tells whether a machine may exist for it: one is recorded, or a request may have made one.
    pub fn may_have_machine(&self) -> bool {
        self.has_machine() || self.requested.may_have_effect()
    }
}

/// Lists the clusters to poll, and in each the recorded machines whose absence matters.
pub fn wanted(groups: &[Arc<NodeGroup>], claims: &[ClaimObject]) -> Wanted {
    let mut wanted = Wanted::new();
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
        .filter(|claim| !claim.object.spec.resource_identifier().is_empty())
    {
        let cluster = ClusterId::new(claim.object.spec.resource_identifier());
        wanted.entry(cluster).or_default().extend(claim.identity());
    }
    wanted
}

/// Lists the data centres of NodeGroups that may grow for pods that wait: there sizes and prices decide.
pub(crate) fn arrivals(groups: &[Arc<NodeGroup>]) -> BTreeSet<DatacenterId> {
    let managed = groups.iter().filter(|group| group.is_managed());
    let named = managed.map(|group| group.spec.datacenter_id.as_str());
    let named = named.filter(|datacenter| !datacenter.is_empty());
    named.map(DatacenterId::new).collect()
}

/// Lists the data centres in which a machine is about to go, or may go by itself: there prices matter, for the audit log.
pub(crate) fn departures(groups: &[Arc<NodeGroup>], claims: &[ClaimObject]) -> BTreeSet<DatacenterId> {
    let may_shrink = |group: &&Arc<NodeGroup>| {
        let policy = group.spec.scale_down_policy.as_ref();
        let cleaned = group.annotations().get(keys::ANNOTATION_UNHEALTHY_CLEANUP);
        policy.is_some_and(|policy| policy.is_enabled())
            || cleaned.is_some_and(|value| value == keys::ENABLED)
    };
    let shrinking = groups.iter().filter(may_shrink);
    let shrinking = shrinking.map(|group| group.spec.datacenter_id.as_str());
    let going = claims.iter().filter(|claim| claim.is_deleted());
    let going = going.map(|claim| claim.object.spec.datacenter_id());
    let named = shrinking.chain(going).filter(|datacenter| !datacenter.is_empty());
    named.map(DatacenterId::new).collect()
}

#[cfg(test)]
mod tests;
