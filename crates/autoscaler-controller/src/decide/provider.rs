//! The group at VPSie behind a NodeGroup: found, made, or the reason why neither.

use super::claim::ERROR;
use super::draft::Draft;
use crate::failure;
use crate::intent::Intent;
use crate::poll::{ClusterView, Reply};
use crate::reason::Reason;
use crate::resources::{NodeGroup, NodeGroupStatus, keys};
use crate::world::World;
use kube::ResourceExt;
use vpsie_api::{CallError, ClusterId, CreateGroup, SizeNumber};

/// What is known of a NodeGroup's group at VPSie.
pub(super) enum Provider {
    /// Its number.
    Known(i64),
    /// It is to be made; the number counts the requests, this one included.
    Create(CreateGroup, u32),
    /// Nothing can be done now; the conditions say why.
    Wait,
}

/// Finds the group at VPSie, or says what must happen first.
pub(super) fn provide(world: &World<'_>, group: &NodeGroup, draft: &mut Draft<NodeGroupStatus>) -> Provider {
    if group.spec.min_nodes > group.spec.max_nodes {
        return problem(
            draft,
            Reason::ValidationFailed,
            "minNodes exceeds maxNodes; lower it".to_owned(),
        );
    }
    if group.spec.resource_identifier.is_empty() {
        let message = "resourceIdentifier is empty; set it to the identifier of the VPSie cluster";
        return problem(draft, Reason::ValidationFailed, message.to_owned());
    }
    let Some(view) = world.cluster(&group.spec.resource_identifier) else {
        return Provider::Wait;
    };
    if let Some(error) = view.error() {
        let is_missing = matches!(error, CallError::Absent { .. } | CallError::NotFound { .. });
        let reason = if is_missing {
            Reason::ClusterNotFound
        } else {
            Reason::VPSieAPIError
        };
        return problem(
            draft,
            reason,
            format!(
                "resourceIdentifier {}: {}",
                group.spec.resource_identifier,
                failure::of_poll(error)
            ),
        );
    }
    let Some(reply) = view.latest() else {
        return Provider::Wait;
    };
    match draft.status.vpsie_group_id.filter(|number| *number > 0) {
        Some(number) if is_listed(reply, number) => known(draft, number),
        Some(number) => problem(
            draft,
            Reason::ProviderGroupNotFound,
            format!("VPSie no longer lists group {number}; recreate it there, or recreate this NodeGroup"),
        ),
        None => find_or_create(world, group, view, reply, draft),
    }
}

fn known(draft: &mut Draft<NodeGroupStatus>, number: i64) -> Provider {
    draft.status.vpsie_group_id = Some(number);
    Provider::Known(number)
}

/// Shows what a person must know, and waits.
pub(super) fn problem(draft: &mut Draft<NodeGroupStatus>, reason: Reason, message: String) -> Provider {
    draft.condition(ERROR, true, reason, message);
    Provider::Wait
}

fn is_listed(reply: &Reply, number: i64) -> bool {
    reply
        .groups
        .iter()
        .any(|group| !group.is_deleted && i64::try_from(group.number.get()) == Ok(number))
}

/// Takes the group of the same name, which is how the Go autoscaler identifies it, or asks for one.
fn find_or_create(
    world: &World<'_>,
    group: &NodeGroup,
    view: &ClusterView,
    reply: &Reply,
    draft: &mut Draft<NodeGroupStatus>,
) -> Provider {
    let name = group.name_any();
    let Some(size) = group.spec.kube_size_id.and_then(|size| u64::try_from(size).ok()) else {
        return problem(
            draft,
            Reason::ValidationFailed,
            "kubeSizeID is missing; set it to a size of VPSie".to_owned(),
        );
    };
    if let Some(other) = world.namesake(group) {
        let namespace = other.namespace().unwrap_or_default();
        let message =
            format!("NodeGroup {namespace}/{name} would have the same group at VPSie; rename one of them");
        return problem(draft, Reason::ValidationFailed, message);
    }
    let found = reply
        .groups
        .iter()
        .find(|candidate| !candidate.is_deleted && candidate.name == name);
    match found {
        Some(found) => take(found, size, draft),
        None => create(world, group, view, size, draft),
    }
}

/// Takes a group that VPSie has, unless its machines are of another size.
fn take(found: &vpsie_api::NodeGroup, size: u64, draft: &mut Draft<NodeGroupStatus>) -> Provider {
    let name = &found.name;
    if found.size.is_some_and(|found| found.get() != size) {
        let message = format!("VPSie's group {name} has another size than kubeSizeID {size}; correct it");
        return problem(draft, Reason::ValidationFailed, message);
    }
    match i64::try_from(found.number.get()) {
        Ok(number) => known(draft, number),
        Err(_) => {
            let message = format!("VPSie's group {name} has an impossible number");
            problem(draft, Reason::VPSieAPIError, message)
        }
    }
}

/// Asks for a group, once per intent; a repetition names the same group and waits for the last one's effect.
fn create(
    world: &World<'_>,
    group: &NodeGroup,
    view: &ClusterView,
    size: u64,
    draft: &mut Draft<NodeGroupStatus>,
) -> Provider {
    let intent = match Intent::read(group, keys::ANNOTATION_GROUP_INTENT) {
        Ok(intent) => intent,
        Err(error) => {
            // A group may just have been asked for: to ask again could make a second one of its name.
            let message = format!(
                "the annotation group-intent cannot be read ({error}); no group is made at VPSie; remove the annotation"
            );
            return problem(draft, Reason::IntentUnreadable, message);
        }
    };
    match intent.as_ref().and_then(|intent| intent.error.clone()) {
        Some(error) => draft.condition(ERROR, true, Reason::VPSieAPIError, error),
        None => draft.clear(ERROR),
    }
    let may_ask = intent
        .as_ref()
        .is_none_or(|intent| intent.may_repeat_named_at(world.settings.effect_wait) <= world.now);
    // Without a sane reply the list of groups may be cut, and a group that exists would be made again.
    if !may_ask || view.baseline_replies().is_none() {
        return Provider::Wait;
    }
    let cluster = ClusterId::new(group.spec.resource_identifier.as_str());
    let request = CreateGroup {
        cluster,
        name: group.name_any(),
        size: SizeNumber::new(size),
    };
    Provider::Create(request, Intent::next_attempt(intent.as_ref()))
}

/// Returns what a NodeGroup says is wrong with it, in words.
pub(crate) fn error_of(group: &NodeGroup) -> Option<&str> {
    let conditions = group.status.as_ref()?.conditions.as_ref()?;
    let error = conditions
        .iter()
        .find(|one| one.type_ == ERROR && one.is_true())?;
    Some(error.message.as_deref().unwrap_or_default())
}
