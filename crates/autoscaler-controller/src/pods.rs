//! The workload pods of every Node, kept up to date by one watch: of each pod only what the gate asks for.

mod facts;
mod load;
mod quantity;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::runtime::watcher::Event;
use node_lifecycle::PodFacts;
use std::collections::BTreeMap;

pub use facts::facts;
pub use load::Load;

/// Workload pods by Node and uid; pods that are no workload leave no trace.
///
/// Memory grows with the workload pods that run, by some hundred bytes for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodIndex {
    nodes: Nodes,
    /// What a new first list has brought so far; it counts once it is complete.
    arriving: Option<Nodes>,
}

type Nodes = BTreeMap<String, BTreeMap<String, PodFacts>>;

// === impl PodIndex ===

impl PodIndex {
    /// Takes one event of the watch in; tells whether some Node began or ceased to carry workload pods.
    pub fn take(&mut self, event: Event<Pod>) -> bool {
        match event {
            Event::Init => {
                self.arriving = Some(Nodes::new());
                false
            }
            Event::InitApply(pod) => {
                put(self.arriving.get_or_insert_default(), &pod);
                false
            }
            Event::InitDone => {
                let arrived = self.arriving.take().unwrap_or_default();
                let earlier = std::mem::replace(&mut self.nodes, arrived);
                !earlier.keys().eq(self.nodes.keys())
            }
            Event::Apply(pod) => put(&mut self.nodes, &pod),
            Event::Delete(pod) => remove(&mut self.nodes, &pod),
        }
    }

    /// Returns the workload pods of a Node, in order of their uids.
    pub fn on(&self, node: &str) -> impl Iterator<Item = &PodFacts> {
        self.nodes.get(node).into_iter().flat_map(BTreeMap::values)
    }
}

/// Takes a pod in, or out when it is no workload any longer; tells whether its Node is in use or empty since.
fn put(nodes: &mut Nodes, pod: &Pod) -> bool {
    let facts = facts(pod);
    if !facts.is_workload() {
        return remove(nodes, pod);
    }
    let pods = nodes.entry(node_of(pod).to_owned()).or_default();
    let was_empty = pods.is_empty();
    pods.insert(facts.uid.clone(), facts);
    was_empty
}

fn remove(nodes: &mut Nodes, pod: &Pod) -> bool {
    let node = node_of(pod);
    let Some(pods) = nodes.get_mut(node) else {
        return false;
    };
    pods.remove(&pod.uid().unwrap_or_default());
    let is_empty = pods.is_empty();
    if is_empty {
        nodes.remove(node);
    }
    is_empty
}

/// A pod is bound once and for all, so its Node says where it is kept.
fn node_of(pod: &Pod) -> &str {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    node.unwrap_or_default()
}

#[cfg(test)]
mod tests;
