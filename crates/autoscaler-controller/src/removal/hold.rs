//! Why a machine must stay: what stands before the gate, or what the gate says.

use crate::poll::Listing;
use crate::reason::Reason;
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::{Refusal, RefusalName};
use vpsie_api::ClusterId;

/// Oldest reply that a removal may rest on; the default poll is six times as often.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// Stands before the gate: what VPSie's lists say, of which the gate knows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// VPSie reported no identifier for it, so a removal cannot name it.
    IdentifierUnknown,
    /// The newest reply of VPSie is missing, old, speaks of another cluster, or is truncated.
    ReplyIncomplete,
    /// The newest reply does not list it.
    NotListed,
    /// It is listed as a machine of the control plane.
    ControlPlane,
    /// No list shows it, yet its Node is Ready: the record or the lists must be wrong.
    NodeReady,
    /// This process has only just begun to look (`LC-29`).
    JustStarted,
    /// VPSie refused a removal in its cluster for good (`LC-25b`).
    RemovalsStopped,
    /// Its NodeGroup cannot be read, or it has no Node while there is one that cannot be read.
    Unreadable,
}

/// Why a machine must stay for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The gate was not asked.
    Obstacle(Obstacle),
    /// The gate refuses.
    Refusal(Refusal),
}

// === impl Obstacle ===

impl Obstacle {
    /// Finds what stands before the gate, in the newest reply of VPSie.
    pub fn find(cluster: &ClusterId, listing: Option<Listing<'_>>, now: DateTime<Utc>) -> Option<Self> {
        let is_fresh =
            |listing: &Listing<'_>| listing.reply.is_complete(cluster) && now - listing.reply.at < FRESH;
        let Some(listing) = listing.filter(is_fresh) else {
            return Some(Self::ReplyIncomplete);
        };
        if listing.entries.is_empty() {
            return Some(Self::NotListed);
        }
        listing
            .entries
            .into_iter()
            .any(is_control_plane)
            .then_some(Self::ControlPlane)
    }

    const fn reason(self) -> Reason {
        match self {
            Self::IdentifierUnknown => Reason::IdentifierUnknown,
            Self::ReplyIncomplete => Reason::ReplyIncomplete,
            Self::NotListed => Reason::NotListed,
            Self::ControlPlane => Reason::ControlPlane,
            Self::NodeReady => Reason::NodeReady,
            Self::JustStarted => Reason::JustStarted,
            Self::RemovalsStopped => Reason::RemovalsStopped,
            Self::Unreadable => Reason::ObjectUnreadable,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::IdentifierUnknown => {
                "VPSie reported no identifier for the machine, so it cannot be named in a removal; remove it in the VPSie console, then take the finalizer off this VPSieNode"
            }
            Self::ReplyIncomplete => "waiting for a complete reply of VPSie before anything is removed",
            Self::NotListed => {
                "VPSie does not list the machine; it counts as gone after three complete replies at least 30 seconds apart"
            }
            Self::ControlPlane => {
                "the recorded machine belongs to the control plane and is never removed; correct the record"
            }
            Self::NodeReady => {
                "VPSie does not list the machine, but its Node is Ready, so it runs; correct the recorded identifier"
            }
            Self::JustStarted => "nothing is removed right after a start or a change of the leader",
            Self::RemovalsStopped => {
                "VPSie refused a removal in this cluster for good, so none is asked for; see what its VPSieNode says, and take the annotation removal-intent off it to go on at once"
            }
            Self::Unreadable => {
                "its NodeGroup cannot be read, or there is a Node that cannot be read and may be its own; the log names the object and what is wrong with it; mend the object"
            }
        }
    }

    /// Tells whether it goes away by itself.
    const fn is_passing(self) -> bool {
        match self {
            Self::ReplyIncomplete | Self::NotListed | Self::JustStarted => true,
            Self::IdentifierUnknown
            | Self::ControlPlane
            | Self::NodeReady
            | Self::RemovalsStopped
            | Self::Unreadable => false,
        }
    }
}

// === impl Hold ===

impl Hold {
    /// Returns the stable word for conditions: of a refusal the one that the audit log has, in CamelCase.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Obstacle(obstacle) => obstacle.reason(),
            Self::Refusal(refusal) => of_refusal(refusal.name()),
        }
    }

    /// Says what it means and what a person can do, in words that stay the same while it lasts.
    pub fn sentence(&self) -> String {
        let refusal = match self {
            Self::Obstacle(obstacle) => return obstacle.sentence().to_owned(),
            Self::Refusal(refusal) => refusal,
        };
        let name = refusal.name();
        match refusal {
            Refusal::NotManagedNode { .. }
            | Refusal::IdentityUnproven { .. }
            | Refusal::StillStartingUp { .. }
            | Refusal::ManualCleanupRequired { .. } => format!("{refusal}; what to do: {}", name.advice()),
            // Their numbers change all the time, and each change would be a write.
            Refusal::NodeNotFound
            | Refusal::WorkloadSyncInProgress
            | Refusal::PostSyncGracePeriod { .. }
            | Refusal::WorkloadPods { .. }
            | Refusal::WorkloadRequests { .. }
            | Refusal::ReadyNodeTooYoung { .. }
            | Refusal::TimestampMissing { .. }
            | Refusal::IdleTooShort { .. }
            | Refusal::InvalidState { .. }
            | Refusal::BelowMinNodes { .. }
            | Refusal::LastNodeOfWorkload { .. }
            | Refusal::LastReadyEndpoint { .. } => {
                format!("{}; what to do: {}", name.meaning(), name.advice())
            }
        }
    }

    /// Tells whether it is only what VPSie's lists lack for a moment, or that this process has only just begun to look.
    pub fn is_of_a_moment(&self) -> bool {
        match self {
            Self::Obstacle(obstacle) => obstacle.is_passing(),
            Self::Refusal(_) => false,
        }
    }

    /// Tells whether it goes away by itself, or with what happens in the cluster anyway; else a person must act.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Obstacle(obstacle) => obstacle.is_passing(),
            Self::Refusal(refusal) => match refusal {
                Refusal::WorkloadSyncInProgress
                | Refusal::PostSyncGracePeriod { .. }
                | Refusal::StillStartingUp { .. }
                | Refusal::WorkloadPods { .. }
                | Refusal::WorkloadRequests { .. }
                | Refusal::ReadyNodeTooYoung { .. }
                | Refusal::IdleTooShort { .. }
                | Refusal::BelowMinNodes { .. }
                | Refusal::LastNodeOfWorkload { .. }
                | Refusal::LastReadyEndpoint { .. } => true,
                Refusal::NodeNotFound
                | Refusal::NotManagedNode { .. }
                | Refusal::IdentityUnproven { .. }
                | Refusal::TimestampMissing { .. }
                | Refusal::InvalidState { .. }
                | Refusal::ManualCleanupRequired { .. } => false,
            },
        }
    }
}

impl From<Obstacle> for Hold {
    fn from(obstacle: Obstacle) -> Self {
        Self::Obstacle(obstacle)
    }
}

impl From<Refusal> for Hold {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

const fn of_refusal(name: RefusalName) -> Reason {
    match name {
        RefusalName::NodeNotFound => Reason::NodeNotFound,
        RefusalName::NotManagedNode => Reason::NotManagedNode,
        RefusalName::IdentityUnproven => Reason::IdentityUnproven,
        RefusalName::WorkloadSyncInProgress => Reason::WorkloadSyncInProgress,
        RefusalName::PostSyncGracePeriod => Reason::PostSyncGracePeriod,
        RefusalName::StillStartingUp => Reason::StillStartingUp,
        RefusalName::WorkloadPods => Reason::WorkloadPods,
        RefusalName::WorkloadRequests => Reason::WorkloadRequests,
        RefusalName::ReadyNodeTooYoung => Reason::ReadyNodeTooYoung,
        RefusalName::TimestampMissing => Reason::TimestampMissing,
        RefusalName::IdleTooShort => Reason::IdleTooShort,
        RefusalName::InvalidState => Reason::InvalidState,
        RefusalName::ManualCleanupRequired => Reason::ManualCleanupRequired,
        RefusalName::BelowMinNodes => Reason::BelowMinNodes,
        RefusalName::LastNodeOfWorkload => Reason::LastNodeOfWorkload,
        RefusalName::LastReadyEndpoint => Reason::LastReadyEndpoint,
    }
}

fn is_control_plane(node: &vpsie_api::ClusterNode) -> bool {
    let role = node.role.as_deref().unwrap_or_default();
    let hostname = node.hostname.as_deref().unwrap_or_default().to_ascii_lowercase();
    role.eq_ignore_ascii_case("master") || hostname.contains("-master-")
}

#[cfg(test)]
mod tests;
