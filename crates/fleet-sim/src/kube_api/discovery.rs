//! What the server says about itself: version, groups and resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::builtin::Kind;
use super::path::Target;
use super::status_error::ApiError;
use super::store::State;

/// Answers a question about the server; absent when it has no such group or version.
pub(super) fn describe(state: &State, target: &Target, accept: &str) -> Option<Result<Value, ApiError>> {
    if accept.contains("APIGroupDiscoveryList") && !accept.contains("application/json,") {
        return Some(Err(ApiError::not_acceptable(
            "the simulated API server has no aggregated discovery",
        )));
    }
    match target {
        Target::Version => Some(Ok(version())),
        Target::CoreVersions => Some(Ok(json!({"kind": "APIVersions", "versions": ["v1"]}))),
        Target::Groups => {
            let groups: Vec<Value> = groups(state)
                .iter()
                .map(|(name, versions)| group(name, versions))
                .collect();
            Some(Ok(
                json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}),
            ))
        }
        Target::Group(name) => {
            let groups = groups(state);
            let mut found = group(name, groups.get(name.as_str())?);
            found["kind"] = "APIGroup".into();
            found["apiVersion"] = "v1".into();
            Some(Ok(found))
        }
        Target::Resources { group, version } => resources(state, group, version).map(Ok),
        Target::Health | Target::Resource(_) => None,
    }
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "33",
        "gitVersion": "v1.33.0",
        "gitCommit": "simulated",
        "gitTreeState": "clean",
        "buildDate": "2025-04-23T13:36:29Z",
        "goVersion": "go1.24.2",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

fn groups(state: &State) -> BTreeMap<&str, Vec<&str>> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in state.kinds.iter().filter(|kind| !kind.key.group.is_empty()) {
        let versions = groups.entry(kind.key.group.as_str()).or_default();
        if !versions.contains(&kind.version.as_str()) {
            versions.push(&kind.version);
        }
    }
    groups
}

fn group(name: &str, versions: &[&str]) -> Value {
    let version = |version: &&str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    let versions: Vec<Value> = versions.iter().map(version).collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
}

fn resources(state: &State, group: &str, version: &str) -> Option<Value> {
    let kinds = state
        .kinds
        .iter()
        .filter(|kind| kind.key.group == group && kind.version == version);
    let resources: Vec<Value> = kinds.flat_map(|kind| resource(kind)).collect();
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    (!resources.is_empty()).then(|| {
        json!({
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": group_version,
            "resources": resources,
        })
    })
}

fn resource(kind: &Kind) -> Vec<Value> {
    let one = |name: String, verbs: &[&str]| {
        json!({
            "name": name,
            "singularName": if name.contains('/') { "" } else { &kind.singular },
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": verbs,
            "shortNames": kind.short_names,
        })
    };
    let verbs = [
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ];
    let mut resources = vec![one(kind.key.plural.clone(), &verbs)];
    if kind.is("", "pods") {
        resources.push(json!({
            "name": "pods/eviction", "singularName": "", "namespaced": true,
            "group": "policy", "version": "v1", "kind": "Eviction", "verbs": ["create"],
        }));
    }
    if kind.status {
        resources.push(one(
            format!("{}/status", kind.key.plural),
            &["get", "patch", "update"],
        ));
    }
    resources
}
