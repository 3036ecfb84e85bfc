//! What happened to a VPSieNode.

use super::{About, Fact, What, changed, made_at, told};
use crate::intent::{Intent, Requested};
use crate::kept::VPSieNode;
use crate::kept::vpsie_node::Status;
use crate::resources::{Condition, NodeGroup, Phase, keys};
use crate::time::to_chrono;
use chrono::{DateTime, TimeDelta, Utc};

/// Compares a VPSieNode with how it was; one that is new was Pending and had nothing.
pub(super) fn facts(before: Option<&VPSieNode>, now: &VPSieNode, at: DateTime<Utc>) -> Vec<Fact> {
    let none = VPSieNode::default();
    let before = before.unwrap_or(&none);
    let mut happened = Vec::new();
    let (from, to) = (before.phase(), now.phase());
    if from != to {
        happened.push(What::Phase { from, to });
    }
    happened.extend(requested(before, now));
    happened.extend(discovered(before, now, at));
    happened.extend(joined(before, now));
    happened.extend(ready(before, now));
    happened.extend(removal_asked(before, now));
    let since = requested_at(now).or_else(|| made_at(now.metadata.creation_timestamp.as_ref()));
    let is_leaving = now.metadata.deletion_timestamp.is_some();
    let conditions = [before, now].map(conditions);
    let [then, today] = conditions.each_ref().map(Vec::as_slice);
    happened.extend(changed(is_leaving, Some(then), Some(today), since, at));
    told(&About::claim(now), happened)
}

/// Tells that a VPSieNode is gone.
pub(super) fn ended(
    claim: &VPSieNode,
    was_let_go: bool,
    group: Option<&NodeGroup>,
    at: DateTime<Utc>,
) -> Fact {
    let removal = Intent::from_annotation(claim, keys::ANNOTATION_REMOVAL_INTENT);
    let deleted_at = claim.metadata.deletion_timestamp.as_ref().and_then(to_chrono);
    let what = What::Ended {
        member: claim.object_ref(),
        machine: machine(claim),
        decided_by: removal.as_ref().and_then(|removal| removal.decided_by),
        was_asked: removal.is_some_and(|removal| removal.outcome.may_have_effect()),
        was_let_go,
        was_open: machine(claim).is_none() && Requested::read(claim).may_have_effect(),
        after: deleted_at.map(|deleted| at - deleted),
    };
    let about = group.map_or_else(|| About::claim(claim), About::group);
    Fact { about, what }
}

/// Tells what came of a request, once for each: an open one says nothing yet.
fn requested(before: &VPSieNode, now: &VPSieNode) -> Option<What> {
    let read = |claim: &VPSieNode| Requested::read(claim).intent().cloned();
    let intent = settled(read(before), read(now))?;
    Some(What::Requested {
        outcome: intent.outcome,
        error: intent.error,
    })
}

fn removal_asked(before: &VPSieNode, now: &VPSieNode) -> Option<What> {
    let read = |claim: &VPSieNode| Intent::from_annotation(claim, keys::ANNOTATION_REMOVAL_INTENT);
    let intent = settled(read(before), read(now))?;
    Some(What::RemovalAsked {
        outcome: intent.outcome,
        error: intent.error,
    })
}

/// Returns a record of a request whose outcome is new.
fn settled(before: Option<Intent>, now: Option<Intent>) -> Option<Intent> {
    let earlier = before.map(|intent| (intent.attempt, intent.outcome));
    now.filter(|intent| !intent.is_open() && earlier != Some((intent.attempt, intent.outcome)))
}

fn discovered(before: &VPSieNode, now: &VPSieNode, at: DateTime<Utc>) -> Option<What> {
    let machine = machine(now).filter(|_| machine(before).is_none())?;
    let intent = Requested::read(now).intent().cloned();
    Some(What::Discovered {
        machine,
        strategy: intent.as_ref().and_then(|intent| intent.recorded_by.clone()),
        evidence: intent.map(|intent| intent.evidence).unwrap_or_default(),
        after: requested_at(now).map(|since| at - since),
    })
}

fn joined(before: &VPSieNode, now: &VPSieNode) -> Option<What> {
    let status = status(now)?;
    let joined_at = status
        .joined_at
        .filter(|_| before_lacks(before, |status| status.joined_at))?;
    Some(What::Joined {
        node: status.node_name().map(str::to_owned).unwrap_or_default(),
        after: duration(status.provisioned_at, Some(joined_at)),
    })
}

fn ready(before: &VPSieNode, now: &VPSieNode) -> Option<What> {
    let status = status(now)?;
    let ready_at = status
        .ready_at
        .filter(|_| before_lacks(before, |status| status.ready_at))?;
    let is_ready = now.phase() == Phase::Ready;
    is_ready.then(|| What::Ready {
        node: status.node_name().map(str::to_owned).unwrap_or_default(),
        after: duration(requested_at(now), Some(ready_at)),
    })
}

fn before_lacks(before: &VPSieNode, time: fn(&Status) -> Option<DateTime<Utc>>) -> bool {
    status(before).and_then(time).is_none()
}

/// Returns the time between two moments; times are stored in whole seconds, so a little less than none is none.
fn duration(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Option<TimeDelta> {
    Some((to? - from?).max(TimeDelta::zero()))
}

fn requested_at(claim: &VPSieNode) -> Option<DateTime<Utc>> {
    Requested::read(claim).requested_at()
}

fn machine(claim: &VPSieNode) -> Option<String> {
    let identifier = claim.spec.vpsie_node_identifier().map(str::to_owned);
    let identifier = identifier.filter(|identifier| !identifier.is_empty());
    identifier.or_else(|| claim.instance_id().map(|id| id.to_string()))
}

fn status(claim: &VPSieNode) -> Option<&Status> {
    claim.status.as_ref()
}

fn conditions(claim: &VPSieNode) -> Vec<Condition> {
    claim.conditions().map(Condition::from).collect()
}
