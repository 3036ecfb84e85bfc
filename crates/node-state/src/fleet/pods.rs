//! The workload pods of every Node: kept here, or wherever the caller keeps them.

use std::collections::BTreeMap;
use std::sync::Arc;

use node_lifecycle::{PodFacts, PodUid};

/// Knows the pods of every Node, for callers that keep them elsewhere than in the [`Fleet`](crate::Fleet).
pub trait Pods {
    /// Lists the pods on a Node, always in the same order.
    fn on(&self, node: &str) -> impl Iterator<Item = &PodFacts>;
}

/// Keeps pods by Node and uid; those that are no workload leave no trace.
#[derive(Debug, Default)]
pub(super) struct PodsByNode(BTreeMap<Arc<str>, BTreeMap<PodUid, PodFacts>>);

// === impl PodsByNode ===

impl PodsByNode {
    /// Takes a pod in, or out when it is no workload; tells whether anything is different.
    pub(super) fn put(&mut self, node: &str, pod: PodFacts) -> bool {
        if !pod.is_workload() {
            return self.remove(node, pod.uid);
        }
        if !self.0.contains_key(node) {
            self.0.insert(node.into(), BTreeMap::new());
        }
        let pods = self.0.get_mut(node);
        pods.is_some_and(|pods| pods.insert(pod.uid, pod.clone()).as_ref() != Some(&pod))
    }

    /// Takes a pod out; tells whether it was there.
    pub(super) fn remove(&mut self, node: &str, uid: PodUid) -> bool {
        let Some(pods) = self.0.get_mut(node) else {
            return false;
        };
        let was_there = pods.remove(&uid).is_some();
        if pods.is_empty() {
            self.0.remove(node);
        }
        was_there
    }
}

impl Pods for PodsByNode {
    fn on(&self, node: &str) -> impl Iterator<Item = &PodFacts> {
        self.0.get(node).into_iter().flat_map(BTreeMap::values)
    }
}
