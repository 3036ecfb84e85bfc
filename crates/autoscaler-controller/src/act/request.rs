//! One request for a worker: intent, read-back, POST, outcome, in this order (`I1`, `I2`).

use super::{ActError, Actor, Pass};
use crate::baseline;
use crate::command::Request;
use crate::intent::{Intent, Outcome, Requested};
use crate::resources::{VPSieNode, keys};
use crate::target::Target;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use vpsie_api::RequestId;

/// Longest time from the write of an intent to the call of the client.
///
/// A request leaves within five seconds of its intent or never (`I1`), which a new leader relies on. The client may
/// need up to two of them for a token before it sends anything, and sends nothing later than that.
const INTENT_LIFETIME: Duration = Duration::from_secs(3);

impl Actor {
    pub(super) async fn request_machine(
        &mut self,
        request: Request,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        if pass.paused.contains(&request.cluster) {
            return Err(ActError::ClusterPaused);
        }
        let id = RequestId::new(request.target.uid.as_str()).expect("a Kubernetes uid is plain ASCII");
        let baseline = self.ensure_baseline(&request, pass).await?;
        let mut intent = Intent::open(self.clock.now(), request.attempt, Some(baseline));
        let written_at = Instant::now();
        self.write_creation_intent(&request.target, &intent, pass).await?;
        if let Err(error) = self.read_back(&request.target, &intent, pass).await {
            // Nothing left, and only this process can know: an intent that stays open is never sent again.
            intent.outcome = Outcome::NotSent;
            intent.error = Some(error.to_string());
            self.write_creation_intent(&request.target, &intent, pass).await?;
            return Err(error);
        }
        if written_at.elapsed() < INTENT_LIFETIME {
            intent.settle(&self.api.add_worker(&request.cluster, request.group, &id).await);
        } else {
            intent.outcome = Outcome::NotSent;
            intent.error = Some(ActError::IntentExpired.to_string());
        }
        tracing::info!(
            vpsie_node = format!("{}/{}", request.target.namespace, request.target.name),
            request_id = %id, cluster = %request.cluster, group = %request.group, outcome = ?intent.outcome,
            error = intent.error, "worker asked for"
        );
        if intent.outcome != Outcome::Accepted {
            pass.paused.insert(request.cluster);
        }
        // A failure here leaves the intent open, which is the same as unknown: it is never sent again.
        self.write_creation_intent(&request.target, &intent, pass).await
    }

    /// Stores the baseline of the cluster, once for all requests of a pass, and returns its id.
    async fn ensure_baseline(&mut self, request: &Request, pass: &mut Pass<'_>) -> Result<String, ActError> {
        if let Some(id) = pass.baselines.get(&request.cluster) {
            return Ok(id.clone());
        }
        let view = pass.polls.cluster(&request.cluster);
        let replies = view
            .and_then(|view| view.baseline_replies())
            .ok_or(ActError::NoBaseline)?;
        let baseline = baseline::take(&request.cluster, replies, &pass.watches.nodes());
        let in_use = |object: &VPSieNode| {
            Requested::read(object)
                .intent()
                .and_then(|intent| intent.baseline.clone())
        };
        let mut used: BTreeSet<String> = pass
            .watches
            .vpsie_nodes()
            .iter()
            .filter_map(|object| in_use(object))
            .collect();
        used.extend(pass.baselines.values().cloned());
        self.baselines.store(&baseline, &used).await?;
        pass.baselines
            .insert(request.cluster.clone(), baseline.id.clone());
        Ok(baseline.id)
    }

    async fn write_creation_intent(
        &self,
        target: &Target,
        intent: &Intent,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        self.write_intent::<VPSieNode>(target.clone(), keys::ANNOTATION_CREATION_INTENT, intent, pass)
            .await
    }

    /// Reads the intent back from the API server, so that no request leaves on a write that did not last.
    async fn read_back(&self, target: &Target, intent: &Intent, pass: &Pass<'_>) -> Result<(), ActError> {
        let object = self
            .api_of::<VPSieNode>(&target.namespace)
            .get(&target.name)
            .await?;
        let is_same = Target::of(&object) == pass.current(target.clone());
        let is_there = Requested::read(&object).intent() == Some(intent);
        if is_same && is_there {
            Ok(())
        } else {
            Err(ActError::Conflict)
        }
    }
}
