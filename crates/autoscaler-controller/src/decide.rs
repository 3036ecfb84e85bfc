//! What to do about one observation. No clock, no network, no `async`: the same world gives the same commands.
//!
//! ```text
//!            ┌─ pods that no NodeGroup can host ──▶ a new one                           (dynamic)
//!            ├─ NodeGroup ──▶ provider group?  VPSieNodes missing?  counts        (group: provider, slots, counts)
//!  World ────┤
//!  Matching  ├─ VPSieNode ──▶ Pending ▶ Provisioning ▶ Provisioned ▶ Joining ▶ Ready   (claim: discovery, joining)
//!            │                who may ask VPSie for a machine now                      (request, newcomer)
//!            │                who goes because nothing needs it                        (shrink)
//!            │                who leaves service or goes because it is broken          (plight)
//!            │                who is far later than those before it                    (overdue)
//!            └─ deleted ────▶ Terminating ▶ Deleting ▶ gone                            (ending)
//!
//!  a clock that cannot be believed ──▶ what needs no time goes on, the rest waits        (timeless)
//! ```

mod draft;
mod round;
mod view;

mod counts;
pub(crate) mod dynamic;
mod expand;
mod group;
mod hearing;
pub(crate) mod leaks;
mod provider;
mod slots;
mod surplus;

mod case;
mod claim;
mod discovery;
mod ending;
mod hand_over;
mod joining;
pub(crate) mod marks;
mod newcomer;
mod overdue;
mod plight;
mod record;
mod request;
mod rest;
mod shrink;
mod timeless;

pub(crate) use case::has_opted_out;
pub(crate) use claim::{
    CONTESTED, ERROR, IS_DISCOVERED, IS_KNOWN, IS_READY, LATE_MACHINE, NODE_JOINED, NODE_READY, VPS_READY,
};
pub(crate) use draft::BLOCKED;
pub(crate) use group::CREDENTIALS;
pub(crate) use joining::is_ready;
pub(crate) use leaks::LEAKED;
pub(crate) use marks::is_marked_for;
pub(crate) use overdue::OVERDUE;
pub(crate) use plight::DEGRADED;
pub(crate) use provider::error_of;
pub(crate) use request::wants_machine;
pub use round::Round;
pub(crate) use shrink::{Keep, cooling, is_leaving, left, may_by_annotations};
pub(crate) use slots::{free_names, missing};

use crate::command::{Batch, Command, Kind};
use crate::lives::Lives;
use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use node_lifecycle::audit::Draft;
use node_match::{Matching, Verdict};
use node_state::Snapshot;
use request::Turns;
use round::Share;
use std::collections::BTreeMap;

/// What is to be done, and what the audit log is to say of it.
#[derive(Debug, Default)]
pub struct Decision {
    /// What to do, none of them empty.
    pub batches: Vec<Batch>,
    /// What was decided and refused, whether or not anything is to be done.
    pub entries: Vec<Draft>,
    /// When time alone changes what is decided, as far as only this decision knows of it.
    pub look_at: Option<DateTime<Utc>>,
    /// Where the next pass goes on.
    pub round: Round,
}

/// Decides what to do about every NodeGroup and VPSieNode.
///
/// # Guarantees
///
/// Each object has at most one batch, in order of kind, namespace and name; requests of VPSieNodes that the same pass makes
/// come last. One object that cannot be decided on never stops another. VPSieNodes for which one pass has no room are held over for the next one, which is given the
/// [`Round`] that this one returns.
///
/// # Assumptions
///
/// The world is [in order](World::in_order): whose turn it is depends on it.
pub fn decide(
    world: &World<'_>,
    matching: &Matching<'_>,
    lives: &Lives,
    states: &Snapshot,
    round: &Round,
) -> Decision {
    let verdicts: BTreeMap<&str, &Verdict<'_>> = matching
        .claims
        .iter()
        .map(|answer| (&*answer.claim.uid, &answer.verdict))
        .collect();
    let mut turns = Turns::of(world, &verdicts);
    let claims = world.claims.iter();
    let may_touch =
        |claim: &&ClaimObject| hand_over::may_touch(world, claim.object.as_ref(), Some(&claim.requested));
    let claims = claims.filter(may_touch);
    let mut leaving = case::Leaving::of(world);
    let view_of = |claim| {
        let verdict = verdicts.get(ClaimObject::uid(claim)).copied();
        view::View::new(world, claim, verdict, turns.of_claim(claim), lives)
    };
    let overdue = overdue::find(world);
    let mut decision = Decision {
        look_at: overdue.next_at,
        ..Decision::default()
    };
    let mut plights = plight::find(world, lives, &leaving, view_of, &mut decision.entries);
    let (mut chosen, kept) = shrink::choose(world, &leaving, &plights, view_of, &mut decision.entries);
    let groups = world
        .groups
        .iter()
        .filter(|group| hand_over::may_touch(world, group.as_ref(), None))
        .map(|group| {
            let keep = group.metadata.uid.as_ref().and_then(|uid| kept.get(uid));
            let mut batch = group::decide(world, matching, states, group, keep);
            hearing::hear_group(group, &mut batch);
            batch
        });
    let groups: Vec<Batch> = groups.collect();
    let mut share = Share::new(round, world.troubles);
    for claim in claims {
        let view = view_of(claim);
        let fate = claim::Fate {
            chosen: chosen.remove(claim.uid()),
            plight: plights.remove(claim.uid()),
        };
        let mut batch = claim::decide(&view, &mut leaving, fate, &overdue);
        hearing::hear_drain(&view, &mut batch);
        // What a life has seen by a wrong clock is not written down.
        if world.skew.is_none() {
            record_life(&view, lives, &mut batch);
        }
        share.take(claim.place(), batch);
    }
    let (claims, next) = share.finish();
    decision.round = next;
    let newcomers = newcomer::ask(world, &groups, &mut turns, (lives, &mut leaving, &overdue));
    for mut batch in dynamic::found(world).chain(groups).chain(claims).chain(newcomers) {
        decision.entries.append(&mut batch.entries);
        if !batch.commands.is_empty() {
            decision.batches.push(batch);
        }
    }
    decision
}

/// Writes the life of a VPSieNode down: with what is written on the object anyway, else last of all, since what is
/// decided about it comes first.
///
/// One that is let go in this batch needs no record any longer.
fn record_life(view: &view::View<'_>, lives: &Lives, batch: &mut Batch) {
    let is_ending = |command: &Command| matches!(command, Command::RemoveFinalizer(Kind::VpsieNode, ..));
    if batch.commands.iter().any(is_ending) {
        return;
    }
    let Some(record) = lives.to_record(&view.target.uid, view.world.now) else {
        return;
    };
    match batch.commands.iter_mut().find_map(Command::life) {
        Some(life) => *life = Some(record),
        None => batch.push(Command::WriteLife(view.target.clone(), record)),
    }
}

#[cfg(test)]
mod laws;
