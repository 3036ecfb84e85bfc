//! What others wrote: objects of the Go autoscaler in the middle of things, and words that must stay as written.

use std::collections::BTreeSet;

use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode, VPSieNodeSpec, keys};
use fleet_sim::cloud::CallKind;
use kit::fleet::{DATACENTER, Fleet};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::web;

/// Stores a VPSieNode as the Go autoscaler leaves it when it dies while it waits for a machine.
async fn leave_provisioning(fleet: &Fleet, name: &str, is_marked: bool) -> String {
    let mut claim = VPSieNode::new(
        name,
        VPSieNodeSpec {
            instance_type: "57".to_owned(),
            node_group_name: "web".to_owned(),
            datacenter_id: DATACENTER.to_owned(),
            resource_identifier: fleet.cluster.clone(),
            project: "project".to_owned(),
            kubernetes_version: "v1.34.1".to_owned(),
            ..VPSieNodeSpec::default()
        },
    );
    claim.finalizers_mut().push(keys::FINALIZER_VPSIE_NODE.to_owned());
    let labels = [(keys::LABEL_MANAGED, "true"), (keys::LABEL_NODE_GROUP, "web")];
    for (key, value) in labels {
        claim.labels_mut().insert(key.to_owned(), value.to_owned());
    }
    if is_marked {
        let requested = keys::ANNOTATION_CREATION_REQUESTED.to_owned();
        claim.annotations_mut().insert(requested, "true".to_owned());
    }
    let stored = fleet.create(&claim).await;
    let status = json!({ "status": { "phase": "Provisioning", "createdAt": fleet.clock.now() } });
    let claims = fleet.api::<VPSieNode>();
    let written = claims
        .patch_status(name, &PatchParams::default(), &Patch::Merge(status))
        .await;
    written.expect("the status is accepted");
    stored.uid().expect("a stored object has one")
}

/// I7: what the Go autoscaler may have asked for is never asked again; it fails in time and is replaced once.
#[tokio::test(start_paused = true)]
async fn provisioning_of_the_go_autoscaler_is_never_asked_for_again() {
    for is_marked in [false, true] {
        let mut fleet = Fleet::in_memory(1);
        let group = fleet.create(&web(&fleet, 1)).await;
        let uid = leave_provisioning(&fleet, "web-0a1b2c3d", is_marked).await;
        fleet.start().await;
        let stored = fleet.polls(12).await;
        assert_eq!(
            fleet.cloud.ledger(),
            [],
            "it counts as incoming: nothing else is asked for"
        );
        assert_eq!(stored.phases(), ["Provisioning"]);
        fleet
            .until("it failed and is replaced", |stored| stored.counts("web", 2, 1))
            .await;
        let stored = fleet.stored().await;
        let taken_over = stored.claim("web-0a1b2c3d").expect("it stays for a person");
        assert_eq!(taken_over.phase(), Phase::Failed);
        assert_eq!(taken_over.spec.vpsie_node_identifier, None, "never anonymous");
        let ledger = fleet.cloud.ledger();
        assert_eq!(ledger.len(), 1);
        assert!(
            ledger
                .iter()
                .all(|posting| posting.request_id.as_deref() != Some(uid.as_str()))
        );
        assert_eq!(group.name_any(), "web");
        assert!(fleet.truth().await.is_clean());
    }
}

/// NS-30: a takeover of more nodes than one pass writes about is several passes, each VPSieNode is written about, and none
/// waits for the next poll of VPSie.
#[tokio::test(start_paused = true)]
async fn takeover_of_many_nodes_is_several_passes() {
    const MANY: usize = 900;
    let mut fleet = Fleet::in_memory(1);
    fleet.create(&web(&fleet, 0)).await;
    for number in 0..MANY {
        let mut claim = fleet.vpsie_node(&format!("web-{number:03}"), "web");
        claim.finalizers_mut().push(keys::FINALIZER_VPSIE_NODE.to_owned());
        let name = fleet.create(&claim).await.name_any();
        let failed = Patch::Merge(json!({ "status": { "phase": "Failed" } }));
        let written = fleet.api::<VPSieNode>();
        let written = written
            .patch_status(&name, &PatchParams::default(), &failed)
            .await;
        written.expect("the status is accepted");
    }
    let earlier = fleet.memory().write_count();
    fleet.start().await;
    let polls = fleet.cloud.calls_of(CallKind::Cluster);
    let is_recorded = |claim: &VPSieNode| claim.annotations().contains_key(keys::ANNOTATION_LIFECYCLE);
    let stored = fleet.until("every life is recorded", |stored| {
        stored.claims.iter().all(is_recorded)
    });
    assert_eq!(stored.await.claims.len(), MANY);
    assert!(
        fleet.cloud.calls_of(CallKind::Cluster) <= polls + 1,
        "none waited for a poll"
    );
    assert!(fleet.passes() >= 3, "{} passes", fleet.passes());
    let writes = fleet.memory().writes_after(earlier);
    let ours: Vec<_> = writes
        .iter()
        .filter(|write| write.resource == "vpsienodes")
        .collect();
    let once: BTreeSet<_> = ours
        .iter()
        .map(|write| (&write.name, &write.subresource))
        .collect();
    assert_eq!(once.len(), ours.len(), "nothing is written twice");
}

/// `false`, `0` and an empty block stay what a person wrote, whatever is done with the object.
#[tokio::test(start_paused = true)]
async fn false_and_zero_in_a_node_group_stay_as_written() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    let mut group = serde_json::to_value(web(&fleet, 1)).expect("it can be written");
    group["spec"]["allowMixedInstances"] = json!(false);
    group["spec"]["scaleUpPolicy"] =
        json!({ "enabled": false, "stabilizationWindowSeconds": 0, "cpuThreshold": 0 });
    group["spec"]["scaleDownPolicy"] = json!({ "enabled": false, "cooldownSeconds": 0 });
    group["spec"]["spotConfig"] =
        json!({ "enabled": false, "maxSpotPercentage": 0, "fallbackToOnDemand": false });
    group["spec"]["costOptimization"] = json!({});
    let written = group["spec"].clone();
    let group: NodeGroup = serde_json::from_value(group).expect("our type accepts it");
    fleet.create(&group).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    fleet.polls(3).await;
    let stored = fleet
        .memory()
        .object("nodegroups", "default", "web")
        .expect("it is stored");
    assert_eq!(stored["spec"], written);
    assert_eq!(stored["metadata"]["generation"], 1, "nobody wrote the spec");
}

/// A NodeGroup of no nodes buys none, and keeps its word after many passes.
#[tokio::test(start_paused = true)]
async fn node_group_of_no_nodes_buys_none() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.create(&web(&fleet, 0)).await;
    fleet
        .until("it is counted", |stored| stored.counts("web", 0, 0))
        .await;
    fleet.polls(12).await;
    assert_eq!(fleet.cloud.ledger(), []);
}

/// Opt-in: a NodeGroup without the label `managed` is left alone.
#[tokio::test(start_paused = true)]
async fn node_group_that_is_not_ours_is_left_alone() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    let mut group = web(&fleet, 1);
    group.labels_mut().remove(keys::LABEL_MANAGED);
    let created = fleet.create(&group).await;
    let stored = fleet.polls(6).await;
    assert_eq!(
        stored.group("web").resource_version(),
        created.resource_version(),
        "it was not written"
    );
    assert_eq!(fleet.cloud.ledger(), []);
    assert_eq!(fleet.cloud.groups(&fleet.cluster), []);
}
