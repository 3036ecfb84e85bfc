//! Keeps a node that is rejected again and again from filling the log.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Action, Author, Draft, Entry, Outcome};

/// How often one and the same rejection of a node is recorded (`LC-38`).
const INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// Nodes whose rejections are remembered: twice the largest cluster that Kubernetes supports.
const NODE_LIMIT: usize = 10_000;

/// Remembers the last rejections of each node.
#[derive(Debug, Clone, Default)]
pub(super) struct Flood {
    nodes: BTreeMap<String, BTreeMap<(Action, Author), Streak>>,
}

/// Is a row of identical rejections: the first one is recorded, the others wait.
#[derive(Debug, Clone)]
struct Streak {
    reason: String,
    recorded_at: DateTime<Utc>,
    /// The newest one that waits, when it came, and how many came before it.
    waiting: Option<(Draft, DateTime<Utc>, u64)>,
}

// === impl Flood ===

impl Flood {
    /// Lists what is to be recorded now that this happened, in order and each with its time.
    ///
    /// Rejections are identical when node, action, decider and reason are; the numbers in the sentence may differ.
    /// What waits is recorded before anything else about its node.
    pub(super) fn admit(&mut self, draft: Draft, now: DateTime<Utc>) -> Vec<(Draft, DateTime<Utc>)> {
        let entry = draft.entry();
        let Some(node) = entry.node.clone() else {
            return vec![(draft, now)];
        };
        if entry.result != Outcome::Rejected {
            let mut admitted = self.nodes.remove(&node).map_or_else(Vec::new, end);
            admitted.push((draft, now));
            return admitted;
        }
        let mut admitted = self.make_room(&node);
        let streaks = self.nodes.entry(node).or_default();
        let fresh = Streak::begun_by(entry, now);
        let repeats = match streaks.get_mut(&key(entry)) {
            Some(streak) if streak.is_continued_by(entry, now) => {
                streak.wait(draft, now);
                return admitted;
            }
            Some(streak) if streak.reason == entry.reason => streak.count(),
            Some(streak) => {
                admitted.extend(streak.waiting.take().map(last_of));
                0
            }
            None => 0,
        };
        streaks.insert(key(entry), fresh);
        admitted.push((draft.repeats(repeats), now));
        admitted
    }

    /// Lists what waits and has nobody to follow it: all that is older than the interval, or simply all.
    pub(super) fn settle(&mut self, until: Option<DateTime<Utc>>) -> Vec<(Draft, DateTime<Utc>)> {
        let is_over = |streak: &Streak| until.is_none_or(|now| streak.is_over(now));
        let mut settled = Vec::new();
        for streaks in self.nodes.values_mut() {
            let over = streaks.extract_if(.., |_, streak| is_over(streak));
            settled.extend(over.filter_map(|(_, streak)| streak.waiting.map(last_of)));
        }
        self.nodes.retain(|_, streaks| !streaks.is_empty());
        settled
    }

    /// Forgets one node when there are too many for another.
    fn make_room(&mut self, node: &str) -> Vec<(Draft, DateTime<Utc>)> {
        if self.nodes.len() < NODE_LIMIT || self.nodes.contains_key(node) {
            return Vec::new();
        }
        self.nodes
            .pop_first()
            .map_or_else(Vec::new, |(_, streaks)| end(streaks))
    }
}

// === impl Streak ===

impl Streak {
    fn begun_by(entry: &Entry, now: DateTime<Utc>) -> Self {
        Self {
            reason: entry.reason.clone(),
            recorded_at: now,
            waiting: None,
        }
    }

    fn is_continued_by(&self, entry: &Entry, now: DateTime<Utc>) -> bool {
        self.reason == entry.reason && !self.is_over(now)
    }

    /// A clock that was set back ends it too: otherwise nothing would be recorded until it has caught up.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        (now - self.recorded_at).abs() >= INTERVAL
    }

    fn wait(&mut self, draft: Draft, now: DateTime<Utc>) {
        let before = self.count();
        self.waiting = Some((draft, now, before));
    }

    /// Counts the rejections that wait.
    fn count(&self) -> u64 {
        self.waiting.as_ref().map_or(0, |(_, _, before)| before + 1)
    }
}

fn key(entry: &Entry) -> (Action, Author) {
    (entry.action, entry.decision_by)
}

fn end(streaks: BTreeMap<(Action, Author), Streak>) -> Vec<(Draft, DateTime<Utc>)> {
    let waiting = streaks.into_values().filter_map(|streak| streak.waiting);
    waiting.map(last_of).collect()
}

/// Returns the newest of those that waited; it stands for the ones before it.
fn last_of((draft, at, before): (Draft, DateTime<Utc>, u64)) -> (Draft, DateTime<Utc>) {
    (draft.repeats(before), at)
}

#[cfg(test)]
mod tests;
