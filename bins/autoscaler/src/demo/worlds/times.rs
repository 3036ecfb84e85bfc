//! Worlds in which something comes too late, or began before our time.

use super::play::Play;
use autoscaler_controller::resources::{Phase, VPSieNode, VPSieNodeSpec, keys};
use fleet_sim::cloud::Delay;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use std::time::Duration;

/// Every machine takes longer than a request waits for it.
pub(super) async fn late_machines(play: &mut Play) -> anyhow::Result<()> {
    let late = Delay::exactly(Duration::from_secs(20 * 60));
    play.world
        .cloud
        .behaviour(|behaviour| behaviour.list_delay = late);
    play.world.start().await?;
    play.wish(play.world.node_group("web", 57, 1)).await?;
    play.asked(2).await?;
    let claims = play.claims().await?;
    let has_failed = claims.iter().any(|claim| claim.phase() == Phase::Failed);
    play.must(
        has_failed,
        "a replacement is asked for only once a request timed out",
    );
    play.pass(60).await;
    let claims = play.claims().await?;
    let are_ready = claims.len() == 2 && claims.iter().all(|claim| claim.phase() == Phase::Ready);
    play.must(are_ready, "both machines came, and both are Ready");
    play.be_calm().await
}

/// The Go autoscaler died between its request and the first look at what it made.
pub(super) async fn taken_over(play: &mut Play) -> anyhow::Result<()> {
    let group = play.world.node_group("web", 57, 1);
    let mut claim = VPSieNode::new(
        "web-0a1b2c3d",
        VPSieNodeSpec {
            instance_type: "57".to_owned(),
            node_group_name: group.name_any(),
            datacenter_id: group.spec.datacenter_id.clone(),
            resource_identifier: group.spec.resource_identifier.clone(),
            project: group.spec.project.clone(),
            kubernetes_version: group.spec.kubernetes_version.clone(),
            ..VPSieNodeSpec::default()
        },
    );
    claim.finalizers_mut().push(keys::FINALIZER_VPSIE_NODE.to_owned());
    for (key, value) in [(keys::LABEL_MANAGED, keys::TRUE), (keys::LABEL_NODE_GROUP, "web")] {
        claim.labels_mut().insert(key.to_owned(), value.to_owned());
    }
    play.wish(group).await?;
    let claims = play.api::<VPSieNode>();
    let stored = claims.create(&PostParams::default(), &claim).await?;
    let status = json!({ "status": { "phase": "Provisioning", "createdAt": play.world.clock.now() } });
    let status = Patch::Merge(status);
    claims
        .patch_status(&claim.name_any(), &PatchParams::default(), &status)
        .await?;
    // Its request is not in our ledger: for all that we know, a person made the machine.
    let cluster = play.world.cluster.clone();
    let unknown = play.world.cloud.add_foreign_machine(&cluster, None);
    play.world.start().await?;
    play.pass(5).await;
    let asked = play.world.cloud.ledger();
    play.must(
        asked.is_empty(),
        "nothing is asked for while a machine may still come",
    );
    play.settle().await?;
    let asked = play.world.cloud.ledger();
    let is_again = asked.iter().any(|posting| posting.request_id == stored.uid());
    play.must(
        !is_again && asked.len() == 1,
        "it fails in time, and is replaced once",
    );
    // Until then the failed VPSieNode could not go: the machine may be its own.
    play.take_away(&unknown).await
}
