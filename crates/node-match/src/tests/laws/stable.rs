//! R8: what does not concern a claim changes nothing for it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{every, everywhere};
use crate::testing::{CLUSTER, claim, machine, node, told};
use crate::tests::fleets::{OTHER_CLUSTER, claims, fleets, machines};
use crate::{Baseline, Claim, Cluster, ClusterShape, Machine, Snapshot, match_fleet};

/// A claim as it is generated, with the number of its baseline.
type Numbered = (Claim<'static>, Option<usize>);

/// Tells the answers to the claims that were there before anything was added.
fn told_before(fleet: &Snapshot<'_>) -> Vec<String> {
    let mut told = told(&match_fleet(fleet));
    told.retain(|line| !line.starts_with("added-"));
    told
}

fn added(claims: Vec<Numbered>, cluster: &str) -> impl Iterator<Item = Claim<'static>> {
    claims
        .into_iter()
        .enumerate()
        .map(move |(number, (mut claim, _))| {
            claim.uid = format!("added-{number}").into();
            claim.cluster = cluster.to_owned().into();
            claim
        })
}

fn moved(machines: Vec<Machine<'static>>) -> impl Iterator<Item = Machine<'static>> {
    machines
        .into_iter()
        .map(|machine| machine.in_cluster(OTHER_CLUSTER))
}

/// R8: claims of another cluster that take no part, and machines of it, change no verdict.
///
/// The snapshot does not name the cluster of its Nodes: nobody who takes no part has a say in that.
#[test]
fn whoever_takes_no_part_elsewhere_changes_nothing() {
    let law = |(mut fleet, more, machines): (Snapshot<'static>, Vec<Numbered>, Vec<Machine<'static>>)| {
        fleet.claims.retain(|claim| claim.cluster != OTHER_CLUSTER);
        if fleet.claims.is_empty() {
            return Ok(());
        }
        let before = told_before(&fleet);
        let is_asked_for = |fleet: &Snapshot<'_>, name: &str| {
            let is_named = fleet
                .nodes
                .iter()
                .any(|node| node.claim_label.as_deref() == Some(name));
            let bears = |claim: &Claim<'_>| claim.name == name && claim.creation_requested;
            is_named && !fleet.claims.iter().any(bears)
        };
        let idle = added(more, OTHER_CLUSTER).map(|claim| Claim {
            uid: claim.uid,
            name: claim.name,
            cluster: claim.cluster,
            group: claim.group,
            ..Claim::default()
        });
        // One that a Node is labelled for would take part, were the Nodes of its cluster.
        let idle: Vec<Claim<'static>> = idle.filter(|claim| !is_asked_for(&fleet, &claim.name)).collect();
        fleet.claims.extend(idle);
        fleet.machines.extend(moved(machines));
        prop_assert_eq!(told_before(&fleet), before);
        Ok(())
    };
    every((fleets(), vec(claims(), 0..4), vec(machines(), 0..4)), law);
}

/// R8: whatever is of another cluster than the Nodes changes no verdict in theirs.
#[test]
fn another_cluster_changes_nothing() {
    let law = |(mut fleet, more, machines): (Snapshot<'static>, Vec<Numbered>, Vec<Machine<'static>>)| {
        fleet.nodes_cluster = Some(CLUSTER.into());
        fleet.claims.retain(|claim| claim.cluster != OTHER_CLUSTER);
        let before = told_before(&fleet);
        fleet.claims.extend(added(more, OTHER_CLUSTER));
        fleet.machines.extend(moved(machines));
        let groups = fleet.groups.clone();
        fleet.groups.extend(groups.into_iter().map(|mut group| {
            group.cluster = OTHER_CLUSTER.into();
            group.cpu = Some(8);
            group
        }));
        fleet.clusters.push(Cluster {
            id: OTHER_CLUSTER.into(),
            shape: ClusterShape {
                locked: Some(true),
                ..ClusterShape::default()
            },
        });
        prop_assert_eq!(told_before(&fleet), before);
        Ok(())
    };
    every((fleets(), vec(claims(), 0..4), vec(machines(), 0..4)), law);
}

/// R8: a machine of another group, with its Node, changes no verdict.
#[test]
fn addition_to_another_group_changes_nothing() {
    everywhere(|fleet| {
        let mut fleet = fleet.clone();
        fleet.nodes_cluster = Some(CLUSTER.into());
        // A claim that names no group is concerned by every group.
        fleet.claims.retain(|claim| claim.group.is_some());
        let before = told(&match_fleet(&fleet));
        fleet.machines.push(machine(999).in_group(999).created(5));
        fleet
            .nodes
            .push(node("foreign").provided("vpsie://machine-999").created(6));
        prop_assert_eq!(told(&match_fleet(&fleet)), before);
        Ok(())
    });
}

/// Says what is added to a fleet: nothing links it to anything, and it is not new in the groups that are there.
#[derive(Debug, Clone, Copy)]
enum Addition {
    OldNode,
    OldMachine,
    OldMachineWithNode,
    IdleClaim,
}

/// Returns the fleet with the machine or Node in all baselines, as it was there before.
fn remembered(mut fleet: Snapshot<'static>, keys: &[&str]) -> Snapshot<'static> {
    for claim in &mut fleet.claims {
        claim.baseline = claim.baseline.take().map(|old| {
            let hashes = old.hashes().iter().copied();
            let keys = keys.iter().map(|key| Baseline::hash(key));
            let mut new = Baseline::from_hashes(old.is_complete(), hashes.chain(keys));
            for (group, count) in old.nodes_counts() {
                new = new.with_nodes_count(*group, *count);
            }
            if let Some(shape) = old.shape() {
                new = new.with_shape(shape.clone());
            }
            new.into()
        });
    }
    fleet
}

/// R8: one that no rule links and that is not new in the same group changes no verdict.
#[test]
fn what_nothing_links_and_is_not_new_changes_nothing() {
    let additions = prop_oneof![
        Just(Addition::OldNode),
        Just(Addition::OldMachine),
        Just(Addition::OldMachineWithNode),
        Just(Addition::IdleClaim),
    ];
    let law = |(fleet, addition, group): (Snapshot<'static>, Addition, Option<u64>)| {
        let mut fleet = remembered(fleet, &["999", "machine-999", "foreign"]);
        fleet.nodes_cluster = Some(CLUSTER.into());
        // Without a baseline and without a request nothing tells what is old.
        fleet.claims.retain(|claim| claim.requested_at.is_some());
        let before = told_before(&fleet);
        let old_machine = Machine {
            group,
            ..machine(999).created(-500)
        };
        let old_node = node("foreign").created(-400);
        match addition {
            Addition::OldNode => fleet.nodes.push(old_node),
            Addition::OldMachine => fleet.machines.push(old_machine),
            Addition::OldMachineWithNode => {
                fleet.machines.push(old_machine);
                fleet.nodes.push(old_node.provided("vpsie://machine-999"));
            }
            Addition::IdleClaim => {
                let mut idle = claim("idle").not_requested();
                idle.uid = "added-0".into();
                fleet.claims.push(idle);
            }
        }
        prop_assert_eq!(told_before(&fleet), before);
        Ok(())
    };
    let groups = prop::option::of(prop::sample::select(vec![crate::testing::GROUP, 7, 999]));
    every((fleets(), additions, groups), law);
}
