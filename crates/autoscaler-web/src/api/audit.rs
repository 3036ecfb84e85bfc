//! `/api/audit` and `/api/decisions`: what was done, tried and refused, by whom and why (LC-38).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use http::StatusCode;
use node_lifecycle::audit::{Action, Author, Entry, Filter, Outcome, Stats};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::{IntoParams, ToSchema};

use super::State as Shared;
use super::problem::Problem;
use super::query::Asked;
use super::words;

/// Entries of one answer, unless others are asked for.
const USUAL: usize = 100;
/// Most entries of one answer: as many as are held in memory.
const MOST: usize = 1000;

/// Which entries are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntriesAsked {
    /// Only about the node of this name.
    node: Option<String>,
    /// Only about this NodeGroup, as `namespace/name`.
    group: Option<String>,
    /// Only of this action.
    #[param(schema_with = words::action, required = false)]
    action: Option<Action>,
    /// Only with this end.
    #[param(schema_with = words::outcome, required = false)]
    result: Option<Outcome>,
    /// Only decided by this one.
    #[param(schema_with = words::author, required = false)]
    decision_by: Option<Author>,
    /// Only from this time on, itself included.
    since: Option<DateTime<Utc>>,
    /// Only before this time, itself not included: the time of the oldest entry of an answer asks for what came before.
    until: Option<DateTime<Utc>>,
    /// So many at most, the newest; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// The entries that were asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntriesShown {
    /// The entries, the newest first.
    #[serde(serialize_with = "each")]
    #[schema(value_type = Vec<EntryShape>)]
    entries: Vec<Arc<Entry>>,
    /// Whether there are older ones that were asked for, too.
    has_more: bool,
}

/// One entry of the audit log.
#[derive(ToSchema)]
#[schema(as = AuditEntry)]
#[expect(
    dead_code,
    reason = "it only describes the JSON of `Entry`, which a test compares with it"
)]
pub(super) struct EntryShape {
    /// When it was recorded.
    timestamp: DateTime<Utc>,
    /// What was done or tried.
    #[schema(schema_with = words::action)]
    action: Action,
    /// The Node, or the VPSieNode before there was one.
    node: Option<String>,
    /// The NodeGroup, as `namespace/name`.
    group: Option<String>,
    /// The pod, as `namespace/name`.
    workload: Option<String>,
    /// Why, in one stable word.
    reason: String,
    /// Why, in a sentence.
    message: Option<String>,
    /// The node as it was.
    #[schema(value_type = Option<Object>)]
    state_snapshot: Option<()>,
    /// Who decided.
    #[schema(schema_with = words::author)]
    decision_by: Author,
    /// How it ended.
    #[schema(schema_with = words::outcome)]
    result: Outcome,
    /// What went wrong.
    error: Option<String>,
    /// How many.
    count: Option<u64>,
    /// How many identical rejections came since the last one that was recorded.
    #[schema(required = false)]
    repeats: u64,
    /// The request that it belongs to.
    request_id: Option<String>,
    /// The pass of the operator.
    pass: Option<String>,
}

/// How much is in memory, and of what.
#[derive(ToSchema)]
#[schema(as = AuditStats)]
#[expect(
    dead_code,
    reason = "it only describes the JSON of `Stats`, which a test compares with it"
)]
pub(super) struct StatsShape {
    /// Entries in memory.
    total_entries: usize,
    /// Entries that are held at most.
    max_size: usize,
    /// Entries of each action that there is.
    by_action: std::collections::BTreeMap<String, usize>,
    /// Entries of each result that there is.
    by_result: std::collections::BTreeMap<String, usize>,
    /// What was done last.
    last_action: Option<String>,
    /// When.
    last_timestamp: Option<DateTime<Utc>>,
}

/// Lists entries of the audit log, the newest first.
#[utoipa::path(
    get,
    path = "/api/audit",
    operation_id = "audit",
    tag = "audit",
    params(EntriesAsked),
    responses(
        (status = 200, description = "The entries", body = EntriesShown),
        super::description::Refusals,
    )
)]
pub(super) async fn audit(
    State(shared): State<Arc<Shared>>,
    Asked(asked): Asked<EntriesAsked>,
) -> Result<Json<EntriesShown>, Problem> {
    let filter = asked.filter()?;
    Ok(Json(EntriesShown::found(&shared, filter, |_| true)))
}

/// Counts the entries of the audit log that are in memory.
#[utoipa::path(
    get,
    path = "/api/audit/stats",
    operation_id = "audit_stats",
    tag = "audit",
    responses(
        (status = 200, description = "The counts", body = StatsShape),
        super::description::Refusals,
    )
)]
pub(super) async fn stats(State(shared): State<Arc<Shared>>) -> Json<Stats> {
    Json(shared.sources.audit.stats())
}

/// Lists what was bought, removed or refused, and why: the audit log without what was only seen.
#[utoipa::path(
    get,
    path = "/api/decisions",
    operation_id = "decisions",
    tag = "audit",
    params(EntriesAsked),
    responses(
        (status = 200, description = "The decisions", body = EntriesShown),
        super::description::Refusals,
    )
)]
pub(super) async fn decisions(
    State(shared): State<Arc<Shared>>,
    Asked(asked): Asked<EntriesAsked>,
) -> Result<Json<EntriesShown>, Problem> {
    let filter = asked.filter()?;
    Ok(Json(EntriesShown::found(&shared, filter, is_decision)))
}

fn each<S: Serializer>(entries: &[Arc<Entry>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(entries.iter().map(Arc::as_ref))
}

/// Tells whether an entry is about something that was decided, rather than seen.
fn is_decision(entry: &Entry) -> bool {
    match entry.action {
        Action::NodeDecommission
        | Action::NodeProvision
        | Action::WorkloadMigrate
        | Action::ScaleUp
        | Action::ScaleDown => true,
        Action::LifecycleTransition | Action::AuditDropped => false,
    }
}

// === impl EntriesAsked ===

impl EntriesAsked {
    fn filter(self) -> Result<Filter, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let detail = format!("limit: use a number from 1 to {MOST}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
        Ok(Filter {
            node: self.node,
            group: self.group,
            action: self.action,
            result: self.result,
            decision_by: self.decision_by,
            since: self.since,
            until: self.until,
            limit,
        })
    }
}

// === impl EntriesShown ===

impl EntriesShown {
    /// Finds the newest entries that are asked for, and whether there are more.
    fn found(shared: &Shared, filter: Filter, is_wanted: impl Fn(&Entry) -> bool) -> Self {
        let limit = filter.limit;
        let all = Filter { limit: 0, ..filter };
        let mut entries = shared.sources.audit.select(&all);
        entries.retain(|entry| is_wanted(entry));
        let has_more = entries.len() > limit;
        entries.reverse();
        entries.truncate(limit);
        Self { entries, has_more }
    }
}
