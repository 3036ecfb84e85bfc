//! What every explanation keeps, whatever the fleet.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::tests::fleets::fleets;
use crate::{Explanation, Objection, Snapshot, Subject, Verdict, explain, explain_claim, match_fleet};

/// On how many fleets each law is tried.
const FLEETS: u32 = 256;
/// On how many the occurrences are counted.
const COUNTED_FLEETS: u32 = 1_000;
/// How often each must occur there.
const LEAST: u32 = 10;

fn everywhere(law: impl Fn(&Snapshot<'_>, &[Explanation<'_>]) -> Result<(), TestCaseError>) {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(FLEETS)
    };
    let tried = TestRunner::new(config).run(&fleets(), |fleet| {
        let matching = match_fleet(&fleet);
        law(&fleet, &explain(&fleet, &matching))
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

fn wants(why: &Explanation<'_>) -> bool {
    match why.verdict {
        Verdict::Matched(_) | Verdict::NotParticipating { .. } => false,
        Verdict::Waiting { .. }
        | Verdict::Ambiguous { .. }
        | Verdict::Conflict { .. }
        | Verdict::TimedOut { .. } => true,
    }
}

/// Every machine of the claim's cluster is looked at once; what is listed and what is counted add up.
#[test]
fn every_machine_of_the_cluster_is_considered_once() {
    everywhere(|fleet, all| {
        let matching = match_fleet(fleet);
        for why in all.iter().filter(|why| wants(why)) {
            let merged = || {
                let matched = matching
                    .claims
                    .iter()
                    .filter_map(|answer| answer.verdict.matched());
                let given = matched.filter_map(|found| found.machine.as_ref());
                given.chain(matching.unexplained.machines.iter().map(|entry| &entry.machine))
            };
            let here = merged()
                .filter(|machine| machine.cluster() == why.claim.cluster)
                .count();
            prop_assert_eq!(why.considered.machines, here, "{:?}", why);
            let unlisted: usize = why.considered.unlisted.values().sum();
            prop_assert_eq!(
                why.considered.listed.len() + unlisted,
                why.considered.machines + why.considered.nodes
            );
            prop_assert!(!why.considered.is_cut);
        }
        Ok(())
    });
}

/// A claim that waits has a reason against everything that was considered; one that cannot choose has a choice.
#[test]
fn whoever_waits_has_a_reason_against_everything() {
    everywhere(|_, all| {
        for why in all {
            let free = why
                .considered
                .listed
                .iter()
                .filter(|seen| seen.objection.is_none())
                .count();
            match why.verdict {
                Verdict::Ambiguous { .. } => {
                    prop_assert!(candidates_are_free(why) && free > 0, "{:?}", why);
                }
                Verdict::Waiting {
                    reason: crate::WaitingReason::AnonymousSwitchedOff,
                    ..
                } => {}
                Verdict::TimedOut { .. } if candidates_are_free(why) => {}
                Verdict::Waiting { .. }
                | Verdict::TimedOut { .. }
                | Verdict::Conflict { .. }
                | Verdict::Matched(_)
                | Verdict::NotParticipating { .. } => prop_assert_eq!(free, 0, "{:?}", why),
            }
        }
        Ok(())
    });
}

/// Tells whether only the switch for anonymous matching was in the way.
fn candidates_are_free(why: &Explanation<'_>) -> bool {
    why.verdict
        .candidates()
        .iter()
        .any(|candidate| candidate.obstacle.is_none())
}

/// R1: whoever is said to own a machine was given it.
#[test]
fn whoever_is_said_to_own_a_machine_was_given_it() {
    everywhere(|fleet, all| {
        let matching = match_fleet(fleet);
        for seen in all.iter().flat_map(|why| &why.considered.listed) {
            let (Subject::Machine(machine), Some(Objection::OwnedByAnother { owner })) =
                (&seen.subject, &seen.objection)
            else {
                continue;
            };
            let found = matching.verdict(owner.uid).and_then(|verdict| verdict.matched());
            let owned = found.and_then(|found| found.machine.as_ref());
            prop_assert_eq!(owned, Some(machine));
        }
        Ok(())
    });
}

/// What is said of baselines and times is true.
#[test]
fn age_is_told_as_it_is() {
    everywhere(|fleet, all| {
        for why in all {
            for seen in &why.considered.listed {
                match (&seen.subject, &seen.objection) {
                    (Subject::Machine(machine), Some(Objection::InBaseline)) => {
                        let baseline = why.claim.baseline.as_ref().expect("it has one");
                        let ids = machine
                            .reports()
                            .iter()
                            .filter_map(|report| report.id)
                            .map(|id| id.to_string());
                        let names = machine
                            .reports()
                            .iter()
                            .flat_map(|report| [&report.identifier, &report.hostname]);
                        let mut keys = ids.chain(names.flatten().map(ToString::to_string));
                        prop_assert!(keys.any(|key| baseline.contains(&key)), "{:?}", seen);
                    }
                    (
                        _,
                        Some(Objection::OlderThanRequest {
                            created_at,
                            requested_at,
                        }),
                    ) => {
                        prop_assert!(
                            *created_at < *requested_at - fleet.settings.clock_skew,
                            "{:?}",
                            seen
                        );
                    }
                    (_, _) => {}
                }
            }
        }
        Ok(())
    });
}

/// R8: permuting any input changes no word.
#[test]
fn order_changes_no_word() {
    let told = |all: &[Explanation<'_>]| all.iter().map(Explanation::sentences).collect::<Vec<_>>();
    everywhere(|fleet, all| {
        let mut turned = fleet.clone();
        turned.claims.reverse();
        turned.machines.reverse();
        turned.nodes.reverse();
        turned.groups.reverse();
        let matching = match_fleet(&turned);
        prop_assert_eq!(told(&explain(&turned, &matching)), told(all));
        Ok(())
    });
}

/// One claim alone is explained as among all, in words that fit on a terminal.
#[test]
fn one_claim_is_explained_as_among_all() {
    everywhere(|fleet, all| {
        let matching = match_fleet(fleet);
        for why in all {
            let alone = explain_claim(fleet, &matching, &why.claim.uid);
            prop_assert_eq!(alone.as_ref(), Some(why));
            let told = why.sentences();
            prop_assert!(!told.is_empty() && told.iter().all(|text| !text.contains(char::is_control)));
            prop_assert!(told.iter().all(|text| text.ends_with(['.', ':'])), "{:?}", told);
        }
        Ok(())
    });
}

/// Every objection and everything that can be missing occurs among generated fleets.
///
/// What a fleet of eight hardly shows has a case of its own.
#[test]
fn every_objection_and_every_lack_occurs() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = fleets();
    for _ in 0..COUNTED_FLEETS {
        let fleet = strategy
            .new_tree(&mut runner)
            .expect("it always generates")
            .current();
        let matching = match_fleet(&fleet);
        for why in explain(&fleet, &matching) {
            for sighting in &why.considered.listed {
                let name = sighting.objection.as_ref().map_or("none", Objection::as_str);
                *seen.entry(name.to_owned()).or_default() += 1;
            }
            if let Some(missing) = &why.missing {
                *seen.entry(missing.as_str().to_owned()).or_default() += 1;
            }
        }
    }
    let least = |name: &&str| seen.get(*name).copied().unwrap_or(0) < LEAST;
    let rare: Vec<&str> = OBJECTIONS.into_iter().chain(LACKS).filter(least).collect();
    assert!(rare.is_empty(), "{rare:?} hardly occur: {seen:#?}");
}

const OBJECTIONS: [&str; 13] = [
    "none",
    "not-running",
    "not-provably-new",
    "unlinked",
    "kept-for-another",
    "owned-by-another",
    "disputed",
    "labelled-for-another",
    "in-baseline",
    "older-than-request",
    "other-group",
    "size-contradicts-group",
    "control-plane",
];

const LACKS: [&str; 17] = [
    "node",
    "machine",
    "certainty",
    "new-machine",
    "link",
    "running",
    "recorded-machine",
    "recorded-node",
    "eligible",
    "unowned",
    "proof",
    "anonymous-matching",
    "quiet-cluster",
    "owners",
    "group",
    "one-record",
    "request",
];
