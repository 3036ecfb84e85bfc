//! What may happen next in the model, and what it changes.

use super::*;

impl Contest {
    /// Lists how a replica may contend for the Lease.
    pub(super) fn lease_actions(&self, state: &State, replica: usize, actions: &mut Vec<Action>) {
        if matches!(state.replicas[replica].election.clone().step(NOW), Step::Wait(_)) {
            return;
        }
        actions.push(Action::Contend(replica, Fate::Answered));
        actions.push(Action::Contend(replica, Fate::Unanswered));
        if state.stray.is_none() {
            actions.push(Action::Contend(replica, Fate::Late));
        }
    }

    /// Lists what the operator of a replica may do about the VPSieNode.
    pub(super) fn work_actions(&self, state: &State, replica: usize, actions: &mut Vec<Action>) {
        let one = &state.replicas[replica];
        match one.work {
            Work::Idle => {
                let may_open = Self::rule().may_open(|within| lasts(one, within));
                if may_open && state.node.intent == Intent::Never && !state.is_given_up {
                    actions.push(Action::Open(replica));
                }
                if self.may_conclude(state, replica) {
                    actions.push(Action::Conclude(replica));
                }
            }
            Work::Writing { .. } => actions.push(Action::Store(replica)),
            Work::Written { .. } => actions.push(Action::Look(replica)),
            Work::Allowed { .. } => actions.push(Action::Ask(replica)),
            Work::Asking { until, is_taken, .. } => {
                if !is_taken && NOW < until {
                    actions.push(Action::Take(replica));
                }
                if is_taken || NOW >= until {
                    actions.push(Action::Settle(replica));
                }
            }
        }
    }

    fn may_conclude(&self, state: &State, replica: usize) -> bool {
        let Some(term) = state.replicas[replica].election.term(NOW) else {
            return false;
        };
        let is_foreign = matches!(state.node.intent, Intent::Open(number) if number != term.number);
        let is_hand_over = Self::rule().is_hand_over(NOW.since(term.since), TICK * REQUEST);
        is_foreign && !state.is_given_up && !(self.waits && is_hand_over)
    }

    /// Changes the state as the action says.
    pub(super) fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Tick => self.tick(state),
            Action::Contend(replica, fate) => self.contend(state, replica, fate),
            Action::Stray => {
                if let Some(wanted) = state.stray.take() {
                    drop(write(&mut state.lease, &wanted));
                }
            }
            Action::Open(replica) => self.open(state, replica),
            Action::Store(replica) => self.store(state, replica),
            Action::Look(replica) => self.look(state, replica),
            Action::Ask(replica) => self.ask(state, replica),
            Action::Take(replica) => {
                if let Work::Asking { is_taken, .. } = &mut state.replicas[replica].work {
                    *is_taken = true;
                    state.bought += 1;
                    state.is_late |= state.is_given_up;
                }
            }
            Action::Settle(replica) => {
                if let Work::Asking { version, .. } = state.replicas[replica].work {
                    settle(state, replica, version, Intent::Settled);
                }
            }
            Action::Conclude(_) => state.is_given_up = true,
        }
    }

    /// Reads the Lease and sends the write that may follow; a refusal is always answered.
    fn contend(&self, state: &mut State, replica: usize, fate: Fate) {
        let one = &mut state.replicas[replica].election;
        let mut step = one.step(NOW);
        if step == Step::Read {
            one.hear(Answer::Read(state.lease.clone()), NOW, NOW);
            step = one.step(NOW);
        }
        let (Step::Create(wanted) | Step::Replace(wanted)) = step else {
            return;
        };
        let answer = match fate {
            Fate::Answered => write(&mut state.lease, &wanted),
            Fate::Unanswered => {
                drop(write(&mut state.lease, &wanted));
                Answer::Failed
            }
            Fate::Late => {
                state.stray = Some(wanted);
                Answer::Failed
            }
        };
        one.hear(answer, NOW, NOW);
    }

    fn open(&self, state: &mut State, replica: usize) {
        let one = &mut state.replicas[replica];
        if let Some(term) = one.election.term(NOW) {
            one.work = Work::Writing {
                opened: NOW,
                term: term.number,
                version: state.node.version,
            };
        }
    }

    fn store(&self, state: &mut State, replica: usize) {
        let Work::Writing {
            opened,
            term,
            version,
        } = state.replicas[replica].work
        else {
            return;
        };
        let is_stored = !self.locks || version == state.node.version;
        if is_stored {
            state.node = Node {
                version: state.node.version + 1,
                intent: Intent::Open(term),
            };
        }
        state.replicas[replica].work = Work::Written {
            opened,
            stored: is_stored.then_some(state.node.version),
        };
    }

    fn look(&self, state: &mut State, replica: usize) {
        let one = &mut state.replicas[replica];
        let Work::Written { opened, stored } = one.work else {
            return;
        };
        let Some(version) = stored else {
            one.work = Work::Idle;
            return;
        };
        let may_start = Self::rule().may_start(NOW.since(opened), |within| lasts(one, within));
        if self.looks && may_start.is_err() {
            return settle(state, replica, version, Intent::Never);
        }
        one.work = Work::Allowed { looked: NOW, version };
    }

    /// Sends the request, unless the client of VPSie finds that too much time has passed since the look.
    fn ask(&self, state: &mut State, replica: usize) {
        let Work::Allowed { looked, version } = state.replicas[replica].work else {
            return;
        };
        if self.looks && NOW.since(looked) > TICK {
            return settle(state, replica, version, Intent::Never);
        }
        let mut others = state
            .replicas
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != replica);
        let another_leads = others.any(|(_, other)| leads(other));
        state.is_forbidden |= another_leads || !leads(&state.replicas[replica]);
        state.replicas[replica].work = Work::Asking {
            until: NOW + TICK * REQUEST,
            version,
            is_taken: false,
        };
    }
}

/// Tells whether the leadership of a replica surely lasts for so long.
fn lasts(replica: &Replica, within: Duration) -> bool {
    replica
        .election
        .term(NOW)
        .is_some_and(|term| term.covers(NOW, within))
}

/// Writes the Lease if it is still at the version that the write rests on.
fn write(lease: &mut Record, wanted: &Record) -> Answer {
    if wanted.version != lease.version {
        return Answer::Conflict;
    }
    *lease = Record {
        version: "next".to_owned(),
        ..wanted.clone()
    };
    Answer::Written(lease.clone())
}

/// Writes down what came of a request, under the version of its intent; a conflict leaves it open.
fn settle(state: &mut State, replica: usize, version: u8, intent: Intent) {
    if state.node.version == version {
        state.node = Node {
            version: version + 1,
            intent,
        };
    }
    state.replicas[replica].work = Work::Idle;
}
