//! Bad input from outside while the operator runs: a token that expires, a Node of another name.

use autoscaler_controller::credentials::{Followed, follow};
use autoscaler_controller::resources::{AutoscalerConfig, GlobalSettings, NodeGroup};
use fleet_sim::cloud::{Delay, TOKEN};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Node, NodeAddress, NodeCondition, NodeStatus, Secret};
use k8s_openapi::api::events::v1::Event;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::CustomResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::task::JoinHandle;

use super::telemetry::events;
use super::{bought, ready_web, web};

const RENEWED: &str = "the-renewed-t0ken";

/// Returns the message of the true condition Error of a NodeGroup.
fn error_of(stored: &Stored, name: &str) -> Option<String> {
    let conditions = stored.find_group(name)?.status.as_ref()?.conditions.as_deref()?;
    let error = conditions.iter().find(|it| it.type_ == "Error" && it.is_true())?;
    error.message.clone()
}

/// Follows the Secret as the process does, for the operator that runs.
fn follow_secret(fleet: &Fleet) -> JoinHandle<()> {
    let followed = Followed {
        namespace: NAMESPACE.to_owned(),
        name: "vpsie-secret".to_owned(),
        url: None,
        url_is_fixed: true,
    };
    let (client, vpsie) = (fleet.operator_client(), fleet.connection());
    tokio::spawn(follow(client, followed, vpsie, fleet.credentials.clone()))
}

/// Makes the Secret with one entry.
fn secret(key: &str, value: &str) -> Secret {
    let mut secret = Secret::default();
    secret.metadata.name = Some("vpsie-secret".to_owned());
    secret.data = Some([(key.to_owned(), ByteString(value.into()))].into());
    secret
}

async fn ask_for_one_more(fleet: &Fleet) {
    let more = Patch::Merge(json!({ "spec": { "minNodes": 2, "maxNodes": 3 } }));
    let (groups, parameters) = (fleet.api::<NodeGroup>(), PatchParams::default());
    let patched = groups.patch("web", &parameters, &more).await;
    patched.expect("a person may ask for more");
}

/// Bad input, E1, E2: a token that expires is a condition that says what to check, costs nothing, and is over
/// once the Secret holds a new one; no restart.
#[tokio::test(start_paused = true)]
async fn token_that_expires_is_named_and_replaced_in_the_secret() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let following = follow_secret(&fleet);
    fleet.cloud.accept_only_token(RENEWED);
    ask_for_one_more(&fleet).await;
    let stored = fleet
        .until("a condition", |stored| error_of(stored, "web").is_some())
        .await;
    assert_eq!(stored.group_problem("web").as_deref(), Some("VPSieAPIError"));
    let message = error_of(&stored, "web").expect("it says why");
    let advice = "VPSie does not accept the credentials; check the token";
    assert!(message.contains(advice), "{message}");
    assert_eq!((bought(&fleet.cloud).len(), fleet.cloud.removals().len()), (1, 0));
    let ready = stored.claim("web-1").expect("it stays").phase().to_string();
    assert_eq!(ready, "Ready", "what runs goes on");

    fleet.create(&secret("token", RENEWED)).await;
    let stored = fleet
        .until("both are Ready", |stored| stored.counts("web", 2, 2))
        .await;
    assert_eq!(stored.group_problem("web"), None);
    assert!(fleet.truth().await.is_clean());
    following.abort();
}

/// Bad input: a Secret that loses its keys is named on the NodeGroup, holds nothing up, and is over once it is mended.
#[tokio::test(start_paused = true)]
async fn secret_that_loses_its_keys_is_named_and_holds_nothing_up() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.create(&secret("token", TOKEN)).await;
    let following = follow_secret(&fleet);
    let condition = |stored: &Stored| stored.group_condition("web", "CredentialsUnusable");
    let stored = fleet.polls(12).await;
    assert_eq!(condition(&stored), None, "all is well");
    fleet.delete::<Secret>("vpsie-secret").await;
    fleet.create(&secret("note", "the token is gone")).await;
    let stored = fleet
        .until("it is named", |stored| condition(stored).is_some())
        .await;
    let said = condition(&stored).expect("it is named");
    assert_eq!(said.reason.as_deref(), Some("SecretUnusable"));
    let message = said.message.unwrap_or_default();
    assert!(message.contains("neither `token` nor both"), "{message}");
    assert!(message.contains("stay in use"), "{message}");
    assert_eq!(stored.group_problem("web"), None, "it holds nothing up");

    ask_for_one_more(&fleet).await;
    fleet
        .until("both are Ready", |stored| stored.counts("web", 2, 2))
        .await;
    let told = events(&fleet).await.into_iter();
    let told = told.filter(|(_, _, reason, _)| reason == "SecretUnusable");
    let told: Vec<i32> = told.map(|(_, _, _, count)| count).collect();
    assert_eq!(told, [1], "it is said once");
    fleet.delete::<Secret>("vpsie-secret").await;
    fleet.create(&secret("token", TOKEN)).await;
    fleet
        .until("it is over", |stored| condition(stored).is_none())
        .await;
    assert!(fleet.truth().await.is_clean());
    following.abort();
}

/// M1: a Node whose name nobody knows joins by the address of the machine, before its name is looked at.
#[tokio::test(start_paused = true)]
async fn node_of_another_name_joins_by_its_address() {
    let mut fleet = Fleet::in_memory(1);
    // The machine's own kubelet is late, so that the Node of another name is the only one.
    fleet
        .cloud
        .behaviour(|behaviour| behaviour.join_delay = Delay::between_seconds(7200, 7200));
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    let has_address = |stored: &Stored| {
        let claim = stored.claim("web-1")?;
        claim.spec.ip_address.clone()
    };
    let stored = fleet
        .until("its machine has an address", |stored| {
            has_address(stored).is_some()
        })
        .await;
    let mut node = Node::default();
    node.metadata.name = Some("named-by-a-person".to_owned());
    node.status = Some(NodeStatus {
        addresses: Some(vec![NodeAddress {
            address: has_address(&stored).expect("it was seen"),
            type_: "InternalIP".to_owned(),
        }]),
        conditions: Some(vec![NodeCondition {
            type_: "Ready".to_owned(),
            status: "True".to_owned(),
            ..NodeCondition::default()
        }]),
        ..NodeStatus::default()
    });
    let created = fleet.nodes().create(&PostParams::default(), &node).await;
    created.expect("a kubelet may register it");
    let status = Patch::Merge(json!({ "status": node.status }));
    let name = "named-by-a-person";
    let (nodes, parameters) = (fleet.nodes(), PatchParams::default());
    let patched = nodes.patch_status(name, &parameters, &status).await;
    patched.expect("a kubelet may write its status");
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    let claim = stored.claim("web-1").expect("it is Ready");
    let status = claim.status.as_ref().expect("it has a status");
    assert_eq!(status.node_name.as_deref(), Some(name));
}

/// Bad input: a number of the settings that makes no sense, stored under an older definition, is told once with what counts
/// instead, and holds up nothing.
#[tokio::test(start_paused = true)]
async fn number_of_the_settings_that_makes_no_sense_is_told() {
    let mut fleet = Fleet::in_memory(1);
    let mut definition = serde_json::to_value(AutoscalerConfig::crd()).expect("a definition is JSON");
    let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let settings = &mut schema["properties"]["spec"]["properties"]["globalSettings"]["properties"];
    let number = settings["maxConcurrentScaleUps"].as_object_mut();
    number.expect("it has a schema").remove("minimum");
    let installed = fleet.memory().install_crd(&definition);
    installed.expect("an older definition is one, too");
    fleet
        .set(GlobalSettings {
            max_concurrent_scale_ups: Some(0),
            ..GlobalSettings::default()
        })
        .await;
    ready_web(&mut fleet, 3).await;
    assert_eq!(fleet.wire.most_adds_at_once(), 1);
    fleet.polls(12).await;
    let listed = fleet.api::<Event>().list(&ListParams::default()).await;
    let told = listed.expect("Events can be listed").items.into_iter();
    let told = told.filter(|event| event.reason.as_deref() == Some("SettingsOutOfRange"));
    let told: Vec<_> = told
        .map(|event| (event.note, event.regarding.and_then(|one| one.name)))
        .collect();
    let note = "`maxConcurrentScaleUps` of globalSettings is 0, and the least is 1; 1 counts";
    assert_eq!(told, [(Some(note.to_owned()), Some("default".to_owned()))]);
}
