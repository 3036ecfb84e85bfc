//! The words of conditions, each provoked: read off what the operator writes, so that words of a moment count too.

use std::collections::BTreeSet;

use autoscaler_controller::resources::{NodeGroup, VPSieNode};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use kit::fleet::{Fleet, Stored};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{ask_for_web, ready_web, web};

/// Lists the reason words that the operator has written so far into the conditions of an object.
pub(super) fn said(fleet: &Fleet, name: &str) -> BTreeSet<String> {
    let end = format!("/{name}/status");
    let sent = fleet.wire.sent().into_iter();
    let writes = sent.filter(|sent| sent.path.ends_with(&end));
    let conditions = writes.flat_map(|sent| {
        let conditions = sent.body["status"]["conditions"].as_array().cloned();
        conditions.unwrap_or_default()
    });
    conditions
        .filter_map(|condition| condition["reason"].as_str().map(str::to_owned))
        .collect()
}

/// Checks that the operator has written each of these words into the conditions of an object.
#[track_caller]
fn check_said(fleet: &Fleet, name: &str, words: &[&str]) {
    let said = said(fleet, name);
    let lacking: Vec<&&str> = words.iter().filter(|word| !said.contains(**word)).collect();
    assert!(lacking.is_empty(), "{name} lacks {lacking:?}: {said:?}");
}

/// Waits until the operator has written a word into a condition of an object.
async fn until_said(fleet: &Fleet, name: &str, word: &str) -> Stored {
    fleet.until(word, |_| said(fleet, name).contains(word)).await
}

/// Changes what a person may change on a VPSieNode.
async fn change(fleet: &Fleet, name: &str, change: Value) {
    let (claims, parameters) = (fleet.api::<VPSieNode>(), PatchParams::default());
    let changed = claims.patch(name, &parameters, &Patch::Merge(change)).await;
    changed.expect("a person may write it");
}

/// D1, M3, S1 to S3: a good life says at each step where it is, from the request to the end.
#[tokio::test(start_paused = true)]
async fn good_life_says_where_it_is() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    check_said(&fleet, "web", &["Reconciling", "AtMinimumCapacity", "Counted"]);
    let steps = ["Provisioning", "Provisioned", "WaitingForNode", "Joined", "Ready"];
    check_said(&fleet, "web-1", &steps);
    fleet.kill().await;
    fleet.start().await;
    fleet.delete::<NodeGroup>("web").await;
    fleet
        .until("everything is given back", |stored| stored.groups.is_empty())
        .await;
    let steps = ["JustStarted", "Settling", "Deleting", "NotListed"];
    check_said(&fleet, "web-1", &steps);
}

/// Bad input: a VPSieNode that cannot ask for its machine says what it waits for.
#[tokio::test(start_paused = true)]
async fn vpsienode_that_may_not_ask_says_what_it_waits_for() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    let mut group = fleet.node_group("sizeless", 57, 1);
    group.spec.kube_size_id = None;
    fleet.create(&group).await;
    fleet.create(&fleet.vpsie_node("sizeless-1", "sizeless")).await;
    fleet.create(&fleet.vpsie_node("lost-1", "lost")).await;
    until_said(&fleet, "sizeless-1", "WaitingForProviderGroup").await;
    until_said(&fleet, "lost-1", "NodeGroupMissing").await;
    check_said(&fleet, "sizeless-1", &["WaitingForFinalizer"]);
    check_said(&fleet, "sizeless", &["ValidationFailed"]);
    assert_eq!(fleet.cloud.ledger(), []);
}

/// R2b: a group that is there already asks for its first machine only after two replies of VPSie, and says so.
#[tokio::test(start_paused = true)]
async fn first_request_waits_for_its_baseline() {
    let mut fleet = Fleet::in_memory(1);
    fleet.cloud.add_group(&fleet.cluster, "web", 57);
    ready_web(&mut fleet, 1).await;
    check_said(&fleet, "web-1", &["WaitingForBaseline"]);
}

/// R7: of two groups whose machines look alike, one waits until those of the other are known.
#[tokio::test(start_paused = true)]
async fn groups_whose_machines_look_alike_take_turns() {
    let mut fleet = Fleet::in_memory(1);
    fleet.cloud.behaviour(|behaviour| behaviour.reports_sizes = false);
    fleet.start().await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    fleet.create(&fleet.node_group("batch", 58, 1)).await;
    fleet
        .until("both are Ready", |stored| {
            stored.counts("web", 1, 1) && stored.counts("batch", 1, 1)
        })
        .await;
    let both: BTreeSet<String> = &said(&fleet, "web-1") | &said(&fleet, "batch-1");
    assert!(both.contains("WaitingForOtherGroup"), "{both:?}");
    assert_eq!(fleet.cloud.ledger().len(), 2);
    assert!(fleet.truth().await.is_clean());
}

/// Bad input: a NodeGroup whose group VPSie does not list says so, buys nothing, and goes on once it is listed.
#[tokio::test(start_paused = true)]
async fn group_that_vpsie_does_not_list_is_named() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let group = stored.find_group("web").expect("it is there");
    let number = group.status.as_ref().and_then(|status| status.vpsie_group_id);
    let name = |number: Value| Patch::Merge(json!({ "status": { "vpsieGroupID": number } }));
    let (groups, parameters) = (fleet.api::<NodeGroup>(), PatchParams::default());
    let edited = groups
        .patch_status("web", &parameters, &name(json!(999_999)))
        .await;
    edited.expect("a person may write it");
    let stored = fleet
        .until("it says so", |stored| stored.group_problem("web").is_some())
        .await;
    assert_eq!(
        stored.group_problem("web").as_deref(),
        Some("ProviderGroupNotFound")
    );
    let mended = groups
        .patch_status("web", &parameters, &name(json!(number)))
        .await;
    mended.expect("a person may write it");
    fleet
        .until("it is over", |stored| stored.group_problem("web").is_none())
        .await;
    assert_eq!(
        (
            fleet.cloud.ledger().len(),
            fleet.cloud.groups(&fleet.cluster).len()
        ),
        (1, 1)
    );
}

/// R0: two VPSieNodes that record one machine both say so until a person removes one record.
#[tokio::test(start_paused = true)]
async fn machine_that_is_recorded_twice_is_named_on_both() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 2).await;
    let recorded = |name: &str| {
        let spec = &stored.claim(name).expect("it is Ready").spec;
        json!({ "spec": {
            "vpsieNodeIdentifier": spec.vpsie_node_identifier,
            "vpsieInstanceID": spec.vpsie_instance_id,
        } })
    };
    change(&fleet, "web-2", recorded("web-1")).await;
    let both = ["web-1", "web-2"];
    let is_conflict = |stored: &Stored, name: &str| stored.claim_problem(name).as_deref() == Some("Conflict");
    fleet
        .until("both say so", |stored| {
            both.iter().all(|name| is_conflict(stored, name))
        })
        .await;
    change(&fleet, "web-2", recorded("web-2")).await;
    fleet
        .until("it is over", |stored| {
            both.iter().all(|name| stored.claim_problem(name).is_none())
        })
        .await;
    assert_eq!(fleet.cloud.removals(), []);
}

/// LC-25b: after a refusal for good, what VPSie refused says so, and the others of the cluster say why they wait.
#[tokio::test(start_paused = true)]
async fn refusal_of_a_removal_is_named_on_what_waits_for_it() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    fleet.polls(12).await;
    let body = r#"{"error":true,"message":"you have no right to do that"}"#;
    let effect = FaultEffect::Status(403, body.to_owned());
    fleet.cloud.fault(Fault::on(CallKind::RemoveWorker, effect));
    fleet.delete::<NodeGroup>("web").await;
    let both = || &said(&fleet, "web-1") | &said(&fleet, "web-2");
    let words = ["VPSDeleteFailed", "RemovalsStopped"];
    fleet
        .until("both say so", |_| words.iter().all(|word| both().contains(*word)))
        .await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 1);
}

/// LC-25: an end says that the newest reply of VPSie proves nothing.
#[tokio::test(start_paused = true)]
async fn end_says_that_a_reply_is_cut() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.polls(12).await;
    let cut = Fault::on(CallKind::Cluster, FaultEffect::TruncatedList).times(6);
    fleet.cloud.fault(cut);
    fleet.polls(1).await;
    fleet.delete::<NodeGroup>("web").await;
    until_said(&fleet, "web-1", "ReplyIncomplete").await;
    fleet
        .until("everything is given back", |stored| stored.groups.is_empty())
        .await;
}

/// LC-25: a VPSieNode whose record was edited does not end while its Node is Ready, and says so.
#[tokio::test(start_paused = true)]
async fn end_says_that_the_node_of_an_unlisted_machine_is_ready() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let own = stored
        .claim("web-1")
        .and_then(|claim| claim.spec.vpsie_node_identifier.clone());
    let unknown = "00000000-0000-4000-8000-000000000000";
    let record =
        |identifier: &str| json!({ "spec": { "vpsieNodeIdentifier": identifier, "vpsieInstanceID": 0 } });
    change(&fleet, "web-1", record(unknown)).await;
    fleet.delete::<VPSieNode>("web-1").await;
    until_said(&fleet, "web-1", "NodeReady").await;
    fleet.polls(6).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    change(&fleet, "web-1", record(&own.expect("it was recorded"))).await;
    fleet
        .until("it ends", |stored| stored.claim("web-1").is_none())
        .await;
    assert_eq!(fleet.cloud.removals().len(), 1);
}

/// I6: an end says that a machine may still come of an open request.
#[tokio::test(start_paused = true)]
async fn end_says_that_a_request_is_open() {
    let mut fleet = Fleet::in_memory(1);
    let lost = Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect);
    fleet.cloud.fault(lost);
    ask_for_web(&mut fleet).await;
    fleet.delete::<NodeGroup>("web").await;
    until_said(&fleet, "web-1", "RequestOpen").await;
}

/// A Node that its kubelet reports as not Ready for a while is told as such, and is Ready all the same.
#[tokio::test(start_paused = true)]
async fn node_that_is_slow_to_be_ready_is_told() {
    let mut fleet = Fleet::in_memory(1);
    let slow = fleet_sim::cloud::Delay::between_seconds(120, 120);
    fleet.cloud.behaviour(|behaviour| behaviour.ready_delay = slow);
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    check_said(&fleet, "web-1", &["NotReady", "Ready"]);
}
