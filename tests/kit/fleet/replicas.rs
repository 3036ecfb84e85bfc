//! Several replicas of the operator in one fleet: one leads by the Lease, the others stand by.

use std::sync::Arc;

use autoscaler_controller::Operator;
use autoscaler_controller::lease::{Candidacy, Elector, Leadership, Timing};
use node_state::store::Reader;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::{Evaluations, Fleet};
use crate::wire::Wire;

/// The name of the Lease that replicas contend for; it is in the namespace of the operator's own objects.
pub const LEASE: &str = "vpsie-autoscaler-leader";

/// One replica of the operator; dropped, it ends in the middle of whatever it does.
pub struct Replica {
    /// Its own wires.
    pub wire: Wire,
    /// What it knows of the leadership.
    pub leadership: Leadership,
    /// What it was asked to evaluate.
    pub evaluations: Evaluations,
    pub(super) states: watch::Receiver<Option<Reader>>,
    elector: Option<Elector>,
    operator: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

impl Fleet {
    /// Starts one more replica; its monotonic clock counts so many seconds in one.
    ///
    /// # Panics
    /// Panics when it does not start.
    pub async fn replica(&self, identity: &str, rate: f64) -> Replica {
        let wire = Wire::default();
        let client = wire.client(self.operator_client.clone());
        let clock = self.time_of_day().drifting(rate);
        let candidacy = Candidacy {
            namespace: self.settings.namespace.clone(),
            name: LEASE.to_owned(),
            identity: identity.to_owned(),
            timing: Timing::default(),
        };
        let (elector, leadership) = Elector::start(client.clone(), clock.clone(), candidacy);
        let vpsie = Arc::new(self.connect(&wire));
        let operator = Operator::start(client, vpsie, clock, self.settings.clone()).await;
        let evaluations = Evaluations::default();
        evaluations.watch(&wire);
        let operator = operator.expect("the operator starts").led_by(leadership.clone());
        let operator = operator.evaluating(evaluations.clone());
        let states = operator.states();
        let (stop, stopped) = oneshot::channel();
        let operate = async move {
            operator.run_until(async { drop(stopped.await) }).await;
        };
        Replica {
            wire,
            leadership,
            evaluations,
            states,
            elector: Some(elector),
            operator: tokio::spawn(operate),
            stop: Some(stop),
        }
    }
}

// === impl Replica ===

impl Replica {
    /// Tells it to stop, as SIGTERM does: the pass is finished, then the Lease is released.
    ///
    /// # Panics
    /// Panics when the operator panicked.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.operator).await.expect("the operator does not panic");
        if let Some(elector) = self.elector.take() {
            elector.release().await;
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.operator.abort();
    }
}
