//! Texts by text, as labels are, in two pieces of memory.

use super::texts::Texts;
use std::collections::BTreeMap;
use std::fmt;

/// Texts by text, in the order in which they were put together.
///
/// Sixteen labels take a kilobyte here and three in a tree of texts. To change them, they are put together anew.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    /// All texts in a row: a key, its value, the next key.
    texts: Texts,
}

// === impl Pairs ===

impl Pairs {
    /// Returns the value of a key; the first one where a key is there twice.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// Tells whether a key is there.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Lists keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let texts = self.texts.iter().map(Option::unwrap_or_default);
        Twos(texts)
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.len() == 0
    }
}

/// Takes from an iterator two by two.
struct Twos<I>(I);

impl<I: Iterator> Iterator for Twos<I> {
    type Item = (I::Item, I::Item);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        // A row borrows what is put in it, and an iterator lets go of what it has told.
        let pairs: Vec<(K, V)> = pairs.into_iter().collect();
        let texts = pairs
            .iter()
            .flat_map(|(key, value)| [key.as_ref(), value.as_ref()]);
        Self {
            texts: texts.map(Some).collect(),
        }
    }
}

impl From<BTreeMap<String, String>> for Pairs {
    fn from(pairs: BTreeMap<String, String>) -> Self {
        pairs.into_iter().collect()
    }
}

impl<const N: usize> From<[(String, String); N]> for Pairs {
    fn from(pairs: [(String, String); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
impl Pairs {
    /// Puts a value in the place of what a key has.
    pub(crate) fn insert(&mut self, key: String, value: String) {
        let others = self.iter().filter(|(known, _)| *known != key);
        let others = others.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut all: BTreeMap<String, String> = others.collect();
        all.insert(key, value);
        *self = all.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is put together is there as it was, be it empty or longer than a letter has bytes.
    #[test]
    fn pairs_are_as_they_were() {
        let written = [("zone", "a"), ("", "nothing"), ("empty", ""), ("Straße", "ä\0ß")];
        let pairs: Pairs = written.into_iter().collect();
        assert_eq!(pairs.iter().collect::<Vec<_>>(), written);
        for (key, value) in written {
            assert_eq!(pairs.get(key), Some(value));
        }
        assert_eq!((pairs.get("zon"), pairs.get("a")), (None, None));
        assert!(!pairs.is_empty() && Pairs::default().is_empty());
    }

    #[test]
    fn first_of_a_key_counts() {
        let pairs: Pairs = [("ip", "1"), ("ip", "2")].into_iter().collect();
        assert_eq!((pairs.get("ip"), pairs.iter().count()), (Some("1"), 2));
    }

    #[test]
    fn value_is_replaced() {
        let mut pairs = Pairs::from([("b".to_owned(), "1".to_owned())]);
        pairs.insert("b".to_owned(), "2".to_owned());
        pairs.insert("a".to_owned(), "3".to_owned());
        assert_eq!(pairs.iter().collect::<Vec<_>>(), [("a", "3"), ("b", "2")]);
    }
}
