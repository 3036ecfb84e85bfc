//! Our clock beside the others, pass by pass.

use super::hearing::Heard;
use super::{Offset, Offsets, Skew, Source, describe, judge};
use crate::reason::Reason;
use chrono::{DateTime, TimeDelta, Utc};
use kube::Client;
use std::time::Duration;
use vpsie_api::ServerTime;

/// How long an answer says what time it is: twice as long as the longest silence of Kubernetes, whose watches begin anew
/// every 290 s. After that even a clock that nobody sets may have stood still, as in a machine that was suspended.
const HEARD_WITHIN: Duration = Duration::from_secs(600);

/// What is known of our clock.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    kubernetes: Heard,
    offsets: Offsets,
    skew: Option<Skew>,
}

// === impl Comparison ===

impl Comparison {
    /// Listens to the API server through the client that is returned. Must be called inside a tokio runtime.
    pub(crate) fn listening(&self, client: Client) -> Client {
        self.kubernetes.follow(client)
    }

    /// Compares what our clock shows now with what the others do, and tells the log when that changes the judgement.
    pub(crate) fn compare(
        &mut self,
        now: DateTime<Utc>,
        vpsie: Option<ServerTime>,
        allowance: TimeDelta,
    ) -> Option<Skew> {
        let told = [
            (Source::Kubernetes, self.kubernetes.last()),
            (Source::Vpsie, vpsie),
        ];
        let fresh = |told: Option<ServerTime>| told.filter(|told| told.age() <= HEARD_WITHIN);
        let offset = |(source, told)| Some((source, Offset::of(now, &fresh(told)?.now())));
        self.offsets = told.into_iter().filter_map(offset).collect();
        let skew = judge(self.skew, &self.offsets, allowance);
        if skew != self.skew {
            tell(skew, &self.offsets);
        }
        self.skew = skew;
        skew
    }

    /// Returns in which way our clock cannot be believed; nothing while it can.
    pub(crate) fn skew(&self) -> Option<Skew> {
        self.skew
    }

    /// Returns how far our clock is ahead of the others.
    pub(crate) fn offsets(&self) -> &Offsets {
        &self.offsets
    }
}

fn tell(skew: Option<Skew>, offsets: &Offsets) {
    let offsets = describe(offsets);
    match skew {
        Some(skew) => tracing::warn!(
            offsets,
            reason = Reason::ClockSkewed.as_str(),
            "{}",
            skew.sentence()
        ),
        None => tracing::info!(
            offsets,
            "the clock of this host is right again; everything goes on"
        ),
    }
}
