//! Names as numbers: each text is read once, and from then on numbers are compared.

use std::borrow::Cow;

use hashbrown::HashTable;

use crate::Baseline;

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
pub(crate) struct Word(u32);

/// Holds every text that is compared, in lower case, each once for each cluster.
///
/// The table is only looked up, never iterated over, so that its order decides nothing. Its hash is that of
/// the baselines: whoever is asked for a word's hash there has it already.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    table: HashTable<Word>,
    known: Vec<Known<'a>>,
}

#[derive(Debug)]
struct Known<'a> {
    text: Cow<'a, str>,
    hash: u64,
    cluster: ClusterNumber,
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
        long(self.0)
    }
}

// === impl Words ===

impl<'a> Words<'a> {
    /// Makes room for as many texts.
    pub(crate) fn with_capacity(texts: usize) -> Self {
        Self {
            table: HashTable::with_capacity(texts),
            known: Vec::with_capacity(texts),
        }
    }

    /// Returns the number of a text, a new one if need be.
    pub(crate) fn learn(&mut self, cluster: ClusterNumber, text: &'a str) -> Word {
        let text = lower(text);
        let hash = Baseline::hash_of_lower(&text);
        if let Some(word) = self.look_up(cluster, &text, hash) {
            return word;
        }
        let next = Word(short(self.known.len()));
        self.known.push(Known { text, hash, cluster });
        let hash_again = |word: &Word| {
            let known = &self.known[word.index()];
            spread(known.hash, known.cluster)
        };
        self.table.insert_unique(spread(hash, cluster), next, hash_again);
        next
    }

    /// Returns the number of a text in lower case, if anybody has learnt it.
    pub(crate) fn find(&self, cluster: ClusterNumber, text: &str) -> Option<Word> {
        self.look_up(cluster, text, Baseline::hash_of_lower(text))
    }

    fn look_up(&self, cluster: ClusterNumber, text: &str, hash: u64) -> Option<Word> {
        let is_it = |word: &Word| self.known[word.index()].is(cluster, text);
        self.table.find(spread(hash, cluster), is_it).copied()
    }

    /// Returns the text in lower case.
    pub(crate) fn text(&self, word: Word) -> &Cow<'a, str> {
        &self.known[word.index()].text
    }

    /// Returns the hash under which baselines remember the text.
    pub(crate) fn hash(&self, word: Word) -> u64 {
        self.known[word.index()].hash
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}

/// Keeps equal texts of different clusters apart in the table.
fn spread(hash: u64, cluster: ClusterNumber) -> u64 {
    hash.rotate_left(cluster.0)
}

// === impl Known ===

impl Known<'_> {
    fn is(&self, cluster: ClusterNumber, text: &str) -> bool {
        self.cluster == cluster && self.text == text
    }
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
