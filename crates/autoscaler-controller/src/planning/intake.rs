//! Objects as `kubectl get -o yaml` or `-o json` prints them, or as a list of the API server holds them.
//!
//! ```text
//! text ──▶ documents ──▶ lists taken apart ──▶ each object once ──▶ Objects
//!                                                └──▶ what cannot be read, by name
//! ```

mod text;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Broken, Objects, Offers};

/// The namespace of a manifest that names none.
const NAMESPACE: &str = "default";

/// Takes objects in, one document after the other.
#[derive(Debug, Default)]
pub struct Intake {
    /// By kind, namespace and name, so that the order of what is taken in changes nothing.
    objects: BTreeMap<Key, Value>,
    skipped: BTreeMap<String, usize>,
}

/// Says why a text holds no objects of Kubernetes.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It is no YAML.
    #[error("it is neither YAML nor JSON; write what `kubectl get -o yaml` prints")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// It is no JSON.
    #[error("it is no JSON; write what `kubectl get -o json` prints")]
    Json(#[from] serde_json::Error),
    /// A document is something else.
    #[error(
        "`{what}` is no object of Kubernetes: it has no {missing}; write what `kubectl get -o yaml` prints"
    )]
    NotAnObject {
        /// The beginning of it.
        what: String,
        /// What is missing.
        missing: &'static str,
    },
    /// One object was given twice, and each says something else.
    #[error("{kind} {namespace}/{name} is there twice, and the two differ; leave the older one out")]
    Contradiction {
        /// The kind.
        kind: String,
        /// The namespace; empty for what has none.
        namespace: String,
        /// The name.
        name: String,
    },
}

/// Kind, namespace and name.
type Key = (&'static str, String, String);

/// Is a kind that is read.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The version that the live cluster is asked for.
    pub version: &'static str,
    /// The kind.
    pub name: &'static str,
    /// The kind in addresses and rights.
    pub plural: &'static str,
    is_namespaced: bool,
    /// Puts an object where it belongs.
    take: Take,
}

type Take = fn(&mut Objects, Value) -> Result<(), serde_json::Error>;

const fn kind(
    group: &'static str,
    version: &'static str,
    name: &'static str,
    plural: &'static str,
    is_namespaced: bool,
    take: Take,
) -> Kind {
    Kind {
        group,
        version,
        name,
        plural,
        is_namespaced,
        take,
    }
}

const OURS: &str = crate::resources::keys::GROUP;
const STORAGE: &str = "storage.k8s.io";

/// Lists every kind that is read.
pub const KINDS: [Kind; 14] = [
    kind("", "v1", "Node", "nodes", false, |all, value| {
        push(&mut all.nodes, value)
    }),
    kind("", "v1", "Pod", "pods", true, |all, value| {
        push(&mut all.pods, value)
    }),
    kind("", "v1", "Namespace", "namespaces", false, |all, value| {
        push(&mut all.namespaces, value)
    }),
    kind(
        "",
        "v1",
        "PersistentVolume",
        "persistentvolumes",
        false,
        |all, value| serde_json::from_value(value).map(|volume| all.volumes.add_volume(volume)),
    ),
    kind(
        "",
        "v1",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        true,
        |all, value| serde_json::from_value(value).map(|claim| all.volumes.add_claim(claim)),
    ),
    kind("apps", "v1", "DaemonSet", "daemonsets", true, |all, value| {
        push(&mut all.daemon_sets, value)
    }),
    kind(OURS, "v1alpha1", "NodeGroup", "nodegroups", true, |all, value| {
        push(&mut all.groups, value)
    }),
    kind(OURS, "v1alpha1", "VPSieNode", "vpsienodes", true, |all, value| {
        push(&mut all.vpsie_nodes, value)
    }),
    kind(
        OURS,
        "v1alpha1",
        "AutoscalerConfig",
        "autoscalerconfigs",
        false,
        |all, value| push(&mut all.configs, value),
    ),
    kind(
        "policy",
        "v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        true,
        |all, value| push(&mut all.budgets, value),
    ),
    kind(
        "scheduling.k8s.io",
        "v1",
        "PriorityClass",
        "priorityclasses",
        false,
        |all, value| push(&mut all.priority_classes, value),
    ),
    kind(
        STORAGE,
        "v1",
        "StorageClass",
        "storageclasses",
        false,
        |all, value| serde_json::from_value(value).map(|class| all.volumes.add_class(class)),
    ),
    kind(STORAGE, "v1", "CSINode", "csinodes", false, |all, value| {
        push(&mut all.csi_nodes, value)
    }),
    kind(
        "discovery.k8s.io",
        "v1",
        "EndpointSlice",
        "endpointslices",
        true,
        |all, value| push(&mut all.endpoint_slices, value),
    ),
];

fn push<T: DeserializeOwned>(list: &mut Vec<T>, value: Value) -> Result<(), serde_json::Error> {
    serde_json::from_value(value).map(|object| list.push(object))
}

// === impl Kind ===

impl Kind {
    fn find(api_version: &str, kind: &str) -> Option<&'static Self> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        KINDS
            .iter()
            .find(|known| known.group == group && known.name == kind)
    }
}

// === impl Intake ===

impl Intake {
    /// Takes in a text: YAML or JSON, of one or several documents, each an object or a list of objects.
    ///
    /// # Errors
    /// When the text is neither, when something in it is no object, or when one object was given twice and differs.
    pub fn take_text(&mut self, text: &str) -> Result<(), IntakeError> {
        for document in text::documents(text)? {
            self.take(document)?;
        }
        Ok(())
    }

    /// Takes in one object, or each object of a list.
    ///
    /// # Errors
    /// When it is neither, or when one object was given twice and differs.
    pub fn take(&mut self, document: Value) -> Result<(), IntakeError> {
        let mut document = match document {
            Value::Array(items) => return items.into_iter().try_for_each(|item| self.take(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => document,
        };
        let (api_version, kind) = (text_of(&document, "apiVersion"), text_of(&document, "kind"));
        let items = document.get_mut("items").and_then(Value::as_array_mut);
        if let Some((items, of_list)) = items.zip(kind.strip_suffix("List")) {
            let items = std::mem::take(items);
            return items.into_iter().try_for_each(|mut item| {
                // The items of a list of one kind do not repeat what they are.
                if let Some(item) = item.as_object_mut().filter(|_| !of_list.is_empty()) {
                    item.entry("kind").or_insert_with(|| of_list.into());
                    item.entry("apiVersion")
                        .or_insert_with(|| api_version.as_str().into());
                }
                self.take(item)
            });
        }
        if kind.is_empty() {
            return Err(IntakeError::not_an_object(&document, "`kind`"));
        }
        match Kind::find(&api_version, &kind) {
            Some(known) => self.keep(known, document),
            None => {
                *self.skipped.entry(kind).or_default() += 1;
                Ok(())
            }
        }
    }

    /// Keeps an object; of one that was given twice the newer.
    fn keep(&mut self, kind: &'static Kind, mut object: Value) -> Result<(), IntakeError> {
        let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
        let name = metadata
            .as_ref()
            .and_then(|all| all.get("name")?.as_str())
            .map(str::to_owned);
        let Some((metadata, name)) = metadata.zip(name) else {
            return Err(IntakeError::not_an_object(&object, "`metadata.name`"));
        };
        let namespace = if kind.is_namespaced {
            let written = metadata.entry("namespace").or_insert_with(|| NAMESPACE.into());
            written.as_str().unwrap_or_default().to_owned()
        } else {
            String::new()
        };
        let key = (kind.name, namespace, name);
        let Some(known) = self.objects.get(&key) else {
            self.objects.insert(key, object);
            return Ok(());
        };
        match version_of(&object).cmp(&version_of(known)) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Greater => {
                self.objects.insert(key, object);
            }
            std::cmp::Ordering::Equal if object == *known => {}
            std::cmp::Ordering::Equal => {
                let (kind, namespace, name) = key;
                return Err(IntakeError::Contradiction {
                    kind: kind.to_owned(),
                    namespace,
                    name,
                });
            }
        }
        Ok(())
    }

    /// Counts the objects of kinds that are not read, by kind.
    #[must_use]
    pub const fn skipped(&self) -> &BTreeMap<String, usize> {
        &self.skipped
    }

    /// Reads every object; what cannot be read is named, and left out.
    #[must_use]
    pub fn objects(self, offers: Offers) -> Objects {
        let mut objects = Objects {
            offers,
            ..Objects::default()
        };
        for ((kind, namespace, name), value) in self.objects {
            let known = KINDS.iter().find(|known| known.name == kind);
            let Some(Kind { take, .. }) = known else {
                continue;
            };
            let node = value.pointer("/spec/nodeName").and_then(Value::as_str);
            let node = node.filter(|node| !node.is_empty()).map(str::to_owned);
            if let Err(error) = take(&mut objects, value) {
                objects.broken.push(Broken {
                    kind: kind.to_owned(),
                    namespace,
                    name,
                    node,
                    problem: error.to_string(),
                });
            }
        }
        objects
    }
}

fn text_of(document: &Value, field: &str) -> String {
    let text = document.get(field).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// Returns how new an object is, as the API server counts; objects that were never stored are all as new.
fn version_of(object: &Value) -> u64 {
    let version = object
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str);
    version
        .and_then(|version| version.parse().ok())
        .unwrap_or_default()
}

// === impl IntakeError ===

impl IntakeError {
    fn not_an_object(document: &Value, missing: &'static str) -> Self {
        Self::NotAnObject {
            // Enough to find it by.
            what: document.to_string().chars().take(60).collect(),
            missing,
        }
    }
}

#[cfg(test)]
mod tests;
