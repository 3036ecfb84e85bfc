//! The rules for `metadata`: what the server sets, what it keeps, and what it refuses.

use serde_json::{Value, json};

use super::builtin::Kind;
use super::status_error::{ApiError, FieldError, Subject};
use super::store::{self, State};
use super::write::Place;

/// The longest start of a generated name that leaves room for its made-up end.
const LONGEST_GENERATED_START: usize = 58;

/// Refuses a body whose type, name or namespace is not what the URL says, and fills in what it leaves out.
pub(super) fn refuse_wrong_address(place: &Place<'_>, object: &mut Value) -> Result<(), ApiError> {
    let kind = place.kind;
    if !object.is_object() {
        return Err(ApiError::bad_request("the body of the request is not an object"));
    }
    let expected = kind.api_version();
    for (field, wanted) in [("apiVersion", expected.as_str()), ("kind", kind.kind.as_str())] {
        match object[field].as_str().unwrap_or("") {
            "" if kind.is_custom() => {
                return Err(ApiError::bad_request(format!(
                    "Object '{field}' is missing in the body of the request"
                )));
            }
            "" => object[field] = wanted.into(),
            given if given == wanted => {}
            given => {
                let message =
                    format!("the {field} in the data ({given}) does not match the expected one ({wanted})");
                return Err(ApiError::bad_request(message));
            }
        }
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let meta = &mut object["metadata"];
    let (namespace, name) = (&place.key.0, &place.key.1);
    if kind.namespaced && meta["namespace"].as_str().unwrap_or("").is_empty() {
        meta["namespace"] = namespace.as_str().into();
    }
    if meta["namespace"].as_str().unwrap_or("") != namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(ApiError::bad_request(message));
    }
    if !name.is_empty() && meta["name"].as_str().unwrap_or(name) != name {
        let message = format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            meta["name"].as_str().unwrap_or("")
        );
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

/// Gives a new object its name, uid, creation time and first generation.
pub(super) fn prepare_create(
    state: &mut State,
    place: &Place<'_>,
    object: &mut Value,
) -> Result<(), ApiError> {
    let kind = place.kind;
    let uid = state.new_uid();
    let meta = &mut object["metadata"];
    if !meta["resourceVersion"].as_str().unwrap_or("").is_empty() {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(ApiError::internal(message));
    }
    if meta["name"].as_str().unwrap_or("").is_empty() {
        let start = meta["generateName"].as_str().unwrap_or("");
        if start.is_empty() {
            let error = FieldError::required("metadata.name", "name or generateName is required");
            return Err(ApiError::invalid(kind.subject(""), &[error]));
        }
        let start: String = start.chars().take(LONGEST_GENERATED_START).collect();
        meta["name"] = format!("{start}{}", state.new_suffix()).into();
    }
    meta["uid"] = uid.into();
    meta["creationTimestamp"] = store::timestamp(place.now).into();
    if let Some(fields) = meta.as_object_mut() {
        for owned in [
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "generation",
            "resourceVersion",
        ] {
            fields.remove(owned);
        }
        if kind.generation || kind.is_custom() {
            fields.insert("generation".to_owned(), 1.into());
        }
    }
    if kind.is("", "namespaces") {
        let name = object["metadata"]["name"].clone();
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        object["spec"]["finalizers"] = json!(["kubernetes"]);
        object["status"] = json!({"phase": "Active"});
    }
    Ok(())
}

/// Refuses a write that was made from an older version of the object.
pub(super) fn refuse_stale(place: &Place<'_>, old: &Value, new: &Value) -> Result<(), ApiError> {
    let (stored, given) = (
        &old["metadata"]["resourceVersion"],
        &new["metadata"]["resourceVersion"],
    );
    if given.as_str().unwrap_or("").is_empty() || given == stored {
        return Ok(());
    }
    Err(ApiError::modified_meanwhile(place.subject()))
}

/// Refuses a change of what never changes. A replace with another uid was refused as a conflict before.
pub(super) fn refuse_changed_identity(place: &Place<'_>, old: &Value, new: &Value) -> Result<(), ApiError> {
    for field in ["uid", "deletionTimestamp"] {
        let (stored, given) = (&old["metadata"][field], &new["metadata"][field]);
        let is_kept = field == "deletionTimestamp" && !stored.is_null();
        if !is_kept && !given.is_null() && given != "" && given != stored {
            let error = FieldError::invalid(format!("metadata.{field}"), given, "field is immutable");
            return Err(ApiError::invalid(place.subject(), &[error]));
        }
    }
    Ok(())
}

/// Refuses a call whose preconditions on uid or version the object does not meet.
pub(super) fn refuse_unmet_preconditions(
    place: &Place<'_>,
    old: &Value,
    preconditions: &Value,
) -> Result<(), ApiError> {
    for (field, word, end) in [
        ("uid", "UID", "deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "modified"),
    ] {
        let wanted = preconditions[field].as_str().unwrap_or("");
        let actual = old["metadata"][field].as_str().unwrap_or("");
        if !wanted.is_empty() && wanted != actual {
            let why = format!(
                "the {word} in the precondition ({wanted}) does not match the {word} in record ({actual}). \
                 The object might have been {end}"
            );
            let subject = place.subject();
            return Err(ApiError::conflict(
                Subject {
                    resource: subject.kind,
                    ..subject
                },
                &why,
            ));
        }
    }
    Ok(())
}

/// Restores what only the server sets, and refuses new finalizers on an object that is leaving.
pub(super) fn keep_what_the_server_owns(
    place: &Place<'_>,
    old: &Value,
    new: &mut Value,
) -> Result<(), ApiError> {
    let owned = [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
        "resourceVersion",
        "managedFields",
    ];
    for field in owned {
        match old["metadata"].get(field) {
            Some(value) => new["metadata"][field] = value.clone(),
            None => {
                new["metadata"].as_object_mut().map(|fields| fields.remove(field));
            }
        }
    }
    new["metadata"]["name"] = place.key.1.as_str().into();
    if old["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let had = finalizers(old);
    let added: Vec<&str> = finalizers(new)
        .into_iter()
        .filter(|it| !had.contains(it))
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    let quoted: Vec<String> = added.iter().map(|name| format!("{name:?}")).collect();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        quoted.join(", ")
    );
    Err(ApiError::invalid(
        place.subject(),
        &[FieldError::forbidden("metadata.finalizers", &detail)],
    ))
}

/// Counts one more change of the spec.
pub(super) fn raise_generation(object: &mut Value) {
    let generation = object["metadata"]["generation"].as_i64().unwrap_or(0);
    object["metadata"]["generation"] = (generation + 1).into();
}

/// Whether something must let go before the object may be removed.
pub(super) fn is_held(kind: &Kind, object: &Value) -> bool {
    let holds = |list: &Value| list.as_array().is_some_and(|names| !names.is_empty());
    let namespace_is_held = kind.is("", "namespaces") && holds(&object["spec"]["finalizers"]);
    namespace_is_held || !finalizers(object).is_empty()
}

fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
