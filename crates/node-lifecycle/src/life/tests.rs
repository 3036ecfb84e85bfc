//! Single lives, event by event.

use chrono::TimeDelta;
use serde_json::json;

use crate::testing::{at, life as life_in};
use crate::{Phase, PodUid};

use super::*;

mod laws;
mod readiness;
mod records;

/// Applies events at minutes and returns every transition as (from, to, reason, minute).
#[track_caller]
fn live(life: &mut Life, events: &[(i64, Event<'_>)]) -> Vec<(State, State, Reason, i64)> {
    let rules = UnhealthyAfter::default();
    let mut seen = Vec::new();
    for (minute, event) in events {
        let transitions = life.apply("worker-1", *event, &rules, at(*minute)).unwrap();
        seen.extend(
            transitions
                .into_iter()
                .map(|step| (step.from, step.to, step.reason, *minute)),
        );
    }
    seen
}

const DOWN: Event<'static> = Event::NotReady {
    is_silent: false,
    since: None,
};

/// LC-4: an event tells node, from, to, reason and time; its JSON is what a reader sees.
#[test]
fn transition_tells_who_whence_whereto_why_and_when() {
    let mut life = Life::requested(at(0));
    let rules = UnhealthyAfter::default();
    let failed = Event::Failed {
        reason: "DiscoveryTimeout",
    };
    let transitions = life.apply("worker-1", failed, &rules, at(10)).unwrap();
    assert_eq!(
        serde_json::to_value(&transitions).unwrap(),
        json!([{
            "node": "worker-1",
            "from": "provisioning",
            "to": "unhealthy",
            "reason": "failed",
            "detail": "DiscoveryTimeout",
            "at": "2024-10-04T00:10:00Z",
        }])
    );
    assert_eq!(transitions[0].at, at(10));
}

/// LC-4, LC-7, LC-8, LC-9: a whole life, with a reason for each step and a stamp where one is due (LC-3).
#[test]
fn a_life_from_the_request_to_the_end() {
    use Reason::*;
    use State::*;
    let mut life = Life::requested(at(0));
    let steps = live(&mut life, &[(1, Event::MachineSeen), (1, Event::MachineSeen)]);
    assert_eq!(steps, [(Provisioning, Initializing, Reason::MachineSeen, 1)]);
    assert_eq!(life.initialized_at(), None, "not on entering initializing");

    let steps = live(
        &mut life,
        &[
            (2, DOWN),
            (3, Event::Ready),
            (4, Event::Ready),
            (4, Event::PodsListed(&[])),
        ],
    );
    assert_eq!(steps, [(Initializing, Ready, FirstBootCompleted, 3)]);
    assert_eq!(
        (life.initialized_at(), life.health()),
        (Some(at(3)), Health::Healthy)
    );

    let steps = live(
        &mut life,
        &[
            (5, Event::PodsListed(&[PodUid::of("a")])),
            (6, Event::PodsListed(&[PodUid::of("a"), PodUid::of("b")])),
        ],
    );
    assert_eq!(steps, [(Ready, Active, FirstWorkloadAdded, 5)]);
    assert_eq!((life.workloads(), life.workloads_ever()), (2, 2));

    let steps = live(
        &mut life,
        &[
            (7, Event::PodsListed(&[PodUid::of("b")])),
            (8, Event::PodsListed(&[])),
        ],
    );
    assert_eq!(steps, [(Active, Idle, LastWorkloadRemoved, 8)]);
    assert_eq!(life.last_workload_at(), Some(at(8)));

    let steps = live(
        &mut life,
        &[
            (9, Event::PodsListed(&[PodUid::of("c")])),
            (10, Event::PodsListed(&[])),
        ],
    );
    assert_eq!(
        steps,
        [
            (Idle, Active, WorkloadAdded, 9),
            (Active, Idle, LastWorkloadRemoved, 10)
        ]
    );
    assert_eq!(
        (life.first_workload_at(), life.last_workload_at()),
        (Some(at(5)), Some(at(10)))
    );

    let again = [(41, Event::DecommissionAllowed), (42, Event::DecommissionAllowed)];
    assert_eq!(
        live(&mut life, &again),
        [(Idle, Draining, DecommissionRequested, 41)]
    );
    let steps = live(&mut life, &[(43, Event::Ready), (44, Event::DeleteConfirmed)]);
    assert_eq!(steps, [(Draining, Decommissioned, ProviderDeleteConfirmed, 44)]);
    assert_eq!(life.workloads_ever(), 3);
    assert_eq!(life.entered_at(), at(44));
}

/// LC-1: a refused step changes nothing: no state, no stamp, no count.
#[test]
fn refused_step_changes_nothing() {
    for state in [State::Provisioning, State::Initializing] {
        let mut life = life_in(state);
        let before = life.clone();
        let refused = life.apply("n", Event::DecommissionAllowed, &UnhealthyAfter::default(), at(1));
        let to = State::Draining;
        assert_eq!(refused, Err(IllegalTransition { from: state, to }));
        assert_eq!(life, before);
    }
}

/// LC-2: health alone moves nothing, and a step leaves the health as it is.
#[test]
fn health_and_state_are_independent() {
    for state in State::ALL {
        for health in Health::ALL {
            let mut life = life_in(*state);
            life.set_health(*health);
            assert_eq!((life.state(), life.health()), (*state, *health));
            let other_events = [
                Event::MachineSeen,
                Event::PodsListed(&[PodUid::of("x")]),
                Event::PodsListed(&[]),
                Event::DeleteConfirmed,
            ];
            for event in other_events {
                live(&mut life, &[(0, event)]);
                assert_eq!(life.health(), *health, "{state} after {event:?}");
            }
        }
    }
}

/// LC-2, LC-11: what is observed of the Node is the health at once; the state waits.
#[test]
fn health_is_what_was_seen_last() {
    let mut life = life_in(State::Idle);
    let silent = Event::NotReady {
        is_silent: true,
        since: None,
    };
    for (event, health) in [
        (DOWN, Health::Unhealthy),
        (silent, Health::Unknown),
        (Event::Ready, Health::Healthy),
    ] {
        live(&mut life, &[(0, event)]);
        assert_eq!((life.state(), life.health()), (State::Idle, health));
    }
}

/// LC-3: coming back keeps the first stamp; a node that failed before it was ready gets its first stamp then.
#[test]
fn first_stamp_stays() {
    let mut life = life_in(State::Ready);
    let first = life.initialized_at();
    live(
        &mut life,
        &[(0, Event::Failed { reason: "x" }), (5, Event::Ready)],
    );
    assert_eq!((life.state(), life.initialized_at()), (State::Ready, first));

    let mut life = life_in(State::Unhealthy);
    assert_eq!(life.initialized_at(), None);
    live(&mut life, &[(5, Event::Ready)]);
    assert_eq!(life.initialized_at(), Some(at(5)));
}

/// LC-5: how lives begin.
#[test]
fn lives_begin_as_the_table_says() {
    let begun = |life: &Life| {
        let recovered = life.recovery().map(|recovery| recovery.recovered_at);
        (life.state(), life.health(), life.provisioned_at(), recovered)
    };
    let now = Some(at(0));
    let requested = (State::Provisioning, Health::Unknown, now, None);
    let starting = (State::Initializing, Health::Unknown, None, None);
    let rediscovered = (State::Ready, Health::Unknown, None, now);
    assert_eq!(begun(&Life::requested(at(0))), requested);
    assert_eq!(
        begun(&Life::protected(at(0))),
        (State::Active, Health::Healthy, None, None)
    );
    assert_eq!(begun(&Life::rediscovered(at(0))), rediscovered);
    for (phase, expected) in [
        (Phase::Pending, requested),
        (Phase::Provisioning, requested),
        (Phase::Provisioned, starting),
        (Phase::Joining, starting),
        (Phase::Ready, rediscovered),
        (Phase::Terminating, rediscovered),
        (Phase::Deleting, rediscovered),
        (Phase::Failed, (State::Unhealthy, Health::Unknown, None, now)),
    ] {
        assert_eq!(begun(&phase.life_without_record(at(0))), expected, "{phase}");
    }
    assert_eq!(Life::rediscovered(at(0)).initialized_at(), None);
    assert_eq!(Life::rediscovered(at(0)).entered_at(), at(0));
}

/// LC-7: a Node that is Ready before anybody looked goes both steps at once, and on when it carries pods.
#[test]
fn quick_boot_skips_no_state() {
    use State::{Active, Initializing, Provisioning, Ready};
    let mut life = Life::requested(at(0));
    live(&mut life, &[(1, Event::PodsListed(&[PodUid::of("a")]))]);
    assert_eq!(
        live(&mut life, &[(2, Event::Ready)]),
        [
            (Provisioning, Initializing, Reason::MachineSeen, 2),
            (Initializing, Ready, Reason::FirstBootCompleted, 2),
            (Ready, Active, Reason::WorkloadFound, 2),
        ]
    );
}

/// LC-12: Failed is unhealthy from every state that can be.
#[test]
fn failed_node_is_unhealthy() {
    let failed = Event::Failed {
        reason: "JoiningTimeout",
    };
    for state in State::ALL {
        let expected = match state {
            State::Unhealthy | State::Decommissioned => vec![],
            State::Provisioning
            | State::Initializing
            | State::Ready
            | State::Active
            | State::Idle
            | State::Draining => vec![(*state, State::Unhealthy, Reason::Failed, 0)],
        };
        assert_eq!(live(&mut life_in(*state), &[(0, failed)]), expected);
    }
}

/// LC-13: a full disk drains what is in service and nothing else.
#[test]
fn disk_pressure_drains_what_is_in_service() {
    for state in State::ALL {
        let expected = if state.counts_as_capacity() {
            vec![(*state, State::Draining, Reason::DiskPressure, 0)]
        } else {
            vec![]
        };
        assert_eq!(live(&mut life_in(*state), &[(0, Event::DiskPressure)]), expected);
    }
}

/// LC-25: a broken node goes without draining, and nothing is wrong about that.
#[test]
fn broken_node_is_not_drained() {
    let mut life = life_in(State::Unhealthy);
    let steps = live(
        &mut life,
        &[(0, Event::DecommissionAllowed), (1, Event::DeleteConfirmed)],
    );
    assert_eq!(
        steps,
        [(
            State::Unhealthy,
            State::Decommissioned,
            Reason::ProviderDeleteConfirmed,
            1
        )]
    );
}

/// A machine that vanishes under its pods breaks first: the table has no shorter way.
#[test]
fn machine_that_vanishes_is_gone_from_every_state() {
    for state in State::ALL {
        let mut life = life_in(*state);
        let steps = live(&mut life, &[(0, Event::DeleteConfirmed)]);
        assert_eq!(life.state(), State::Decommissioned);
        let expected =
            1 + usize::from(*state == State::Active) - usize::from(*state == State::Decommissioned);
        assert_eq!(steps.len(), expected, "{state}");
    }
    let steps = live(&mut life_in(State::Active), &[(0, Event::DeleteConfirmed)]);
    assert_eq!(
        steps[0],
        (State::Active, State::Unhealthy, Reason::MachineLost, 0)
    );
}

/// LC-21: the first complete list after a recovery counts, an empty one too, and no later one.
#[test]
fn first_list_after_a_recovery_is_remembered() {
    let mut life = Life::rediscovered(at(0));
    let listed = |life: &Life| life.recovery().and_then(|recovery| recovery.pods_listed_at);
    assert_eq!(listed(&life), None);
    live(
        &mut life,
        &[
            (1, Event::PodsListed(&[])),
            (2, Event::PodsListed(&[PodUid::of("a")])),
        ],
    );
    assert_eq!(listed(&life), Some(at(1)));
    assert_eq!(life.state(), State::Active);
    life.recover(at(9));
    assert_eq!(listed(&life), None);
}

/// LC-3: a pod that came before on a found node makes the next rest a rest after work.
#[test]
fn ready_node_that_has_worked_becomes_idle_when_nothing_is_there() {
    let mut life = life_in(State::Ready);
    life.pods.list(&[PodUid::of("a")]);
    let steps = live(
        &mut life,
        &[
            (0, Event::PodsListed(&[])),
            (1, Event::PodsListed(&[PodUid::of("b")])),
        ],
    );
    let expected = [
        (State::Ready, State::Idle, Reason::LastWorkloadRemoved, 0),
        (State::Idle, State::Active, Reason::WorkloadAdded, 1),
    ];
    assert_eq!(steps, expected);
    let mut life = life_in(State::Ready);
    life.pods.list(&[PodUid::of("a")]);
    assert_eq!(
        live(&mut life, &[(0, Event::PodsListed(&[PodUid::of("b")]))])[0].2,
        Reason::WorkloadAdded
    );
}

/// LC-19: an active node that is found empty has rested for no time, whatever an older stamp says.
#[test]
fn empty_active_node_has_just_begun_to_rest() {
    let mut life = life_in(State::Idle);
    assert_eq!(life.idle_for(at(0)), Some(TimeDelta::minutes(30)));
    live(&mut life, &[(-5, Event::PodsListed(&[PodUid::of("x")]))]);
    assert_eq!(life.idle_for(at(0)), Some(TimeDelta::zero()));
    life.last_workload_at = Some(life.entered_at);
    assert_eq!(life.idle_for(at(0)), Some(TimeDelta::zero()));
    life.last_workload_at = Some(at(-2));
    assert_eq!(life.idle_for(at(0)), Some(TimeDelta::minutes(2)));
    assert_eq!(life_in(State::Ready).idle_for(at(0)), None);
}
