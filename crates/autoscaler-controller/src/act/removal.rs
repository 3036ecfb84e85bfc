//! The one place where a machine is removed; it wants a permit and uses it up (`LC-24`).

use super::{ActError, Actor, Pass};
use crate::pods::{Load, facts};
use crate::removal::Permit;
use crate::resources::{VPSieNode, keys};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use node_lifecycle::PodFacts;
use std::sync::Arc;
use vpsie_api::{Call, RemoveWorker};

/// Most pods that are looked at before a removal: several times what a kubelet runs. A Node with more is in use.
const MOST_PODS: u32 = 1000;

/// The power to remove machines. It is made once, with the actor, and given to nobody.
pub(super) struct Remover(Arc<dyn RemoveWorker>);

// === impl Remover ===

impl Remover {
    pub(super) fn new(remove: Arc<dyn RemoveWorker>) -> Self {
        Self(remove)
    }
}

impl Actor {
    /// Looks for pods once more, writes the intent on the VPSieNode, removes its machine, and writes what came of it.
    pub(super) async fn remove_machine(
        &self,
        permit: Permit,
        load: Option<&Load>,
        attempt: u32,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        if let Some(load) = load {
            self.look_for_pods(load).await?;
        }
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

    /// Asks the API server itself for the pods of a Node: a pod may be bound that the watch has not told of (`LC-28`).
    async fn look_for_pods(&self, load: &Load) -> Result<(), ActError> {
        let of_node = ListParams::default()
            .fields(&format!("spec.nodeName={}", load.node))
            .limit(MOST_PODS);
        let listed = Api::<Pod>::all(self.client.clone()).list(&of_node).await;
        let listed = listed.map_err(ActError::of("list", "pods"))?;
        let pods: Vec<PodFacts> = listed.items.iter().map(facts).collect();
        let fresh = Load::of(&load.node, load.state, &pods, self.clock.now());
        let is_complete = listed.metadata.continue_.is_none_or(|token| token.is_empty());
        if fresh.pods > 0 || !is_complete {
            return Err(ActError::InUse { node: fresh.node });
        }
        Ok(())
    }
}
