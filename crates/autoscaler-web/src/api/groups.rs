//! `/api/groups`: every NodeGroup in numbers, how it stands with it, and why it does not shrink.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use node_state::{Assessment, GroupKey, NodePhase, OwnerCounts};
use serde::Serialize;
use utoipa::ToSchema;

use super::State as Shared;
use super::facts::GroupDetails;
use super::nodes::Nodes;
use super::page::Page;
use super::problem::Problem;
use super::words;

/// All NodeGroups.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupsShown<'a> {
    /// The generation of node states in which this can be read.
    generation: u64,
    /// The NodeGroups, in the order of namespace and name.
    groups: Vec<GroupShown<'a>>,
}

/// One NodeGroup.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupShown<'a> {
    /// Its namespace and name, as `namespace/name`.
    key: String,
    /// Its namespace.
    namespace: &'a str,
    /// Its name.
    name: &'a str,
    /// How it stands with it, in one word.
    #[schema(schema_with = words::assessment)]
    assessment: Assessment,
    /// The share of its nodes with which nothing is left to do, in whole percent.
    #[schema(maximum = 100)]
    completion: u64,
    /// Its nodes.
    total: u64,
    /// Its nodes by how it stands with them; a phase without nodes is there, with zero.
    by_phase: BTreeMap<&'static str, u64>,
    /// Its VPSieNodes.
    vpsie_nodes: OwnersShown,
    /// What it asks for and what is told of it; nothing before the first pass that saw it.
    details: Option<&'a GroupDetails>,
}

/// The VPSieNodes of a NodeGroup in numbers.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnersShown {
    /// All of them.
    current: u64,
    /// Those that are Ready.
    ready: u64,
    /// Those that are to stay.
    wanted: u64,
}

/// Lists the NodeGroups: their counts, how far they are, and what holds them up.
#[utoipa::path(
    get,
    path = "/api/groups",
    operation_id = "groups",
    tag = "fleet",
    params(super::description::IfNoneMatch),
    responses(
        (status = 200, description = "The NodeGroups", body = GroupsShown<'static>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed since the answer with this tag"),
        super::description::Refusals,
        super::description::Standby,
    )
)]
pub(super) async fn groups(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let facts = Nodes::newest(&shared)?;
    let page = shared.groups.page(facts, |facts| {
        let groups = facts.snapshot.groups();
        Page::of(&GroupsShown {
            generation: facts.snapshot.generation(),
            groups: groups.filter_map(|key| facts.group(key)).collect(),
        })
    });
    Ok(page?.reply(&headers))
}

// === impl Nodes: its NodeGroups ===

impl Nodes {
    /// Shows a NodeGroup; nothing when it is not there.
    pub(super) fn group<'a>(&'a self, key: &'a GroupKey) -> Option<GroupShown<'a>> {
        let summary = self.snapshot.summary(key)?;
        let counts = |phase: &NodePhase| (phase.as_str(), summary.count(*phase));
        let OwnerCounts {
            current,
            ready,
            wanted,
        } = self.snapshot.count_owned(key);
        Some(GroupShown {
            key: key.to_string(),
            namespace: &key.namespace,
            name: &key.name,
            assessment: summary.assessment(),
            completion: summary.completion(),
            total: summary.total(),
            by_phase: NodePhase::ALL.iter().map(counts).collect(),
            vpsie_nodes: OwnersShown {
                current,
                ready,
                wanted,
            },
            details: self.details.groups.get(key).map(Arc::as_ref),
        })
    }
}
