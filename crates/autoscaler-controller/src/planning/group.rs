//! NodeGroups as groups that can grow.

use crate::kept::VPSieNode;
use std::collections::BTreeMap;

use fleet_plan::Name;
use fleet_plan::cluster::Incoming;
use fleet_plan::group::{Group, GroupName};
use fleet_plan::labels::Labels;
use fleet_plan::node::Room;
use kube::ResourceExt;
use vpsie_api::Offer;

use super::selectors::labels;
use super::{Reader, capacity};
use crate::resources::{NodeGroup, Phase, keys};

/// Says what VPSie offers of the size of a group.
#[derive(Debug, Clone, Copy)]
pub enum Size<'a> {
    /// It is among the offers.
    Offered(&'a Offer),
    /// VPSie offers other sizes, or the group names none: nothing is bought.
    NotOffered,
    /// Nobody knows what VPSie offers: what Ready Nodes of the group have is enough to buy more of them, at an
    /// unknown price.
    Unknown,
}

/// Says what is known of a group beside its object.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// What VPSie offers of its size.
    pub size: Size<'a>,
    /// Nodes that count towards its bounds: those that are there, and those that are coming.
    pub nodes: u32,
    /// What every Ready Node of it has for pods; none without such a Node.
    pub learned: Option<Room>,
    /// How many volumes of each driver a Node of the cluster takes.
    pub attachments: &'a BTreeMap<Name, i64>,
}

/// Tells whether the node of a VPSieNode is coming (`LC-41`): it was asked for, or will be, and is not Ready yet.
///
/// One that failed is not, nor one that is being deleted.
#[must_use]
pub fn is_coming(object: &VPSieNode) -> bool {
    object.metadata.deletion_timestamp.is_none()
        && match object.phase() {
            Phase::Pending | Phase::Provisioning | Phase::Provisioned | Phase::Joining => true,
            Phase::Ready | Phase::Terminating | Phase::Deleting | Phase::Failed | Phase::Unrecognised(_) => {
                false
            }
        }
}

// === impl Reader ===

impl Reader {
    /// Reads a NodeGroup.
    pub fn group(&mut self, group: &NodeGroup, around: Surroundings<'_>) -> Group {
        let spec = &group.spec;
        let count = |number: i32| u32::try_from(number).unwrap_or_default();
        let offer = match around.size {
            Size::Offered(offer) => Some(offer),
            Size::NotOffered | Size::Unknown => None,
        };
        let is_offered = match around.size {
            Size::Offered(_) => true,
            Size::NotOffered => false,
            Size::Unknown => spec.kube_size_id.is_some(),
        };
        let taints = spec.taints.iter().flatten();
        Group {
            name: self.group_name(group),
            size: spec.kube_size_id,
            min: count(spec.min_nodes),
            max: count(spec.max_nodes),
            nodes: around.nodes,
            is_managed: group.is_managed() && group.metadata.deletion_timestamp.is_none(),
            is_enabled: spec.scale_up().is_enabled(),
            flaw: flaw(group),
            paused: None,
            labels: self.labels_of_new(group, offer),
            taints: taints.filter_map(|taint| self.taint(taint)).collect(),
            is_offered,
            room: around
                .learned
                .or_else(|| capacity::offered(offer?, around.attachments)),
            price: offer.and_then(capacity::price),
            is_preferred: offer.is_some_and(|offer| is_preferred(group, offer)),
        }
    }

    /// Names a NodeGroup.
    pub fn group_name(&mut self, group: &NodeGroup) -> GroupName {
        self.group_named(
            group.metadata.namespace.as_deref().unwrap_or_default(),
            group.metadata.name.as_deref().unwrap_or_default(),
        )
    }

    /// Reads a VPSieNode whose node [is coming](is_coming), named with its namespace.
    pub fn incoming(&mut self, object: &VPSieNode) -> Incoming {
        let namespace = object.metadata.namespace().unwrap_or_default();
        let name = object.metadata.name().unwrap_or_default();
        Incoming {
            name: self.names.get(&format!("{namespace}/{name}")),
            group: self.group_named(namespace, object.spec.node_group_name()),
        }
    }

    pub(super) fn group_named(&mut self, namespace: &str, name: &str) -> GroupName {
        GroupName {
            namespace: self.names.get(namespace),
            name: self.names.get(name),
        }
    }

    /// Lists the labels that a new Node of a group will have: those that every kubelet writes, those of the cloud,
    /// before them those of the group, and before all others ours (`L1`, `L2`).
    fn labels_of_new(&mut self, group: &NodeGroup, offer: Option<&Offer>) -> Labels {
        let (spec, name) = (&group.spec, group.name_any());
        let instance = offer.and_then(|offer| offer.name.as_deref());
        let instance = instance.or(spec.instance_type()).unwrap_or_default();
        let mut labels = self.implied_labels(instance, &spec.datacenter_id);
        labels.extend(self.all_labels(spec.labels.as_ref()));
        labels.insert(self.names.get(keys::LABEL_NODE_GROUP), self.names.get(&name));
        labels.extend(self.our_labels(&spec.datacenter_id));
        labels
    }

    /// Lists the labels that a Node has without anybody's doing: those of its kubelet and those of the cloud.
    pub(super) fn implied_labels(&mut self, instance: &str, datacenter: &str) -> Labels {
        self.told_labels([
            ("kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("beta.kubernetes.io/arch", "amd64"),
            ("node.kubernetes.io/instance-type", instance),
            ("topology.kubernetes.io/zone", datacenter),
            ("topology.kubernetes.io/region", datacenter),
        ])
    }

    /// Lists the labels that we give every Node, but for those that name what it is of.
    pub(super) fn our_labels(&mut self, datacenter: &str) -> Labels {
        self.told_labels([
            (keys::LABEL_DATACENTER, datacenter),
            (keys::LABEL_MANAGED, keys::TRUE),
        ])
    }

    pub(super) fn all_labels(&mut self, written: Option<&BTreeMap<String, String>>) -> Labels {
        labels(written.into_iter().flatten(), &mut self.names)
    }

    /// Leaves out what nobody tells.
    fn told_labels<const COUNT: usize>(&mut self, pairs: [(&str, &str); COUNT]) -> Labels {
        let told = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        told.map(|(key, value)| (self.names.get(key), self.names.get(value)))
            .collect()
    }
}

/// Tells whether the size of a group is the one that it prefers, by its name or its number.
fn is_preferred(group: &NodeGroup, offer: &Offer) -> bool {
    let preferred = group.spec.preferred_instance_type.as_deref();
    preferred.is_some_and(|preferred| {
        offer.name.as_deref() == Some(preferred) || offer.number.to_string() == preferred
    })
}

/// Says what is wrong with a NodeGroup that the API server would not have taken.
fn flaw(group: &NodeGroup) -> Option<String> {
    let (least, most) = (group.spec.min_nodes, group.spec.max_nodes);
    (least > most).then(|| format!("minNodes {least} exceeds maxNodes {most}; correct one of them"))
}

#[cfg(test)]
mod tests;
