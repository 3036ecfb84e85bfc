//! The mark on a Node that takes no new pods because its machine is to go (`LC-25a`).

use crate::kept::Node;
use crate::resources::keys;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use node_lifecycle::Decider;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Returns how long it is until one of the Nodes has taken no new pods for so long; nothing when none waits for that.
pub fn next_settled<'n>(
    nodes: impl IntoIterator<Item = &'n Node>,
    settle: TimeDelta,
    now: DateTime<Utc>,
) -> Option<Duration> {
    let drains = nodes.into_iter().filter_map(Drain::of);
    let left = drains.map(|drain| drain.since + settle - now);
    left.filter(|left| *left > TimeDelta::zero()).min()?.to_std().ok()
}

/// Says since when, on whose decision, why, and how the Node was before; the text of an annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// Since when.
    pub since: DateTime<Utc>,
    /// On whose decision.
    pub decided_by: String,
    /// Why, for a person who reads it on the Node; empty in a mark of a version that did not say so.
    #[serde(default)]
    pub why: String,
    /// Whether somebody had cordoned the Node before, who will want it to stay so.
    pub was_cordoned: bool,
    /// Whether its disk is why: then it does not come back into service (`LC-13`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_for_disk: bool,
}

// === impl Drain ===

impl Drain {
    /// Begins to keep new pods off a Node.
    pub fn begin(node: &Node, decided_by: Decider, now: DateTime<Utc>) -> Self {
        Self {
            since: now.trunc_subsecs(0),
            decided_by: decided_by.as_str().to_owned(),
            why: why(decided_by).to_owned(),
            was_cordoned: node.spec.is_cordoned,
            is_for_disk: false,
        }
    }

    /// Begins to keep new pods off a Node whose disk is nearly full (`LC-13`).
    pub fn for_disk(node: &Node, now: DateTime<Utc>) -> Self {
        let begun = Self::begin(node, Decider::UnhealthyCleanup, now);
        Self {
            why: "its disk is nearly full".to_owned(),
            is_for_disk: true,
            was_cordoned: Self::of(node).map_or(begun.was_cordoned, |earlier| earlier.was_cordoned),
            ..begun
        }
    }

    /// Says that it begins with the write that makes it so, which may come long after the decision: in whole seconds, and
    /// never too early.
    #[must_use]
    pub fn beginning(self, now: DateTime<Utc>) -> Self {
        let whole = now.trunc_subsecs(0);
        let is_past = whole < now;
        Self {
            since: whole + TimeDelta::seconds(is_past.into()),
            ..self
        }
    }

    /// Reads the mark of a Node; one that cannot be read is none.
    pub fn of(node: &Node) -> Option<Self> {
        serde_json::from_str(node.annotations().get(keys::ANNOTATION_DRAIN)?).ok()
    }

    /// Returns on whose decision; nothing when another version has words of its own for it.
    pub fn decided_by(&self) -> Option<Decider> {
        self.decided_by.parse().ok()
    }

    /// Tells whether it is so old.
    pub fn lasts(&self, settle: TimeDelta, now: DateTime<Utc>) -> bool {
        now - self.since >= settle
    }

    /// Writes it as the text of its annotation.
    pub fn to_annotation(&self) -> String {
        serde_json::to_string(self).expect("a record of plain values always serialises")
    }
}

/// Says why a Node takes no new pods, by who decided that its machine is to go.
const fn why(decided_by: Decider) -> &'static str {
    match decided_by {
        Decider::ScaleDownPolicy => "nothing has used it for as long as the policy of its NodeGroup asks",
        Decider::ConsolidationPolicy => "its pods fit on other Nodes",
        Decider::Manual => "its VPSieNode is being deleted",
        Decider::UnhealthyCleanup => "it has been broken for too long",
        Decider::Rollback => "what it was made for went only half way",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, drained, node};

    /// The mark says since when, by whom and why; one of an earlier version, without the reason, is still read.
    #[test]
    fn mark_says_since_when_by_whom_and_why() {
        let since = DateTime::from_timestamp(1_769_242_200, 0).unwrap();
        let drain = Drain::begin(&Node::default(), Decider::Manual, since);
        let text = drain.to_annotation();
        let expected = r#"{"since":"2026-01-24T08:10:00Z","decidedBy":"manual","why":"its VPSieNode is being deleted","wasCordoned":false}"#;
        assert_eq!(text, expected);
        let marked = |text: &str| {
            let mut node = Node::default();
            let mark = (keys::ANNOTATION_DRAIN.to_owned(), text.to_owned());
            node.metadata.annotations = [mark].into();
            Drain::of(&node)
        };
        assert_eq!(marked(&text), Some(drain.clone()));
        let earlier = text.replace(r#""why":"its VPSieNode is being deleted","#, "");
        let why = String::new();
        assert_eq!(marked(&earlier), Some(Drain { why, ..drain }));
        assert_eq!(marked("{}"), None);
        let full = Drain::for_disk(&Node::default(), since);
        assert_eq!(full.why, "its disk is nearly full");
    }

    /// LC-25: a mark is never older than the write that makes it.
    #[test]
    fn mark_begins_with_its_write_or_up_to_a_second_later() {
        let since = |milliseconds| {
            let written = at(0) + TimeDelta::milliseconds(milliseconds);
            let drain = Drain::begin(&node("n1"), Decider::Manual, at(-60));
            drain.beginning(written).since
        };
        assert_eq!(
            [since(0), since(1), since(999), since(1000)],
            [at(0), at(1), at(1), at(1)]
        );
    }

    /// LC-25: who has settled, and who is not marked, is not waited for.
    #[test]
    fn next_to_settle_is_the_one_whose_time_is_over_first() {
        let marked = |seconds| {
            let mut node = node("n1");
            drained(&mut node, seconds);
            node
        };
        let nodes = [node("n0"), marked(-5), marked(-2), marked(-4)];
        let next = |nodes: &[Node]| next_settled(nodes, TimeDelta::seconds(5), at(0));
        assert_eq!(next(&nodes), Some(Duration::from_secs(1)));
        assert_eq!(next(&nodes[..2]), None);
    }
}
