//! R0, R8: what is recorded of a match stays, or is in conflict.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{every, everywhere};
use crate::testing::CLUSTER;
use crate::tests::fleets::{claims, fleets, machines, nodes};
use crate::{
    Answer, Claim, Machine, Matching, MergedMachine, Node, Snapshot, Verdict, WaitingReason, match_fleet,
};

/// R0, R8: what is matched stays matched when it is recorded.
#[test]
fn recorded_match_stays() {
    everywhere(|fleet| {
        let matching = match_fleet(fleet);
        for (index, answer) in matching.claims.iter().enumerate() {
            let Some(machine) = answer.verdict.matched().and_then(|found| found.machine.as_ref()) else {
                continue;
            };
            let Some(identifier) = machine.identifier() else {
                continue;
            };
            if answer.claim.identifier.is_some() || answer.claim.provider_id.is_some() {
                continue;
            }
            let mut recorded = fleet.clone();
            let position = recorded
                .claims
                .iter()
                .position(|claim| claim.uid == answer.claim.uid)
                .unwrap();
            recorded.claims[position].identifier = Some(identifier.to_owned().into());
            let again = match_fleet(&recorded);
            let found = again.claims[index]
                .verdict
                .matched()
                .and_then(|found| found.machine.as_ref());
            prop_assert_eq!(found.and_then(|found| found.identifier()), Some(identifier));
        }
        Ok(())
    });
}

/// Says what happens to a fleet after everything that was found has been recorded.
#[derive(Debug, Clone)]
enum Event {
    MachineReported(Machine<'static>),
    MachineGone(Index),
    MachineInStatus(Index, &'static str),
    MachineDeleted(Index),
    NodeJoined(Node<'static>),
    NodeGone(Index),
    ClaimAsked(Claim<'static>),
    ClaimGone(Index),
}

fn events() -> impl Strategy<Value = Event> {
    let statuses = prop::sample::select(vec!["running", "installing", "off"]);
    prop_oneof![
        3 => machines().prop_map(Event::MachineReported),
        2 => any::<Index>().prop_map(Event::MachineGone),
        1 => (any::<Index>(), statuses).prop_map(|(index, status)| Event::MachineInStatus(index, status)),
        1 => any::<Index>().prop_map(Event::MachineDeleted),
        3 => nodes().prop_map(Event::NodeJoined),
        2 => any::<Index>().prop_map(Event::NodeGone),
        2 => claims().prop_map(|(claim, _)| Event::ClaimAsked(claim)),
        1 => any::<Index>().prop_map(Event::ClaimGone),
    ]
}

/// Lets something happen, `number` telling it from all else.
fn happen(fleet: &mut Snapshot<'_>, event: Event, number: usize) {
    let machines = fleet.machines.len();
    let has_machines = machines > 0;
    match event {
        Event::MachineReported(machine) => fleet.machines.push(machine),
        Event::MachineGone(index) if has_machines => drop(fleet.machines.remove(index.index(machines))),
        Event::MachineInStatus(index, status) if has_machines => {
            fleet.machines[index.index(machines)].status = Some(status.to_owned().into());
        }
        Event::MachineDeleted(index) if has_machines => {
            fleet.machines[index.index(machines)].is_deleted = true;
        }
        Event::NodeJoined(node) if fleet.nodes.iter().all(|known| known.name != node.name) => {
            fleet.nodes.push(node);
        }
        Event::NodeGone(index) if !fleet.nodes.is_empty() => {
            drop(fleet.nodes.remove(index.index(fleet.nodes.len())));
        }
        Event::ClaimAsked(mut claim) => {
            claim.uid = format!("later-{number}").into();
            fleet.claims.push(claim);
        }
        Event::ClaimGone(index) if !fleet.claims.is_empty() => {
            drop(fleet.claims.remove(index.index(fleet.claims.len())));
        }
        Event::MachineGone(_)
        | Event::MachineInStatus(..)
        | Event::MachineDeleted(_)
        | Event::NodeJoined(_)
        | Event::NodeGone(_)
        | Event::ClaimGone(_) => {}
    }
}

/// Records on every claim what was found for it; returns the fleet with that.
fn recorded<'a>(fleet: &Snapshot<'a>, matching: &Matching<'a>) -> Snapshot<'a> {
    let mut recorded = fleet.clone();
    for claim in &mut recorded.claims {
        let Some(found) = matching.verdict(&claim.uid).and_then(Verdict::matched) else {
            continue;
        };
        if let Some(machine) = &found.machine {
            claim.identifier = machine
                .identifier()
                .map(|identifier| identifier.to_owned().into());
            claim.instance_id = machine.id().filter(|_| claim.identifier.is_none());
            if claim.identifier.is_some() || claim.instance_id.is_some() {
                (claim.provider_id, claim.hostname) = (None, None);
                claim.addresses.clear();
            }
        }
        if let Some(node) = found.node {
            claim.node_name = Some(node.name.clone());
        }
    }
    recorded
}

/// Tells whether a machine is that of the record.
fn bears(claim: &Claim<'_>, machine: &MergedMachine<'_>) -> bool {
    let reports = machine.reports();
    match (&claim.identifier, claim.instance_id) {
        (Some(identifier), _) => reports
            .iter()
            .any(|report| report.identifier.as_ref() == Some(identifier)),
        (None, Some(id)) => reports.iter().any(|report| report.id == Some(id)),
        (None, None) => false,
    }
}

fn is_machine_listed(fleet: &Snapshot<'_>, claim: &Claim<'_>) -> bool {
    fleet.machines.iter().any(|report| {
        report.cluster == claim.cluster
            && match (&claim.identifier, claim.instance_id) {
                (Some(identifier), _) => report.identifier.as_ref() == Some(identifier),
                (None, Some(id)) => report.id == Some(id),
                (None, None) => false,
            }
    })
}

fn is_node_there(fleet: &Snapshot<'_>, claim: &Claim<'_>) -> bool {
    fleet
        .nodes
        .iter()
        .any(|node| Some(&node.name) == claim.node_name.as_ref())
}

/// Tells whether an answer keeps to the record: the same, or in conflict, or not there any more.
fn keeps(fleet: &Snapshot<'_>, before: &Answer<'_>, now: &Answer<'_>) -> bool {
    let Some(found) = before.verdict.matched() else {
        return true;
    };
    let claim = now.claim;
    let (had_machine, had_node) = (
        found
            .machine
            .as_ref()
            .is_some_and(|machine| bears(claim, machine)),
        found.node.is_some(),
    );
    match &now.verdict {
        Verdict::Matched(found) => {
            let is_machine_kept = match &found.machine {
                Some(machine) => bears(claim, machine),
                None => !is_machine_listed(fleet, claim),
            };
            let is_node_kept = match found.node {
                Some(node) => Some(&node.name) == claim.node_name.as_ref(),
                None => !is_node_there(fleet, claim),
            };
            (!had_machine || is_machine_kept) && (!had_node || is_node_kept)
        }
        Verdict::Conflict { .. } => true,
        Verdict::Waiting {
            reason: WaitingReason::RecordedMachineNotListed | WaitingReason::RecordedNodeNotListed,
            ..
        } => {
            (!had_machine || !is_machine_listed(fleet, claim)) && (!had_node || !is_node_there(fleet, claim))
        }
        Verdict::Waiting { .. }
        | Verdict::Ambiguous { .. }
        | Verdict::TimedOut { .. }
        | Verdict::NotParticipating { .. } => !had_machine && !had_node,
    }
}

/// R0, R8: what is recorded of every match stays, or is in conflict, or is told as not listed, whatever happens.
#[test]
fn whatever_happens_records_stay_or_are_in_conflict() {
    let law = |(mut fleet, events): (Snapshot<'static>, Vec<Event>)| {
        fleet.nodes_cluster = Some(CLUSTER.into());
        let first = fleet;
        let before = match_fleet(&first);
        let mut fleet = recorded(&first, &before);
        for (number, event) in events.into_iter().enumerate() {
            happen(&mut fleet, event, number);
        }
        for now in &match_fleet(&fleet).claims {
            let Some(before) = before
                .claims
                .iter()
                .find(|answer| answer.claim.uid == now.claim.uid)
            else {
                continue;
            };
            prop_assert!(keeps(&fleet, before, now), "{:#?} became {:#?}", before, now);
        }
        Ok(())
    };
    every((fleets(), vec(events(), 0..5)), law);
}
