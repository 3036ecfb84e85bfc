//! R5: addresses are compared as addresses, and some prove nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Reads an address; `None` when it is none, or one that proves nothing.
///
/// Surrounding space and a CIDR suffix are dropped, IPv4-mapped IPv6 becomes IPv4. Unspecified, loopback,
/// link-local and multicast addresses exist on every machine and so link none.
pub(crate) fn usable(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.split_once('/').map_or(text, |(address, _)| address).trim();
    let address = bare.parse::<IpAddr>().ok()?.to_canonical();
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let proves_nothing =
        address.is_unspecified() || address.is_loopback() || address.is_multicast() || link_local;
    (!proves_nothing).then_some(address)
}

/// Reads a list of addresses: the usable ones, sorted, each once.
pub(crate) fn all_usable<'t>(texts: impl IntoIterator<Item = &'t String>) -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = texts.into_iter().filter_map(|text| usable(text)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Finds who carries an address, as long as only one does.
#[derive(Debug)]
pub(crate) struct AddressBook<Key> {
    carriers: BTreeMap<Key, Carrier>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    One(usize),
    Several,
}

// === impl AddressBook ===

impl<Key: Ord> AddressBook<Key> {
    /// Collects pairs of address and carrier; each carrier must name an address once.
    pub(crate) fn new(entries: impl IntoIterator<Item = (Key, usize)>) -> Self {
        let mut carriers = BTreeMap::new();
        for (key, carrier) in entries {
            carriers
                .entry(key)
                .and_modify(|found| *found = Carrier::Several)
                .or_insert(Carrier::One(carrier));
        }
        Self { carriers }
    }

    /// Returns the only carrier of an address.
    pub(crate) fn only_carrier(&self, key: &Key) -> Option<usize> {
        match self.carriers.get(key)? {
            Carrier::One(carrier) => Some(*carrier),
            Carrier::Several => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &str, right: &str) {
        assert!(usable(left).is_some(), "{left} is an address");
        assert_eq!(usable(left), usable(right), "{left} and {right}");
    }

    /// R5: forms of one address are one address.
    #[test]
    fn forms_of_one_address_are_equal() {
        check("10.0.0.4", " 10.0.0.4/24 ");
        check("10.0.0.4", "::ffff:10.0.0.4");
        check("2001:db8::1", "2001:0DB8:0:0:0:0:0:1/64");
    }

    /// R5: addresses that every machine has prove nothing.
    #[test]
    fn addresses_of_everyone_prove_nothing() {
        for text in [
            "0.0.0.0",
            "::",
            "127.0.0.1",
            "::1",
            "169.254.1.1",
            "fe80::1",
            "224.0.0.1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "",
            "x",
        ] {
            assert_eq!(usable(text), None, "{text}");
        }
    }

    /// R5: an address that two carry is no evidence for either.
    #[test]
    fn shared_address_has_no_carrier() {
        let book = AddressBook::new([("a", 0), ("b", 1), ("a", 2)]);
        assert_eq!(
            (book.only_carrier(&"a"), book.only_carrier(&"b")),
            (None, Some(1))
        );
    }
}
