//! The election as one replica sees it: what to ask next, and what an answer means. No clock, no network.
//!
//! ```text
//!              ┌───────── wait ◀── held by another, and seen renewed less than a lease ago
//!              ▼                        ▲
//!           ┌─────┐   found    ┌────────┴───────┐   free, released, or   ┌─────────┐ written  ┌─────────┐
//!  start ──▶│ read├───────────▶│ is it mine yet?├───────────────────────▶│  write  ├─────────▶│ leading │
//!           └─────┘            └────────────────┘   not renewed for a    └────┬────┘          └────┬────┘
//!              ▲                                    whole lease               │ conflict           │ retry: write
//!              └──────────────────────────────────────────────────────────────┴────────────────────┘
//!                                                              or: another holds it, or the deadline has passed
//! ```
//!
//! The algorithm is that of client-go, with two differences: a term is over when the renew deadline has passed since
//! the *sending* of the last renewal that succeeded, and any conflict ends it at once.

use super::record::Record;
use super::{Term, Timing};
use crate::clock::Monotonic;
use std::time::Duration;

/// The state of one replica in the election.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Election {
    identity: String,
    timing: Timing,
    seen: Seen,
    term: Option<Term>,
    /// Whether the last answer told what is stored, so that a write may rest on it.
    is_fresh: bool,
    /// When the next try is due.
    next: Monotonic,
}

/// What was last seen of the Lease.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Seen {
    /// It was never read.
    Nothing,
    /// There is none; the highest term that was ever seen lives on.
    Absent { last_term: u32 },
    /// It was first seen at this version at that local time.
    Stored { record: Record, since: Monotonic },
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Wait so long, or until told to stop. One who does not lead may wait a little longer.
    Wait(Duration),
    /// Read the Lease.
    Read,
    /// Create it as this record says.
    Create(Record),
    /// Replace it at the version of this record.
    Replace(Record),
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    /// There is no Lease.
    Absent,
    /// It was read.
    Read(Record),
    /// It was created or replaced, and is stored like this.
    Written(Record),
    /// Somebody else wrote, created or deleted it first.
    Conflict,
    /// No answer in time, or an error: nobody knows what is stored now.
    Failed,
}

// === impl Election ===

impl Election {
    /// Starts as one who has seen nothing and leads nothing.
    pub(super) fn new(identity: &str, timing: Timing) -> Self {
        Self {
            identity: identity.to_owned(),
            timing,
            seen: Seen::Nothing,
            term: None,
            is_fresh: false,
            next: Monotonic::default(),
        }
    }

    /// Returns the term that is led now.
    pub(super) fn term(&self, now: Monotonic) -> Option<Term> {
        self.term.filter(|term| term.covers(now, Duration::ZERO))
    }

    /// Returns who holds the Lease as far as is known.
    pub(super) fn holder(&self) -> Option<&str> {
        match &self.seen {
            Seen::Nothing | Seen::Absent { .. } => None,
            Seen::Stored { record, .. } => record.holder.as_deref(),
        }
    }

    /// Decides what to do now.
    pub(super) fn step(&mut self, now: Monotonic) -> Step {
        self.term = self.term(now);
        if now < self.next {
            return Step::Wait(self.next.since(now));
        }
        if !self.is_fresh {
            return Step::Read;
        }
        match &self.seen {
            Seen::Nothing => Step::Read,
            Seen::Absent { last_term } => Step::Create(self.mine(last_term.saturating_add(1), String::new())),
            Seen::Stored { record, since } => match self.term {
                Some(term) => Step::Replace(self.mine(term.number, record.version.clone())),
                None if self.is_free(record, *since, now) => {
                    Step::Replace(self.mine(record.term.saturating_add(1), record.version.clone()))
                }
                None => {
                    self.pause(now);
                    Step::Wait(self.next.since(now))
                }
            },
        }
    }

    /// Takes in the answer to a step that was sent and answered at these times.
    pub(super) fn hear(&mut self, answer: Answer, sent: Monotonic, now: Monotonic) {
        self.term = self.term(now);
        match answer {
            Answer::Absent => {
                // Without the Lease anybody may create it, so nobody leads.
                self.term = None;
                self.seen = Seen::Absent {
                    last_term: self.last_term(),
                };
                self.is_fresh = true;
            }
            Answer::Read(record) => {
                self.term = self.term.filter(|term| self.is_mine(&record, term.number));
                self.see(record, now);
                self.is_fresh = true;
            }
            Answer::Written(record) => self.lead(record, sent, now),
            Answer::Conflict => {
                self.term = None;
                self.pause(now);
            }
            Answer::Failed => self.pause(now),
        }
    }

    /// Stops leading and returns the record that lets go, if the Lease is held in a term of ours.
    pub(super) fn release(&mut self, now: Monotonic) -> Option<Record> {
        let term = self.term(now)?;
        self.term = None;
        self.let_go().filter(|record| record.term == term.number)
    }

    /// Returns the record that lets go of a Lease that names this replica, be it that it never led: its write was not
    /// heard of. Nothing may be under way in a term of ours.
    pub(super) fn let_go(&self) -> Option<Record> {
        let record = self.held()?;
        Some(Record {
            holder: None,
            ..record.clone()
        })
    }

    /// Leads from now on, if the answer came while the term that it begins or renews still lasts.
    ///
    /// The others count from when they see the write, which is not before it was sent.
    fn lead(&mut self, record: Record, sent: Monotonic, now: Monotonic) {
        let begun = self.term.filter(|term| term.number == record.term);
        let term = Term {
            number: record.term,
            since: begun.map_or(now, |term| term.since),
            until: sent + self.timing.renew_deadline,
        };
        // A renewal that comes back after its term had ended begins none: read, and take a new one.
        let is_renewal_too_late = begun.is_none() && self.held().is_some_and(|held| held.term == record.term);
        self.see(record, now);
        self.term = Some(term).filter(|term| term.covers(now, Duration::ZERO) && !is_renewal_too_late);
        self.is_fresh = true;
        self.next = now + self.timing.retry;
    }

    /// Returns the Lease as it was last seen, if this replica held it.
    fn held(&self) -> Option<&Record> {
        match &self.seen {
            Seen::Stored { record, .. } if record.holder.as_ref() == Some(&self.identity) => Some(record),
            Seen::Nothing | Seen::Absent { .. } | Seen::Stored { .. } => None,
        }
    }

    /// Notes what is stored; only a change moves the time from which the others' lease is counted.
    fn see(&mut self, record: Record, now: Monotonic) {
        let known_since = match &self.seen {
            Seen::Stored { record: known, since } if known.version == record.version => Some(*since),
            Seen::Nothing | Seen::Absent { .. } | Seen::Stored { .. } => None,
        };
        let since = known_since.unwrap_or(now);
        self.seen = Seen::Stored { record, since };
    }

    /// Tells whether a Lease that is not led by us may be taken.
    ///
    /// Its holder renews within the duration that it has written; never is less waited than our own.
    fn is_free(&self, record: &Record, since: Monotonic, now: Monotonic) -> bool {
        let lease = record
            .duration
            .min(super::timing::LONGEST_LEASE)
            .max(self.timing.lease);
        match &record.holder {
            None => true,
            Some(holder) if *holder == self.identity => true,
            Some(_) => now.since(since) >= lease,
        }
    }

    fn is_mine(&self, record: &Record, term: u32) -> bool {
        record.holder.as_ref() == Some(&self.identity) && record.term == term
    }

    fn mine(&self, term: u32, version: String) -> Record {
        Record {
            holder: Some(self.identity.clone()),
            term,
            duration: self.timing.lease,
            version,
        }
    }

    fn last_term(&self) -> u32 {
        match &self.seen {
            Seen::Nothing => 0,
            Seen::Absent { last_term } => *last_term,
            Seen::Stored { record, .. } => record.term,
        }
    }

    /// Ends this try; the next begins with a read.
    fn pause(&mut self, now: Monotonic) {
        self.is_fresh = false;
        self.next = now + self.timing.retry;
    }
}

#[cfg(test)]
impl Election {
    /// Moves everything into the past, as if the clock had gone on.
    pub(super) fn age(&mut self, by: Duration) {
        let earlier = |moment: Monotonic| Monotonic::at(moment.since(Monotonic::at(by)));
        self.next = earlier(self.next);
        if let Some(term) = &mut self.term {
            term.since = earlier(term.since);
            term.until = earlier(term.until);
        }
        if let Seen::Stored { since, .. } = &mut self.seen {
            *since = earlier(*since);
        }
    }

    /// Forgets differences that make none any more: a version that is not stored now, and what lies so far back that
    /// only its being over counts.
    pub(super) fn settle(&mut self, now: Monotonic, stored: &str, horizon: Duration) {
        self.term = self.term(now);
        self.next = self.next.max(now);
        let earliest = Monotonic::at(now.since(Monotonic::at(horizon)));
        if let Some(term) = &mut self.term {
            term.since = term.since.max(earliest);
        }
        let is_known = match &mut self.seen {
            Seen::Nothing | Seen::Absent { .. } => true,
            Seen::Stored { record, since } => {
                *since = (*since).max(earliest);
                record.version == stored
            }
        };
        if !is_known && !self.is_fresh {
            self.seen = Seen::Nothing;
        }
    }

    /// Gives the version that was last seen another name.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if let Seen::Stored { record, .. } = &mut self.seen
            && record.version == from
        {
            to.clone_into(&mut record.version);
        }
    }
}

#[cfg(test)]
mod tests;
