//! The story: groups are wished for, a burst of machines is made, two things go wrong, and all is given back.

use super::narrator::Narrator;
use super::world::{NAMESPACE, World};
use anyhow::{Context, bail};
use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode};
use fleet_sim::truth::{Expected, Extras, Objects, Report, Taint, examine_expecting};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::json;
use std::time::Duration;

/// Longest virtual time for one part of the story; a world that has not settled by then is a failure.
const PART_LIMIT: chrono::TimeDelta = chrono::TimeDelta::hours(2);
/// How often the story looks whether its part is over.
const LOOK: Duration = Duration::from_secs(5);
/// Time given to the operator to react, and to the world to calm down, before the truth is asked.
const CALM: Duration = Duration::from_secs(60);

/// Tells the story, and what was true when all was settled and when all was gone.
pub(crate) async fn tell(
    world: &World,
    narrator: &Narrator,
    wrong_match: bool,
) -> anyhow::Result<(Report, Report)> {
    let groups: Api<NodeGroup> = Api::namespaced(world.client(), NAMESPACE);
    let claims: Api<VPSieNode> = Api::namespaced(world.client(), NAMESPACE);
    world.start().await?;

    narrator.say(
        world,
        "a person creates three NodeGroups: web, batch and database",
    );
    for group in world.node_groups() {
        groups
            .create(&PostParams::default(), &group)
            .await
            .context("creating a NodeGroup")?;
    }
    wait(world, "every group has its nodes", || is_settled(world)).await?;
    if wrong_match {
        record_wrong_machine(world, narrator, &claims).await?;
    }
    tokio::time::sleep(CALM).await;
    let settled = examine(world);
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
    narrator.say(world, "a person deletes all NodeGroups");
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
    Ok((settled, examine(world)))
}

/// Asks the truth, which knows only the ledger of the cloud and the stored objects.
fn examine(world: &World) -> Report {
    let (claims, nodes, ever) = (
        world.kube.objects("vpsienodes"),
        world.kube.objects("nodes"),
        world.kube.deleted(),
    );
    let ever: Vec<_> = ever
        .into_iter()
        .filter(|object| object["kind"] == "VPSieNode")
        .collect();
    let objects = Objects {
        vpsie_nodes: &claims,
        nodes: &nodes,
        ever: &ever,
    };
    examine_expecting(&world.cloud, &objects, &expected(world))
}

/// Says what the Nodes of each group must carry.
fn expected(world: &World) -> Expected {
    let groups = world.node_groups().into_iter().map(|group| {
        let taints = group.spec.taints.clone().unwrap_or_default().into_iter();
        let taints = taints.map(|taint| Taint {
            key: taint.key,
            value: taint.value.unwrap_or_default(),
            effect: taint.effect,
        });
        let labels = group.spec.labels.clone().unwrap_or_default();
        (
            group.name_any(),
            Extras {
                labels,
                taints: taints.collect(),
            },
        )
    });
    Expected {
        groups: groups.collect(),
    }
}

/// Waits for a condition of the world, with a limit of virtual time.
async fn wait(world: &World, what: &str, is_so: impl Fn() -> bool) -> anyhow::Result<()> {
    let since = world.clock.now();
    while !is_so() {
        if world.elapsed(since) > PART_LIMIT {
            bail!("the story did not come to: {what}");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn is_settled(world: &World) -> bool {
    let groups = world.kube.objects("nodegroups");
    let has_nodes = groups.iter().all(|group| {
        group["status"]["readyNodes"]
            .as_i64()
            .is_some_and(|ready| Some(ready) == group["spec"]["minNodes"].as_i64())
    });
    let claims = world.kube.objects("vpsienodes");
    let mut phases = claims
        .iter()
        .map(|claim| claim["status"]["phase"].as_str().unwrap_or_default());
    has_nodes && !groups.is_empty() && phases.all(|phase| phase == "Ready" || phase == "Failed")
}

fn is_empty(world: &World) -> bool {
    world.kube.objects("vpsienodes").is_empty() && world.kube.objects("nodegroups").is_empty()
}

/// Writes a machine that is not ours into a VPSieNode, as a wrong match would.
async fn record_wrong_machine(
    world: &World,
    narrator: &Narrator,
    claims: &Api<VPSieNode>,
) -> anyhow::Result<()> {
    let foreign = world
        .cloud
        .machines()
        .into_iter()
        .find(|machine| machine.made_by.is_none() && machine.group.is_none());
    let foreign = foreign.context("a machine that nobody asked for")?;
    let claim = claims
        .list(&ListParams::default())
        .await?
        .items
        .into_iter()
        .next()
        .context("a VPSieNode")?;
    narrator.say(
        world,
        &format!(
            "on purpose, {} records the machine {}",
            claim.name_any(),
            foreign.hostname
        ),
    );
    let patch = json!({ "spec": { "vpsieNodeIdentifier": foreign.uuid, "vpsieInstanceID": foreign.number } });
    claims
        .patch(&claim.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await?;
    Ok(())
}
