//! Worlds at random, made from plans that a failing case is shrunk to.

use crate::intent::{Intent, Outcome};
use crate::poll::Reply;
use crate::resources::{Phase, ScaleDownPolicy, keys};
use crate::testing::{
    ClaimBuilder, GroupBuilder, NAMESPACE, TestWorld, ambiguous, at, claim, conflict, drained, found, group,
    intent, node, provider_group, reply, timed_out, told, waiting, world,
};
use chrono::TimeDelta;
use node_lifecycle::State;
use node_match::{Detail, Evidence, EvidenceKind, Link, Machine, Verdict};
use proptest::prelude::*;
use vpsie_api::{Call, CallError};

/// The groups of every world; each has up to four VPSieNodes.
pub(super) const GROUPS: [(&str, u64); 2] = [("api", 413), ("web", 412)];

/// What is known of one VPSieNode, as numbers that a failing case can be shrunk to.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) phase: usize,
    pub(super) request: usize,
    pub(super) seconds: i64,
    pub(super) has_machine: bool,
    pub(super) is_kept: bool,
    pub(super) is_deleted: bool,
    pub(super) verdict: usize,
    pub(super) node: usize,
    pub(super) joined: bool,
    pub(super) proven_empty: bool,
    pub(super) created: i64,
}

/// What is known of one NodeGroup.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    pub(super) minimum: i32,
    pub(super) maximum: i32,
    pub(super) has_number: bool,
    pub(super) is_kept: bool,
    pub(super) is_managed: bool,
    pub(super) is_deleted: bool,
    pub(super) shrinks: bool,
    pub(super) cleans_up: bool,
    pub(super) members: Vec<Member>,
}

/// A world: two groups, and how VPSie answers.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) groups: Vec<Sketch>,
    pub(super) answers: usize,
    pub(super) lists_machines: bool,
    pub(super) lists_groups: bool,
    pub(super) sizes_differ: bool,
}

fn member() -> impl Strategy<Value = Member> {
    // Beyond the lists are the beginnings of a life, which would be rare otherwise.
    let looks = (
        0..14_usize,
        0..14_usize,
        -2000..0_i64,
        prop::bool::weighted(0.5),
        prop::bool::weighted(0.9),
    );
    let fate = (prop::bool::weighted(0.25), 0..8_usize, 0..4_usize, any::<bool>());
    let rest = (prop::bool::weighted(0.2), -5000..0_i64);
    (looks, fate, rest).prop_map(|(looks, fate, rest)| {
        let (phase, request, seconds, has_machine, is_kept) = looks;
        let (is_deleted, verdict, node, joined) = fate;
        let (proven_empty, created) = rest;
        Member {
            phase,
            request,
            seconds,
            has_machine,
            is_kept,
            is_deleted,
            verdict,
            node,
            joined,
            proven_empty,
            created,
        }
    })
}

/// A member in service since a day, of which little can be wrong: who has others on their way loses nobody by itself.
fn serving() -> impl Strategy<Value = Member> {
    // At rest, broken, short of disk, or any state with any Node.
    let (rests, breaks) = ((0..2_i64, 4..5_usize), (3..4_i64, 5..6_usize));
    let (fills, any) = ((0..2_i64, 6..7_usize), (0..6_i64, 4..7_usize));
    let looks = prop_oneof![4 => rests, 2 => breaks, 1 => fills, 1 => any];
    let fate = (-2000..0_i64, prop::bool::weighted(0.05));
    (looks, fate).prop_map(|((state, node), (seconds, is_deleted))| Member {
        phase: Phase::ALL
            .iter()
            .position(|phase| *phase == Phase::Ready)
            .unwrap(),
        request: 13,
        seconds,
        has_machine: true,
        is_kept: true,
        is_deleted,
        verdict: 7,
        node,
        joined: true,
        proven_empty: false,
        created: -86_400 + state,
    })
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let bounds = (0..6_i32, 0..8_i32);
    let flags = (
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.1),
        (any::<bool>(), any::<bool>()),
    );
    let members = prop_oneof![
        prop::collection::vec(member(), 0..5),
        prop::collection::vec(serving(), 1..5)
    ];
    (bounds, flags, members).prop_map(|(bounds, flags, members)| {
        let (minimum, maximum) = bounds;
        let (has_number, is_kept, is_managed, is_deleted, (shrinks, cleans_up)) = flags;
        Sketch {
            minimum,
            maximum,
            has_number,
            is_kept,
            is_managed,
            is_deleted,
            shrinks,
            cleans_up,
            members,
        }
    })
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let answers = prop_oneof![3 => Just(2_usize), 3 => Just(3_usize), 1 => 0..5_usize];
    let flags = (answers, any::<bool>(), prop::bool::weighted(0.7), any::<bool>());
    (prop::collection::vec(sketch(), 2), flags).prop_map(|(groups, flags)| {
        let (answers, lists_machines, lists_groups, sizes_differ) = flags;
        Plan {
            groups,
            answers,
            lists_machines,
            lists_groups,
            sizes_differ,
        }
    })
}

// --- from plans to worlds ---

fn machine_of(name: &str) -> String {
    format!("m-{name}")
}

fn build_group(name: &str, number: u64, sketch: &Sketch) -> GroupBuilder {
    let mut built = group(name)
        .number(i64::try_from(number).unwrap())
        .min(sketch.minimum)
        .max(sketch.maximum);
    if !sketch.has_number {
        built = built.without_number();
    }
    if !sketch.is_kept {
        built = built.without_finalizer();
    }
    if !sketch.is_managed {
        built = built.unmanaged();
    }
    if sketch.is_deleted {
        built = built.deleted();
    }
    built.but(|group| {
        group.spec.scale_down_policy = sketch.shrinks.then(|| ScaleDownPolicy {
            enabled: Some(true),
            ..ScaleDownPolicy::default()
        });
        let wish = if sketch.cleans_up {
            keys::ENABLED
        } else {
            keys::DISABLED
        };
        let annotations = group.metadata.annotations.get_or_insert_default();
        annotations.insert(keys::ANNOTATION_UNHEALTHY_CLEANUP.to_owned(), wish.to_owned());
    })
}

fn build_claim(name: &str, member: &Member) -> ClaimBuilder {
    let phase = match member.phase {
        8 => Phase::Unrecognised("Draining".to_owned()),
        9..=11 => Phase::Pending,
        12.. => Phase::Provisioning,
        place => Phase::ALL[place].clone(),
    };
    let mut built = claim(name).in_phase(phase).created(member.created);
    let outcomes = [
        Outcome::Open,
        Outcome::Accepted,
        Outcome::Refused,
        Outcome::NotSent,
        Outcome::Unknown,
    ];
    built = match outcomes.get(member.request) {
        Some(outcome) => built.asked(&Intent {
            error: Some("an error".to_owned()),
            ..intent(*outcome, member.seconds)
        }),
        None if member.request == 5 => built.annotated(keys::ANNOTATION_CREATION_INTENT, "{"),
        None if member.request == 6 => built.annotated(keys::ANNOTATION_CREATION_REQUESTED, keys::TRUE),
        None => built,
    };
    if member.has_machine {
        built = built
            .machine(&machine_of(name))
            .status(|status| status.provisioned_at = Some(at(member.seconds)));
    }
    if member.joined {
        built = built.status(|status| {
            status.node_name = Some(format!("n-{name}"));
            status.joined_at = Some(at(member.seconds));
        });
    }
    if !member.is_kept {
        built = built.without_finalizer();
    }
    if member.is_deleted {
        built = built.deleted();
    }
    // One found again without a record stays for ten minutes; here nearly all have one.
    let states = [
        State::Ready,
        State::Idle,
        State::Draining,
        State::Unhealthy,
        State::Initializing,
    ];
    let place = usize::try_from(member.created.rem_euclid(6)).unwrap();
    match states.get(place) {
        Some(state) => built.lived(*state),
        None => built,
    }
}

fn build_verdict(name: &str, member: &Member) -> Option<Verdict<'static>> {
    let machine = || Machine {
        identifier: Some(machine_of(name).into()),
        hostname: Some(name.to_uppercase().into()),
        status: Some("running".into()),
        ..Machine::default()
    };
    let node = format!("n-{name}");
    let tie = || Evidence {
        link: Link::MachineNode,
        kind: EvidenceKind::Hostname,
        detail: Detail::Number(1),
    };
    match member.verdict {
        0 => None,
        1 => Some(waiting()),
        2 => Some(timed_out()),
        3 => Some(ambiguous()),
        4 => Some(conflict()),
        5 if !member.is_deleted => Some(found(Some(machine()), None, Vec::new())),
        6 if !member.is_deleted => Some(found(None, Some(&node), Vec::new())),
        _ => Some(found(Some(machine()), Some(&node), vec![tie()])),
    }
}

fn build_reply(plan: &Plan, seconds: i64) -> Reply {
    let mut machines = Vec::new();
    for ((name, _), sketch) in GROUPS.iter().zip(&plan.groups) {
        machines.extend((1..=sketch.members.len()).map(|slot| machine_of(&format!("{name}-{slot}"))));
    }
    if !plan.lists_machines {
        machines.clear();
    }
    let machines: Vec<&str> = machines.iter().map(String::as_str).collect();
    let mut reply = reply(seconds, &machines);
    reply.groups = GROUPS.map(|(name, number)| provider_group(name, number)).to_vec();
    if plan.sizes_differ {
        reply.groups[0].cpu = Some(8);
    }
    if !plan.lists_groups {
        reply.groups.clear();
    }
    reply
}

pub(super) fn build(plan: &Plan) -> TestWorld {
    let mut built = world();
    for ((name, number), sketch) in GROUPS.iter().zip(&plan.groups) {
        built = built.group(build_group(name, *number, sketch));
        for (member, slot) in sketch.members.iter().zip(1..) {
            built = add_member(built, &format!("{name}-{slot}"), member);
        }
    }
    let start = -40 * i64::try_from(plan.answers).unwrap();
    for seconds in (start..0).step_by(40) {
        built = built.answered(Ok(build_reply(plan, seconds)));
    }
    if plan.answers == 4 {
        let call = Call::GetCluster;
        built = built.answered(Err(CallError::TimedOut { call }));
    }
    built
}

fn add_member(mut world: TestWorld, name: &str, member: &Member) -> TestWorld {
    world = world.claim(build_claim(name, member));
    if let Some(verdict) = build_verdict(name, member) {
        world = world.verdict(name, verdict);
    }
    let mut own = node(&format!("n-{name}"));
    let labels = &mut own.metadata.labels;
    labels.insert(keys::LABEL_VPSIE_NODE.to_owned(), name.to_owned());
    let annotations = &mut own.metadata.annotations;
    let uid = format!("{NAMESPACE}/{name}");
    annotations.insert(keys::ANNOTATION_VPSIE_NODE_UID.to_owned(), uid);
    // The kubelets of most machines that go are silent already, or no end would ever be reached.
    if member.is_deleted && member.seconds % 8 != 0 {
        own.status = None;
    }
    if (member.is_deleted || member.node > 3) && member.seconds % 2 != 0 {
        drained(&mut own, -60);
    }
    match member.node {
        0 => {}
        1 => world = world.node(own),
        2 => {
            own.status = None;
            world = world.node(own);
        }
        4 => world = world.node(own),
        5 => world = world.node(told(own, "Ready", "Unknown")),
        6 => world = world.node(told(own, "DiskPressure", "True")),
        _ => world = world.node(node(&format!("n-{name}"))),
    }
    if member.proven_empty {
        for minutes in -3..=0 {
            let absent = [format!("{NAMESPACE}/{name}")].into();
            let at = world.now + TimeDelta::minutes(minutes);
            world.without_candidate.observe(absent, at);
        }
    }
    world
}
