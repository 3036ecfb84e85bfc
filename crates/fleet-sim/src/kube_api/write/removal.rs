//! Deletion: at once, or as a mark on an object that finalizers hold.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Place, WriteRequest, Written, existing};
use crate::kube_api::status_error::ApiError;
use crate::kube_api::store::{self, State};
use crate::kube_api::{definition, metadata, read};

/// Deletes one object, if the preconditions of the call are met.
pub(super) fn delete(state: &mut State, request: &WriteRequest<'_>) -> Result<Written, ApiError> {
    let place = request.place();
    if !place.subresource.is_empty() {
        return Err(ApiError::method_not_allowed());
    }
    let options = if request.body.is_empty() {
        json!({})
    } else {
        request.any_json()?
    };
    let old = existing(state, &place)?;
    metadata::refuse_unmet_preconditions(&place, &old, &options["preconditions"])?;
    let rehearsal = place.rehearsal
        || options["dryRun"]
            .as_array()
            .is_some_and(|stages| !stages.is_empty());
    Ok(remove(state, &Place { rehearsal, ..place }, &old))
}

/// Deletes every object that the selectors of the call match.
pub(super) fn delete_collection(state: &mut State, request: &WriteRequest<'_>) -> Result<Written, ApiError> {
    let list = read::list(state, request.kind, request.path, request.query)?;
    let mut changed = false;
    for item in list["items"].as_array().into_iter().flatten() {
        let text = |field: &str| item["metadata"][field].as_str().unwrap_or("").to_owned();
        let place = Place {
            key: (text("namespace"), text("name")),
            ..request.place()
        };
        if let Some(old) = state.get(&place.kind.key, &place.key) {
            changed |= remove(state, &place, &old).changed;
        }
    }
    Ok(Written {
        code: 200,
        changed,
        answer: list,
    })
}

/// Removes an object, or marks it as leaving while something holds it.
pub(super) fn remove(state: &mut State, place: &Place<'_>, old: &Arc<Value>) -> Written {
    let kind = place.kind;
    let is_leaving = !old["metadata"]["deletionTimestamp"].is_null();
    let held = metadata::is_held(kind, old);
    if held && (is_leaving || place.rehearsal) {
        return Written {
            code: 200,
            changed: false,
            answer: read::view(kind, old),
        };
    }
    if held {
        let mut leaving = (**old).clone();
        leaving["metadata"]["deletionTimestamp"] = store::timestamp(place.now).into();
        if !kind.is("", "namespaces") {
            leaving["metadata"]["deletionGracePeriodSeconds"] = 0.into();
        }
        if kind.generation {
            metadata::raise_generation(&mut leaving);
        }
        if kind.is("", "namespaces") {
            leaving["status"]["phase"] = "Terminating".into();
        }
        let stored = state.put(&kind.key, place.key.clone(), leaving);
        return Written {
            code: 200,
            changed: true,
            answer: read::view(kind, &stored),
        };
    }
    if !place.rehearsal {
        state.remove(&kind.key, &place.key, (**old).clone());
        definition::refresh(state, kind);
    }
    let details = json!({
        "name": place.key.1,
        "group": kind.key.group,
        "kind": kind.key.plural,
        "uid": old["metadata"]["uid"],
    });
    let answer = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
    Written {
        code: 200,
        changed: !place.rehearsal,
        answer,
    }
}
