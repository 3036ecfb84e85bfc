//! Nodes and VPSieNodes, who owns whom, and so what there is a state about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::facts::{NodeFacts, OwnerFacts};
use crate::key::{OwnerKey, Subject};
use crate::warning::Warning;

/// Keeps the Nodes and the VPSieNodes.
#[derive(Debug, Default)]
pub(super) struct People {
    nodes: BTreeMap<Arc<str>, NodeFacts>,
    owners: BTreeMap<OwnerKey, OwnerFacts>,
    /// VPSieNodes by the Node that they name, whether it is there or not.
    owners_of: BTreeMap<String, BTreeSet<OwnerKey>>,
}

// === impl People ===

impl People {
    /// Takes a Node in and tells whether anything is different.
    pub(super) fn put_node(&mut self, facts: NodeFacts) -> bool {
        if self.nodes.get(facts.name.as_str()) == Some(&facts) {
            return false;
        }
        self.nodes.insert(facts.name.as_str().into(), facts);
        true
    }

    pub(super) fn remove_node(&mut self, name: &str) -> bool {
        self.nodes.remove(name).is_some()
    }

    /// Takes a VPSieNode in and returns the Node that it named before; nothing at all when nothing is different.
    pub(super) fn put_owner(&mut self, facts: OwnerFacts) -> Option<Option<String>> {
        if self.owners.get(&facts.key) == Some(&facts) {
            return None;
        }
        let before = self.remove_owner(&facts.key).and_then(|before| before.node);
        if let Some(node) = &facts.node {
            let owners = self.owners_of.entry(node.clone()).or_default();
            owners.insert(facts.key.clone());
        }
        self.owners.insert(facts.key.clone(), facts);
        Some(before)
    }

    pub(super) fn remove_owner(&mut self, key: &OwnerKey) -> Option<OwnerFacts> {
        let owner = self.owners.remove(key)?;
        if let Some(node) = &owner.node
            && let Some(owners) = self.owners_of.get_mut(node)
        {
            owners.remove(key);
            if owners.is_empty() {
                self.owners_of.remove(node);
            }
        }
        Some(owner)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Arc<str>> {
        self.nodes.keys()
    }

    pub(super) fn owner(&self, key: &OwnerKey) -> Option<&OwnerFacts> {
        self.owners.get(key)
    }

    pub(super) fn owners(&self) -> impl Iterator<Item = &OwnerFacts> {
        self.owners.values()
    }

    /// Lists the VPSieNodes that name a Node, the one that has it first.
    pub(super) fn owners_of(&self, node: &str) -> impl Iterator<Item = &OwnerKey> {
        self.owners_of.get(node).into_iter().flatten()
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
                (
                    self.nodes.get(name),
                    owner.and_then(|owner| self.owners.get(owner)),
                )
            }
            Subject::Awaited(key) => (None, self.owners.get(key)),
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
        let node = owner
            .node
            .as_deref()
            .filter(|node| self.nodes.contains_key(*node));
        node.is_none_or(|node| self.owners_of(node).next() != Some(&owner.key))
    }
}
