//! Tests of the breaker. Time is a number.

use proptest::prelude::*;

use super::*;

const OPEN_FOR: Duration = Duration::from_secs(30);

fn breaker(failures: u32) -> Breaker {
    Breaker::new(BreakerSettings {
        failures,
        open_for: OPEN_FOR,
    })
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Sends one request and reports at once.
#[track_caller]
fn exchange(breaker: &mut Breaker, health: Health, now: Instant) {
    let pass = breaker.admit(now).expect("it is closed");
    breaker.report(&pass, health, now);
}

#[test]
fn failures_in_a_row_open_it() {
    let (mut breaker, now) = (breaker(3), Instant::now());
    for health in [Health::Ill, Health::Ill, Health::Well, Health::Ill, Health::Ill] {
        exchange(&mut breaker, health, now);
        assert_eq!(breaker.closed_for(now), Ok(()));
    }
    exchange(&mut breaker, Health::Ill, now);
    assert_eq!(breaker.closed_for(now), Err(OPEN_FOR));
    assert_eq!(breaker.admit(now + seconds(29)).unwrap_err(), seconds(1));
}

#[test]
fn one_request_tries_whether_vpsie_is_back() {
    for (health, expected) in [(Health::Well, Ok(())), (Health::Ill, Err(OPEN_FOR))] {
        let (mut breaker, now) = (breaker(1), Instant::now());
        exchange(&mut breaker, Health::Ill, now);
        let later = now + OPEN_FOR;
        let probe = breaker.admit(later).unwrap();
        assert_eq!(breaker.admit(later).unwrap_err(), OPEN_FOR);
        breaker.report(&probe, health, later);
        assert_eq!(breaker.closed_for(later), expected, "{health:?}");
    }
}

/// A caller may be dropped while its request is under way.
#[test]
fn probe_that_nobody_reports_on_is_followed_by_another() {
    let (mut breaker, now) = (breaker(1), Instant::now());
    exchange(&mut breaker, Health::Ill, now);
    let lost = breaker.admit(now + OPEN_FOR).unwrap();
    let second = breaker.admit(now + 2 * OPEN_FOR).unwrap();
    breaker.report(&lost, Health::Well, now + 2 * OPEN_FOR);
    assert!(
        breaker.closed_for(now + 2 * OPEN_FOR).is_err(),
        "the lost one is too old to count"
    );
    breaker.report(&second, Health::Well, now + 2 * OPEN_FOR);
    assert_eq!(breaker.closed_for(now + 2 * OPEN_FOR), Ok(()));
}

#[test]
fn answers_from_before_it_opened_do_not_count() {
    let (mut breaker, now) = (breaker(2), Instant::now());
    let slow = breaker.admit(now).unwrap();
    exchange(&mut breaker, Health::Ill, now);
    exchange(&mut breaker, Health::Ill, now);
    breaker.report(&slow, Health::Well, now);
    assert_eq!(breaker.closed_for(now), Err(OPEN_FOR));
}

/// What may happen, in any order.
#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Ask,
    /// Reports on one of those under way, if there are any.
    Answer(usize, Health),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let health = prop_oneof![1 => Just(Health::Well), 2 => Just(Health::Ill)];
    let event = prop_oneof![
        1 => (0..40_u64).prop_map(Event::Wait),
        3 => Just(Event::Ask),
        3 => (any::<usize>(), health).prop_map(|(which, health)| Event::Answer(which, health)),
    ];
    prop::collection::vec(event, 0..60)
}

/// Retells the rules over the whole history instead of a state.
#[derive(Default)]
struct Model {
    /// When each request that was let out left, and whether it counts still.
    counts: Vec<bool>,
    failures: u32,
    /// Set from the first opening until the next success.
    shut_until: Option<Instant>,
}

impl Model {
    fn lets_out(&self, now: Instant) -> bool {
        self.shut_until.is_none_or(|until| until <= now)
    }

    fn left(&mut self, now: Instant) {
        if self.shut_until.is_some() {
            self.counts.fill(false);
            self.shut_until = Some(now + OPEN_FOR);
        }
        self.counts.push(true);
    }

    fn answered(&mut self, request: usize, health: Health, limit: u32, now: Instant) {
        if !self.counts[request] {
            return;
        }
        let trying = self.shut_until.is_some();
        match health {
            Health::Well => {
                self.failures = 0;
                self.shut_until = None;
            }
            Health::Ill => self.failures += 1,
        }
        let shuts = health == Health::Ill && (trying || self.failures >= limit);
        if shuts {
            self.shut_until = Some(now + OPEN_FOR);
            self.failures = 0;
        }
        if trying || shuts {
            self.counts.fill(false);
        }
    }
}

proptest! {
    /// Whatever happens in whatever order, it lets out what the rules let out.
    #[test]
    fn breaker_follows_its_rules(limit in 1..4_u32, events in events()) {
        let (mut breaker, mut model) = (breaker(limit), Model::default());
        let mut now = Instant::now();
        let mut under_way: Vec<(usize, Pass)> = vec![];
        for event in events {
            match event {
                Event::Wait(time) => now += seconds(time),
                Event::Ask => {
                    prop_assert_eq!(breaker.closed_for(now).is_ok(), model.lets_out(now));
                    let admitted = breaker.admit(now);
                    prop_assert_eq!(admitted.is_ok(), model.lets_out(now));
                    match admitted {
                        Ok(pass) => {
                            model.left(now);
                            under_way.push((model.counts.len() - 1, pass));
                        }
                        Err(wait) => prop_assert!(wait > Duration::ZERO && wait <= OPEN_FOR),
                    }
                }
                Event::Answer(which, health) if !under_way.is_empty() => {
                    let (request, pass) = under_way.swap_remove(which % under_way.len());
                    breaker.report(&pass, health, now);
                    model.answered(request, health, limit, now);
                }
                Event::Answer(..) => {}
            }
        }
    }

    /// However it got there, it lets something out again in time.
    #[test]
    fn breaker_never_shuts_for_good(limit in 0..4_u32, events in events()) {
        let mut breaker = breaker(limit);
        let mut now = Instant::now();
        let mut under_way = vec![];
        for event in events {
            match event {
                Event::Wait(time) => now += seconds(time),
                Event::Ask => under_way.extend(breaker.admit(now)),
                Event::Answer(which, health) if !under_way.is_empty() => {
                    let pass = under_way.swap_remove(which % under_way.len());
                    breaker.report(&pass, health, now);
                }
                Event::Answer(..) => {}
            }
        }
        prop_assert!(breaker.admit(now + OPEN_FOR).is_ok());
    }
}
