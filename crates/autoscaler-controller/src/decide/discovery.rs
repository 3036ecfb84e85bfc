//! From the wish for a machine to its discovery: phases Pending and Provisioning.

use super::claim::IS_DISCOVERED;
use super::claim::{ERROR, VPS_READY, time_out};
use super::draft::Draft;
use super::joining::say_no_node;
use super::record::record;
use super::request::Turn;
use super::view::View;
use crate::command::{Batch, Command, Request};
use crate::intent::{Outcome, Requested};
use crate::poll::ClusterView;
use crate::reason::Reason;
use crate::resources::{Phase, VPSieNodeStatus};
use node_match::{Verdict, WaitingReason};
use vpsie_api::ClusterId;

/// Starts a VPSieNode: it asks for its machine, or already has been asked for.
pub(super) fn pending(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    draft.status.phase = Some(Phase::Pending);
    if view.claim.may_have_machine() {
        draft.status.phase = Some(Phase::Provisioning);
        draft.status.created_at = draft.status.created_at.or(view.claim.requested.requested_at());
        return;
    }
    ask(view, batch, draft);
}

/// Asks for a machine if it is this VPSieNode's turn, and says what it waits for otherwise.
fn ask(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    match view.turn {
        Some(Turn::Now { group, attempt }) => {
            let cluster = ClusterId::new(view.object().spec.resource_identifier());
            batch.push(Command::RequestMachine(Request {
                target: view.target.clone(),
                cluster,
                group,
                attempt,
                life: None,
                status: None,
            }));
            draft.status.phase = Some(Phase::Provisioning);
            draft.status.created_at = Some(draft.stamp());
            say_waiting(draft, WaitingReason::NoCandidates);
        }
        Some(Turn::Wait(reason)) => {
            let reply = view.cluster.and_then(ClusterView::error);
            let message = match reply {
                Some(error) => format!("{}; {error}", reason.sentence()),
                None => reason.sentence().to_owned(),
            };
            draft.condition(VPS_READY, false, reason.reason(), message);
        }
        None => {}
    }
}

/// Awaits the machine that was asked for, or asks again after a request without effect.
pub(super) fn provisioning(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    if !view.claim.may_have_machine() {
        say_refusal(view, draft);
        return ask(view, batch, draft);
    }
    match &view.claim.requested {
        Requested::Unreadable { error, .. } => {
            let message = format!(
                "the annotation creation-intent cannot be read ({error}); nothing is asked for again; restore it, or delete this VPSieNode"
            );
            draft.condition(ERROR, true, Reason::IntentUnreadable, message);
        }
        Requested::Recorded(_) | Requested::TakenOver { .. } if should_run_by_now(view) => {
            let message = "what seems to be its machine does not run; look at it in the VPSie console, and start or remove it there";
            draft.condition(ERROR, true, Reason::MachineNotRunning, message);
        }
        Requested::Never | Requested::Recorded(_) | Requested::TakenOver { .. } => draft.clear(ERROR),
    }
    if let Some((found, machine)) = view.found_machine() {
        record(view, batch, draft, found, machine);
        draft.status.phase = Some(Phase::Provisioned);
        draft.status.provisioned_at = Some(draft.stamp());
        draft.condition(VPS_READY, true, Reason::Provisioned, IS_DISCOVERED);
        if view.node().is_none() {
            // The next pass would say so, in a write of its own.
            say_no_node(draft);
        }
        return;
    }
    match view.verdict {
        Some(Verdict::TimedOut { .. }) if view.has_reply() => time_out(draft),
        // Nobody looked, so that nothing was found proves nothing.
        Some(Verdict::TimedOut { .. }) => {
            let message = "the time is over, but VPSie does not answer; waiting for an answer";
            draft.condition(VPS_READY, false, Reason::Provisioning, message);
        }
        Some(Verdict::Waiting { reason, .. }) => say_waiting(draft, *reason),
        Some(Verdict::Ambiguous { reason, .. }) => {
            let message = format!("nobody can tell which machine is its own: {reason}");
            draft.condition(VPS_READY, false, Reason::Ambiguous, message);
        }
        Some(Verdict::Matched(_) | Verdict::Conflict { .. } | Verdict::NotParticipating { .. }) | None => {}
    }
}

/// Tells whether a machine that is there and does not run has had the time of a whole discovery.
///
/// It is not given up: what is there may start, and only a person can tell that it never will.
fn should_run_by_now(view: &View<'_>) -> bool {
    let is_stopped = matches!(
        view.verdict,
        Some(Verdict::Waiting {
            reason: WaitingReason::MachineNotRunning,
            ..
        })
    );
    let since = view.claim.requested.requested_at();
    let limit = view.world.settings.discovery_timeout;
    is_stopped && since.is_some_and(|since| view.world.now - since > limit)
}

fn say_waiting(draft: &mut Draft<VPSieNodeStatus>, reason: WaitingReason) {
    draft.condition(
        VPS_READY,
        false,
        Reason::Provisioning,
        format!("waiting for the machine: {reason}"),
    );
}

/// Says why the last request had no effect.
fn say_refusal(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) {
    let Some(intent) = view.claim.requested.intent() else {
        return;
    };
    let reason = match intent.outcome {
        Outcome::Refused => Reason::VPSieRefused,
        Outcome::NotSent => Reason::VPSieNotReached,
        Outcome::Open | Outcome::Accepted | Outcome::Unknown => return,
    };
    let error = intent
        .error
        .clone()
        .unwrap_or_else(|| "the last request had no effect".to_owned());
    draft.status.last_error = Some(error.clone());
    draft.condition(ERROR, true, reason, error);
}

#[cfg(test)]
mod tests;
