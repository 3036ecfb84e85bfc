//! Patches: JSON patch, merge patch, strategic merge, and server-side apply.

pub(super) mod ownership;

use serde_json::{Map, Value};

use super::builtin::Kind;
use super::status_error::ApiError;

/// The ways to write down a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatchKind {
    /// RFC 6902: a list of operations.
    Json,
    /// RFC 7396: null removes, lists are replaced.
    Merge,
    /// Merge that knows the lists of built-in kinds by their keys.
    Strategic,
    /// Server-side apply, always as if forced.
    Apply,
}

/// How a list is merged.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ListRule {
    Replace,
    Union,
    ByKey(Vec<String>),
}

/// Where the rules for lists come from.
#[derive(Clone, Copy)]
enum Rules<'a> {
    /// The table of built-in kinds, by the name of the field.
    Table(&'a str),
    /// The schema of a custom resource, at the place of the merge.
    Schema(&'a Value),
}

// === impl PatchKind ===

impl PatchKind {
    pub(super) fn of(content_type: &str, kind: &Kind) -> Result<PatchKind, ApiError> {
        match content_type.split(';').next().unwrap_or("").trim() {
            "application/json-patch+json" => Ok(PatchKind::Json),
            "application/merge-patch+json" => Ok(PatchKind::Merge),
            "application/apply-patch+yaml" => Ok(PatchKind::Apply),
            "application/strategic-merge-patch+json" if !kind.is_custom() => Ok(PatchKind::Strategic),
            other => Err(ApiError::unsupported_media_type(other)),
        }
    }
}

/// Changes `object` as the patch says.
pub(super) fn apply(kind: PatchKind, of: &Kind, object: &mut Value, body: Value) -> Result<(), ApiError> {
    match kind {
        PatchKind::Json => json_patch(object, body),
        PatchKind::Merge => {
            json_patch::merge(object, &body);
            Ok(())
        }
        PatchKind::Strategic | PatchKind::Apply => {
            merge(object, body, of.schema().map_or(Rules::Table(""), Rules::Schema));
            Ok(())
        }
    }
}

fn json_patch(object: &mut Value, body: Value) -> Result<(), ApiError> {
    let patch: json_patch::Patch =
        serde_json::from_value(body).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let rejected = |_| ApiError::rejected_patch();
    for operation in patch.0 {
        if !expects_absence(object, &operation) {
            json_patch::patch(object, &[operation]).map_err(rejected)?;
        }
    }
    Ok(())
}

/// The real server's library takes a missing field for null in a `test`; the client's finalizer helper counts
/// on it, where RFC 6902 would have the test fail.
fn expects_absence(object: &Value, operation: &json_patch::PatchOperation) -> bool {
    let json_patch::PatchOperation::Test(test) = operation else {
        return false;
    };
    test.value.is_null() && object.pointer(test.path.as_str()).is_none()
}

fn merge(target: &mut Value, patch: Value, rules: Rules<'_>) {
    match patch {
        Value::Object(fields) => merge_object(target, fields, rules),
        Value::Array(items) => merge_list(target, items, rules),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => *target = plain,
    }
}

fn merge_object(target: &mut Value, mut fields: Map<String, Value>, rules: Rules<'_>) {
    let directive = fields.remove("$patch");
    if !target.is_object() || directive.is_some_and(|it| it == "replace") {
        *target = Value::Object(Map::new());
    }
    for (field, value) in fields {
        if let Some(list) = field.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(items), Some(unwanted)) = (target[list].as_array_mut(), value.as_array()) {
                items.retain(|item| !unwanted.contains(item));
            }
        } else if field.starts_with("$setElementOrder/") || field == "$retainKeys" {
            // The order of elements has no meaning to anyone here.
        } else if value.is_null() {
            target.as_object_mut().map(|known| known.remove(&field));
        } else if value["$patch"] == "delete" {
            target.as_object_mut().map(|known| known.remove(&field));
        } else {
            merge(&mut target[&field], value, rules.field(&field));
        }
    }
}

fn merge_list(target: &mut Value, items: Vec<Value>, rules: Rules<'_>) {
    let replace = items.iter().any(|item| item["$patch"] == "replace");
    let (ListRule::ByKey(_) | ListRule::Union, Some(known), false) =
        (rules.list(), target.as_array_mut(), replace)
    else {
        let stays = |item: &Value| item.get("$patch").is_none();
        *target = Value::Array(items.into_iter().filter(stays).collect());
        return;
    };
    let keys = match rules.list() {
        ListRule::ByKey(keys) => keys,
        ListRule::Replace | ListRule::Union => Vec::new(),
    };
    for item in items {
        let same = |it: &Value| {
            if keys.is_empty() {
                *it == item
            } else {
                keys.iter().all(|key| it[key] == item[key])
            }
        };
        let position = known.iter().position(same);
        match (position, item["$patch"] == "delete") {
            (Some(index), true) => {
                known.remove(index);
            }
            (None, true) => {}
            (Some(index), false) => merge(&mut known[index], item, rules.item()),
            (None, false) => known.push(item),
        }
    }
}

// === impl Rules ===

impl<'a> Rules<'a> {
    fn field<'b>(self, name: &'b str) -> Rules<'b>
    where
        'a: 'b,
    {
        match self {
            Rules::Table(_) => Rules::Table(name),
            Rules::Schema(schema) => {
                let known = schema["properties"]
                    .get(name)
                    .or_else(|| schema.get("additionalProperties"));
                // Of metadata the schema says nothing; it is the same for all kinds.
                if name == "metadata" {
                    Rules::Table(name)
                } else {
                    Rules::Schema(known.unwrap_or(&Value::Null))
                }
            }
        }
    }

    fn item(self) -> Rules<'a> {
        match self {
            Rules::Table(_) => Rules::Table(""),
            Rules::Schema(schema) => Rules::Schema(&schema["items"]),
        }
    }

    fn list(self) -> ListRule {
        match self {
            Rules::Table(field) => table(field),
            Rules::Schema(schema) => match schema["x-kubernetes-list-type"].as_str() {
                Some("map") => {
                    let keys = schema["x-kubernetes-list-map-keys"]
                        .as_array()
                        .into_iter()
                        .flatten();
                    ListRule::ByKey(keys.filter_map(Value::as_str).map(str::to_owned).collect())
                }
                Some("set") => ListRule::Union,
                Some(_) | None => ListRule::Replace,
            },
        }
    }
}

/// The lists of built-in kinds that are merged. A Node's taints are not among them: the list is atomic.
fn table(field: &str) -> ListRule {
    let key = match field {
        "conditions" | "addresses" => "type",
        "ownerReferences" => "uid",
        "containers" | "initContainers" | "volumes" | "env" | "imagePullSecrets" => "name",
        "volumeMounts" => "mountPath",
        "hostAliases" => "ip",
        "finalizers" | "podCIDRs" => return ListRule::Union,
        _ => return ListRule::Replace,
    };
    ListRule::ByKey(vec![key.to_owned()])
}
