//! The main flow once against a real API server, with a real clock and a cloud in a hurry; and watches that end.

#[path = "flow_real/watches.rs"]
mod watches;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use k8s_openapi::api::core::v1::{ConfigMap, Taint};
use k8s_openapi::api::events::v1::Event;
use kit::fleet::{Fleet, Stored};
use kube::api::{DynamicObject, PostParams};
use kube::core::ApiResource;
use kube::{Api, Error, ResourceExt};
use serde_json::{Value, json};

/// Makes an object of a kind of ours from JSON, so that our types cannot correct it on the way.
async fn refusal(fleet: &Fleet, object: &Value) -> String {
    let resource = ApiResource::erase::<NodeGroup>(&());
    let group = fleet.api::<NodeGroup>();
    let api: Api<DynamicObject> = Api::namespaced_with(group.into_client(), "default", &resource);
    let object: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
    match api.create(&PostParams::default(), &object).await {
        Err(Error::Api(status)) if status.code == 422 => status.message,
        other => unreachable!("expected a refusal with 422: {other:?}"),
    }
}

/// The definitions refuse what makes no sense before the operator sees it.
async fn check_refusals(fleet: &Fleet) {
    let valid = serde_json::to_value(fleet.node_group("web", 57, 1)).expect("it can be written");
    let cases = [
        ("/spec/maxNodes", json!(0), "maxNodes"),
        ("/spec/minNodes", json!(9), "minNodes must not exceed maxNodes"),
        ("/spec/offeringIDs", json!([]), "offeringIDs"),
        ("/spec/kubernetesVersion", json!("1.34.1"), "kubernetesVersion"),
    ];
    for (pointer, value, words) in cases {
        let mut object = valid.clone();
        *object.pointer_mut(pointer).expect("the field is there") = value;
        let message = refusal(fleet, &object).await;
        assert!(message.contains(words), "{pointer}: {message}");
    }
}

fn check_labels(stored: &Stored, claim: &VPSieNode) {
    let status = claim.status.as_ref().expect("it has a status");
    let node = status
        .node_name
        .as_deref()
        .and_then(|name| stored.node(name))
        .expect("its Node");
    let name = claim.name_any();
    let expected = [
        (keys::LABEL_MANAGED, "true"),
        (keys::LABEL_NODE_GROUP, "web"),
        (keys::LABEL_VPSIE_NODE, name.as_str()),
        ("tier", "web"),
    ];
    for (key, value) in expected {
        assert_eq!(node.labels().get(key).map(String::as_str), Some(value), "{key}");
    }
    let taints = node
        .spec
        .as_ref()
        .and_then(|spec| spec.taints.clone())
        .unwrap_or_default();
    assert!(taints.iter().any(|taint| taint.key == "dedicated"), "{taints:?}");
}

/// Events are behind by as much as a twentieth of a second each.
const EVENTS_LIMIT: Duration = Duration::from_secs(30);

/// The API server has taken the Events of a good life, about all three kinds.
async fn check_events(fleet: &Fleet) {
    let events: Api<Event> = Api::namespaced(fleet.nodes().into_client(), "default");
    let all_there = async {
        loop {
            let listed = events
                .list(&Default::default())
                .await
                .expect("Events can be listed");
            let told: BTreeSet<String> = listed.into_iter().filter_map(|event| event.reason).collect();
            let wanted = [
                "ScalingUp",
                "MachineRequested",
                "MachineDiscovered",
                "BecameReady",
                "Claimed",
            ];
            if wanted.iter().all(|reason| told.contains(*reason)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let waited = tokio::time::timeout(EVENTS_LIMIT, all_there).await;
    waited.expect("the Events are there in time");
}

/// The whole flow on a real API server: definitions, discovery, labels, status, replacement, deletion. D1 to S3.
#[tokio::test]
async fn a_node_group_lives_and_leaves_nothing_behind_on_a_real_api_server() {
    let control_plane = kit::real_control_plane!();
    let mut fleet = Fleet::on(&control_plane).await;
    check_refusals(&fleet).await;
    fleet.start().await;

    let mut group = fleet.node_group("web", 57, 2);
    group.spec.allow_mixed_instances = Some(false);
    group.spec.labels = Some(BTreeMap::from([("tier".to_owned(), "web".to_owned())]));
    group.spec.taints = Some(vec![Taint {
        key: "dedicated".to_owned(),
        value: Some("web".to_owned()),
        effect: "NoSchedule".to_owned(),
        time_added: None,
    }]);
    let created = fleet.create(&group).await;
    fleet.create(&fleet.node_group("batch", 58, 1)).await;
    let stored = fleet
        .until("both groups are Ready", |stored| {
            stored.counts("web", 2, 2) && stored.counts("batch", 1, 1)
        })
        .await;
    assert_eq!(
        stored.group("web").spec,
        created.spec,
        "what the person wrote stays"
    );
    for claim in stored
        .claims
        .iter()
        .filter(|claim| claim.spec.node_group_name == "web")
    {
        check_labels(&stored, claim);
    }
    let report = fleet.truth().await;
    assert_eq!((report.matched, report.is_clean()), (3, true), "{report:?}");
    let baselines: Api<ConfigMap> = Api::namespaced(fleet.nodes().into_client(), "kube-system");
    let baselines = baselines
        .get(keys::CONFIG_MAP_BASELINES)
        .await
        .expect("it is stored");
    assert!(baselines.data.is_some_and(|data| !data.is_empty()));

    check_events(&fleet).await;
    // The next process goes on where the last one was cut off.
    fleet.kill().await;
    fleet.delete::<VPSieNode>("web-1").await;
    fleet.start().await;
    let gone = stored.claim("web-1").and_then(ResourceExt::uid);
    let stored = fleet
        .until("web-1 is replaced", |stored| {
            stored.counts("web", 2, 2) && stored.claims.iter().all(|claim| claim.uid() != gone)
        })
        .await;
    assert_eq!(stored.claims.len(), 3);
    assert!(fleet.truth().await.is_clean());

    fleet.delete::<NodeGroup>("web").await;
    fleet.delete::<NodeGroup>("batch").await;
    let stored = fleet
        .until("everything is given back", |stored| {
            stored.groups.is_empty() && stored.claims.is_empty()
        })
        .await;
    assert_eq!(stored.nodes.len(), 3, "the first machines stay");
    let alive = fleet
        .cloud
        .machines()
        .into_iter()
        .filter(|machine| machine.is_alive());
    assert_eq!(alive.count(), 3);
    assert_eq!(fleet.cloud.ledger().len(), 4);
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}");
}
