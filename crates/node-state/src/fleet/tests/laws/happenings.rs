//! Any happenings, of few names, so that they meet.

use super::*;
use crate::facts::{LifeFacts, Mark, Pressure, Readiness};
use crate::testing::ready;
use chrono::TimeDelta;
use node_lifecycle::PodRemoval;

fn name(stem: &'static str) -> impl Strategy<Value = String> {
    (0..4_u8).prop_map(move |number| format!("{stem}-{number}"))
}

fn group_names() -> impl Strategy<Value = GroupKey> {
    (prop_oneof![Just(NAMESPACE), Just("a-team")], name("g"))
        .prop_map(|(space, name)| GroupKey::new(space, &name))
}

/// Is a moment that the facts tell, now and then one that is still to come when it is told.
fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![4 => -60..0_i64, 1 => 0..70_i64].prop_map(at)
}

fn maybe_moments() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    proptest::option::weighted(0.3, moments())
}

fn nodes() -> impl Strategy<Value = NodeFacts> {
    let label = proptest::option::of((group_names(), any::<bool>()));
    let pool = proptest::option::of(prop_oneof![Just("a"), Just("b")]);
    let is_master = proptest::bool::weighted(0.1);
    let health = prop_oneof![Just(Some(true)), Just(Some(false)), Just(None)];
    let told = (
        moments(),
        moments(),
        maybe_moments(),
        maybe_moments(),
        maybe_moments(),
    );
    let mark = proptest::option::of(name("uid-of-w"));
    (name("n"), label, pool, is_master, health, told, mark).prop_map(
        |(name, label, pool, is_master, health, told, mark)| {
            let mut facts = node(&name);
            if let Some((group, is_full)) = label {
                facts.group_label = Some(group.name.into());
                facts.group_namespace = is_full.then(|| group.namespace.into());
            }
            facts
                .labels
                .extend(pool.map(|pool| ("pool".to_owned(), pool.to_owned())));
            facts.is_of_control_plane = is_master;
            facts.marked_for = mark.map(Into::into);
            let (created, ready_since, deleted, marked, pressed) = told;
            facts.created_at = Some(created);
            facts.ready = Some(Readiness {
                since: Some(ready_since),
                ..ready(health, -10)
            });
            facts.deleted_at = deleted;
            facts.drain_marked = marked.map(|since| Mark { since: Some(since) });
            facts.disk_pressure = pressed.map(|since| Pressure { since: Some(since) });
            facts
        },
    )
}

fn owners() -> impl Strategy<Value = OwnerFacts> {
    let group = prop_oneof![Just(String::new()), name("g")];
    // On broken nodes alone time decides which pods count.
    let states = prop_oneof![
        Just(State::Unhealthy),
        proptest::sample::select(State::ALL.to_vec())
    ];
    let life = proptest::option::weighted(0.8, (states, moments()));
    let phase = proptest::sample::select(Phase::ALL.to_vec());
    let told = (moments(), maybe_moments(), maybe_moments());
    let node = proptest::option::of(name("n"));
    (name("w"), group, node, life, phase, told).prop_map(|(name, group, node, life, phase, told)| {
        let (created, provisioned_at, deleted_at) = told;
        OwnerFacts {
            life: life.map(|(state, entered_at)| LifeFacts { state, entered_at }),
            phase: Some(phase),
            created_at: Some(created),
            provisioned_at,
            deleted_at,
            ..owner(&name, &group, node.as_deref())
        }
    })
}

fn groups() -> impl Strategy<Value = GroupFacts> {
    let pool = proptest::option::of((
        prop_oneof![Just("pool"), Just("-")],
        prop_oneof![Just("a"), Just("b")],
    ));
    (group_names(), pool, any::<bool>(), any::<bool>()).prop_map(|(key, pool, is_paused, is_ending)| {
        GroupFacts {
            key,
            selector: pool.map(|(key, value)| selector(key, value)),
            is_paused,
            is_ending,
            ..group("any")
        }
    })
}

pub(super) fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let removal = (moments(), 0..3_i64).prop_map(|(due_at, grace)| {
        let grace = TimeDelta::minutes(grace);
        Box::new(PodRemoval { due_at, grace })
    });
    let removal = proptest::option::weighted(0.8, removal);
    let is_finished = proptest::bool::weighted(0.2);
    let pods = (name("n"), name("p"), is_finished, removal).prop_map(|(node, uid, is_finished, removal)| {
        let pod = PodFacts {
            is_finished,
            removal,
            ..pod(&uid)
        };
        Happening::Pod(node, pod)
    });
    let one = prop_oneof![
        4 => nodes().prop_map(Happening::Node),
        1 => name("n").prop_map(Happening::NoNode),
        4 => owners().prop_map(Happening::Owner),
        1 => name("w").prop_map(|name| Happening::NoOwner(OwnerKey::new(NAMESPACE, &name))),
        4 => pods,
        1 => (name("n"), name("p")).prop_map(|(node, uid)| Happening::NoPod(node, uid)),
        4 => groups().prop_map(Happening::Group),
        1 => group_names().prop_map(Happening::NoGroup),
        4 => Just(Happening::Settle),
    ];
    proptest::collection::vec(one, 1..60)
}
