//! The story: groups are wished for, a burst of machines is made, two things go wrong, pods wait, and all is given back.

use super::burst::{self, Burst};
use super::looking::{CALM, examine, is_empty, is_nearly_settled, is_settled, wait};
use super::narrator::Narrator;
use super::shop;
use super::world::{NAMESPACE, World};
use anyhow::Context;
use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode};
use autoscaler_web::api::Sources;
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use fleet_sim::scheduler;
use fleet_sim::truth::Report;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::json;

/// Says what will go wrong, and starts the world; returns what can be shown of its operator.
pub(crate) async fn begin(world: &World) -> anyhow::Result<Sources> {
    let never_joins = Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins);
    let loses_reply = Fault::on(CallKind::AddWorker, FaultEffect::LoseReplyAfterEffect);
    world.cloud.fault(never_joins.nth(2));
    world.cloud.fault(loses_reply.nth(4));
    world.configure().await?;
    shop::open(world).await?;
    let sources = world.start_watching(Some(shop::SERVICE)).await?;
    tokio::spawn(shop::run(world.clone()));
    let (client, clock) = (world.client(), world.clock);
    tokio::spawn(async move { match scheduler::run(client, clock).await {} });
    Ok(sources)
}

/// What came of the story.
pub(crate) struct Told {
    /// What was true when all was settled.
    pub(crate) settled: Report,
    /// What came of the pods that waited.
    pub(crate) burst: Burst,
    /// What was true when all was gone.
    pub(crate) ended: Report,
}

/// Tells the story of a world that has begun.
pub(crate) async fn tell(world: &World, narrator: &Narrator, wrong_match: bool) -> anyhow::Result<Told> {
    let groups: Api<NodeGroup> = Api::namespaced(world.client(), NAMESPACE);
    let claims: Api<VPSieNode> = Api::namespaced(world.client(), NAMESPACE);

    narrator.say(
        world,
        "a person creates four NodeGroups: web, batch, database and jobs, which has no node until pods need one",
    );
    for group in world.node_groups() {
        groups
            .create(&PostParams::default(), &group)
            .await
            .context("creating a NodeGroup")?;
    }
    wait(world, "all machines but the one that never joins serve", || {
        is_nearly_settled(world)
    })
    .await?;
    let burst = burst::tell(world, narrator).await?;
    wait(world, "every group has its nodes", || is_settled(world)).await?;
    if wrong_match {
        let sentence = record_wrong_machine(world).await?;
        narrator.say(world, &sentence);
    }
    tokio::time::sleep(CALM).await;
    let settled = examine(world, &world.node_groups());
    narrator.say(
        world,
        "every group has its nodes; the machine that never joined waits for a person",
    );

    for failed in claims
        .list(&ListParams::default())
        .await?
        .items
        .iter()
        .filter(|claim| claim.phase() == Phase::Failed)
    {
        narrator.say(
            world,
            &format!("a person deletes the failed VPSieNode {}", failed.name_any()),
        );
        claims
            .delete(&failed.name_any(), &DeleteParams::default())
            .await
            .context("deleting a VPSieNode")?;
    }
    narrator.say(world, "a person deletes the pods of jobs, and all NodeGroups");
    burst::end(world).await?;
    for group in world.node_groups() {
        groups
            .delete(&group.name_any(), &DeleteParams::default())
            .await
            .context("deleting a NodeGroup")?;
    }
    if !wrong_match {
        wait(world, "every machine is given back", || is_empty(world)).await?;
    }
    tokio::time::sleep(CALM).await;
    narrator.say(world, "the end");
    let ended = examine(world, &world.node_groups());
    Ok(Told {
        settled,
        burst,
        ended,
    })
}

/// Writes a machine that is not ours into a VPSieNode, as a wrong match would, and says so.
pub(crate) async fn record_wrong_machine(world: &World) -> anyhow::Result<String> {
    let claims: Api<VPSieNode> = Api::namespaced(world.client(), NAMESPACE);
    let foreign = world
        .cloud
        .machines()
        .into_iter()
        .find(|machine| machine.made_by.is_none() && machine.group.is_none());
    let foreign = foreign.context("a machine that nobody asked for")?;
    let all = claims.list(&ListParams::default()).await?;
    let claim = all.items.first().context("a VPSieNode")?.name_any();
    let patch = json!({ "spec": { "vpsieNodeIdentifier": foreign.uuid, "vpsieInstanceID": foreign.number } });
    claims
        .patch(&claim, &PatchParams::default(), &Patch::Merge(patch))
        .await?;
    let hostname = foreign.hostname;
    Ok(format!("on purpose, {claim} records the machine {hostname}"))
}
