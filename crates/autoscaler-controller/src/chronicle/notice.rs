//! Which facts a person reads as Kubernetes Events, and in which words.

use super::news::News;
use super::{Fact, What};
use crate::decide::{
    BLOCKED, CONTESTED, CREDENTIALS, DEGRADED, ERROR, LATE_MACHINE, LEAKED, NODE_JOINED, NODE_READY, OVERDUE,
    VPS_READY, leaks,
};
use crate::growth::Cause;
use crate::intent::Outcome;
use crate::reason::Reason;
use crate::resources::Condition;
use k8s_openapi::api::core::v1::ObjectReference;

/// Longest note that the API server takes, in bytes.
const LONGEST_NOTE: usize = 1024;
/// Most names in one note; the object lists all of them.
const MOST_NAMES: usize = 10;

/// A Kubernetes Event to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The object that it is about.
    pub regarding: ObjectReference,
    /// Another object that it is about; notices about different ones are never counted as one.
    pub related: Option<ObjectReference>,
    /// Whether a person should look.
    pub is_warning: bool,
    /// Why, in one word: one of [`News`], or the reason word of a condition.
    pub reason: String,
    /// What was being done, in one word.
    pub action: &'static str,
    /// What happened, in a sentence.
    pub note: String,
}

/// Reasons of conditions that only repeat what a settled request has told: each attempt is told, not each look at it.
const TOLD_BY_REQUEST: [Reason; 3] = [
    Reason::VPSieRefused,
    Reason::VPSieNotReached,
    Reason::VPSDeleteFailed,
];

// === impl Notice ===

impl Notice {
    /// Says a sentence of our own about an object.
    pub(super) fn new(regarding: ObjectReference, news: News, note: String) -> Self {
        Self {
            regarding,
            related: None,
            is_warning: news.is_warning(),
            reason: news.to_string(),
            action: news.action(),
            note: shortened(note),
        }
    }

    /// Puts a fact in words; nothing where it is no news for a person.
    ///
    /// # Guarantees
    /// Waiting is no news, and neither is a phase: the conditions and phases of the object show both.
    pub fn of(fact: &Fact) -> Option<Self> {
        let (is_warning, reason, action, note) = match &fact.what {
            What::Founded => {
                let note = "it is made for pods that no other NodeGroup can host".to_owned();
                news(News::NodeGroupMade, note)
            }
            What::Dismissed => {
                let note = "it has no node and no pod needs it, so it is removed; its group stays at VPSie";
                news(News::NodeGroupRemoved, note.to_owned())
            }
            What::Grown { cause, members } => news(News::ScalingUp, grown(*cause, members)),
            What::ProviderGroupKnown { number, is_made } => known(*number, *is_made)?,
            What::Requested { outcome, error } => requested(*outcome, error.as_deref())?,
            What::RemovalAsked { outcome, error } => removal(*outcome, error.as_deref())?,
            What::Discovered {
                machine, evidence, ..
            } => news(News::MachineDiscovered, discovered(machine, evidence)),
            What::Joined { node, .. } => {
                let note = format!("Node {node} has joined and belongs to this VPSieNode");
                news(News::NodeJoined, note)
            }
            What::Ready { node, .. } => news(News::BecameReady, format!("Node {node} is Ready")),
            What::Condition {
                condition,
                was_true,
                is_leaving,
                ..
            } => changed(condition, *was_true, *is_leaving).or_else(|| skewed(condition, fact))?,
            What::Ended {
                member,
                machine,
                was_asked,
                was_let_go,
                was_open,
                ..
            } => ended(
                name(member),
                machine.as_deref(),
                (*was_asked, *was_let_go),
                *was_open,
            )?,
            What::Claimed { vpsie_node } => {
                let note =
                    format!("this Node belongs to VPSieNode {vpsie_node}; its labels and taints are written");
                news(News::Claimed, note)
            }
            What::Phase { .. } => return None,
        };
        Some(Self {
            regarding: fact.about.object.clone(),
            related: related(&fact.what),
            is_warning,
            reason,
            action,
            note: shortened(note_with_request(note, fact)),
        })
    }
}

type Words = (bool, String, &'static str, String);

fn news(news: News, note: String) -> Words {
    (news.is_warning(), news.to_string(), news.action(), note)
}

/// Puts trouble in words; the reason is one of a condition.
fn trouble(reason: &str, action: &'static str, note: String) -> Words {
    (true, reason.to_owned(), action, note)
}

/// Says what holds up an end, which is no trouble yet; the reason is one of a condition.
fn hold(reason: &str, note: String) -> Words {
    (false, reason.to_owned(), "Hold", note)
}

/// Returns the other object that a fact is about.
fn related(what: &What) -> Option<ObjectReference> {
    match what {
        What::Grown { members, .. } => members.first().cloned(),
        What::Ended { member, .. } => Some(member.clone()),
        // No object of Kubernetes, but what keeps one more leaked machine from being counted as the last one again.
        What::Condition { condition, .. } => leaks::names(condition).map(|names| ObjectReference {
            kind: Some("Machine".to_owned()),
            name: Some(names.to_owned()),
            ..ObjectReference::default()
        }),
        What::Founded
        | What::Dismissed
        | What::ProviderGroupKnown { .. }
        | What::Requested { .. }
        | What::Discovered { .. }
        | What::Joined { .. }
        | What::Ready { .. }
        | What::Phase { .. }
        | What::RemovalAsked { .. }
        | What::Claimed { .. } => None,
    }
}

fn name(object: &ObjectReference) -> &str {
    object.name.as_deref().unwrap_or_default()
}

fn grown(cause: Cause, members: &[ObjectReference]) -> String {
    let why = match cause {
        Cause::Minimum => "",
        Cause::Pods => ", for pods that wait",
        Cause::Use => ", because what is requested of the group was above a threshold of scaleUpPolicy",
    };
    let shown: Vec<&str> = members.iter().take(MOST_NAMES).map(name).collect();
    let shown = shown.join(", ");
    let more = members.len().saturating_sub(MOST_NAMES);
    match (members.len(), more) {
        (1, _) => format!("VPSieNode {shown} is made{why}"),
        (count, 0) => format!("{count} VPSieNodes are made{why}: {shown}"),
        (count, more) => format!("{count} VPSieNodes are made{why}: {shown} and {more} more"),
    }
}

fn known(number: i64, is_made: bool) -> Option<Words> {
    let note = format!("the group at VPSie is made and has the number {number}");
    is_made.then(|| news(News::VPSieNodeGroupCreated, note))
}

fn requested(outcome: Outcome, error: Option<&str>) -> Option<Words> {
    let error = error.unwrap_or("VPSie gave no reason");
    Some(match outcome {
        Outcome::Open => return None,
        Outcome::Accepted => news(
            News::MachineRequested,
            "VPSie took the request for a machine".to_owned(),
        ),
        Outcome::Refused => trouble(Reason::VPSieRefused.as_str(), "Request", error.to_owned()),
        Outcome::NotSent => trouble(Reason::VPSieNotReached.as_str(), "Request", error.to_owned()),
        Outcome::Unknown => {
            let note =
                format!("nobody knows whether the request made a machine; it is not repeated: {error}");
            news(News::RequestOutcomeUnknown, note)
        }
    })
}

fn removal(outcome: Outcome, error: Option<&str>) -> Option<Words> {
    let error = error.unwrap_or("VPSie gave no reason");
    Some(match outcome {
        Outcome::Open => return None,
        Outcome::Accepted => news(
            News::RemovalRequested,
            "VPSie took the request to remove the machine".to_owned(),
        ),
        Outcome::Refused | Outcome::NotSent | Outcome::Unknown => {
            trouble(Reason::VPSDeleteFailed.as_str(), "Remove", error.to_owned())
        }
    })
}

fn discovered(machine: &str, evidence: &[String]) -> String {
    if evidence.is_empty() {
        return format!("machine {machine} belongs to this VPSieNode");
    }
    format!(
        "machine {machine} belongs to this VPSieNode: {}",
        evidence.join("; ")
    )
}

/// Puts a changed condition in words: trouble that began, a Node that was lost, and what holds up an end.
fn changed(condition: &Condition, was_true: bool, is_leaving: bool) -> Option<Words> {
    let reason = condition.reason.as_deref().unwrap_or_default();
    let message = condition.message.clone().unwrap_or_default();
    let is_told = TOLD_BY_REQUEST.iter().any(|told| told.as_str() == reason);
    if reason.is_empty() || is_told {
        return None;
    }
    let is_true = condition.is_true();
    match condition.type_.as_str() {
        ERROR | OVERDUE | LATE_MACHINE | CONTESTED | DEGRADED | LEAKED | CREDENTIALS if is_true => {
            Some(trouble(reason, "Check", message))
        }
        NODE_READY | NODE_JOINED if was_true && !is_true => Some(trouble(reason, "Watch", message)),
        VPS_READY if reason == Reason::Ambiguous.as_str() => Some(trouble(reason, "Discover", message)),
        VPS_READY if is_leaving && !is_true && reason != Reason::Deleting.as_str() => {
            Some(hold(reason, format!("the end is held up: {message}")))
        }
        _ => None,
    }
}

/// Tells once for each NodeGroup that the clock is wrong; its VPSieNodes wait for the same.
fn skewed(condition: &Condition, fact: &Fact) -> Option<Words> {
    let reason = Reason::ClockSkewed.as_str();
    let is_skewed = condition.type_ == BLOCKED && condition.reason.as_deref() == Some(reason);
    let is_group = fact.about.object.kind.as_deref() == Some("NodeGroup");
    let message = condition.message.clone().unwrap_or_default();
    (is_skewed && is_group).then(|| trouble(reason, "Check", message))
}

fn ended(
    name: &str,
    machine: Option<&str>,
    (was_asked, was_let_go): (bool, bool),
    was_open: bool,
) -> Option<Words> {
    match machine {
        Some(machine) if was_asked && was_let_go => {
            let note = format!("machine {machine} of VPSieNode {name} is gone at VPSie");
            Some(news(News::MachineRemoved, note))
        }
        Some(machine) if was_asked => {
            let note = format!(
                "somebody let VPSieNode {name} go before machine {machine} was proven gone; see whether VPSie still has it"
            );
            Some(news(News::MachineNotRemoved, note))
        }
        Some(machine) => {
            let note = format!(
                "VPSieNode {name} is gone without a removal by the autoscaler; see whether VPSie still has machine {machine}"
            );
            Some(news(News::MachineNotRemoved, note))
        }
        None if was_open => {
            let note = format!("VPSieNode {name} is released: no machine came of its request in time");
            Some(news(News::Released, note))
        }
        None => None,
    }
}

/// Adds the id that VPSie knows a request for a machine by: the uid of its VPSieNode, which is in the logs too.
fn note_with_request(note: String, fact: &Fact) -> String {
    let is_requested = matches!(&fact.what, What::Requested { .. } | What::Discovered { .. });
    match &fact.about.object.uid {
        Some(uid) if is_requested => format!("{note} (request {uid})"),
        Some(_) | None => note,
    }
}

/// Cuts a note to what the API server takes.
pub(super) fn shortened(mut note: String) -> String {
    if note.len() > LONGEST_NOTE {
        let end = (0..=LONGEST_NOTE - 3)
            .rev()
            .find(|end| note.is_char_boundary(*end));
        note.truncate(end.unwrap_or_default());
        note.push('…');
    }
    note
}
