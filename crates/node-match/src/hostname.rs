//! R4: which claim a hostname names.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::bearers::Bearers;
use crate::words::{ClusterNumber, Word, Words};

/// Finds claims by their names, within one cluster.
///
/// Names are compared in lower case. A name that two claims bear names neither.
#[derive(Debug)]
pub(crate) struct NameIndex {
    names: Bearers,
    /// Names and recorded hostnames.
    hostnames: Bearers,
    /// How long names are; a text of another length is none.
    lengths: BTreeSet<usize>,
    schemes: BTreeMap<ClusterNumber, BTreeSet<String>>,
    last_scheme: Option<(ClusterNumber, String)>,
}

/// The characters that may follow a claim's name in a hostname.
const SEPARATORS: [u8; 3] = *b"-._";
/// What every hostname that VPSie invents for a cluster contains.
const SCHEME_MARK: &str = "-kubernetes-";
/// What follows the name of the cluster in such a hostname.
const SCHEME_ROLES: [&str; 3] = ["-slave-", "-master-", "-worker-"];

// === impl NameIndex ===

impl NameIndex {
    /// Makes room for the names of as many claims, which are the words that were learnt first.
    pub(crate) fn with_capacity(claims: usize) -> Self {
        Self {
            names: Bearers::new(claims),
            hostnames: Bearers::new(claims),
            lengths: BTreeSet::new(),
            schemes: BTreeMap::new(),
            last_scheme: None,
        }
    }

    /// Adds the name of a claim.
    pub(crate) fn add_name(&mut self, words: &Words<'_>, name: Word, claim: usize) {
        self.names.add(name.index(), claim);
        self.hostnames.add(name.index(), claim);
        self.lengths.insert(words.text(name).len());
    }

    /// Adds the hostname recorded on a claim.
    pub(crate) fn add_recorded_hostname(&mut self, hostname: Word, claim: usize) {
        self.hostnames.add(hostname.index(), claim);
    }

    /// Learns from a hostname how VPSie names the machines of a cluster.
    pub(crate) fn learn_scheme(&mut self, cluster: ClusterNumber, hostname: &str) {
        // Whatever starts with a scheme is named by it: the first mark and the first role in it are the same.
        let last = self.last_scheme.as_ref();
        let is_known =
            last.is_some_and(|(known, scheme)| *known == cluster && hostname.starts_with(scheme.as_str()));
        if !is_known && let Some(scheme) = naming_scheme(hostname) {
            self.schemes.entry(cluster).or_default().insert(scheme.to_owned());
            self.last_scheme = Some((cluster, scheme.to_owned()));
        }
    }

    /// Returns the claim whose name or recorded hostname is this very hostname.
    pub(crate) fn exact(&self, hostname: Word) -> Option<usize> {
        self.hostnames.only(hostname.index())
    }

    /// Returns the only claim of a name.
    pub(crate) fn only(&self, name: Word) -> Option<usize> {
        self.names.only(name.index())
    }

    /// Returns the longest name of a claim that starts the hostname, up to its end or a separator.
    pub(crate) fn longest(&self, words: &Words<'_>, cluster: ClusterNumber, hostname: Word) -> Option<Word> {
        let hostname = words.text(hostname);
        let lengths = self.lengths.range(..=hostname.len()).rev();
        let (text, longest) = lengths
            .filter(|length| is_boundary(&hostname, **length))
            .map(|length| &hostname[..*length])
            .filter_map(|prefix| Some((prefix, words.find(cluster, prefix)?)))
            .find(|(_, word)| self.names.first(word.index()).is_some())?;
        (!self.starts_a_scheme(cluster, text)).then_some(longest)
    }

    fn starts_a_scheme(&self, cluster: ClusterNumber, name: &str) -> bool {
        // Whatever starts with the name sorts directly behind it.
        self.schemes.get(&cluster).is_some_and(|schemes| {
            schemes
                .range::<str, _>((Bound::Included(name), Bound::Unbounded))
                .take_while(|scheme| scheme.starts_with(name))
                .any(|scheme| is_boundary(scheme, name.len()))
        })
    }
}

/// Tells whether a hostname ends or has a separator here.
///
/// A separator is a character of its own: no longer one contains such a byte.
fn is_boundary(hostname: &str, end: usize) -> bool {
    let next = hostname.as_bytes().get(end);
    next.is_none_or(|byte| SEPARATORS.contains(byte))
}

/// Returns what all hostnames of the cluster start with: `hel-kubernetes-49ab-slave-`.
fn naming_scheme(hostname: &str) -> Option<&str> {
    let mark = hostname.find(SCHEME_MARK)?;
    let after = mark + SCHEME_MARK.len();
    SCHEME_ROLES
        .iter()
        .filter_map(|role| hostname[after..].find(role).map(|at| after + at + role.len()))
        .min()
        .map(|end| &hostname[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds an index over names, all of one cluster.
    struct Named<'a> {
        words: Words<'a>,
        index: NameIndex,
    }

    const CLUSTER: ClusterNumber = ClusterNumber::UNKNOWN;

    impl<'a> Named<'a> {
        fn new(names: &[&'a str]) -> Self {
            let (mut words, mut index) = (Words::with_capacity(0), NameIndex::with_capacity(0));
            for (claim, name) in names.iter().enumerate() {
                let name = words.learn(CLUSTER, name);
                index.add_name(&words, name, claim);
            }
            Self { words, index }
        }

        fn pattern(&mut self, hostname: &'a str) -> Option<usize> {
            let hostname = self.words.learn(CLUSTER, hostname);
            self.index
                .only(self.index.longest(&self.words, CLUSTER, hostname)?)
        }
    }

    #[track_caller]
    fn check(names: &[&str], hostname: &str, expected: Option<&str>) {
        let found = Named::new(names).pattern(hostname).map(|claim| names[claim]);
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
            let further = format!("{name}-x");
            let mut named = Named::new(&[name]);
            named
                .index
                .learn_scheme(CLUSTER, "hel-kubernetes-49ab-slave-11cc");
            assert_eq!(named.pattern("hel-kubernetes-49ab-slave-22dd"), None, "{name}");
            assert_eq!(named.pattern(&further), None, "{name}");
        }
        let mut named = Named::new(&["he", "helsinki"]);
        named
            .index
            .learn_scheme(CLUSTER, "hel-kubernetes-49ab-slave-11cc");
        assert_eq!(named.pattern("he-1"), Some(0));
        assert_eq!(named.pattern("helsinki-1"), Some(1));
    }
}
