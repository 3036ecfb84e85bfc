//! What becomes of members that are broken or short of disk, and of those beside them.

use super::*;
use crate::kept::Node;
use crate::resources::{Phase, ScaleDownPolicy};
use crate::testing::expected::{node_target, target};
use crate::testing::{
    ClaimBuilder, GroupBuilder, TestWorld, claim, condition, drained, group, member, own_node, told, world,
};
use chrono::TimeDelta;

/// A group whose broken members may go by themselves.
fn cleaned() -> GroupBuilder {
    annotated("enabled")
}

fn annotated(value: &str) -> GroupBuilder {
    group("web").min(1).but(|group| {
        let annotations = group.metadata.annotations.get_or_insert_default();
        annotations.insert(keys::ANNOTATION_UNHEALTHY_CLEANUP.to_owned(), value.to_owned());
    })
}

/// A world of so many members, of which these are idle or otherwise special.
fn with(group: GroupBuilder, size: usize, special: Vec<(ClaimBuilder, Node)>) -> TestWorld {
    let first = special.len() + 1;
    let usual = (first..=size).map(|number| format!("web-{number}"));
    let usual = usual.map(|name| (member(&name, State::Idle), own_node(&name)));
    let machines: Vec<String> = (1..=size).map(|number| format!("m{number}")).collect();
    let machines: Vec<&str> = machines.iter().map(String::as_str).collect();
    let members = special.into_iter().chain(usual);
    let world = members.fold(world().group(group), |world, (member, node)| {
        world.member(member, node)
    });
    world.polled(&machines)
}

/// Lets the lives see it so many times, ten seconds apart.
fn seen(mut world: TestWorld, times: usize) -> TestWorld {
    for _ in 0..times {
        world.look();
        world.now += TimeDelta::seconds(10);
    }
    world
}

fn full(name: &str) -> (ClaimBuilder, Node) {
    let node = told(own_node(name), "DiskPressure", "True");
    (member(name, State::Idle), node)
}

fn broken(name: &str) -> (ClaimBuilder, Node) {
    let node = told(own_node(name), "Ready", "Unknown");
    (member(name, State::Unhealthy), node)
}

/// One whose Node left service for its disk, a minute ago.
fn drained_for_disk(name: &str) -> (ClaimBuilder, Node) {
    let (member, mut node) = full(name);
    drained(&mut node, -60);
    let drain = Drain {
        is_for_disk: true,
        ..Drain::of(&node).expect("it is marked")
    };
    let annotations = &mut node.metadata.annotations;
    annotations.insert(keys::ANNOTATION_DRAIN.to_owned(), drain.to_annotation());
    (member, node)
}

/// Lists what is done about Nodes and machines, and said of them, as `web-1: drain-node`.
fn done(world: &TestWorld) -> Vec<String> {
    let mut done = Vec::new();
    for batch in world.decide() {
        let name = batch.subject.rsplit('/').next().unwrap_or_default();
        let told = batch.commands.iter().filter_map(told_by);
        done.extend(told.map(|told| format!("{name}: {told}")));
    }
    done
}

fn told_by(command: &Command) -> Option<String> {
    const ENDS: [&str; 4] = ["drain-node", "return-node", "remove-machine", "delete-vpsienode"];
    if let Command::WriteVpsieNodeStatus(_, write) = command {
        let mut conditions = write.status.conditions.iter().flatten();
        let degraded = conditions.find(|condition| condition.type_ == DEGRADED);
        return degraded?.reason.clone();
    }
    let leaves_service = matches!(command, Command::DrainNode(_, drain) if drain.is_for_disk);
    let label = if leaves_service {
        "leaves service"
    } else {
        command.label()
    };
    (leaves_service || ENDS.contains(&label)).then(|| label.to_owned())
}

/// LC-13, LC-13a: after three observations a full disk takes its Node out of service; its life drains once that is
/// written.
#[test]
fn full_disk_takes_a_node_out_of_service() {
    let world = seen(with(group("web").min(1), 5, vec![full("web-1")]), 2);
    assert_eq!(done(&world), Vec::<String>::new());
    assert_eq!(world.refusals(), ["n1 too_few_observations unhealthy_cleanup"]);
    let mut world = seen(world, 1);
    assert_eq!(done(&world), ["web-1: leaves service", "web-1: DiskPressure"]);
    let drain = Command::DrainNode(node_target("n1"), Drain::for_disk(&own_node("web-1"), world.now));
    assert!(world.claim_commands("web-1").contains(&drain));
    assert_eq!(
        world.lives.of("kube-system/web-1").map(Life::state),
        Some(State::Idle)
    );
    let (_, marked) = drained_for_disk("web-1");
    world.nodes[0] = Arc::new(marked);
    assert_eq!(world.look(), ["idle > draining: disk_pressure"]);
    assert_eq!(done(&world), ["web-1: DiskPressure"]);
    assert_eq!(world.look(), Vec::<String>::new());
}

/// LC-13a: of one NodeGroup one member goes at a time: a broken one before an idle one, not beside it.
#[test]
fn broken_member_goes_before_an_idle_one_and_not_beside_it() {
    let both = || {
        cleaned().but(|group| {
            group.spec.scale_down_policy = Some(ScaleDownPolicy {
                enabled: Some(true),
                ..ScaleDownPolicy::default()
            });
        })
    };
    let idle = seen(with(both(), 5, vec![]), 3);
    assert_eq!(done(&idle), ["web-1: drain-node"]);
    let beside = seen(with(both(), 5, vec![broken("web-1")]), 3);
    assert_eq!(done(&beside), ["web-1: drain-node"]);
}

/// LC-13a: one observation is as far from the next as two polls; looks in between are none.
#[test]
fn looks_between_two_polls_are_one_observation() {
    let mut world = with(group("web").min(1), 5, vec![full("web-1")]);
    for _ in 0..4 {
        world.look();
        world.now += TimeDelta::seconds(4);
    }
    let wrong = world.lives.wrong("kube-system/web-1");
    assert_eq!(
        wrong.map(Wrong::pressed),
        Some(2),
        "at once, and twelve seconds later"
    );
}

/// LC-13: what has left service for its disk stays out of it, whether or not the disk is full any longer.
#[test]
fn node_that_left_service_for_its_disk_does_not_come_back() {
    let (member, node) = drained_for_disk("web-1");
    let empty = told(node, "DiskPressure", "False");
    let world = seen(
        with(group("web").min(1), 5, vec![(member.clone(), empty.clone())]),
        1,
    );
    assert_eq!(done(&world), ["web-1: DiskPressure"]);
    let mut uncordoned = empty;
    uncordoned.spec.is_cordoned = false;
    let world = seen(with(group("web").min(1), 5, vec![(member, uncordoned)]), 1);
    assert_eq!(done(&world), ["web-1: leaves service", "web-1: DiskPressure"]);
}

/// LC-13a: of two members in five nothing is done by itself; it is once one of them has recovered.
#[test]
fn brake_holds_while_too_many_are_affected() {
    let both = vec![full("web-1"), full("web-2")];
    let mut world = seen(with(group("web").min(1), 5, both), 3);
    assert_eq!(done(&world), ["web-1: TooManyAffected", "web-2: TooManyAffected"]);
    let refused = |name| format!("{name} too_many_affected unhealthy_cleanup");
    assert_eq!(world.refusals(), [refused("n1"), refused("n2")]);
    world.nodes[1] = Arc::new(own_node("web-2"));
    let world = seen(world, 1);
    assert_eq!(done(&world), ["web-1: leaves service", "web-1: DiskPressure"]);
    // One that is broken counts as well, and two of ten are not too many.
    let mixed = || vec![full("web-1"), broken("web-2")];
    let world = seen(with(group("web").min(1), 5, mixed()), 3);
    assert_eq!(done(&world), ["web-1: TooManyAffected"]);
    let world = seen(with(group("web").min(1), 10, mixed()), 3);
    assert_eq!(done(&world), ["web-1: leaves service", "web-1: DiskPressure"]);
}

/// LC-13a: a member that was never in service is none of those of which too many may be affected.
#[test]
fn member_that_never_served_makes_no_share_smaller() {
    let both = vec![full("web-1"), full("web-2")];
    let nine = with(group("web").min(1), 9, both);
    let world = seen(nine.claim(claim("web-10")), 3);
    assert_eq!(done(&world), ["web-1: TooManyAffected", "web-2: TooManyAffected"]);
}

/// LC-13, LC-14: silence is no full disk, and what people keep is left alone.
#[test]
fn nothing_is_done_about_a_disk_without_evidence_or_leave() {
    let unknown = (
        member("web-1", State::Idle),
        told(own_node("web-1"), "DiskPressure", "Unknown"),
    );
    let (excepted, mut node) = full("web-1");
    let annotations = &mut node.metadata.annotations;
    annotations.insert(keys::ANNOTATION_PROTECTED.to_owned(), keys::TRUE.to_owned());
    let edited = || {
        let (member, node) = full("web-1");
        (member.annotated(keys::ANNOTATION_REMOVAL_INTENT, "{"), node)
    };
    let web = || group("web").min(1);
    let table = [
        (web(), unknown),
        (web(), (excepted, node)),
        (web(), edited()),
        (web().unmanaged(), full("web-1")),
    ];
    for (group, first) in table {
        let world = seen(with(group, 5, vec![first]), 3);
        assert_eq!(done(&world), Vec::<String>::new());
        assert_eq!(world.refusals(), Vec::<String>::new());
    }
}

/// LC-20, LC-25: where its NodeGroup asks for it, a broken and empty member goes by itself, and nowhere else.
#[test]
fn broken_member_goes_where_its_group_asks_for_it() {
    let other = [group("web").min(1), annotated("true"), cleaned().unmanaged()];
    for group in other {
        let world = seen(with(group, 5, vec![broken("web-1")]), 9);
        assert_eq!(done(&world), Vec::<String>::new());
    }
    let mut world = seen(with(cleaned(), 5, vec![broken("web-1")]), 2);
    assert_eq!(world.refusals(), ["n1 too_few_observations unhealthy_cleanup"]);
    world = seen(world, 1);
    assert_eq!(done(&world), ["web-1: drain-node"]);
    drained(Arc::make_mut(&mut world.nodes[0]), 0);
    let world = seen(world, 1);
    let commands = world.claim_commands("web-1");
    let removal = commands.iter().find_map(|command| {
        if let Command::RemoveMachine(permit, case, 1) = command {
            return Some((permit, case));
        }
        None
    });
    let (permit, case) = removal.expect("its machine goes");
    assert_eq!(permit.decided_by(), Decider::UnhealthyCleanup);
    assert_eq!(case.claim, target("web-1"));
}

/// LC-11: one that has recovered stays, and its Node takes pods again.
#[test]
fn member_that_has_recovered_takes_pods_again() {
    let mut world = seen(with(cleaned(), 5, vec![broken("web-1")]), 3);
    let mut node = own_node("web-1");
    drained(&mut node, 0);
    world.nodes[0] = Arc::new(node);
    assert_eq!(done(&seen(world, 1)), ["web-1: return-node"]);
}

/// LC-13a: one at a time, and none while another comes or goes, or came a short time ago.
#[test]
fn broken_members_go_one_at_a_time() {
    let two = || vec![broken("web-1"), broken("web-2")];
    let world = || with(cleaned(), 10, two());
    assert_eq!(done(&seen(world(), 3)), ["web-1: drain-node"]);
    let beside = |third: ClaimBuilder| done(&seen(world().claim(third), 3));
    assert_eq!(beside(claim("web-11").created(-86_400)), Vec::<String>::new());
    assert_eq!(
        beside(member("web-11", State::Idle).created(-500)),
        Vec::<String>::new()
    );
    assert_eq!(
        beside(member("web-11", State::Idle).deleted()),
        Vec::<String>::new()
    );
    // Who is marked goes on.
    let mut marked = world();
    drained(Arc::make_mut(&mut marked.nodes[1]), 15);
    let done = done(&seen(marked, 3));
    assert_eq!(done, ["web-2: remove-machine"]);
}

/// E4, LC-20: one that has Failed is a person's, and says so.
#[test]
fn failed_member_waits_for_a_person() {
    let (member, node) = broken("web-1");
    let failed = member.in_phase(Phase::Failed).status(|status| {
        status.conditions = Some(vec![condition(
            "Error",
            true,
            "MachineNotRunning",
            "it does not run",
        )]);
    });
    let world = seen(with(cleaned(), 5, vec![(failed, node)]), 3);
    assert_eq!(done(&world), ["web-1: ManualCleanupRequired"]);
    assert_eq!(world.refusals(), ["n1 manual_cleanup_required unhealthy_cleanup"]);
}

/// LC-13, LC-20: what left service for its disk goes once it is empty, where its NodeGroup asks for that.
#[test]
fn drained_member_goes_once_it_is_empty() {
    let world = |group| with(group, 5, vec![drained_for_disk("web-1")]);
    let stays = ["web-1: DiskPressure"];
    assert_eq!(done(&seen(world(group("web").min(1)), 1)), stays);
    assert_eq!(done(&seen(world(cleaned()), 1)), ["web-1: remove-machine"]);
    let mut used = world(cleaned());
    let pod = serde_json::json!({
        "metadata": { "name": "p", "namespace": "default", "uid": "p" },
        "spec": { "nodeName": "n1", "containers": [] },
    });
    let pod = serde_json::from_value(pod).expect("a pod");
    used.pods.take(kube::runtime::watcher::Event::Apply(pod));
    assert_eq!(done(&seen(used, 1)), stays);
}

/// What is seen by a wrong clock counts for nothing.
#[test]
fn wrong_clock_lets_nothing_go() {
    let mut world = seen(with(cleaned(), 5, vec![broken("web-1")]), 3);
    world.skew = Some(crate::skew::Skew::Behind);
    assert_eq!(done(&world), Vec::<String>::new());
}
