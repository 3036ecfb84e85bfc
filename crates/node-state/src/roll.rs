//! Things in the order of their names, in as little room as they take themselves.

use std::sync::Arc;

use crate::facts::{NodeFacts, OwnerFacts};
use crate::key::{OwnerKey, Subject};
use crate::state::NodeState;

/// Is a thing that has a name of its own.
pub(crate) trait Named {
    type Name: Ord + ?Sized;

    fn name(&self) -> &Self::Name;
}

/// Lists things in the order of their names, each name once.
///
/// They come in order and hardly ever go, for which a tree has twice as many places as things, each with a copy of the
/// name. A place is found as soon; a new one moves those behind it, which are small.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Roll<T>(Vec<T>);

// === impl Roll ===

impl<T: Named> Roll<T> {
    pub(crate) fn get(&self, name: &T::Name) -> Option<&T> {
        self.place(name).ok().and_then(|place| self.0.get(place))
    }

    pub(crate) fn has(&self, name: &T::Name) -> bool {
        self.place(name).is_ok()
    }

    /// Puts a thing in its place and returns the one that had its name.
    pub(crate) fn put(&mut self, thing: T) -> Option<T> {
        match self.place(thing.name()) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place], thing)),
            Err(place) => {
                self.0.insert(place, thing);
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &T::Name) -> Option<T> {
        self.place(name).ok().map(|place| self.0.remove(place))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, name: &T::Name) -> Result<usize, usize> {
        self.0.binary_search_by(|thing| thing.name().cmp(name))
    }
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

// === impl Named ===

impl Named for Arc<NodeState> {
    type Name = Subject;

    fn name(&self) -> &Subject {
        &self.subject
    }
}

impl Named for Box<NodeFacts> {
    type Name = str;

    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Box<OwnerFacts> {
    type Name = OwnerKey;

    fn name(&self) -> &OwnerKey {
        &self.key
    }
}

#[cfg(test)]
mod tests;
