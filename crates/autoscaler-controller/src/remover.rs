//! The one place where a machine is removed: it takes leave of the gate, by value, and nothing else (`LC-24`).

use node_lifecycle::gate::Removal;
use std::sync::Arc;
use vpsie_api::{ClusterId, EffectError, NodeUuid, RemoveWorker};

/// The power to remove machines. It is made once, with the actor, and asks for leave each time.
///
/// # Guarantees
/// Leave is a [`Removal`], which only a redeemed permit of the gate becomes. A permit that is not redeemed is no leave:
/// ```compile_fail,E0308
/// async fn hurry(remover: &autoscaler_controller::remover::Remover, permit: node_lifecycle::Permit) {
///     let _ = remover.remove(permit).await;
/// }
/// ```
/// nor is it good for two machines, or for one machine twice:
/// ```compile_fail,E0382
/// async fn twice(remover: &autoscaler_controller::remover::Remover, leave: node_lifecycle::gate::Removal) {
///     let _ = remover.remove(leave).await;
///     let _ = remover.remove(leave).await;
/// }
/// ```
/// and nobody gets at what is inside:
/// ```compile_fail,E0616
/// async fn without_leave(remover: &autoscaler_controller::remover::Remover) {
///     let (cluster, machine) = (vpsie_api::ClusterId::new("c"), vpsie_api::NodeUuid::new("m"));
///     let _ = remover.0.remove_worker(&cluster, &machine).await;
/// }
/// ```
pub struct Remover(Arc<dyn RemoveWorker>);

// === impl Remover ===

impl Remover {
    /// Takes the power to remove machines; what has given it away has it no longer.
    pub fn new(remove: Arc<dyn RemoveWorker>) -> Self {
        Self(remove)
    }

    /// Asks VPSie to remove the machine that the gate has let go.
    ///
    /// # Errors
    ///
    /// What VPSie answers, or that it is unknown whether the request had an effect.
    pub async fn remove(&self, leave: Removal) -> Result<(), EffectError> {
        let (cluster, machine) = (ClusterId::new(leave.cluster()), NodeUuid::new(leave.machine()));
        self.0.remove_worker(&cluster, &machine).await
    }
}
