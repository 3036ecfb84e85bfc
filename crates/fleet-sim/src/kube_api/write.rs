//! The writing verbs: create, update and patch; deletion and eviction have a file each.

mod eviction;
mod removal;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::admit;
use super::builtin::Kind;
use super::definition;
use super::metadata;
use super::patch::{self, PatchKind, ownership};
use super::path::{Query, ResourcePath};
use super::read;
use super::record::Verb;
use super::status_error::ApiError;
use super::store::{self, ObjectKey, State};

/// A write request on its way to the store.
pub(super) struct WriteRequest<'a> {
    pub(super) verb: Verb,
    pub(super) kind: &'a Arc<Kind>,
    pub(super) path: &'a ResourcePath,
    pub(super) query: &'a Query,
    pub(super) content_type: &'a str,
    pub(super) body: &'a [u8],
    pub(super) now: DateTime<Utc>,
}

/// What a write request came to.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) code: u16,
    pub(super) changed: bool,
    pub(super) answer: Value,
}

/// Where an update is headed: which object, through which subresource, for real or as a rehearsal.
pub(super) struct Place<'a> {
    pub(super) kind: &'a Kind,
    pub(super) key: ObjectKey,
    pub(super) subresource: &'a str,
    pub(super) rehearsal: bool,
    pub(super) now: DateTime<Utc>,
}

/// Carries out a write request.
pub(super) fn perform(state: &mut State, request: &WriteRequest<'_>) -> Result<Written, ApiError> {
    match request.verb {
        Verb::Create if request.path.is_eviction() => eviction::evict(state, request),
        Verb::Create => create(state, &request.place(), request.json_body()?),
        Verb::Update => update(state, request),
        Verb::Patch => patch(state, request),
        Verb::Delete => removal::delete(state, request),
        Verb::DeleteCollection => removal::delete_collection(state, request),
        Verb::Get | Verb::List | Verb::Watch => Err(ApiError::method_not_allowed()),
    }
}

/// Creates or replaces a custom resource definition, whatever version it had.
pub(super) fn apply_definition(
    state: &mut State,
    mut object: Value,
    now: DateTime<Utc>,
) -> Result<Written, ApiError> {
    let group = "apiextensions.k8s.io";
    let kind = state
        .kind(group, "v1", "customresourcedefinitions")
        .ok_or_else(ApiError::no_such_resource)?;
    let key = (
        String::new(),
        object["metadata"]["name"].as_str().unwrap_or("").to_owned(),
    );
    let place = Place {
        kind: &kind,
        key,
        subresource: "",
        rehearsal: false,
        now,
    };
    match state.get(&kind.key, &place.key) {
        Some(old) => {
            object["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
            store_update(state, &place, &old, object)
        }
        None => create(state, &place, object),
    }
}

// === impl WriteRequest ===

impl<'a> WriteRequest<'a> {
    fn place(&self) -> Place<'a> {
        let path = self.path;
        Place {
            kind: self.kind,
            key: (
                path.namespace.clone().unwrap_or_default(),
                path.name.clone().unwrap_or_default(),
            ),
            subresource: &path.subresource,
            rehearsal: self.query.get("dryRun") == Some("All"),
            now: self.now,
        }
    }

    fn json_body(&self) -> Result<Value, ApiError> {
        if !self.content_type.is_empty() && !self.content_type.starts_with("application/json") {
            return Err(ApiError::unsupported_media_type(self.content_type));
        }
        self.any_json()
    }

    fn any_json(&self) -> Result<Value, ApiError> {
        let unreadable =
            |error| ApiError::bad_request(format!("the body of the request is not JSON: {error}"));
        serde_json::from_slice(self.body).map_err(unreadable)
    }
}

fn create(state: &mut State, place: &Place<'_>, mut object: Value) -> Result<Written, ApiError> {
    let kind = place.kind;
    metadata::refuse_wrong_address(place, &mut object)?;
    refuse_missing_namespace(state, place, &object)?;
    metadata::prepare_create(state, place, &mut object)?;
    if kind.status && kind.is_custom() {
        // The status of a new custom resource is set by a second call; what comes with the first is dropped.
        if let Some(fields) = object.as_object_mut() {
            fields.remove("status");
        }
    }
    let object = admit::admit(kind, object, None)?;
    let name = object["metadata"]["name"].as_str().unwrap_or("").to_owned();
    let key = (place.key.0.clone(), name.clone());
    if state.get(&kind.key, &key).is_some() {
        return Err(ApiError::already_exists(kind.subject(&name)));
    }
    if place.rehearsal {
        return Ok(Written {
            code: 201,
            changed: false,
            answer: read::view(kind, &object),
        });
    }
    let stored = state.put(&kind.key, key, object);
    definition::refresh(state, kind);
    Ok(Written {
        code: 201,
        changed: true,
        answer: read::view(kind, &stored),
    })
}

/// A real server refuses objects in a namespace that is missing or on its way out.
fn refuse_missing_namespace(state: &State, place: &Place<'_>, object: &Value) -> Result<(), ApiError> {
    if !place.kind.namespaced {
        return Ok(());
    }
    let namespaces = store::namespaces();
    let name = &place.key.0;
    let Some(kind) = state.kind("", "v1", "namespaces") else {
        return Ok(());
    };
    let Some(namespace) = state.get(&namespaces, &(String::new(), name.clone())) else {
        return Err(ApiError::not_found(kind.subject(name)));
    };
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let made = object["metadata"]["name"].as_str().unwrap_or("");
    Err(ApiError::in_leaving_namespace(place.kind.subject(made), name))
}

fn update(state: &mut State, request: &WriteRequest<'_>) -> Result<Written, ApiError> {
    let place = request.place();
    let mut object = request.json_body()?;
    metadata::refuse_wrong_address(&place, &mut object)?;
    let old = match existing(state, &place) {
        Err(_) if place.kind.made_by_update && place.subresource.is_empty() => {
            object["metadata"]["resourceVersion"] = Value::Null;
            return create(state, &place, object);
        }
        found => found?,
    };
    let version = object["metadata"]["resourceVersion"].as_str().unwrap_or("");
    if version.is_empty() && !place.kind.unconditional_update_allowed() {
        return Err(ApiError::version_required(place.subject()));
    }
    metadata::refuse_unmet_preconditions(&place, &old, &json!({"uid": object["metadata"]["uid"]}))?;
    store_update(state, &place, &old, object)
}

fn patch(state: &mut State, request: &WriteRequest<'_>) -> Result<Written, ApiError> {
    let place = request.place();
    let kind = PatchKind::of(request.content_type, place.kind)?;
    let body = request.any_json()?;
    if kind == PatchKind::Apply {
        return apply(state, request, body);
    }
    let old = existing(state, &place)?;
    let mut object = read::view(place.kind, &old);
    patch::apply(kind, place.kind, &mut object, body)?;
    metadata::refuse_wrong_address(&place, &mut object)?;
    admit::refuse_unreadable(place.kind, &object)?;
    store_update(state, &place, &old, object)
}

/// Server-side apply: makes what is missing, merges into what is there, takes away what is applied no more.
fn apply(state: &mut State, request: &WriteRequest<'_>, body: Value) -> Result<Written, ApiError> {
    let place = request.place();
    let Some(manager) = request.query.get("fieldManager") else {
        return Err(ApiError::manager_required());
    };
    let manager = (manager.to_owned(), place.subresource.to_owned());
    let written = match existing(state, &place) {
        Ok(old) => {
            let mut object = read::view(place.kind, &old);
            let applied = state.applied(&old["metadata"]["uid"]);
            ownership::drop_abandoned(&mut object, place.kind, &applied, &manager, &body);
            patch::apply(PatchKind::Apply, place.kind, &mut object, body.clone())?;
            metadata::refuse_wrong_address(&place, &mut object)?;
            store_update(state, &place, &old, object)?
        }
        Err(missing) if !place.subresource.is_empty() => return Err(missing),
        Err(_) if body["metadata"]["name"].as_str().unwrap_or("").is_empty() => {
            let name = &place.key.1;
            let message = format!(
                "the name of the object ({name} based on URL) was undeterminable: name must be provided"
            );
            return Err(ApiError::bad_request(message));
        }
        Err(_) => create(state, &place, body.clone())?,
    };
    if !place.rehearsal {
        state.note_applied(&written.answer["metadata"]["uid"], manager, body);
    }
    Ok(written)
}

fn existing(state: &State, place: &Place<'_>) -> Result<Arc<Value>, ApiError> {
    state
        .get(&place.kind.key, &place.key)
        .ok_or_else(|| ApiError::not_found(place.subject()))
}

/// Stores a changed object under the rules of an update: locking, what may change where, validation,
/// generation, and the end of an object whose last finalizer went.
fn store_update(
    state: &mut State,
    place: &Place<'_>,
    old: &Arc<Value>,
    mut object: Value,
) -> Result<Written, ApiError> {
    let kind = place.kind;
    metadata::refuse_stale(place, old, &object)?;
    metadata::refuse_changed_identity(place, old, &object)?;
    metadata::keep_what_the_server_owns(place, old, &mut object)?;
    keep_the_other_half(place, old, &mut object);
    let mut object = admit::admit(kind, object, Some(old))?;
    if kind.generation && spec_changed(kind, old, &object) {
        metadata::raise_generation(&mut object);
    }
    if object == **old {
        return Ok(Written {
            code: 200,
            changed: false,
            answer: read::view(kind, old),
        });
    }
    if place.rehearsal {
        return Ok(Written {
            code: 200,
            changed: false,
            answer: read::view(kind, &object),
        });
    }
    let leaves = !object["metadata"]["deletionTimestamp"].is_null() && !metadata::is_held(kind, &object);
    let stored = if leaves {
        state.remove(&kind.key, &place.key, object)
    } else {
        state.put(&kind.key, place.key.clone(), object)
    };
    definition::refresh(state, kind);
    Ok(Written {
        code: 200,
        changed: true,
        answer: read::view(kind, &stored),
    })
}

/// A write to the object keeps its status, a write to the status keeps everything else.
fn keep_the_other_half(place: &Place<'_>, old: &Value, object: &mut Value) {
    if place.subresource == "status" {
        let mut mixed = old.clone();
        set_or_remove(&mut mixed, "status", object.get("status"));
        if !place.kind.is_custom() {
            // Built-in kinds accept labels and annotations through their status, too; kubelets rely on it.
            mixed["metadata"] = object["metadata"].clone();
        }
        *object = mixed;
    } else if place.kind.status {
        set_or_remove(object, "status", old.get("status"));
    }
}

fn set_or_remove(object: &mut Value, field: &str, value: Option<&Value>) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    match value {
        Some(value) => fields.insert(field.to_owned(), value.clone()),
        None => fields.remove(field),
    };
}

/// Whether something changed that `metadata.generation` counts: all but metadata and a separate status.
fn spec_changed(kind: &Kind, old: &Value, new: &Value) -> bool {
    let counted = |object: &Value| -> Map<String, Value> {
        let fields = object.as_object().cloned().unwrap_or_default();
        let ignored = |field: &str| {
            matches!(field, "metadata" | "apiVersion" | "kind") || (field == "status" && kind.status)
        };
        fields.into_iter().filter(|(field, _)| !ignored(field)).collect()
    };
    counted(old) != counted(new)
}

// === impl Place ===

impl Place<'_> {
    pub(super) fn subject(&self) -> super::status_error::Subject<'_> {
        self.kind.subject(&self.key.1)
    }
}

// === impl Kind ===

impl Kind {
    fn unconditional_update_allowed(&self) -> bool {
        self.unconditional_update && !self.is_custom()
    }
}
