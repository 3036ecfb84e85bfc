//! Ready lost, and Ready regained.

use super::*;

/// LC-11: three observations and three minutes; two of the one or 2:59 of the other are a blip.
#[test]
fn node_that_is_not_ready_for_long_is_unhealthy() {
    for state in [State::Ready, State::Active, State::Idle, State::Draining] {
        let mut life = life_in(state);
        assert_eq!(live(&mut life, &[(0, DOWN), (3, DOWN)]), []);
        assert_eq!(
            live(&mut life, &[(3, DOWN)]),
            [(state, State::Unhealthy, Reason::ReadyLost, 3)]
        );
        assert_eq!(life.not_ready(), None);

        let mut life = life_in(state);
        assert_eq!(live(&mut life, &[(0, DOWN), (1, DOWN), (2, DOWN)]), []);
        let rules = UnhealthyAfter::default();
        let nearly = at(3) - TimeDelta::seconds(1);
        assert_eq!(life.apply("n", DOWN, &rules, nearly), Ok(Vec::new()));
        let noted = NotReady {
            since: at(0),
            observations: 4,
        };
        assert_eq!(life.not_ready(), Some(noted));
        assert_eq!(live(&mut life, &[(3, DOWN)]).len(), 1);
    }
}

/// LC-11: Ready in between begins the count anew.
#[test]
fn blips_do_not_add_up() {
    let mut life = life_in(State::Active);
    assert_eq!(
        live(
            &mut life,
            &[
                (0, DOWN),
                (2, DOWN),
                (3, Event::Ready),
                (4, DOWN),
                (5, DOWN),
                (6, DOWN)
            ]
        ),
        []
    );
    assert_eq!(live(&mut life, &[(7, DOWN)]).len(), 1);
}

/// LC-11: the time that Kubernetes names counts, even for a process that has just started; one in the future does not.
#[test]
fn known_time_of_the_loss_counts() {
    let since = |minute| Event::NotReady {
        is_silent: true,
        since: Some(at(minute)),
    };
    let mut life = life_in(State::Active);
    assert_eq!(
        live(&mut life, &[(0, since(-9)), (0, since(-9)), (0, since(-9))]).len(),
        1
    );
    let mut life = life_in(State::Active);
    assert_eq!(
        live(
            &mut life,
            &[(0, since(60)), (1, since(60)), (2, since(60)), (3, since(60))]
        )
        .len(),
        1
    );
}

/// LC-11: a node that has not been ready cannot lose that.
#[test]
fn starting_node_loses_nothing() {
    for state in [State::Provisioning, State::Initializing] {
        let mut life = life_in(state);
        let days = [(0, DOWN), (1440, DOWN), (2880, DOWN), (4320, DOWN)];
        assert_eq!(live(&mut life, &days), []);
        assert_eq!(life.not_ready(), None);
    }
}

/// LC-11: back in service in one pass, with the state that the pods give.
#[test]
fn recovery_leads_to_ready_active_or_idle_in_one_pass() {
    use State::{Active, Idle, Ready, Unhealthy};
    let regained = |events: &[(i64, Event<'_>)]| {
        let mut life = life_in(Ready);
        live(&mut life, events);
        live(&mut life, &[(1, Event::Failed { reason: "x" })]);
        let steps = live(&mut life, &[(2, Event::Ready)]);
        (steps, life.last_workload_at())
    };
    let back = (Unhealthy, Ready, Reason::ReadyRegained, 2);
    assert_eq!(regained(&[]), (vec![back], None));
    let (steps, _) = regained(&[(0, Event::PodsListed(&[PodUid::of("a")]))]);
    assert_eq!(steps, [back, (Ready, Active, Reason::WorkloadFound, 2)]);
    let (steps, last) = regained(&[
        (0, Event::PodsListed(&[PodUid::of("a")])),
        (0, Event::PodsListed(&[])),
    ]);
    assert_eq!(steps, [back, (Ready, Idle, Reason::WorkloadGone, 2)]);
    assert_eq!(last, Some(at(2)), "the rest begins anew");
}

/// LC-11: limits that make no sense are refused by name.
#[test]
fn impossible_limits_are_refused_by_name() {
    let message = |observations, duration| {
        UnhealthyAfter::new(observations, duration)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        UnhealthyAfter::new(3, TimeDelta::minutes(3)),
        Ok(UnhealthyAfter::default())
    );
    assert!(UnhealthyAfter::new(1, TimeDelta::zero()).is_ok());
    assert!(UnhealthyAfter::new(1, TimeDelta::days(30)).is_ok());
    assert_eq!(
        message(0, TimeDelta::zero()),
        "unhealthyAfter.observations must be at least 1"
    );
    assert!(message(1, TimeDelta::seconds(-1)).contains("unhealthyAfter.duration"));
    assert!(message(1, TimeDelta::days(31)).contains("2678400 s"));
}
