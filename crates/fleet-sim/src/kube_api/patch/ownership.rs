//! What server-side apply takes away: fields that a manager applied before and does not apply any more.
//!
//! The real server keeps the owned fields in `managedFields`; here the last applied object of each manager is
//! kept, which leads to the same result among managers that apply. Taking a field over from another manager
//! is never a conflict here, as if every apply were forced.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ListRule, Rules};
use crate::kube_api::builtin::Kind;

/// The field manager and the subresource it writes through.
pub(in crate::kube_api) type Manager = (String, String);

/// What each manager applied last to one object.
pub(in crate::kube_api) type Applied = BTreeMap<Manager, Value>;

/// Removes from `object` what `manager` abandons by applying `body`, unless another manager applies it, too.
pub(in crate::kube_api) fn drop_abandoned(
    object: &mut Value,
    kind: &Kind,
    applied: &Applied,
    manager: &Manager,
    body: &Value,
) {
    let Some(before) = applied.get(manager) else {
        return;
    };
    let others: Vec<&Value> = applied
        .iter()
        .filter(|(it, _)| *it != manager)
        .map(|(_, other)| other)
        .collect();
    let rules = kind.schema().map_or(Rules::Table(""), Rules::Schema);
    drop_at(object, before, body, &others, rules);
}

fn drop_at(target: &mut Value, before: &Value, now: &Value, others: &[&Value], rules: Rules<'_>) {
    match (before, rules.list()) {
        (Value::Object(fields), _) => {
            for (field, value) in fields {
                let elsewhere: Vec<&Value> = others.iter().filter_map(|other| other.get(field)).collect();
                let inside = rules.field(field);
                let is_kept = now.get(field).is_some() || !elsewhere.is_empty();
                let Some(known) = target.as_object_mut() else {
                    return;
                };
                let Some(inner) = known.get_mut(field) else {
                    continue;
                };
                // Objects and merged lists are owned entry by entry: others may have put theirs beside ours.
                if is_kept || value.is_object() || inside.list() != ListRule::Replace {
                    drop_at(
                        inner,
                        value,
                        now.get(field).unwrap_or(&Value::Null),
                        &elsewhere,
                        inside,
                    );
                }
                if !is_kept && (is_plain(value, inside) || is_empty(inner)) {
                    known.remove(field);
                }
            }
        }
        (Value::Array(items), ListRule::ByKey(keys)) => {
            let same = |one: &Value, other: &Value| keys.iter().all(|key| one[key] == other[key]);
            for item in items {
                let elsewhere: Vec<&Value> = others
                    .iter()
                    .filter_map(|other| find(other, item, same))
                    .collect();
                let current = find(now, item, same);
                let Some(list) = target.as_array_mut() else { return };
                let Some(index) = list.iter().position(|it| same(it, item)) else {
                    continue;
                };
                if current.is_none() && elsewhere.is_empty() {
                    list.remove(index);
                } else {
                    drop_at(
                        &mut list[index],
                        item,
                        current.unwrap_or(&Value::Null),
                        &elsewhere,
                        rules.item(),
                    );
                }
            }
        }
        (Value::Array(items), ListRule::Union) => {
            let has = |list: &Value, item: &Value| list.as_array().is_some_and(|list| list.contains(item));
            let stays = |item: &Value| has(now, item) || others.iter().any(|other| has(other, item));
            if let Some(list) = target.as_array_mut() {
                list.retain(|item| !items.contains(item) || stays(item));
            }
        }
        (Value::Array(_), ListRule::Replace)
        | (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {}
    }
}

/// Whether a value is owned as a whole: anything but an object or a list that is merged.
fn is_plain(value: &Value, rules: Rules<'_>) -> bool {
    !(value.is_object() || value.is_array() && rules.list() != ListRule::Replace)
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn find<'a>(list: &'a Value, item: &Value, same: impl Fn(&Value, &Value) -> bool) -> Option<&'a Value> {
    list.as_array()?.iter().find(|it| same(it, item))
}
