//! What comes before a request for a worker: baseline, intent, read-back, in this order (`I1`).

use super::flight::Flight;
use super::{ActError, Actor, Pass};
use crate::baseline;
use crate::command::Request;
use crate::intent::{Intent, Requested};
use crate::kept;
use crate::resources::{NodeGroup, VPSieNode, keys};
use crate::target::Target;
use chrono::{DateTime, TimeDelta, Utc};
use node_match::EvidenceKind;
use std::collections::BTreeSet;
use std::sync::Arc;
use vpsie_api::RequestId;

impl Actor {
    /// Does all that comes before a request: it may leave at once.
    pub(super) async fn prepare_request(
        &mut self,
        request: Request,
        pass: &mut Pass<'_>,
    ) -> Result<Flight, ActError> {
        self.check_pause(&request)?;
        let id = RequestId::new(request.target.uid.as_str()).expect("a Kubernetes uid is plain ASCII");
        let stored = self.ensure_baseline(&request, pass).await;
        let baseline = stored.inspect_err(|_| {
            // The others of this pass would fail the same way.
            self.paused.insert(request.cluster.clone());
        })?;
        let (mut intent, opened) = self.open(request.attempt, Some(baseline), pass)?;
        intent = intent.for_slot_of(&request.target.name);
        intent.request_id = Some(id.to_string());
        let target = &request.target;
        pass.writer
            .write_first_intent(target.clone(), &intent, request.life.as_deref())
            .await?;
        let is_there = self.read_back(target, &intent, pass).await;
        // An answer that came meanwhile may speak against it.
        self.take_in();
        if let Err(error) = is_there.and_then(|()| self.check_pause(&request)) {
            // Nothing left, and only this process can know: an intent that stays open is never sent again.
            intent.give_up(&error);
            let key = keys::ANNOTATION_CREATION_INTENT;
            pass.writer
                .settle_intent::<VPSieNode>(target.clone(), key, &intent)
                .await?;
            return Err(error);
        }
        Ok(Flight {
            writer: pass.writer.of(target),
            request,
            id,
            intent,
            opened,
            mandate: pass.mandate.clone(),
            clock: self.clock.clone(),
            api: Arc::clone(&self.api),
        })
    }

    /// Lets no request leave for a cluster of which another one had no clear success.
    fn check_pause(&self, request: &Request) -> Result<(), ActError> {
        if self.paused.contains(&request.cluster) {
            return Err(ActError::ClusterPaused);
        }
        Ok(())
    }

    /// Stores the baseline for requests of a group, once in a pass, and returns its id.
    async fn ensure_baseline(&mut self, request: &Request, pass: &mut Pass<'_>) -> Result<String, ActError> {
        let place = (request.cluster.clone(), request.group);
        if let Some(id) = pass.baselines.get(&place) {
            return Ok(id.clone());
        }
        let view = pass.polls.cluster(&request.cluster);
        let replies = view
            .and_then(|view| view.baseline_replies())
            .ok_or(ActError::NoBaseline)?;
        let take = || baseline::take(&request.cluster, replies, &pass.watches.nodes());
        let baseline = self.baselines.recent(&place, &baseline::shape(replies[1]), take);
        let now = self.clock.now();
        let mut used: BTreeSet<String> = pass
            .watches
            .vpsie_nodes()
            .iter()
            .filter_map(|object| baseline_in_use(object, now))
            .collect();
        used.extend(pass.baselines.values().cloned());
        let groups = pass.watches.groups();
        let groups: BTreeSet<(String, u64)> = groups.iter().filter_map(|group| at_vpsie(group)).collect();
        let asking = (request.cluster.to_string(), request.group.get());
        self.baselines
            .store(&baseline, &used, &asking, &groups, now)
            .await?;
        pass.baselines.insert(place, baseline.id.clone());
        Ok(baseline.id)
    }

    /// Reads the intent back from the API server, so that no request leaves on a write that did not last.
    async fn read_back(&self, target: &Target, intent: &Intent, pass: &Pass<'_>) -> Result<(), ActError> {
        let object = self
            .api_of::<VPSieNode>(&target.namespace)
            .get(&target.name)
            .await
            .map_err(ActError::of("get", "vpsienodes"))?;
        let is_same = Target::of(&object) == pass.writer.current(target.clone());
        let is_there = Requested::read(&object.into()).intent() == Some(intent);
        if is_same && is_there {
            Ok(())
        } else {
            Err(ActError::Conflict)
        }
    }
}

/// How long the baseline of an anonymous match is kept: a surplus machine that comes within a day makes it contested.
const CONTESTABLE: TimeDelta = TimeDelta::days(1);

/// Returns the cluster and the number of a NodeGroup's group at VPSie.
fn at_vpsie(group: &NodeGroup) -> Option<(String, u64)> {
    let number = u64::try_from(group.status.as_ref()?.vpsie_group_id?).ok()?;
    Some((group.spec.resource_identifier.clone(), number))
}

/// Returns the baseline that matching still needs for a VPSieNode.
///
/// With a machine recorded by a name or an address it needs none, so that baselines do not pile up with the nodes.
fn baseline_in_use(object: &kept::VPSieNode, now: DateTime<Utc>) -> Option<String> {
    let requested = Requested::read(object);
    let intent = requested.intent()?;
    let is_contestable = intent.recorded_by.as_deref() == Some(EvidenceKind::Anonymous.as_str());
    let is_settled = object.spec.vpsie_node_identifier().is_some() || object.instance_id().is_some();
    let is_needed = !is_settled || (is_contestable && now - intent.requested_at < CONTESTABLE);
    intent.baseline.clone().filter(|_| is_needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::Outcome;
    use crate::testing::{at, claim, intent};

    /// I1: a baseline is kept while its request is open, and for a day after an anonymous match.
    #[test]
    fn baseline_is_needed_until_its_machine_is_settled() {
        let asked = |recorded_by: Option<&str>, seconds| Intent {
            baseline: Some("b1".to_owned()),
            recorded_by: recorded_by.map(str::to_owned),
            ..intent(Outcome::Accepted, seconds)
        };
        let is_kept = |intent: &Intent, machine: Option<&str>| {
            let claim = claim("web-1").asked(intent);
            let claim = machine
                .into_iter()
                .fold(claim, |claim, machine| claim.machine(machine));
            baseline_in_use(&claim.kept(), at(0)).is_some()
        };
        assert!(is_kept(&asked(None, -100_000), None), "the request is open");
        assert!(!is_kept(&asked(Some("hostname"), -60), Some("m1")));
        assert!(is_kept(&asked(Some("anonymous"), -60), Some("m1")));
        assert!(!is_kept(&asked(Some("anonymous"), -86_400), Some("m1")));
    }
}
