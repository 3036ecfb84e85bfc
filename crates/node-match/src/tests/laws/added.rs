//! What a further machine takes from claims, and what it does not.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::everywhere;
use crate::testing::machine;
use crate::{EvidenceKind, Link, Machine, Match, MergedMachine, ReportedAt, Snapshot, match_fleet};

/// Returns a time that is later than all others of a fleet.
fn latest(fleet: &Snapshot<'_>) -> ReportedAt {
    ReportedAt {
        at: fleet.now + TimeDelta::days(1),
        zoned: true,
    }
}

/// Returns by what a claim is linked to its machine, and the machine.
fn linked<'m, 'a>(found: &'m Match<'a>) -> Option<(EvidenceKind, &'m MergedMachine<'a>)> {
    let mut evidence = found.evidence.iter();
    let link = evidence.find(|evidence| evidence.link == Link::ClaimMachine)?;
    Some((link.kind, found.machine.as_ref()?))
}

/// Adds a machine for every claim that has one and for which `further` makes another: that claim keeps its own.
fn keeps_its_own(
    fleet: &Snapshot<'_>,
    further: impl Fn(EvidenceKind, &MergedMachine<'_>, Machine<'static>) -> Option<Machine<'static>>,
) -> Result<(), TestCaseError> {
    let before = match_fleet(fleet);
    let (mut more, mut keepers) = (fleet.clone(), Vec::new());
    for (place, id) in (0..before.claims.len()).zip(90_000..) {
        let answer = &before.claims[place];
        let Some((kind, own)) = answer.verdict.matched().and_then(linked) else {
            continue;
        };
        let name = format!("{}-further", answer.claim.name);
        let named = machine(id).in_cluster(&answer.claim.cluster).named(&name);
        if let Some(further) = further(kind, own, named) {
            more.machines.push(further);
            keepers.push(place);
        }
    }
    let after = match_fleet(&more);
    for place in keepers {
        let own = |found: &Match<'_>| linked(found).map(|(kind, own)| (kind, own.reports().len(), own.id()));
        prop_assert_eq!(
            after.claims[place].verdict.matched().map(own),
            before.claims[place].verdict.matched().map(own)
        );
    }
    Ok(())
}

/// R3: the newest machine whose name only starts with that of a claim takes none from whom stronger evidence gave another.
#[test]
fn weaker_evidence_takes_nothing_from_stronger() {
    everywhere(|fleet| {
        keeps_its_own(fleet, |kind, _, mut further| {
            further.created_at = Some(latest(fleet));
            let is_stronger = match kind {
                EvidenceKind::RecordedId
                | EvidenceKind::RecordedIdentifier
                | EvidenceKind::Address
                | EvidenceKind::Hostname => true,
                EvidenceKind::RecordedNode
                | EvidenceKind::ProviderId
                | EvidenceKind::HostnamePattern
                | EvidenceKind::ClaimLabel
                | EvidenceKind::Anonymous => false,
            };
            is_stronger.then_some(further)
        })
    });
}

/// R6: an older machine of equal evidence takes nothing from a newer one.
#[test]
fn older_machine_takes_nothing_from_a_newer_one() {
    everywhere(|fleet| {
        keeps_its_own(fleet, |kind, own, mut further| {
            let created = own.created_at()?;
            further.created_at = Some(ReportedAt {
                at: created.at - TimeDelta::seconds(1),
                ..created
            });
            (kind == EvidenceKind::HostnamePattern).then_some(further)
        })
    });
}

/// R7: where more new machines turn up than there are claims, nobody is given any by the count.
#[test]
fn surplus_of_new_machines_gives_nobody_any_by_the_count() {
    everywhere(|fleet| {
        let mut more = fleet.clone();
        let groups: BTreeSet<(&str, Option<u64>)> = fleet
            .claims
            .iter()
            .map(|claim| (&*claim.cluster, claim.group))
            .collect();
        let mut ids = 90_000..;
        for (cluster, group) in groups {
            for id in ids.by_ref().take(fleet.claims.len() + 1) {
                let mut new = machine(id).in_cluster(cluster);
                new.group = group;
                new.created_at = Some(latest(fleet));
                more.machines.push(new);
            }
        }
        for answer in match_fleet(&more).claims {
            let kind = answer.verdict.matched().and_then(linked).map(|(kind, _)| kind);
            prop_assert_ne!(kind, Some(EvidenceKind::Anonymous), "{}", answer.claim.uid);
        }
        Ok(())
    });
}
