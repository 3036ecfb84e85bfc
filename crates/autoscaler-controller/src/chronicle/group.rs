//! What happened to a NodeGroup.

use super::{About, Fact, What, changed, made_at, told};
use crate::founding::is_of_its_making;
use crate::resources::{Condition, NodeGroup, keys};
use chrono::{DateTime, Utc};
use kube::ResourceExt;

/// Compares a NodeGroup with how it was; `is_let_go` says that the last pass was to delete it.
pub(super) fn facts(
    before: Option<&NodeGroup>,
    now: &NodeGroup,
    is_let_go: bool,
    at: DateTime<Utc>,
) -> Vec<Fact> {
    let known = |group: &NodeGroup| {
        let number = group.status.as_ref().and_then(|status| status.vpsie_group_id);
        number.filter(|number| *number > 0)
    };
    let mut happened = Vec::new();
    let is_going = |group: &NodeGroup| group.metadata.deletion_timestamp.is_some();
    if before.is_none() && is_of_its_making(now) {
        happened.push(What::Founded);
    }
    if is_let_go && is_going(now) && before.is_some_and(|before| !is_going(before)) {
        happened.push(What::Dismissed);
    }
    if let Some(number) = known(now).filter(|_| before.and_then(known).is_none()) {
        let is_made = now.annotations().contains_key(keys::ANNOTATION_GROUP_INTENT);
        happened.push(What::ProviderGroupKnown { number, is_made });
    }
    let earlier = before.and_then(conditions);
    let since = made_at(now.metadata.creation_timestamp.as_ref());
    let is_leaving = now.metadata.deletion_timestamp.is_some();
    happened.extend(changed(is_leaving, earlier, conditions(now), since, at));
    told(&About::group(now), happened)
}

fn conditions(group: &NodeGroup) -> Option<&[Condition]> {
    group.status.as_ref()?.conditions.as_deref()
}
