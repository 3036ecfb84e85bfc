//! Which NodeGroup a node is of: the strongest word decides, and a weaker one never takes its place.

use std::collections::BTreeSet;

use node_lifecycle::words;

use crate::facts::{NodeFacts, OwnerFacts};
use crate::groups::Groups;
use crate::key::GroupKey;
use crate::warning::Warning;

words! {
    /// Says whose business a node is.
    Scope, "scope" {
        /// It is of the control plane, and of no NodeGroup.
        ControlPlane => "control_plane",
        /// It is of a NodeGroup.
        Worker => "worker",
        /// It is of no NodeGroup.
        Unmanaged => "unmanaged",
    }
}

/// Says which NodeGroup a node is of, and what is odd about that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Whose business it is.
    pub scope: Scope,
    /// Its NodeGroup; one exists exactly for workers.
    pub group: Option<GroupKey>,
    /// Every NodeGroup on which this answer depends.
    pub considered: BTreeSet<GroupKey>,
    /// What is odd.
    pub warnings: BTreeSet<Warning>,
}

/// Is what the strongest word says: the NodeGroups that are there, or the one that is not.
enum Word {
    Groups(Vec<GroupKey>),
    Missing(String),
    Nothing,
}

// === impl Membership ===

impl Membership {
    /// Decides which NodeGroup a node is of (`NS-10`).
    ///
    /// The control plane is of none. Else its VPSieNode decides, else its label, else the selectors. A VPSieNode or label
    /// that names a NodeGroup which is not there leaves the node without one: no weaker word takes its place. Of several
    /// NodeGroups with equal right the first by namespace and name has it.
    #[must_use]
    pub fn of(node: Option<&NodeFacts>, owner: Option<&OwnerFacts>, groups: &Groups) -> Self {
        let mut answer = Self {
            scope: Scope::Unmanaged,
            group: None,
            considered: BTreeSet::new(),
            warnings: BTreeSet::new(),
        };
        let owned = owner.and_then(OwnerFacts::group_key);
        let label = node.and_then(|node| node.group_label.as_deref());
        let word = match (&owned, label, node) {
            (Some(group), ..) => answer.word_of_owner(group, groups),
            (None, Some(label), Some(node)) => answer.word_of_label(label, node, groups),
            (None, _, Some(node)) => Word::selected(node, groups),
            (None, _, None) => Word::Nothing,
        };
        if node.is_some_and(|node| node.is_of_control_plane) {
            return answer.of_control_plane(owned.is_some() || label.is_some(), word);
        }
        if let (Some(owner), Some(node)) = (owned, node) {
            answer.compare_label(node, owner);
        }
        answer.decide(word, groups)
    }

    fn word_of_owner(&mut self, group: &GroupKey, groups: &Groups) -> Word {
        match groups.get(group) {
            // Its own name, which all of its nodes share.
            Some(known) => Word::Groups(vec![known.key.clone()]),
            None => {
                self.considered.insert(group.clone());
                Word::Missing(group.to_string())
            }
        }
    }

    fn word_of_label(&mut self, label: &str, node: &NodeFacts, groups: &Groups) -> Word {
        let Some(namespace) = &node.group_namespace else {
            let found: Vec<GroupKey> = groups.named(label).cloned().collect();
            return if found.is_empty() {
                Word::Missing(label.to_owned())
            } else {
                Word::Groups(found)
            };
        };
        self.word_of_owner(&GroupKey::new(namespace, label), groups)
    }

    /// The control plane wins over any NodeGroup. That a wide selector takes it, too, is nothing odd.
    fn of_control_plane(mut self, is_told: bool, word: Word) -> Self {
        self.scope = Scope::ControlPlane;
        if let (true, Word::Groups(groups)) = (is_told, word) {
            let claims = groups.iter().cloned().map(Warning::ControlPlaneClaimed);
            self.warnings.extend(claims);
            self.considered.extend(groups);
        }
        self
    }

    fn compare_label(&mut self, node: &NodeFacts, owner: GroupKey) {
        let Some(label) = &node.group_label else {
            self.warnings.insert(Warning::GroupLabelMissing(owner));
            return;
        };
        let is_other_space = node
            .group_namespace
            .as_deref()
            .is_some_and(|namespace| *namespace != *owner.namespace);
        if **label != *owner.name || is_other_space {
            let label = node
                .group_namespace
                .as_ref()
                .map_or_else(|| label.to_string(), |namespace| format!("{namespace}/{label}"));
            self.warnings
                .insert(Warning::GroupLabelContradicts { label, owner });
        }
    }

    fn decide(mut self, word: Word, groups: &Groups) -> Self {
        let found = match word {
            Word::Groups(found) => found,
            Word::Missing(name) => {
                self.warnings.insert(Warning::GroupMissing(name));
                return self;
            }
            Word::Nothing => return self,
        };
        self.considered.extend(found.iter().cloned());
        let Some(first) = found.first().cloned() else {
            return self;
        };
        if found.len() > 1 {
            self.warnings.insert(Warning::SeveralGroups(found));
        }
        if groups.get(&first).is_some_and(|group| group.is_ending) {
            self.warnings.insert(Warning::GroupEnding(first.clone()));
        }
        if let Some(error) = groups.invalid_selector(&first) {
            self.warnings.insert(Warning::of_selector(&first, error));
        }
        self.scope = Scope::Worker;
        self.group = Some(first);
        self
    }
}

// === impl Word ===

impl Word {
    fn selected(node: &NodeFacts, groups: &Groups) -> Self {
        let found: Vec<GroupKey> = groups.selecting(&node.labels).cloned().collect();
        if found.is_empty() {
            Self::Nothing
        } else {
            Self::Groups(found)
        }
    }
}

#[cfg(test)]
mod tests;
