//! The one way to the end of a machine: a permit, its intent, and the gate once more on what is read afresh (`LC-24`).

use super::{ActError, Actor, Pass};
use crate::convert::is_control_plane;
use crate::decide::{has_opted_out, is_ready};
use crate::drain::Drain;
use crate::endpoints::last_endpoints;
use crate::kept::Node;
use crate::pods::facts;
use crate::removal::Case;
use crate::resources::{VPSieNode, keys};
use crate::watches::Watches;
use k8s_openapi::api::core::v1::{self, Pod};
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use node_lifecycle::gate::{Binding, Removal};
use node_lifecycle::{Decider, Permit, PodFacts, State, Workload};
use std::collections::BTreeSet;
use vpsie_api::Call;

/// Most pods that are looked at before a removal: several times what a kubelet runs. A Node with more is in use.
const MOST_PODS: u32 = 1000;
/// Leaves out pods that are over: a Node that runs Jobs keeps the names of any number of them.
const NOT_OVER: &str = "status.phase!=Succeeded,status.phase!=Failed";

impl Actor {
    /// Writes the intent on the VPSieNode, asks the gate once more, removes the machine, and writes what came of it.
    pub(super) async fn remove_machine(
        &self,
        permit: Permit,
        mut case: Case,
        attempt: u32,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let claim = case.claim.clone();
        let (mut intent, opened) = self.open(attempt, None, pass)?;
        intent.decided_by = Some(permit.decided_by());
        let key = keys::ANNOTATION_REMOVAL_INTENT;
        let written = pass
            .writer
            .write_intent::<VPSieNode>(claim.clone(), key, &intent)
            .await?;
        let leave = self.leave(permit, &mut case, &written, pass.watches).await;
        let leave = leave.and_then(|leave| self.may_start(opened, pass).map(|()| leave));
        let leave = match leave {
            Ok(leave) => leave,
            Err(error) => {
                if let ActError::Refused { refusal } = &error {
                    let now = self.clock.now();
                    self.journal.attempt(case.refused(refusal, now), now);
                }
                // A living VPSieNode whose removal stays open would count as one on its way out (LC-25a).
                intent.give_up(&error);
                pass.writer
                    .settle_intent::<VPSieNode>(claim, key, &intent)
                    .await?;
                return Err(error);
            }
        };
        let (decided_by, ground) = (leave.decided_by(), leave.ground());
        let (cluster, machine) = (leave.cluster().to_owned(), leave.machine().to_owned());
        let removing = self.remover.remove(leave);
        let answer = self.metrics.time(Call::RemoveWorker, removing).await;
        tracing::info!(
            vpsie_node = format!("{}/{}", claim.namespace, claim.name), cluster, machine, %decided_by, %ground,
            hourly_cost = case.hourly_cost.map(|cost| cost.to_string()),
            error = answer.as_ref().err().map(ToString::to_string), "machine removal asked for"
        );
        let (error, now) = (answer.as_ref().err().map(ToString::to_string), self.clock.now());
        self.journal.attempt(case.asked_for(ground, error, now), now);
        intent.settle_removal(&answer);
        pass.writer
            .settle_intent::<VPSieNode>(claim, key, &intent)
            .await?;
        answer.map_err(ActError::from)
    }

    /// Turns a permit into leave: the gate is asked again, on the VPSieNode, its Node and its pods as they are now.
    async fn leave(
        &self,
        permit: Permit,
        case: &mut Case,
        written: &VPSieNode,
        watches: &Watches,
    ) -> Result<Removal, ActError> {
        let now = self.clock.now();
        let version = permit.binding().resource_version.clone();
        let found = self.look_again(case, written, watches).await?;
        // The write of the intent has shown that nobody else wrote the VPSieNode since the permit was made.
        let decided = Binding {
            resource_version: version,
            ..found.clone()
        };
        drop(permit.redeem(&decided, now)?);
        case.identity = Ok(found.clone());
        let again = case.ask(&self.gate, now);
        let again = again.map_err(|refusal| ActError::Refused { refusal })?;
        Ok(again.redeem(&found, self.clock.now())?)
    }

    /// Reads the Node and its pods afresh into a case, and returns who VPSieNode, Node and machine are now.
    ///
    /// A pod may be bound that the watch has not told of (`LC-28`).
    async fn look_again(
        &self,
        case: &mut Case,
        written: &VPSieNode,
        watches: &Watches,
    ) -> Result<Binding, ActError> {
        let mut found = Binding {
            vpsie_node_uid: written.uid().unwrap_or_default(),
            resource_version: written.resource_version().unwrap_or_default(),
            node_uid: None,
            cluster: written.spec.resource_identifier.clone(),
            machine: written.spec.vpsie_node_identifier.clone().unwrap_or_default(),
        };
        let Some(name) = &case.node else {
            return Ok(found);
        };
        let node = Api::<v1::Node>::all(self.client.clone()).get_opt(name).await;
        if let Some(node) = node.map_err(ActError::of("get", "nodes"))? {
            let node = Node::from(node);
            case.protection.is_of_control_plane |= is_control_plane(&node);
            case.protection.has_opted_out |= has_opted_out(&node);
            // What is broken goes, and what has come back meanwhile stays.
            if case.life.state() == State::Unhealthy
                && case.decided_by == Decider::UnhealthyCleanup
                && is_ready(&node)
            {
                return Err(ActError::Conflict);
            }
            found.node_uid = node.uid();
        }
        case.workload = self.workload(name, case).await?;
        case.last_endpoints = self.last_endpoints(name, watches);
        Ok(found)
    }

    /// Lists the watched Services that would have no ready endpoint without a Node, as far as is known now (`SC-12`).
    fn last_endpoints(&self, node: &str, watches: &Watches) -> Vec<String> {
        let nodes = watches.nodes();
        let staying = nodes.iter().filter(|node| Drain::of(node).is_none());
        let staying: BTreeSet<String> = staying.map(|node| node.name_any()).collect();
        last_endpoints(&self.endpoints.views(), node, |name| !staying.contains(name))
    }

    /// Counts the workload pods that the API server itself knows on a Node; nothing when there are too many to list.
    async fn workload(&self, node: &str, case: &Case) -> Result<Option<Workload>, ActError> {
        let of_node = ListParams::default()
            .fields(&format!("spec.nodeName={node},{NOT_OVER}"))
            .limit(MOST_PODS);
        let listed = Api::<Pod>::all(self.client.clone()).list(&of_node).await;
        let listed = listed.map_err(ActError::of("list", "pods"))?;
        let pods: Vec<PodFacts> = listed.items.iter().map(facts).collect();
        let is_complete = listed.metadata.continue_.is_none_or(|token| token.is_empty());
        Ok(is_complete.then(|| self.gate.workload(&pods, &case.life, self.clock.now())))
    }
}
