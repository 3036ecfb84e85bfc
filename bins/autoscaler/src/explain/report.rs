//! What is printed of one VPSieNode: sentences for a person, or one JSON object.

use autoscaler_controller::inquiry;
use autoscaler_controller::intent::{Intent, Requested};
use autoscaler_controller::poll::ClusterView;
use autoscaler_controller::resources::{Condition, keys};
use autoscaler_controller::world::ClaimObject;
use chrono::{DateTime, Utc};
use node_match::Explanation;
use node_match::file::OutputClaim;
use serde::Serialize;

/// Everything that is said of one VPSieNode.
pub(super) struct Report<'a> {
    sentences: Vec<String>,
    values: Values<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Values<'a> {
    vpsie_node: Identity,
    request: Request<'a>,
    removal: Option<Intent>,
    vpsie: Reply,
    r#match: Option<OutputClaim<'a>>,
    conditions: Vec<Condition>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    namespace: String,
    name: String,
    uid: String,
    node_group: String,
    phase: String,
    is_deleted: bool,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum Request<'a> {
    Never,
    Recorded {
        intent: &'a Intent,
    },
    TakenOver {
        since: Option<DateTime<Utc>>,
    },
    Unreadable {
        error: &'a str,
        since: Option<DateTime<Utc>>,
    },
}

/// What VPSie answered for the cluster of the VPSieNode.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    answered_at: Option<DateTime<Utc>>,
    machines: Option<usize>,
    error: Option<String>,
}

// === impl Report ===

impl<'a> Report<'a> {
    pub(super) fn new(
        claim: &'a ClaimObject,
        view: Option<&ClusterView>,
        why: Option<Explanation<'a>>,
        now: DateTime<Utc>,
    ) -> Self {
        let mut sentences = inquiry::record(claim, now);
        sentences.push(inquiry::answer(view, now));
        sentences.extend(why.iter().flat_map(Explanation::sentences));
        sentences.extend(inquiry::conditions(claim, now));
        let latest = view.and_then(ClusterView::latest);
        Self {
            sentences,
            values: Values {
                vpsie_node: Identity::new(claim),
                request: Request::new(&claim.requested),
                removal: Intent::from_annotation(claim.object.as_ref(), keys::ANNOTATION_REMOVAL_INTENT),
                vpsie: Reply {
                    answered_at: latest.map(|reply| reply.at),
                    machines: latest.map(|reply| reply.cluster.nodes.len()),
                    error: view.and_then(ClusterView::error).map(ToString::to_string),
                },
                r#match: why.map(OutputClaim::new),
                conditions: claim.object.conditions().map(Condition::from).collect(),
            },
        }
    }

    /// One sentence per line, the most important of each kind first.
    pub(super) fn to_text(&self) -> String {
        self.sentences.join("\n")
    }

    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&self.values)
    }
}

// === impl Identity ===

impl Identity {
    fn new(claim: &ClaimObject) -> Self {
        let object = claim.object.as_ref();
        Self {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            node_group: object.spec.node_group_name().to_owned(),
            phase: object.phase().to_string(),
            is_deleted: claim.is_deleted(),
        }
    }
}

// === impl Request ===

impl<'a> Request<'a> {
    fn new(requested: &'a Requested) -> Self {
        match requested {
            Requested::Never => Self::Never,
            Requested::Recorded(intent) => Self::Recorded { intent },
            Requested::TakenOver { since } => Self::TakenOver { since: *since },
            Requested::Unreadable { error, since } => Self::Unreadable { error, since: *since },
        }
    }
}
