//! Names as numbers: each text is read once, and from then on numbers are compared.

use std::borrow::Cow;

use hashbrown::HashTable;

use crate::Baseline;
use crate::place::Place;

/// Numbers a cluster in the order of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClusterNumber(u32);

/// Numbers the clusters of a snapshot.
#[derive(Debug)]
pub(crate) struct Clusters<'a> {
    /// Sorted, each once.
    names: Vec<&'a str>,
}

/// Numbers a text within its cluster: equal numbers are equal texts, whatever their letter case.
///
/// Numbers are given in the order of asking and say nothing about the order of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word(Place);

/// Holds texts that are compared, each once for each cluster.
///
/// The table is only looked up, never iterated over, so that its order decides nothing. Its hash is that of
/// the baselines: whoever learns a word has it already.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    table: HashTable<Word>,
    clusters: Vec<ClusterNumber>,
    texts: Texts<'a>,
}

/// Holds what words say, as it was written.
#[derive(Debug)]
pub(crate) struct Texts<'a> {
    all: Vec<&'a str>,
}

/// Writes a text in lower case; nothing is copied when it is written so already.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    // Every byte is looked at, whatever the others are, so that several are looked at at once.
    let may_change = |byte: u8| byte.is_ascii_uppercase() | !byte.is_ascii();
    if text.bytes().fold(false, |found, byte| found | may_change(byte)) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Turns an index into the short form in which indexes are kept.
pub(crate) fn short(index: usize) -> u32 {
    u32::try_from(index).expect("no machine has the memory for a snapshot of 2^32 things")
}

/// Turns the short form back into an index.
pub(crate) const fn long(index: u32) -> usize {
    index as usize
}

// === impl ClusterNumber ===

impl ClusterNumber {
    /// Stands for the cluster of Nodes of which nobody knows the cluster: no claim and no machine is in it.
    pub(crate) const UNKNOWN: Self = Self(u32::MAX);
}

// === impl Clusters ===

impl<'a> Clusters<'a> {
    pub(crate) fn new(named: impl Iterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for name in named {
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names.sort_unstable();
        names.dedup();
        Self { names }
    }

    /// Returns the number of a cluster that something in the snapshot names.
    pub(crate) fn number(&self, name: &str) -> ClusterNumber {
        self.names
            .binary_search(&name)
            .map_or(ClusterNumber::UNKNOWN, |number| ClusterNumber(short(number)))
    }
}

// === impl Word ===

impl Word {
    pub(crate) const fn index(self) -> usize {
        self.0.index()
    }
}

// === impl Words ===

impl<'a> Words<'a> {
    /// Makes room for as many texts.
    pub(crate) fn with_capacity(texts: usize) -> Self {
        Self {
            table: HashTable::with_capacity(texts),
            clusters: Vec::with_capacity(texts),
            texts: Texts {
                all: Vec::with_capacity(texts),
            },
        }
    }

    /// Returns the number of a text, a new one if need be.
    pub(crate) fn learn(&mut self, cluster: ClusterNumber, text: &'a str) -> Word {
        self.learn_hashed(cluster, text).0
    }

    /// Returns the number of a text, and the hash under which baselines remember it.
    pub(crate) fn learn_hashed(&mut self, cluster: ClusterNumber, text: &'a str) -> (Word, u64) {
        let lowered = lower(text);
        let hash = Baseline::hash_of_lower(&lowered);
        if let Some(word) = self.look_up(cluster, &lowered, hash) {
            return (word, hash);
        }
        let next = Word(Place::new(self.len()));
        self.texts.all.push(text);
        self.clusters.push(cluster);
        let hash_again = |word: &Word| {
            let hash = Baseline::hash_of_lower(&self.texts.text(*word));
            spread(hash, self.clusters[word.index()])
        };
        self.table.insert_unique(spread(hash, cluster), next, hash_again);
        (next, hash)
    }

    /// Returns the number of a text in lower case, if anybody has learnt it.
    pub(crate) fn find(&self, cluster: ClusterNumber, text: &str) -> Option<Word> {
        self.look_up(cluster, text, Baseline::hash_of_lower(text))
    }

    fn look_up(&self, cluster: ClusterNumber, text: &str, hash: u64) -> Option<Word> {
        let is_it = |word: &Word| {
            self.clusters[word.index()] == cluster
                && (self.texts.all[word.index()] == text || self.text(*word) == text)
        };
        self.table.find(spread(hash, cluster), is_it).copied()
    }

    /// Returns the text in lower case.
    pub(crate) fn text(&self, word: Word) -> Cow<'a, str> {
        self.texts.text(word)
    }

    pub(crate) fn len(&self) -> usize {
        self.clusters.len()
    }

    /// Forgets everything but what the words say.
    pub(crate) fn into_texts(self) -> Texts<'a> {
        self.texts
    }
}

// === impl Texts ===

impl<'a> Texts<'a> {
    /// Returns the text of a word in lower case.
    pub(crate) fn text(&self, word: Word) -> Cow<'a, str> {
        lower(self.all[word.index()])
    }
}

/// Keeps equal texts of different clusters apart in the table.
fn spread(hash: u64, cluster: ClusterNumber) -> u64 {
    hash.rotate_left(cluster.0)
}

#[cfg(test)]
mod tests {
    use super::lower;

    #[test]
    fn capitals_of_every_script_are_lowered() {
        assert_eq!(lower("Web-1"), "web-1");
        assert_eq!(lower("Ü"), "ü");
        assert!(matches!(lower("web-1"), std::borrow::Cow::Borrowed("web-1")));
    }
}
