//! The permit without which no machine is removed: made from fresh evidence, used once, soon.

use chrono::{DateTime, TimeDelta, Utc};
use vpsie_api::{ClusterId, NodeUuid};

use crate::poll::Listing;
use crate::reason::Reason;
use crate::target::Target;

/// How long a permit may be used: long enough for the writes before the call, too short to go stale.
const LIFETIME: TimeDelta = TimeDelta::seconds(30);

/// Oldest reply that a removal may rest on; the default poll is six times as often.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// Leave to remove one machine of one VPSieNode.
///
/// Only [`examine`] makes one. It names the VPSieNode at the version that was judged.
#[derive(Debug, PartialEq)]
pub struct Permit {
    claim: Target,
    cluster: ClusterId,
    machine: NodeUuid,
    expires: DateTime<Utc>,
}

/// Why a machine must stay for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MustStay {
    /// VPSie reported no identifier for it, so a removal cannot name it.
    IdentifierUnknown,
    /// The newest reply of VPSie is missing, old, speaks of another cluster, or is truncated.
    ReplyIncomplete,
    /// The newest reply does not list it.
    NotListed,
    /// It is a machine of the control plane.
    ControlPlane,
    /// What is recorded for its VPSieNode contradicts what is seen.
    IdentityUnproven,
    /// No list shows it, yet its Node is Ready: the record or the lists must be wrong.
    NodeReady,
    /// Workload pods run on its Node.
    WorkloadPods,
}

// === impl MustStay ===

impl MustStay {
    /// Returns the stable word for conditions and logs.
    pub fn reason(self) -> Reason {
        match self {
            Self::IdentifierUnknown => Reason::IdentifierUnknown,
            Self::ReplyIncomplete => Reason::ReplyIncomplete,
            Self::NotListed => Reason::NotListed,
            Self::ControlPlane => Reason::ControlPlane,
            Self::IdentityUnproven => Reason::IdentityUnproven,
            Self::NodeReady => Reason::NodeReady,
            Self::WorkloadPods => Reason::WorkloadPods,
        }
    }

    /// Says what it means and what a person can do.
    pub fn sentence(self) -> &'static str {
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
            Self::WorkloadPods => {
                "workload pods run on its Node, which is cordoned; empty it with `kubectl drain`, then the removal goes on"
            }
            Self::IdentityUnproven => {
                "records contradict what VPSie and Kubernetes report; remove the wrong record, then the removal goes on"
            }
        }
    }
}

// === impl Permit ===

impl Permit {
    /// Returns the VPSieNode that the removal is for.
    pub fn claim(&self) -> &Target {
        &self.claim
    }

    /// Uses the permit up, if it is still valid.
    pub fn redeem(self, now: DateTime<Utc>) -> Option<(ClusterId, NodeUuid)> {
        (now < self.expires).then_some((self.cluster, self.machine))
    }
}

/// Judges whether the machine of a VPSieNode that a person deletes may be removed now.
///
/// `is_proven` says that matching calls the recorded machine the claim's own, without contradiction.
///
/// # Errors
///
/// Returns the first reason why the machine must stay.
pub fn examine(
    claim: &Target,
    cluster: &ClusterId,
    machine: Option<&NodeUuid>,
    listing: Option<Listing<'_>>,
    is_proven: bool,
    now: DateTime<Utc>,
) -> Result<Permit, MustStay> {
    let machine = machine.ok_or(MustStay::IdentifierUnknown)?;
    let listing = listing
        .filter(|listing| listing.reply.is_complete(cluster) && now - listing.reply.at < FRESH)
        .ok_or(MustStay::ReplyIncomplete)?;
    if listing.entries.is_empty() {
        return Err(MustStay::NotListed);
    }
    if listing.entries.into_iter().any(is_control_plane) {
        return Err(MustStay::ControlPlane);
    }
    if !is_proven {
        return Err(MustStay::IdentityUnproven);
    }
    Ok(Permit {
        claim: claim.clone(),
        cluster: cluster.clone(),
        machine: machine.clone(),
        expires: now + LIFETIME,
    })
}

fn is_control_plane(node: &vpsie_api::ClusterNode) -> bool {
    let role = node.role.as_deref().unwrap_or_default();
    let hostname = node.hostname.as_deref().unwrap_or_default().to_ascii_lowercase();
    role.eq_ignore_ascii_case("master") || hostname.contains("-master-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::Reply;
    use vpsie_api::{Cluster, ClusterNode};

    fn listing<'r>(reply: &'r Reply, machine: &NodeUuid) -> Listing<'r> {
        let nodes = reply.cluster.nodes.iter();
        let entries = nodes.filter(|node| node.identifier.as_ref() == Some(machine));
        Listing {
            reply,
            entries: entries.collect(),
        }
    }

    fn target() -> Target {
        Target {
            namespace: "a".into(),
            name: "b".into(),
            uid: "c".into(),
            resource_version: "1".into(),
        }
    }

    fn reply(hostname: &str, count: u32) -> Reply {
        let node = ClusterNode {
            identifier: Some(NodeUuid::new("m1")),
            hostname: Some(hostname.into()),
            ..ClusterNode::default()
        };
        let cluster = Cluster {
            identifier: Some(ClusterId::new("c1")),
            count: Some(count),
            nodes: vec![node],
            ..Cluster::default()
        };
        Reply {
            at: DateTime::UNIX_EPOCH,
            cluster,
            groups: Vec::new(),
            summary: None,
        }
    }

    #[track_caller]
    fn check(machine: Option<&str>, reply: Option<&Reply>, is_proven: bool, expected: Result<(), MustStay>) {
        let machine = machine.map(NodeUuid::new);
        let cluster = ClusterId::new("c1");
        let answer = examine(
            &target(),
            &cluster,
            machine.as_ref(),
            reply.map(|reply| listing(reply, machine.as_ref().unwrap_or(&NodeUuid::new("")))),
            is_proven,
            DateTime::UNIX_EPOCH,
        )
        .map(|_| ());
        assert_eq!(answer, expected);
    }

    /// LC-24, R2c: the first reason that fails decides.
    #[test]
    fn a_machine_is_removed_only_on_fresh_and_unambiguous_evidence() {
        let worker = reply("hel-kubernetes-49ab-slave-11cc", 1);
        check(Some("m1"), Some(&worker), true, Ok(()));
        check(None, Some(&worker), true, Err(MustStay::IdentifierUnknown));
        check(Some("m1"), None, true, Err(MustStay::ReplyIncomplete));
        check(
            Some("m1"),
            Some(&reply("hel-kubernetes-49ab-slave-11cc", 2)),
            true,
            Err(MustStay::ReplyIncomplete),
        );
        check(Some("m2"), Some(&worker), true, Err(MustStay::NotListed));
        check(
            Some("m1"),
            Some(&reply("HEL-Kubernetes-49ab-Master-01aa", 1)),
            true,
            Err(MustStay::ControlPlane),
        );
        check(Some("m1"), Some(&worker), false, Err(MustStay::IdentityUnproven));
    }

    /// Rule 8, LC-24: what VPSie said a minute ago is no leave to remove anything now.
    #[test]
    fn an_old_reply_permits_nothing() {
        let worker = reply("w", 1);
        let (cluster, machine) = (ClusterId::new("c1"), NodeUuid::new("m1"));
        let judged = |seconds| {
            let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
            examine(
                &target(),
                &cluster,
                Some(&machine),
                Some(listing(&worker, &machine)),
                true,
                now,
            )
            .err()
        };
        assert_eq!(judged(59), None);
        assert_eq!(judged(60), Some(MustStay::ReplyIncomplete));
    }

    /// LC-24: a permit has an end.
    #[test]
    fn an_expired_permit_redeems_nothing() {
        let worker = reply("w", 1);
        let permit = || {
            let (cluster, machine) = (ClusterId::new("c1"), NodeUuid::new("m1"));
            examine(
                &target(),
                &cluster,
                Some(&machine),
                Some(listing(&worker, &machine)),
                true,
                DateTime::UNIX_EPOCH,
            )
            .unwrap()
        };
        assert!(
            permit()
                .redeem(DateTime::UNIX_EPOCH + TimeDelta::seconds(29))
                .is_some()
        );
        assert!(
            permit()
                .redeem(DateTime::UNIX_EPOCH + TimeDelta::seconds(30))
                .is_none()
        );
    }
}
