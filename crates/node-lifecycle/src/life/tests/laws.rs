//! What holds for every sequence of events.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const UIDS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Is an event that owns what it lists.
#[derive(Debug, Clone)]
enum Happens {
    MachineSeen,
    Ready,
    NotReady(bool, Option<i64>),
    Pods(Vec<&'static str>),
    Failed,
    DiskPressure,
    Decommission,
    Deleted,
    Health(usize),
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        2 => Just(Happens::MachineSeen),
        4 => Just(Happens::Ready),
        4 => (any::<bool>(), proptest::option::of(-100_i64..100)).prop_map(|(silent, since)| Happens::NotReady(silent, since)),
        6 => proptest::sample::subsequence(UIDS.to_vec(), 0..=5).prop_map(Happens::Pods),
        1 => Just(Happens::Failed),
        1 => Just(Happens::DiskPressure),
        1 => Just(Happens::Decommission),
        1 => Just(Happens::Deleted),
        2 => (0_usize..3).prop_map(Happens::Health),
        2 => Just(Happens::Restart),
    ]
}

fn apply(
    life: &mut Life,
    happens: &Happens,
    now: DateTime<Utc>,
) -> Result<Vec<Transition>, IllegalTransition> {
    let event = match happens {
        Happens::MachineSeen => Event::MachineSeen,
        Happens::Ready => Event::Ready,
        Happens::NotReady(is_silent, since) => Event::NotReady {
            is_silent: *is_silent,
            since: since.map(at),
        },
        Happens::Pods(uids) => Event::PodsListed(&of(uids)),
        Happens::Failed => Event::Failed { reason: "x" },
        Happens::DiskPressure => Event::DiskPressure,
        Happens::Decommission => Event::DecommissionAllowed,
        Happens::Deleted => Event::DeleteConfirmed,
        Happens::Health(which) => {
            life.set_health(Health::ALL[*which]);
            return Ok(Vec::new());
        }
        Happens::Restart => {
            *life = Life::from_json(&life.to_json()).unwrap();
            return Ok(Vec::new());
        }
    };
    life.apply("n", event, &UnhealthyAfter::default(), now)
}

fn of(uids: &[&str]) -> Vec<PodUid> {
    uids.iter().map(|uid| PodUid::of(uid)).collect()
}

fn phases() -> impl Strategy<Value = Phase> {
    proptest::sample::select(Phase::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// LC-6, LC-1, LC-10: only legal steps, no count that falls, no way back from the end, no change by a refusal.
    #[test]
    fn no_sequence_of_events_breaks_a_life(phase in phases(), events in vec((0_i64..5, happens()), 0..60)) {
        let mut life = phase.life_without_record(at(0));
        let (mut minute, mut uids) = (0, std::collections::BTreeSet::new());
        for (later, happening) in &events {
            minute += later;
            let before = life.clone();
            match apply(&mut life, happening, at(minute)) {
                Err(error) => {
                    prop_assert!(!error.from.may_become(error.to));
                    prop_assert_eq!(error.from, before.state());
                    prop_assert_eq!(&life, &before);
                }
                Ok(transitions) => {
                    let mut state = before.state();
                    for step in &transitions {
                        prop_assert_eq!(step.from, state);
                        prop_assert!(step.from.may_become(step.to), "{} to {}", step.from, step.to);
                        state = step.to;
                    }
                    prop_assert_eq!(life.state(), state);
                    if transitions.is_empty() {
                        prop_assert_eq!(life.entered_at(), before.entered_at());
                    } else {
                        prop_assert_eq!(life.entered_at(), at(minute));
                    }
                }
            }
            if let Happens::Pods(listed) = happening && before.state() != State::Decommissioned {
                uids.extend(listed.iter().copied());
            }
            prop_assert_eq!(life.workloads_ever(), uids.len() as u64);
            prop_assert!(life.workloads_ever() >= life.workloads());
            if before.state() == State::Decommissioned && !matches!(happening, Happens::Health(_)) {
                prop_assert_eq!(&life, &before);
            }
            for (old, new) in [
                (before.initialized_at(), life.initialized_at()),
                (before.first_workload_at(), life.first_workload_at()),
                (before.provisioned_at(), life.provisioned_at()),
            ] {
                prop_assert!(old.is_none() || old == new, "first stamps stay");
            }
        }
    }

    /// LC-9: in service, the state and the pods agree after each list.
    #[test]
    fn state_follows_the_pods(lists in vec(proptest::sample::subsequence(UIDS.to_vec(), 0..=5), 1..20)) {
        let mut life = life_in(State::Ready);
        let mut carried = false;
        for uids in &lists {
            carried |= !uids.is_empty();
            live(&mut life, &[(0, Event::PodsListed(&of(uids)))]);
            let expected = match (uids.is_empty(), carried) {
                (false, _) => State::Active,
                (true, true) => State::Idle,
                (true, false) => State::Ready,
            };
            prop_assert_eq!(life.state(), expected);
        }
    }

    /// Everything twice is everything once, but for observations, which count.
    #[test]
    fn repeated_event_changes_nothing(phase in phases(), events in vec(happens(), 0..40)) {
        let mut life = phase.life_without_record(at(0));
        for (minute, happening) in (1..).zip(&events) {
            let _ = apply(&mut life, happening, at(minute));
            let once = life.clone();
            if !matches!(happening, Happens::NotReady(..)) {
                let again = apply(&mut life, happening, at(minute));
                prop_assert!(again.is_err() || again.is_ok_and(|steps| steps.is_empty()));
                prop_assert_eq!(&life, &once);
            }
        }
    }

    /// LC-29: no text makes the reader panic, and what it reads it can write and read again.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        if let Ok(life) = Life::from_json(&text) {
            prop_assert_eq!(Life::from_json(&life.to_json()).unwrap(), life);
        }
    }
}
