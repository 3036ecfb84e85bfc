//! The border: what Kubernetes and VPSie report, as the values that matching works on.

use crate::baseline::{Baselines, shape};
use crate::intent::{Intent, Requested};
use crate::kept::vpsie_node::Status;
use crate::kept::{Node, VPSieNode};
use crate::poll::Reply;
use crate::resources::keys;
use crate::world::{ClaimObject, World};
use node_match::{Claim, Cluster, EvidenceKind, Group, Machine, ReportedAt, Snapshot, Text};
use std::collections::BTreeSet;
use vpsie_api::ClusterId;

/// Number of the one list of machines that is polled; ids are comparable only within a list.
const CLUSTER_NODES: u8 = 0;

/// Makes the input of matching from one observation; it borrows the texts that the observation has.
pub fn snapshot<'w>(world: &'w World<'_>) -> Snapshot<'w> {
    let mut snapshot = Snapshot::new(world.now);
    snapshot.settings.discovery_timeout = world.settings.discovery_timeout;
    snapshot.settings.clock_skew = world.settings.clock_skew;
    snapshot.settings.anonymous = world.settings.anonymous;
    for (id, view) in world.polls.clusters() {
        if let Some(reply) = view.latest() {
            snapshot.clusters.push(Cluster {
                id: id.as_str().into(),
                shape: shape(reply),
            });
            snapshot.groups.extend(groups(id, reply));
            snapshot.machines.extend(machines(id, reply));
        }
    }
    snapshot.nodes_cluster = only_cluster(world);
    snapshot.claims = world
        .claims
        .iter()
        .map(|claim| self::claim(claim, world))
        .collect();
    snapshot.claims.extend(seats(world));
    snapshot.nodes = world.nodes.iter().map(|node| self::node(node)).collect();
    snapshot
}

/// Returns the seats of released requests; while its VPSieNode is there, a request has a seat already.
fn seats<'w>(world: &'w World<'_>) -> impl Iterator<Item = Claim<'w>> {
    let present: BTreeSet<&str> = world
        .claims
        .iter()
        .filter_map(|claim| claim.object.metadata.uid())
        .collect();
    world
        .tombstones
        .values()
        .filter(move |tombstone| tombstone.counts(world.now) && !present.contains(tombstone.uid.as_str()))
        .map(|tombstone| tombstone.claim(world.baselines))
}

/// Returns the cluster that the Nodes are of, when everything names one and the same.
///
/// An autoscaler runs in one Kubernetes cluster; where objects name several clusters of VPSie, matching deduces which
/// of them it is.
fn only_cluster<'w>(world: &'w World<'_>) -> Option<Text<'w>> {
    let mut clusters = world.polls.clusters().map(|(id, _)| id);
    let only = clusters.next()?;
    clusters.next().is_none().then(|| only.as_str().into())
}

fn groups<'a>(cluster: &'a ClusterId, reply: &'a Reply) -> impl Iterator<Item = Group<'a>> {
    reply
        .groups
        .iter()
        .filter(|group| !group.is_deleted)
        .map(move |group| Group {
            cluster: cluster.as_str().into(),
            id: group.number.get(),
            cpu: group.cpu,
            ram_mb: group.ram_mb,
            disk_gb: group.disk_gb,
            nodes_count: group.nodes_count,
        })
}

fn machines<'a>(cluster: &'a ClusterId, reply: &'a Reply) -> impl Iterator<Item = Machine<'a>> {
    reply.cluster.nodes.iter().map(move |node| Machine {
        list: CLUSTER_NODES,
        id: node.number.map(vpsie_api::NodeNumber::get),
        identifier: node
            .identifier
            .as_ref()
            .map(|identifier| identifier.as_str().into()),
        cluster: cluster.as_str().into(),
        group: None,
        hostname: told(node.hostname.as_deref()),
        addresses: node.addresses.iter().map(Text::from).collect(),
        status: told(node.status.as_deref()),
        is_deleted: false,
        role: told(node.role.as_deref()),
        created_at: node.created.map(|created| ReportedAt {
            at: created.at,
            zoned: created.zoned,
        }),
        cpu: node.cpu,
        ram_mb: node.ram_mb,
        disk_gb: node.disk_gb,
    })
}

fn claim<'w>(claim: &'w ClaimObject, world: &World<'_>) -> Claim<'w> {
    let object = &claim.object;
    let metadata = &object.metadata;
    let status = object.status.as_ref();
    let spec = &object.spec;
    let intent = claim.requested.intent();
    Claim {
        uid: metadata.uid().unwrap_or_default().into(),
        namespace: metadata.namespace().unwrap_or_default().into(),
        name: metadata.name().unwrap_or_default().into(),
        cluster: spec.resource_identifier().into(),
        group: provider_group(object, world),
        creation_requested: claim.requested.may_have_effect(),
        requested_at: claim.requested.requested_at(),
        baseline: intent.and_then(|intent| baseline_of(intent, world.baselines)),
        taken_over: matches!(
            claim.requested,
            Requested::TakenOver { .. } | Requested::Unreadable { .. }
        ),
        instance_id: object.instance_id().and_then(|id| u64::try_from(id).ok()),
        identifier: present(spec.vpsie_node_identifier()),
        provider_id: None,
        node_name: present(status.and_then(Status::node_name).or(spec.node_name())),
        hostname: present(status.and_then(Status::hostname)),
        addresses: [spec.ip_address(), spec.ipv6_address()]
            .into_iter()
            .filter_map(present)
            .collect(),
        recorded_by: intent.and_then(|intent| EvidenceKind::from_name(intent.recorded_by.as_deref()?)),
    }
}

/// Returns the number of the provider group of a VPSieNode: recorded on it, else on its NodeGroup.
pub fn provider_group(object: &VPSieNode, world: &World<'_>) -> Option<u64> {
    let recorded = object.spec.vpsie_group_id;
    let of_group = || world.group_of(object)?.status.as_ref()?.vpsie_group_id;
    recorded
        .filter(|id| *id > 0)
        .or_else(of_group)
        .and_then(|id| u64::try_from(id).ok())
        .filter(|id| *id > 0)
}

fn baseline_of(intent: &Intent, baselines: &Baselines) -> Option<std::sync::Arc<node_match::Baseline>> {
    baselines.get(intent.baseline.as_deref()?).cloned()
}

fn present(text: Option<&str>) -> Option<Text<'_>> {
    told(text).filter(|text| !text.is_empty())
}

fn told(text: Option<&str>) -> Option<Text<'_>> {
    text.map(Text::Borrowed)
}

fn node(node: &Node) -> node_match::Node<'_> {
    let labels = node.labels();
    let status = node.status.as_ref();
    let addresses = || status.into_iter().flat_map(|status| status.addresses.iter());
    let mut hostnames = addresses().filter(|(type_, _)| *type_ == "Hostname");
    let hostname = hostnames.next().map(|(_, hostname)| hostname);
    let hostname = hostname.or_else(|| labels.get("kubernetes.io/hostname"));
    let metadata = &node.metadata;
    node_match::Node {
        uid: metadata.uid.as_deref().unwrap_or_default().into(),
        name: node.name().into(),
        hostname: told(hostname),
        addresses: addresses()
            .filter(|(type_, _)| matches!(*type_, "InternalIP" | "ExternalIP"))
            .map(|(_, address)| address.into())
            .collect(),
        provider_id: told(node.spec.provider_id.as_deref()),
        created_at: metadata
            .creation_timestamp
            .as_ref()
            .and_then(crate::time::to_chrono),
        control_plane: is_control_plane(node),
        claim_label: told(labels.get(keys::LABEL_VPSIE_NODE)),
        claim_uid: told(node.annotations().get(keys::ANNOTATION_VPSIE_NODE_UID)),
        cpu: capacity(node, "cpu").and_then(whole_cpus),
        ram_mb: capacity(node, "memory").and_then(megabytes),
    }
}

/// Tells whether a Node belongs to the control plane, by its role label or taint and never by its name.
pub fn is_control_plane(node: &Node) -> bool {
    const ROLES: [&str; 2] = [
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
    ];
    let taints = &node.spec.taints;
    ROLES
        .iter()
        .any(|role| node.labels().contains_key(role) || taints.iter().any(|taint| taint.key == *role))
}

fn capacity<'a>(node: &'a Node, resource: &str) -> Option<&'a str> {
    node.status.as_ref()?.capacity.get(resource)
}

fn whole_cpus(quantity: &str) -> Option<u32> {
    match quantity.strip_suffix('m') {
        Some(thousandths) => Some(thousandths.parse::<u32>().ok()? / 1000),
        None => quantity.parse().ok(),
    }
}

/// Reads the forms in which a kubelet reports memory; another form is no evidence.
fn megabytes(quantity: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 3] = [("Ki", 1024), ("Mi", 1024 * 1024), ("Gi", 1024 * 1024 * 1024)];
    let unit = UNITS
        .iter()
        .find_map(|(suffix, bytes)| Some((quantity.strip_suffix(suffix)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((quantity, 1));
    Some(number.parse::<u64>().ok()?.checked_mul(bytes)? / (1024 * 1024))
}

#[cfg(test)]
mod tests;
