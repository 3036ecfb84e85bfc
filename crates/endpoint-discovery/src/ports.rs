//! The ports of an endpoint, under names that cannot collide.

use std::collections::{BTreeMap, BTreeSet};

/// What a port is called that has no name (EP-3).
const UNNAMED: &str = "default";

/// Lists protocols in the order in which they may have a name for themselves; all others come after.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Holds one port as an object tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// The name, `default` where none is told.
    pub name: String,
    /// `TCP` where none is told.
    pub protocol: String,
    /// The number, never 0.
    pub number: u16,
}

// === impl Port ===

impl Port {
    /// Reads a port; nothing when its number is none.
    pub(crate) fn read(name: Option<&str>, protocol: Option<&str>, number: i32) -> Option<Self> {
        let number = u16::try_from(number).ok().filter(|number| *number > 0)?;
        let or = |text: Option<&str>, usual: &str| {
            text.filter(|text| !text.is_empty()).unwrap_or(usual).to_owned()
        };
        Some(Self {
            name: or(name, UNNAMED),
            protocol: or(protocol, "TCP"),
            number,
        })
    }

    fn rank(&self) -> (usize, &str, u16) {
        let place = PROTOCOLS.iter().position(|known| *known == self.protocol);
        (place.unwrap_or(PROTOCOLS.len()), &self.protocol, self.number)
    }
}

/// Gives every port a name of its own (EP-3).
///
/// The first of several ports of one name keeps it, TCP before UDP before the others and the smallest number first;
/// of the rest, the first of a protocol is called like `dns/udp`, and any further like `dns/udp/5353`. A slash is in
/// no name of a port.
pub(crate) fn named(ports: &BTreeSet<Port>) -> BTreeMap<String, u16> {
    let mut by_name: BTreeMap<&str, Vec<&Port>> = BTreeMap::new();
    for port in ports {
        by_name.entry(&port.name).or_default().push(port);
    }
    let mut named = BTreeMap::new();
    for (name, mut same) in by_name {
        same.sort_by_key(|port| port.rank());
        for port in same {
            let protocol = port.protocol.to_lowercase();
            let names = [
                name.to_owned(),
                format!("{name}/{protocol}"),
                format!("{name}/{protocol}/{}", port.number),
            ];
            let free = names.into_iter().find(|name| !named.contains_key(name));
            if let Some(free) = free {
                named.insert(free, port.number);
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told<'a> = (Option<&'a str>, Option<&'a str>, i32);

    #[track_caller]
    fn check(told: &[Told<'_>], expected: &[(&str, u16)]) {
        let ports: BTreeSet<Port> = told
            .iter()
            .filter_map(|(name, protocol, number)| Port::read(*name, *protocol, *number))
            .collect();
        let expected: BTreeMap<String, u16> = expected
            .iter()
            .map(|(name, number)| ((*name).to_owned(), *number))
            .collect();
        assert_eq!(named(&ports), expected);
    }

    /// EP-3: a name leads to a number; a port without a name is `default`; none is none.
    #[test]
    fn ports_are_found_by_name() {
        check(
            &[(Some("http"), Some("TCP"), 8080), (Some("health"), None, 8081)],
            &[("http", 8080), ("health", 8081)],
        );
        check(&[(None, None, 80)], &[("default", 80)]);
        check(&[(Some(""), Some("TCP"), 80)], &[("default", 80)]);
        check(&[], &[]);
    }

    /// EP-3: one name on two protocols is two ports.
    #[test]
    fn same_name_on_two_protocols_is_told_apart() {
        check(
            &[(Some("dns"), Some("UDP"), 53), (Some("dns"), Some("TCP"), 53)],
            &[("dns", 53), ("dns/udp", 53)],
        );
        check(
            &[(None, Some("UDP"), 53), (Some("default"), Some("TCP"), 54)],
            &[("default", 54), ("default/udp", 53)],
        );
    }

    /// EP-5: several slices may give one name several numbers; none is lost.
    #[test]
    fn same_name_with_several_numbers_loses_none() {
        let told = [
            (Some("http"), Some("TCP"), 8082),
            (Some("http"), Some("TCP"), 8080),
            (Some("http"), Some("TCP"), 8081),
        ];
        check(
            &told,
            &[("http", 8080), ("http/tcp", 8081), ("http/tcp/8082", 8082)],
        );
    }

    #[test]
    fn numbers_that_are_no_ports_are_left_out() {
        check(
            &[
                (Some("a"), None, 0),
                (Some("b"), None, -1),
                (Some("c"), None, 65_536),
            ],
            &[],
        );
    }
}
