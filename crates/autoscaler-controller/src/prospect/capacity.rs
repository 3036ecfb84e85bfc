//! What the Nodes that are there teach of those that are to come.

use crate::kept::Node;
use crate::planning::capacity::{fewest, learned};
use crate::resources::{NodeGroup, keys};
use crate::watches::Place;
use fleet_plan::Name;
use fleet_plan::node::{Node as Planned, Room};
use kube::ResourceExt;
use std::collections::BTreeMap;

/// What Nodes have for pods.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    /// What every Ready Node of a NodeGroup has.
    of_groups: BTreeMap<Place, Room>,
    /// How many volumes of each driver any Node takes.
    pub(super) attachments: BTreeMap<Name, i64>,
}

// === impl Rooms ===

impl Rooms {
    /// Takes a Node in.
    pub(super) fn learn(&mut self, node: &Node, read: &Planned) {
        self.attachments = fewest(std::mem::take(&mut self.attachments), &read.room.attachments);
        let group = node.labels().get(keys::LABEL_NODE_GROUP);
        let namespace = node.annotations().get(keys::ANNOTATION_NODE_GROUP_NAMESPACE);
        if let (Some(group), Some(namespace), true) = (group, namespace, read.is_ready) {
            let place = (namespace.to_owned(), group.to_owned());
            let known = self.of_groups.remove(&place);
            let both = known.iter().chain([&read.room]);
            self.of_groups.extend(learned(both).map(|room| (place, room)));
        }
    }

    /// Returns what every Ready Node of a NodeGroup has.
    pub(super) fn of(&self, group: &NodeGroup) -> Option<Room> {
        let place = (group.namespace().unwrap_or_default(), group.name_any());
        self.of_groups.get(&place).cloned()
    }
}
