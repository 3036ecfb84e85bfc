//! A model of lease × effects: every interleaving of a few replicas, one VPSieNode and VPSie, without a limit in time.
//!
//! The thinking is that of the program: [`Election`] and [`Rule`], with small numbers for their durations. The model
//! adds the world. Any replica may stand still at any time for as long as it likes, which is what a crash, a pause
//! and a partition look like from outside; a write may arrive late or never, and so may its answer; a clock may be
//! slow by a quarter. Time goes by as everything moves into the past, so that the states are finitely many. A third replica is one that has started only now, as after a restart.

mod steps;

use super::election::{Answer, Election, Step};
use super::record::Record;
use super::{Rule, Timing};
use crate::clock::Monotonic;
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::time::Duration;

/// One tick of the model's time.
const TICK: Duration = Duration::from_secs(1);
/// What every clock shows at all times: what has happened moves into the past instead.
const NOW: Monotonic = Monotonic::at(Duration::from_secs(20));
/// How far back anything makes a difference.
const HORIZON: Duration = Duration::from_secs(6);
/// How long a request to VPSie may be under way, in ticks: longer than a lease outlasts its leader.
const REQUEST: u32 = 3;
/// A slow clock misses one tick of so many.
const SLOW: u8 = 4;
/// Tries to buy after which a story is left: each is like the one before.
const TRIES: u8 = 2;

/// What is checked, and which rule is left out to see that the check finds out.
#[derive(Clone, Debug)]
struct Contest {
    replicas: usize,
    /// Terms after which a story is left.
    terms: u32,
    /// The replica whose clock is slow.
    slow: Option<usize>,
    /// The duration of the lease in ticks; the renew deadline is three.
    lease: u32,
    /// Whether a new leader waits before it concludes anything from an open intent.
    waits: bool,
    /// Whether the rule is looked at again right before the effect.
    looks: bool,
    /// Whether an intent is written under the version that was looked at.
    locks: bool,
}

/// Everything at one time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// How many ticks ago the slow clock missed one.
    phase: u8,
    /// The stored Lease.
    lease: Record,
    replicas: Vec<Replica>,
    /// A write of the Lease that its sender has given up, and that may still arrive.
    stray: Option<Record>,
    /// The VPSieNode that a machine is to be bought for.
    node: Node,
    /// How many requests for it VPSie has taken.
    bought: u8,
    /// Whether a leader has concluded that nothing will come of the open intent, and replaced the VPSieNode.
    is_given_up: bool,
    /// Whether VPSie took a request after that.
    is_late: bool,
    /// Whether an effect was started by one who did not lead, or while another led.
    is_forbidden: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Replica {
    election: Election,
    work: Work,
}

/// What the operator of a replica is doing about the VPSieNode.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Work {
    Idle,
    /// The intent is being written; it may arrive at any time.
    Writing {
        opened: Monotonic,
        term: u32,
        version: u8,
    },
    /// The write was answered: it is stored at this version, or refused.
    Written {
        opened: Monotonic,
        stored: Option<u8>,
    },
    /// The rule was looked at; the client of VPSie may still need a moment.
    Allowed {
        looked: Monotonic,
        version: u8,
    },
    /// The request is under way; after `until` it arrives no more.
    Asking {
        until: Monotonic,
        version: u8,
        is_taken: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    version: u8,
    intent: Intent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Intent {
    Never,
    /// Open, in this term.
    Open(u32),
    /// Settled, and a machine may exist.
    Settled,
}

/// What happens next, to which replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Tick,
    /// Reads the Lease and writes it if it may.
    Contend(usize, Fate),
    /// A write that was given up arrives.
    Stray,
    Open(usize),
    Store(usize),
    Look(usize),
    Ask(usize),
    /// VPSie takes the request.
    Take(usize),
    Settle(usize),
    /// Concludes from the open intent of another term that nothing will come of it.
    Conclude(usize),
}

// === impl Work ===

impl Work {
    /// Moves its times into the past by a tick, as far as that makes a difference.
    fn age(&mut self) {
        let (Self::Writing { opened: moment, .. }
        | Self::Written { opened: moment, .. }
        | Self::Allowed { looked: moment, .. }
        | Self::Asking { until: moment, .. }) = self
        else {
            return;
        };
        let earlier = Monotonic::at(moment.since(Monotonic::at(TICK)));
        *moment = earlier.max(Monotonic::at(NOW.since(Monotonic::at(TICK * 3))));
    }
}

/// What becomes of a write of the Lease. One that is lost changes nothing, as if the replica had stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    /// It arrives, and its answer does not.
    Unanswered,
    /// It is given up, and may arrive later.
    Late,
}

// === impl Contest ===

impl Contest {
    /// The rule as it is, with numbers that leave the model small.
    fn sound(replicas: usize, terms: u32, slow: Option<usize>) -> Self {
        Self {
            replicas,
            terms,
            slow,
            lease: 4,
            waits: true,
            looks: true,
            locks: true,
        }
    }

    fn timing(&self) -> Timing {
        Timing {
            lease: TICK * self.lease,
            renew_deadline: TICK * 3,
            retry: TICK,
            call: TICK,
        }
    }

    fn rule() -> Rule {
        Rule::new(TICK * 2, TICK)
    }

    /// Lets one tick go by for everybody but a slow clock that misses it.
    fn tick(&self, state: &mut State) {
        let is_missed = self.slow.is_some() && state.phase == SLOW - 1;
        if self.slow.is_some() {
            state.phase = (state.phase + 1) % SLOW;
        }
        for (place, replica) in state.replicas.iter_mut().enumerate() {
            if !(is_missed && self.slow == Some(place)) {
                replica.election.age(TICK);
                replica.work.age();
            }
        }
    }

    /// Forgets differences that make none, so that equal states are equal.
    fn settle(state: &mut State) {
        let stored = std::mem::replace(&mut state.lease.version, "now".to_owned());
        state.stray = state.stray.take().filter(|stray| stray.version == stored);
        if let Some(stray) = &mut state.stray {
            "now".clone_into(&mut stray.version);
        }
        for replica in &mut state.replicas {
            if stored != "now" {
                replica.election.rename("now", "before");
                replica.election.rename(&stored, "now");
            }
            replica.election.settle(NOW, "now", HORIZON);
        }
    }
}

fn leads(replica: &Replica) -> bool {
    replica.election.term(NOW).is_some()
}

impl Model for Contest {
    type State = State;
    type Action = Action;

    /// The first replica has just taken the Lease, the second has seen it, the third has seen nothing.
    fn init_states(&self) -> Vec<State> {
        let start = NOW;
        let free = Record {
            holder: None,
            term: 0,
            duration: TICK * self.lease,
            version: "before".to_owned(),
        };
        let mut elections: Vec<Election> = (0..self.replicas)
            .map(|replica| Election::new(&replica.to_string(), self.timing()))
            .collect();
        elections[0].hear(Answer::Read(free), start, start);
        let Step::Replace(record) = elections[0].step(start) else {
            unreachable!("a free Lease is taken")
        };
        let lease = Record {
            version: "now".to_owned(),
            ..record
        };
        elections[0].hear(Answer::Written(lease.clone()), start, start);
        elections[1].hear(Answer::Read(lease.clone()), start, start);
        elections[1].step(start);
        let replicas = elections.into_iter().map(|election| Replica {
            election,
            work: Work::Idle,
        });
        vec![State {
            phase: 0,
            lease,
            replicas: replicas.collect(),
            stray: None,
            node: Node {
                version: 0,
                intent: Intent::Never,
            },
            bought: 0,
            is_given_up: false,
            is_late: false,
            is_forbidden: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.push(Action::Tick);
        if state.stray.is_some() {
            actions.push(Action::Stray);
        }
        for replica in 0..self.replicas {
            self.lease_actions(state, replica, actions);
            self.work_actions(state, replica, actions);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.take(&mut next, action);
        Self::settle(&mut next);
        (next != *state).then_some(next)
    }

    /// Ends a story when nothing more can be bought, or one try is like the last.
    fn within_boundary(&self, state: &State) -> bool {
        let is_busy = state.replicas.iter().any(|replica| replica.work != Work::Idle);
        let is_over = state.is_given_up || state.node.intent == Intent::Settled;
        (is_busy || !is_over) && state.node.version <= 2 * TRIES && state.lease.term <= self.terms
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("one leader at a time", |_, state: &State| {
                state.replicas.iter().filter(|replica| leads(replica)).count() <= 1
            }),
            Property::always("at most one purchase for a VPSieNode", |_, state: &State| {
                state.bought <= 1
            }),
            Property::always("nothing is bought for what was given up", |_, state: &State| {
                !state.is_late
            }),
            Property::always("effects start under the only leader", |_, state: &State| {
                !state.is_forbidden
            }),
            Property::sometimes("another replica leads", |_, state: &State| {
                leads(&state.replicas[1])
            }),
            Property::sometimes("a machine is bought", |_, state: &State| state.bought == 1),
            Property::sometimes("an intent is given up", |_, state: &State| state.is_given_up),
        ]
    }
}

/// Checks every state of a sound contest, and returns how many there are.
fn check(contest: Contest) -> usize {
    let checker = contest.checker().threads(2).spawn_bfs().join();
    eprintln!(
        "states {} depth {}",
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
    checker.unique_state_count()
}

/// Looks for a story that breaks a property, in a contest with a rule left out.
#[track_caller]
fn is_caught(contest: Contest, property: &'static str) {
    let until = HasDiscoveries::AnyOf([property].into());
    let checker = contest.checker().finish_when(until).threads(2).spawn_bfs().join();
    let found = checker.discovery(property);
    assert!(found.is_some(), "nothing breaks: {property}");
}

/// X-6, SC-25: with exact clocks nobody buys twice, nobody buys for what was given up, and one leads at a time.
#[test]
fn timing_rule_holds_in_every_interleaving_of_two_replicas() {
    let states = check(Contest::sound(2, 3, None));
    assert!(states > 400_000, "{states} states are not all");
}

/// the same when the clock of either is slow by a quarter.
#[test]
fn timing_rule_holds_when_a_clock_is_slow() {
    for slow in 0..2 {
        let states = check(Contest::sound(2, 2, Some(slow)));
        assert!(states > 100_000, "{states} states are not all");
    }
}

/// the same with a third that has started only now, as after a restart under a new name.
#[test]
fn timing_rule_holds_with_three_replicas() {
    let states = check(Contest::sound(3, 2, None));
    assert!(states > 100_000, "{states} states are not all");
}

/// each part of the rule is needed: without it the check finds a story that goes wrong.
#[test]
fn weakened_rule_is_caught() {
    let sound = || Contest::sound(2, 2, None);
    let slow = Contest::sound(2, 2, Some(0));
    is_caught(Contest { lease: 3, ..slow }, "one leader at a time");
    let hasty = Contest {
        waits: false,
        ..sound()
    };
    is_caught(hasty, "nothing is bought for what was given up");
    let blind = || Contest {
        looks: false,
        ..sound()
    };
    is_caught(blind(), "nothing is bought for what was given up");
    is_caught(blind(), "effects start under the only leader");
    let unlocked = Contest {
        locks: false,
        ..sound()
    };
    is_caught(unlocked, "at most one purchase for a VPSieNode");
}
