//! Records that a person has edited: each is named, and nothing is asked of VPSie on the strength of what it may have said.

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use chrono::TimeDelta;
use fleet_sim::cloud::{CallKind, Delay};
use k8s_openapi::api::core::v1::ConfigMap;
use kit::fleet::{Fleet, Stored};
use kit::wire::Sent;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::Duration;

use super::scenarios::{cordoned, shrink};
use super::telemetry::events;
use super::{ask_for_web, bought, ready_web, web};

/// Sets an annotation as a person would, or removes it.
async fn annotate<K>(api: Api<K>, name: &str, key: &str, value: Value)
where
    K: Clone + DeserializeOwned + Debug,
{
    let change = Patch::Merge(json!({ "metadata": { "annotations": { key: value } } }));
    let changed = api.patch(name, &PatchParams::default(), &change).await;
    changed.expect("a person may write it");
}

/// Bad input, I2: of a request whose record was edited nobody knows the effect; it is never made again.
#[tokio::test(start_paused = true)]
async fn request_whose_record_was_edited_is_never_made_again() {
    let mut fleet = Fleet::in_memory(1);
    fleet
        .cloud
        .behaviour(|behaviour| behaviour.list_delay = Delay::exactly(Duration::from_secs(300)));
    ask_for_web(&mut fleet).await;
    let claims = fleet.api::<VPSieNode>();
    annotate(
        claims,
        "web-1",
        keys::ANNOTATION_CREATION_INTENT,
        json!("an hour ago"),
    )
    .await;
    let stored = fleet
        .until("it says so", |stored| {
            stored.claim_problem("web-1").as_deref() == Some("IntentUnreadable")
        })
        .await;
    let error = stored.claim_condition("web-1", "Error").cloned();
    let message = error.and_then(|error| error.message).unwrap_or_default();
    assert!(message.contains("creation-intent cannot be read"), "{message}");
    assert!(
        message.contains("restore it, or delete this VPSieNode"),
        "{message}"
    );
    fleet.polls(10).await;
    assert_eq!(fleet.cloud.ledger().len(), 1);
}

/// Bad input, LC-25: a removal whose record was edited is not asked for until a person takes the record away.
#[tokio::test(start_paused = true)]
async fn removal_whose_record_was_edited_waits_for_a_person() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let claims = || fleet.api::<VPSieNode>();
    annotate(claims(), "web-1", keys::ANNOTATION_REMOVAL_INTENT, json!("{}")).await;
    fleet.delete::<NodeGroup>("web").await;
    fleet
        .until("it says so", |stored| {
            stored.claim_problem("web-1").as_deref() == Some("IntentUnreadable")
        })
        .await;
    fleet.polls(20).await;
    assert_eq!(fleet.cloud.removals(), []);
    annotate(claims(), "web-1", keys::ANNOTATION_REMOVAL_INTENT, Value::Null).await;
    fleet.until("it is gone", |stored| stored.claims.is_empty()).await;
    assert_eq!(bought(&fleet.cloud).len(), 0);
    assert_eq!(fleet.cloud.removals().len(), 1);
}

/// Bad input, LC-25: in a group that shrinks by itself a member whose record was edited stays, in service or not as it was,
/// says so, and holds nobody else up.
#[tokio::test(start_paused = true)]
async fn member_whose_removal_record_was_edited_holds_nobody_up() {
    let mut fleet = Fleet::in_memory(1);
    // There is time to edit the record between the cordon and the removal.
    fleet.settings.settle = TimeDelta::seconds(30);
    ready_web(&mut fleet, 2).await;
    shrink(&fleet).await;
    let stored = fleet
        .until("one takes no new pods", |stored| !cordoned(stored).is_empty())
        .await;
    let edited = cordoned(&stored)[0].to_owned();
    let claims = || fleet.api::<VPSieNode>();
    annotate(claims(), &edited, keys::ANNOTATION_REMOVAL_INTENT, json!("{}")).await;
    fleet
        .until("the other is gone", |stored| stored.claims.len() == 1)
        .await;
    let before = fleet.polls(3).await;
    let problem = before.claim_problem(&edited);
    assert_eq!(problem.as_deref(), Some("IntentUnreadable"));
    let told = events(&fleet).await.into_iter();
    let said: Vec<i32> = told
        .filter(|(_, _, reason, _)| reason == "IntentUnreadable")
        .map(|(.., count)| count)
        .collect();
    assert_eq!(said, [1]);
    assert_eq!(cordoned(&before), [&*edited], "VPSie may have begun");
    let after = fleet.polls(20).await;
    let version = |stored: &Stored| stored.claim(&edited).and_then(ResourceExt::resource_version);
    assert_eq!(version(&before), version(&after), "it is said once");
    assert_eq!(fleet.cloud.removals().len(), 1);
    annotate(claims(), &edited, keys::ANNOTATION_REMOVAL_INTENT, Value::Null).await;
    fleet.until("it is gone", |stored| stored.claims.is_empty()).await;
    assert_eq!(bought(&fleet.cloud).len(), 0);
}

/// Bad input: a group is not made while the record of its making cannot be read: it may just have been asked for.
#[tokio::test(start_paused = true)]
async fn group_whose_record_was_edited_is_not_made_twice() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    let mut group = web(&fleet, 1);
    let edited = (keys::ANNOTATION_GROUP_INTENT.to_owned(), "{".to_owned());
    group.metadata.annotations = Some([edited].into());
    fleet.create(&group).await;
    fleet
        .until("it says so", |stored| {
            stored.group_problem("web").as_deref() == Some("IntentUnreadable")
        })
        .await;
    fleet.polls(20).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::CreateGroup), 0);
    let groups = fleet.api::<NodeGroup>();
    annotate(groups, "web", keys::ANNOTATION_GROUP_INTENT, Value::Null).await;
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(fleet.cloud.calls_of(CallKind::CreateGroup), 1);
    assert_eq!(stored.group_problem("web"), None);
}

/// Bad input, I1: without the right to write baselines nothing is asked, and the VPSieNode says which right is missing.
#[tokio::test(start_paused = true)]
async fn right_to_store_baselines_is_named_where_it_is_missing() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet
        .wire
        .refuse(|sent: &Sent| sent.is_effect() && sent.is_about("configmaps"), 403);
    fleet.create(&web(&fleet, 2)).await;
    let is_forbidden = |name: &str, stored: &kit::fleet::Stored| {
        let blocked = stored.claim_condition(name, "Blocked").cloned();
        blocked.is_some_and(|blocked| {
            let message = blocked.message.clone().unwrap_or_default();
            blocked.is_true()
                && blocked.reason.as_deref() == Some("Forbidden")
                && message.contains("on configmaps; grant it to the autoscaler's service account")
        })
    };
    fleet
        .until("it says so", |stored| is_forbidden("web-1", stored))
        .await;
    fleet.polls(5).await;
    assert_eq!(
        fleet.cloud.ledger().len(),
        0,
        "nothing is bought without a baseline"
    );
    fleet.wire.allow();
    fleet
        .until("web is Ready", |stored| stored.counts("web", 2, 2))
        .await;
    assert_eq!(fleet.cloud.ledger().len(), 2);
}

/// Bad input, I1: what cannot be read in the ConfigMap of baselines holds nothing up, and is written anew.
#[tokio::test(start_paused = true)]
async fn edited_baseline_holds_nothing_up() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.stop().await;
    let maps: Api<ConfigMap> = Api::namespaced(fleet.memory().client(), "kube-system");
    let stored = fleet
        .memory()
        .object("configmaps", "kube-system", keys::CONFIG_MAP_BASELINES);
    let stored = stored.expect("a baseline was stored");
    let entries = stored["data"].as_object().expect("it has entries").keys();
    let edited: serde_json::Map<String, Value> = entries.map(|key| (key.clone(), json!("edited"))).collect();
    let change = Patch::Merge(json!({ "data": edited }));
    let parameters = PatchParams::default();
    let changed = maps.patch(keys::CONFIG_MAP_BASELINES, &parameters, &change).await;
    changed.expect("a person may write it");
    fleet.start().await;
    let more = Patch::Merge(json!({ "spec": { "minNodes": 2 } }));
    let raised = fleet.api::<NodeGroup>().patch("web", &parameters, &more).await;
    raised.expect("a person may ask for more");
    fleet
        .until("both are Ready", |stored| stored.counts("web", 2, 2))
        .await;
    assert_eq!(fleet.cloud.ledger().len(), 2);
    assert!(fleet.truth().await.is_clean());
}
