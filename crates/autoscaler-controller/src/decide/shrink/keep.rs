//! Why a NodeGroup does not shrink by itself, or not by this member.

use crate::removal::Hold;
use chrono::TimeDelta;
use node_lifecycle::State;

/// Says why nothing goes by itself now: first what is said of the whole NodeGroup, then of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The NodeGroup has no `scaleDownPolicy`, or one that is not enabled; or it is not managed, or is being deleted.
    Disabled,
    /// An annotation of the NodeGroup or of the Node forbids it.
    Forbidden,
    /// It is outside the hours that an annotation allows.
    OutsideHours,
    /// The hours that an annotation allows cannot be read.
    HoursUnreadable,
    /// The NodeGroup has no more than `minNodes`.
    AtMinimum,
    /// Pods wait that the scheduler finds no Node for (`LC-42`).
    PodsWait,
    /// With one member less it would be above a threshold of its `scaleUpPolicy`, and grow again.
    NeededByThreshold,
    /// A member is on its way to its Node (`LC-42`).
    OneIsComing,
    /// Another member is on its way out.
    OneIsGoing,
    /// The size changed a short time ago (`cooldownSeconds`).
    CoolingDown {
        /// How long it still takes.
        remaining: TimeDelta,
    },
    /// The member is not Ready, or has no machine that can be named.
    NotReady,
    /// Somebody edited the record of its removal, so nobody knows whether that has begun.
    RecordUnreadable,
    /// It is in a state that is no rest.
    InUse {
        /// The state.
        state: State,
    },
    /// It has rested for less than the NodeGroup asks for (`stabilizationWindowSeconds`).
    RestTooShort {
        /// How long it still takes.
        remaining: TimeDelta,
    },
    /// Its machine must stay.
    Hold(Hold),
}

impl From<Hold> for Keep {
    fn from(hold: Hold) -> Self {
        Self::Hold(hold)
    }
}
