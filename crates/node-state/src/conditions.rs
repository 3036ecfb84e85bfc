//! The conditions of a node in their order, each in its place.

use std::fmt;

use crate::condition::{Condition, Topic};

/// Holds at most one condition for each topic, in the order of topics.
///
/// Nearly every state has all of them, so each has its place: a tree takes more than twice the room.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Conditions([Option<Condition>; Topic::ALL.len()]);

// === impl Conditions ===

impl Conditions {
    /// Returns the condition of a topic.
    #[must_use]
    pub fn get(&self, topic: &Topic) -> Option<&Condition> {
        self.iter()
            .find(|(known, _)| *known == topic)
            .map(|(_, condition)| condition)
    }

    /// Puts a condition in its place and returns the one that was there.
    pub fn insert(&mut self, topic: Topic, condition: Condition) -> Option<Condition> {
        let mut places = Topic::ALL.iter().zip(&mut self.0);
        let place = places.find(|(known, _)| **known == topic);
        place.and_then(|(_, place)| place.replace(condition))
    }

    /// Lists the conditions that are there, in the order of topics.
    pub fn iter(&self) -> impl Iterator<Item = (&Topic, &Condition)> {
        let places = Topic::ALL.iter().zip(&self.0);
        places.filter_map(|(topic, place)| Some((topic, place.as_ref()?)))
    }

    /// Counts the conditions that are there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromIterator<(Topic, Condition)> for Conditions {
    fn from_iter<T: IntoIterator<Item = (Topic, Condition)>>(conditions: T) -> Self {
        let mut collected = Self::default();
        for (topic, condition) in conditions {
            collected.insert(topic, condition);
        }
        collected
    }
}

impl<const N: usize> From<[(Topic, Condition); N]> for Conditions {
    fn from(conditions: [(Topic, Condition); N]) -> Self {
        conditions.into_iter().collect()
    }
}

impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
