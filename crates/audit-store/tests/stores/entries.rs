//! Entries to store: a chain of them, one a second, about a few nodes.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::audit::{Action, Author, Chain, Draft, Hash, Outcome, Record};

/// Returns the time of the entry with this number.
pub(crate) fn at(sequence: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(sequence) + TimeDelta::nanoseconds(1)
}

/// Is what was recorded so far.
#[derive(Default)]
pub(crate) struct History {
    chain: Option<Chain>,
}

// === impl History ===

impl History {
    /// Records so many further entries in a term.
    pub(crate) fn some(&mut self, term: u64, count: usize) -> Vec<Arc<Record>> {
        (0..count).map(|_| Arc::new(self.one(term))).collect()
    }

    fn one(&mut self, term: u64) -> Record {
        let head = self.chain.as_ref().and_then(Chain::head);
        let number = head.map_or(0, |head| head.sequence) + 1;
        let chain = self.chain.get_or_insert_with(|| Chain::new(term, None));
        if chain.term() != term {
            *chain = Chain::new(term, head);
        }
        chain.append(draft(number), at(i64::try_from(number).unwrap()))
    }

    /// Returns the hash of the newest.
    pub(crate) fn hash(&self) -> Option<Hash> {
        self.chain.as_ref().and_then(Chain::head).map(|head| head.hash)
    }
}

/// Makes entries that differ in everything one can ask for, with texts that are hard to store.
fn draft(number: u64) -> Draft {
    let pick = |of: usize| usize::try_from(number).unwrap() % of;
    let action = Action::ALL[pick(Action::ALL.len())];
    let result = Outcome::ALL[pick(Outcome::ALL.len())];
    let author = Author::ALL[pick(Author::ALL.len())];
    let draft = Draft::new(action, result, author, "a_reason")
        .message(format!(
            "nr {number}: 'quoted' \"twice\" \\ \0 \u{1f41a}\nnext line"
        ))
        .group(format!("default/group-{}", number % 2));
    if number.is_multiple_of(4) {
        draft
    } else {
        draft.node(format!("worker-{}", number % 4))
    }
}
