//! `/api/nodes`: every node with its life, its health, its NodeGroup, its ages, and how it was matched (LC-38).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use node_lifecycle::{Health, Phase, State as Life};
use node_state::{Condition, NodePhase, NodeState, Snapshot, Status, Subject, Topic};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State as Shared;
use super::facts::{Details, OwnerDetails, TellsOwner};
use super::page::{Page, is_same};
use super::problem::Problem;
use super::query::Asked;
use super::words;

/// What an answer about nodes or NodeGroups is made from.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) details: Arc<Details>,
}

/// Which nodes are asked for.
#[derive(Debug, Default, PartialEq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NodesAsked {
    /// Only those of this NodeGroup, as `namespace/name`.
    group: Option<String>,
    /// Only those in this state of their life.
    #[param(schema_with = words::state, required = false)]
    state: Option<Life>,
    /// Only those of this health.
    #[param(schema_with = words::health, required = false)]
    health: Option<Health>,
}

/// All nodes that were asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct NodesShown<'a> {
    /// The generation of node states in which this can be read; it grows as long as one replica leads.
    generation: u64,
    /// How many there are.
    counts: Counts,
    /// The nodes, in the order of their names; those without a Node come last.
    nodes: Vec<NodeShown<'a>>,
}

/// Counts the nodes of an answer.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// All of them.
    total: u64,
    /// By the state of their life.
    by_state: BTreeMap<&'static str, u64>,
    /// By health.
    by_health: BTreeMap<&'static str, u64>,
    /// By how it stands with them.
    by_phase: BTreeMap<&'static str, u64>,
}

/// One node.
#[derive(Serialize, ToSchema)]
pub(crate) struct NodeShown<'a> {
    /// The name of the Node, or of the VPSieNode as long as it has none.
    name: &'a str,
    /// Whether there is a Node.
    joined: bool,
    /// The uid of the Node, or of the VPSieNode as long as it has none.
    uid: &'a str,
    /// Its NodeGroup, as `namespace/name`.
    node_group: Option<String>,
    /// Its VPSieNode, as `namespace/name`.
    vpsie_node: Option<String>,
    /// The phase of its VPSieNode.
    #[schema(schema_with = words::owner_phase, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    vpsie_node_phase: Option<Phase>,
    /// Where it is in its life.
    #[schema(schema_with = words::state)]
    lifecycle_state: Life,
    /// How well it is.
    #[schema(schema_with = words::health)]
    health: Health,
    /// How it stands with it, in one word.
    #[schema(schema_with = words::node_phase)]
    phase: NodePhase,
    /// What is most worth knowing, in a sentence; empty when all is well.
    message: &'a str,
    /// Whether it is left alone on purpose.
    excluded: bool,
    /// Its zone.
    zone: Option<&'a str>,
    /// The version of its kubelet.
    kubelet_version: Option<&'a str>,
    /// The version that it should have.
    desired_version: Option<&'a str>,
    /// Its workload pods, and what they request.
    workload: WorkloadShown,
    /// What holds of it.
    conditions: Vec<ConditionShown<'a>>,
    /// What is wrong with the facts about it.
    warnings: Vec<WarningShown>,
    /// Its machine, its ages and how both were found; nothing for a Node without VPSieNode.
    details: Option<OwnerDetails>,
}

/// The workload of a node.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkloadShown {
    /// Workload pods that count.
    pods: u64,
    /// CPU that they request, in thousandths of a core.
    requested_cpu_m: u64,
    /// Memory that they request, in bytes.
    requested_memory_bytes: u64,
}

/// One condition of a node.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConditionShown<'a> {
    /// What it is about.
    #[serde(rename = "type")]
    #[schema(schema_with = words::topic)]
    topic: Topic,
    /// Whether it holds.
    #[schema(schema_with = words::status)]
    status: Status,
    /// Why, in one word.
    reason: &'a str,
    /// Why, in a sentence; empty when there is nothing to say.
    message: &'a str,
    /// Since when.
    since: DateTime<Utc>,
}

/// What is wrong with the facts about a node.
#[derive(Serialize, ToSchema)]
pub(crate) struct WarningShown {
    /// Its stable name.
    name: &'static str,
    /// What it says.
    message: String,
}

/// Lists the nodes: where each is in its life, how well it is, and how it was matched.
#[utoipa::path(
    get,
    path = "/api/nodes",
    operation_id = "nodes",
    tag = "fleet",
    params(NodesAsked, super::description::IfNoneMatch),
    responses(
        (status = 200, description = "The nodes", body = NodesShown<'static>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed since the answer with this tag"),
        super::description::Refusals,
        super::description::Standby,
    )
)]
pub(super) async fn nodes(
    State(shared): State<Arc<Shared>>,
    Asked(asked): Asked<NodesAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let facts = Nodes::newest(&shared)?;
    let page = if asked == NodesAsked::default() {
        shared.nodes.page(facts, |facts| Page::of(&facts.shown(&asked)))
    } else {
        Page::of(&facts.shown(&asked))
    };
    Ok(page?.reply(&headers))
}

// === impl Nodes ===

impl PartialEq for Nodes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.snapshot, &other.snapshot) && Arc::ptr_eq(&self.details, &other.details)
    }
}

impl Nodes {
    /// Takes the newest of both, which no writer waits for.
    pub(super) fn newest(shared: &Shared) -> Result<Self, Problem> {
        let reader = shared.sources.states.borrow().clone();
        let snapshot = reader.map(|reader| reader.snapshot());
        Ok(Self {
            snapshot: snapshot.ok_or_else(Problem::standing_by)?,
            details: Arc::clone(&shared.sources.details.borrow()),
        })
    }

    /// Shows the nodes that are asked for.
    pub(super) fn shown(&self, asked: &NodesAsked) -> NodesShown<'_> {
        let states = self.snapshot.all().filter(|state| asked.wants(state));
        let nodes: Vec<NodeShown<'_>> = states.map(|state| self.node(state)).collect();
        NodesShown {
            generation: self.snapshot.generation(),
            counts: Counts::of(&nodes),
            nodes,
        }
    }

    /// Shows one node.
    pub(super) fn node<'a>(&'a self, state: &'a NodeState) -> NodeShown<'a> {
        NodeShown::new(state, self.details_of(state).map(|owner| owner.details()))
    }

    /// Returns what is known of the VPSieNode of a node.
    pub(super) fn details_of(&self, state: &NodeState) -> Option<&Arc<dyn TellsOwner>> {
        self.details.owners.get(&state.owner.as_ref()?.key)
    }

    /// Tells whether more is known of the VPSieNode of a node than before, or less.
    pub(super) fn knows_otherwise(&self, before: &Self, state: &NodeState) -> bool {
        let (now, before) = (self.details_of(state), before.details_of(state));
        !is_same(&now.cloned(), &before.cloned())
    }
}

// === impl NodesAsked ===

impl NodesAsked {
    fn wants(&self, state: &NodeState) -> bool {
        let is_of_group = |asked: &String| {
            let mut groups = state.groups();
            groups.any(|group| group.to_string() == *asked)
        };
        self.group.as_ref().is_none_or(is_of_group)
            && self.state.is_none_or(|asked| asked == state.lifecycle_state)
            && self.health.is_none_or(|asked| asked == state.health)
    }
}

// === impl Counts ===

impl Counts {
    fn of(nodes: &[NodeShown<'_>]) -> Self {
        let mut counts = Self::default();
        for node in nodes {
            counts.total += 1;
            *counts.by_state.entry(node.lifecycle_state.as_str()).or_default() += 1;
            *counts.by_health.entry(node.health.as_str()).or_default() += 1;
            *counts.by_phase.entry(node.phase.as_str()).or_default() += 1;
        }
        counts
    }
}

// === impl NodeShown ===

impl<'a> NodeShown<'a> {
    fn new(state: &'a NodeState, details: Option<OwnerDetails>) -> Self {
        let workload = &state.workload;
        let owner = state.owner.as_ref();
        let conditions = state.conditions.iter();
        let warnings = state.warnings.iter();
        Self {
            name: state.name(),
            joined: matches!(state.subject, Subject::Node(_)),
            uid: &state.uid,
            node_group: state.node_group.as_ref().map(ToString::to_string),
            vpsie_node: owner.map(|owner| owner.key.to_string()),
            vpsie_node_phase: owner.and_then(|owner| owner.phase),
            lifecycle_state: state.lifecycle_state,
            health: state.health,
            phase: NodePhase::of(state),
            message: &state.message,
            excluded: state.is_excluded,
            zone: state.zone.as_deref(),
            kubelet_version: state.kubelet_version.as_deref(),
            desired_version: state.desired_version.as_deref(),
            workload: WorkloadShown {
                pods: workload.pods,
                requested_cpu_m: workload.requested_cpu_m,
                requested_memory_bytes: workload.requested_memory_bytes,
            },
            conditions: conditions.map(ConditionShown::new).collect(),
            warnings: warnings
                .map(|warning| WarningShown {
                    name: warning.name(),
                    message: warning.to_string(),
                })
                .collect(),
            details,
        }
    }
}

// === impl ConditionShown ===

impl<'a> ConditionShown<'a> {
    fn new((topic, condition): (&Topic, &'a Condition)) -> Self {
        Self {
            topic: *topic,
            status: condition.status,
            reason: condition.reason,
            message: &condition.message,
            since: condition.since.at(),
        }
    }
}
