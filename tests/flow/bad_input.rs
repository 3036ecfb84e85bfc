//! Bad input from outside while the operator runs: a token that expires, a Node of another name.

use autoscaler_controller::credentials::{Followed, follow};
use autoscaler_controller::resources::NodeGroup;
use fleet_sim::cloud::Delay;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Node, NodeAddress, NodeCondition, NodeStatus, Secret};
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;

use super::{bought, ready_web, web};

const RENEWED: &str = "the-renewed-t0ken";

/// Returns the message of the true condition Error of a NodeGroup.
fn error_of(stored: &Stored, name: &str) -> Option<String> {
    let conditions = stored.find_group(name)?.status.as_ref()?.conditions.as_deref()?;
    let error = conditions.iter().find(|it| it.type_ == "Error" && it.is_true())?;
    error.message.clone()
}

/// Bad input, E1, E2: a token that expires is a condition that says what to check, costs nothing, and is over
/// once the Secret holds a new one; no restart.
#[tokio::test(start_paused = true)]
async fn token_that_expires_is_named_and_replaced_in_the_secret() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let followed = Followed {
        namespace: NAMESPACE.to_owned(),
        name: "vpsie-secret".to_owned(),
        url: None,
        url_is_fixed: true,
    };
    let following = tokio::spawn(follow(fleet.operator_client(), followed, fleet.connection()));
    fleet.cloud.accept_only_token(RENEWED);
    let more = Patch::Merge(json!({ "spec": { "minNodes": 2, "maxNodes": 3 } }));
    let (groups, parameters) = (fleet.api::<NodeGroup>(), PatchParams::default());
    let patched = groups.patch("web", &parameters, &more).await;
    patched.expect("a person may ask for more");
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

    let mut secret = Secret::default();
    secret.metadata.name = Some("vpsie-secret".to_owned());
    secret.data = Some([("token".to_owned(), ByteString(RENEWED.into()))].into());
    fleet.create(&secret).await;
    let stored = fleet
        .until("both are Ready", |stored| stored.counts("web", 2, 2))
        .await;
    assert_eq!(stored.group_problem("web"), None);
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
