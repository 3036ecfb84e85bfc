//! Which facts are entries of the audit log (`LC-36`).

use super::{About, Fact, What};
use crate::decide::{ERROR, LATE_MACHINE, LEAKED};
use crate::growth::Cause;
use crate::intent::Outcome;
use crate::kept::{Kept as _, VPSieNode};
use crate::reason::Reason;
use crate::resources::Condition;
use node_lifecycle::Decider;
use node_lifecycle::audit::{self, Action, Author, Draft};

/// Puts a fact into an entry; nothing where another entry tells the same, or where nothing was decided or done.
///
/// Transitions, refusals and requests for a removal are recorded where they are decided, with more than a stored
/// object tells.
pub(crate) fn entry(fact: &Fact) -> Option<Draft> {
    let about = &fact.about;
    match &fact.what {
        What::Founded => Some(founded(about)),
        What::Dismissed => Some(dismissed(about)),
        What::Grown { cause, members } => {
            let names = members.iter().filter_map(|member| member.name.as_deref());
            let names = names.collect::<Vec<_>>().join(", ");
            let reason = match cause {
                Cause::Minimum => "slots_free",
                Cause::Pods => "pods_wait",
                Cause::Use => "above_threshold",
            };
            let draft = Draft::new(Action::ScaleUp, audit::Outcome::Success, author(*cause), reason);
            let draft = draft
                .count(members.len() as u64)
                .message(format!("made: {names}"));
            Some(in_group(draft, about))
        }
        What::Requested { outcome, error } => requested(about, *outcome, error.as_deref()),
        What::Discovered {
            machine,
            evidence,
            after,
            ..
        } => Some(discovered(about, machine, evidence, after.is_some())),
        What::Joined { node, .. } => {
            let message = format!("Node {node} belongs to this VPSieNode");
            Some(provision(about, audit::Outcome::Success, "joined").message(message))
        }
        What::Condition {
            condition,
            is_leaving: false,
            ..
        } => trouble(about, condition),
        What::Ended {
            member,
            machine,
            was_asked,
            was_let_go,
            decided_by,
            was_open,
            ..
        } => {
            let decided_by = decided_by.unwrap_or(Decider::Manual);
            let (result, reason, message) = ended(machine.as_deref(), (*was_asked, *was_let_go), *was_open)?;
            let draft = Draft::new(Action::NodeDecommission, result, decided_by, reason).message(message);
            let draft = draft.node(member.name.as_deref().unwrap_or_default());
            Some(in_group(draft, about).request_id(member.uid.as_deref().unwrap_or_default()))
        }
        What::Condition { .. }
        | What::ProviderGroupKnown { .. }
        | What::Ready { .. }
        | What::Phase { .. }
        | What::RemovalAsked { .. }
        | What::Claimed { .. } => None,
    }
}

/// Says who decides that VPSieNodes are made.
fn author(cause: Cause) -> Author {
    match cause {
        Cause::Minimum => Author::MinNodes,
        Cause::Pods | Cause::Use => Author::ScaleUpPolicy,
    }
}

/// Tells of a NodeGroup that was made for pods.
fn founded(about: &About) -> Draft {
    let (action, author) = (Action::ScaleUp, Author::ScaleUpPolicy);
    let draft = Draft::new(action, audit::Outcome::Success, author, "node_group_made");
    in_group(
        draft.message("made for pods that no other NodeGroup can host"),
        about,
    )
}

/// Tells of the end of such a NodeGroup.
fn dismissed(about: &About) -> Draft {
    let (action, author) = (Action::ScaleDown, Author::ScaleDownPolicy);
    let draft = Draft::new(action, audit::Outcome::Success, author, "node_group_unused");
    let message = "without a node, and needed by no pod for its cool-down";
    in_group(draft.message(message), about)
}

/// Begins an entry about the machine of a VPSieNode; nobody knows the name of its Node yet.
fn provision(about: &About, result: audit::Outcome, reason: &str) -> Draft {
    let draft = Draft::new(Action::NodeProvision, result, author(about.cause), reason);
    let object = &about.object;
    let draft = draft.node(object.name.as_deref().unwrap_or_default());
    in_group(draft, about).request_id(object.uid.as_deref().unwrap_or_default())
}

fn in_group(draft: Draft, about: &About) -> Draft {
    let namespace = about.object.namespace.as_deref().unwrap_or_default();
    draft.group(format!("{namespace}/{}", about.node_group))
}

fn requested(about: &About, outcome: Outcome, error: Option<&str>) -> Option<Draft> {
    let (result, reason, message) = match outcome {
        Outcome::Open => return None,
        Outcome::Accepted => (
            audit::Outcome::Success,
            "requested",
            "VPSie took the request for a machine",
        ),
        Outcome::Refused => (
            audit::Outcome::Failed,
            "refused",
            "VPSie refused the request; no machine was made",
        ),
        Outcome::NotSent => (
            audit::Outcome::Failed,
            "not_sent",
            "the request did not reach VPSie; no machine was made",
        ),
        Outcome::Unknown => (
            audit::Outcome::Failed,
            "outcome_unknown",
            "nobody knows whether the request made a machine; it is not repeated",
        ),
    };
    let draft = provision(about, result, reason).message(message);
    Some(match error {
        Some(error) => draft.error(error),
        None => draft,
    })
}

/// Tells of a machine that was recorded: one that was asked for, or one that was there and was taken in.
fn discovered(about: &About, machine: &str, evidence: &[String], was_requested: bool) -> Draft {
    let reason = if was_requested { "discovered" } else { "adopted" };
    let links = evidence.join("; ");
    let because = if links.is_empty() { "" } else { ": " };
    let message = format!("machine {machine} belongs to this VPSieNode{because}{links}");
    provision(about, audit::Outcome::Success, reason).message(message)
}

/// Tells of trouble of a VPSieNode that lives, and of machines that nobody asked for; what a settled request has told is
/// not told again.
fn trouble(about: &About, condition: &Condition) -> Option<Draft> {
    const TOLD: [Reason; 3] = [
        Reason::VPSieRefused,
        Reason::VPSieNotReached,
        Reason::VPSDeleteFailed,
    ];
    let reason = condition.reason.as_deref().unwrap_or_default();
    let is_told = TOLD.iter().any(|told| told.as_str() == reason);
    if is_told || !condition.is_true() {
        return None;
    }
    let is_of_claim = about.object.kind.as_deref() == Some(&*VPSieNode::kind());
    let draft = match condition.type_.as_str() {
        ERROR | LATE_MACHINE if is_of_claim => provision(about, audit::Outcome::Failed, reason),
        LEAKED => in_group(
            Draft::new(
                Action::NodeProvision,
                audit::Outcome::Failed,
                Author::Observation,
                reason,
            ),
            about,
        ),
        _ => return None,
    };
    Some(draft.error(condition.message.as_deref().unwrap_or_default()))
}

fn ended(
    machine: Option<&str>,
    (was_asked, was_let_go): (bool, bool),
    was_open: bool,
) -> Option<(audit::Outcome, &'static str, String)> {
    match machine {
        Some(machine) if was_asked && was_let_go => {
            let message =
                format!("machine {machine} is gone at VPSie, and so are its Node and its VPSieNode");
            Some((audit::Outcome::Success, "removed", message))
        }
        Some(machine) if was_asked => {
            let message = format!(
                "somebody let the VPSieNode go before machine {machine} was proven gone; see whether VPSie still has it"
            );
            Some((audit::Outcome::Failed, "not_proven", message))
        }
        Some(machine) => {
            let message =
                format!("the VPSieNode is gone, and nobody asked for the removal of machine {machine}");
            Some((audit::Outcome::Failed, "not_removed", message))
        }
        None if was_open => {
            let message = "no machine came of its request in time".to_owned();
            Some((audit::Outcome::Success, "released", message))
        }
        None => None,
    }
}
