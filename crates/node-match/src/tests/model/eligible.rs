//! Who may have what, and what names whom.

use chrono::{DateTime, Utc};

use std::collections::BTreeSet;

use super::{World, created};
use crate::testing::CLUSTER;
use crate::{Group, Text};

/// Tells whether a machine appeared after a request.
#[derive(PartialEq, Clone, Copy)]
pub(super) enum Age {
    New,
    Later,
    Unknown,
    Old,
}

/// Keeps of the descriptions of each group what all of them agree about.
pub(super) fn described<'a>(groups: &[Group<'a>]) -> Vec<Group<'a>> {
    let only = |known: BTreeSet<u64>| known.first().copied().filter(|_| known.len() == 1);
    let keys: BTreeSet<(&Text<'a>, u64)> = groups.iter().map(|group| (&group.cluster, group.id)).collect();
    let describe = |(cluster, id): (&Text<'a>, u64)| {
        let all = || groups.iter().filter(move |g| g.cluster == *cluster && g.id == id);
        let small = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
        Group {
            cluster: cluster.clone(),
            id,
            cpu: small(only(all().filter_map(|g| g.cpu.map(u64::from)).collect())),
            ram_mb: only(all().filter_map(|g| g.ram_mb).collect()),
            disk_gb: only(all().filter_map(|g| g.disk_gb).collect()),
            nodes_count: small(only(all().filter_map(|g| g.nodes_count.map(u64::from)).collect())),
        }
    };
    keys.into_iter().map(describe).collect()
}

impl World<'_> {
    pub(super) fn earliest(&self, claim: usize) -> Option<DateTime<Utc>> {
        self.claims[claim]
            .requested_at
            .map(|at| at - self.fleet.settings.clock_skew)
    }

    pub(super) fn age(&self, claim: usize, machine: usize) -> Age {
        let keys = self.machines[machine].iter().flat_map(|r| {
            [
                r.id.filter(|id| *id != 0).map(|id| id.to_string().into()),
                r.identifier.clone(),
                r.hostname.clone(),
            ]
        });
        if let Some(baseline) = &self.claims[claim].baseline {
            if keys.flatten().any(|key| baseline.contains(&key)) {
                return Age::Old;
            }
            if baseline.is_complete() {
                return Age::New;
            }
        }
        match (created(&self.machines[machine]), self.earliest(claim)) {
            (Some((at, true)), Some(earliest)) if at < earliest => Age::Old,
            (Some((_, true)), Some(_)) => Age::Later,
            _ => Age::Unknown,
        }
    }

    pub(super) fn is_running(&self, machine: usize) -> bool {
        self.machines[machine]
            .iter()
            .all(|r| r.status.as_deref().is_none_or(|s| s == "Running"))
    }

    /// Everything but age and status.
    pub(super) fn stands(&self, claim: usize, machine: usize) -> bool {
        let reports = &self.machines[machine];
        let claim = self.claims[claim];
        let group = reports.iter().find_map(|r| r.group);
        let described = self
            .groups
            .iter()
            .find(|g| claim.cluster == g.cluster && claim.group == Some(g.id));
        reports[0].cluster == claim.cluster
            && !reports.iter().any(|r| r.is_deleted)
            && !self.is_control_plane(machine)
            && (group.is_none() || claim.group.is_none() || group == claim.group)
            && described.is_none_or(|g| {
                reports
                    .iter()
                    .all(|r| r.cpu.is_none() || g.cpu.is_none() || r.cpu == g.cpu)
            })
    }

    pub(super) fn is_node_eligible(&self, claim: usize, node: usize) -> bool {
        let is_control_plane = self.is_control_plane_node(node);
        let (facts, node) = (self.claims[claim], self.nodes[node]);
        let is_for_us = match (&node.claim_uid, &node.claim_label) {
            (Some(uid), _) => *uid == facts.uid,
            (None, Some(name)) => *name == facts.name,
            (None, None) => true,
        };
        let is_old = matches!((node.created_at, self.earliest(claim)), (Some(at), Some(from)) if at < from);
        facts.cluster == CLUSTER
            && !is_control_plane
            && is_for_us
            && !is_old
            && !facts
                .baseline
                .as_ref()
                .is_some_and(|baseline| baseline.contains(&node.name))
    }

    pub(super) fn is_labelled(&self, claim: usize, node: usize) -> bool {
        let (facts, node) = (self.claims[claim], self.nodes[node]);
        let namesakes = self
            .claims
            .iter()
            .filter(|c| c.cluster == CLUSTER && c.name == facts.name)
            .count();
        facts.cluster == CLUSTER
            && match (&node.claim_uid, &node.claim_label) {
                (Some(uid), _) => *uid == facts.uid,
                (None, Some(name)) => *name == facts.name && namesakes == 1,
                (None, None) => false,
            }
    }

    /// The only claim that a text names, by an exact name (rank 3) or by the pattern (rank 5).
    pub(super) fn named(&self, rank: usize, cluster: &str, text: &str) -> Option<usize> {
        let ours = || {
            self.claims
                .iter()
                .enumerate()
                .filter(|(_, c)| c.cluster == cluster)
        };
        let found: Vec<usize> = if rank == 3 {
            let bears = |c: &crate::Claim<'_>| {
                c.name == text
                    || c.hostname
                        .as_ref()
                        .is_some_and(|hostname| hostname.to_lowercase() == text)
            };
            ours().filter(|(_, c)| bears(c)).map(|(index, _)| index).collect()
        } else {
            let longest = self.longest_name(cluster, text)?;
            ours()
                .filter(|(_, c)| c.name == *longest)
                .map(|(index, _)| index)
                .collect()
        };
        if let [claim] = found[..] {
            Some(claim)
        } else {
            None
        }
    }

    /// The longest name of a claim that a text starts with.
    pub(super) fn longest_name(&self, cluster: &str, text: &str) -> Option<&Text<'_>> {
        let starts = |name: &str| {
            text.strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_']))
        };
        let ours = self.claims.iter().filter(|c| c.cluster == cluster);
        let longest = ours
            .filter(|c| starts(&c.name))
            .map(|c| &c.name)
            .max_by_key(|n| n.len())?;
        let shows_scheme =
            |names: &BTreeSet<String>| names.iter().any(|name| name.starts_with("hel-kubernetes-49ab-"));
        let has_scheme = (0..self.machines.len())
            .any(|m| self.machines[m][0].cluster == cluster && shows_scheme(&self.hostnames(m)))
            || (cluster == CLUSTER && (0..self.nodes.len()).any(|node| shows_scheme(&self.names(node))));
        (!has_scheme || !["hel", "hel-kubernetes"].contains(&&**longest)).then_some(longest)
    }

    pub(super) fn names_machine(&self, rank: usize, claim: usize, machine: usize) -> bool {
        let cluster = &self.machines[machine][0].cluster;
        self.hostnames(machine)
            .iter()
            .any(|hostname| self.named(rank, cluster, hostname) == Some(claim))
    }
}
