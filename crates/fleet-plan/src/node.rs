//! Nodes, and what is on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::labels::Labels;
use crate::pod::Demand;
use crate::taint::Taint;
use crate::{Name, Resources};

/// Describes a Node as far as pods may be on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// Its labels.
    pub labels: Labels,
    /// Its taints; that of a cordon is one of them.
    pub taints: Vec<Taint>,
    /// Whether it is Ready, so that pods that fit can start there.
    pub is_ready: bool,
    /// What it has for pods.
    pub room: Room,
    /// The pods on it that have not ended.
    pub pods: Vec<Resident>,
}

/// Says how much a Node takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// Resources that pods may ask for.
    pub allocatable: Resources,
    /// How many pods it takes.
    pub pods: i64,
    /// How many volumes of each driver it takes; drivers that are not named have no limit.
    pub attachments: BTreeMap<Name, i64>,
}

/// Is a pod on a Node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// What it takes, and whom it attracts or shuns.
    pub demand: Arc<Demand>,
    /// Whether it is on its way out.
    pub is_terminating: bool,
}
