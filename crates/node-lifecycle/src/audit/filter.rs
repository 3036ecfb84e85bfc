//! Which entries somebody asks for.

use chrono::{DateTime, Utc};

use super::{Action, Author, Entry, Outcome};

/// Says which entries are asked for; what is not said, is not asked (`LC-32`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only about the node of this name.
    pub node: Option<String>,
    /// Only about this NodeGroup, `namespace/name`.
    pub group: Option<String>,
    /// Only of this action.
    pub action: Option<Action>,
    /// Only with this end.
    pub result: Option<Outcome>,
    /// Only decided by this one.
    pub decision_by: Option<Author>,
    /// Only from this time on, itself included.
    pub since: Option<DateTime<Utc>>,
    /// Only before this time, itself not included.
    pub until: Option<DateTime<Utc>>,
    /// Only so many, the newest; zero asks for all.
    pub limit: usize,
}

// === impl Filter ===

impl Filter {
    /// Tells whether an entry is asked for, whatever the limit.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        fits(self.action, entry.action)
            && fits(self.result, entry.result)
            && fits(self.decision_by, entry.decision_by)
            && self.since.is_none_or(|since| entry.timestamp >= since)
            && self.until.is_none_or(|until| entry.timestamp < until)
            && (self.node.is_none() || self.node == entry.node)
            && (self.group.is_none() || self.group == entry.group)
    }
}

fn fits<T: PartialEq>(asked: Option<T>, found: T) -> bool {
    asked.is_none_or(|asked| asked == found)
}
