//! The Nodes of a fleet, and which claim each is labelled for.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::merge::{CONTROL_PLANE_MARK, text};
use crate::order::{absent_last, sort_by_text};
use crate::place::Place;
use crate::provider_id::ProviderId;
use crate::register::Register;
use crate::words::{ClusterNumber, Word, Words};
use crate::{Baseline, Claim, Node};

/// Holds a Node with what is compared about it.
#[derive(Debug)]
pub(crate) struct NodeFacts<'a> {
    pub(crate) node: &'a Node<'a>,
    /// The hash under which a baseline may remember its name.
    name_hash: u64,
    pub(crate) name: Option<Word>,
    /// Its hostname, unless that is its name.
    hostname: Option<Word>,
    /// The machine that its provider id names; it is tied to no other.
    pub(crate) provided: Option<Place>,
    pub(crate) label: Label,
    /// Whether its labels or its name show it as part of the control plane (R2c).
    pub(crate) is_control_plane: bool,
}

/// Tells which claim the labels of a Node name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// There is none.
    None,
    /// This one.
    Claim(Place),
    /// One of several of the same name.
    Unclear,
    /// One that is not in the snapshot.
    Unknown,
}

// === impl NodeFacts ===

impl<'a> NodeFacts<'a> {
    fn new(node: &'a Node<'a>, home: ClusterNumber, words: &mut Words<'a>, register: &Register<'_>) -> Self {
        let name = text(Some(&node.name)).map(|name| words.learn_hashed(home, name));
        let (name, name_hash) = name.map_or((None, Baseline::hash("")), |(name, hash)| (Some(name), hash));
        let hostname = text(node.hostname.as_deref()).map(|hostname| words.learn(home, hostname));
        let provider_id = node.provider_id.as_deref().and_then(ProviderId::parse);
        let mut facts = Self {
            node,
            name_hash,
            name,
            hostname: hostname.filter(|hostname| Some(*hostname) != name),
            provided: provider_id
                .and_then(|id| register.machine_of_provider_id(home, &id))
                .map(Place::new),
            label: Label::None,
            is_control_plane: node.control_plane,
        };
        facts.is_control_plane |= facts
            .names()
            .any(|name| words.text(name).contains(CONTROL_PLANE_MARK));
        facts
    }

    /// Lists its name and hostname, each once.
    pub(crate) fn names(&self) -> impl Iterator<Item = Word> + use<> {
        self.name.into_iter().chain(self.hostname)
    }

    /// Tells whether the Node was there when the baseline was taken.
    pub(crate) fn is_in(&self, baseline: &Baseline) -> bool {
        baseline.contains_hash(self.name_hash)
    }
}

/// Reads Nodes and sorts them, the newest first, unknown ages last.
pub(super) fn sorted<'a>(
    nodes: &'a [Node<'a>],
    home: ClusterNumber,
    words: &mut Words<'a>,
    register: &Register<'_>,
) -> Vec<NodeFacts<'a>> {
    let mut sorted: Vec<&Node<'_>> = nodes.iter().collect();
    sort_by_text(&mut sorted, |node| &*node.name);
    sorted.sort_by_key(|node| absent_last(node.created_at.map(Reverse)));
    sorted
        .into_iter()
        .map(|node| NodeFacts::new(node, home, words, register))
        .collect()
}

/// Finds out which claim each Node is labelled for.
///
/// The uid decides where it is given: a name may have belonged to an earlier claim.
pub(super) fn label(
    nodes: &mut [NodeFacts<'_>],
    home: ClusterNumber,
    claims: &[&Claim<'_>],
    names: &[(ClusterNumber, Option<Word>)],
) {
    let is_labelled =
        |facts: &NodeFacts<'_>| facts.node.claim_uid.is_some() || facts.node.claim_label.is_some();
    if !nodes.iter().any(is_labelled) {
        return;
    }
    let at_home = || {
        let all = claims.iter().zip(names).enumerate();
        all.filter(|(_, (_, (cluster, _)))| *cluster == home)
            .map(|(index, (claim, _))| (index, claim))
    };
    let by_uid: BTreeMap<&str, usize> = at_home().map(|(index, claim)| (&*claim.uid, index)).collect();
    let mut by_name: BTreeMap<&str, Label> = BTreeMap::new();
    for (index, claim) in at_home() {
        by_name
            .entry(&*claim.name)
            .and_modify(|label| *label = Label::Unclear)
            .or_insert(Label::Claim(Place::new(index)));
    }
    for facts in nodes {
        let uid = text(facts.node.claim_uid.as_deref());
        let name = text(facts.node.claim_label.as_deref());
        facts.label = match (uid, name) {
            (Some(uid), _) => by_uid
                .get(uid)
                .map_or(Label::Unknown, |index| Label::Claim(Place::new(*index))),
            (None, Some(name)) => by_name.get(name).copied().unwrap_or(Label::Unknown),
            (None, None) => Label::None,
        };
    }
}
