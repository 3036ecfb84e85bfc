//! How a Node is kept free of new pods before its machine goes, and comes back into service (`LC-25`, `LC-25a`).

use super::case::node;
use super::view::View;
use crate::command::{Batch, Command};
use crate::drain::Drain;
use crate::kept::Node;
use crate::removal::{Hold, Obstacle};
use crate::target::Target;
use node_lifecycle::{Decider, Refusal};

/// Says what a refusal means for the Node that takes no new pods, or would not.
pub(super) enum Rest {
    /// It takes none, so that it becomes empty.
    Begins,
    /// It stays as it is: this is over soon.
    Stays,
    /// It takes pods again, unless the gate had let it go before: there is no way back from that.
    Ends,
    /// It takes pods again, whatever was decided before (`LC-25b`).
    EndsAlways,
}

/// Says what becomes of the Node while its machine must stay.
pub(super) fn at_rest(hold: &Hold) -> Rest {
    let refusal = match hold {
        Hold::Obstacle(Obstacle::RemovalsStopped) => return Rest::EndsAlways,
        Hold::Obstacle(
            Obstacle::ReplyIncomplete
            | Obstacle::NotListed
            | Obstacle::NodeReady
            | Obstacle::JustStarted
            | Obstacle::Unreadable,
        ) => return Rest::Stays,
        Hold::Obstacle(Obstacle::IdentifierUnknown | Obstacle::ControlPlane) => return Rest::Ends,
        Hold::Refusal(refusal) => refusal,
    };
    match refusal {
        Refusal::WorkloadPods { .. } | Refusal::WorkloadRequests { .. } => Rest::Begins,
        Refusal::WorkloadSyncInProgress | Refusal::PostSyncGracePeriod { .. } => Rest::Stays,
        Refusal::NodeNotFound
        | Refusal::NotManagedNode { .. }
        | Refusal::IdentityUnproven { .. }
        | Refusal::StillStartingUp { .. }
        | Refusal::ReadyNodeTooYoung { .. }
        | Refusal::TimestampMissing { .. }
        | Refusal::IdleTooShort { .. }
        | Refusal::InvalidState { .. }
        | Refusal::ManualCleanupRequired { .. }
        | Refusal::BelowMinNodes { .. }
        | Refusal::LastNodeOfWorkload { .. }
        | Refusal::LastReadyEndpoint { .. } => Rest::Ends,
    }
}

/// Keeps new pods off the Node; tells whether that was so for long enough (`LC-25`).
pub(super) fn settle(view: &View<'_>, batch: &mut Batch, decided_by: Decider) -> bool {
    let Some(node) = node(view) else { return true };
    match Drain::of(node) {
        Some(drain) if is_cordoned(node) => drain.lasts(view.world.settings.settle, view.world.now),
        Some(_) | None => {
            let drain = Drain::begin(node, decided_by, view.world.now);
            batch.push(Command::DrainNode(Target::of(node.as_ref()), drain));
            view.world.settings.settle.is_zero()
        }
    }
}

/// Takes our mark off the Node, which lets pods come again.
pub(super) fn give_back(view: &View<'_>, batch: &mut Batch) {
    let Some(node) = node(view) else { return };
    if let Some(drain) = Drain::of(node) {
        batch.push(Command::ReturnNode(Target::of(node.as_ref()), drain));
    }
}

/// Tells whether a Node takes no new pods.
pub(super) fn is_cordoned(node: &Node) -> bool {
    node.spec.is_cordoned
}
