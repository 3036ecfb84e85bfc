//! Custom resource definitions: from a stored definition to served kinds.

use std::sync::Arc;

use serde_json::{Value, json};

use super::builtin::{Body, Kind, ResourceKey};
use super::status_error::FieldError;
use super::store::State;

/// Says what is wrong with a definition.
pub(super) fn check(definition: &Value, errors: &mut Vec<FieldError>) {
    let spec = &definition["spec"];
    let text = |pointer: &str| spec.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    for (field, value) in [
        ("spec.group", text("/group")),
        ("spec.names.plural", text("/names/plural")),
        ("spec.names.kind", text("/names/kind")),
    ] {
        if value.is_empty() {
            errors.push(FieldError::required(field, ""));
        }
    }
    let expected = format!("{}.{}", text("/names/plural"), text("/group"));
    if definition["metadata"]["name"] != expected {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid(
            "metadata.name",
            &definition["metadata"]["name"],
            detail,
        ));
    }
    if !matches!(text("/scope"), "Namespaced" | "Cluster") {
        errors.push(FieldError::unsupported(
            "spec.scope",
            &spec["scope"],
            "\"Cluster\", \"Namespaced\"",
        ));
    }
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    if versions
        .iter()
        .filter(|version| version["storage"] == true)
        .count()
        != 1
    {
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid(
            "spec.versions",
            &json!(versions.len()),
            detail,
        ));
    }
    for (index, version) in versions.iter().enumerate() {
        let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
        let schema = &version["schema"]["openAPIV3Schema"];
        if schema.is_null() {
            errors.push(FieldError::required(field, ""));
        } else if schema["type"] != "object" {
            errors.push(FieldError::invalid(
                format!("{field}.type"),
                &schema["type"],
                "must be object at the root",
            ));
        }
    }
}

/// Serves what is defined after a write: new kinds at once, and no longer those whose definition is gone,
/// together with their objects.
pub(super) fn refresh(state: &mut State, written: &Kind) {
    if !written.is("apiextensions.k8s.io", "customresourcedefinitions") {
        return;
    }
    let definitions: Vec<Arc<Value>> = state.shelf(&written.key).objects.values().cloned().collect();
    let defined: Vec<Kind> = definitions
        .iter()
        .flat_map(|definition| kinds(definition))
        .collect();
    let is_gone = |kind: &Arc<Kind>| kind.is_custom() && !defined.iter().any(|it| it.key == kind.key);
    let gone: Vec<ResourceKey> = state
        .kinds
        .iter()
        .filter(|kind| is_gone(kind))
        .map(|kind| kind.key.clone())
        .collect();
    for resource in gone {
        empty(state, &resource);
    }
    let is_new = |kind: &&Kind| !state.kinds.iter().any(|known| known.key == kind.key);
    let new: Vec<ResourceKey> = defined
        .iter()
        .filter(is_new)
        .map(|kind| kind.key.clone())
        .collect();
    for resource in new {
        state.begin_history(&resource);
    }
    state.kinds.retain(|kind| !kind.is_custom());
    state.kinds.extend(defined.into_iter().map(Arc::new));
    for definition in definitions {
        establish(state, written, &definition);
    }
}

fn empty(state: &mut State, resource: &ResourceKey) {
    let objects: Vec<_> = state.shelf(resource).objects.clone().into_iter().collect();
    for (key, object) in objects {
        state.remove(resource, &key, (*object).clone());
    }
    state.cut_watches(Some(resource));
}

fn kinds(definition: &Value) -> Vec<Kind> {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let kind = text(&names["kind"]);
    let or_else = |value: &Value, fallback: String| value.as_str().map_or(fallback, str::to_owned);
    let served = spec["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|version| version["served"] == true);
    let one = |version: &Value| Kind {
        key: ResourceKey {
            group: text(&spec["group"]),
            plural: text(&names["plural"]),
        },
        version: text(&version["name"]),
        kind: kind.clone(),
        list_kind: or_else(&names["listKind"], format!("{kind}List")),
        singular: or_else(&names["singular"], kind.to_lowercase()),
        short_names: names["shortNames"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect(),
        namespaced: spec["scope"] == "Namespaced",
        status: version["subresources"]["status"].is_object(),
        generation: true,
        unconditional_update: false,
        made_by_update: false,
        body: Body::Schema(Arc::new(version["schema"]["openAPIV3Schema"].clone())),
    };
    served.map(one).collect()
}

/// Reports a definition as accepted and served, as the server does a moment after it was stored.
fn establish(state: &mut State, kind: &Kind, definition: &Arc<Value>) {
    let known = definition["status"]["conditions"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    if known && definition["status"]["acceptedNames"] == definition["spec"]["names"] {
        return;
    }
    let since = definition["metadata"]["creationTimestamp"].clone();
    let condition = |name: &str, reason: &str, message: &str| json!({"type": name, "status": "True", "reason": reason, "message": message, "lastTransitionTime": since});
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    let stored = versions
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone());
    let mut established = (**definition).clone();
    established["status"] = json!({
        "acceptedNames": definition["spec"]["names"],
        "storedVersions": stored.collect::<Vec<Value>>(),
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
    });
    let key = (
        String::new(),
        definition["metadata"]["name"].as_str().unwrap_or("").to_owned(),
    );
    state.put(&kind.key, key, established);
}
