//! Which member of a NodeGroup goes because nothing needs it: the idle-only loop, until drains exist.
//!
//! ```text
//!   NodeGroup ── may it shrink? ──▶ members at rest, longest first ── gate ──▶ one ──▶ mark, settle, remove
//!                     └── Keep                  └── Keep ◀── Hold ───┘
//! ```

mod hours;
mod keep;
mod standing;

use super::case::{Leaving, judge, node};
use super::hearing::held;
use super::plight::{Plight, Plights};
use super::rest::{Rest, at_rest, give_back, settle};
use super::slots::is_one_coming;
use super::view::View;
use crate::command::{Batch, Command};
use crate::drain::Drain;
use crate::intent::Intent;
use crate::kept::VPSieNode;
use crate::removal::Case;
use crate::resources::{NodeGroup, NodeGroupStatus, Phase, keys};
use crate::time::to_chrono;
use crate::world::{ClaimObject, World};
use chrono::{DateTime, TimeDelta, Utc};
use kube::ResourceExt;
use node_lifecycle::audit::Draft;
use node_lifecycle::{Decider, Permit, State};
use std::collections::BTreeMap;

pub(crate) use keep::Keep;
pub(super) use standing::say;

/// The members that may go by themselves, one for each NodeGroup, by uid.
pub(super) type Chosen = BTreeMap<String, Choice>;

/// What was decided about the member that goes next.
#[derive(Debug)]
pub(super) enum Choice {
    /// It goes.
    Goes(Box<(Case, Permit)>),
    /// It has begun to, and stays as it is until this is over, which passes soon.
    Waits(Keep),
}

/// Why nobody goes by itself, for each NodeGroup of which that is so, by uid.
pub(super) type Kept = BTreeMap<String, Keep>;

/// Chooses for each NodeGroup the member that goes next, or says why none does, and for the audit log which the gate
/// refuses.
pub(super) fn choose<'w>(
    world: &'w World<'w>,
    leaving: &Leaving,
    plights: &Plights,
    view_of: impl Fn(&'w ClaimObject) -> View<'w>,
    heard: &mut Vec<Draft>,
) -> (Chosen, Kept) {
    let (mut chosen, mut kept) = (Chosen::new(), Kept::new());
    for group in &world.groups {
        match choose_of(world, group, leaving, plights, &view_of, heard) {
            Ok((uid, choice)) => {
                if let Choice::Waits(keep) = &choice {
                    kept.insert(group.uid().unwrap_or_default(), keep.clone());
                }
                chosen.insert(uid, choice);
            }
            Err(keep) => {
                let (namespace, name) = (group.namespace(), group.name_any());
                tracing::debug!(namespace, node_group = name, ?keep, "nobody goes by itself");
                kept.insert(group.uid().unwrap_or_default(), keep);
            }
        }
    }
    (chosen, kept)
}

/// Carries out what was chosen about one living VPSieNode; the removal comes after everything else of its batch.
///
/// Who is not chosen, or not any longer, takes pods again (`LC-25a`); where nobody knows whether the removal has begun, the
/// Node stays as it is.
pub(super) fn carry_out(view: &View<'_>, batch: &mut Batch, chosen: Option<Choice>) -> Option<Command> {
    let intent = view.removal().ok()?;
    let (case, permit) = match chosen {
        Some(Choice::Goes(goes)) => *goes,
        Some(Choice::Waits(_)) => return None,
        None => {
            if !view.is_drained_for_disk() {
                give_back(view, batch);
            }
            return None;
        }
    };
    if !settle(view, batch, permit.decided_by()) {
        return None;
    }
    let wait = view.world.settings.effect_wait;
    let is_due = |intent: &Intent| intent.may_repeat_named_at(wait) <= view.world.now;
    let attempt = Intent::next_attempt(intent.as_ref());
    let removal = Command::RemoveMachine(permit, Box::new(case), attempt);
    intent.as_ref().is_none_or(is_due).then_some(removal)
}

/// Reads the intent to remove the machine of a VPSieNode.
pub(super) fn removal(object: &VPSieNode) -> Option<Intent> {
    Intent::from_annotation(object, keys::ANNOTATION_REMOVAL_INTENT)
}

/// Tells whether the machine of a VPSieNode is on its way out, although nobody has deleted the VPSieNode.
pub(crate) fn is_leaving(claim: &ClaimObject) -> bool {
    !claim.is_deleted() && removal(claim.object.as_ref()).is_some_and(|intent| intent.is_one_way())
}

/// Notes when a member went by itself, which starts the pause before the next (`cooldownSeconds`).
pub(super) fn note_last(members: &[&ClaimObject], status: &mut NodeGroupStatus) {
    let intents = members
        .iter()
        .filter_map(|member| removal(member.object.as_ref()));
    let by_itself =
        intents.filter(|intent| intent.is_one_way() && intent.decided_by == Some(Decider::ScaleDownPolicy));
    let Some(last) = by_itself.map(|intent| intent.requested_at).max() else {
        return;
    };
    status.last_scale_down_time = status.last_scale_down_time.max(Some(last));
    status.last_scale_time = status.last_scale_time.max(Some(last));
}

fn choose_of<'w>(
    world: &'w World<'w>,
    group: &NodeGroup,
    leaving: &Leaving,
    plights: &Plights,
    view_of: &impl Fn(&'w ClaimObject) -> View<'w>,
    heard: &mut Vec<Draft>,
) -> Result<(String, Choice), Keep> {
    may_shrink(world, group)?;
    // A broken one goes before one that only rests, not beside it.
    let is_going = |member: &ClaimObject| matches!(plights.get(member.uid()), Some(Plight::Goes(_)));
    if world.members(group).any(is_going) {
        return Err(Keep::OneIsGoing);
    }
    let members = world.members(group);
    let resting = members.filter_map(|member| {
        let view = view_of(member);
        let since = at_rest_since(&view).ok()?;
        // Who is marked already goes on; else who rests longest goes first.
        let is_marked = node(&view).is_some_and(|node| Drain::of(node).is_some());
        Some(((!is_marked, since, member.object.name_any()), view))
    });
    let mut resting: Vec<_> = resting.collect();
    resting.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut keep = None;
    for ((is_new, ..), view) in resting {
        match member(&view, group, leaving) {
            Ok(goes) => return Ok((view.target.uid.clone(), Choice::Goes(Box::new(goes)))),
            Err(reason) => {
                heard.extend(refused(&view, leaving, &reason));
                if !is_new && is_over_soon(&reason) {
                    return Ok((view.target.uid.clone(), Choice::Waits(reason)));
                }
                keep.get_or_insert(reason);
            }
        }
    }
    Err(keep.unwrap_or(Keep::NotReady))
}

/// Tells whether what keeps a member passes soon: a missing reply, or what follows a start.
fn is_over_soon(keep: &Keep) -> bool {
    matches!(keep, Keep::Hold(hold) if matches!(at_rest(hold), Rest::Stays))
}

/// Says that the gate refuses a member, or what VPSie lists; all else is a matter of the NodeGroup.
fn refused(view: &View<'_>, leaving: &Leaving, keep: &Keep) -> Option<Draft> {
    let Keep::Hold(hold) = keep else { return None };
    held(
        view,
        (&view.claim.machine()?, Decider::ScaleDownPolicy),
        leaving,
        hold,
    )
}

/// Tells whether a NodeGroup may lose a member by itself now.
fn may_shrink(world: &World<'_>, group: &NodeGroup) -> Result<(), Keep> {
    let policy = group.spec.scale_down_policy.as_ref();
    let policy = policy.filter(|policy| policy.is_enabled());
    let is_ours = group.is_managed() && group.metadata.deletion_timestamp.is_none();
    policy.filter(|_| is_ours).ok_or(Keep::Disabled)?;
    may_by_annotations(|key| group.annotations().get(key).map(String::as_str), world.now)?;
    if world.growth().unmet > 0 {
        return Err(Keep::PodsWait);
    }
    calm(world, group)?;
    // One whose record somebody edited may be on its way out, so the group must do without it.
    let is_known =
        |member: &ClaimObject| Intent::read(member.object.as_ref(), keys::ANNOTATION_REMOVAL_INTENT).is_ok();
    let is_working = |member: &&ClaimObject| member.object.phase() == Phase::Ready && is_known(member);
    let working = world.members(group).filter(is_working).count();
    if working <= usize::try_from(group.spec.min_nodes).unwrap_or_default() {
        return Err(Keep::AtMinimum);
    }
    let place = (group.namespace().unwrap_or_default(), group.name_any());
    if world.growth().thresholds.tight.contains(&place) {
        return Err(Keep::NeededByThreshold);
    }
    Ok(())
}

/// Tells whether a NodeGroup may lose a member by itself as far as the others go: nobody comes or goes, and its size
/// changed long enough ago (`cooldownSeconds`).
pub(super) fn calm(world: &World<'_>, group: &NodeGroup) -> Result<(), Keep> {
    let members: Vec<&ClaimObject> = world.members(group).collect();
    let is_going = |member: &&ClaimObject| member.is_deleted() || is_leaving(member);
    if members.iter().any(is_going) {
        return Err(Keep::OneIsGoing);
    }
    if is_one_coming(&members) {
        return Err(Keep::OneIsComing);
    }
    let remaining = cooling(group, &members, world.now);
    remaining.map_or(Ok(()), |remaining| Err(Keep::CoolingDown { remaining }))
}

/// Returns how long the last change of the size of a NodeGroup keeps the others; nothing when it is over
/// (`cooldownSeconds`).
pub(crate) fn cooling(group: &NodeGroup, members: &[&ClaimObject], now: DateTime<Utc>) -> Option<TimeDelta> {
    let newest = members.iter().filter_map(|member| {
        let created = member.object.metadata.creation_timestamp.as_ref();
        to_chrono(created?)
    });
    let removed = group
        .status
        .as_ref()
        .and_then(|status| status.last_scale_down_time);
    let changed = newest.chain(removed).max();
    left(group.spec.scale_down().cooldown(), changed?, now)
}

/// Returns since when a member rests: it is Ready and was never used, or it is idle.
fn at_rest_since(view: &View<'_>) -> Result<DateTime<Utc>, Keep> {
    if view.object().phase() != Phase::Ready {
        return Err(Keep::NotReady);
    }
    view.removal().map_err(|_| Keep::RecordUnreadable)?;
    let life = view.lives.of(&view.target.uid).ok_or(Keep::NotReady)?;
    match life.state() {
        State::Ready | State::Idle => Ok(life.entered_at()),
        state @ (State::Provisioning
        | State::Initializing
        | State::Active
        | State::Draining
        | State::Decommissioned
        | State::Unhealthy) => Err(Keep::InUse { state }),
    }
}

/// Asks whether this member may go: first the wishes of people, then the gate.
fn member(view: &View<'_>, group: &NodeGroup, leaving: &Leaving) -> Result<(Case, Permit), Keep> {
    let since = at_rest_since(view)?;
    if let Some(node) = node(view) {
        may_by_annotations(|key| node.annotations().get(key), view.world.now)?;
    }
    let window = group.spec.scale_down().stabilization_window();
    if let Some(remaining) = left(window, since, view.world.now) {
        return Err(Keep::RestTooShort { remaining });
    }
    let machine = view.claim.machine().ok_or(Keep::NotReady)?;
    Ok(judge(view, &machine, Decider::ScaleDownPolicy, leaving)?)
}

/// Looks at what people have written on a NodeGroup or a Node.
pub(crate) fn may_by_annotations<'o>(
    written: impl Fn(&str) -> Option<&'o str>,
    now: DateTime<Utc>,
) -> Result<(), Keep> {
    if written(keys::ANNOTATION_SCALE_DOWN).is_some_and(|value| value == keys::DISABLED) {
        return Err(Keep::Forbidden);
    }
    match written(keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS) {
        Some(hours) => match hours::allow(hours, now) {
            Some(true) => Ok(()),
            Some(false) => Err(Keep::OutsideHours),
            None => Err(Keep::HoursUnreadable),
        },
        None => Ok(()),
    }
}

/// Returns what is left of a wait since a moment; nothing when it is over.
pub(crate) fn left(wait: std::time::Duration, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<TimeDelta> {
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
    let passed = now - since;
    (passed < wait).then(|| wait - passed)
}

#[cfg(test)]
mod tests;
