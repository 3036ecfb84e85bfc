//! Phases Provisioned, Joining and Ready in every situation, to the exact commands.

use super::*;
use crate::command::NodeMarks;
use crate::resources::keys;
use crate::testing::expected::{check, conditions, node_target, prepared, with_machine, with_node, write};
use crate::testing::{ClaimBuilder, at, condition, node, without_node};
use chrono::TimeDelta;
use vpsie_api::{Call, CallError};

fn not_ready(name: &str) -> Node {
    let mut node = node(name);
    node.status = None;
    node
}

fn marks() -> NodeMarks {
    let text = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        pairs.collect()
    };
    NodeMarks {
        claim: "web-1".to_owned(),
        claim_uid: "kube-system/web-1".to_owned(),
        labels: text(&[
            (keys::LABEL_MANAGED, "true"),
            (keys::LABEL_NODE_GROUP, "web"),
            (keys::LABEL_VPSIE_NODE, "web-1"),
            (keys::LABEL_DATACENTER, "dc1"),
        ]),
        annotations: text(&[
            (keys::ANNOTATION_VPSIE_NODE_UID, "kube-system/web-1"),
            (keys::ANNOTATION_NODE_GROUP_NAMESPACE, "kube-system"),
        ]),
        group_taints: Vec::new(),
        taints: None,
    }
}

const JOINED: &str = "the Node of the machine is known and labelled";

/// M3, L4: the Node is labelled before the status says that it joined.
#[test]
fn node_that_is_ready_makes_its_vpsie_node_ready() {
    for phase in [Phase::Provisioned, Phase::Joining] {
        let before = with_machine(phase);
        let status = write(&before, |status| {
            status.phase = Some(Phase::Ready);
            status.node_name = Some("n1".to_owned());
            (status.joined_at, status.ready_at) = (Some(at(0)), Some(at(0)));
            let joined = condition(NODE_JOINED, true, "Joined", JOINED);
            let ready = condition(NODE_READY, true, "Ready", "the Node is Ready");
            conditions(status, &[joined, ready]);
        });
        let world = prepared().claim(before).polled(&["m1"]).node(node("n1"));
        check(
            world.verdict("web-1", with_node()),
            &[Command::LabelNode(node_target("n1"), marks()), status],
        );
    }
}

#[test]
fn node_that_is_not_ready_is_joining() {
    let before = with_machine(Phase::Provisioned);
    let status = write(&before, |status| {
        status.phase = Some(Phase::Joining);
        status.node_name = Some("n1".to_owned());
        status.joined_at = Some(at(0));
        let joined = condition(NODE_JOINED, true, "Joined", JOINED);
        let ready = condition(NODE_READY, false, "NotReady", "the Node is not Ready");
        conditions(status, &[joined, ready]);
    });
    let world = prepared().claim(before).polled(&["m1"]).node(not_ready("n1"));
    check(
        world.verdict("web-1", with_node()),
        &[Command::LabelNode(node_target("n1"), marks()), status],
    );
}

/// L1: a Node is labelled at once; that it joined is told with its readiness, or after 20 s, or when it was there before.
#[test]
fn new_node_is_labelled_at_once_and_told_of_when_it_is_ready() {
    let commands = |age: i64, had_joined: bool| {
        let mut node = not_ready("n1");
        let created = k8s_openapi::jiff::Timestamp::from_second(at(-age).timestamp()).unwrap();
        node.metadata.creation_timestamp =
            Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(created));
        let before = with_machine(Phase::Provisioned)
            .status(|status| status.joined_at = had_joined.then(|| at(-3600)));
        let world = prepared().claim(before).polled(&["m1"]).node(node);
        let commands = world.verdict("web-1", with_node()).claim_commands("web-1");
        let labels: Vec<_> = commands.iter().map(Command::label).collect();
        labels.join(", ")
    };
    let table = [
        (0, false, "label-node"),
        (19, false, "label-node"),
        (20, false, "label-node, write-vpsienode-status"),
        (-1, false, "label-node, write-vpsienode-status"),
        (5, true, "label-node, write-vpsienode-status"),
    ];
    for (age, had_joined, expected) in table {
        assert_eq!(
            commands(age, had_joined),
            expected,
            "{age} s old, joined before: {had_joined}"
        );
    }
}

const TAKEN: &str = "Node n1 is marked for VPSieNode web-2 and is left alone; if it is this one's, take the label autoscaler.vpsie.com/vpsienode off it";

/// L5: a Node that is marked for another VPSieNode is left alone and reported.
#[test]
fn node_of_another_is_left_alone() {
    let mut claimed = node("n1");
    claimed.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), "web-2".to_owned())].into();
    let before = with_machine(Phase::Joining);
    let status = write(&before, |status| {
        conditions(status, &[condition(ERROR, true, "NodeClaimedByAnother", TAKEN)]);
    });
    let world = prepared().claim(before).polled(&["m1"]).node(claimed);
    check(world.verdict("web-1", with_node()), &[status]);
}

const NO_NODE: &str = "no Node of this machine is seen yet";

/// L5: matching hides a Node that another has marked; that is told all the same, until it is put right.
#[test]
fn withheld_node_of_another_is_reported_until_it_is_free() {
    let waited = |seconds: i64, problem: Option<&str>| {
        with_machine(Phase::Provisioned).status(|status| {
            status.provisioned_at = Some(at(-seconds));
            let problem = problem.map(|message| condition(ERROR, true, "NodeClaimedByAnother", message));
            let no_node = condition(NODE_JOINED, false, "WaitingForNode", NO_NODE);
            let all: Vec<_> = [Some(no_node), problem].into_iter().flatten().collect();
            conditions(status, &all);
        })
    };
    let commands = |before: ClaimBuilder, label: Option<&str>, withheld: Option<&str>| {
        let mut node = node("n1");
        let label = label.map(|name| (keys::LABEL_VPSIE_NODE, name));
        node.metadata.labels = label.into_iter().collect();
        let world = prepared().claim(before).polled(&["m1"]).node(node);
        let verdict = without_node("m1", withheld);
        world.verdict("web-1", verdict).claim_commands("web-1")
    };
    let said = waited(60, Some(TAKEN));
    let status = write(&waited(60, None), |status| {
        status.clone_from(said.0.status.as_ref().unwrap());
    });
    let expected = [status];
    assert_eq!(commands(waited(60, None), Some("web-2"), Some("n1")), expected);
    assert_eq!(commands(said, Some("web-2"), Some("n1")), [], "it is said once");
    let cleared = [write(&waited(60, None), |_| {})];
    assert_eq!(commands(waited(60, Some(TAKEN)), Some("web-2"), None), cleared);
    // Matching may withhold a Node for other reasons, of which the label says nothing.
    assert_eq!(commands(waited(60, None), None, Some("n1")), []);
    let late = commands(waited(901, Some(TAKEN)), Some("web-2"), Some("n1"));
    let [Command::WriteVpsieNodeStatus(_, late)] = &late[..] else {
        panic!("one write is expected: {late:?}");
    };
    let error = find_condition(late.status.conditions.as_deref(), ERROR).unwrap();
    assert_eq!(error.reason.as_deref(), Some("JoiningTimeout"));
    let message = error.message.as_deref().unwrap_or_default();
    assert!(message.ends_with(TAKEN), "{message}");
}

/// I4: joining has a time limit of its own, from the moment the machine was known.
#[test]
fn joining_times_out() {
    let waited = |seconds: i64| {
        with_machine(Phase::Joining).status(|status| status.provisioned_at = Some(at(-seconds)))
    };
    let no_node = condition(NODE_JOINED, false, "WaitingForNode", NO_NODE);
    let status = write(&waited(900), |status| {
        conditions(status, std::slice::from_ref(&no_node))
    });
    check(prepared().claim(waited(900)).polled(&["m1"]), &[status]);

    let message = "the machine runs but its Node did not join in time; delete this VPSieNode";
    let status = write(&waited(901), |status| {
        status.phase = Some(Phase::Failed);
        status.last_error = Some(message.to_owned());
        conditions(
            status,
            &[no_node.clone(), condition(ERROR, true, "JoiningTimeout", message)],
        );
    });
    check(prepared().claim(waited(901)).polled(&["m1"]), &[status]);

    let status = write(&waited(901), |status| {
        conditions(status, std::slice::from_ref(&no_node))
    });
    let error = CallError::TimedOut {
        call: Call::GetCluster,
    };
    check(
        prepared().claim(waited(901)).polled(&["m1"]).answered(Err(error)),
        &[status],
    );
}

/// A VPSieNode whose Node joined an hour ago.
fn long_joined(phase: Phase) -> ClaimBuilder {
    with_machine(phase).status(|status| {
        status.node_name = Some("n1".to_owned());
        (status.provisioned_at, status.joined_at) = (Some(at(-3700)), Some(at(-3600)));
        let mut joined = condition(NODE_JOINED, true, "Joined", JOINED);
        let mut ready = condition(NODE_READY, true, "Ready", "the Node is Ready");
        (joined.last_transition_time, ready.last_transition_time) = (Some(at(-3600)), Some(at(-3600)));
        conditions(status, &[joined, ready]);
    })
}

const NEVER_READY: &str =
    "the Node joined but was not Ready in time; look at its kubelet, or delete this VPSieNode";

/// I4: a Node that joined and does not become Ready has the same limit, from the moment the machine was known.
#[test]
fn node_that_never_becomes_ready_fails_its_vpsie_node_in_time() {
    let phase_after = |seconds: i64| {
        let before = with_machine(Phase::Joining).status(|status| {
            status.provisioned_at = Some(at(-seconds));
            status.joined_at = Some(at(-60));
        });
        let world = prepared().claim(before).polled(&["m1"]);
        let commands = world
            .node(marked(not_ready("n1")))
            .verdict("web-1", with_node())
            .claim_commands("web-1");
        let [Command::WriteVpsieNodeStatus(_, write)] = &commands[..] else {
            panic!("one status: {commands:?}");
        };
        (write.status.phase.clone(), write.status.last_error.clone())
    };
    assert_eq!(phase_after(900), (Some(Phase::Joining), None));
    assert_eq!(
        phase_after(901),
        (Some(Phase::Failed), Some(NEVER_READY.to_owned()))
    );
}

/// I4: a Node that was Ready before and came back not Ready has its limit from the moment it was Ready last.
#[test]
fn node_that_came_back_not_ready_has_its_limit_from_then_on() {
    let phase_after = |seconds: i64| {
        let before = long_joined(Phase::Joining).status(|status| {
            status.ready_at = Some(at(-3500));
            let mut gone = condition(NODE_READY, false, "NodeVanished", VANISHED);
            gone.last_transition_time = Some(at(-seconds));
            conditions(status, &[condition(NODE_JOINED, true, "Joined", JOINED), gone]);
        });
        let world = prepared().claim(before).polled(&["m1"]);
        let commands = world
            .node(marked(not_ready("n1")))
            .verdict("web-1", with_node())
            .claim_commands("web-1");
        let [Command::WriteVpsieNodeStatus(_, write)] = &commands[..] else {
            panic!("one status: {commands:?}");
        };
        write.status.phase.clone()
    };
    assert_eq!(phase_after(900), Some(Phase::Joining));
    assert_eq!(phase_after(901), Some(Phase::Failed));
}

const VANISHED: &str = "the Node is gone while its machine runs";

/// A Node that vanishes is awaited from then on, however long ago the machine was made.
#[test]
fn vanished_node_is_awaited_again() {
    let gone = [
        condition(NODE_JOINED, false, "NodeVanished", VANISHED),
        condition(NODE_READY, false, "NodeVanished", VANISHED),
    ];
    for phase in [Phase::Ready, Phase::Joining] {
        let before = long_joined(phase);
        let status = write(&before, |status| {
            status.phase = Some(Phase::Joining);
            conditions(status, &gone);
        });
        check(prepared().claim(before).polled(&["m1"]), &[status]);
    }
    let awaited = long_joined(Phase::Joining).status(|status| conditions(status, &gone));
    check(prepared().claim(awaited.clone()).polled(&["m1"]), &[]);
    let mut late = prepared().claim(awaited).polled(&["m1"]);
    late.now += TimeDelta::seconds(901);
    let Some(Command::WriteVpsieNodeStatus(_, write)) = late.claim_commands("web-1").pop() else {
        panic!("no status");
    };
    assert_eq!(write.status.phase, Some(Phase::Failed), "it has a limit, too");
}

/// While VPSie is silent, matching vouches for nothing; a Node that is there stays joined.
#[test]
fn listed_node_stays_joined_while_vpsie_is_silent() {
    for phase in [Phase::Ready, Phase::Joining] {
        let error = CallError::TimedOut {
            call: Call::GetCluster,
        };
        let world = prepared().claim(long_joined(phase)).polled(&["m1"]);
        check(world.answered(Err(error)).node(node("n1")), &[]);
    }
}

/// A Node that carries all marks of `web-1`.
fn marked(mut node: Node) -> Node {
    node.metadata.labels = marks().labels.into();
    node.metadata.annotations = marks().annotations.into();
    node
}

#[test]
fn ready_vpsie_node_at_rest_needs_nothing() {
    let before = long_joined(Phase::Ready).status(|status| status.ready_at = Some(at(-3600)));
    let world = prepared().claim(before).polled(&["m1"]);
    check(world.node(marked(node("n1"))).verdict("web-1", with_node()), &[]);
}

/// A Node that is not Ready for a while flips a condition, and its VPSieNode stays Ready, as in the Go autoscaler.
#[test]
fn node_that_is_ready_no_more_flips_a_condition() {
    let before = long_joined(Phase::Ready).status(|status| status.ready_at = Some(at(-3600)));
    let status = write(&before, |status| {
        let ready = condition(NODE_READY, false, "NotReady", "the Node is not Ready");
        status.conditions.as_mut().unwrap()[1] = ready;
    });
    let world = prepared().claim(before).polled(&["m1"]);
    check(
        world.node(marked(not_ready("n1"))).verdict("web-1", with_node()),
        &[status],
    );
}

/// What was wrong before the Node joined is no longer shown.
#[test]
fn joining_clears_what_was_wrong() {
    let before = with_machine(Phase::Joining).status(|status| {
        status.last_error = Some("an error".to_owned());
        let error = condition(ERROR, true, "NodeClaimedByAnother", "before");
        conditions(status, &[error]);
    });
    let world = prepared().claim(before).polled(&["m1"]).node(marked(node("n1")));
    let commands = world.verdict("web-1", with_node()).claim_commands("web-1");
    let [Command::WriteVpsieNodeStatus(_, write)] = &commands[..] else {
        panic!("one status: {commands:?}");
    };
    assert_eq!(write.cleared, ["lastError"]);
    let kept = write.status.conditions.iter().flatten();
    let kept: Vec<&str> = kept.map(|condition| condition.type_.as_str()).collect();
    assert_eq!(kept, [NODE_JOINED, NODE_READY]);
}

/// A Node that came back is joined again, and keeps the time of its first join.
#[test]
fn node_that_came_back_is_ready_again() {
    let gone = [
        condition(NODE_JOINED, false, "NodeVanished", VANISHED),
        condition(NODE_READY, false, "NodeVanished", VANISHED),
    ];
    let before = long_joined(Phase::Joining).status(|status| {
        status.ready_at = Some(at(-3500));
        conditions(status, &gone);
    });
    let status = write(&before, |status| {
        status.phase = Some(Phase::Ready);
        let joined = condition(NODE_JOINED, true, "Joined", JOINED);
        let ready = condition(NODE_READY, true, "Ready", "the Node is Ready");
        conditions(status, &[joined, ready]);
    });
    let world = prepared().claim(before).polled(&["m1"]).node(marked(node("n1")));
    check(world.verdict("web-1", with_node()), &[status]);
}
