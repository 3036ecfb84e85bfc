//! Validation of a value against a structural schema, in the words of the real server.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Value};

use super::{field_schema, is_set};
use crate::kube_api::status_error::FieldError;

/// Collects everything in `value` that `schema` forbids; `at` is the way to it from the root.
pub(super) fn check(schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
    if value.is_null() && is_set(schema, "nullable") {
        return;
    }
    if !has_type(schema, value) {
        let wanted = schema["type"].as_str().unwrap_or("integer,string");
        let found = type_name(value);
        let message =
            format!("Invalid value: \"{found}\": {at} in body must be of type {wanted}: \"{found}\"");
        errors.push(FieldError {
            reason: "FieldValueTypeInvalid",
            field: at.to_owned(),
            message,
        });
        return;
    }
    check_enum(schema, value, at, errors);
    match value {
        Value::Object(fields) => {
            check_count(schema, "Properties", fields.len(), at, errors);
            check_fields(schema, value, at, errors);
        }
        Value::Array(items) => {
            check_count(schema, "Items", items.len(), at, errors);
            check_items(schema, items, at, errors);
        }
        Value::String(text) => {
            check_text(schema, text, at, errors);
        }
        Value::Number(_) => check_number(schema, value, at, errors),
        Value::Null | Value::Bool(_) => {}
    }
    check_combinations(schema, value, at, errors);
}

fn has_type(schema: &Value, value: &Value) -> bool {
    if is_set(schema, "x-kubernetes-int-or-string") {
        return value.is_string() || is_integer(value);
    }
    match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => is_integer(value),
        Some("number") => value.is_number(),
        // A place without a type, such as a branch of `anyOf`, says nothing about it.
        Some(_) | None => true,
    }
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_enum(schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let Some(allowed) = schema["enum"].as_array() else {
        return;
    };
    if !allowed.contains(value) {
        let listed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        errors.push(FieldError::unsupported(at, value, &listed.join(", ")));
    }
}

/// Checks how many entries an object or a list has.
fn check_count(schema: &Value, word: &str, count: usize, at: &str, errors: &mut Vec<FieldError>) {
    let limit = |side: &str| schema[format!("{side}{word}")].as_u64();
    let noun = word.to_lowercase();
    if let Some(least) = limit("min").filter(|least| (count as u64) < *least) {
        let detail = format!("{at} in body should have at least {least} {noun}");
        errors.push(FieldError::invalid(at, &count.into(), &detail));
    }
    if let Some(most) = limit("max").filter(|most| (count as u64) > *most) {
        let message = format!("Too many: {count}: must have at most {most} {noun}");
        errors.push(FieldError {
            reason: "FieldValueTooMany",
            field: at.to_owned(),
            message,
        });
    }
}

fn check_fields(schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let inside = |field: &str| {
        if at.is_empty() {
            field.to_owned()
        } else {
            format!("{at}.{field}")
        }
    };
    for field in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if value.get(field).is_none() {
            errors.push(FieldError::required(inside(field), ""));
        }
    }
    for (field, inner) in value.as_object().into_iter().flatten() {
        // The root's own metadata is checked for all kinds alike.
        if at.is_empty() && matches!(field.as_str(), "metadata" | "apiVersion" | "kind") {
            continue;
        }
        if let Some(known) = field_schema(schema, field) {
            check(known, inner, &inside(field), errors);
        }
    }
}

fn check_items(schema: &Value, items: &[Value], at: &str, errors: &mut Vec<FieldError>) {
    for (index, item) in items.iter().enumerate() {
        check(&schema["items"], item, &format!("{at}[{index}]"), errors);
    }
    let keys: Vec<&str> = match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Vec::new(),
        Some("map") => schema["x-kubernetes-list-map-keys"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
        Some(_) | None => return,
    };
    let same = |one: &Value, other: &Value| {
        if keys.is_empty() {
            one == other
        } else {
            keys.iter().all(|key| one[key] == other[key])
        }
    };
    for (index, item) in items.iter().enumerate() {
        if items[..index].iter().any(|earlier| same(earlier, item)) {
            let shown: Map<String, Value> = keys
                .iter()
                .map(|key| ((*key).to_owned(), item[key].clone()))
                .collect();
            let shown = if keys.is_empty() {
                item.clone()
            } else {
                Value::Object(shown)
            };
            errors.push(FieldError::duplicate(format!("{at}[{index}]"), &shown));
        }
    }
}

/// Patterns that were compiled already; there are as many as the definitions of a process have.
static COMPILED: LazyLock<Mutex<BTreeMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);

/// Tells whether a text fits a pattern. The syntax of Go, which the real server uses, and that of this crate are the
/// same family.
fn matches(pattern: &str, text: &str) -> bool {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = compiled
        .entry(pattern.to_owned())
        .or_insert_with(|| Regex::new(pattern).ok());
    known.as_ref().is_some_and(|known| known.is_match(text))
}

/// Checks a text; as on the real server only the first thing wrong with it is told.
fn check_text(schema: &Value, text: &str, at: &str, errors: &mut Vec<FieldError>) {
    let value = Value::from(text);
    let length = text.chars().count() as u64;
    let fits = |pattern: &&str| matches(pattern, text);
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        let message = format!("Too long: may not be more than {most} bytes");
        errors.push(FieldError {
            reason: "FieldValueTooLong",
            field: at.to_owned(),
            message,
        });
    } else if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
        let detail = format!("{at} in body should be at least {least} chars long");
        errors.push(FieldError::invalid(at, &value, &detail));
    } else if let Some(pattern) = schema["pattern"].as_str().filter(|pattern| !fits(pattern)) {
        errors.push(FieldError::invalid(
            at,
            &value,
            &format!("{at} in body should match '{pattern}'"),
        ));
    }
    if schema["format"] == "date-time" && chrono::DateTime::parse_from_rfc3339(text).is_err() {
        let message = format!("Invalid value: {value}: {at} in body must be of type date-time: {value}");
        errors.push(FieldError {
            reason: "FieldValueTypeInvalid",
            field: at.to_owned(),
            message,
        });
    }
}

fn check_number(schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let Some(number) = value.as_f64() else { return };
    let too_small = |least: f64| number < least || (is_set(schema, "exclusiveMinimum") && number <= least);
    let too_large = |most: f64| number > most || (is_set(schema, "exclusiveMaximum") && number >= most);
    if let Some(least) = schema["minimum"].as_f64().filter(|least| too_small(*least)) {
        let detail = format!("{at} in body should be greater than or equal to {least}");
        errors.push(FieldError::invalid(at, value, &detail));
    }
    if let Some(most) = schema["maximum"].as_f64().filter(|most| too_large(*most)) {
        let detail = format!("{at} in body should be less than or equal to {most}");
        errors.push(FieldError::invalid(at, value, &detail));
    }
    if let Some(step) = schema["multipleOf"].as_f64().filter(|step| number % step != 0.0) {
        errors.push(FieldError::invalid(
            at,
            value,
            &format!("{at} in body should be a multiple of {step}"),
        ));
    }
}

fn check_combinations(schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let branches = |word: &str| schema[word].as_array().map_or(&[][..], Vec::as_slice);
    let fits = |branch: &Value| {
        let mut found = Vec::new();
        check(branch, value, at, &mut found);
        found.is_empty()
    };
    for branch in branches("allOf") {
        check(branch, value, at, errors);
    }
    let any = branches("anyOf");
    if !any.is_empty() && !any.iter().any(fits) {
        let detail = format!("{at} in body must validate at least one schema (anyOf)");
        errors.push(FieldError::invalid(at, value, &detail));
    }
    let one = branches("oneOf");
    if !one.is_empty() && one.iter().filter(|branch| fits(branch)).count() != 1 {
        let detail = format!("{at} in body must validate one and only one schema (oneOf)");
        errors.push(FieldError::invalid(at, value, &detail));
    }
    if schema.get("not").is_some_and(fits) {
        errors.push(FieldError::invalid(
            at,
            value,
            &format!("{at} in body must not validate the schema (not)"),
        ));
    }
}
