//! The pods that are on no Node, and what becomes of each, for whoever shows it. Nothing is decided from it.

use chrono::{DateTime, Utc};
use fleet_plan::Refusals;
use fleet_plan::cluster::{Ignored, PodFlaw};
use fleet_plan::pod::PodName;
use std::sync::Arc;

use crate::founding::NotMade;
use crate::watches::Place;

/// The pods that are on no Node, in order of namespace and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pending {
    /// One after the other.
    pub pods: Vec<PendingPod>,
    /// Why no NodeGroup is made for those that none can host, although the settings allow it.
    pub not_made: Option<NotMade>,
}

/// A pod that is on no Node.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingPod {
    /// Who it is.
    pub name: PodName,
    /// Its uid.
    pub uid: String,
    /// Since when the scheduler finds no Node for it, where somebody wrote that down.
    pub since: Option<DateTime<Utc>>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It fits on this Node, now or once pods there have ended.
    FitsNow(String),
    /// The node of this VPSieNode is coming for it.
    Incoming(Place),
    /// A node is asked for.
    NewNode {
        /// The NodeGroup that grows.
        group: Place,
        /// The VPSieNode that is made.
        member: String,
        /// Whether the NodeGroup is made for it first, because no other could host it.
        is_group_new: bool,
    },
    /// No NodeGroup helps; pods of one kind share the reasons.
    Unhelpable(Arc<Refusals>),
    /// Nobody can plan for it.
    Unreadable(PodFlaw),
    /// Nothing is to be done.
    Ignored(Ignored),
}

// === impl Fate ===

impl Fate {
    /// Lists the word of each.
    pub const WORDS: [&'static str; 5] = ["fits-now", "incoming", "new-node", "unhelpable", "ignored"];

    /// Returns its stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::FitsNow(_) => "fits-now",
            Self::Incoming(_) => "incoming",
            Self::NewNode { .. } => "new-node",
            Self::Unhelpable(_) | Self::Unreadable(_) => "unhelpable",
            Self::Ignored(_) => "ignored",
        }
    }

    /// Lists the words of all reasons why it is not helped, each once and in order.
    #[must_use]
    pub fn reasons(&self) -> Vec<&'static str> {
        match self {
            Self::FitsNow(_) | Self::Incoming(_) | Self::NewNode { .. } => Vec::new(),
            Self::Unhelpable(refusals) => {
                let misfits = refusals.groups.iter().flat_map(|(_, misfits)| misfits);
                let mut words: Vec<&str> = misfits.map(fleet_plan::Misfit::word).collect();
                words.sort_unstable();
                words.dedup();
                words
            }
            Self::Unreadable(flaw) => vec![flaw.word()],
            Self::Ignored(ignored) => vec![ignored.word()],
        }
    }

    /// Tells whether it is demand that the scheduler finds no Node for, so that nothing is to go (`LC-42`).
    ///
    /// One that fits by our rules is, too: the Node that it fits on might go before the scheduler looks again. One for
    /// which nobody can plan is not: no Node would change that.
    #[must_use]
    pub const fn is_unmet(&self) -> bool {
        match self {
            Self::FitsNow(_) | Self::Incoming(_) | Self::NewNode { .. } | Self::Unhelpable(_) => true,
            Self::Unreadable(_) => false,
            Self::Ignored(why) => why.is_unmet(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LC-42: demand is what the scheduler finds no Node for, from the first moment on, and until it has found one.
    #[test]
    fn demand_lasts_until_the_scheduler_has_found_a_node() {
        let place = || ("kube-system".to_owned(), "web".to_owned());
        let asked = Fate::NewNode {
            group: place(),
            member: "web-1".to_owned(),
            is_group_new: false,
        };
        for (fate, expected) in [
            (Fate::FitsNow("n1".to_owned()), true),
            (Fate::Incoming(place()), true),
            (asked, true),
            (Fate::Unhelpable(Arc::default()), true),
            (Fate::Unreadable(PodFlaw::Claim("no claim".to_owned())), false),
        ] {
            assert_eq!(fate.is_unmet(), expected, "{fate:?}");
        }
        let waiting = Ignored::ALL
            .into_iter()
            .filter(|why| Fate::Ignored(*why).is_unmet());
        assert_eq!(waiting.collect::<Vec<_>>(), [Ignored::WithinGrace]);
    }
}
