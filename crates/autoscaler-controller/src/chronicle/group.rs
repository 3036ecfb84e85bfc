//! What happened to a NodeGroup.

use super::{About, Fact, What, changed, made_at, told};
use crate::resources::{Condition, NodeGroup, keys};
use chrono::{DateTime, Utc};
use kube::ResourceExt;

/// Compares a NodeGroup with how it was.
pub(super) fn facts(before: Option<&NodeGroup>, now: &NodeGroup, at: DateTime<Utc>) -> Vec<Fact> {
    let known = |group: &NodeGroup| {
        let number = group.status.as_ref().and_then(|status| status.vpsie_group_id);
        number.filter(|number| *number > 0)
    };
    let mut happened = Vec::new();
    if let Some(number) = known(now).filter(|_| before.and_then(known).is_none()) {
        let is_made = now.annotations().contains_key(keys::ANNOTATION_GROUP_INTENT);
        happened.push(What::ProviderGroupKnown { number, is_made });
    }
    let earlier = before.and_then(conditions);
    happened.extend(changed(now, earlier, conditions(now), made_at(now), at));
    told(&About::group(now), happened)
}

fn conditions(group: &NodeGroup) -> Option<&[Condition]> {
    group.status.as_ref()?.conditions.as_deref()
}
