//! Reads the nouns of managed Kubernetes; sources disagree, so all spellings are taken.

use std::collections::{BTreeMap, BTreeSet};

use crate::fields::{Fields, Flaw};
use crate::{
    Accepted, Cluster, ClusterId, ClusterNode, ClusterSummary, DatacenterId, GroupNumber, GroupUuid,
    NodeGroup, NodeNumber, NodeUuid, Price, SizeNumber,
};

impl ClusterSummary {
    /// Reads an entry of K1.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        let identifier = fields.text(&["identifier"]).ok_or(Flaw::Missing("identifier"))?;
        Ok(Self {
            identifier: ClusterId::new(identifier),
            name: fields.text(&["cluster_name", "name"]),
            version: version(fields),
            locked: fields.flag(&["lock", "locked"]),
            node_count: fields.number(&["count"]),
            manager_count: fields.number(&["managerCount"]),
            worker_count: fields.number(&["slaveCount"]),
            price: Price::decode(fields),
            created: fields.time(&["created_on"]),
        })
    }
}

impl Cluster {
    /// Reads K2.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        let mut nodes = Union::default();
        for (list, role) in [("nodes", None), ("masters", Some("master")), ("slaves", None)] {
            let mut reports = Vec::new();
            fields.for_each_object(list, |entry| reports.push(ClusterNode::decode(&entry, role)))?;
            nodes.add(reports);
        }
        Ok(Self {
            identifier: fields.text(&["identifier"]).map(ClusterId::new),
            name: fields.text(&["cluster_name", "name"]),
            version: version(fields),
            count: fields.number(&["count"]),
            nodes: nodes.nodes,
        })
    }
}

impl ClusterNode {
    fn decode(fields: &Fields<'_>, role: Option<&str>) -> Self {
        Self {
            number: fields.id(&["id"]).map(NodeNumber::new),
            identifier: fields.text(&["identifier"]).map(NodeUuid::new),
            hostname: fields.text(&["hostname"]),
            addresses: fields.texts(&["private_ip", "default_ip", "ip", "publicIp", "default_ipv6"]),
            status: fields.text(&["status"]),
            role: fields.text(&["role"]).or_else(|| role.map(str::to_owned)),
            cpu: fields.number(&["cpu"]),
            ram_mb: fields.number(&["ram"]),
            disk_gb: fields.number(&["disk", "ssd"]),
            created: fields.time(&["created_on"]),
        }
    }

    /// Takes over what another report of the same node adds.
    fn complete_with(&mut self, other: Self) {
        self.number = self.number.or(other.number);
        self.identifier = self.identifier.take().or(other.identifier);
        self.hostname = self.hostname.take().or(other.hostname);
        self.addresses.extend(other.addresses);
        let mut seen = BTreeSet::new();
        self.addresses.retain(|address| seen.insert(address.clone()));
        self.status = self.status.take().or(other.status);
        self.role = self.role.take().or(other.role);
        self.cpu = self.cpu.or(other.cpu);
        self.ram_mb = self.ram_mb.or(other.ram_mb);
        self.disk_gb = self.disk_gb.or(other.disk_gb);
        self.created = self.created.or(other.created);
    }
}

impl NodeGroup {
    /// Reads an entry of K3.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            number: GroupNumber::new(fields.id(&["id"]).ok_or(Flaw::Missing("id"))?),
            identifier: fields.text(&["identifier"]).map(GroupUuid::new),
            name: fields.text(&["group_name", "name"]).unwrap_or_default(),
            size: fields.id(&["boxsize_id"]).map(SizeNumber::new),
            cpu: fields.number(&["cpu"]),
            ram_mb: fields.number(&["ram"]),
            disk_gb: fields.number(&["ssd", "disk"]),
            nodes_count: fields.number(&["nodes_count"]),
            datacenter: fields.text(&["dcIdentifier"]).map(DatacenterId::new),
            is_active: fields.flag(&["is_active"]).unwrap_or(true),
            is_deleted: fields.flag(&["is_deleted"]).unwrap_or(false),
            created: fields.time(&["created_on"]),
        })
    }
}

impl Accepted {
    /// Reads what K6 tells, if it tells anything.
    pub(crate) fn decode(fields: Option<&Fields<'_>>) -> Self {
        fields.map_or_else(Self::default, |fields| Self {
            identifier: fields.text(&["identifier"]).map(NodeUuid::new),
            number: fields.id(&["id"]).map(NodeNumber::new),
            hostname: fields.text(&["hostname"]),
        })
    }
}

/// Reads a version; consumers expect it without the leading `v`.
fn version(fields: &Fields<'_>) -> Option<String> {
    let version = fields.text(&["kube_version"])?;
    Some(version.strip_prefix('v').map(str::to_owned).unwrap_or(version))
}

/// Joins lists that may report the same node.
///
/// Within one list every entry counts, however alike: it is VPSie's list, and the
/// number of entries is compared with VPSie's count.
#[derive(Default)]
struct Union {
    nodes: Vec<ClusterNode>,
    index: BTreeMap<Key, usize>,
}

/// What two reports of one node share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Identifier(NodeUuid),
    Number(NodeNumber),
    Hostname(String),
}

impl Union {
    fn add(&mut self, list: Vec<ClusterNode>) {
        if self.nodes.is_empty() {
            // Mostly there is no other list, and then there is nothing to be looked up.
            self.nodes = list;
            return;
        }
        if self.index.is_empty() && !list.is_empty() {
            (0..self.nodes.len()).for_each(|index| self.enter(index));
        }
        // Earlier nodes that an entry of this list has turned out to be.
        let mut joined = BTreeSet::new();
        let mut changed = Vec::new();
        for node in list {
            match self.find(&node, &joined) {
                Some(index) => {
                    self.nodes[index].complete_with(node);
                    joined.insert(index);
                    changed.push(index);
                }
                None => {
                    changed.push(self.nodes.len());
                    self.nodes.push(node);
                }
            }
        }
        changed.into_iter().for_each(|index| self.enter(index));
    }

    /// Lets a node be found by each of its keys; of two nodes with one key the first.
    fn enter(&mut self, index: usize) {
        for key in keys(&self.nodes[index]) {
            self.index.entry(key).or_insert(index);
        }
    }

    /// Finds a report of the same node from an earlier list.
    fn find(&self, node: &ClusterNode, joined: &BTreeSet<usize>) -> Option<usize> {
        keys(node)
            .filter_map(|key| self.index.get(&key).copied())
            .find(|index| !joined.contains(index) && agree(node, &self.nodes[*index]))
    }
}

/// Tells whether two reports that share a key can be about one node: a differing
/// identifier, or else a differing number, tells two nodes of one name apart.
fn agree(one: &ClusterNode, other: &ClusterNode) -> bool {
    let identifiers = one.identifier.as_ref().zip(other.identifier.as_ref());
    if let Some((ours, theirs)) = identifiers {
        return ours == theirs;
    }
    one.number
        .zip(other.number)
        .is_none_or(|(ours, theirs)| ours == theirs)
}

fn keys(node: &ClusterNode) -> impl Iterator<Item = Key> {
    let identifier = node.identifier.clone().map(Key::Identifier);
    let number = node.number.map(Key::Number);
    let hostname = node
        .hostname
        .as_ref()
        .map(|name| Key::Hostname(name.to_lowercase()));
    [identifier, number, hostname].into_iter().flatten()
}

#[cfg(test)]
mod tests;
