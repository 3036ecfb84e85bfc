//! From the path and query of a URL to what is asked for.

use std::collections::BTreeMap;

/// What the path of a request points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// `/version`.
    Version,
    /// `/livez`, `/readyz` and `/healthz`.
    Health,
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` and `/apis/GROUP/VERSION`.
    Resources {
        /// Empty for the core group.
        group: String,
        /// Such as `v1alpha1`.
        version: String,
    },
    /// A collection, an object or a subresource.
    Resource(ResourcePath),
}

/// The parts of a resource's path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ResourcePath {
    pub(super) group: String,
    pub(super) version: String,
    /// Absent for cluster-wide kinds and for reads across all namespaces.
    pub(super) namespace: Option<String>,
    pub(super) resource: String,
    pub(super) name: Option<String>,
    /// Empty for the object itself.
    pub(super) subresource: String,
}

/// The query of a request, decoded; the last of several equal keys wins.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pairs: BTreeMap<String, String>,
}

/// Reads a path; absent when it points at nothing a server has.
pub(super) fn parse(path: &str) -> Option<Target> {
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(decode)
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["version"] => Some(Target::Version),
        ["livez" | "readyz" | "healthz"] => Some(Target::Health),
        ["api"] => Some(Target::CoreVersions),
        ["apis"] => Some(Target::Groups),
        ["apis", group] => Some(Target::Group((*group).to_owned())),
        ["api", version] => Some(Target::Resources {
            group: String::new(),
            version: (*version).to_owned(),
        }),
        ["apis", group, version] => Some(Target::Resources {
            group: (*group).to_owned(),
            version: (*version).to_owned(),
        }),
        ["api", version, rest @ ..] => resource("", version, rest),
        ["apis", group, version, rest @ ..] => resource(group, version, rest),
        _ => None,
    }
}

fn resource(group: &str, version: &str, rest: &[&str]) -> Option<Target> {
    // `namespaces/NAME/status` is a subresource of a Namespace, `namespaces/NAME/pods` a collection inside it.
    let (namespace, rest) = match rest {
        ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
        _ => (None, rest),
    };
    let (resource, name, subresource) = match rest {
        [resource] => (resource, None, ""),
        [resource, name] => (resource, Some((*name).to_owned()), ""),
        [resource, name, subresource] => (resource, Some((*name).to_owned()), *subresource),
        _ => return None,
    };
    Some(Target::Resource(ResourcePath {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace,
        resource: (*resource).to_owned(),
        name,
        subresource: subresource.to_owned(),
    }))
}

impl ResourcePath {
    /// Tells whether it points at the evictions of a Pod, which can only be made.
    pub(super) fn is_eviction(&self) -> bool {
        self.subresource == "eviction"
    }
}

/// Decodes `%2C` and its like; bytes that are not UTF-8 become the replacement character.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let coded = (*first == b'%').then(|| tail.get(..2)).flatten();
        let value = coded
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = value {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

// === impl Query ===

impl Query {
    pub(super) fn parse(text: &str) -> Query {
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(&value.replace('+', " ")))
        };
        Query {
            pairs: text
                .split('&')
                .filter(|part| !part.is_empty())
                .map(pair)
                .collect(),
        }
    }

    /// The value of a key; a key with an empty value counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.pairs
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1"))
    }
}
