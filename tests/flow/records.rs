//! What is remembered outside the objects: baselines and tombstones, whatever becomes of them.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::cloud::Delay;
use k8s_openapi::api::core::v1::ConfigMap;
use kit::fleet::Fleet;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use super::{ask_for_web, bought};

/// Sets how many nodes the NodeGroup `web` has at least.
async fn keep(fleet: &Fleet, minimum: i32) {
    let change = Patch::Merge(json!({ "spec": { "minNodes": minimum } }));
    let groups = fleet.api::<NodeGroup>();
    let changed = groups.patch("web", &PatchParams::default(), &change).await;
    changed.expect("a person may write it");
}

/// Lists the keys of the ConfigMap of baselines.
fn recorded(fleet: &Fleet) -> Vec<String> {
    let memory = fleet.memory();
    let map = memory.object("configmaps", "kube-system", keys::CONFIG_MAP_BASELINES);
    let data = map.and_then(|map| map["data"].as_object().cloned());
    data.into_iter().flatten().map(|(key, _)| key).collect()
}

/// I6, R7: a machine that comes after its request was released spoils no request that is open by then.
#[tokio::test(start_paused = true)]
async fn machine_that_comes_after_its_release_spoils_no_later_request() {
    let mut fleet = Fleet::in_memory(1);
    let late = Delay::exactly(Duration::from_secs(30 * 60));
    fleet.cloud.behaviour(|behaviour| behaviour.list_delay = late);
    ask_for_web(&mut fleet).await;
    keep(&fleet, 0).await;
    fleet.delete::<VPSieNode>("web-1").await;
    fleet
        .until("it is released", |stored| stored.claims.is_empty())
        .await;
    assert!(recorded(&fleet).iter().any(|key| key.starts_with("tombstone.")));
    fleet.stop().await;
    fleet.start().await;
    fleet.polls(3).await;

    // The next machine is to appear in the same reply of VPSie as the one that nobody awaits any more.
    let waited = fleet.clock.now() - fleet.cloud.ledger()[0].at;
    let left = late.least - waited.to_std().expect("time goes forward") - Duration::from_secs(2);
    fleet
        .cloud
        .behaviour(|behaviour| behaviour.list_delay = Delay::exactly(left));
    keep(&fleet, 1).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(bought(&fleet.cloud).len(), 2, "both machines came");
    assert_eq!(fleet.cloud.removals(), []);
}

/// I1: a person deletes the ConfigMap; what open requests refer to is written again before the next one leaves.
#[tokio::test(start_paused = true)]
async fn baselines_that_a_person_deleted_are_written_again() {
    let mut fleet = Fleet::in_memory(1);
    // Without zones only a baseline proves that a machine is new.
    fleet.cloud.behaviour(|behaviour| {
        behaviour.zone_on_dates = false;
        behaviour.list_delay = Delay::exactly(Duration::from_secs(300));
    });
    ask_for_web(&mut fleet).await;
    let maps: Api<ConfigMap> = Api::namespaced(fleet.memory().client(), "kube-system");
    let deleted = maps
        .delete(keys::CONFIG_MAP_BASELINES, &DeleteParams::default())
        .await;
    deleted.expect("it was there");
    keep(&fleet, 2).await;
    fleet
        .until("the second request", |_| fleet.cloud.ledger().len() == 2)
        .await;
    fleet.kill().await;
    fleet.start().await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 2, 2))
        .await;
    assert_eq!(fleet.cloud.ledger().len(), 2);
    assert!(fleet.truth().await.is_clean());
}
