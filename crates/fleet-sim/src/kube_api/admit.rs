//! What an object must look like before it is stored.

use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::builtin::{Body, Kind};
use super::status_error::{ApiError, FieldError};
use super::{definition, schema};

const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// Brings an object into the form that is stored, or says everything that is wrong with it.
pub(super) fn admit(kind: &Kind, object: Value, old: Option<&Value>) -> Result<Value, ApiError> {
    let object = decode(kind, object)?;
    let mut errors = Vec::new();
    if old.is_none() {
        check_name(kind, &object["metadata"]["name"], &mut errors);
    }
    check_metadata(&object["metadata"], &mut errors);
    if let Some(schema) = kind.schema() {
        schema::validate(schema, &object, &mut errors);
    }
    if kind.is("", "nodes") {
        check_node(&object, old, &mut errors);
    }
    if kind.is("coordination.k8s.io", "leases") {
        check_lease(&object["spec"], &mut errors);
    }
    if kind.is("events.k8s.io", "events") {
        check_event(&object, &mut errors);
    }
    if kind.is("apiextensions.k8s.io", "customresourcedefinitions") {
        definition::check(&object, &mut errors);
    }
    if errors.is_empty() {
        return Ok(object);
    }
    Err(ApiError::invalid(
        kind.subject(object["metadata"]["name"].as_str().unwrap_or("")),
        &errors,
    ))
}

/// Drops what the kind does not know, fills in defaults, refuses wrong types.
fn decode(kind: &Kind, mut object: Value) -> Result<Value, ApiError> {
    let unfit = |error: &dyn std::fmt::Display| {
        let (version, name) = (&kind.version, &kind.kind);
        ApiError::bad_request(format!(
            "{name} in version \"{version}\" cannot be handled as a {name}: {error}"
        ))
    };
    if kind.is("", "secrets") {
        fold_string_data(&mut object);
        fill_in(&mut object, "type", "Opaque".into());
    }
    if kind.is("", "nodes") && object["status"]["capacity"].is_object() {
        let capacity = object["status"]["capacity"].clone();
        fill_in(&mut object["status"], "allocatable", capacity);
    }
    match &kind.body {
        Body::Typed(_) => read_typed(kind, object).map_err(|why| unfit(&why)),
        Body::Schema(schema) => {
            let meta: ObjectMeta =
                serde_json::from_value(object["metadata"].take()).map_err(|error| unfit(&error))?;
            schema::prune(schema, &mut object);
            object["metadata"] = serde_json::to_value(meta).map_err(|error| unfit(&error))?;
            schema::fill_defaults(schema, &mut object);
            Ok(object)
        }
    }
}

fn fill_in(object: &mut Value, field: &str, default: Value) {
    if object[field].is_null() {
        object[field] = default;
    }
}

/// Refuses a patch that leaves a built-in object in a form its type cannot take; the real server says so in
/// another way than it refuses a whole object of that form.
pub(super) fn refuse_unreadable(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    match read_typed(kind, object.clone()) {
        Err(why) if !kind.is_custom() => Err(ApiError::unreadable_after_patch(&why)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads a built-in object as its type, and says what the type cannot take.
fn read_typed(kind: &Kind, object: Value) -> Result<Value, String> {
    let Body::Typed(round_trip) = &kind.body else {
        return Ok(object);
    };
    let places = [
        "/spec/renewTime",
        "/spec/acquireTime",
        "/eventTime",
        "/series/lastObservedTime",
    ];
    for text in places
        .iter()
        .filter_map(|place| object.pointer(place))
        .filter_map(Value::as_str)
    {
        if !has_microseconds(text) {
            return Err(format!(
                "parsing time \"{text}\" as \"2006-01-02T15:04:05.000000Z07:00\""
            ));
        }
    }
    round_trip(object).map_err(|error| error.to_string())
}

/// The one form of time with fractions that the real server reads: six digits, no more, no fewer.
fn has_microseconds(text: &str) -> bool {
    let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
    fraction.bytes().take_while(u8::is_ascii_digit).count() == 6
}

/// Moves the write-only `stringData` of a Secret into `data`.
fn fold_string_data(secret: &mut Value) {
    let Some(plain) = secret
        .as_object_mut()
        .and_then(|fields| fields.remove("stringData"))
    else {
        return;
    };
    for (key, text) in plain.as_object().into_iter().flatten() {
        let bytes = ByteString(text.as_str().unwrap_or("").as_bytes().to_vec());
        if let Ok(encoded) = serde_json::to_value(bytes) {
            secret["data"][key] = encoded;
        }
    }
}

fn check_name(kind: &Kind, name: &Value, errors: &mut Vec<FieldError>) {
    let text = name.as_str().unwrap_or("");
    let fits = if kind.is("", "namespaces") {
        text.len() <= LONGEST_LABEL && is_dns_label(text)
    } else {
        text.len() <= LONGEST_NAME && text.split('.').all(is_dns_label)
    };
    if !fits {
        let detail = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
                      and must start and end with an alphanumeric character";
        errors.push(FieldError::invalid("metadata.name", name, detail));
    }
}

fn check_metadata(meta: &Value, errors: &mut Vec<FieldError>) {
    let entries = |field: &str| meta[field].as_object().into_iter().flatten();
    for (key, value) in entries("labels") {
        if !is_qualified_name(key) {
            errors.push(FieldError::invalid(
                "metadata.labels",
                &json!(key),
                "name part must be a qualified name",
            ));
        }
        if !is_label_value(value.as_str().unwrap_or("")) {
            let detail = "a valid label must be an empty string or consist of at most 63 alphanumeric characters, \
                          '-', '_' or '.', and must start and end with an alphanumeric character";
            errors.push(FieldError::invalid("metadata.labels", value, detail));
        }
    }
    for (key, _) in entries("annotations").filter(|(key, _)| !is_qualified_name(&key.to_lowercase())) {
        errors.push(FieldError::invalid(
            "metadata.annotations",
            &json!(key),
            "name part must be a qualified name",
        ));
    }
    let size: usize = entries("annotations")
        .map(|(key, value)| key.len() + value.as_str().unwrap_or("").len())
        .sum();
    if size > ANNOTATIONS_LIMIT {
        let message = format!("Too long: may not be more than {ANNOTATIONS_LIMIT} bytes");
        errors.push(FieldError {
            reason: "FieldValueTooLong",
            field: "metadata.annotations".to_owned(),
            message,
        });
    }
    for finalizer in meta["finalizers"].as_array().into_iter().flatten() {
        if !is_qualified_name(finalizer.as_str().unwrap_or("")) {
            errors.push(FieldError::invalid(
                "metadata.finalizers",
                finalizer,
                "name part must be a qualified name",
            ));
        }
    }
    for owner in meta["ownerReferences"].as_array().into_iter().flatten() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().unwrap_or("").is_empty() {
                let field = format!("metadata.ownerReferences.{field}");
                errors.push(FieldError::invalid(field, &json!(""), "must not be empty"));
            }
        }
    }
}

fn check_node(node: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let mut seen = Vec::new();
    for (index, taint) in node["spec"]["taints"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let field = |name: &str| format!("metadata.taints[{index}].{name}");
        if !is_qualified_name(taint["key"].as_str().unwrap_or("")) {
            errors.push(FieldError::invalid(
                field("key"),
                &taint["key"],
                "name part must be a qualified name",
            ));
        }
        if !is_label_value(taint["value"].as_str().unwrap_or("")) {
            errors.push(FieldError::invalid(
                field("value"),
                &taint["value"],
                "a valid label value is needed",
            ));
        }
        match taint["effect"].as_str().unwrap_or("") {
            "NoSchedule" | "PreferNoSchedule" | "NoExecute" => {}
            "" => errors.push(FieldError::required(field("effect"), "")),
            _ => {
                let allowed = "\"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"";
                errors.push(FieldError::unsupported(
                    field("effect"),
                    &taint["effect"],
                    allowed,
                ));
            }
        }
        let identity = (&taint["key"], &taint["effect"]);
        if seen.contains(&identity) {
            errors.push(FieldError::duplicate(format!("metadata.taints[{index}]"), taint));
        }
        seen.push(identity);
    }
    let before = old.map_or(&Value::Null, |old| &old["spec"]["providerID"]);
    if !before.as_str().unwrap_or("").is_empty() && node["spec"]["providerID"] != *before {
        errors.push(FieldError::forbidden(
            "spec.providerID",
            "node updates may not change providerID except from \"\" to valid",
        ));
    }
}

fn check_lease(spec: &Value, errors: &mut Vec<FieldError>) {
    if spec["leaseDurationSeconds"]
        .as_i64()
        .is_some_and(|seconds| seconds <= 0)
    {
        let value = &spec["leaseDurationSeconds"];
        errors.push(FieldError::invalid(
            "spec.leaseDurationSeconds",
            value,
            "must be greater than 0",
        ));
    }
    if spec["leaseTransitions"].as_i64().is_some_and(|count| count < 0) {
        let value = &spec["leaseTransitions"];
        errors.push(FieldError::invalid(
            "spec.leaseTransitions",
            value,
            "must be greater than or equal to 0",
        ));
    }
}

fn check_event(event: &Value, errors: &mut Vec<FieldError>) {
    for field in [
        "eventTime",
        "reportingController",
        "reportingInstance",
        "action",
        "reason",
    ] {
        if event[field].as_str().unwrap_or("").is_empty() {
            errors.push(FieldError::required(field, ""));
        }
    }
    if !matches!(event["type"].as_str(), Some("Normal" | "Warning")) {
        errors.push(FieldError::invalid("type", &event["type"], "has invalid value"));
    }
}

fn is_dns_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inside) && !text.starts_with('-') && !text.ends_with('-')
}

/// `name` or `prefix/name`, as keys of labels and annotations and names of finalizers are.
fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = text
        .split_once('/')
        .map_or((None, text), |(prefix, name)| (Some(prefix), name));
    let prefix_fits = prefix.is_none_or(|it| it.len() <= LONGEST_NAME && it.split('.').all(is_dns_label));
    prefix_fits && !name.is_empty() && is_label_value(name)
}

fn is_label_value(text: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_none_or(|it| it.is_ascii_alphanumeric());
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.len() <= LONGEST_LABEL
        && text.bytes().all(inside)
        && edge(text.bytes().next())
        && edge(text.bytes().next_back())
}
