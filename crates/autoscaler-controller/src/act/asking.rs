//! Whose turn it is with VPSie: what Kubernetes is to do never waits behind our own rate limit.
//!
//! Batches that ask VPSie come last in a pass, one at a time, and only while there is nothing new to look at. The rest
//! is decided again in the next pass, which does the work of Kubernetes first.

use super::{Actor, Pass};
use crate::command::Batch;
use std::time::Duration;
use vpsie_api::Call;

/// Longest wait for the rate limit in one pass: answers of VPSie and a call to stop are looked at between passes.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Parts batches into those that stay in Kubernetes and those that ask VPSie, each in their order.
pub(super) fn part(batches: Vec<Batch>) -> (Vec<Batch>, Vec<(Call, Batch)>) {
    let (mut staying, mut asking) = (Vec::new(), Vec::new());
    for batch in batches {
        match batch.asks() {
            None => staying.push(batch),
            Some(call) => asking.push((call, batch)),
        }
    }
    (staying, asking)
}

impl Actor {
    /// Waits until VPSie may be asked; `false` ends the pass, and another one follows at once.
    ///
    /// The first of a pass goes ahead whenever there is room, so that constant change elsewhere keeps no machine from
    /// being asked for; behind it, anything new comes first.
    pub(super) async fn may_ask(&self, call: Call, is_first: bool, pass: &Pass<'_>) -> bool {
        let has_news = !is_first && pass.watches.has_changed();
        let room = async {
            tokio::select! {
                biased;
                () = self.api.await_room(call) => true,
                () = pass.watches.changed() => false,
                () = tokio::time::sleep(LONGEST_WAIT) => false,
            }
        };
        let may = !has_news && room.await;
        if !may {
            pass.watches.look_again();
        }
        may
    }
}
