//! The NodeGroups that are known, each with its selector, checked once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use node_lifecycle::words;

use crate::facts::{GroupFacts, OwnerFacts};
use crate::key::GroupKey;
use crate::selector::{InvalidSelector, Selector};

/// Holds the NodeGroups in order of namespace and name, and what each selects.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    known: BTreeMap<GroupKey, Known>,
    /// Where a name is used; a label of a Node tells no namespace.
    namesakes: BTreeMap<String, BTreeSet<GroupKey>>,
}

#[derive(Debug, Clone)]
struct Known {
    facts: GroupFacts,
    selector: Option<Result<Selector, InvalidSelector>>,
}

words! {
    /// Says what is different about a NodeGroup (`NS-10`).
    Why, "change of a NodeGroup" {
        /// It was not known before.
        Appeared => "appeared",
        /// It selects otherwise.
        Selector => "selector",
        /// Its selector makes no sense any longer, and selects nothing.
        SelectorInvalid => "selector_invalid",
        /// It was paused, or goes on.
        Pause => "pause",
        /// Its nodes should have another version.
        Version => "version",
        /// It is being deleted, or no longer.
        Ending => "ending",
        /// It is gone.
        Forgotten => "forgotten",
    }
}

// === impl Why ===

impl Why {
    /// Tells whether Nodes may belong elsewhere because of it.
    pub(crate) const fn moves_nodes(self) -> bool {
        match self {
            Self::Appeared | Self::Selector | Self::SelectorInvalid | Self::Forgotten => true,
            Self::Pause | Self::Version | Self::Ending => false,
        }
    }
}

// === impl Groups ===

impl Groups {
    /// Takes a NodeGroup in and tells what is different about it; nothing when it is as it was (`NS-10`).
    pub fn ingest(&mut self, facts: GroupFacts) -> BTreeSet<Why> {
        let selector = facts.selector.as_ref().map(Selector::new);
        let mut why = BTreeSet::new();
        match self.known.get(&facts.key) {
            None => {
                why.insert(Why::Appeared);
            }
            Some(Known { facts: before, .. }) => {
                if before.selector != facts.selector {
                    why.insert(match &selector {
                        Some(Err(_)) => Why::SelectorInvalid,
                        Some(Ok(_)) | None => Why::Selector,
                    });
                }
                let others = [
                    (before.is_paused != facts.is_paused, Why::Pause),
                    (before.version != facts.version, Why::Version),
                    (before.is_ending != facts.is_ending, Why::Ending),
                ];
                why.extend(
                    others
                        .into_iter()
                        .filter(|(differs, _)| *differs)
                        .map(|(_, why)| why),
                );
            }
        }
        if !why.is_empty() {
            let key = facts.key.clone();
            let namesakes = self.namesakes.entry(key.name.to_string()).or_default();
            namesakes.insert(key.clone());
            self.known.insert(key, Known { facts, selector });
        }
        why
    }

    /// Lets a VPSieNode share the names of the NodeGroup that it names, so that they are kept once.
    pub(crate) fn share(&self, owner: &mut OwnerFacts) {
        let named = owner.group_key();
        if let Some(group) = named.and_then(|named| self.get(&named)) {
            owner.key.namespace = Arc::clone(&group.key.namespace);
            owner.group = Arc::clone(&group.key.name);
        }
    }

    /// Forgets a NodeGroup that is gone; tells whether it was known.
    pub fn forget(&mut self, key: &GroupKey) -> bool {
        if let Some(namesakes) = self.namesakes.get_mut(&*key.name) {
            namesakes.remove(key);
            if namesakes.is_empty() {
                self.namesakes.remove(&*key.name);
            }
        }
        self.known.remove(key).is_some()
    }

    /// Lists the NodeGroups that are known, in order.
    pub fn keys(&self) -> impl Iterator<Item = &GroupKey> {
        self.known.keys()
    }

    /// Returns what is known of a NodeGroup.
    #[must_use]
    pub fn get(&self, key: &GroupKey) -> Option<&GroupFacts> {
        self.known.get(key).map(|known| &known.facts)
    }

    /// Returns why a NodeGroup selects nothing although it has a selector.
    #[must_use]
    pub fn invalid_selector(&self, key: &GroupKey) -> Option<&InvalidSelector> {
        self.known.get(key)?.selector.as_ref()?.as_ref().err()
    }

    /// Lists the NodeGroups of a name, in order of their namespaces.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &GroupKey> {
        self.namesakes.get(name).into_iter().flatten()
    }

    /// Lists the NodeGroups that select Nodes with these labels, in order.
    pub(crate) fn selecting<'a>(
        &'a self,
        labels: &'a BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'a GroupKey> {
        let selecting = self.known.iter().filter(|(_, known)| {
            let selector = known
                .selector
                .as_ref()
                .and_then(|selector| selector.as_ref().ok());
            selector.is_some_and(|selector| selector.takes(labels))
        });
        selecting.map(|(key, _)| key)
    }
}

#[cfg(test)]
mod tests;
