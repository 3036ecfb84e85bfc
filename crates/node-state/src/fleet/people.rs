//! Nodes and VPSieNodes, who owns whom, and so what there is a state about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::facts::{NodeFacts, OwnerFacts};
use crate::key::{OwnerKey, Subject};
use crate::warning::Warning;

/// Keeps the Nodes and the VPSieNodes.
///
/// The facts are boxed because a tree has room for more entries than it holds, nearly twice as many where they came in order.
#[derive(Debug, Default)]
pub(super) struct People {
    nodes: BTreeMap<Arc<str>, Box<NodeFacts>>,
    owners: BTreeMap<OwnerKey, Box<OwnerFacts>>,
    /// VPSieNodes by the Node that they name, whether it is there or not.
    owners_of: Index,
    /// VPSieNodes that name no Node, by their uid.
    unrecorded: Index,
    /// Nodes with the uid of the VPSieNode for which they are marked.
    marked: BTreeSet<(Arc<str>, Arc<str>)>,
}

/// VPSieNodes by a text, those of each in order. It is nearly always one, for which a tree would take ten times the room.
type Index = BTreeMap<String, Vec<OwnerKey>>;

// === impl People ===

impl People {
    /// Takes a Node in and tells whether anything is different.
    pub(super) fn put_node(&mut self, facts: NodeFacts) -> bool {
        if self
            .nodes
            .get(facts.name.as_str())
            .is_some_and(|known| **known == facts)
        {
            return false;
        }
        self.remove_node(&facts.name);
        let name: Arc<str> = facts.name.as_str().into();
        if let Some(uid) = &facts.marked_for {
            self.marked.insert((Arc::clone(uid), Arc::clone(&name)));
        }
        self.nodes.insert(name, Box::new(facts));
        true
    }

    pub(super) fn remove_node(&mut self, name: &str) -> bool {
        let Some((name, facts)) = self.nodes.remove_entry(name) else {
            return false;
        };
        if let Some(uid) = facts.marked_for {
            self.marked.remove(&(uid, name));
        }
        true
    }

    /// Returns the uid of the VPSieNode for which a Node is marked.
    pub(super) fn mark_of(&self, node: &str) -> Option<Arc<str>> {
        self.nodes.get(node)?.marked_for.clone()
    }

    /// Takes a VPSieNode in and returns what was known of it before; nothing at all when nothing is different.
    pub(super) fn put_owner(&mut self, facts: OwnerFacts) -> Option<Option<OwnerFacts>> {
        if self.owners.get(&facts.key).is_some_and(|known| **known == facts) {
            return None;
        }
        let before = self.remove_owner(&facts.key);
        let (index, name) = self.index_of(&facts);
        let owners = index.entry(name).or_default();
        if let Err(place) = owners.binary_search(&facts.key) {
            owners.reserve_exact(1);
            owners.insert(place, facts.key.clone());
        }
        self.owners.insert(facts.key.clone(), Box::new(facts));
        Some(before)
    }

    /// Returns the index in which a VPSieNode is to be found, and where there: by its Node, or while it names none by its uid.
    fn index_of(&mut self, facts: &OwnerFacts) -> (&mut Index, String) {
        match &facts.node {
            Some(node) => (&mut self.owners_of, node.clone()),
            None => (&mut self.unrecorded, facts.uid.clone()),
        }
    }

    pub(super) fn remove_owner(&mut self, key: &OwnerKey) -> Option<OwnerFacts> {
        let owner = *self.owners.remove(key)?;
        let (index, name) = self.index_of(&owner);
        if let Some(owners) = index.get_mut(&name) {
            owners.retain(|owner| owner != key);
            if owners.is_empty() {
                index.remove(&name);
            }
        }
        Some(owner)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Arc<str>> {
        self.nodes.keys()
    }

    pub(super) fn owner(&self, key: &OwnerKey) -> Option<&OwnerFacts> {
        self.owners.get(key).map(AsRef::as_ref)
    }

    pub(super) fn owners(&self) -> impl Iterator<Item = &OwnerFacts> {
        self.owners.values().map(AsRef::as_ref)
    }

    /// Lists the VPSieNodes that name a Node, and after them those that name none and for which it is marked; the one that
    /// has it first.
    pub(super) fn owners_of(&self, node: &str) -> impl Iterator<Item = &OwnerKey> {
        let named = self.owners_of.get(node).into_iter().flatten();
        let mark = self.nodes.get(node).and_then(|facts| facts.marked_for.as_deref());
        let mark = mark.filter(|uid| self.marked_for(uid).next().is_some_and(|first| **first == *node));
        let marked = mark.and_then(|uid| self.unrecorded.get(uid));
        named.chain(marked.into_iter().flatten())
    }

    /// Lists the Nodes that are marked for a VPSieNode, in the order of names.
    fn marked_for(&self, uid: &str) -> impl Iterator<Item = &Arc<str>> {
        let first = (Arc::from(uid), Arc::from(""));
        let marked = self.marked.range(first..).map(|(uid, node)| (&**uid, node));
        marked.take_while(move |(of, _)| *of == uid).map(|(_, node)| node)
    }

    /// Lists whom it concerns that a mark with this uid, or who it means, is different.
    pub(super) fn concerned_by_mark(&self, uid: &str) -> impl Iterator<Item = Subject> {
        let nodes = self.marked_for(uid).cloned().map(Subject::Node);
        let owners = self.unrecorded.get(uid).into_iter().flatten();
        nodes.chain(owners.cloned().map(Subject::Awaited))
    }

    /// Lists what there is a state about.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let nodes = self.nodes.keys().cloned().map(Subject::Node);
        let owners = self.owners.values().filter(|owner| self.is_awaiting(owner));
        nodes.chain(owners.map(|owner| Subject::Awaited(owner.key.clone())))
    }

    /// Tells whether there is a state about it.
    pub(super) fn has(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Node(name) => self.nodes.contains_key(name),
            Subject::Awaited(key) => self.owners.get(key).is_some_and(|owner| self.is_awaiting(owner)),
        }
    }

    /// Returns the Node of a subject and its VPSieNode.
    pub(super) fn of(&self, subject: &Subject) -> (Option<&NodeFacts>, Option<&OwnerFacts>) {
        match subject {
            Subject::Node(name) => {
                let owner = self.owners_of(name).next();
                let facts = self.nodes.get(name).map(AsRef::as_ref);
                (facts, owner.and_then(|owner| self.owner(owner)))
            }
            Subject::Awaited(key) => (None, self.owner(key)),
        }
    }

    /// Says what is odd about who owns it.
    pub(super) fn oddity(&self, subject: &Subject) -> Option<Warning> {
        match subject {
            Subject::Node(name) => {
                let owners: Vec<OwnerKey> = self.owners_of(name).cloned().collect();
                (owners.len() > 1).then_some(Warning::SeveralOwners(owners))
            }
            Subject::Awaited(key) => {
                let node = self.owners.get(key)?.node.as_deref()?;
                let owner = self.owners_of(node).next().filter(|owner| *owner != key)?;
                let is_there = self.nodes.contains_key(node);
                is_there.then(|| Warning::NodeTaken(owner.clone()))
            }
        }
    }

    /// Tells whether a VPSieNode has no Node, so that its state stands on its own.
    fn is_awaiting(&self, owner: &OwnerFacts) -> bool {
        let recorded = owner.node.as_deref();
        let marked = || self.marked_for(&owner.uid).next().map(AsRef::as_ref);
        let node = recorded
            .or_else(marked)
            .filter(|node| self.nodes.contains_key(*node));
        node.is_none_or(|node| self.owners_of(node).next() != Some(&owner.key))
    }
}
