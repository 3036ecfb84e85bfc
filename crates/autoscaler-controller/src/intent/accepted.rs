//! That VPSie took a request, as the status of its VPSieNode says it.
//!
//! A status is written right after a request anyway, so that write also says that VPSie took it. The record in the
//! annotation says so once the machine is known; until then an open record is read together with the status.

use super::Intent;
use crate::kept::VPSieNode;
use crate::kept::vpsie_node::Told;
use crate::reason::Reason;
use crate::resources::{Condition, ConditionStatus, VPSieNodeStatus, set_condition};
use chrono::{DateTime, SubsecRound as _, Utc};

/// Condition: VPSie took the request for a machine.
pub(crate) const REQUESTED: &str = "Requested";
/// Says that it did.
pub(crate) const IS_TAKEN: &str = "VPSie took the request for a machine";

/// Says in a status that VPSie took the request.
pub(crate) fn say_accepted(status: &mut VPSieNodeStatus, now: DateTime<Utc>) {
    let condition = Condition::new(
        REQUESTED,
        ConditionStatus::True,
        Reason::Provisioning.as_str(),
        IS_TAKEN,
        status.observed_generation,
    );
    set_condition(&mut status.conditions, condition, now);
}

/// Tells whether the status of a VPSieNode says that VPSie took the request of this record.
///
/// What was said before the request is about another one, which somebody took the record of away.
pub(super) fn is_accepted(object: &VPSieNode, intent: &Intent) -> bool {
    let requested = object.condition(REQUESTED).filter(Told::is_true);
    let since = requested.and_then(|condition| condition.last_transition_time());
    // Kubernetes stores times in whole seconds.
    since.is_some_and(|since| since >= intent.requested_at.trunc_subsecs(0))
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Requested};
    use super::*;
    use crate::testing::{at, claim, intent};

    /// I2: what VPSie answered is known from the status alone, for the very request, and only where nothing else is.
    #[test]
    fn open_record_is_read_together_with_the_status() {
        let table = [
            (Outcome::Open, -60, Some(-59), Outcome::Accepted),
            (Outcome::Open, -60, Some(-60), Outcome::Accepted),
            (Outcome::Open, -60, Some(-61), Outcome::Open),
            (Outcome::Open, -60, None, Outcome::Open),
            (Outcome::NotSent, -60, Some(-59), Outcome::NotSent),
            (Outcome::Unknown, -60, Some(-59), Outcome::Unknown),
        ];
        for (recorded, asked, said, expected) in table {
            let claim = claim("web-1").asked(&intent(recorded, asked)).status(|status| {
                if let Some(said) = said {
                    say_accepted(status, at(said));
                }
            });
            let requested = Requested::read(&claim.kept());
            let outcome = requested.intent().map(|intent| intent.outcome);
            assert_eq!(
                outcome,
                Some(expected),
                "{recorded:?} at {asked}, taken at {said:?}"
            );
        }
    }
}
