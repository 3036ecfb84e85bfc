//! Members that are broken or short of disk: which leave service, which go, and what holds that up (`LC-13`, `LC-13a`).
//!
//! ```text
//!   disk nearly full ────▶ brakes ──▶ its Node takes no new pods and drains       (every managed NodeGroup)
//!   broken, or drained ──▶ brakes ──▶ gate ──▶ one ──▶ mark, settle, remove       (where the NodeGroup asks for it)
//! ```

use super::case::{Leaving, case, has_opted_out, judge, node};
use super::draft::Draft;
use super::hearing::held;
use super::rest::is_cordoned;
use super::shrink::{calm, is_leaving};
use super::view::View;
use crate::command::{Batch, Command};
use crate::drain::Drain;
use crate::lives::{Lives, Wrong};
use crate::reason::Reason;
use crate::removal::{Case, Hold, Obstacle};
use crate::resources::{NodeGroup, VPSieNodeStatus, keys};
use crate::target::Target;
use crate::world::{ClaimObject, World};
use kube::ResourceExt;
use node_lifecycle::{Brake, Decider, Life, Permit, State, audit};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Condition: its Node is broken, or its disk nearly full, and this becomes of it.
pub(crate) const DEGRADED: &str = "Degraded";

/// What becomes of a member that is broken or short of disk.
#[derive(Debug)]
pub(super) enum Plight {
    /// It leaves service now, for its disk.
    Drains,
    /// It has left service for its disk.
    Drained,
    /// Nothing is done about it by itself for now.
    Braked(Brake),
    /// The gate, or what VPSie lists, keeps its machine.
    Held(Hold),
    /// Its machine goes.
    Goes(Box<(Case, Permit)>),
}

/// The plights of all members that have one, by uid.
pub(super) type Plights = BTreeMap<String, Plight>;

/// What is the same for all members of one NodeGroup.
struct Scene<'g> {
    world: &'g World<'g>,
    leaving: &'g Leaving,
    /// How many members are broken or short of disk.
    affected: u32,
    /// How many are or were in service.
    nodes: u32,
    /// Whether the NodeGroup wants its broken members removed.
    cleans_up: bool,
    /// Whether one may go now: nobody else comes or goes.
    has_room: bool,
}

/// Finds what becomes of each member that is broken or short of disk, and says for the audit log what is refused.
pub(super) fn find<'w>(
    world: &'w World<'w>,
    lives: &Lives,
    leaving: &Leaving,
    view_of: impl Fn(&'w ClaimObject) -> View<'w>,
    heard: &mut Vec<audit::Draft>,
) -> Plights {
    let mut plights = Plights::new();
    if world.skew.is_some() {
        // What is seen by a wrong clock is not counted.
        return plights;
    }
    let is_ours = |group: &&Arc<NodeGroup>| group.is_managed() && group.metadata.deletion_timestamp.is_none();
    for group in world.groups.iter().filter(is_ours) {
        let members = || world.members(group);
        let is_affected = |member: &&ClaimObject| lives.wrong(member.uid()).is_some_and(Wrong::is_affected);
        let affected: Vec<View<'w>> = members().filter(is_affected).map(&view_of).collect();
        if affected.is_empty() {
            continue;
        }
        let has_served = |member: &&ClaimObject| lives.of(member.uid()).is_some_and(has_served);
        let scene = Scene {
            world,
            leaving,
            affected: count(affected.len()),
            nodes: count(members().filter(has_served).count()),
            cleans_up: cleans_up(group),
            has_room: calm(world, group).is_ok(),
        };
        scene.play(affected, &mut plights, heard);
    }
    plights
}

// === impl Scene ===

impl Scene<'_> {
    /// Decides about all affected members; one at most goes.
    fn play(mut self, mut affected: Vec<View<'_>>, plights: &mut Plights, heard: &mut Vec<audit::Draft>) {
        // Whose Node is marked already goes on; else who has been so for longest goes first.
        affected.sort_by_cached_key(|view| {
            let is_marked = node(view).is_some_and(|node| Drain::of(node).is_some());
            let since = view.lives.of(&view.target.uid).map(Life::entered_at);
            (!is_marked, since, view.target.name.clone())
        });
        for view in affected {
            let Some(plight) = self.plight(&view) else {
                continue;
            };
            heard.extend(self.refused(&view, &plight));
            self.has_room &= !matches!(plight, Plight::Goes(_));
            plights.insert(view.target.uid, plight);
        }
    }

    /// Decides about one affected member; nothing where nothing is to be done or said.
    fn plight(&self, view: &View<'_>) -> Option<Plight> {
        let is_going = view.claim.is_deleted() || is_leaving(view.claim);
        if is_going || view.removal().is_err() {
            return None;
        }
        let wrong = view.lives.wrong(&view.target.uid)?;
        let state = view.lives.of(&view.target.uid)?.state();
        if state == State::Unhealthy {
            let cleaned = self.cleans_up.then(|| self.clean_up(view, wrong.broken()));
            return cleaned.filter(|plight| self.has_room || !matches!(plight, Plight::Goes(_)));
        }
        if wrong.is_drained() {
            // That it was seen often enough was decided when it left service.
            let may_go = self.cleans_up && self.has_room;
            let cleaned = may_go.then(|| self.clean_up(view, u32::MAX));
            let goes = cleaned.filter(|plight| matches!(plight, Plight::Goes(_)));
            return Some(goes.unwrap_or(Plight::Drained));
        }
        let node = node(view).filter(|node| !has_opted_out(node));
        if wrong.pressed() == 0 || node.is_none() || !state.counts_as_capacity() {
            return None;
        }
        Some(self.brake(wrong.pressed()).map_or(Plight::Drains, Plight::Braked))
    }

    /// Asks whether the machine of a member may go: first the brakes, then the gate.
    fn clean_up(&self, view: &View<'_>, seen: u32) -> Plight {
        if let Some(brake) = self.brake(seen) {
            return Plight::Braked(brake);
        }
        let Some(machine) = view.claim.machine() else {
            return Plight::Held(Obstacle::IdentifierUnknown.into());
        };
        match judge(view, &machine, Decider::UnhealthyCleanup, self.leaving) {
            Ok(permitted) => Plight::Goes(Box::new(permitted)),
            Err(hold) => Plight::Held(hold),
        }
    }

    fn brake(&self, seen: u32) -> Option<Brake> {
        self.world.settings.brakes.brake(seen, self.affected, self.nodes)
    }

    /// Says what is refused, for the audit log.
    fn refused(&self, view: &View<'_>, plight: &Plight) -> Option<audit::Draft> {
        let (machine, decided_by) = (view.claim.machine()?, Decider::UnhealthyCleanup);
        match plight {
            Plight::Braked(brake) => {
                let case = case(view, &machine, decided_by, self.leaving);
                Some(case.braked(*brake, self.world.now))
            }
            Plight::Held(hold) => held(view, (&machine, decided_by), self.leaving, hold),
            Plight::Drains | Plight::Drained | Plight::Goes(_) => None,
        }
    }
}

/// Does and says what becomes of a member; returns the case whose machine goes.
pub(super) fn carry_out(
    view: &View<'_>,
    batch: &mut Batch,
    draft: &mut Draft<VPSieNodeStatus>,
    plight: Option<Plight>,
) -> Option<Box<(Case, Permit)>> {
    match &plight {
        Some(Plight::Drains | Plight::Drained) => {
            let end = if view.group.is_some_and(|group| cleans_up(group)) {
                "once it is empty its machine is removed"
            } else {
                "delete this VPSieNode to have it replaced"
            };
            let message = format!(
                "the disk of its Node is nearly full, so the Node takes no new pods and does not come back; {end}"
            );
            draft.condition(DEGRADED, true, Reason::DiskPressure, message);
        }
        Some(Plight::Braked(Brake::TooManyAffected { .. })) => draft.condition(
            DEGRADED,
            true,
            Reason::TooManyAffected,
            "too many nodes of the group are broken or short of disk at once for anything to be done by itself; look for what they have in common",
        ),
        Some(Plight::Held(hold)) if !is_passing_obstacle(hold) => {
            draft.condition(DEGRADED, true, hold.reason(), hold.sentence());
        }
        // What was said stays until more is known: a new process begins to count.
        Some(Plight::Braked(Brake::TooFewObservations { .. }) | Plight::Held(_)) => {}
        Some(Plight::Goes(_)) | None => draft.clear(DEGRADED),
    }
    keep_out_of_service(view, batch, plight.as_ref());
    match plight {
        Some(Plight::Goes(permitted)) => Some(permitted),
        Some(Plight::Drains | Plight::Drained | Plight::Braked(_) | Plight::Held(_)) | None => None,
    }
}

/// Cordons the Node of a member that leaves service, or has left it, for its disk (`LC-13`).
fn keep_out_of_service(view: &View<'_>, batch: &mut Batch, plight: Option<&Plight>) {
    let Some(node) = node(view) else { return };
    let is_due = match plight {
        Some(Plight::Drains) => true,
        Some(Plight::Drained) => !is_cordoned(node),
        Some(Plight::Braked(_) | Plight::Held(_) | Plight::Goes(_)) | None => false,
    };
    if is_due {
        let drain = Drain::for_disk(node, view.world.now);
        batch.push(Command::DrainNode(Target::of(node.as_ref()), drain));
    }
}

/// Tells whether what holds a machine is a matter of the next replies of VPSie, which nobody needs to be told.
fn is_passing_obstacle(hold: &Hold) -> bool {
    matches!(hold, Hold::Obstacle(_)) && hold.is_passing()
}

/// Tells whether a node is in service, or was: only such a one can break.
fn has_served(life: &Life) -> bool {
    match life.state() {
        State::Ready | State::Active | State::Idle | State::Draining | State::Unhealthy => true,
        State::Provisioning | State::Initializing | State::Decommissioned => false,
    }
}

/// Tells whether a person wants broken members of a NodeGroup removed.
fn cleans_up(group: &NodeGroup) -> bool {
    let wanted = group.annotations().get(keys::ANNOTATION_UNHEALTHY_CLEANUP);
    wanted.is_some_and(|value| value == keys::ENABLED)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
