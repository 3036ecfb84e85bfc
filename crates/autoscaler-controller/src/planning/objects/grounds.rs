//! Why a Node stays, as far as its group, its VPSieNode and it itself say: asked of the operator's own functions.

use crate::kept::{DO_NOT_DISRUPT, Node, VPSieNode};
use chrono::{DateTime, Utc};
use fleet_plan::removal::MustStay;
use kube::ResourceExt;
use node_lifecycle::gate::{Binding, CHECKS, Facts, GroupFacts, Identity, Question};
use node_lifecycle::{Decider, Event, Life, Protection, ProtectionFacts, Refusal, UnhealthyAfter, Workload};

use crate::convert::is_control_plane;
use crate::decide::{Keep, cooling, has_opted_out, is_leaving, is_ready, left, may_by_annotations};
use crate::intent::Intent;
use crate::resources::{NodeGroup, Phase, keys};
use crate::settings::Settings;
use crate::time::to_chrono;
use crate::world::ClaimObject;

/// Is a Node that a VPSieNode of a NodeGroup has.
pub(super) struct Member<'a> {
    pub(super) node: &'a Node,
    pub(super) claim: &'a ClaimObject,
    pub(super) group: &'a NodeGroup,
    /// How many workload pods are on it, those on their way out included.
    pub(super) pods: usize,
}

/// Says why no member of a group may go now.
pub(super) fn of_group(group: &NodeGroup, members: &[&ClaimObject], now: DateTime<Utc>) -> Vec<MustStay> {
    let mut found = Vec::new();
    if group.metadata.deletion_timestamp.is_some() {
        found.push(MustStay::PolicyDisabled {
            by: "the deletion of its NodeGroup",
        });
    }
    let policy = group.spec.scale_down();
    if !policy.is_enabled() {
        found.push(MustStay::PolicyDisabled {
            by: "the scaleDownPolicy of its NodeGroup",
        });
    }
    found.extend(of_annotations(
        |key| group.annotations().get(key).map(String::as_str),
        "the annotation scale-down of its NodeGroup",
        now,
    ));
    let changed = group.status.as_ref().and_then(|status| status.last_scale_time);
    let stabilising = changed.and_then(|changed| left(policy.stabilization_window(), changed, now));
    found.extend(stabilising.map(|remaining| MustStay::Stabilising { remaining }));
    let cooling = cooling(group, members, now);
    found.extend(cooling.map(|remaining| MustStay::CoolDown { remaining }));
    found
}

/// Looks at what people have written on a NodeGroup or a Node.
fn of_annotations<'o>(
    written: impl Fn(&str) -> Option<&'o str>,
    by: &'static str,
    now: DateTime<Utc>,
) -> Option<MustStay> {
    let hours = || {
        let hours = written(keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS);
        hours.unwrap_or_default().to_owned()
    };
    match may_by_annotations(&written, now).err()? {
        Keep::OutsideHours => Some(MustStay::AllowedHours {
            hours: hours(),
            is_readable: true,
        }),
        Keep::HoursUnreadable => Some(MustStay::AllowedHours {
            hours: hours(),
            is_readable: false,
        }),
        Keep::Forbidden
        | Keep::Disabled
        | Keep::AtMinimum
        | Keep::PodsWait
        | Keep::NeededByThreshold
        | Keep::OneIsComing
        | Keep::OneIsGoing
        | Keep::CoolingDown { .. }
        | Keep::NotReady
        | Keep::RecordUnreadable
        | Keep::InUse { .. }
        | Keep::RestTooShort { .. }
        | Keep::Hold(_) => Some(MustStay::PolicyDisabled { by }),
    }
}

/// Says why a Node stays that no managed NodeGroup can let go; nothing of a member.
pub(super) fn of_stranger(node: &Node, group: Option<&NodeGroup>) -> Option<MustStay> {
    let protection = ProtectionFacts {
        is_of_control_plane: is_control_plane(node),
        has_owner: group.is_some(),
        is_group_managed: group.is_some_and(NodeGroup::is_managed),
        has_opted_out: false,
    };
    match protection.protection()? {
        Protection::ControlPlane => Some(MustStay::ControlPlane),
        Protection::NoOwner | Protection::UnmanagedGroup => Some(MustStay::NotManaged),
        Protection::OptedOut => Some(MustStay::Protected),
    }
}

/// Tells whether a VPSieNode is on its way out already.
pub(super) fn is_on_its_way_out(claim: &ClaimObject) -> bool {
    let phase = claim.object.phase();
    claim.is_deleted() || is_leaving(claim) || matches!(phase, Phase::Terminating | Phase::Deleting)
}

// === impl Member ===

impl Member<'_> {
    fn object(&self) -> &VPSieNode {
        &self.claim.object
    }

    /// Tells whether it is on its way out already.
    pub(super) fn is_leaving(&self) -> bool {
        is_on_its_way_out(self.claim)
    }

    /// Tells whether it counts towards the least nodes of its group.
    pub(super) fn is_capacity(&self) -> bool {
        self.object().phase() == Phase::Ready && is_ready(self.node) && !self.is_leaving()
    }

    /// Says why it stays, whatever its group and its pods are.
    pub(super) fn stays(&self, now: DateTime<Utc>) -> Vec<MustStay> {
        if self.is_leaving() {
            return vec![MustStay::Leaving];
        }
        let mut found = Vec::new();
        if has_opted_out(self.node) {
            found.push(MustStay::Protected);
        }
        found.extend(of_annotations(
            |key| self.node.annotations().get(key),
            "its annotation scale-down",
            now,
        ));
        let do_not_disrupt = self.node.annotations().get(DO_NOT_DISRUPT);
        if do_not_disrupt.is_some_and(|value| value == keys::TRUE) {
            found.push(MustStay::DoNotDisrupt { pod: None });
        }
        if Intent::read(self.object(), keys::ANNOTATION_REMOVAL_INTENT).is_err() {
            let what = "the annotation removal-intent of its VPSieNode cannot be read".to_owned();
            found.push(MustStay::NotPlanned { what });
        }
        if self.object().phase() != Phase::Ready {
            found.push(not_ready("its VPSieNode"));
        } else if !is_ready(self.node) {
            found.push(not_ready("its Node"));
        } else {
            found.extend(self.too_soon(now));
        }
        found
    }

    /// Returns since when it carries nothing, as far as that is written down; nothing while it carries something.
    pub(super) fn rests_since(&self) -> Option<DateTime<Utc>> {
        let since = || {
            self.record()
                .map(|life| life.entered_at())
                .or_else(|| self.ready_since())
        };
        (self.pods == 0).then(since).flatten()
    }

    /// Asks the gate whether it has rested for long enough.
    fn too_soon(&self, now: DateTime<Utc>) -> Option<MustStay> {
        let record = self.record();
        if record
            .as_ref()
            .is_some_and(|life| !life.state().counts_as_capacity())
        {
            return Some(not_ready("by its lifecycle record it"));
        }
        let initialized = record.as_ref().and_then(Life::initialized_at);
        let rest = record.filter(|_| self.pods == 0);
        // Files have no past: without a record it has been ready since it says so, else since it was made. One that
        // carries something must be empty before it goes; until then only its age counts.
        let fresh = || initialized.or_else(|| self.ready_since()).map(ready_since);
        let Some(life) = rest.clone().or_else(fresh) else {
            return Some(MustStay::TimestampMissing);
        };
        let window = self.group.spec.scale_down().stabilization_window();
        let unrested = rest.and_then(|life| left(window, life.entered_at(), now));
        let unrested = unrested.map(|remaining| MustStay::Stabilising { remaining });
        self.refusal(&life, now).or(unrested)
    }

    fn record(&self) -> Option<Life> {
        let text = self.object().annotations().get(keys::ANNOTATION_LIFECYCLE)?;
        Life::from_json(text).ok()
    }

    fn ready_since(&self) -> Option<DateTime<Utc>> {
        let status = self.object().status.as_ref();
        let ready = status.and_then(|status| status.ready_at);
        let made = status.and_then(|status| status.created_at);
        ready
            .or(made)
            .or_else(|| to_chrono(self.object().metadata.creation_timestamp.as_ref()?))
            .or_else(|| to_chrono(self.node.metadata.creation_timestamp.as_ref()?))
    }

    /// Asks the checks of the gate all that does not depend on VPSie, on other nodes and on pods; no permit comes of it.
    fn refusal(&self, life: &Life, now: DateTime<Utc>) -> Option<MustStay> {
        let binding = Binding {
            vpsie_node_uid: self.claim.uid().to_owned(),
            resource_version: String::new(),
            node_uid: Some(self.node.uid().unwrap_or_default()),
            cluster: String::new(),
            machine: String::new(),
        };
        let facts = Facts {
            protection: ProtectionFacts {
                has_owner: true,
                is_group_managed: true,
                ..ProtectionFacts::default()
            },
            identity: Identity::Linked(&binding),
            life,
            created_at: None,
            failure: None,
            is_under_way: false,
            workload: Some(Workload::default()),
            group: GroupFacts {
                is_deleted: true,
                ..GroupFacts::default()
            },
            last_endpoints: &[],
        };
        let settings = Settings::default();
        let question = Question {
            facts: &facts,
            decided_by: Decider::ScaleDownPolicy,
            graces: settings.gate.graces(),
            now,
        };
        match CHECKS.iter().find_map(|check| (check.refusal)(&question))? {
            Refusal::ReadyNodeTooYoung { remaining, .. } => Some(MustStay::TooYoung { remaining }),
            Refusal::IdleTooShort { remaining, .. } => Some(MustStay::IdleTooShort { remaining }),
            Refusal::PostSyncGracePeriod { remaining } => Some(MustStay::Stabilising { remaining }),
            // The file lists its pods.
            Refusal::WorkloadSyncInProgress => None,
            Refusal::TimestampMissing { .. } => Some(MustStay::TimestampMissing),
            Refusal::StillStartingUp { .. } => Some(not_ready("by its record its Node")),
            refusal @ (Refusal::InvalidState { .. }
            | Refusal::ManualCleanupRequired { .. }
            | Refusal::NodeNotFound
            | Refusal::NotManagedNode { .. }
            | Refusal::IdentityUnproven { .. }
            | Refusal::WorkloadPods { .. }
            | Refusal::WorkloadRequests { .. }
            | Refusal::BelowMinNodes { .. }
            | Refusal::LastNodeOfWorkload { .. }
            | Refusal::LastReadyEndpoint { .. }) => Some(MustStay::NotPlanned {
                what: refusal.to_string(),
            }),
        }
    }
}

fn not_ready(what: &str) -> MustStay {
    MustStay::NotReady {
        what: what.to_owned(),
    }
}

/// Makes the life of a node that became ready at a moment and has carried nothing since.
fn ready_since(moment: DateTime<Utc>) -> Life {
    let mut life = Life::starting(moment);
    life.apply("", Event::Ready, &UnhealthyAfter::default(), moment)
        .expect("one that starts may become ready");
    life
}
