//! The border: Nodes, VPSieNodes and NodeGroups as the facts that states follow from.

use crate::convert::is_control_plane;
use crate::decide::has_opted_out;
use crate::drain::Drain;
use crate::kept::{Condition, Kept as _, Node, VPSieNode};
use crate::lives::{Lives, failure};
use crate::resources::{NodeGroup, keys};
use crate::time::to_chrono;
use crate::world::ClaimObject;
use node_lifecycle::Life;
use node_state::{
    GroupFacts, GroupKey, LifeFacts, Mark, NodeFacts, OwnerFacts, OwnerKey, Pressure, Readiness, SmolStr,
};
use std::sync::Arc;

/// Labels that tell a zone, the one that counts first.
const ZONES: [&str; 2] = [
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
];

/// Names a NodeGroup.
pub(crate) fn group_key(group: &NodeGroup) -> GroupKey {
    GroupKey::new(
        group.metadata.namespace.as_deref().unwrap_or_default(),
        group.metadata.name.as_deref().unwrap_or_default(),
    )
}

/// Names a VPSieNode.
pub(super) fn owner_key(object: &VPSieNode) -> OwnerKey {
    OwnerKey::new(
        object.metadata.namespace().unwrap_or_default(),
        object.metadata.name().unwrap_or_default(),
    )
}

/// Reads a NodeGroup. It selects no Node by labels: its VPSieNodes and its label say which are its own.
///
/// One that was not given to the autoscaler is left alone, which is what a pause means.
pub(super) fn of_group(group: &NodeGroup) -> GroupFacts {
    let version = &group.spec.kubernetes_version;
    GroupFacts {
        key: group_key(group),
        selector: None,
        is_paused: !group.is_managed(),
        version: (!version.is_empty()).then(|| version.into()),
        is_ending: group.metadata.deletion_timestamp.is_some(),
    }
}

/// Reads a VPSieNode. Its life is the one that goes on in memory, else the recorded one.
pub(crate) fn of_owner(claim: &ClaimObject, lives: &Lives) -> OwnerFacts {
    let object = &claim.object;
    let status = object.status.as_ref();
    let version = object.spec.kubernetes_version();
    let node = status.and_then(|status| status.node_name());
    OwnerFacts {
        key: owner_key(object),
        uid: lives.shared_uid(claim.uid()),
        resource_version: object.identity().resource_version.into(),
        group: object.spec.node_group_name().into(),
        node: node.filter(|name| !name.is_empty()).map(Into::into),
        phase: object.phase().in_life(),
        life: life_in_memory(claim, lives).or_else(|| recorded_life(object)),
        failure: failure(claim).map(Into::into),
        created_at: object.metadata.creation_timestamp.as_ref().and_then(to_chrono),
        provisioned_at: status.and_then(|status| status.provisioned_at),
        deleted_at: object.metadata.deletion_timestamp.as_ref().and_then(to_chrono),
        version: (!version.is_empty()).then(|| version.into()),
    }
}

/// Returns the life that goes on in memory.
pub(super) fn life_in_memory(claim: &ClaimObject, lives: &Lives) -> Option<LifeFacts> {
    lives.of(claim.uid()).map(of_life)
}

fn recorded_life(object: &VPSieNode) -> Option<LifeFacts> {
    let text = object.annotations().get(keys::ANNOTATION_LIFECYCLE)?;
    Life::from_json(text).ok().as_ref().map(of_life)
}

fn of_life(life: &Life) -> LifeFacts {
    LifeFacts {
        state: life.state(),
        entered_at: life.entered_at(),
    }
}

/// Reads a Node.
pub(super) fn of_node(node: &Node) -> NodeFacts {
    let (labels, annotations) = (node.labels(), node.annotations());
    let status = node.status.as_ref();
    let told = |text: Option<&str>| text.map(SmolStr::new);
    NodeFacts {
        name: node.name_any().into(),
        uid: node.uid().unwrap_or_default().into(),
        resource_version: node.identity().resource_version.into(),
        created_at: node.metadata.creation_timestamp.as_ref().and_then(to_chrono),
        deleted_at: node.metadata.deletion_timestamp.as_ref().and_then(to_chrono),
        labels: [].into(),
        is_of_control_plane: is_control_plane(node),
        group_label: told(labels.get(keys::LABEL_NODE_GROUP)),
        group_namespace: told(annotations.get(keys::ANNOTATION_NODE_GROUP_NAMESPACE)),
        marked_for: marked_for(node),
        zones: zones(node),
        ready: node.condition("Ready").map(readiness),
        disk_pressure: node
            .condition("DiskPressure")
            .filter(|pressure| pressure.status == "True")
            .map(|pressure| Pressure {
                since: pressure.last_transition_time.as_ref().and_then(to_chrono),
            }),
        kubelet_version: told(status.and_then(|status| status.kubelet_version.as_deref())),
        drain_marked: Drain::of(node).map(|drain| Mark {
            since: Some(drain.since),
        }),
        has_opted_out: has_opted_out(node),
    }
}

/// Reads for which VPSieNode a Node is marked. The control plane is nobody's.
fn marked_for(node: &Node) -> Option<Arc<str>> {
    let uid = node.annotations().get(keys::ANNOTATION_VPSIE_NODE_UID)?;
    (!uid.is_empty() && !is_control_plane(node)).then(|| uid.into())
}

/// Lists the zones that a Node tells, else the data centre that we wrote on it, which is as near as VPSie comes.
fn zones(node: &Node) -> Box<[SmolStr]> {
    let told = |key: &str| {
        let zone = node.labels().get(key).filter(|zone| !zone.is_empty());
        zone.map(SmolStr::new)
    };
    let zones: Box<[SmolStr]> = ZONES.iter().filter_map(|key| told(key)).collect();
    if zones.is_empty() {
        return told(keys::LABEL_DATACENTER).into_iter().collect();
    }
    zones
}

fn readiness(ready: &Condition) -> Readiness {
    let is_ready = match &*ready.status {
        "True" => Some(true),
        "False" => Some(false),
        // Kubernetes writes `Unknown` when a kubelet has fallen silent.
        _ => None,
    };
    Readiness {
        is_ready,
        since: ready.last_transition_time.as_ref().and_then(to_chrono),
        reason: ready.reason.as_deref().unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests;
