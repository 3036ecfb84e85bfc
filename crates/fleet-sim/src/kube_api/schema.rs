//! Structural schemas of custom resources: pruning, defaults, validation. CEL rules are left to a real server.

mod check;

use serde_json::Value;

use super::status_error::FieldError;

/// Removes every field that the schema does not know, at any depth.
pub(super) fn prune(schema: &Value, object: &mut Value) {
    prune_at(schema, object, true);
}

/// Removes nulls where the schema allows none, and fills in defaults.
pub(super) fn fill_defaults(schema: &Value, object: &mut Value) {
    remove_nulls(schema, object);
    default_at(schema, object);
}

/// Collects everything in the object that the schema forbids.
pub(super) fn validate(schema: &Value, object: &Value, errors: &mut Vec<FieldError>) {
    check::check(schema, object, "", errors);
}

fn is_set(schema: &Value, extension: &str) -> bool {
    schema
        .get(extension)
        .is_some_and(|value| *value == Value::Bool(true))
}

/// The schema of one field; absent when the schema does not know it.
fn field_schema<'a>(schema: &'a Value, field: &str) -> Option<&'a Value> {
    let named = schema.get("properties").and_then(|known| known.get(field));
    named.or_else(|| {
        schema
            .get("additionalProperties")
            .filter(|it| **it != Value::Bool(false))
    })
}

fn prune_at(schema: &Value, value: &mut Value, is_resource: bool) {
    match value {
        Value::Object(fields) => {
            let keeps_all = is_set(schema, "x-kubernetes-preserve-unknown-fields");
            let is_typed = |field: &str| is_resource && matches!(field, "apiVersion" | "kind" | "metadata");
            fields.retain(|field, _| keeps_all || is_typed(field) || field_schema(schema, field).is_some());
            for (field, inner) in fields.iter_mut().filter(|(field, _)| !is_typed(field)) {
                if let Some(known) = field_schema(schema, field).filter(|known| known.is_object()) {
                    prune_at(known, inner, is_set(known, "x-kubernetes-embedded-resource"));
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if let Some(known) = schema.get("items") {
                    prune_at(known, item, is_set(known, "x-kubernetes-embedded-resource"));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A null where none is allowed counts as not given, inside objects; in a list it stays and is refused.
fn remove_nulls(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|field, inner| {
                let known = field_schema(schema, field);
                !inner.is_null() || known.is_none_or(|known| is_set(known, "nullable"))
            });
            for (field, inner) in fields.iter_mut() {
                if let Some(known) = field_schema(schema, field) {
                    remove_nulls(known, inner);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                remove_nulls(&schema["items"], item);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn default_at(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (field, known) in schema["properties"].as_object().into_iter().flatten() {
                if let (false, Some(default)) = (fields.contains_key(field), known.get("default")) {
                    fields.insert(field.clone(), default.clone());
                }
            }
            for (field, inner) in fields.iter_mut() {
                if let Some(known) = field_schema(schema, field) {
                    default_at(known, inner);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                default_at(&schema["items"], item);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
