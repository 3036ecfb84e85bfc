//! Groups of nodes that can grow, and what a node of each is and costs.

use std::fmt;

use crate::Name;
use crate::labels::Labels;
use crate::node::Room;
use crate::taint::Taint;

/// Names a group: the namespace is part of its identity (`SC-30`).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupName {
    /// The namespace.
    pub namespace: Name,
    /// The name.
    pub name: Name,
}

/// Holds a price for an hour, in billionths of VPSie's currency: exact for what VPSie writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub u64);

/// Describes a group of equal nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Who it is.
    pub name: GroupName,
    /// VPSie's number of the size of its nodes.
    pub size: Option<i64>,
    /// The least nodes it must have.
    pub min: u32,
    /// The most nodes it may have.
    pub max: u32,
    /// Nodes that count towards both: those that are there, and those that are coming.
    pub nodes: u32,
    /// Whether it is the autoscaler's to grow.
    pub is_managed: bool,
    /// Whether its `scaleUpPolicy` allows growth.
    pub is_enabled: bool,
    /// What cannot be read of it.
    pub flaw: Option<String>,
    /// Why nothing is asked of it for now, as after a refusal of VPSie (`SC-9`).
    pub paused: Option<String>,
    /// Labels of its new nodes, those included that every node gets.
    pub labels: Labels,
    /// Taints of its new nodes.
    pub taints: Vec<Taint>,
    /// Whether its size is among the offers, so that nodes of it can be bought.
    pub is_offered: bool,
    /// What a new node has for pods; none when that is unknown.
    pub room: Option<Room>,
    /// What a node costs; none when that is unknown.
    pub price: Option<Price>,
    /// Whether its size is the one that it prefers.
    pub is_preferred: bool,
}

// === impl Price ===

impl Price {
    /// Returns the price as a number for people and JSON.
    #[must_use]
    pub fn to_number(self) -> f64 {
        // Prices are far below 2^53 billionths.
        #[expect(clippy::cast_precision_loss, reason = "prices of an hour are small")]
        let billionths = self.0 as f64;
        billionths / 1e9
    }

    /// Returns the price of so many nodes.
    #[must_use]
    pub const fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(count as u64))
    }
}

// === impl Display ===

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_number())
    }
}
