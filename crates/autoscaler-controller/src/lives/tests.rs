//! Lives as they follow from what is observed.

use crate::command::Command;
use crate::decide::ERROR;
use crate::intent::Outcome;
use crate::kept::Node;
use crate::resources::{Phase, keys};
use crate::testing::expected::{prepared, with_machine, with_node};
use crate::testing::{
    ClaimBuilder, TestWorld, at, claim, condition, drained, intent, node, tied, timed_out, world,
};
use chrono::TimeDelta;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::Event;
use node_lifecycle::{Life, State};
use serde_json::json;
use std::sync::Arc;

const UID: &str = "kube-system/web-1";

fn ready() -> TestWorld {
    of(with_machine(Phase::Ready), node("n1"))
}

fn of(claim: ClaimBuilder, node: Node) -> TestWorld {
    prepared()
        .claim(claim)
        .node(node)
        .polled(&["m1"])
        .verdict("web-1", with_node())
}

fn told(node_status: &str, seconds: i64) -> Node {
    let mut node = node("n1");
    let condition = &mut node.status.as_mut().unwrap().conditions[0];
    condition.status = node_status.to_owned().into();
    let since = k8s_openapi::jiff::Timestamp::from_second(at(seconds).timestamp()).unwrap();
    condition.last_transition_time = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(since));
    node
}

fn pod(uid: &str, owner: &str) -> Pod {
    let pod = json!({
        "metadata": { "name": uid, "uid": uid, "ownerReferences": [
            { "apiVersion": "apps/v1", "kind": owner, "name": "o", "uid": "o" },
        ] },
        "spec": { "nodeName": "n1", "containers": [] },
    });
    serde_json::from_value(pod).expect("a pod")
}

// === impl TestWorld ===

impl TestWorld {
    fn life(&self) -> &Life {
        self.lives.of(UID).expect("it was looked at")
    }

    fn recorded(mut self, record: &str) -> Self {
        let object = self.claims.remove(0).object;
        let claim = ClaimBuilder(object.whole()).annotated(keys::ANNOTATION_LIFECYCLE, record);
        self.claim(claim)
    }

    /// Writes the record that is due, as the next pass finds it; tells whether one was due.
    fn write(&mut self) -> bool {
        let command = self.claim_commands("web-1").pop();
        let Some(Command::WriteLife(_, record)) = command else {
            return false;
        };
        let world = std::mem::replace(self, prepared());
        *self = world.recorded(&record);
        true
    }

    fn later(mut self, seconds: i64) -> Self {
        self.now += TimeDelta::seconds(seconds);
        self
    }

    fn with_pod(mut self, uid: &str) -> Self {
        self.pods.take(Event::Apply(pod(uid, "ReplicaSet")));
        self
    }

    fn without_pod(mut self, uid: &str) -> Self {
        self.pods.take(Event::Delete(pod(uid, "ReplicaSet")));
        self
    }

    fn with_node(mut self, node: Node) -> Self {
        self.nodes = vec![Arc::new(node)];
        self
    }
}

/// NS-30: the uid of a VPSieNode is kept once for its life and for the facts of its state, however often it is looked at.
#[test]
fn uid_is_kept_once() {
    let mut world = ready();
    world.look();
    let first = world.lives.shared_uid(UID);
    world.look();
    assert!(Arc::ptr_eq(&first, &world.lives.shared_uid(UID)));
    let facts = crate::states::of_owner(&world.claims[0], &world.lives);
    assert!(Arc::ptr_eq(&first, &facts.uid));
}

/// NS-7: the life of a VPSieNode that is gone is forgotten, also where another came in its place.
#[test]
fn life_ends_with_its_vpsie_node() {
    let mut world = ready();
    world.look();
    world.claims = vec![claim("web-2").build()];
    world.look();
    assert_eq!(world.lives.of(UID), None);
    assert!(world.lives.of("kube-system/web-2").is_some());
    world.claims.clear();
    world.look();
    assert_eq!(world.lives.of("kube-system/web-2"), None);
}

/// LC-5, LC-7: from the wish to service, each step in the pass that sees it.
#[test]
fn life_follows_the_vpsie_node_into_service() {
    let mut world = prepared().claim(claim("web-1")).polled(&[]);
    assert_eq!(world.look(), Vec::<String>::new());
    assert_eq!(world.life().state(), State::Provisioning);
    world.claims = vec![with_machine(Phase::Provisioned).build()];
    assert_eq!(world.look(), ["provisioning > initializing: machine_seen"]);
    let mut world = world.node(told("False", 0)).verdict("web-1", with_node());
    assert_eq!(world.look(), Vec::<String>::new());
    let mut world = world.with_node(node("n1"));
    assert_eq!(world.look(), ["initializing > ready: first_boot_completed"]);
    assert_eq!(world.life().initialized_at(), Some(at(0)));
}

/// LC-8, LC-9, LC-10: pods come and go; one that is seen again, or of a DaemonSet, counts for nothing.
#[test]
fn life_follows_workload_pods() {
    let fresh = || Life::starting(at(-60)).to_json();
    let mut world = ready().recorded(&fresh());
    assert_eq!(world.look(), ["initializing > ready: first_boot_completed"]);
    let mut world = world.with_pod("a").later(1);
    assert_eq!(world.look(), ["ready > active: first_workload_added"]);
    let mut world = world.with_pod("a").with_pod("b").later(1);
    world.pods.take(Event::Apply(pod("d", "DaemonSet")));
    assert_eq!(world.look(), Vec::<String>::new());
    let life = world.life();
    assert_eq!(
        (life.workloads(), life.workloads_ever(), life.first_workload_at()),
        (2, 2, Some(at(1)))
    );
    let mut world = world.without_pod("a").without_pod("b").later(1);
    assert_eq!(world.look(), ["active > idle: last_workload_removed"]);
    assert_eq!(world.life().last_workload_at(), Some(at(3)));
    let mut world = world.with_pod("c");
    assert_eq!(world.look(), ["idle > active: workload_added"]);
}

/// LC-11: three observations, each a poll apart, and three minutes; passes in between are no observations.
#[test]
fn node_that_is_not_ready_for_long_is_broken_and_recovers() {
    let mut world = ready().recorded(&Life::starting(at(-60)).to_json()).with_pod("a");
    world.look();
    let mut world = world.with_node(told("False", 0)).later(185);
    for _ in 0..5 {
        assert_eq!(world.look(), Vec::<String>::new(), "one observation");
    }
    let mut world = world.later(10);
    assert_eq!(world.look(), Vec::<String>::new(), "seen twice");
    let mut world = world.later(9);
    assert_eq!(world.look(), Vec::<String>::new(), "too soon");
    let mut world = world.later(1);
    assert_eq!(world.look(), ["active > unhealthy: ready_lost"]);
    let mut world = world.with_node(node("n1")).without_pod("a");
    let steps = ["unhealthy > ready: ready_regained", "ready > idle: workload_gone"];
    assert_eq!(world.look(), steps);
}

/// LC-11: three observations are not enough before three minutes have passed.
#[test]
fn node_that_is_not_ready_for_a_while_is_not_broken_yet() {
    let mut world = ready().recorded(&Life::starting(at(-60)).to_json());
    world.look();
    let mut world = world.with_node(told("Unknown", 0));
    for _ in 0..17 {
        world = world.later(10);
        assert_eq!(world.look(), Vec::<String>::new());
    }
    let mut world = world.later(10);
    assert_eq!(world.look(), ["ready > unhealthy: ready_lost"]);
}

/// LC-11: one blip is not enough, however long ago it is said to have begun.
#[test]
fn blip_of_a_node_changes_nothing() {
    let mut world = ready().recorded(&Life::starting(at(-60)).to_json());
    world.look();
    let mut world = world.with_node(told("Unknown", -500));
    assert_eq!((world.look(), world.look()), (Vec::new(), Vec::new()));
    let mut world = world.with_node(node("n1"));
    assert_eq!(world.look(), Vec::<String>::new());
    assert_eq!(world.life().not_ready(), None);
}

/// LC-12: what has Failed is broken, whatever its Node says, until its join is taken in.
#[test]
fn failed_vpsie_node_is_broken() {
    let error = condition(ERROR, true, "DiscoveryTimeout", "");
    let failed = with_machine(Phase::Failed).status(|status| status.conditions = Some(vec![error]));
    let mut world = of(failed, node("n1")).recorded(&Life::starting(at(-60)).to_json());
    assert_eq!(world.look(), ["initializing > unhealthy: failed"]);
    assert_eq!(world.look(), Vec::<String>::new());
    world.claims = vec![with_machine(Phase::Ready).build()];
    assert_eq!(world.look(), ["unhealthy > ready: ready_regained"]);
}

/// LC-5, LC-21: a VPSieNode without a record is found again, and its pods are listed in the first pass.
#[test]
fn vpsie_node_without_a_record_is_found_again() {
    let mut world = ready();
    world.look();
    let recovery = world.life().recovery().expect("it was found again");
    assert_eq!(
        (recovery.recovered_at, recovery.pods_listed_at),
        (at(0), Some(at(0)))
    );
}

/// LC-29: the record is written when something changed, and once.
#[test]
fn record_is_written_on_change_only() {
    let mut world = ready();
    world.look();
    assert!(world.write(), "the first record");
    for _ in 0..3 {
        world.look();
        assert!(!world.write(), "nothing changed");
    }
    let mut world = world.with_pod("a").later(1);
    world.look();
    assert!(world.write(), "another state");
    let mut world = world.with_pod("b").later(30);
    world.look();
    assert!(!world.write(), "counts alone wait");
    let mut world = world.later(60);
    world.look();
    assert!(world.write(), "counts alone, a minute later");
    let mut world = world.with_node(told("False", 0));
    world.look();
    assert!(world.write(), "another health");
    let mut world = world.later(10);
    world.look();
    assert!(!world.write(), "seen once more, which is no news");
}

/// LC-29: where the VPSieNode is written on anyway, its record goes along and costs no write of its own.
#[test]
fn record_goes_along_with_a_write_on_its_vpsie_node() {
    let mut pending = prepared().claim(claim("web-1")).polled(&[]);
    pending.look();
    let commands = pending.claim_commands("web-1");
    let carried: Vec<bool> = commands
        .into_iter()
        .filter_map(|mut command| Some(command.life()?.is_some()))
        .collect();
    assert_eq!(carried, [true], "with the intent");
    let is_alone = |command: &Command| matches!(command, Command::WriteLife(..));
    assert!(!pending.claim_commands("web-1").iter().any(is_alone));
}

/// LC-29: what is recorded survives a restart, and pods that were counted are not counted again.
#[test]
fn life_goes_on_from_its_record() {
    let mut world = ready().recorded(&Life::starting(at(-60)).to_json()).with_pod("a");
    world.look();
    assert!(world.write());
    let before = world.life().clone();
    world.lives = super::Lives::default();
    let mut world = world.later(100);
    assert_eq!(world.look(), Vec::<String>::new());
    assert_eq!(*world.life(), before);
    assert!(!world.write());
}

/// LC-29: a record that cannot be read is left as it is; the node counts as found again until it is removed.
#[test]
fn unreadable_record_is_left_alone() {
    let newer = r#"{"state":"hibernating","health":"healthy","enteredAt":"2026-01-01T00:00:00Z"}"#;
    for text in ["", "{", "null", newer] {
        let mut world = ready().recorded(text);
        world.look();
        assert!(world.life().recovery().is_some(), "{text}");
        assert!(!world.write(), "{text}");
        world.claims = vec![with_machine(Phase::Ready).build()];
        world.look();
        assert!(
            world.write(),
            "the annotation is gone, and one of ours takes its place: {text}"
        );
    }
}

/// LC-25, LC-26: an asked removal is draining once, and a proven absence ends the life.
#[test]
fn life_ends_with_the_machine() {
    let leaving = |phase| with_machine(phase).deleted();
    let mut world = of(leaving(Phase::Terminating), node("n1")).recorded(&Life::starting(at(-60)).to_json());
    assert_eq!(world.look(), ["initializing > ready: first_boot_completed"]);
    world.claims = vec![leaving(Phase::Deleting).build()];
    assert_eq!(world.look(), ["ready > draining: decommission_requested"]);
    assert_eq!(world.look(), Vec::<String>::new());
    let mut world = world.with_node(told("Unknown", 0)).polled_empty_thrice();
    assert_eq!(
        world.look(),
        ["draining > decommissioned: provider_delete_confirmed"]
    );
    assert_eq!(world.look(), Vec::<String>::new());
}

/// While VPSie does not answer, a Node that bears the marks of the VPSieNode is still its own.
#[test]
fn node_is_known_by_its_marks_while_matching_cannot_vouch_for_it() {
    let mut marked = node("n1");
    marked.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), "web-1".to_owned())].into();
    marked.metadata.annotations = [(keys::ANNOTATION_VPSIE_NODE_UID.to_owned(), UID.to_owned())].into();
    for (node, expected) in [(marked, State::Active), (node("n1"), State::Ready)] {
        let mut world = of(with_machine(Phase::Ready), node)
            .verdict("web-1", timed_out())
            .with_pod("a");
        world.look();
        assert_eq!(world.life().state(), expected);
    }
}

/// LC-17: a deleted VPSieNode waits for the workload pods of its Node, which is cordoned, and goes once they are gone.
#[test]
fn deleted_vpsie_node_waits_for_its_pods() {
    let labels = |world: &TestWorld| -> Vec<&str> {
        world.claim_commands("web-1").iter().map(Command::label).collect()
    };
    let mut marked = node("n1");
    marked.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), "web-1".to_owned())].into();
    marked.metadata.annotations = [(keys::ANNOTATION_VPSIE_NODE_UID.to_owned(), UID.to_owned())].into();
    let with = |node| {
        let claim = with_machine(Phase::Ready).lived(State::Ready).deleted();
        let mut world = prepared().claim(claim).node(node).polled(&["m1"]);
        world.groups.clear();
        world.verdict("web-1", tied()).with_pod("a").seen()
    };
    assert_eq!(
        labels(&with(marked.clone())),
        ["drain-node", "write-vpsienode-status", "write-life"]
    );
    drained(&mut marked, -60);
    let held = with(marked);
    assert_eq!(labels(&held), ["write-vpsienode-status", "write-life"]);
    let removed = ["write-vpsienode-status", "remove-machine", "write-life"];
    assert_eq!(labels(&held.without_pod("a").seen()), removed);
}

/// LC-25a, LC-26: a node drains once VPSie may have begun to remove its machine, and not because a removal did not leave.
#[test]
fn node_drains_once_its_removal_may_have_begun() {
    let drains = |outcome, is_final, phase| {
        let mut asked = intent(outcome, -5);
        asked.is_final = is_final;
        let claim = claim("web-1").in_phase(phase).machine("m1");
        let mut world = world().claim(claim.lived(State::Idle).removal(&asked));
        world.look() == ["idle > draining: decommission_requested"]
    };
    for outcome in [
        Outcome::Open,
        Outcome::Accepted,
        Outcome::Unknown,
        Outcome::Refused,
    ] {
        assert!(drains(outcome, false, Phase::Ready), "{outcome:?}");
    }
    for phase in [Phase::Ready, Phase::Terminating, Phase::Deleting] {
        assert!(!drains(Outcome::NotSent, false, phase.clone()), "{phase}");
        assert!(!drains(Outcome::Refused, true, phase.clone()), "{phase}");
    }
}
