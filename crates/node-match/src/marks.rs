//! What reports and machines are compared by.

use smallvec::SmallVec;

use crate::address::{AddressBook, AddressNumber};
use crate::words::{ClusterNumber, Word, Words};

/// Holds the cluster, the names and the addresses of a report, or of a machine.
///
/// Mostly there is one of each at most. Where there are several of any, all of them are kept apart.
#[derive(Debug)]
pub(crate) struct Marks {
    pub(crate) cluster: ClusterNumber,
    hostname: Option<Word>,
    identifier: Option<Word>,
    address: Option<AddressNumber>,
    several: Option<Box<Several>>,
}

/// Holds all marks, where there are several of a kind.
#[derive(Debug, Default)]
struct Several {
    /// Sorted by their texts, each once.
    hostnames: SmallVec<[Word; 4]>,
    /// Each once.
    identifiers: SmallVec<[Word; 4]>,
    /// Sorted as addresses, each once.
    addresses: SmallVec<[AddressNumber; 4]>,
}

// === impl Marks ===

impl Marks {
    /// Holds what one report says; its addresses are sorted, each once.
    pub(crate) fn new(
        cluster: ClusterNumber,
        hostname: Option<Word>,
        identifier: Option<Word>,
        addresses: &[AddressNumber],
    ) -> Self {
        let mut marks = Self {
            cluster,
            hostname,
            identifier,
            address: addresses.first().copied(),
            several: None,
        };
        if addresses.len() > 1 {
            let mut all = marks.all();
            all.addresses = addresses.into();
            marks.several = Some(Box::new(all));
        }
        marks
    }

    /// Adds those of a further report.
    pub(crate) fn add(&mut self, further: &Self, words: &Words<'_>, book: &AddressBook) {
        let mut all = self.several.take().map_or_else(|| self.all(), |all| *all);
        all.hostnames.extend(further.hostnames().iter().copied());
        all.hostnames
            .sort_unstable_by(|left, right| words.text(*left).cmp(&words.text(*right)));
        all.hostnames.dedup();
        all.identifiers.extend(further.identifiers().iter().copied());
        all.identifiers.sort_unstable();
        all.identifiers.dedup();
        all.addresses.extend(further.addresses().iter().copied());
        all.addresses.sort_unstable_by_key(|number| book.address(*number));
        all.addresses.dedup();
        self.several = Some(Box::new(all));
    }

    /// Returns the hostnames, sorted by their texts, each once.
    pub(crate) fn hostnames(&self) -> &[Word] {
        match &self.several {
            Some(all) => &all.hostnames,
            None => self.hostname.as_slice(),
        }
    }

    /// Returns the identifiers, each once.
    pub(crate) fn identifiers(&self) -> &[Word] {
        match &self.several {
            Some(all) => &all.identifiers,
            None => self.identifier.as_slice(),
        }
    }

    /// Returns the usable addresses, sorted as such, each once.
    pub(crate) fn addresses(&self) -> &[AddressNumber] {
        match &self.several {
            Some(all) => &all.addresses,
            None => self.address.as_slice(),
        }
    }

    fn all(&self) -> Several {
        Several {
            hostnames: self.hostname.into_iter().collect(),
            identifiers: self.identifier.into_iter().collect(),
            addresses: self.address.into_iter().collect(),
        }
    }
}
