//! Which cluster the Nodes belong to.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::address::all_usable;
use crate::facts::{claims_of_one_uid, has_record};
use crate::fleet::{Fleet, Prepared};
use crate::merge::text;
use crate::provider_id::ProviderId;
use crate::words::{ClusterNumber, lower};
use crate::{Claim, Snapshot};

/// Finds the one cluster that all Nodes of a snapshot belong to that does not name it.
///
/// It is the only one that claims name. Where claims name several, most
/// links to Nodes decide: provider ids, hostnames and records first, addresses only then, because clusters
/// share private addresses. [`ClusterNumber::UNKNOWN`] when nothing decides: then no Node is linked to anything.
///
/// A claim that takes no part has no say (R8), unless none takes part. One that only a label can make take part
/// has a say where the label names it by its uid, or by a name that no claim with a request or a record bears.
pub(crate) fn cluster_of_nodes(prepared: &Prepared<'_>, snapshot: &Snapshot<'_>) -> ClusterNumber {
    let fleet = &prepared.fleet;
    let all = 0..fleet.claims.len();
    if let Some(cluster) = only_cluster(fleet, all.clone()) {
        return cluster;
    }
    let signs = NodeSigns::new(snapshot);
    let mut voters = voters(fleet, &signs);
    if voters.is_empty() {
        voters = all.collect();
    }
    if let Some(cluster) = only_cluster(fleet, voters.iter().copied()) {
        return cluster;
    }
    let scores = scores(prepared, &voters, &signs);
    let Some(best) = scores.values().max() else {
        return ClusterNumber::UNKNOWN;
    };
    let mut winners = scores.iter().filter(|(_, score)| *score == best);
    match (winners.next(), winners.next()) {
        (Some((cluster, _)), None) => *cluster,
        (Some(_), Some(_)) | (None, _) => ClusterNumber::UNKNOWN,
    }
}

fn only_cluster(fleet: &Fleet<'_>, mut claims: impl Iterator<Item = usize>) -> Option<ClusterNumber> {
    let first = fleet.cluster_of(claims.next()?);
    claims
        .all(|claim| fleet.cluster_of(claim) == first)
        .then_some(first)
}

/// Lists the claims that take part, or would if the Nodes were of their cluster.
fn voters(fleet: &Fleet<'_>, nodes: &NodeSigns<'_>) -> Vec<usize> {
    let duplicates = claims_of_one_uid(fleet);
    let is_active = |claim: &Claim<'_>| claim.creation_requested || has_record(claim);
    let active = fleet.claims.iter().filter(|claim| is_active(claim));
    let active_names: BTreeSet<&str> = active.map(|claim| &*claim.name).collect();
    let has_a_say = |claim: &Claim<'_>| {
        let name = &*claim.name;
        is_active(claim)
            || nodes.labels.contains(&*claim.uid)
            || (nodes.labels.contains(name) && !active_names.contains(name))
    };
    (0..fleet.claims.len())
        .filter(|claim| has_a_say(fleet.claims[*claim]) && !duplicates.contains(claim))
        .collect()
}

/// Counts the links from each cluster of a claim to Nodes: certain ones, and addresses.
fn scores(
    prepared: &Prepared<'_>,
    voters: &[usize],
    nodes: &NodeSigns<'_>,
) -> BTreeMap<ClusterNumber, (usize, usize)> {
    let (fleet, directory) = (&prepared.fleet, &prepared.directory);
    let mut scores: BTreeMap<ClusterNumber, (usize, usize)> = BTreeMap::new();
    for &index in voters {
        let claim = fleet.claims[index];
        let recorded = claim.node_name.as_deref().map(lower);
        let links = usize::from(recorded.is_some_and(|name| nodes.names.contains(&name)))
            + usize::from(nodes.labels.contains(&*claim.name) || nodes.labels.contains(&*claim.uid));
        scores.entry(fleet.cluster_of(index)).or_default().0 += links;
    }
    for machine in &fleet.machines {
        if let Some(score) = scores.get_mut(&machine.marks.cluster) {
            let names = machine.marks.hostnames().iter();
            score.0 += names
                .filter(|name| nodes.names.contains(&directory.words.text(**name)))
                .count();
            let addresses = machine.marks.addresses().iter();
            score.1 += addresses
                .filter(|number| nodes.addresses.contains(&directory.addresses.address(**number)))
                .count();
        }
    }
    let register = &prepared.register;
    for identifier in &nodes.identifiers {
        for (cluster, score) in &mut scores {
            score.0 += usize::from(register.machine_of_identifier(*cluster, identifier).is_some());
        }
    }
    scores
}

/// Holds what on Nodes may show their cluster.
struct NodeSigns<'a> {
    names: BTreeSet<Cow<'a, str>>,
    labels: BTreeSet<&'a str>,
    addresses: BTreeSet<IpAddr>,
    /// Of machines, one for each Node.
    identifiers: Vec<Cow<'a, str>>,
}

// === impl NodeSigns ===

impl<'a> NodeSigns<'a> {
    fn new(snapshot: &'a Snapshot<'a>) -> Self {
        let nodes = || snapshot.nodes.iter();
        let provider_ids = nodes().filter_map(|node| node.provider_id.as_deref());
        Self {
            names: nodes()
                .flat_map(|node| [Some(&*node.name), node.hostname.as_deref()])
                .filter_map(|name| text(name).map(lower))
                .collect(),
            labels: nodes()
                .flat_map(|node| [&node.claim_label, &node.claim_uid])
                .filter_map(|label| text(label.as_deref()))
                .collect(),
            addresses: nodes().flat_map(|node| all_usable(&node.addresses)).collect(),
            identifiers: provider_ids
                .filter_map(|id| match ProviderId::parse(id) {
                    Some(ProviderId::Identifier(identifier)) => Some(identifier),
                    Some(ProviderId::Number(_)) | None => None,
                })
                .collect(),
        }
    }
}
