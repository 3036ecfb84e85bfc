//! A burst of pods in the story: they wait, nodes come for them, all are bound, and one that nothing helps says why.

use super::looking::wait;
use super::narrator::Narrator;
use super::world::{JOBS, NAMESPACE, World};
use anyhow::Context;
use autoscaler_controller::resources::keys;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How many pods come at once.
const PODS: usize = 12;
/// What each of them asks for, in thousandths of a core: three fit on a node of four cores.
const EACH_CPU_M: usize = 1200;
/// The pod that no node is large enough for, and the cores that it asks for.
const HUGE: (&str, usize) = ("job-huge", 64);
/// Longest sentence about the pod that nothing helps; its Event has all of it.
const LONGEST: usize = 110;

/// What came of the burst, in numbers that the simulated world gives and the operator does not.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Burst {
    /// Pods that came at once.
    pub(crate) pods: usize,
    /// Those that were on a Node in the end.
    pub(crate) bound: usize,
    /// Machines that were made for them.
    pub(crate) nodes: usize,
    /// How many of these nobody needed.
    pub(crate) nodes_too_many: usize,
    /// Virtual seconds from the first pod to the last one bound.
    pub(crate) seconds: i64,
    /// Why the one pod that nothing helps is not helped, as its Event says.
    pub(crate) refusal: String,
}

/// Tells of the burst: its pods stay until [`end`].
pub(super) async fn tell(world: &World, narrator: &Narrator) -> anyhow::Result<Burst> {
    let since = world.clock.now();
    let (huge, cores) = HUGE;
    narrator.say(
        world,
        &format!(
            "a person starts {PODS} pods for Nodes of {JOBS}, which has none, and {huge}, which asks for {cores} cores"
        ),
    );
    for number in 0..PODS {
        create(world, &format!("job-{number}"), EACH_CPU_M).await?;
    }
    create(world, huge, cores * 1000).await?;
    wait(world, "a machine is made for them", || {
        !machines(world).is_empty()
    })
    .await?;
    let waiting = PODS - bound(world);
    narrator.say(
        world,
        &format!("{waiting} pods wait for Nodes, and VPSie makes the first machines for them"),
    );
    let event = || told_about(world, huge);
    wait(world, "the pod that nothing helps says why", || event().is_some()).await?;
    let refusal = event().unwrap_or_default();
    narrator.say(
        world,
        &format!("{huge} waits for a person: {}", shortened(&refusal)),
    );
    wait(world, "every pod is on a Node", || bound(world) == PODS).await?;
    let burst = Burst {
        pods: PODS,
        bound: bound(world),
        nodes: machines(world).len(),
        nodes_too_many: machines(world).len().saturating_sub(needed(world)),
        seconds: world.elapsed(since).num_seconds(),
        refusal,
    };
    narrator.say(world, &burst.to_text());
    narrator.say(world, &format!("a person deletes {huge}"));
    delete(world, huge).await?;
    Ok(burst)
}

/// Deletes the pods of the burst: they have done their work.
pub(super) async fn end(world: &World) -> anyhow::Result<()> {
    for number in 0..PODS {
        delete(world, &format!("job-{number}")).await?;
    }
    Ok(())
}

async fn create(world: &World, name: &str, cpu_m: usize) -> anyhow::Result<()> {
    let pod = json!({
        "metadata": { "name": name, "labels": { "app": JOBS } },
        "spec": {
            "nodeSelector": { "pool": JOBS },
            "containers": [{
                "name": "work", "image": "work",
                "resources": { "requests": { "cpu": format!("{cpu_m}m"), "memory": "256Mi" } },
            }],
        },
    });
    let pod: Pod = serde_json::from_value(pod)?;
    let created = pods(world).create(&PostParams::default(), &pod).await;
    created.map(drop).context("creating a pod")
}

async fn delete(world: &World, name: &str) -> anyhow::Result<()> {
    let at_once = DeleteParams::default().grace_period(0);
    let deleted = pods(world).delete(name, &at_once).await;
    deleted.map(drop).context("deleting a pod")
}

fn pods(world: &World) -> Api<Pod> {
    Api::namespaced(world.client(), NAMESPACE)
}

/// Counts the pods of the burst that are on a Node.
fn bound(world: &World) -> usize {
    let pods = world.kube.objects("pods").into_iter();
    let ours = pods.filter(|pod| pod["metadata"]["labels"]["app"] == JOBS);
    ours.filter(|pod| pod["spec"]["nodeName"].is_string()).count()
}

/// Lists the machines that VPSie made for VPSieNodes of the group.
fn machines(world: &World) -> BTreeSet<String> {
    let claims = world.kube.objects("vpsienodes").into_iter();
    let ours = claims.filter(|claim| claim["spec"]["nodeGroupName"] == JOBS);
    let uids: Vec<Value> = ours.map(|claim| claim["metadata"]["uid"].clone()).collect();
    let postings = world.cloud.ledger().into_iter();
    let ours = postings.filter(|posting| {
        let id = posting.request_id.as_deref();
        id.is_some_and(|id| uids.iter().any(|uid| uid == id))
    });
    ours.filter_map(|posting| posting.machine).collect()
}

/// Counts the nodes of the group that the pods need at least, by what a Node of it has.
fn needed(world: &World) -> usize {
    let nodes = world.kube.objects("nodes");
    let mut ours = nodes
        .iter()
        .filter(|node| node["metadata"]["labels"][keys::LABEL_NODE_GROUP] == JOBS);
    let cpu = ours
        .next()
        .and_then(|node| node["status"]["allocatable"]["cpu"].as_str());
    let cpu_m: usize = cpu
        .and_then(|cpu| cpu.strip_suffix('m')?.parse().ok())
        .unwrap_or_default();
    PODS.div_ceil((cpu_m / EACH_CPU_M).max(1))
}

/// Returns what the operator has told of a pod that no node helps.
fn told_about(world: &World, pod: &str) -> Option<String> {
    let events = world.kube.objects("events").into_iter();
    let mut refusals =
        events.filter(|event| event["reason"] == "NotTriggerScaleUp" && event["regarding"]["name"] == pod);
    refusals.next()?["note"].as_str().map(str::to_owned)
}

fn shortened(sentence: &str) -> String {
    let mut short: String = sentence.chars().take(LONGEST).collect();
    if short.len() < sentence.len() {
        short.push('…');
    }
    short
}

// === impl Burst ===

impl Burst {
    /// Says what is wrong, a sentence each: a pod without a Node, a node that nobody needs, a machine that nobody waited
    /// for, a pod that nobody told why.
    pub(crate) fn findings(&self) -> impl Iterator<Item = String> {
        let (waiting, spare) = (self.pods.saturating_sub(self.bound), self.nodes_too_many);
        [
            (waiting > 0).then(|| format!("pods that are on no Node in the end: {waiting}")),
            (spare > 0).then(|| format!("nodes that were made for pods and are too many: {spare}")),
            (self.nodes == 0).then(|| "no node was made for pods that wait".to_owned()),
            (self.refusal.is_empty()).then(|| "nobody told why a pod is not helped".to_owned()),
        ]
        .into_iter()
        .flatten()
    }

    /// Says what came of it, in one sentence.
    fn to_text(&self) -> String {
        let too_many = match self.nodes_too_many {
            0 => "none of the nodes was too many".to_owned(),
            number => format!("{number} of the nodes are too many"),
        };
        let (bound, nodes, seconds) = (self.bound, self.nodes, self.seconds);
        format!("{bound} pods are on {nodes} new nodes after {seconds} s; {too_many}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Burst {
        Burst {
            pods: 12,
            bound: 12,
            nodes: 4,
            nodes_too_many: 0,
            seconds: 300,
            refusal: "no NodeGroup helps".to_owned(),
        }
    }

    /// SC-4, SC-26: a pod that was not helped, a node too many and a silence are said, each by itself.
    #[test]
    fn what_is_wrong_with_a_burst_is_said() {
        let said = |change: fn(&mut Burst)| {
            let mut burst = good();
            change(&mut burst);
            burst.findings().collect::<Vec<_>>().join("; ")
        };
        assert_eq!(said(|_| {}), "");
        for (change, words) in [
            (
                (|burst| burst.bound = 11) as fn(&mut Burst),
                "pods that are on no Node in the end: 1",
            ),
            (
                |burst| burst.nodes_too_many = 2,
                "nodes that were made for pods and are too many: 2",
            ),
            (|burst| burst.nodes = 0, "no node was made for pods that wait"),
            (
                |burst| burst.refusal.clear(),
                "nobody told why a pod is not helped",
            ),
        ] {
            assert_eq!(said(change), words);
        }
    }
}
