//! Faults that a test plants in the simulated cloud; each happens once unless told otherwise.

use std::time::Duration;

use super::call::CallKind;

/// Plants one thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which calls it waits for.
    pub call: CallKind,
    /// Which of the matching calls, counted from now, it hits; 1 is the next.
    pub nth: u32,
    /// How many calls it hits; none for all to come.
    pub times: Option<u32>,
    /// Which call after a hit is hit next; 1 is the next.
    pub every: u32,
    /// What goes wrong.
    pub effect: FaultEffect,
}

/// Says what goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultEffect {
    /// The effect happens, then the connection is lost.
    LoseReplyAfterEffect,
    /// Nothing happens, and no answer comes before the caller gives up.
    TimeOutBeforeEffect,
    /// Nothing happens, and a gateway answers with HTML.
    Html502,
    /// The effect happens, and a gateway answers with HTML.
    Html502AfterEffect,
    /// Nothing happens, and this status and body come back.
    Status(u16, String),
    /// Nothing happens, and the credentials are refused.
    Unauthorized,
    /// Nothing happens, and the caller is asked to wait.
    RateLimited {
        /// Value of the `Retry-After` header, in whole seconds.
        retry_after: Option<Duration>,
    },
    /// The answer to the same call from before comes back.
    StaleList,
    /// The second half of the list is missing, although the count is whole.
    TruncatedList,
    /// The machine that this add makes is listed but never runs.
    NeverBoots,
    /// The machine that this add makes runs, but its Node never appears.
    NeverJoins,
}

/// Keeps the faults that have not happened yet, in the order they were planted.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

/// Holds the faults that hit one call: at most one on the wire and one on the machine it makes.
#[derive(Default)]
pub(super) struct Struck {
    pub(super) wire: Option<FaultEffect>,
    pub(super) machine: Option<FaultEffect>,
}

// === impl Fault ===

impl Fault {
    /// Hits the next call of this kind.
    pub fn on(call: CallKind, effect: FaultEffect) -> Self {
        Self {
            call,
            nth: 1,
            times: Some(1),
            every: 1,
            effect,
        }
    }

    /// Hits the nth matching call instead, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// Hits so many calls instead of one.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Hits all calls to come; a later fault on the same call never gets its turn.
    #[must_use]
    pub fn for_ever(mut self) -> Self {
        self.times = None;
        self
    }

    /// Hits every so many calls, once it began.
    #[must_use]
    pub fn every(mut self, calls: u32) -> Self {
        self.every = calls;
        self
    }

    /// Counts a hit and reports whether more are to come.
    fn goes_on(&mut self) -> bool {
        self.nth = self.every;
        self.times = self.times.map(|times| times.saturating_sub(1));
        self.times != Some(0)
    }
}

// === impl FaultEffect ===

impl FaultEffect {
    fn concerns_machine(&self) -> bool {
        matches!(self, Self::NeverBoots | Self::NeverJoins)
    }
}

// === impl Faults ===

impl Faults {
    pub(super) fn plant(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts a call and takes out the first due fault of either sort; other due faults hit later calls.
    pub(super) fn strike(&mut self, call: CallKind) -> Struck {
        let mut struck = Struck::default();
        self.0.retain_mut(|fault| {
            if fault.call != call {
                return true;
            }
            fault.nth = fault.nth.saturating_sub(1);
            let place = if fault.effect.concerns_machine() {
                &mut struck.machine
            } else {
                &mut struck.wire
            };
            if fault.nth > 0 || place.is_some() {
                return true;
            }
            *place = Some(fault.effect.clone());
            fault.goes_on()
        });
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_strike_once_and_in_order() {
        let mut faults = Faults::default();
        faults.plant(Fault::on(CallKind::Cluster, FaultEffect::Html502));
        faults.plant(Fault::on(CallKind::Cluster, FaultEffect::Unauthorized));
        faults.plant(Fault::on(CallKind::Cluster, FaultEffect::StaleList).nth(4));
        faults.plant(Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins));
        let struck: Vec<_> = (0..5).map(|_| faults.strike(CallKind::Cluster).wire).collect();
        let expected = [
            Some(FaultEffect::Html502),
            Some(FaultEffect::Unauthorized),
            None,
            Some(FaultEffect::StaleList),
            None,
        ];
        assert_eq!(struck, expected);
        let add = faults.strike(CallKind::AddWorker);
        assert_eq!((add.wire, add.machine), (None, Some(FaultEffect::NeverJoins)));
        assert!(faults.is_empty());
    }

    #[test]
    fn repeated_faults_keep_their_distance() {
        let hits = |fault: Fault| {
            let mut faults = Faults::default();
            faults.plant(fault);
            let hits: Vec<usize> = (1..=9)
                .filter(|_| faults.strike(CallKind::Vms).wire.is_some())
                .collect();
            (hits, faults.is_empty())
        };
        let fault = || Fault::on(CallKind::Vms, FaultEffect::Html502);
        let cases = [
            (fault(), vec![1], true),
            (fault().nth(3), vec![3], true),
            (fault().times(3), vec![1, 2, 3], true),
            (fault().nth(2).times(2).every(4), vec![2, 6], true),
            (fault().for_ever().nth(8), vec![8, 9], false),
            (fault().for_ever().every(3), vec![1, 4, 7], false),
        ];
        for (fault, expected, ends) in cases {
            assert_eq!(hits(fault.clone()), (expected, ends), "{fault:?}");
        }
    }
}
