//! How much of what there is to do one pass carries out: a takeover of thousands of nodes is many passes, not one.
//!
//! What a pass carries out is in memory until it is done, and so is each object as it was and as it is since. In one pass
//! that would be twice the cluster.

use crate::command::Batch;
use crate::trouble::Troubles;
use crate::watches::Place;
use node_lifecycle::audit::Outcome;

/// Most commands about VPSieNodes in one pass: a few seconds of writing, and what 100 nodes need that are taken over.
const MOST: usize = 400;

/// Where the passes go on that have more to do than one of them carries out: behind the last one that had its turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round(Option<Place>);

/// The batches about VPSieNodes of one pass, as many as it carries out.
///
/// # Guarantees
///
/// Who is held over comes before anybody has a second turn: the next pass goes on behind the last one that had its turn,
/// and begins anew after the end. The first in turn goes ahead however long its batch is.
///
/// What asks VPSie is never held over, as it waits for the rate limit in its own order, nor is what the last passes could
/// not carry out, which waits by itself.
#[derive(Debug)]
pub(super) struct Share<'r> {
    round: &'r Round,
    troubles: &'r Troubles,
    most: usize,
    /// What there is of this pass, in the order in which it came.
    batches: Vec<(Place, Turn, Batch)>,
    behind: Room,
    before: Room,
    is_any_held_over: bool,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It needs none, or has none in this pass.
    Free,
    /// It is behind the place where the round goes on.
    Behind,
    /// It is before that place, so its turn comes after all of those.
    Before,
}

/// How many commands there are, and whether any batch found no room since.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    taken: usize,
    is_full: bool,
}

// === impl Round ===

impl Round {
    /// Tells whether somebody is held over, so that another pass is to follow at once.
    pub fn goes_on(&self) -> bool {
        self.0.is_some()
    }
}

// === impl Share ===

impl<'r> Share<'r> {
    pub(super) fn new(round: &'r Round, troubles: &'r Troubles) -> Self {
        Self::of_at_most(MOST, round, troubles)
    }

    fn of_at_most(most: usize, round: &'r Round, troubles: &'r Troubles) -> Self {
        Self {
            round,
            troubles,
            most,
            batches: Vec::new(),
            behind: Room::default(),
            before: Room::default(),
            is_any_held_over: false,
        }
    }

    /// Takes a batch in; they come in order of their places. Of one that finds no room nothing stays in memory.
    pub(super) fn take(&mut self, place: Place, batch: Batch) {
        let count = batch.commands.len();
        if count == 0 || batch.asks().is_some() || self.troubles.of(&batch.subject).is_some() {
            return self.keep(place, Turn::Free, batch);
        }
        let (room, turn) = match &self.round.0 {
            Some(last) if place <= *last => (&mut self.before, Turn::Before),
            Some(_) | None => (&mut self.behind, Turn::Behind),
        };
        if room.take(count, self.most) {
            self.keep(place, turn, batch);
        } else {
            self.is_any_held_over = true;
            self.keep(place, Turn::Free, left_of(batch));
        }
    }

    /// Returns what the pass carries out and tells of, in the order in which it came, and where the next pass goes on.
    pub(super) fn finish(mut self) -> (Vec<Batch>, Round) {
        let mut room = self.behind;
        let mut last = None;
        for (place, turn, batch) in &mut self.batches {
            if *turn == Turn::Before && !room.take(batch.commands.len(), self.most) {
                self.is_any_held_over = true;
                let whole = std::mem::take(batch);
                *batch = left_of(whole);
            } else if *turn == Turn::Before {
                last = Some(place.clone());
            }
        }
        // Nobody before the place had a turn: the last one is behind it.
        let mut behind = self.batches.iter().filter(|(_, turn, _)| *turn == Turn::Behind);
        let last = last.or_else(|| behind.next_back().map(|(place, ..)| place.clone()));
        let batches = self.batches.into_iter().map(|(_, _, batch)| batch);
        (batches.collect(), Round(last.filter(|_| self.is_any_held_over)))
    }

    fn keep(&mut self, place: Place, turn: Turn, batch: Batch) {
        if !batch.commands.is_empty() || !batch.entries.is_empty() {
            self.batches.push((place, turn, batch));
        }
    }
}

// === impl Room ===

impl Room {
    /// Takes so many commands; tells whether there was room. Once there was none, nobody behind goes first.
    fn take(&mut self, count: usize, most: usize) -> bool {
        self.is_full |= self.taken > 0 && self.taken + count > most;
        if !self.is_full {
            self.taken += count;
        }
        !self.is_full
    }
}

/// Leaves of a batch for another pass what is so in this one, too: what is refused. The rest is decided again then.
fn left_of(batch: Batch) -> Batch {
    let mut entries = batch.entries;
    entries.retain(|draft| draft.entry().result == Outcome::Rejected);
    Batch {
        commands: Vec::new(),
        entries,
        ..batch
    }
}

#[cfg(test)]
mod tests;
