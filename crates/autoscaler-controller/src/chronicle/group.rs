//! What happened to a NodeGroup.

use super::{About, Fact, What, changed, made_at};
use crate::resources::{NodeGroup, NodeGroupStatus, keys};
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
    let conditions = changed(
        before.and_then(|before| conditions(before.status.as_ref())),
        conditions(now.status.as_ref()),
    );
    happened.extend(
        conditions
            .into_iter()
            .map(|(condition, was_true)| What::Condition {
                condition,
                was_true,
                is_leaving: now.metadata.deletion_timestamp.is_some(),
                elapsed: made_at(now).map(|made| at - made),
            }),
    );
    let about = About::group(now);
    let facts = happened.into_iter();
    facts
        .map(|what| Fact {
            about: about.clone(),
            what,
        })
        .collect()
}

fn conditions(status: Option<&NodeGroupStatus>) -> Option<&[crate::resources::Condition]> {
    status?.conditions.as_deref()
}
