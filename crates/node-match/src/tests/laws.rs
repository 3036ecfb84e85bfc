//! What must hold for every fleet.

mod added;
mod recorded;
mod spelling;
mod stable;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::testing::{told, told_unexplained};
use crate::tests::fleets::{fleets, runner};
use crate::{EvidenceKind, Link, Machine, Matching, Node, Snapshot, Verdict, match_fleet};

/// How many fleets each law is tried on.
const FLEETS: u32 = 600;
/// On how many the shares are counted.
const COUNTED_FLEETS: u32 = 1_000;
/// The least share, in percent, of fleets in which each verdict and each kind of evidence occurs.
const LEAST_SHARE: u32 = 3;

fn everywhere(law: impl FnMut(&Snapshot<'_>) -> Result<(), TestCaseError>) {
    try_on(runner(FLEETS), law);
}

fn every<S: Strategy>(strategy: S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    runner(FLEETS)
        .run(&strategy, law)
        .unwrap_or_else(|error| panic!("{error}"));
}

fn try_on(mut runner: TestRunner, mut law: impl FnMut(&Snapshot<'_>) -> Result<(), TestCaseError>) {
    let law = RefCell::new(&mut law);
    let tried = runner.run(&fleets(), |fleet| law.borrow_mut()(&fleet));
    tried.unwrap_or_else(|error| panic!("{error}"));
}

/// Places every machine report and every Node.
fn places<'a>(matching: &Matching<'a>) -> (Vec<&'a Machine<'a>>, Vec<&'a Node<'a>>) {
    let matched = || {
        matching
            .claims
            .iter()
            .filter_map(|answer| answer.verdict.matched())
    };
    let merged = matched()
        .filter_map(|found| found.machine.as_ref())
        .chain(matching.unexplained.machines.iter().map(|entry| &entry.machine));
    let machines = merged
        .flat_map(|machine| machine.reports().iter().copied())
        .collect();
    let unexplained = matching.unexplained.nodes.iter().map(|entry| entry.node);
    (
        machines,
        matched()
            .filter_map(|found| found.node)
            .chain(unexplained)
            .collect(),
    )
}

fn addresses_of<T>(items: impl IntoIterator<Item = *const T>) -> BTreeMap<*const T, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

/// R1 and the partition: every machine report and every Node is in exactly one place.
#[test]
fn everything_is_in_exactly_one_place() {
    everywhere(|fleet| {
        let matching = match_fleet(fleet);
        let (machines, nodes) = places(&matching);
        let once = |count: &usize| *count == 1;
        let machines = addresses_of(machines.into_iter().map(std::ptr::from_ref));
        let nodes = addresses_of(nodes.into_iter().map(std::ptr::from_ref));
        prop_assert!(
            machines.values().all(once) && nodes.values().all(once),
            "something is in two places"
        );
        prop_assert_eq!(machines.len(), fleet.machines.len());
        prop_assert_eq!(nodes.len(), fleet.nodes.len());
        prop_assert_eq!(matching.claims.len(), fleet.claims.len());
        prop_assert!(matching.claims.is_sorted_by_key(|answer| &answer.claim.uid));
        Ok(())
    });
}

/// R8: permuting any input changes nothing.
#[test]
fn order_changes_nothing() {
    let law = |(fleet, keys): (Snapshot<'static>, Vec<u64>)| {
        let matching = match_fleet(&fleet);
        let mut other = fleet.clone();
        let mut keys = keys.into_iter().cycle();
        shuffle(&mut other.clusters, &mut keys);
        shuffle(&mut other.groups, &mut keys);
        shuffle(&mut other.claims, &mut keys);
        shuffle(&mut other.machines, &mut keys);
        shuffle(&mut other.nodes, &mut keys);
        prop_assert_eq!(&match_fleet(&other), &matching);
        // The lists inside an object are sets, too, but they are printed as they came.
        for machine in &mut other.machines {
            shuffle(&mut machine.addresses, &mut keys);
        }
        for node in &mut other.nodes {
            shuffle(&mut node.addresses, &mut keys);
        }
        for claim in &mut other.claims {
            shuffle(&mut claim.addresses, &mut keys);
        }
        let again = match_fleet(&other);
        prop_assert_eq!(
            (told(&again), told_unexplained(&again)),
            (told(&matching), told_unexplained(&matching))
        );
        Ok(())
    };
    // No list is longer than the keys are many.
    every((fleets(), prop::collection::vec(any::<u64>(), 11)), law);
}

fn shuffle<T>(items: &mut [T], keys: &mut impl Iterator<Item = u64>) {
    for place in (1..items.len()).rev() {
        let Some(key) = keys.next() else { return };
        let other = key % (place as u64 + 1);
        items.swap(place, usize::try_from(other).unwrap());
    }
}

/// N1, R2c: only who asked and has nothing is given a machine, and never one of the control plane.
#[test]
fn only_who_asked_is_given_a_running_worker() {
    everywhere(|fleet| {
        for answer in &match_fleet(fleet).claims {
            let Some(found) = answer.verdict.matched() else {
                continue;
            };
            let Some(machine) = &found.machine else { continue };
            let is_recorded = found.evidence.iter().any(|evidence| {
                matches!(
                    evidence.kind,
                    EvidenceKind::RecordedId | EvidenceKind::RecordedIdentifier
                ) || (evidence.link == Link::ClaimMachine && evidence.kind == EvidenceKind::Address)
            });
            let may_be_given = answer.claim.creation_requested
                && machine.is_running()
                && !machine.is_deleted()
                && !machine.is_control_plane()
                && machine.cluster() == answer.claim.cluster;
            prop_assert!(is_recorded || may_be_given, "{answer:?}");
        }
        Ok(())
    });
}

/// Time-out: only who is late, has asked and has found nothing.
#[test]
fn only_the_late_time_out() {
    everywhere(|fleet| {
        for answer in &match_fleet(fleet).claims {
            if let Verdict::TimedOut { .. } = answer.verdict {
                let age = fleet.now - answer.claim.requested_at.unwrap();
                prop_assert!(answer.claim.creation_requested && age > fleet.settings.discovery_timeout);
            }
        }
        Ok(())
    });
}

/// Every verdict and every kind of evidence occurs often enough for the laws to mean something.
#[test]
fn every_verdict_and_kind_occurs() {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    // Always the same fleets: a share is no law, and must not fail by chance.
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(COUNTED_FLEETS)
    };
    let runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    try_on(runner, |fleet| {
        let matching = match_fleet(fleet);
        let mut words: BTreeSet<&str> = BTreeSet::new();
        for answer in &matching.claims {
            words.insert(answer.verdict.as_str());
            let evidence = answer
                .verdict
                .matched()
                .map(|found| found.evidence.as_slice())
                .unwrap_or_default();
            words.extend(evidence.iter().map(|evidence| evidence.kind.as_str()));
        }
        for word in words {
            *counts.entry(word).or_default() += 1;
        }
        Ok(())
    });
    let verdicts = [
        "matched",
        "waiting",
        "ambiguous",
        "conflict",
        "timed-out",
        "not-participating",
    ];
    for word in verdicts
        .into_iter()
        .chain(EvidenceKind::ALL.map(EvidenceKind::as_str))
    {
        let count = counts.get(word).copied().unwrap_or(0);
        assert!(
            count * 100 >= COUNTED_FLEETS * LEAST_SHARE,
            "{word}: {count} of {COUNTED_FLEETS}; all: {counts:?}"
        );
    }
}
