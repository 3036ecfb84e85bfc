//! Whose turn it is with VPSie: what Kubernetes is to do never waits behind our own rate limit.
//!
//! Batches that ask VPSie come last in a pass, and only while there is room for them and nothing new to look at. The rest
//! is decided again in the next pass, which does the work of Kubernetes first.

use super::{Actor, Pass};
use crate::command::Batch;
use crate::watches::Watches;
use std::time::Duration;
use vpsie_api::Call;

/// Longest wait for the rate limit in one pass: answers of VPSie and a call to stop are looked at between passes.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Most requests on their way at once, whatever the settings say: each waits for VPSie with a connection of its own, and a
/// client that asks a hundred things at once is at the usual limit of calls in a minute.
const MOST_SEATS: usize = 100;

/// Parts batches into those that stay in Kubernetes and those that ask VPSie, each in their order.
pub(super) fn part(batches: impl Iterator<Item = Batch>) -> (Vec<Batch>, Vec<(Call, Batch)>) {
    let (mut staying, mut asking) = (Vec::new(), Vec::new());
    for batch in batches {
        match batch.asks() {
            None => staying.push(batch),
            Some(call) => asking.push((call, batch)),
        }
    }
    (staying, asking)
}

/// Returns how many requests for machines may be on their way at once (`SC-8`).
pub(super) fn seats(watches: &Watches) -> usize {
    let config = watches.supplies().config();
    let settings = config.map(|config| config.spec.settings()).unwrap_or_default();
    let seats = usize::try_from(settings.concurrent_scale_ups()).unwrap_or(1);
    seats.clamp(1, MOST_SEATS)
}

impl Actor {
    /// Waits until VPSie may be asked; `false` ends the pass, and another one follows at once.
    ///
    /// The first of a pass goes ahead whenever there is room, so that constant change elsewhere keeps no machine from
    /// being asked for, and so do as many requests for machines as may be on their way at once: none of them waits for
    /// VPSie. Behind these, anything new comes first.
    pub(super) async fn may_ask(&mut self, call: Call, place: usize, pass: &Pass<'_>) -> bool {
        let ahead = if call == Call::AddWorker { pass.seats } else { 1 };
        let has_news = place >= ahead && pass.watches.has_changed();
        let may = !has_news && self.has_room(call, pass).await;
        self.take_in();
        if !may {
            pass.watches.look_again();
        }
        may
    }

    /// Waits until there is room for a call; not for long, and not once there is anything new to look at.
    async fn has_room(&mut self, call: Call, pass: &Pass<'_>) -> bool {
        let room = async {
            while call == Call::AddWorker && self.flights.count() >= pass.seats {
                self.flights.one_landed().await;
            }
            self.api.await_room(call).await;
        };
        tokio::select! {
            biased;
            () = room => true,
            () = pass.watches.changed() => false,
            () = tokio::time::sleep(LONGEST_WAIT) => false,
        }
    }
}
