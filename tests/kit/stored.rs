//! What is stored at one time, with the questions that tests ask of it.

use autoscaler_controller::resources::{Condition, NodeGroup, VPSieNode};
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use serde::Serialize;
use serde_json::Value;

/// The stored objects at one time.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// All NodeGroups, by name.
    pub groups: Vec<NodeGroup>,
    /// All VPSieNodes, by name.
    pub claims: Vec<VPSieNode>,
    /// All Nodes, by name.
    pub nodes: Vec<Node>,
}

// === impl Stored ===

impl Stored {
    /// Finds a NodeGroup by name.
    ///
    /// # Panics
    /// Panics when there is none.
    pub fn group(&self, name: &str) -> &NodeGroup {
        self.find_group(name).expect("the NodeGroup exists")
    }

    /// Finds a NodeGroup by name, if there is one.
    pub fn find_group(&self, name: &str) -> Option<&NodeGroup> {
        self.groups.iter().find(|group| group.name_any() == name)
    }

    /// Finds a VPSieNode by name.
    pub fn claim(&self, name: &str) -> Option<&VPSieNode> {
        self.claims.iter().find(|claim| claim.name_any() == name)
    }

    /// Finds a Node by name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name_any() == name)
    }

    /// Lists the phases of all VPSieNodes, in the order of their names.
    pub fn phases(&self) -> Vec<String> {
        self.claims
            .iter()
            .map(|claim| claim.phase().to_string())
            .collect()
    }

    /// Tells whether a NodeGroup reports exactly so many VPSieNodes and so many of them Ready.
    pub fn counts(&self, name: &str, current: i32, ready: i32) -> bool {
        let status = self.find_group(name).and_then(|group| group.status.as_ref());
        status
            .is_some_and(|status| status.current_nodes == Some(current) && status.ready_nodes == Some(ready))
    }

    /// Returns the reason of a condition of a NodeGroup, when it has the condition and it is true.
    pub fn group_problem(&self, name: &str) -> Option<String> {
        let error = self.group_condition(name, "Error")?;
        error.reason.clone().filter(|_| error.is_true())
    }

    /// Returns a condition of a NodeGroup, whether it is true or not.
    pub fn group_condition(&self, name: &str, condition: &str) -> Option<Condition> {
        let conditions = self.find_group(name)?.status.as_ref()?.conditions.as_deref()?;
        let mut conditions = conditions.iter();
        conditions.find(|it| it.type_ == condition).cloned()
    }

    /// Returns the reason of the condition Error of a VPSieNode, when it is true.
    pub fn claim_problem(&self, name: &str) -> Option<String> {
        let error = self.claim_condition(name, "Error")?;
        error.reason.clone().filter(|_| error.is_true())
    }

    /// Returns a condition of a VPSieNode, whether it is true or not.
    pub fn claim_condition(&self, name: &str, type_: &str) -> Option<&Condition> {
        let conditions = self.claim(name)?.status.as_ref()?.conditions.as_deref()?;
        conditions.iter().find(|condition| condition.type_ == type_)
    }
}

impl std::fmt::Display for Stored {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for group in &self.groups {
            writeln!(
                formatter,
                "NodeGroup {} {}",
                group.name_any(),
                value(&group.status)
            )?;
        }
        for claim in &self.claims {
            let (spec, annotations) = (value(&claim.spec), value(claim.annotations()));
            let name = claim.name_any();
            writeln!(
                formatter,
                "VPSieNode {name} {spec} {annotations} {}",
                value(&claim.status)
            )?;
        }
        for node in &self.nodes {
            writeln!(
                formatter,
                "Node {} {}",
                node.name_any(),
                value(&node.metadata.labels)
            )?;
        }
        Ok(())
    }
}

/// Writes an object as JSON.
pub(crate) fn value<T: Serialize>(object: &T) -> Value {
    serde_json::to_value(object).expect("an object that was read can be written")
}
