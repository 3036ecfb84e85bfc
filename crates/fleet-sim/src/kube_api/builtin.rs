//! The kinds a server knows, and those that are built in.

use std::sync::Arc;

use k8s_openapi::api::{
    apps::v1 as apps, coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery,
    events::v1 as events, policy::v1 as policy, rbac::v1 as rbac, storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::status_error::Subject;

/// Names where objects are kept: every version of a kind shares one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceKey {
    pub(super) group: String,
    pub(super) plural: String,
}

/// Describes one served version of one kind.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) key: ResourceKey,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) list_kind: String,
    pub(super) singular: String,
    pub(super) short_names: Vec<String>,
    pub(super) namespaced: bool,
    pub(super) status: bool,
    /// Whether the server counts `metadata.generation`.
    pub(super) generation: bool,
    /// Whether a replace without `metadata.resourceVersion` is accepted.
    pub(super) unconditional_update: bool,
    /// Whether a replace of what is missing makes it.
    pub(super) made_by_update: bool,
    pub(super) body: Body,
}

/// How the body of a kind is understood.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Through the Rust type of a built-in kind; it drops unknown fields and refuses wrong types.
    Typed(fn(Value) -> Result<Value, serde_json::Error>),
    /// Through the schema of a custom resource definition.
    Schema(Arc<Value>),
}

// === impl Kind ===

impl Kind {
    pub(super) fn api_version(&self) -> String {
        if self.key.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.key.group, self.version)
        }
    }

    pub(super) fn subject<'a>(&'a self, name: &'a str) -> Subject<'a> {
        Subject {
            group: &self.key.group,
            resource: &self.key.plural,
            kind: &self.kind,
            name,
        }
    }

    pub(super) fn is_custom(&self) -> bool {
        matches!(self.body, Body::Schema(_))
    }

    pub(super) fn schema(&self) -> Option<&Value> {
        match &self.body {
            Body::Typed(_) => None,
            Body::Schema(schema) => Some(schema),
        }
    }

    pub(super) fn is(&self, group: &str, plural: &str) -> bool {
        self.key.group == group && self.key.plural == plural
    }
}

/// Lists the kinds every server has.
pub(super) fn kinds() -> Vec<Kind> {
    let definitions = "apiextensions.k8s.io";
    vec![
        built_in::<core::Namespace>("", "namespaces", "Namespace")
            .cluster_wide()
            .with_status(),
        built_in::<core::Node>("", "nodes", "Node")
            .cluster_wide()
            .with_status(),
        built_in::<core::Pod>("", "pods", "Pod").with_status().counting(),
        built_in::<core::ConfigMap>("", "configmaps", "ConfigMap"),
        built_in::<core::Secret>("", "secrets", "Secret"),
        built_in::<core::Event>("", "events", "Event"),
        built_in::<core::Service>("", "services", "Service").with_status(),
        built_in::<core::ServiceAccount>("", "serviceaccounts", "ServiceAccount"),
        built_in::<core::PersistentVolume>("", "persistentvolumes", "PersistentVolume")
            .cluster_wide()
            .with_status(),
        built_in::<core::PersistentVolumeClaim>("", "persistentvolumeclaims", "PersistentVolumeClaim")
            .with_status(),
        built_in::<core::Endpoints>("", "endpoints", "Endpoints"),
        built_in::<discovery::EndpointSlice>("discovery.k8s.io", "endpointslices", "EndpointSlice")
            .counting(),
        built_in::<events::Event>("events.k8s.io", "events", "Event"),
        built_in::<coordination::Lease>("coordination.k8s.io", "leases", "Lease")
            .conditional()
            .made_by_update(),
        built_in::<apps::Deployment>("apps", "deployments", "Deployment")
            .with_status()
            .counting(),
        built_in::<apps::ReplicaSet>("apps", "replicasets", "ReplicaSet")
            .with_status()
            .counting(),
        built_in::<apps::StatefulSet>("apps", "statefulsets", "StatefulSet")
            .with_status()
            .counting(),
        built_in::<apps::DaemonSet>("apps", "daemonsets", "DaemonSet")
            .with_status()
            .counting(),
        built_in::<policy::PodDisruptionBudget>("policy", "poddisruptionbudgets", "PodDisruptionBudget")
            .with_status()
            .counting()
            .conditional(),
        built_in::<storage::StorageClass>("storage.k8s.io", "storageclasses", "StorageClass").cluster_wide(),
        built_in::<storage::CSINode>("storage.k8s.io", "csinodes", "CSINode").cluster_wide(),
        built_in::<rbac::ClusterRole>("rbac.authorization.k8s.io", "clusterroles", "ClusterRole")
            .cluster_wide(),
        built_in::<CustomResourceDefinition>(
            definitions,
            "customresourcedefinitions",
            "CustomResourceDefinition",
        )
        .cluster_wide()
        .with_status()
        .counting()
        .conditional(),
    ]
}

fn built_in<T: Serialize + DeserializeOwned>(group: &str, plural: &str, kind: &str) -> Kind {
    Kind {
        key: ResourceKey {
            group: group.to_owned(),
            plural: plural.to_owned(),
        },
        version: "v1".to_owned(),
        kind: kind.to_owned(),
        list_kind: format!("{kind}List"),
        singular: kind.to_lowercase(),
        short_names: Vec::new(),
        namespaced: true,
        status: false,
        generation: false,
        unconditional_update: true,
        made_by_update: false,
        body: Body::Typed(round_trip::<T>),
    }
}

fn round_trip<T: Serialize + DeserializeOwned>(object: Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(object)?)
}

impl Kind {
    fn cluster_wide(self) -> Kind {
        Kind {
            namespaced: false,
            ..self
        }
    }

    fn with_status(self) -> Kind {
        Kind { status: true, ..self }
    }

    fn counting(self) -> Kind {
        Kind {
            generation: true,
            ..self
        }
    }

    fn made_by_update(self) -> Kind {
        Kind {
            made_by_update: true,
            ..self
        }
    }

    fn conditional(self) -> Kind {
        Kind {
            unconditional_update: false,
            ..self
        }
    }
}
