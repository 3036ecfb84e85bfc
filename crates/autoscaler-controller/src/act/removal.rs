//! The one place where a machine is removed; it wants a permit and uses it up (`LC-24`).

use super::{ActError, Actor, Pass};
use crate::removal::Permit;
use crate::resources::{VPSieNode, keys};
use std::sync::Arc;
use vpsie_api::{Call, RemoveWorker};

/// The power to remove machines. It is made once, with the actor, and given to nobody.
pub(super) struct Remover(Arc<dyn RemoveWorker>);

// === impl Remover ===

impl Remover {
    pub(super) fn new(remove: Arc<dyn RemoveWorker>) -> Self {
        Self(remove)
    }
}

impl Actor {
    /// Writes the intent on the VPSieNode, removes its machine, and writes what came of it.
    pub(super) async fn remove_machine(
        &self,
        permit: Permit,
        attempt: u32,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let claim = permit.claim().clone();
        let (mut intent, opened) = self.open(attempt, None, pass)?;
        self.write_intent::<VPSieNode>(claim.clone(), keys::ANNOTATION_REMOVAL_INTENT, &intent, pass)
            .await?;
        let redeemed = permit.redeem(self.clock.now()).ok_or(ActError::PermitExpired);
        let redeemed = redeemed.and_then(|named| self.may_start(opened, pass).map(|()| named));
        let (cluster, machine) = match redeemed {
            Ok(named) => named,
            Err(error) => {
                intent.give_up(&error);
                self.write_intent::<VPSieNode>(claim, keys::ANNOTATION_REMOVAL_INTENT, &intent, pass)
                    .await?;
                return Err(error);
            }
        };
        let removing = self.remover.0.remove_worker(&cluster, &machine);
        let answer = self.metrics.time(Call::RemoveWorker, removing).await;
        tracing::info!(
            vpsie_node = format!("{}/{}", claim.namespace, claim.name), %cluster, %machine,
            error = answer.as_ref().err().map(ToString::to_string), "machine removal asked for"
        );
        intent.settle(&answer);
        self.settle_intent::<VPSieNode>(claim, keys::ANNOTATION_REMOVAL_INTENT, &intent, pass)
            .await?;
        answer.map_err(ActError::from)
    }
}
