//! `/api/pending`: the pods that are on no Node, what becomes of each, and what would help those that nothing helps.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::State as Shared;
use super::page::Page;
use super::problem::Problem;
use super::words;

/// What becomes of a pod that is on no Node, in the words that the API may use.
pub(super) const OUTCOMES: [&str; 5] = ["fits-now", "incoming", "new-node", "unhelpable", "ignored"];

/// Holds the pods that are on no Node, as one pass planned for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// The pods, in order of namespace and name.
    pub pods: Vec<PendingPod>,
}

/// Says of one pod what becomes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PendingPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Since when the scheduler finds no place for it, where that is known.
    pub since: Option<DateTime<Utc>>,
    /// What becomes of it, in one word.
    #[schema(schema_with = words::pod_outcome)]
    pub outcome: &'static str,
    /// The Node on which it fits.
    pub node: Option<String>,
    /// The VPSieNode that is coming for it, as `namespace/name`.
    pub vpsie_node: Option<String>,
    /// The NodeGroup that grows for it, as `namespace/name`.
    pub node_group: Option<String>,
    /// Why it is not helped, in the words of a plan; each once.
    pub reasons: Vec<&'static str>,
    /// The same in a sentence, where it is the pod that cannot be planned for.
    pub message: Option<String>,
    /// What each NodeGroup lacks for it; pods of one kind share it.
    #[serde(serialize_with = "whole")]
    #[schema(value_type = Vec<GroupRefusal>)]
    pub groups: Arc<Vec<GroupRefusal>>,
    /// The smallest change that would help.
    pub would_help: Option<String>,
}

/// Says why one NodeGroup does not help a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupRefusal {
    /// The NodeGroup, as `namespace/name`.
    pub node_group: String,
    /// Each reason, with what is needed and what there is.
    pub misfits: Vec<MisfitFacts>,
}

/// One reason why a pod does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MisfitFacts {
    /// In one word, as a plan has it.
    pub reason: &'static str,
    /// What is needed.
    pub needs: Option<String>,
    /// What there is instead.
    pub has: Option<String>,
}

/// All pods that are on no Node.
#[derive(Serialize, ToSchema)]
pub(super) struct PendingShown<'a> {
    /// How many there are, by what becomes of them.
    counts: BTreeMap<&'static str, u64>,
    /// The pods, in order of namespace and name.
    pods: &'a [PendingPod],
}

/// The event `pending`: the pods that wait are different.
#[derive(Serialize, ToSchema)]
pub(super) struct PendingChanged {
    /// How many pods are on no Node now.
    total: usize,
}

/// Lists the pods that are on no Node: what becomes of each, and what would help those that nothing helps.
#[utoipa::path(
    get,
    path = "/api/pending",
    operation_id = "pending",
    tag = "fleet",
    params(super::description::IfNoneMatch),
    responses(
        (status = 200, description = "The pods", body = PendingShown<'static>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed since the answer with this tag"),
        super::description::Refusals,
        super::description::Standby,
    )
)]
pub(super) async fn pending(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let details = Arc::clone(&shared.sources.details.borrow());
    let pending = details.pending.as_ref().ok_or_else(Problem::unplanned)?;
    let page = shared.pending.page(Arc::clone(pending), |pending| {
        Page::of(&PendingShown::of(pending))
    });
    Ok(page?.reply(&headers))
}

/// Writes what pods of one kind share with each of them.
fn whole<S: Serializer>(shared: &Arc<Vec<GroupRefusal>>, serializer: S) -> Result<S::Ok, S::Error> {
    shared.as_ref().serialize(serializer)
}

// === impl PendingShown ===

impl<'a> PendingShown<'a> {
    fn of(pending: &'a Pending) -> Self {
        let mut counts: BTreeMap<&'static str, u64> = OUTCOMES.map(|word| (word, 0)).into();
        for pod in &pending.pods {
            *counts.entry(pod.outcome).or_default() += 1;
        }
        Self {
            counts,
            pods: &pending.pods,
        }
    }
}

// === impl PendingChanged ===

impl PendingChanged {
    pub(super) fn of(pending: &Pending) -> Self {
        Self {
            total: pending.pods.len(),
        }
    }
}
