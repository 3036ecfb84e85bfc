//! A scheduler as simple as can be: requests of CPU and memory, node selectors and taints decide; the first Node that takes
//! a pod gets it, and a pod that none takes is called unschedulable.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use chrono::SecondsFormat;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::clock::SimClock;

/// How often the scheduler looks.
const BEAT: Duration = Duration::from_secs(1);

/// What a Node has left.
struct Place {
    name: String,
    labels: BTreeMap<String, String>,
    /// Keys and values of the taints that keep pods off.
    taints: Vec<(String, String)>,
    free: Amounts,
}

/// Amounts of CPU in thousandths of a core, of memory in bytes, and of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amounts {
    cpu_m: i64,
    memory: i64,
    pods: i64,
}

/// Schedules the pods of all namespaces of one Kubernetes API, until the future is dropped.
///
/// Errors of the API are repeated a beat later, for ever.
pub async fn run(client: Client, clock: SimClock) -> Infallible {
    loop {
        if let Err(error) = pass(&client, &clock).await {
            tracing::debug!(%error, "the scheduler could not write, and tries again");
        }
        clock.sleep(BEAT).await;
    }
}

/// Looks once at everything.
async fn pass(client: &Client, clock: &SimClock) -> Result<(), kube::Error> {
    let all = ListParams::default();
    let pods = Api::<Pod>::all(client.clone()).list(&all).await?.items;
    let waiting: Vec<&Pod> = pods
        .iter()
        .filter(|pod| node_of(pod).is_none() && !has_ended(pod))
        .collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let nodes = Api::<Node>::all(client.clone()).list(&all).await?.items;
    let mut places: Vec<Place> = nodes.iter().filter(|node| is_open(node)).map(Place::of).collect();
    for pod in pods.iter().filter(|pod| !has_ended(pod)) {
        let own = places.iter_mut().find(|place| node_of(pod) == Some(&place.name));
        if let Some(place) = own {
            place.free = place.free.less(Amounts::requested(pod));
        }
    }
    for pod in waiting {
        let needs = Amounts::requested(pod);
        let found = places.iter_mut().find(|place| place.takes(pod, needs));
        let api = Api::<Pod>::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
        match found {
            Some(place) => {
                place.free = place.free.less(needs);
                bind(&api, pod, &place.name).await?;
            }
            None => refuse(&api, pod, clock).await?,
        }
    }
    Ok(())
}

/// Binds a pod to a Node, where it runs at once.
async fn bind(api: &Api<Pod>, pod: &Pod, node: &str) -> Result<(), kube::Error> {
    let (name, parameters) = (pod.name_any(), PatchParams::default());
    let bound = json!({ "spec": { "nodeName": node } });
    api.patch(&name, &parameters, &Patch::Merge(bound)).await?;
    let runs = json!({ "status": {
        "phase": "Running", "conditions": [{ "type": "PodScheduled", "status": "True" }],
    }});
    api.patch_status(&name, &parameters, &Patch::Strategic(runs))
        .await?;
    Ok(())
}

/// Says that no Node takes a pod, unless that is said already.
async fn refuse(api: &Api<Pod>, pod: &Pod, clock: &SimClock) -> Result<(), kube::Error> {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let is_said = conditions
        .into_iter()
        .flatten()
        .any(|one| one.type_ == "PodScheduled" && one.status == "False");
    if is_said {
        return Ok(());
    }
    let refused = json!({ "status": { "phase": "Pending", "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node takes it",
        "lastTransitionTime": clock.now().to_rfc3339_opts(SecondsFormat::Secs, true),
    }]}});
    api.patch_status(
        &pod.name_any(),
        &PatchParams::default(),
        &Patch::Strategic(refused),
    )
    .await?;
    Ok(())
}

// === impl Place ===

impl Place {
    fn of(node: &Node) -> Self {
        let spec = node.spec.as_ref();
        let taints = spec.and_then(|spec| spec.taints.as_ref()).into_iter().flatten();
        let keeps_off = taints.filter(|taint| taint.effect != "PreferNoSchedule");
        let allocatable = node
            .status
            .as_ref()
            .and_then(|status| status.allocatable.as_ref());
        Self {
            name: node.name_any(),
            labels: node.labels().clone(),
            taints: keeps_off
                .map(|taint| (taint.key.clone(), taint.value.clone().unwrap_or_default()))
                .collect(),
            free: allocatable.map(Amounts::of).unwrap_or_default(),
        }
    }

    fn takes(&self, pod: &Pod, needs: Amounts) -> bool {
        let spec = pod.spec.as_ref();
        let selector = spec
            .and_then(|spec| spec.node_selector.as_ref())
            .into_iter()
            .flatten();
        let is_selected = selector
            .into_iter()
            .all(|(key, value)| self.labels.get(key) == Some(value));
        let tolerations = spec
            .and_then(|spec| spec.tolerations.as_deref())
            .unwrap_or_default();
        let is_tolerated = |(key, value): &(String, String)| {
            tolerations.iter().any(|toleration| {
                let any = toleration.operator.as_deref() == Some("Exists");
                toleration.key.as_ref().is_none_or(|own| own == key)
                    && (any || toleration.value.as_ref() == Some(value))
            })
        };
        is_selected && self.taints.iter().all(is_tolerated) && self.free.hold(needs)
    }
}

// === impl Amounts ===

impl Amounts {
    fn of(amounts: &BTreeMap<String, Quantity>) -> Self {
        let read = |key: &str, thousandths: bool| amounts.get(key).map_or(0, |one| read(&one.0, thousandths));
        Self {
            cpu_m: read("cpu", true),
            memory: read("memory", false),
            pods: read("pods", false),
        }
    }

    fn requested(pod: &Pod) -> Self {
        let mut sum = Self {
            pods: 1,
            ..Self::default()
        };
        for container in pod.spec.iter().flat_map(|spec| &spec.containers) {
            let requests = container.resources.as_ref();
            let requests = requests.and_then(|resources| resources.requests.as_ref());
            let one = requests.map(Self::of).unwrap_or_default();
            (sum.cpu_m, sum.memory) = (sum.cpu_m + one.cpu_m, sum.memory + one.memory);
        }
        sum
    }

    const fn less(self, other: Self) -> Self {
        Self {
            cpu_m: self.cpu_m - other.cpu_m,
            memory: self.memory - other.memory,
            pods: self.pods - other.pods,
        }
    }

    const fn hold(self, other: Self) -> bool {
        self.cpu_m >= other.cpu_m && self.memory >= other.memory && self.pods >= other.pods
    }
}

/// Reads whole numbers with the endings that this world writes; all else counts as none.
fn read(text: &str, thousandths: bool) -> i64 {
    let endings = [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)];
    for (ending, unit) in endings {
        if let Some(number) = text.strip_suffix(ending) {
            return number.parse::<i64>().unwrap_or_default() * unit;
        }
    }
    match text.strip_suffix('m') {
        Some(number) => number.parse().unwrap_or_default(),
        None => text.parse::<i64>().unwrap_or_default() * if thousandths { 1000 } else { 1 },
    }
}

/// Tells whether a Node is Ready and takes pods.
fn is_open(node: &Node) -> bool {
    let is_cordoned = node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true);
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    !is_cordoned && conditions.any(|one| one.type_ == "Ready" && one.status == "True")
}

fn node_of(pod: &Pod) -> Option<&str> {
    let node = pod.spec.as_ref()?.node_name.as_deref();
    node.filter(|node| !node.is_empty())
}

fn has_ended(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed")) || pod.metadata.deletion_timestamp.is_some()
}
