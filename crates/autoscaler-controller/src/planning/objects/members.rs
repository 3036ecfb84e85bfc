//! Which Node each VPSieNode has, and which group each Node is of.
//!
//! Files have no past: a name, a hostname or an address that both have is proof enough here. The operator itself asks
//! the rules of matching.

use std::collections::{BTreeMap, BTreeSet};

use crate::kept::{Node, VPSieNode};
use kube::ResourceExt;

use super::Objects;
use crate::convert::is_control_plane;
use crate::planning::is_coming;
use crate::resources::{NodeGroup, keys};

/// A namespace, and a name in it.
type Place = (String, String);

/// Holds who belongs to whom.
#[derive(Default)]
pub(super) struct Members<'a> {
    /// The name of the Node of each VPSieNode that has one.
    nodes: BTreeMap<Place, &'a str>,
    /// The Nodes of each group.
    of_group: BTreeMap<Place, BTreeSet<&'a str>>,
    /// How many count towards the bounds of each group.
    counts: BTreeMap<Place, u32>,
    /// Workers that there are or that are coming.
    pub(super) workers: u32,
}

/// Where Nodes are by what a VPSieNode may know of them.
#[derive(Default)]
struct Marks<'a> {
    by_name: BTreeMap<&'a str, &'a str>,
    by_claim: BTreeMap<&'a str, Vec<&'a Node>>,
    by_hostname: BTreeMap<String, &'a str>,
    by_address: BTreeMap<&'a str, &'a str>,
}

// === impl Members ===

impl<'a> Members<'a> {
    pub(super) fn of(objects: &'a Objects) -> Self {
        let workers: Vec<&Node> = objects
            .nodes
            .iter()
            .filter(|node| !is_control_plane(node))
            .collect();
        let marks = Marks::of(&workers);
        let mut members = Self {
            workers: u32::try_from(workers.len()).unwrap_or(u32::MAX),
            ..Self::default()
        };
        let mut owned = BTreeSet::new();
        for claim in &objects.vpsie_nodes {
            let place = (claim.namespace().unwrap_or_default(), claim.name_any());
            let group = (place.0.clone(), claim.spec.node_group_name().to_owned());
            *members.counts.entry(group.clone()).or_default() += 1;
            match marks.find(claim).filter(|node| owned.insert(*node)) {
                Some(node) => {
                    members.nodes.insert(place, node);
                    members.of_group.entry(group).or_default().insert(node);
                }
                None => members.workers += 1,
            }
        }
        for node in workers.iter().filter(|node| !owned.contains(name(node))) {
            if let Some(group) = group_by_label(node, &objects.groups) {
                *members.counts.entry(group.clone()).or_default() += 1;
                members.of_group.entry(group).or_default().insert(name(node));
            }
        }
        members
    }

    /// Returns the name of the Node of a VPSieNode.
    pub(super) fn node_of(&self, claim: &VPSieNode) -> Option<&'a str> {
        let place = (claim.namespace().unwrap_or_default(), claim.name_any());
        self.nodes.get(&place).copied()
    }

    /// Lists the names of the Nodes whose VPSieNode is not Ready yet.
    pub(super) fn nodes_of_coming(&self, claims: &[VPSieNode]) -> BTreeSet<&'a str> {
        let coming = claims.iter().filter(|claim| is_coming(claim));
        coming.filter_map(|claim| self.node_of(claim)).collect()
    }

    /// Lists the names of the Nodes of a group.
    pub(super) fn nodes_of(&self, group: &NodeGroup) -> impl Iterator<Item = &'a str> {
        self.of_group.get(&place(group)).into_iter().flatten().copied()
    }

    /// Counts what counts towards the bounds of a group: its VPSieNodes, in whatever phase, for each may have a
    /// machine; and Nodes that bear its label and have no VPSieNode.
    pub(super) fn count(&self, group: &NodeGroup) -> u32 {
        self.counts.get(&place(group)).copied().unwrap_or_default()
    }
}

fn place(group: &NodeGroup) -> Place {
    (group.namespace().unwrap_or_default(), group.name_any())
}

fn name(node: &Node) -> &str {
    node.name()
}

/// Finds the group that the labels of a Node name: without its namespace only where one group has that name.
fn group_by_label(node: &Node, groups: &[NodeGroup]) -> Option<Place> {
    let name = node.labels().get(keys::LABEL_NODE_GROUP)?;
    let namespace = node.annotations().get(keys::ANNOTATION_NODE_GROUP_NAMESPACE);
    let mut named = groups
        .iter()
        .map(place)
        .filter(|(other, group)| group == name && namespace.is_none_or(|namespace| namespace == other));
    let found = named.next()?;
    named.next().is_none().then_some(found)
}

// === impl Marks ===

impl<'a> Marks<'a> {
    fn of(nodes: &[&'a Node]) -> Self {
        let mut marks = Self::default();
        for node in nodes {
            let own = name(node);
            marks.by_name.insert(own, own);
            marks.by_hostname.insert(own.to_lowercase(), own);
            if let Some(claim) = node.labels().get(keys::LABEL_VPSIE_NODE) {
                marks.by_claim.entry(claim).or_default().push(node);
            }
            let status = node.status.as_ref();
            for (type_, address) in status.into_iter().flat_map(|status| status.addresses.iter()) {
                if type_ == "Hostname" {
                    marks.by_hostname.insert(address.to_lowercase(), own);
                } else {
                    marks.by_address.insert(address, own);
                }
            }
        }
        marks
    }

    /// Finds the Node of a VPSieNode: by the recorded name, the label, the hostname or an address.
    fn find(&self, claim: &VPSieNode) -> Option<&'a str> {
        let status = claim.status.as_ref();
        let recorded = status.and_then(|status| status.node_name());
        let recorded = recorded.or(claim.spec.node_name());
        let by_name = recorded.and_then(|name| self.by_name.get(name).copied());
        let hostname = || {
            let hostname = status?.hostname()?.to_lowercase();
            self.by_hostname.get(&hostname).copied()
        };
        let address = || {
            let addresses = [claim.spec.ip_address(), claim.spec.ipv6_address()];
            let mut known = addresses.into_iter().flatten();
            known.find_map(|address| self.by_address.get(address).copied())
        };
        by_name
            .or_else(|| self.labelled(claim))
            .or_else(hostname)
            .or_else(address)
    }

    fn labelled(&self, claim: &VPSieNode) -> Option<&'a str> {
        let nodes = self.by_claim.get(claim.metadata.name()?)?;
        let namespace = claim.namespace();
        let is_own = |node: &&&'a Node| {
            let told = node.annotations().get(keys::ANNOTATION_NODE_GROUP_NAMESPACE);
            told.is_none_or(|told| Some(told) == namespace.as_deref())
        };
        nodes.iter().find(is_own).map(|node| name(node))
    }
}
