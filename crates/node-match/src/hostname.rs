//! R4: which claim a hostname names.

use std::collections::{BTreeMap, BTreeSet};

/// Finds claims by their names, within one cluster.
///
/// Names are compared in lower case. A name that two claims bear names neither.
#[derive(Debug, Default)]
pub(crate) struct NameIndex<'a> {
    names: BTreeMap<&'a str, BTreeMap<String, Bearer>>,
    hostnames: BTreeMap<&'a str, BTreeMap<String, Bearer>>,
    schemes: BTreeMap<&'a str, BTreeSet<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearer {
    One(usize),
    Several,
}

/// The characters that may follow a claim's name in a hostname.
const SEPARATORS: [char; 3] = ['-', '.', '_'];
/// What every hostname that VPSie invents for a cluster contains.
const SCHEME_MARK: &str = "-kubernetes-";
/// What follows the name of the cluster in such a hostname.
const SCHEME_ROLES: [&str; 3] = ["-slave-", "-master-", "-worker-"];

// === impl NameIndex ===

impl<'a> NameIndex<'a> {
    /// Adds the name of a claim, and the hostname recorded on it.
    pub(crate) fn add_claim(
        &mut self,
        cluster: &'a str,
        name: &str,
        recorded_hostname: Option<&str>,
        claim: usize,
    ) {
        let name = name.trim().to_lowercase();
        if !name.is_empty() {
            add(self.names.entry(cluster).or_default(), name.clone(), claim);
            add(self.hostnames.entry(cluster).or_default(), name, claim);
        }
        if let Some(hostname) = recorded_hostname {
            add(
                self.hostnames.entry(cluster).or_default(),
                hostname.to_lowercase(),
                claim,
            );
        }
    }

    /// Learns from a hostname how VPSie names the machines of a cluster.
    pub(crate) fn learn_scheme(&mut self, cluster: &'a str, hostname: &str) {
        if let Some(scheme) = naming_scheme(hostname) {
            self.schemes.entry(cluster).or_default().insert(scheme.to_owned());
        }
    }

    /// Returns the claim whose name or recorded hostname is this very hostname.
    pub(crate) fn exact(&self, cluster: &str, hostname: &str) -> Option<usize> {
        only(self.hostnames.get(cluster)?.get(hostname))
    }

    /// Returns the claim whose name is the longest to start the hostname, up to its end or a separator.
    pub(crate) fn pattern(&self, cluster: &str, hostname: &str) -> Option<usize> {
        let names = self.names.get(cluster)?;
        let longest = boundaries(hostname).find(|prefix| names.contains_key(*prefix))?;
        if self.starts_a_scheme(cluster, longest) {
            return None;
        }
        only(names.get(longest))
    }

    fn starts_a_scheme(&self, cluster: &str, name: &str) -> bool {
        // Whatever starts with the name sorts directly behind it.
        self.schemes.get(cluster).is_some_and(|schemes| {
            schemes
                .range(name.to_owned()..)
                .take_while(|scheme| scheme.starts_with(name))
                .any(|scheme| boundaries(scheme).any(|prefix| prefix == name))
        })
    }
}

fn add(bearers: &mut BTreeMap<String, Bearer>, name: String, claim: usize) {
    bearers
        .entry(name)
        .and_modify(|bearer| {
            if *bearer != Bearer::One(claim) {
                *bearer = Bearer::Several;
            }
        })
        .or_insert(Bearer::One(claim));
}

fn only(bearer: Option<&Bearer>) -> Option<usize> {
    match bearer? {
        Bearer::One(claim) => Some(*claim),
        Bearer::Several => None,
    }
}

/// Lists the prefixes of a hostname that end at its end or before a separator, longest first.
fn boundaries(hostname: &str) -> impl Iterator<Item = &str> {
    let before_separators = hostname.rmatch_indices(SEPARATORS).map(|(at, _)| &hostname[..at]);
    std::iter::once(hostname).chain(before_separators)
}

/// Returns what all hostnames of the cluster start with: `hel-kubernetes-49ab-slave`.
fn naming_scheme(hostname: &str) -> Option<&str> {
    let mark = hostname.find(SCHEME_MARK)?;
    let after = mark + SCHEME_MARK.len();
    SCHEME_ROLES
        .iter()
        .filter_map(|role| hostname[after..].find(role).map(|at| after + at + role.len() - 1))
        .min()
        .map(|end| &hostname[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index<'a>(names: &[&'a str]) -> NameIndex<'a> {
        let mut index = NameIndex::default();
        for (claim, name) in names.iter().enumerate() {
            index.add_claim("c", name, None, claim);
        }
        index
    }

    #[track_caller]
    fn check(names: &[&str], hostname: &str, expected: Option<&str>) {
        let found = index(names).pattern("c", hostname).map(|claim| names[claim]);
        assert_eq!(found, expected, "{hostname} among {names:?}");
    }

    /// R4: the name, then the end or a separator.
    #[test]
    fn exact_prefix_needs_a_separator() {
        check(&["my-node"], "my-node-k8s-worker", Some("my-node"));
        check(&["my-node"], "my-node.example.org", Some("my-node"));
        check(&["my-node"], "my-node_1", Some("my-node"));
        check(&["my-node"], "my-node", Some("my-node"));
        check(&["web-1"], "web-10", None);
    }

    /// R4: no match.
    #[test]
    fn no_match_for_another_name() {
        check(&["my-node"], "other-node-k8s", None);
        check(&["my-node"], "a-my-node", None);
    }

    /// R4: shorter hostname.
    #[test]
    fn shorter_hostname_never_matches() {
        check(&["my-node-long"], "my-node", None);
        check(&["my-node"], "", None);
    }

    /// R4: the longest name wins.
    #[test]
    fn longest_name_wins() {
        check(&["web", "web-1"], "web-1-k8s", Some("web-1"));
        check(&["web-1", "web"], "web-2-k8s", Some("web"));
    }

    /// Settled reading: two claims of one name get no name evidence, and shorter names none either.
    #[test]
    fn name_of_two_claims_names_neither() {
        check(&["web-1", "web-1", "web"], "web-1-k8s", None);
    }

    /// Settled reading: a name that starts the cluster's naming scheme proves nothing.
    #[test]
    fn name_that_starts_the_naming_scheme_proves_nothing() {
        for name in [
            "hel",
            "hel-kubernetes",
            "hel-kubernetes-49ab",
            "hel-kubernetes-49ab-slave",
        ] {
            let mut index = index(&[name]);
            index.learn_scheme("c", "hel-kubernetes-49ab-slave-11cc");
            assert_eq!(
                index.pattern("c", "hel-kubernetes-49ab-slave-22dd"),
                None,
                "{name}"
            );
            assert_eq!(index.pattern("c", &format!("{name}-x")), None, "{name}");
        }
        let mut index = index(&["he", "helsinki"]);
        index.learn_scheme("c", "hel-kubernetes-49ab-slave-11cc");
        assert_eq!(index.pattern("c", "he-1"), Some(0));
        assert_eq!(index.pattern("c", "helsinki-1"), Some(1));
    }
}
