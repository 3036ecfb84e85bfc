//! Whose machine goes, over worlds made at random.

use super::plans::{build, plan};
use super::{claim_of, watched};
use crate::command::Command;
use crate::lives::Wrong;
use crate::poll::Reply;
use crate::resources::{ScaleDownPolicy, keys};
use crate::testing::TestWorld;
use crate::world::ClaimObject;
use kube::ResourceExt;
use node_lifecycle::{Decider, Life, State};
use node_match::Verdict;
use proptest::prelude::*;
use std::collections::BTreeSet;
use vpsie_api::{ClusterId, NodeUuid};

fn lists(reply: &Reply, machine: &NodeUuid) -> bool {
    let mut nodes = reply.cluster.nodes.iter();
    nodes.any(|node| node.identifier.as_ref() == Some(machine))
}

/// Tells whether somebody whose word counts wants the machine of a VPSieNode gone.
fn is_wanted_gone(world: &TestWorld, claim: &ClaimObject, decided_by: Decider) -> bool {
    let group_name = Some(claim.object.spec.node_group_name());
    let mut groups = world.groups.iter();
    let group = groups.find(|group| group.metadata.name.as_deref() == group_name);
    let group = group.expect("the groups of all members are there");
    let is_of_living =
        !claim.is_deleted() && group.is_managed() && group.metadata.deletion_timestamp.is_none();
    let state = world.lives.of(claim.uid()).map(Life::state);
    match decided_by {
        Decider::Manual => claim.is_deleted(),
        Decider::ScaleDownPolicy => {
            let policy = group.spec.scale_down_policy.as_ref();
            let shrinks = policy.is_some_and(ScaleDownPolicy::is_enabled);
            is_of_living && shrinks && matches!(state, Some(State::Ready | State::Idle))
        }
        Decider::UnhealthyCleanup => {
            let wish = group.annotations().get(keys::ANNOTATION_UNHEALTHY_CLEANUP);
            let cleans_up = wish.is_some_and(|wish| wish == keys::ENABLED);
            is_of_living && cleans_up && matches!(state, Some(State::Unhealthy | State::Draining))
        }
        Decider::ConsolidationPolicy | Decider::Rollback => false,
    }
}

/// Counts the members of a group that are capacity, and those that are broken or short of disk, of how many in service.
fn counted(world: &TestWorld, group: &str) -> (u32, u32, u32) {
    let (mut capacity, mut affected, mut served) = (0, 0, 0);
    for claim in world
        .claims
        .iter()
        .filter(|claim| claim.object.spec.node_group_name() == group)
    {
        let Some(state) = world.lives.of(claim.uid()).map(Life::state) else {
            continue;
        };
        capacity += u32::from(state.counts_as_capacity());
        affected += u32::from(world.lives.wrong(claim.uid()).is_some_and(Wrong::is_affected));
        served += u32::from(!state.is_starting() && state != State::Decommissioned);
    }
    (capacity, affected, served)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// LC-24: a machine goes only on the word of a person, or of its NodeGroup for one at rest or broken, when VPSie lists it
    /// and nothing contradicts.
    #[test]
    fn only_a_listed_worker_goes_and_only_on_a_word_that_counts(plan in plan()) {
        let world = watched(build(&plan));
        let now = world.now;
        for command in world.decide().into_iter().flat_map(|batch| batch.commands) {
            let Command::RemoveMachine(permit, case, _) = command else { continue };
            let claim = claim_of(&world, &case.claim.name);
            prop_assert!(is_wanted_gone(&world, claim, permit.decided_by()), "{:?}", case);
            let uid = claim.object.metadata.uid().unwrap();
            let is_contradicted = matches!(
                world.verdicts.get(uid),
                None | Some(Verdict::Conflict { .. } | Verdict::Ambiguous { .. })
            );
            prop_assert!(!is_contradicted);
            let recorded = claim.machine();
            let leave = permit.redeem(&case.identity.unwrap(), now).expect("a new permit is valid");
            let (cluster, machine) = (ClusterId::new(leave.cluster()), NodeUuid::new(leave.machine()));
            prop_assert_eq!(recorded, Some(machine.clone()));
            let reply = world.polls.cluster(&cluster).and_then(|view| view.latest()).unwrap();
            prop_assert!(reply.is_complete(&cluster) && lists(reply, &machine));
        }
    }

    /// LC-13a, LC-23, LC-50: of each group one goes by itself at a time: none that leaves fewer than the minimum, none that is
    /// broken while too many are, and none while a person's comes to its end.
    #[test]
    fn one_of_a_group_goes_by_itself_and_the_rest_is_enough(plan in plan()) {
        let world = watched(build(&plan));
        let mut gone = BTreeSet::new();
        for command in world.decide().into_iter().flat_map(|batch| batch.commands) {
            let Command::RemoveMachine(permit, case, _) = command else { continue };
            if permit.decided_by() == Decider::Manual {
                continue;
            }
            let group = case.node_group.as_str();
            prop_assert!(gone.insert(group.to_owned()), "a second one of {} goes", group);
            let mut members = world.claims.iter().filter(|claim| claim.object.spec.node_group_name() == group);
            prop_assert!(members.all(|claim| !claim.is_deleted()));
            let (capacity, affected, served) = counted(&world, group);
            if permit.decided_by() == Decider::ScaleDownPolicy {
                prop_assert!(capacity > case.group.min_nodes, "{} of {:?}", capacity, case.group);
            } else {
                prop_assert!(affected == 1 || affected * 5 <= served, "{} of {}", affected, served);
            }
        }
    }
}
