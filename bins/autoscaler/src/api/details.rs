//! What the API shows of VPSieNodes and NodeGroups, out of what a pass saw.

use super::pending::of_pending;
use autoscaler_controller::board::{Board, Clue, Member};
use autoscaler_controller::intent::Requested;
use autoscaler_controller::kept::vpsie_node::Status;
use autoscaler_controller::resources::{Condition, NodeGroup};
use autoscaler_web::api::{
    ConditionFacts, Details, EvidenceFacts, GroupDetails, MachineFacts, MatchFacts, Moments, OwnerDetails,
    TellsOwner,
};
use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use node_state::{GroupKey, OwnerKey};
use std::sync::Arc;
use tokio::sync::watch;

/// A board, and what was made of it.
#[derive(Default)]
struct Known {
    board: Arc<Board>,
    details: Arc<Details>,
}

/// What a pass saw of a VPSieNode, put in the words of the API when somebody asks.
#[derive(Debug)]
struct Shown(Arc<Member>);

/// Follows what passes see, for as long as anybody reads it.
pub(super) fn follow(mut boards: watch::Receiver<Arc<Board>>) -> watch::Receiver<Arc<Details>> {
    let (shown, receiver) = watch::channel(Arc::default());
    tokio::spawn(async move {
        let mut known = Known::default();
        loop {
            let board = Arc::clone(&boards.borrow_and_update());
            known = known.next(board);
            shown.send_replace(Arc::clone(&known.details));
            let over = tokio::select! {
                changed = boards.changed() => changed.is_err(),
                () = shown.closed() => true,
            };
            if over {
                break;
            }
        }
    });
    receiver
}

// === impl Known ===

impl Known {
    /// Makes the details of a board; what is the same object in both is not read again.
    fn next(self, board: Arc<Board>) -> Self {
        let mut details = Details::default();
        let mut earlier = self.board.members.iter().peekable();
        for member in &board.members {
            let key = owner_key(member);
            while earlier.next_if(|known| owner_key(known) < key).is_some() {}
            let same = earlier.next_if(|known| Arc::ptr_eq(known, member));
            let kept = same.and_then(|_| self.details.owners.get(&key)).cloned();
            let owner = kept.unwrap_or_else(|| Arc::new(Shown(Arc::clone(member))));
            details.owners.insert(key, owner);
        }
        let planned = board.pending.as_ref().zip(self.board.pending.as_ref());
        details.pending = if planned.is_some_and(|(now, before)| Arc::ptr_eq(now, before)) {
            self.details.pending.clone()
        } else {
            board.pending.as_deref().map(of_pending).map(Arc::new)
        };
        for group in &board.groups {
            let key = GroupKey::new(&group.namespace().unwrap_or_default(), &group.name_any());
            let shown = of_group(group);
            let kept = self.details.groups.get(&key).filter(|kept| ***kept == shown);
            let group = kept.cloned().unwrap_or_else(|| Arc::new(shown));
            details.groups.insert(key, group);
        }
        let details = Arc::new(details);
        Self { board, details }
    }
}

// === impl Shown ===

impl TellsOwner for Shown {
    fn details(&self) -> OwnerDetails {
        of_member(&self.0)
    }
}

fn owner_key(member: &Member) -> OwnerKey {
    let object = &member.object;
    OwnerKey::new(&object.namespace().unwrap_or_default(), &object.name_any())
}

fn of_member(member: &Member) -> OwnerDetails {
    let object = &member.object;
    let (spec, status) = (&object.spec, object.status.as_ref());
    let requested = Requested::read(object);
    let addresses = [spec.ip_address(), spec.ipv6_address()];
    OwnerDetails {
        machine: MachineFacts {
            number: object.instance_id(),
            identifier: spec.vpsie_node_identifier().map(str::to_owned),
            hostname: status.and_then(Status::hostname).map(str::to_owned),
            addresses: addresses.into_iter().flatten().map(str::to_owned).collect(),
            offering: spec.instance_type().to_owned(),
            datacenter: spec.datacenter_id().to_owned(),
        },
        matched: member.sighting.as_ref().map(|sighting| MatchFacts {
            verdict: sighting.verdict,
            reason: sighting.reason,
            recorded_by: requested.intent().and_then(|intent| intent.recorded_by.clone()),
            evidence: sighting.clues.iter().map(of_clue).collect(),
            contested: sighting.is_contested,
        }),
        moments: moments(member),
        workloads_ever: member.life.map(|life| life.workloads_ever),
        told: told(object.conditions().map(Condition::from)),
    }
}

fn of_clue(clue: &Clue) -> EvidenceFacts {
    EvidenceFacts {
        link: clue.link.as_str(),
        kind: clue.kind.as_str(),
        detail: clue.detail.to_string(),
    }
}

fn moments(member: &Member) -> Moments {
    let metadata = &member.object.metadata;
    let (status, life) = (member.object.status.as_ref(), member.life);
    Moments {
        created_at: moment(metadata.creation_timestamp.as_ref()),
        provisioned_at: status.and_then(|status| status.provisioned_at),
        joined_at: status.and_then(|status| status.joined_at),
        ready_at: status.and_then(|status| status.ready_at),
        state_since: life.map(|life| life.entered_at),
        first_workload_at: life.and_then(|life| life.first_workload_at),
        last_workload_at: life.and_then(|life| life.last_workload_at),
        deleted_at: moment(metadata.deletion_timestamp.as_ref()),
    }
}

fn of_group(group: &NodeGroup) -> GroupDetails {
    let (spec, status) = (&group.spec, group.status.as_ref());
    GroupDetails {
        managed: group.is_managed(),
        min_nodes: spec.min_nodes.into(),
        max_nodes: spec.max_nodes.into(),
        desired_nodes: status.and_then(|status| status.desired_nodes).map(Into::into),
        scale_down_enabled: spec.scale_down().is_enabled(),
        last_scaled_at: status.and_then(|status| status.last_scale_time),
        deleted_at: moment(group.metadata.deletion_timestamp.as_ref()),
        told: told(
            status
                .iter()
                .flat_map(|status| status.conditions.clone())
                .flatten(),
        ),
    }
}

fn told(conditions: impl Iterator<Item = Condition>) -> Vec<ConditionFacts> {
    let told = conditions.map(|condition| ConditionFacts {
        kind: condition.type_,
        status: condition.status,
        reason: condition.reason.unwrap_or_default(),
        message: condition.message.unwrap_or_default(),
        since: condition.last_transition_time,
    });
    told.collect()
}

fn moment(time: Option<&Time>) -> Option<DateTime<Utc>> {
    let time = time?.0;
    DateTime::from_timestamp(time.as_second(), 0)
}
