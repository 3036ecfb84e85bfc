//! Names and addresses, as long as anything is looked up by them.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::address::{AddressBook, AddressNumber, Addresses};
use crate::words::{Texts, Word, Words};

/// Finds the numbers of names and addresses; once all links are known, nobody asks any more.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    /// Names of claims, hostnames and names of Nodes.
    pub(crate) words: Words<'a>,
    pub(crate) addresses: AddressBook,
}

/// Keeps of a directory what evidence is written with: names and addresses by their numbers.
#[derive(Debug)]
pub(crate) struct Legend<'a> {
    texts: Texts<'a>,
    addresses: Addresses,
}

// === impl Directory ===

impl<'a> Directory<'a> {
    /// Gives back the memory of everything that is only looked up.
    pub(crate) fn into_legend(self) -> Legend<'a> {
        Legend {
            texts: self.words.into_texts(),
            addresses: self.addresses.into_addresses(),
        }
    }
}

// === impl Legend ===

impl<'a> Legend<'a> {
    /// Returns a name in lower case.
    pub(crate) fn text(&self, word: Word) -> Cow<'a, str> {
        self.texts.text(word)
    }

    pub(crate) fn address(&self, number: AddressNumber) -> IpAddr {
        self.addresses.address(number)
    }
}
