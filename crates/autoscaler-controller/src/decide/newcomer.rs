//! Requests for machines of VPSieNodes that the same pass makes: nobody waits to see what he has just made (`SC-1`).

use super::case::Leaving;
use super::claim::{self, Fate};
use super::overdue::Overdue;
use super::request::{Turn, Turns};
use super::view::View;
use crate::command::{Batch, Command};
use crate::lives::Lives;
use crate::world::{ClaimObject, World};
use std::sync::Arc;

/// Decides on the VPSieNodes that NodeGroups are about to make as on all others, and returns what asks for a machine.
///
/// The rest is decided once they are seen. A request is carried out only if the same pass has made its VPSieNode, and at the
/// version that it was made at: one of that name that exists already is left to the next pass.
pub(super) fn ask(
    world: &World<'_>,
    groups: &[Batch],
    turns: &mut Turns<'_>,
    (lives, leaving, overdue): (&Lives, &mut Leaving, &Overdue<'_>),
) -> Vec<Batch> {
    let mut asking = Vec::new();
    for command in groups.iter().flat_map(|batch| &batch.commands) {
        let Command::CreateVpsieNode(object) = command else {
            continue;
        };
        let claim = ClaimObject::new(Arc::new(object.as_ref().into()));
        let turn @ Turn::Now { .. } = turns.of_newcomer(&claim) else {
            continue;
        };
        let view = View::new(world, &claim, None, Some(turn), lives);
        let batch = claim::decide(&view, leaving, Fate::default(), overdue);
        if batch.asks().is_some() {
            asking.push(batch);
        }
    }
    asking
}

#[cfg(test)]
mod tests;
