//! The workload pods of every Node, kept up to date by one watch: of each pod only what the gate asks for.

mod facts;
mod load;

use crate::room;
use crate::watches::Marked;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::Event;
use node_lifecycle::{PodFacts, PodUid};
use std::collections::BTreeMap;

pub use facts::facts;
pub use load::Load;

/// Workload pods by Node and uid; pods that are no workload leave no trace.
///
/// Memory grows with the workload pods that run, by 40 bytes for each. All that is kept of a pod, here and elsewhere, should
/// stay below 100, or 150,000 of them take more than a tenth of the 128 MiB that the operator may have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodIndex {
    nodes: Nodes,
    /// What a new first list has brought so far; it counts once it is complete.
    arriving: Option<Nodes>,
    /// On which Nodes pods changed since somebody asked.
    touched: Marked,
}

/// The pods of a Node stand in order of their uids: a kubelet allows few, and a list takes half the room of a tree.
type Nodes = BTreeMap<String, Vec<PodFacts>>;

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
                self.touch_different(&earlier);
                !earlier.keys().eq(self.nodes.keys())
            }
            Event::Apply(pod) => {
                let effect = put(&mut self.nodes, &pod);
                self.touch(effect, &pod)
            }
            Event::Delete(pod) => {
                let effect = remove(&mut self.nodes, &pod);
                self.touch(effect, &pod)
            }
        }
    }

    /// Returns on which Nodes pods changed since the last call.
    pub fn take_touched(&mut self) -> Marked {
        std::mem::take(&mut self.touched)
    }

    /// Tells whether pods changed on some Node since it was last asked which.
    pub fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Notes what an event did; tells whether its Node is in use or empty since.
    fn touch(&mut self, effect: Effect, pod: &Pod) -> bool {
        match effect {
            Effect::Nothing => return false,
            Effect::Change | Effect::Turn => self.touched.add((String::new(), node_of(pod).to_owned())),
        }
        effect == Effect::Turn
    }

    /// Notes on which Nodes a new list has other pods than the one before it.
    fn touch_different(&mut self, earlier: &Nodes) {
        let nodes = earlier.keys().chain(self.nodes.keys());
        let different = nodes.filter(|node| earlier.get(*node) != self.nodes.get(*node));
        let different: Vec<String> = different.cloned().collect();
        for node in different {
            self.touched.add((String::new(), node));
        }
    }

    /// Returns the workload pods of a Node, in order of their uids.
    pub fn on(&self, node: &str) -> impl Iterator<Item = &PodFacts> {
        self.nodes.get(node).into_iter().flatten()
    }
}

impl node_state::Pods for PodIndex {
    fn on(&self, node: &str) -> impl Iterator<Item = &PodFacts> {
        Self::on(self, node)
    }
}

/// What an event of a pod meant for its Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Nothing is different.
    Nothing,
    /// It carries other pods.
    Change,
    /// It is in use since, or empty.
    Turn,
}

/// Takes a pod in, or out when it is no workload any longer.
fn put(nodes: &mut Nodes, pod: &Pod) -> Effect {
    let facts = facts(pod);
    if !facts.is_workload() {
        return remove(nodes, pod);
    }
    let pods = nodes.entry(node_of(pod).to_owned()).or_default();
    let was_empty = pods.is_empty();
    let is_different = match place(pods, facts.uid) {
        Ok(place) => std::mem::replace(&mut pods[place], facts) != pods[place],
        Err(place) => {
            room::insert(pods, place, facts);
            true
        }
    };
    Effect::of(is_different, was_empty)
}

fn remove(nodes: &mut Nodes, pod: &Pod) -> Effect {
    let node = node_of(pod);
    let Some(pods) = nodes.get_mut(node) else {
        return Effect::Nothing;
    };
    let found = place(pods, PodUid::of(pod.metadata.uid.as_deref().unwrap_or_default()));
    let was_there = found.map(|place| room::remove(pods, place)).is_ok();
    let is_empty = pods.is_empty();
    if is_empty {
        nodes.remove(node);
    }
    Effect::of(was_there, is_empty)
}

/// Returns where a pod is, or where it would be.
fn place(pods: &[PodFacts], uid: PodUid) -> Result<usize, usize> {
    pods.binary_search_by_key(&uid, |pod| pod.uid)
}

// === impl Effect ===

impl Effect {
    fn of(is_different: bool, is_turn: bool) -> Self {
        match (is_different, is_turn) {
            (false, _) => Self::Nothing,
            (true, false) => Self::Change,
            (true, true) => Self::Turn,
        }
    }
}

/// A pod is bound once and for all, so its Node says where it is kept.
fn node_of(pod: &Pod) -> &str {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    node.unwrap_or_default()
}

#[cfg(test)]
mod tests;
