//! A person asks about one VPSieNode: which it is, and what it says of itself.

use crate::intent::{Intent, Outcome, Requested};
use crate::kept::vpsie_node::Told;
use crate::poll::ClusterView;
use crate::resources::keys;
use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use node_match::phrases::{moment, sentence};

/// How alike two names must be, from 0 to 1, for one to be offered in place of the other.
const LEAST_LIKENESS: f64 = 0.8;
/// How many names are offered: enough for a slip of the finger.
const MOST_NAMES: usize = 5;

/// Why there is no VPSieNode to speak of.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InquiryError {
    /// Nothing has that name.
    #[error("there is no VPSieNode {asked}; {}", offer(.near))]
    Absent {
        /// What was asked for.
        asked: String,
        /// Those with a similar name, the most similar first.
        near: Vec<String>,
    },
    /// Several namespaces have one of that name.
    #[error("several VPSieNodes are named {asked}; say which: {}", .found.join(", "))]
    Several {
        /// What was asked for.
        asked: String,
        /// All of that name.
        found: Vec<String>,
    },
}

/// Finds a VPSieNode by its name, or by `NAMESPACE/NAME`.
///
/// # Errors
/// Names those with a similar name when there is none, and all of them when there are several.
pub fn find<'w>(world: &'w World<'_>, asked: &str) -> Result<&'w ClaimObject, InquiryError> {
    let is_asked = |claim: &&ClaimObject| match asked.split_once('/') {
        Some(_) => full_name(claim) == asked,
        None => claim.object.name_any() == asked,
    };
    let found: Vec<&ClaimObject> = world.claims.iter().filter(is_asked).collect();
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err(InquiryError::Absent {
            asked: asked.to_owned(),
            near: near(world, asked),
        }),
        [_, ..] => Err(InquiryError::Several {
            asked: asked.to_owned(),
            found: found.into_iter().map(full_name).collect(),
        }),
    }
}

fn full_name(claim: &ClaimObject) -> String {
    let namespace = claim.object.namespace().unwrap_or_default();
    format!("{namespace}/{}", claim.object.name_any())
}

fn near(world: &World<'_>, asked: &str) -> Vec<String> {
    let likeness = |claim: &ClaimObject| {
        let full = strsim::jaro_winkler(asked, &full_name(claim));
        full.max(strsim::jaro_winkler(asked, &claim.object.name_any()))
    };
    let mut alike: Vec<(f64, String)> = world
        .claims
        .iter()
        .map(|claim| (likeness(claim), full_name(claim)))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .collect();
    // The sort is stable, and the claims came in order of their names.
    alike.sort_by(|left, right| right.0.total_cmp(&left.0));
    alike.into_iter().take(MOST_NAMES).map(|(_, name)| name).collect()
}

fn offer(near: &[String]) -> String {
    if near.is_empty() {
        "`kubectl get -A vpsienodes` lists those that there are".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    }
}

/// Says who the VPSieNode is and what was asked for it, in sentences; all times are UTC.
pub fn record(claim: &ClaimObject, now: DateTime<Utc>) -> Vec<String> {
    let object = claim.object.as_ref();
    let deleted = if claim.is_deleted() {
        ", and it is being deleted"
    } else {
        ""
    };
    let mut told = vec![format!(
        "VPSieNode {} of NodeGroup {} is in phase {}{deleted}.",
        full_name(claim),
        object.spec.node_group_name(),
        object.phase()
    )];
    told.push(request(&claim.requested, now));
    if let Some(removal) = Intent::from_annotation(object, keys::ANNOTATION_REMOVAL_INTENT) {
        told.push(format!("The removal of its machine {}", effect(&removal, now)));
    }
    if let Some(error) = object.status.as_ref().and_then(|status| status.last_error()) {
        told.push(format!("The last error was: {error}."));
    }
    told.iter().map(|text| sentence(text)).collect()
}

fn request(requested: &Requested, now: DateTime<Utc>) -> String {
    let at = |since: &Option<DateTime<Utc>>| match since {
        Some(since) => format!("at {} or later", moment(*since, now)),
        None => "at an unknown time".to_owned(),
    };
    match requested {
        Requested::Never => "No machine was asked for.".to_owned(),
        Requested::Recorded(intent) => format!("A machine {}", effect(intent, now)),
        Requested::TakenOver { since } => format!(
            "Another autoscaler asked for its machine, or may have asked, {}: it is never asked for again.",
            at(since)
        ),
        Requested::Unreadable { error, since } => format!(
            "The record of its request, {}, cannot be read ({error}): a machine may exist, and it is never asked \
             for again.",
            at(since)
        ),
    }
}

fn effect(intent: &Intent, now: DateTime<Utc>) -> String {
    let what = match intent.outcome {
        Outcome::Open => "nothing is known of the answer, and a machine may be concerned",
        Outcome::Accepted => "VPSie accepted it",
        Outcome::Refused => "VPSie refused it, and nothing was done",
        Outcome::NotSent => "it never reached VPSie, and nothing was done",
        Outcome::Unknown => "the answer was lost, and a machine may be concerned",
    };
    let error = intent.error.as_ref().map(|error| format!(" ({error})"));
    format!(
        "was asked for at {}, attempt {}: {what}{}.",
        moment(intent.requested_at, now),
        intent.attempt,
        error.unwrap_or_default()
    )
}

/// Says what VPSie answered for its cluster.
pub fn answer(view: Option<&ClusterView>, now: DateTime<Utc>) -> String {
    let told = match (
        view.and_then(ClusterView::latest),
        view.and_then(ClusterView::error),
    ) {
        (Some(reply), _) => format!(
            "VPSie listed {} machines in its cluster at {}.",
            reply.cluster.nodes.len(),
            moment(reply.at, now)
        ),
        (None, Some(error)) => format!("VPSie gave no answer for its cluster: {error}."),
        (None, None) => "It names no VPSie cluster, so VPSie was not asked.".to_owned(),
    };
    sentence(&told)
}

/// Says what its conditions are, in the order in which they are stored.
pub fn conditions(claim: &ClaimObject, now: DateTime<Utc>) -> Vec<String> {
    let stored = claim.object.conditions();
    stored.map(|stored| sentence(&condition(&stored, now))).collect()
}

fn condition(condition: &Told<'_>, now: DateTime<Utc>) -> String {
    let since = condition.last_transition_time();
    let since = since.map(|since| format!(" since {}", moment(since, now)));
    let reason = condition.reason.map(|reason| format!(", {reason}"));
    let message = condition.message.filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {message}"));
    format!(
        "Condition {} is {}{}{}{}.",
        condition.type_,
        condition.status,
        since.unwrap_or_default(),
        reason.unwrap_or_default(),
        message.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests;
