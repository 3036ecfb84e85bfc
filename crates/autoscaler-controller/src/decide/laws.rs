//! What must hold in every world, over worlds made at random.

mod plans;
mod removals;

use crate::command::{Batch, Command, Kind};
use crate::kept::VPSieNode;
use crate::poll::Identity;
use crate::resources::{NodeGroup, Phase, VPSieNodeStatus};
use crate::skew::Skew;
use crate::testing::{TestWorld, at, cluster_id};
use crate::world::ClaimObject;
use plans::{GROUPS, Plan, Sketch, build, plan};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

// --- what is decided, and doing it ---

fn claim_of<'w>(world: &'w TestWorld, name: &str) -> &'w ClaimObject {
    let named = |claim: &&ClaimObject| claim.object.metadata.name() == Some(name);
    world
        .claims
        .iter()
        .find(named)
        .expect("commands are about objects of the world")
}

/// Writes the decided statuses and nothing else.
fn write_statuses(world: &mut TestWorld, batches: &[Batch]) -> usize {
    let mut written = 0;
    for command in batches.iter().flat_map(|batch| &batch.commands) {
        if let Command::WriteVpsieNodeStatus(target, write) = command {
            let claim = world.claims.iter_mut();
            let claim = claim
                .into_iter()
                .find(|claim| claim.object.metadata.uid() == Some(target.uid.as_str()));
            let claim = claim.expect("the status of an object of the world");
            let mut object = VPSieNode::clone(&claim.object);
            object.status = Some((&write.status).into());
            *claim = ClaimObject::new(Arc::new(object));
            written += 1;
        }
        if let Command::WriteNodeGroupStatus(target, write) = command {
            let group = world.groups.iter_mut();
            let group = group
                .into_iter()
                .find(|group| group.metadata.uid.as_ref() == Some(&target.uid));
            let group = group.expect("the status of an object of the world");
            let mut object = NodeGroup::clone(group);
            object.status = Some(write.status.clone());
            *group = Arc::new(object);
            written += 1;
        }
    }
    written
}

/// Lets the lives see a world three times, ten seconds apart: often enough for whatever needs several observations.
fn watched(mut world: TestWorld) -> TestWorld {
    for seconds in [-20, -10, 0] {
        world.now = at(seconds);
        world.look();
    }
    world
}

/// Tells whether a batch does nothing but write statuses.
fn is_only_status(batch: &Batch) -> bool {
    let is_status = |command: &Command| {
        matches!(
            command,
            Command::WriteVpsieNodeStatus(..) | Command::WriteNodeGroupStatus(..)
        )
    };
    batch.commands.iter().all(is_status)
}

/// Tells whether a batch is the request of a VPSieNode that the same pass makes.
fn is_of_newcomer(batch: &Batch) -> bool {
    let is_new = |command: &Command| matches!(command, Command::RequestMachine(request) if request.target.uid.is_empty());
    batch.commands.iter().any(is_new)
}

fn phases(world: &TestWorld) -> BTreeMap<String, Phase> {
    let phase = |claim: &ClaimObject| (claim.object.uid().unwrap(), claim.object.phase());
    world.claims.iter().map(phase).collect()
}

fn numbers(world: &TestWorld) -> Vec<Option<i64>> {
    let number = |group: &Arc<NodeGroup>| group.status.as_ref()?.vpsie_group_id;
    world.groups.iter().map(number).collect()
}

/// Tells whether a command is right whatever the time is.
fn needs_no_time(world: &TestWorld, command: &Command) -> bool {
    match command {
        Command::AddFinalizer(..)
        | Command::RemoveFinalizer(Kind::NodeGroup, ..)
        | Command::CreateVpsieNode(_)
        | Command::DeleteVpsieNode(_)
        | Command::LabelNode(..)
        | Command::WriteNodeGroupStatus(..) => true,
        Command::RemoveFinalizer(Kind::VpsieNode, target, _) => {
            !claim_of(world, &target.name).may_have_machine()
        }
        Command::RecordMachine(_, record) => record.life.is_none(),
        Command::WriteVpsieNodeStatus(target, write) => {
            let (status, stored) = (
                &write.status,
                claim_of(world, &target.name).object.status.as_ref(),
            );
            let stamps = |status: &VPSieNodeStatus| {
                let first = (status.created_at, status.provisioned_at, status.joined_at);
                (first, status.ready_at, status.terminating_at)
            };
            stored.is_some_and(|stored| stamps(&stored.to_stored()) == stamps(status))
        }
        Command::CreateProviderGroup(..)
        | Command::CreateNodeGroup(_)
        | Command::DeleteNodeGroup(_)
        | Command::RequestMachine(_)
        | Command::DrainNode(..)
        | Command::ReturnNode(..)
        | Command::RemoveMachine(..)
        | Command::DeleteNode(_)
        | Command::Bury(_)
        | Command::WriteLife(..) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// The order in which objects are listed decides nothing.
    #[test]
    fn order_of_objects_does_not_matter(plan in plan(), rotation in 0..7_usize) {
        let straight = build(&plan).decide();
        let mut shuffled = build(&plan);
        shuffled.groups.reverse();
        shuffled.claims.reverse();
        let middle = rotation.min(shuffled.claims.len());
        shuffled.claims.rotate_left(middle);
        shuffled.nodes.reverse();
        prop_assert_eq!(straight, shuffled.decide());
    }

    /// One object has one batch, and an object that is left alone has none. Requests of what the pass makes come last.
    #[test]
    fn every_object_has_at_most_one_batch(plan in plan()) {
        let batches = build(&plan).decide();
        let (new, seen): (Vec<&Batch>, Vec<&Batch>) = batches.iter().partition(|batch| is_of_newcomer(batch));
        let mut subjects: Vec<&str> = seen.iter().map(|batch| batch.subject.as_str()).collect();
        prop_assert!(subjects.is_sorted(), "{:?}", subjects);
        let last: Vec<&Batch> = batches.iter().skip(seen.len()).collect();
        prop_assert_eq!(&last, &new);
        subjects.extend(new.iter().map(|batch| batch.subject.as_str()));
        subjects.sort_unstable();
        subjects.dedup();
        prop_assert_eq!(subjects.len(), batches.len());
        prop_assert!(batches.iter().all(|batch| !batch.commands.is_empty()));
    }

    /// I1, I2: a machine is asked for only where none can exist, under a finalizer, against a baseline, once.
    #[test]
    fn nothing_that_may_have_a_machine_is_given_another(plan in plan()) {
        let world = build(&plan);
        let batches = world.decide();
        let mut made = Vec::new();
        for batch in &batches {
            let mut requests = 0;
            for (place, command) in batch.commands.iter().enumerate() {
                if let Command::CreateVpsieNode(object) = command {
                    made.push(ClaimObject::new(Arc::new(object.as_ref().into())));
                }
                let Command::RequestMachine(request) = command else { continue };
                let is_it = |claim: &&ClaimObject| claim.object.metadata.name() == Some(request.target.name.as_str());
                let claim = if is_of_newcomer(batch) {
                    prop_assert!(request.target.resource_version.is_empty() && request.life.is_none());
                    made.iter().find(is_it).expect("who asks is made before, in the same pass")
                } else {
                    claim_of(&world, &request.target.name)
                };
                requests += 1;
                prop_assert_eq!(place, 0, "the intent is written before anything else");
                prop_assert!(!claim.may_have_machine() && !claim.is_deleted());
                prop_assert!(claim.object.metadata.finalizers().next().is_some());
                let view = world.polls.cluster(&request.cluster).unwrap();
                prop_assert!(view.baseline_replies().is_some());
            }
            prop_assert!(requests <= 1);
        }
    }

    /// I6: a VPSieNode is let go only when no machine of it can exist.
    #[test]
    fn nothing_that_may_have_a_machine_is_let_go(plan in plan()) {
        let world = build(&plan);
        for command in world.decide().into_iter().flat_map(|batch| batch.commands) {
            let Command::RemoveFinalizer(Kind::VpsieNode, target, _) = command else { continue };
            let claim = claim_of(&world, &target.name);
            let cluster = world.polls.cluster(&cluster_id());
            let is_gone = |machine: Identity| cluster.is_some_and(|view| view.is_gone(&machine));
            let is_proven = match claim.identity() {
                Some(machine) => is_gone(machine),
                None => !claim.may_have_machine() || world.without_candidate.is_proven(&target.uid),
            };
            prop_assert!(claim.is_deleted() && is_proven);
        }
    }

    /// S1: no group passes its maximum, nor its minimum by more than the one replacement.
    #[test]
    fn no_group_grows_past_its_bounds(plan in plan()) {
        for (batch, sketch) in named(&plan) {
            let made = batch.commands.iter().filter(|command| matches!(command, Command::CreateVpsieNode(_))).count();
            let members = sketch.members.len();
            let staying = sketch.members.iter().filter(|member| !member.is_deleted).count();
            let maximum = usize::try_from(sketch.maximum).unwrap();
            let minimum = usize::try_from(sketch.minimum).unwrap();
            prop_assert!(made == 0 || (members + made <= maximum && staying + made <= minimum.max(staying + 1)));
        }
    }

    /// Decide twice, write once: a status that does not move on is not written again, and all come to rest.
    #[test]
    fn statuses_come_to_rest(plan in plan()) {
        let mut world = build(&plan);
        let mut first = world.decide();
        first.retain(is_only_status);
        let (before, numbers_before) = (phases(&world), numbers(&world));
        write_statuses(&mut world, &first);
        let after = phases(&world);
        let has_any_moved = before != after || numbers_before != numbers(&world);
        let has_moved = |batch: &Batch| match batch.subject.strip_prefix("VPSieNode ") {
            // Turns and counts follow from the phases of others.
            None => has_any_moved,
            Some(uid) => before[uid] != after[uid]
                || (has_any_moved && matches!(after[uid], Phase::Pending | Phase::Provisioning)),
        };
        let mut second = world.decide();
        second.retain(|batch| first.iter().any(|earlier| earlier.subject == batch.subject));
        second.retain(|batch| is_only_status(batch) && !has_moved(batch));
        prop_assert!(second.is_empty(), "again: {:?}\nafter: {:?}", second, first);
        for _ in 0..4 {
            let mut batches = world.decide();
            batches.retain(is_only_status);
            write_statuses(&mut world, &batches);
        }
        let mut rest = world.decide();
        rest.retain(is_only_status);
        prop_assert!(rest.is_empty(), "still: {:?}", rest);
    }

    /// Bad input: by a clock that cannot be believed nothing asks VPSie, removes, ends or stamps, and all come to rest.
    #[test]
    fn nothing_that_counts_time_is_done_by_a_wrong_clock(plan in plan()) {
        let mut world = watched(build(&plan));
        world.skew = Some(Skew::Behind);
        let before = phases(&world);
        for batch in world.decide() {
            for command in &batch.commands {
                prop_assert!(needs_no_time(&world, command), "{:?}", command);
            }
        }
        let batches = world.decide();
        write_statuses(&mut world, &batches);
        prop_assert_eq!(before, phases(&world));
        let mut rest = world.decide();
        rest.retain(is_only_status);
        prop_assert!(rest.is_empty(), "still: {:?}", rest);
    }

    /// E4: what has Failed stays so, unless its Node joined after all, and says why.
    #[test]
    fn failed_vpsie_nodes_stay_failed_and_say_why(plan in plan()) {
        let mut world = build(&plan);
        let failed_before: Vec<String> = phases(&world)
            .into_iter()
            .filter_map(|(uid, phase)| (phase == Phase::Failed).then_some(uid))
            .collect();
        let batches = world.decide();
        write_statuses(&mut world, &batches);
        for claim in world.claims.iter().filter(|claim| !claim.is_deleted()) {
            let uid = claim.object.uid().unwrap();
            let is_failed = claim.object.phase() == Phase::Failed;
            if failed_before.contains(&uid) {
                prop_assert!(is_failed || claim.object.phase() == Phase::Ready);
            } else if is_failed {
                prop_assert!(claim.object.condition("Error").is_some_and(|error| error.is_true()));
            }
        }
    }
}

/// The batches of the groups of a plan, with their sketches.
fn named(plan: &Plan) -> Vec<(Batch, &Sketch)> {
    let batches = build(plan).decide().into_iter();
    let sketch_of = |batch: &Batch| {
        let name = batch.subject.strip_prefix("NodeGroup kube-system/")?;
        let place = GROUPS.iter().position(|(group, _)| *group == name)?;
        Some(&plan.groups[place])
    };
    batches
        .filter_map(|batch| sketch_of(&batch).map(|sketch| (batch, sketch)))
        .collect()
}

/// Names the kind of a command, and of an end whose decision it is.
fn kind_of(command: &Command) -> String {
    let label = command.label();
    if let Command::RemoveMachine(permit, ..) = command {
        return format!("{label} {}", permit.decided_by());
    }
    let is_for_disk = matches!(command, Command::DrainNode(_, drain) if drain.is_for_disk);
    format!("{label}{}", if is_for_disk { " for its disk" } else { "" })
}

/// The random worlds are worth something only if every command occurs in them.
#[test]
fn random_worlds_contain_every_command() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..1000 {
        let plan = plan().new_tree(&mut runner).unwrap().current();
        let batches = watched(build(&plan)).decide();
        let commands = batches.iter().flat_map(|batch| &batch.commands);
        let kinds: BTreeSet<String> = commands.map(kind_of).collect();
        for kind in kinds {
            *counts.entry(kind).or_default() += 1;
        }
    }
    let rare: Vec<(&String, &u32)> = counts.iter().filter(|(_, count)| **count < 12).collect();
    assert!(
        counts.len() == 19 && rare.is_empty(),
        "in 1,000 worlds: {counts:?}"
    );
}
