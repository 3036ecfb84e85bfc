//! What is told of a life, and what is not.

mod entries;

use super::notice::Notice;
use super::{Chronicle, Fact, Sight, What};
use crate::intent::{Intent, Outcome};
use crate::kept::Node;
use crate::resources::{NodeGroup, Phase, keys, set_condition};
use crate::testing::{ClaimBuilder, GroupBuilder, at, claim, condition, group, intent, node};
use chrono::TimeDelta;
use std::sync::Arc;

/// What one pass sees, as a list of objects.
#[derive(Clone, Default)]
struct Scene {
    groups: Vec<GroupBuilder>,
    claims: Vec<ClaimBuilder>,
    nodes: Vec<Node>,
    /// Whether the pass lets all VPSieNodes go.
    lets_go: bool,
}

impl Scene {
    fn with(claims: impl IntoIterator<Item = ClaimBuilder>) -> Self {
        Self {
            groups: vec![group("web")],
            claims: claims.into_iter().collect(),
            nodes: Vec::new(),
            lets_go: false,
        }
    }

    /// Says that the pass takes our finalizer off.
    fn letting_go(self) -> Self {
        Self {
            lets_go: true,
            ..self
        }
    }

    fn sight(&self) -> Sight {
        let groups: Vec<Arc<NodeGroup>> = self.groups.iter().map(|it| Arc::new(it.0.clone())).collect();
        let claims: Vec<_> = self.claims.iter().map(|it| Arc::new(it.kept())).collect();
        let nodes: Vec<Arc<Node>> = self.nodes.iter().cloned().map(Arc::new).collect();
        let mut sight = Sight::of(&groups, &claims, &nodes);
        if self.lets_go {
            sight.let_go = sight.claims.iter().map(|(uid, _)| uid.to_owned()).collect();
        }
        sight
    }
}

fn facts(before: &Scene, now: &Scene) -> Vec<Fact> {
    now.sight().since(&before.sight(), at(0)).collect()
}

/// Checks the Events of one step: kind of the object, type, reason.
#[track_caller]
fn check(what: &str, before: &Scene, now: &Scene, expected: &[&str]) {
    let notices: Vec<String> = facts(before, now)
        .iter()
        .filter_map(Notice::of)
        .map(|notice| {
            let kind = notice.regarding.kind.unwrap_or_default();
            let mark = if notice.is_warning { "!" } else { "" };
            format!("{kind} {mark}{}", notice.reason)
        })
        .collect();
    assert_eq!(notices, expected, "{what}");
}

fn asked(outcome: Outcome) -> ClaimBuilder {
    claim("web-1")
        .asked(&intent(outcome, -60))
        .in_phase(Phase::Provisioning)
}

fn found() -> ClaimBuilder {
    let evidence = Intent {
        evidence: vec!["claim-machine by hostname: web-1".to_owned()],
        recorded_by: Some("hostname".to_owned()),
        ..intent(Outcome::Accepted, -60)
    };
    let claim = claim("web-1")
        .asked(&evidence)
        .machine("m1")
        .in_phase(Phase::Provisioned);
    claim.status(|status| status.provisioned_at = Some(at(-30)))
}

fn joined(phase: Phase) -> ClaimBuilder {
    found().in_phase(phase).status(|status| {
        status.node_name = Some("n1".to_owned());
        status.joined_at = Some(at(-10));
    })
}

fn ready() -> ClaimBuilder {
    joined(Phase::Ready).status(|status| status.ready_at = Some(at(0)))
}

fn with(claim: ClaimBuilder, type_: &str, holds: bool, reason: &str) -> ClaimBuilder {
    claim.status(|status| {
        set_condition(
            &mut status.conditions,
            condition(type_, holds, reason, "why"),
            at(0),
        );
    })
}

/// The main story: each step is told once, and waiting is not told.
#[test]
fn good_life_is_told_step_by_step() {
    let steps = [
        Scene::with([]),
        Scene::with([claim("web-1")]),
        Scene::with([asked(Outcome::Open)]),
        Scene::with([asked(Outcome::Accepted)]),
        Scene::with([found()]),
        Scene::with([joined(Phase::Joining)]),
        Scene::with([ready()]),
        Scene::with([ready().deleted().in_phase(Phase::Deleting)]),
        Scene::with([ready().deleted().removal(&intent(Outcome::Accepted, 0))]).letting_go(),
        Scene::with([]),
    ];
    let expected: [&[&str]; 9] = [
        &["NodeGroup ScalingUp"],
        &[],
        &["VPSieNode MachineRequested"],
        &["VPSieNode MachineDiscovered"],
        &["VPSieNode NodeJoined"],
        &["VPSieNode BecameReady"],
        &[],
        &["VPSieNode RemovalRequested"],
        &["NodeGroup MachineRemoved"],
    ];
    for (number, expected) in expected.into_iter().enumerate() {
        let step = format!("step {number}");
        check(&step, &steps[number], &steps[number + 1], expected);
        check(&step, &steps[number], &steps[number], &[]);
    }
}

/// E1, E3: trouble is told under the reason word of its condition, so that one page explains both.
#[test]
fn trouble_is_told_under_its_reason_word() {
    let base = || asked(Outcome::Accepted);
    let table = [
        (
            "gave up",
            with(base(), "Error", true, "DiscoveryTimeout"),
            "VPSieNode !DiscoveryTimeout",
        ),
        (
            "contradiction",
            with(base(), "Error", true, "Conflict"),
            "VPSieNode !Conflict",
        ),
        (
            "nobody can tell",
            with(base(), "VPSReady", false, "Ambiguous"),
            "VPSieNode !Ambiguous",
        ),
        (
            "came late",
            with(base(), "LateMachine", true, "LateMachine"),
            "VPSieNode !LateMachine",
        ),
        (
            "doubtful",
            with(base(), "Contested", true, "Contested"),
            "VPSieNode !Contested",
        ),
        (
            "held up",
            with(base().deleted(), "VPSReady", false, "RequestOpen"),
            "VPSieNode RequestOpen",
        ),
    ];
    for (what, claim, expected) in table {
        check(
            what,
            &Scene::with([base()]),
            &Scene::with([claim.clone()]),
            &[expected],
        );
        check(what, &Scene::with([claim.clone()]), &Scene::with([claim]), &[]);
    }
    let quiet = [
        with(base(), "VPSReady", false, "Provisioning"),
        with(base(), "Error", false, "Conflict"),
        with(base(), "VPSReady", false, "WaitingForBaseline"),
        with(base(), "NodeReady", false, "NotReady"),
        with(base().deleted(), "VPSReady", false, "Deleting"),
        // The settled request has told it already.
        with(base(), "Error", true, "VPSieRefused"),
    ];
    for claim in quiet {
        check("no news", &Scene::with([base()]), &Scene::with([claim]), &[]);
    }
}

#[test]
fn a_node_that_was_ready_and_is_not_is_told() {
    let before = with(ready(), "NodeReady", true, "Ready");
    let now = with(ready(), "NodeReady", false, "NotReady");
    check(
        "lost",
        &Scene::with([before]),
        &Scene::with([now]),
        &["VPSieNode !NotReady"],
    );
}

/// I2: every outcome of a request is told once for each attempt.
#[test]
fn each_attempt_is_told_once() {
    let attempt = |outcome, attempt| {
        let intent = Intent {
            attempt,
            ..intent(outcome, -60)
        };
        Scene::with([claim("web-1").asked(&intent)])
    };
    let open = attempt(Outcome::Open, 1);
    let table = [
        (Outcome::Accepted, "VPSieNode MachineRequested"),
        (Outcome::Refused, "VPSieNode !VPSieRefused"),
        (Outcome::NotSent, "VPSieNode !VPSieNotReached"),
        (Outcome::Unknown, "VPSieNode !RequestOutcomeUnknown"),
    ];
    for (outcome, expected) in table {
        check("settled", &open, &attempt(outcome, 1), &[expected]);
        check("again", &attempt(outcome, 1), &attempt(outcome, 2), &[expected]);
    }
}

/// I6, LC-25: the end says whether a machine was removed, was left, or never came.
#[test]
fn end_of_a_vpsie_node_says_what_became_of_its_machine() {
    let removed = || Scene::with([ready().removal(&intent(Outcome::Accepted, 0))]);
    let table: [(Scene, &[&str]); 5] = [
        (removed().letting_go(), &["NodeGroup MachineRemoved"]),
        (removed(), &["NodeGroup !MachineNotRemoved"]),
        (Scene::with([ready()]), &["NodeGroup !MachineNotRemoved"]),
        (Scene::with([asked(Outcome::Unknown)]), &["NodeGroup !Released"]),
        (Scene::with([claim("web-1")]), &[]),
    ];
    for (before, expected) in table {
        check("it is gone", &before, &Scene::with([]), expected);
    }
    let without_group = Scene {
        groups: Vec::new(),
        ..Scene::with([ready()])
    };
    check(
        "no group",
        &without_group,
        &Scene::default(),
        &["VPSieNode !MachineNotRemoved"],
    );
}

#[test]
fn node_is_told_whose_it_is() {
    let bare = Scene {
        nodes: vec![node("n1")],
        ..Scene::with([])
    };
    let mut marked = bare.clone();
    let labels = &mut marked.nodes[0].metadata.labels;
    labels.insert(keys::LABEL_VPSIE_NODE.to_owned(), "web-1".to_owned());
    check("it is marked", &bare, &marked, &["Node Claimed"]);
    check("it stays", &marked, &marked, &[]);
}

#[test]
fn made_group_is_told_and_an_old_one_is_not() {
    let unknown = Scene {
        groups: vec![group("web").without_number()],
        ..Scene::default()
    };
    let made = |group: &mut NodeGroup| {
        let annotations = group.metadata.annotations.get_or_insert_default();
        annotations.insert(keys::ANNOTATION_GROUP_INTENT.to_owned(), "{}".to_owned());
    };
    let made = Scene {
        groups: vec![group("web").but(made)],
        ..Scene::default()
    };
    check("made", &unknown, &made, &["NodeGroup VPSieNodeGroupCreated"]);
    check("found", &unknown, &Scene::with([]), &[]);
}

/// What happened while another process led, or before this one started, is not told again.
#[test]
fn first_look_tells_nothing() {
    let told = |chronicle: &mut Chronicle, claim| {
        let mut told = 0;
        chronicle.look(Scene::with([claim]).sight(), at(0), |_| told += 1);
        told
    };
    let mut chronicle = Chronicle::default();
    assert_eq!(told(&mut chronicle, asked(Outcome::Open)), 0);
    assert_ne!(told(&mut chronicle, found()), 0);
    chronicle.forget();
    assert_eq!(told(&mut chronicle, ready()), 0);
}

/// The times that histograms are made of.
#[test]
fn facts_carry_how_long_it_took() {
    let story = facts(&Scene::with([claim("web-1")]), &Scene::with([ready()]));
    let mut times = Vec::new();
    for fact in story {
        match fact.what {
            What::Discovered { after, .. } => times.push(("discovered", after)),
            What::Joined { after, .. } => times.push(("joined", after)),
            What::Ready { after, .. } => times.push(("ready", after)),
            What::Founded
            | What::Dismissed
            | What::Grown { .. }
            | What::ProviderGroupKnown { .. }
            | What::Requested { .. }
            | What::Phase { .. }
            | What::Condition { .. }
            | What::RemovalAsked { .. }
            | What::Ended { .. }
            | What::Claimed { .. } => {}
        }
    }
    let expected = [("discovered", 60), ("joined", 20), ("ready", 60)];
    let expected = expected.map(|(what, seconds)| (what, Some(TimeDelta::seconds(seconds))));
    assert_eq!(times, expected);
}

/// The API server refuses a note of more than 1 kB.
#[test]
fn long_note_is_cut_between_letters() {
    let refused = Intent {
        error: Some("ä".repeat(2_000)),
        ..intent(Outcome::Refused, -60)
    };
    let now = Scene::with([claim("web-1").asked(&refused)]);
    let facts = facts(&Scene::with([claim("web-1")]), &now);
    let note = facts.iter().find_map(Notice::of).expect("it is told").note;
    assert!(note.len() <= 1024 && note.ends_with("ä…"), "{} bytes", note.len());
}

/// The Event names the request as VPSie and the log do.
#[test]
fn notice_of_a_request_carries_its_id() {
    let now = Scene::with([asked(Outcome::Accepted)]);
    let facts = facts(&Scene::with([claim("web-1")]), &now);
    let notice = facts.iter().find_map(Notice::of).expect("it is told");
    let uid = notice.regarding.uid.clone().expect("it has one");
    assert!(
        notice.note.contains(&format!("(request {uid})")),
        "{}",
        notice.note
    );
}
