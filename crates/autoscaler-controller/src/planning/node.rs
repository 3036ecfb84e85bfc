//! Nodes with what they have for pods.

use std::collections::BTreeMap;

use crate::kept::Node as WrittenNode;
use fleet_plan::QuantityError;
use fleet_plan::node::{Node, Room};
use fleet_plan::taint::{Effect, Taint};
use k8s_openapi::api::core::v1::Taint as WrittenTaint;
use k8s_openapi::api::storage::v1::CSINode;

use super::Reader;
use super::demand::effect;
use super::requests;
use super::selectors::labels;

/// The taint of a Node that is not Ready; Kubernetes takes it off a moment after the Node is.
const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// The taint that keeps pods off a cordoned Node.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Says what cannot be read of a Node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reading what Node {node} has for pods")]
pub struct NodeFlaw {
    /// Its name.
    pub node: String,
    /// What is wrong.
    pub source: QuantityError,
}

// === impl Reader ===

impl Reader {
    /// Reads a Node, without its pods.
    ///
    /// # Errors
    /// When an amount cannot be read.
    pub fn node(&mut self, node: &WrittenNode, drivers: Option<&CSINode>) -> Result<Node, NodeFlaw> {
        let status = node.status.as_ref();
        let allocatable = status.and_then(|status| status.allocatable.as_ref());
        let room = requests::of_node(allocatable, &mut self.names);
        let (allocatable, pods) = room.map_err(|source| NodeFlaw {
            node: node.name_any(),
            source,
        })?;
        let is_ready = node.condition("Ready").is_some_and(|one| one.status == "True");
        Ok(Node {
            name: self.names.get(&node.name_any()),
            labels: labels(node.labels().iter(), &mut self.names),
            taints: self.node_taints(node, is_ready),
            is_ready,
            room: Room {
                allocatable,
                pods,
                attachments: self.attach_limits(drivers),
            },
            pods: Vec::new(),
        })
    }

    /// A Ready Node is about to lose the taint that it is not: until then no other is bought in its place.
    fn node_taints(&mut self, node: &WrittenNode, is_ready: bool) -> Vec<Taint> {
        let taints = node.spec.taints.iter();
        let taints = taints.filter(|taint| !(is_ready && taint.key == NOT_READY));
        let mut taints: Vec<Taint> = taints.filter_map(|taint| self.taint(taint)).collect();
        if node.spec.is_cordoned && !taints.iter().any(|taint| &*taint.key == UNSCHEDULABLE) {
            taints.push(Taint {
                key: self.names.get(UNSCHEDULABLE),
                value: self.names.get(""),
                effect: Effect::NoSchedule,
            });
        }
        taints
    }

    /// Reads a taint; one whose effect is not known does nothing.
    pub(super) fn taint(&mut self, written: &WrittenTaint) -> Option<Taint> {
        Some(Taint {
            key: self.names.get(&written.key),
            value: self.names.get(written.value.as_deref().unwrap_or_default()),
            effect: effect(&written.effect)?,
        })
    }

    fn attach_limits(&mut self, drivers: Option<&CSINode>) -> BTreeMap<fleet_plan::Name, i64> {
        let drivers = drivers.into_iter().flat_map(|node| &node.spec.drivers);
        let limits = drivers.filter_map(|driver| {
            let count = driver.allocatable.as_ref()?.count?;
            Some((self.names.get(&driver.name), i64::from(count)))
        });
        limits.collect()
    }
}
