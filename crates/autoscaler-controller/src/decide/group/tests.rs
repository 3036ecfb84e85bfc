//! A NodeGroup in every situation, to the exact commands.

use super::*;
use crate::command::StatusWrite;
use crate::failure;
use crate::intent::{Intent, Outcome};
use crate::poll::Reply;
use crate::resources::{Condition, NodeGroupStatus, NodeInfo, Phase, keys};
use crate::testing::expected::target;
use crate::testing::{
    GroupBuilder, TestWorld, at, claim, cluster_id, condition, group, intent, provider_group, reply, world,
};
use vpsie_api::{Call, CallError, CreateGroup, SizeNumber};

/// The conditions that follow from the counts.
fn counted(is_ready: bool, is_at_minimum: bool, is_at_maximum: bool) -> [Condition; 3] {
    let ready = if is_ready {
        condition("Ready", true, "AtMinimumCapacity", "minNodes are Ready")
    } else {
        condition("Ready", false, "Reconciling", "fewer than minNodes are Ready")
    };
    let minimum = "whether the group has no more than minNodes";
    let maximum = "whether the group has maxNodes";
    [
        ready,
        condition("AtMinCapacity", is_at_minimum, "Counted", minimum),
        condition("AtMaxCapacity", is_at_maximum, "Counted", maximum),
    ]
}

/// The write of the status of an empty group, changed as told.
fn write(before: &GroupBuilder, change: impl FnOnce(&mut NodeGroupStatus)) -> Command {
    let mut status = before.0.status.clone().unwrap_or_default();
    status.current_nodes = Some(0);
    status.ready_nodes = Some(0);
    status.desired_nodes = Some(before.0.spec.min_nodes);
    status.nodes = Some(Vec::new());
    change(&mut status);
    let write = StatusWrite {
        status,
        cleared: Vec::new(),
    };
    Command::WriteNodeGroupStatus(target("web"), Box::new(write))
}

fn write_problem(before: &GroupBuilder, reason: &str, message: &str) -> Command {
    write(before, |status| {
        let is_ready = before.0.spec.min_nodes == 0;
        let mut conditions = vec![condition("Error", true, reason, message)];
        conditions.extend(counted(is_ready, true, false));
        status.conditions = Some(conditions);
    })
}

#[track_caller]
fn check(world: TestWorld, expected: &[Command]) {
    assert_eq!(world.group_commands("web"), expected);
}

/// A new group that has no number yet.
fn new() -> GroupBuilder {
    group("web").without_number()
}

/// Two replies that list these provider groups.
fn replies(groups: &[vpsie_api::NodeGroup]) -> [Reply; 2] {
    [-20, -10].map(|seconds| Reply {
        groups: groups.to_vec(),
        ..reply(seconds, &[])
    })
}

fn answered(world: TestWorld, replies: [Reply; 2]) -> TestWorld {
    replies
        .into_iter()
        .fold(world, |world, reply| world.answered(Ok(reply)))
}

// --- the group at VPSie ---

/// N1: without the label nothing of a group is touched, not even when it is deleted.
#[test]
fn unmanaged_group_is_left_alone() {
    let unmanaged = || new().unmanaged().without_finalizer().min(3);
    check(world().group(unmanaged()).polled(&[]), &[]);
    check(world().group(unmanaged().deleted()).polled(&[]), &[]);
    let member = claim("web-1").in_phase(Phase::Ready);
    check(
        world().group(unmanaged().deleted()).claim(member).polled(&[]),
        &[],
    );
}

/// Taking the label off a group does not strand what the finalizer holds.
#[test]
fn end_of_a_group_is_seen_through_without_the_label() {
    let ending = || new().unmanaged().deleted();
    check(
        world().group(ending()).polled(&[]),
        &[Kind::NodeGroup.release(&ending().0)],
    );
}

/// The provider group of the same name is the group's own, as for the Go autoscaler.
#[test]
fn provider_group_of_the_name_is_taken() {
    let before = new();
    let status = write(&before, |status| {
        status.vpsie_group_id = Some(412);
        status.conditions = Some(counted(true, true, false).to_vec());
    });
    let mut deleted = provider_group("web", 400);
    deleted.is_deleted = true;
    let groups = [deleted, provider_group("api", 401), provider_group("web", 412)];
    check(answered(world().group(before), replies(&groups)), &[status]);
}

/// A provider group is asked for when a complete reply shows none.
#[test]
fn missing_provider_group_is_asked_for() {
    let ask = |attempt| {
        let request = CreateGroup {
            cluster: cluster_id(),
            name: "web".to_owned(),
            size: SizeNumber::new(7),
        };
        Command::CreateProviderGroup(target("web"), request, attempt)
    };
    let plain = |before: &GroupBuilder| {
        write(before, |status| {
            status.conditions = Some(counted(true, true, false).to_vec());
        })
    };
    check(
        answered(world().group(new()), replies(&[])),
        &[ask(1), plain(&new())],
    );
    let [mut cut, _] = replies(&[]);
    cut.cluster.count = Some(9);
    check(world().group(new()).answered(Ok(cut)), &[plain(&new())]);

    let with_intent = |intent: &Intent| {
        let text = intent.to_annotation();
        new().but(|group| {
            let annotation = (keys::ANNOTATION_GROUP_INTENT.to_owned(), text);
            group.metadata.annotations = Some([annotation].into());
        })
    };
    let recent = with_intent(&intent(Outcome::Accepted, -119));
    check(
        answered(world().group(recent.clone()), replies(&[])),
        &[plain(&recent)],
    );
    let old = with_intent(&intent(Outcome::Accepted, -120));
    check(
        answered(world().group(old.clone()), replies(&[])),
        &[ask(2), plain(&old)],
    );
    let mut refused = intent(Outcome::Refused, -29);
    refused.error = Some("no such size".to_owned());
    let refused = with_intent(&refused);
    let problem = write_problem(&refused, "VPSieAPIError", "no such size");
    check(answered(world().group(refused), replies(&[])), &[problem]);
}

/// Every reason why a group waits, with the condition that shows it.
#[test]
fn group_that_cannot_be_provided_says_why() {
    let problem = |before: GroupBuilder, groups: &[vpsie_api::NodeGroup], reason: &str, message: &str| {
        let problem = write_problem(&before, reason, message);
        check(answered(world().group(before), replies(groups)), &[problem]);
    };
    let web = || [provider_group("web", 412)];
    problem(
        group("web").min(3).max(2),
        &web(),
        "ValidationFailed",
        "minNodes exceeds maxNodes; lower it",
    );
    problem(
        new().but(|group| group.spec.resource_identifier = String::new()),
        &web(),
        "ValidationFailed",
        "resourceIdentifier is empty; set it to the identifier of the VPSie cluster",
    );
    problem(
        new().but(|group| group.spec.kube_size_id = None),
        &web(),
        "ValidationFailed",
        "kubeSizeID is missing; set it to a size of VPSie",
    );
    problem(
        new().but(|group| group.spec.kube_size_id = Some(8)),
        &web(),
        "ValidationFailed",
        "VPSie's group web has another size than kubeSizeID 8; correct it",
    );
    problem(
        group("web").min(3),
        &[],
        "ProviderGroupNotFound",
        "VPSie no longer lists group 412; recreate it there, or recreate this NodeGroup",
    );
    let mut deleted = provider_group("web", 412);
    deleted.is_deleted = true;
    problem(
        group("web").min(3),
        &[deleted],
        "ProviderGroupNotFound",
        "VPSie no longer lists group 412; recreate it there, or recreate this NodeGroup",
    );
    problem(
        new(),
        &[provider_group("web", u64::MAX)],
        "VPSieAPIError",
        "VPSie's group web has an impossible number",
    );
}

/// E1: an error of VPSie is shown, makes nothing, and goes with the next good reply.
#[test]
fn error_of_vpsie_is_shown_until_it_answers() {
    let call = Call::GetCluster;
    let table = [
        (CallError::Absent { call }, "ClusterNotFound"),
        (CallError::TimedOut { call }, "VPSieAPIError"),
    ];
    for (error, reason) in table {
        let before = group("web").min(1);
        let problem = write_problem(
            &before,
            reason,
            &format!("resourceIdentifier c1: {}", failure::of_poll(&error)),
        );
        check(world().group(before).polled(&[]).answered(Err(error)), &[problem]);
    }
    for before in [group("web"), new()] {
        let shown = before.but(|group| {
            let error = condition("Error", true, "VPSieAPIError", "before");
            group.status.get_or_insert_default().conditions = Some(vec![error]);
        });
        let commands = answered(world().group(shown), replies(&[])).group_commands("web");
        let Some(Command::WriteNodeGroupStatus(_, write)) = commands.last() else {
            panic!("no status: {commands:?}");
        };
        let conditions = write.status.conditions.clone().unwrap_or_default();
        let error = conditions.iter().find(|condition| condition.type_ == "Error");
        let is_cleared = error.is_none_or(|error| error.message.as_deref() != Some("before"));
        assert!(is_cleared, "{conditions:?}");
    }
}

/// Nothing is asked about a cluster that was not polled yet.
#[test]
fn group_waits_for_the_first_poll() {
    let before = new().min(2);
    let status = write(&before, |status| {
        status.conditions = Some(counted(false, true, false).to_vec());
    });
    check(world().group(before), &[status]);
}

/// Two groups of one name in one cluster would be one group at VPSie; the one that has it keeps it.
#[test]
fn namesakes_in_two_namespaces_are_refused() {
    let message = "NodeGroup other/web would have the same group at VPSie; rename one of them";
    let other = || new().in_namespace("other");
    let problem = write_problem(&new(), "ValidationFailed", message);
    let both = world().group(new()).group(other());
    check(answered(both, replies(&[provider_group("web", 412)])), &[problem]);

    let status = write(&group("web"), |status| {
        status.conditions = Some(counted(true, true, false).to_vec());
    });
    let known = world().group(group("web")).group(other());
    check(answered(known, replies(&[provider_group("web", 412)])), &[status]);

    let elsewhere = other().but(|group| group.spec.resource_identifier = "c2".to_owned());
    let apart = world().group(new()).group(elsewhere);
    let commands = answered(apart, replies(&[])).group_commands("web");
    assert_eq!(commands[0].label(), "create-provider-group");
}

/// The finalizer comes first: a group must not vanish while something is made for it.
#[test]
fn finalizer_of_a_group_comes_first() {
    let commands = world()
        .group(group("web").without_finalizer().min(1))
        .polled(&[])
        .group_commands("web");
    let labels: Vec<&str> = commands.iter().map(Command::label).collect();
    assert_eq!(
        labels,
        ["add-finalizer", "create-vpsienode", "write-nodegroup-status"]
    );
    let finalizers = vec![keys::FINALIZER_NODE_GROUP.to_owned()];
    assert_eq!(
        commands[0],
        Command::AddFinalizer(Kind::NodeGroup, target("web"), finalizers)
    );
}

// --- the end of a group ---

fn deletion(name: &str) -> Command {
    Command::DeleteVpsieNode(Target {
        name: name.to_owned(),
        uid: format!("kube-system/{name}"),
        ..target("web")
    })
}

/// E4: deleting the group is a person's decision about all of its VPSieNodes, Failed ones included.
#[test]
fn deleted_group_deletes_its_vpsie_nodes_and_no_others() {
    let commands = world()
        .group(group("web").min(3).deleted())
        .claim(claim("web-1").in_phase(Phase::Ready))
        .claim(claim("web-2").in_phase(Phase::Failed))
        .claim(claim("web-3").in_phase(Phase::Ready).deleted())
        .claim(claim("api-1").in_phase(Phase::Ready))
        .claim(claim("web-4").in_namespace("other"))
        .polled(&[])
        .group_commands("web");
    assert_eq!(commands[..2], [deletion("web-1"), deletion("web-2")]);
    let labels: Vec<&str> = commands[2..].iter().map(Command::label).collect();
    assert_eq!(labels, ["write-nodegroup-status"]);
}

/// A deleted group goes when its last VPSieNode, and so its last machine, is gone.
#[test]
fn deleted_group_goes_after_its_last_vpsie_node() {
    let release = Command::RemoveFinalizer(Kind::NodeGroup, target("web"), Vec::new());
    check(
        world().group(group("web").min(3).deleted()).polled(&[]),
        &[release],
    );
    let not_held = group("web").deleted().without_finalizer();
    check(world().group(not_held.clone()).polled(&[]), &[]);
    check(
        world().group(not_held).claim(claim("web-1")).polled(&[]),
        &[deletion("web-1")],
    );
    let with_other = group("web").deleted().but(|group| {
        group
            .metadata
            .finalizers
            .get_or_insert_default()
            .push("other".to_owned())
    });
    let release = Command::RemoveFinalizer(Kind::NodeGroup, target("web"), vec!["other".to_owned()]);
    check(world().group(with_other), &[release]);
}

// --- counts ---

/// S1, S2: all phases count as current, only Ready as ready; nodes are listed once they have a name.
#[test]
fn counts_are_those_of_the_vpsie_nodes() {
    let named = claim("web-1")
        .in_phase(Phase::Ready)
        .status(|status| {
            status.node_name = Some("n1".to_owned());
            (status.created_at, status.ready_at) = (Some(at(-60)), Some(at(-30)));
        })
        .but(|claim| {
            claim.spec.vpsie_instance_id = 71_003;
            claim.spec.instance_type = "small".to_owned();
            claim.spec.ip_address = Some("10.0.0.4".to_owned());
        });
    let before = group("web").min(1).max(4).but(|group| {
        group.status.get_or_insert_default().desired_nodes = Some(9);
    });
    let status = write(&before, |status| {
        status.current_nodes = Some(4);
        status.ready_nodes = Some(1);
        status.desired_nodes = Some(2);
        status.nodes = Some(vec![NodeInfo {
            node_name: "n1".to_owned(),
            vps_id: 71_003,
            instance_type: "small".to_owned(),
            status: "Ready".to_owned(),
            created_at: Some(at(-60)),
            ready_at: Some(at(-30)),
            ip_address: Some("10.0.0.4".to_owned()),
        }]);
        status.conditions = Some(counted(true, false, true).to_vec());
    });
    let world = world()
        .group(before)
        .claim(named)
        .claim(claim("web-2").in_phase(Phase::Failed))
        .claim(claim("web-3").in_phase(Phase::Pending))
        .claim(claim("web-4").in_phase(Phase::Terminating).deleted())
        .claim(claim("web-5").in_namespace("other"));
    check(world.polled(&[]), &[status]);
}
