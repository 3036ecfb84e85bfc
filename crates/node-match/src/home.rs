//! Which cluster the Nodes belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::fleet::{MachineFacts, NodeFacts};
use crate::merge::text;
use crate::provider_id::ProviderId;
use crate::{Claim, Snapshot};

/// Finds the one cluster that all Nodes of the snapshot belong to.
///
/// It is the one that the snapshot names, or the only one that claims name. Where claims name several, most
/// links to Nodes decide: provider ids, hostnames and records first, addresses only then, because clusters
/// share private addresses. `None` when nothing decides: then no Node is linked to anything.
pub(crate) fn cluster_of_nodes<'a>(
    snapshot: &'a Snapshot,
    claims: &[&'a Claim],
    machines: &[MachineFacts<'a>],
    nodes: &[NodeFacts<'a>],
    by_identifier: &BTreeMap<(&'a str, String), usize>,
) -> Option<&'a str> {
    if let Some(cluster) = &snapshot.nodes_cluster {
        return Some(cluster);
    }
    let clusters: BTreeSet<&str> = claims.iter().map(|claim| claim.cluster.as_str()).collect();
    if clusters.len() <= 1 {
        return clusters.first().copied();
    }
    let names: BTreeSet<&str> = nodes
        .iter()
        .flat_map(|facts| facts.names.iter().map(String::as_str))
        .collect();
    let labels: BTreeSet<&str> = nodes
        .iter()
        .flat_map(|facts| [&facts.node.claim_label, &facts.node.claim_uid])
        .filter_map(|label| text(label.as_deref()))
        .collect();
    let addresses: BTreeSet<IpAddr> = nodes
        .iter()
        .flat_map(|facts| facts.addresses.iter().copied())
        .collect();
    let mut scores: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for claim in claims {
        let recorded = claim.node_name.as_deref().map(str::to_lowercase);
        let strong = usize::from(recorded.is_some_and(|name| names.contains(name.as_str())))
            + usize::from(labels.contains(claim.name.as_str()) || labels.contains(claim.uid.as_str()));
        scores.entry(claim.cluster.as_str()).or_default().0 += strong;
    }
    for machine in machines {
        if let Some(score) = scores.get_mut(machine.merged.cluster()) {
            score.0 += machine
                .hostnames
                .iter()
                .filter(|name| names.contains(name.as_str()))
                .count();
            score.1 += machine
                .addresses
                .iter()
                .filter(|address| addresses.contains(address))
                .count();
        }
    }
    for facts in nodes {
        if let Some(ProviderId::Identifier(identifier)) = &facts.provider_id {
            for (cluster, score) in &mut scores {
                score.0 += usize::from(by_identifier.contains_key(&(*cluster, identifier.clone())));
            }
        }
    }
    let best = scores.values().max().copied()?;
    let mut winners = scores.iter().filter(|(_, score)| **score == best);
    match (winners.next(), winners.next()) {
        (Some((cluster, _)), None) => Some(cluster),
        (Some(_), Some(_)) | (None, _) => None,
    }
}
