//! R5: addresses are compared as addresses, and some prove nothing.

use std::hash::Hasher;
use std::net::{IpAddr, Ipv6Addr};

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use smallvec::SmallVec;

use crate::Text;
use crate::bearers::Bearers;
use crate::place::Place;
use crate::words::ClusterNumber;

/// Reads an address; `None` when it is none, or one that proves nothing.
///
/// Surrounding space and a CIDR suffix are dropped, IPv4-mapped IPv6 becomes IPv4. Unspecified, loopback,
/// link-local and multicast addresses exist on every machine and so link none.
pub(crate) fn usable(text: &str) -> Option<IpAddr> {
    let address = match text.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => {
            let bare = text.split_once('/').map_or(text, |(address, _)| address);
            bare.trim().parse::<IpAddr>().ok()?
        }
    }
    .to_canonical();
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let proves_nothing =
        address.is_unspecified() || address.is_loopback() || address.is_multicast() || link_local;
    (!proves_nothing).then_some(address)
}

/// Reads a list of addresses: the usable ones, sorted, each once.
pub(crate) fn all_usable<'t>(texts: impl IntoIterator<Item = &'t Text<'t>>) -> SmallVec<[IpAddr; 4]> {
    let mut all: SmallVec<[IpAddr; 4]> = texts.into_iter().filter_map(|text| usable(text)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Numbers an address within its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AddressNumber(Place);

/// Finds who carries an address, as long as only one machine and only one Node does.
#[derive(Debug)]
pub(crate) struct AddressBook {
    /// Only looked up, never iterated over, so that its order decides nothing.
    table: HashTable<AddressNumber>,
    known: Addresses,
    of_machines: Bearers,
    of_nodes: Bearers,
}

/// Holds addresses by their numbers, each with its cluster.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// In the form of IPv6, which is smaller than one that may be either.
    all: Vec<(ClusterNumber, Ipv6Addr)>,
}

// === impl AddressNumber ===

impl AddressNumber {
    pub(crate) const fn index(self) -> usize {
        self.0.index()
    }
}

// === impl AddressBook ===

impl AddressBook {
    /// Makes room for as many addresses.
    pub(crate) fn with_capacity(addresses: usize) -> Self {
        Self {
            table: HashTable::with_capacity(addresses),
            known: Addresses {
                all: Vec::with_capacity(addresses),
            },
            of_machines: Bearers::new(0),
            of_nodes: Bearers::new(0),
        }
    }

    /// Returns the number of an address, a new one if need be.
    pub(crate) fn learn(&mut self, cluster: ClusterNumber, address: IpAddr) -> AddressNumber {
        if let Some(number) = self.find(cluster, address) {
            return number;
        }
        let next = AddressNumber(Place::new(self.len()));
        let known = &mut self.known;
        known.all.push((cluster, widened(address)));
        self.table
            .insert_unique(hash(address), next, |number| hash(known.address(*number)));
        next
    }

    /// Returns the number of an address, if anything of the cluster carries it.
    pub(crate) fn find(&self, cluster: ClusterNumber, address: IpAddr) -> Option<AddressNumber> {
        let wanted = (cluster, widened(address));
        self.table
            .find(hash(address), |number| self.known.all[number.index()] == wanted)
            .copied()
    }

    /// Returns the address with a number.
    pub(crate) fn address(&self, number: AddressNumber) -> IpAddr {
        self.known.address(number)
    }

    /// Counts the addresses.
    pub(crate) fn len(&self) -> usize {
        self.known.all.len()
    }

    /// Makes room for who carries what is known; what is learnt later has room made when it is added.
    pub(crate) fn make_room_for_bearers(&mut self) {
        self.of_machines = Bearers::new(self.len());
        self.of_nodes = Bearers::new(self.len());
    }

    pub(crate) fn add_machine(&mut self, number: AddressNumber, machine: usize) {
        self.of_machines.add(number.index(), machine);
    }

    pub(crate) fn add_node(&mut self, number: AddressNumber, node: usize) {
        self.of_nodes.add(number.index(), node);
    }

    /// Returns the only machine that carries an address.
    pub(crate) fn only_machine(&self, number: AddressNumber) -> Option<usize> {
        self.of_machines.only(number.index())
    }

    /// Returns the only Node that carries an address.
    pub(crate) fn only_node(&self, number: AddressNumber) -> Option<usize> {
        self.of_nodes.only(number.index())
    }

    /// Forgets everything but the addresses.
    pub(crate) fn into_addresses(self) -> Addresses {
        self.known
    }
}

// === impl Addresses ===

impl Addresses {
    /// Returns the address with a number.
    pub(crate) fn address(&self, number: AddressNumber) -> IpAddr {
        self.all[number.index()].1.to_canonical()
    }
}

/// Writes an address in the form of IPv6; [`usable`] addresses come back from it unchanged.
fn widened(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

fn hash(address: IpAddr) -> u64 {
    let mut hasher = SipHasher13::new();
    match address {
        IpAddr::V4(v4) => hasher.write(&v4.octets()),
        IpAddr::V6(v6) => hasher.write(&v6.octets()),
    }
    hasher.finish()
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

    /// R5: an address that two carry is no evidence for either; machines and Nodes are counted apart.
    #[test]
    fn shared_address_has_no_carrier() {
        let mut book = AddressBook::with_capacity(0);
        let [a, b] =
            ["10.0.0.1", "10.0.0.2"].map(|text| book.learn(ClusterNumber::UNKNOWN, usable(text).unwrap()));
        for (number, machine) in [(a, 0), (b, 1), (a, 2)] {
            book.add_machine(number, machine);
        }
        book.add_node(a, 3);
        assert_eq!((book.only_machine(a), book.only_machine(b)), (None, Some(1)));
        assert_eq!((book.only_node(a), book.only_node(b)), (Some(3), None));
    }
}
