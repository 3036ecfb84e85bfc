//! Nodes and VPSieNodes, who owns whom, and so what there is a state about.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::{NodeFacts, OwnerFacts};
use crate::key::{OwnerKey, Subject};
use crate::roll::Roll;
use crate::warning::Warning;

/// Keeps the Nodes and the VPSieNodes; the facts are boxed so that little is moved for a new one.
#[derive(Debug, Default)]
pub(super) struct People {
    nodes: Roll<Box<NodeFacts>>,
    owners: Roll<Box<OwnerFacts>>,
    /// VPSieNodes by the Node that they name, whether it is there or not.
    owners_of: Index<OwnerKey>,
    /// VPSieNodes that name no Node, by their uid.
    unrecorded: Index<OwnerKey>,
    /// Nodes by the uid of the VPSieNode for which they are marked.
    marked: Index<Arc<str>>,
}

/// Names by a text, those of each in order.
type Index<T> = BTreeSet<(Arc<str>, T)>;

// === impl People ===

impl People {
    /// Takes a Node in and tells whether anything is different.
    pub(super) fn put_node(&mut self, mut facts: NodeFacts) -> bool {
        if self.nodes.get(&facts.name).is_some_and(|known| **known == facts) {
            return false;
        }
        match self.remove_node(&facts.name) {
            Some(before) => facts.share(*before),
            None => facts.name = self.shared_name(facts.name),
        }
        facts.marked_for = facts.marked_for.map(|uid| self.shared_uid(&uid, &facts.name));
        if let Some(uid) = &facts.marked_for {
            self.marked.insert((Arc::clone(uid), Arc::clone(&facts.name)));
        }
        self.nodes.put(Box::new(facts));
        true
    }

    /// Forgets a Node and returns what was known of it.
    pub(super) fn remove_node(&mut self, name: &str) -> Option<Box<NodeFacts>> {
        let facts = self.nodes.remove(name)?;
        if let Some(uid) = &facts.marked_for {
            let marked = (Arc::clone(uid), Arc::clone(&facts.name));
            self.marked.remove(&marked);
        }
        Some(facts)
    }

    /// Returns the name of a Node as others have it, so that it is kept once.
    fn shared_name(&self, name: Arc<str>) -> Arc<str> {
        let known = self.nodes.get(&name).map(|facts| &facts.name);
        let named = || {
            listed(&self.owners_of, &name, least())
                .map(|(name, _)| name)
                .next()
        };
        let shared = known.or_else(named).cloned();
        shared.unwrap_or(name)
    }

    /// Returns the uid of the VPSieNode for which a Node is marked.
    pub(super) fn mark_of(&self, node: &str) -> Option<Arc<str>> {
        self.nodes.get(node)?.marked_for.clone()
    }

    /// Returns the uid for which a Node is marked as its VPSieNode has it, so that it is kept once.
    fn shared_uid(&self, uid: &Arc<str>, node: &str) -> Arc<str> {
        let named = listed(&self.owners_of, node, least()).map(|(_, owner)| owner);
        let owners = named.chain(self.unrecorded_with(uid));
        let mut uids = owners.filter_map(|owner| Some(&self.owner(owner)?.uid));
        let shared = uids.find(|known| *known == uid);
        Arc::clone(shared.unwrap_or(uid))
    }

    /// Takes a VPSieNode in and returns what was known of it before; nothing at all when nothing is different.
    pub(super) fn put_owner(&mut self, mut facts: OwnerFacts) -> Option<Option<Box<OwnerFacts>>> {
        if self.owners.get(&facts.key).is_some_and(|known| **known == facts) {
            return None;
        }
        let before = self.remove_owner(&facts.key);
        if let Some(before) = &before {
            facts.share(before);
        }
        facts.node = facts.node.map(|name| self.shared_name(name));
        let (index, place) = self.index_of(&facts);
        index.insert(place);
        self.owners.put(Box::new(facts));
        Some(before)
    }

    /// Returns the index in which a VPSieNode is to be found, and where there: by its Node, or while it names none by its uid.
    fn index_of(&mut self, facts: &OwnerFacts) -> (&mut Index<OwnerKey>, (Arc<str>, OwnerKey)) {
        let (index, text) = match &facts.node {
            Some(node) => (&mut self.owners_of, node),
            None => (&mut self.unrecorded, &facts.uid),
        };
        (index, (Arc::clone(text), facts.key.clone()))
    }

    pub(super) fn remove_owner(&mut self, key: &OwnerKey) -> Option<Box<OwnerFacts>> {
        let owner = self.owners.remove(key)?;
        let (index, place) = self.index_of(&owner);
        index.remove(&place);
        Some(owner)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Arc<str>> {
        self.nodes.iter().map(|facts| &facts.name)
    }

    pub(super) fn owner(&self, key: &OwnerKey) -> Option<&OwnerFacts> {
        self.owners.get(key).map(AsRef::as_ref)
    }

    pub(super) fn owners(&self) -> impl Iterator<Item = &OwnerFacts> {
        self.owners.iter().map(AsRef::as_ref)
    }

    /// Lists the VPSieNodes that name a Node, and after them those that name none and for which it is marked; the one that
    /// has it first.
    pub(super) fn owners_of<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a OwnerKey> {
        let mark = self.nodes.get(node).and_then(|facts| facts.marked_for.as_deref());
        let mark = mark.filter(|uid| self.marked_for(uid).next().is_some_and(|first| **first == *node));
        let marked = mark.into_iter().flat_map(|uid| self.unrecorded_with(uid));
        let named = listed(&self.owners_of, node, least()).map(|(_, owner)| owner);
        named.chain(marked)
    }

    /// Lists the VPSieNodes with this uid that name no Node.
    fn unrecorded_with<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = &'a OwnerKey> {
        listed(&self.unrecorded, uid, least()).map(|(_, owner)| owner)
    }

    /// Lists the Nodes that are marked for a VPSieNode, in the order of names.
    fn marked_for<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        listed(&self.marked, uid, Arc::default()).map(|(_, node)| node)
    }

    /// Lists whom it concerns that a mark with this uid, or who it means, is different.
    pub(super) fn concerned_by_mark<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = Subject> + 'a {
        let nodes = self.marked_for(uid).cloned().map(Subject::Node);
        let owners = self.unrecorded_with(uid).cloned().map(Subject::Awaited);
        nodes.chain(owners)
    }

    /// Lists what there is a state about.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let nodes = self.nodes().cloned().map(Subject::Node);
        let owners = self.owners.iter().filter(|owner| self.is_awaiting(owner));
        nodes.chain(owners.map(|owner| Subject::Awaited(owner.key.clone())))
    }

    /// Returns a subject by the name that the facts have, so that it is kept once; nothing when there is no state about it.
    pub(super) fn shared(&self, subject: &Subject) -> Option<Subject> {
        self.has(subject).then_some(())?;
        Some(match subject {
            Subject::Node(name) => Subject::Node(Arc::clone(&self.nodes.get(name)?.name)),
            Subject::Awaited(key) => Subject::Awaited(self.owners.get(key)?.key.clone()),
        })
    }

    /// Tells whether there is a state about it.
    pub(super) fn has(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Node(name) => self.nodes.has(name),
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
                let is_there = self.nodes.has(node);
                is_there.then(|| Warning::NodeTaken(owner.clone()))
            }
        }
    }

    /// Tells whether a VPSieNode has no Node, so that its state stands on its own.
    fn is_awaiting(&self, owner: &OwnerFacts) -> bool {
        let recorded = owner.node.as_deref();
        let marked = || self.marked_for(&owner.uid).next().map(AsRef::as_ref);
        let node = recorded.or_else(marked).filter(|node| self.nodes.has(node));
        node.is_none_or(|node| self.owners_of(node).next() != Some(&owner.key))
    }
}

// === impl NodeFacts ===

impl NodeFacts {
    /// Takes the texts that are as they were from the facts before, which the state has, too.
    fn share(&mut self, before: Self) {
        keep(&mut self.name, before.name);
        keep(&mut self.uid, before.uid);
        keep(&mut self.marked_for, before.marked_for);
        keep(&mut self.zones, before.zones);
    }
}

// === impl OwnerFacts ===

impl OwnerFacts {
    /// Takes the texts that are as they were from the facts before, which the state has, too.
    fn share(&mut self, before: &Self) {
        keep(&mut self.key, before.key.clone());
        keep(&mut self.uid, Arc::clone(&before.uid));
    }
}

fn keep<T: PartialEq>(now: &mut T, before: T) {
    if *now == before {
        *now = before;
    }
}

/// Lists what an index has of a text, from the first name on.
fn listed<'a, T: Ord>(
    index: &'a Index<T>,
    text: &'a str,
    first: T,
) -> impl Iterator<Item = &'a (Arc<str>, T)> {
    let later = index.range((Arc::from(text), first)..);
    later.take_while(move |(of, _)| **of == *text)
}

/// Returns the key before all others.
fn least() -> OwnerKey {
    OwnerKey {
        namespace: Arc::default(),
        name: Arc::default(),
    }
}
