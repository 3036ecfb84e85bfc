//! What each group and each Node says to one pod, whatever becomes of it (`SC-21`).

use std::collections::BTreeMap;
use std::sync::Arc;

use fleet_plan::cluster::{Cluster, Standing};
use fleet_plan::group::Group;
use fleet_plan::misfit::Misfit;
use fleet_plan::node::{Node, Resident, Room};
use fleet_plan::pod::Demand;
use fleet_plan::{Name, Resources};
use schemars::JsonSchema;
use serde::Serialize;

use super::MisfitLine;

/// The label by which a Node is told from all others.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Says where a pod fits as things are, and where not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// For each group, by name, what keeps the pod off an empty node of it; nothing where it fits.
    pub groups: Vec<GroupAnswer>,
    /// How many Nodes there are.
    pub nodes: usize,
    /// How many of them the pod does not fit on, by reason.
    pub nodes_refusing: BTreeMap<&'static str, usize>,
}

/// Says what a new node of a group says to a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupAnswer {
    /// Namespace and name of the NodeGroup.
    pub node_group: String,
    /// Every reason why the pod does not fit there; none where it fits.
    pub misfits: Vec<MisfitLine>,
}

// === impl Why ===

impl Why {
    /// Puts one pod before an empty node of each group, and before every Node; none for a pod that is not planned for.
    ///
    /// This is asked of each alone: what other pods take of it is what the plan says.
    #[must_use]
    pub fn of(cluster: &Cluster, namespace: &str, name: &str) -> Option<Self> {
        let mut pods = cluster.pods.iter();
        let pod = pods.find(|pod| &*pod.name.namespace == namespace && &*pod.name.name == name)?;
        let Standing::Waiting(demand) = &pod.standing else {
            return None;
        };
        let mut groups: Vec<&Group> = cluster.groups.iter().collect();
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        let new = groups.iter().map(|group| new_node(cluster, group));
        let nodes: Vec<Node> = cluster.nodes.iter().cloned().chain(new).collect();
        let mut answers = fleet_plan::fit(demand, &nodes, &cluster.namespaces);
        let of_groups = answers.split_off(cluster.nodes.len());
        let mut nodes_refusing = BTreeMap::new();
        for misfit in answers.iter().flatten() {
            *nodes_refusing.entry(misfit.word()).or_insert(0) += 1;
        }
        Some(Self {
            groups: groups
                .into_iter()
                .zip(of_groups)
                .map(|(group, misfits)| GroupAnswer::new(group, &misfits))
                .collect(),
            nodes: cluster.nodes.len(),
            nodes_refusing,
        })
    }

    /// Says it in sentences, one per line.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for answer in &self.groups {
            if answer.misfits.is_empty() {
                sentences.push(format!("  {} would take it on an empty node", answer.node_group));
            }
            sentences.extend(answer.misfits.iter().map(MisfitLine::sentence));
        }
        let reasons = self.nodes_refusing.iter();
        let reasons: Vec<String> = reasons.map(|(word, count)| format!("{word} ({count})")).collect();
        if !reasons.is_empty() {
            sentences.push(format!(
                "What keeps it off the {} Nodes that are there: {}.",
                self.nodes,
                reasons.join(", ")
            ));
        }
        sentences
    }
}

// === impl GroupAnswer ===

impl GroupAnswer {
    fn new(group: &Group, misfits: &[Misfit]) -> Self {
        let unknown = Misfit::UnknownSize { size: group.size };
        let unknown = Some(unknown).filter(|_| group.room.is_none() || !group.is_offered);
        // What nobody knows cannot be too little.
        let told = misfits.iter().filter(|_| group.room.is_some());
        Self {
            node_group: group.name.to_string(),
            misfits: told
                .chain(&unknown)
                .map(|misfit| MisfitLine::new(&group.name, misfit))
                .collect(),
        }
    }
}

/// Describes a node that a group would get, with what DaemonSets put there.
fn new_node(cluster: &Cluster, group: &Group) -> Node {
    let name: Name = format!("a new node of {}", group.name).into();
    let mut labels = group.labels.clone();
    labels.insert(HOSTNAME.into(), name.clone());
    let mut node = Node {
        name,
        labels,
        taints: group.taints.clone(),
        is_ready: true,
        room: group.room.clone().unwrap_or_default(),
        pods: Vec::new(),
    };
    let is_for = |daemon: &&Arc<Demand>| {
        // Whether there is room for it does not matter: it is there before anybody else.
        let mut alone = Demand::clone(daemon);
        alone.requests = Resources::default();
        let empty = Node {
            room: Room {
                pods: 1,
                ..node.room.clone()
            },
            ..node.clone()
        };
        fleet_plan::fit(&alone, &[empty], &cluster.namespaces)[0].is_empty()
    };
    let daemons: Vec<Resident> = cluster
        .daemons
        .iter()
        .filter(is_for)
        .map(|daemon| Resident {
            demand: daemon.clone(),
            is_terminating: false,
        })
        .collect();
    node.pods = daemons;
    node
}
