//! Looking at the world from outside: what is true of it, what was left alone, and waiting for what is to come.

use super::world::World;
use anyhow::bail;
use autoscaler_controller::resources::{NodeGroup, keys};
use fleet_sim::cloud::SimMachine;
use fleet_sim::truth::{Expected, Extras, Objects, Report, Taint, examine_expecting};
use kube::ResourceExt;
use std::time::Duration;

/// Longest virtual time for one part of a story; a world that has not settled by then is a failure.
const PART_LIMIT: chrono::TimeDelta = chrono::TimeDelta::hours(2);
/// How often a story looks whether its part is over.
const LOOK: Duration = Duration::from_secs(5);
/// Time given to the operator to react, and to the world to calm down, before the truth is asked.
pub(crate) const CALM: Duration = Duration::from_secs(60);

/// Asks the truth, which knows only the ledger of the cloud and the stored objects.
pub(crate) fn examine(world: &World, groups: &[NodeGroup]) -> Report {
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
    examine_expecting(&world.cloud, &objects, &expected(groups))
}

/// Says what the Nodes of each group must carry.
fn expected(groups: &[NodeGroup]) -> Expected {
    let groups = groups.iter().map(|group| {
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

/// Lists the machines that no request made: masters, what was there before, and what persons added.
pub(crate) fn foreign(world: &World) -> Vec<SimMachine> {
    let machines = world.cloud.machines().into_iter();
    machines.filter(|machine| machine.made_by.is_none()).collect()
}

/// Says what was done to a foreign machine or to its Node, if anything was.
pub(crate) fn touched(world: &World, machine: &SimMachine) -> Option<String> {
    let hostname = &machine.hostname;
    let removals = world.cloud.removals();
    if removals
        .iter()
        .any(|removal| removal.machine == machine.uuid && !removal.by_hand)
    {
        return Some(format!("{hostname} is foreign, and was removed"));
    }
    let claims = world.kube.objects("vpsienodes");
    let records = |claim: &&serde_json::Value| claim["spec"]["vpsieNodeIdentifier"] == machine.uuid.as_str();
    if let Some(claim) = claims.iter().find(records) {
        let name = &claim["metadata"]["name"];
        return Some(format!("{hostname} is foreign, and {name} records it"));
    }
    let node = world.kube.object("nodes", "", &machine.node_name())?;
    let marks = format!(
        "{}{}",
        node["metadata"]["labels"], node["metadata"]["annotations"]
    );
    if marks.contains(keys::GROUP) || node["spec"]["unschedulable"] == true {
        return Some(format!("{hostname} is foreign, and its Node was changed"));
    }
    None
}

/// Waits for a condition of the world, with a limit of virtual time.
pub(crate) async fn wait(world: &World, what: &str, is_so: impl Fn() -> bool) -> anyhow::Result<()> {
    let since = world.clock.now();
    while !is_so() {
        if world.elapsed(since) > PART_LIMIT {
            bail!("the story did not come to: {what}; {}", told(world));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Says in which phase every VPSieNode is.
fn told(world: &World) -> String {
    let claims = world.kube.objects("vpsienodes").into_iter();
    let told = claims.map(|claim| format!("{} is {}", claim["metadata"]["name"], claim["status"]["phase"]));
    told.collect::<Vec<_>>().join(", ")
}

/// Tells whether every group has its nodes, or more, and every VPSieNode is Ready or Failed.
pub(crate) fn is_settled(world: &World) -> bool {
    let groups = world.kube.objects("nodegroups");
    let has_nodes = groups.iter().all(|group| {
        group["status"]["readyNodes"]
            .as_i64()
            .is_some_and(|ready| Some(ready) >= group["spec"]["minNodes"].as_i64())
    });
    let claims = world.kube.objects("vpsienodes");
    let mut phases = claims
        .iter()
        .map(|claim| claim["status"]["phase"].as_str().unwrap_or_default());
    has_nodes && !groups.is_empty() && phases.all(|phase| phase == "Ready" || phase == "Failed")
}

/// Tells whether all but one of the nodes that the groups want at least are Ready.
pub(crate) fn is_nearly_settled(world: &World) -> bool {
    let groups = world.kube.objects("nodegroups");
    let sum = |number: fn(&serde_json::Value) -> &serde_json::Value| -> i64 {
        groups.iter().filter_map(|group| number(group).as_i64()).sum()
    };
    let wanted = sum(|group| &group["spec"]["minNodes"]);
    sum(|group| &group["status"]["readyNodes"]) + 1 >= wanted
}

/// Tells whether nothing of ours is stored any more.
pub(crate) fn is_empty(world: &World) -> bool {
    world.kube.objects("vpsienodes").is_empty() && world.kube.objects("nodegroups").is_empty()
}
