//! Rules about manifests: which crate may depend on which, and where versions and lints come from.

use toml::{Table, Value};

use super::files::TextFile;

/// Every crate but the two that join all the others, and what it may depend on.
///
/// A new edge is a decision record first and a line here second.
const EDGES: &[(&str, &[&str])] = &[
    ("vpsie-api", &[]),
    ("node-match", &[]),
    ("node-lifecycle", &[]),
    ("audit-store", &["node-lifecycle"]),
    ("node-state", &["node-match", "node-lifecycle"]),
    ("fleet-plan", &["node-match", "node-lifecycle", "node-state"]),
    ("endpoint-discovery", &[]),
    (
        "autoscaler-controller",
        &[
            "vpsie-api",
            "node-match",
            "node-lifecycle",
            "audit-store",
            "node-state",
            "fleet-plan",
            "endpoint-discovery",
        ],
    ),
    (
        "autoscaler-web",
        &["node-match", "node-lifecycle", "node-state", "fleet-plan"],
    ),
    ("fleet-sim", &["vpsie-api"]),
];

/// What a crate may depend on besides, in its tests. The simulator is left out where it would depend back.
const DEV_EDGES: &[(&str, &[&str])] = &[
    ("autoscaler-controller", &["fleet-sim"]),
    ("autoscaler-web", &["fleet-sim"]),
    ("endpoint-discovery", &["fleet-sim"]),
];

/// The crates that join all the others.
const JOINING: &[&str] = &["autoscaler", "examples", "system-tests"];

/// Stands for a program of somebody else: it takes neither our versions nor our lints.
const OUTSIDE: &str = "consumer";

/// Crates that think: they touch nothing, and everything they know is an argument.
pub(crate) const PURE: &[&str] = &["node-match", "node-lifecycle", "fleet-plan"];

/// Crates whose core thinks, each with the files and folders of `src` that do not.
pub(crate) const PURE_BUT_FOR: &[(&str, &[&str])] = &[
    ("endpoint-discovery", &["live", "pool", "probe"]),
    ("node-state", &["store"]),
];

/// What a crate needs only to touch the world, to wait, to roll dice or to log.
const IMPURE: &[&str] = &[
    "anyhow",
    "async-trait",
    "futures",
    "k8s-openapi",
    "kube",
    "log",
    "rand",
    "reqwest",
    "tokio",
    "tracing",
];

/// Crates that see Kubernetes.
const KUBERNETES_USERS: &[&str] = &[
    "autoscaler",
    "autoscaler-controller",
    "endpoint-discovery",
    "fleet-sim",
    "system-tests",
];

/// Outside crates that only some of ours may see.
const RESERVED: &[(&str, &[&str])] = &[
    ("anyhow", &["autoscaler"]),
    ("k8s-openapi", KUBERNETES_USERS),
    ("kube", KUBERNETES_USERS),
];

/// Holds the manifest of one crate.
pub(crate) struct Manifest {
    path: String,
    name: String,
    table: Table,
}

/// Holds one line of a table of dependencies.
struct Dependency<'a> {
    name: &'a str,
    value: &'a Value,
    in_tests_only: bool,
}

// === impl Manifest ===

impl Manifest {
    /// Reads a manifest; nothing when it is that of the workspace, which is no crate.
    pub(crate) fn parse(file: &TextFile) -> Option<Self> {
        let table: Table = file.text.parse().expect("cargo reads the same file");
        let name = table.get("package")?.get("name")?.as_str()?.to_owned();
        Some(Self {
            path: file.path.clone(),
            name,
            table,
        })
    }

    fn dependencies(&self) -> Vec<Dependency<'_>> {
        let targets = self
            .table
            .get("target")
            .and_then(Value::as_table)
            .into_iter()
            .flatten();
        let targets = targets.filter_map(|(_, target)| target.as_table());
        let mut found = Vec::new();
        for table in std::iter::once(&self.table).chain(targets) {
            for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
                let lines = table.get(kind).and_then(Value::as_table).into_iter().flatten();
                found.extend(lines.map(|(key, value)| Dependency {
                    name: value.get("package").and_then(Value::as_str).unwrap_or(key),
                    value,
                    in_tests_only: kind == "dev-dependencies",
                }));
            }
        }
        found
    }

    fn complaint(&self, what: &str) -> String {
        format!("{}: {what}", self.path)
    }
}

/// Lists edges between our crates that are not in the table, and crates that have no row in it.
pub(crate) fn forbidden_edges(manifest: &Manifest) -> Vec<String> {
    let name = manifest.name.as_str();
    if JOINING.contains(&name) || name == OUTSIDE {
        return Vec::new();
    }
    let Some((_, allowed)) = EDGES.iter().find(|(from, _)| *from == name) else {
        return vec![manifest.complaint("has no row in the table of allowed dependencies; add one")];
    };
    let in_tests = DEV_EDGES
        .iter()
        .find(|(from, _)| *from == name)
        .map_or(&[][..], |(_, to)| to);
    let is_ours = |to: &str| JOINING.contains(&to) || EDGES.iter().any(|(ours, _)| *ours == to);
    let dependencies = manifest.dependencies().into_iter();
    let forbidden = dependencies.filter(|dependency| {
        let also_in_tests = dependency.in_tests_only && in_tests.contains(&dependency.name);
        is_ours(dependency.name) && !allowed.contains(&dependency.name) && !also_in_tests
    });
    forbidden
        .map(|dependency| manifest.complaint(&format!("{name} must not depend on {}", dependency.name)))
        .collect()
}

/// Lists outside crates that this one must not see.
pub(crate) fn forbidden_outsiders(manifest: &Manifest) -> Vec<String> {
    let name = manifest.name.as_str();
    let is_pure = PURE.contains(&name);
    let mut complaints = Vec::new();
    for dependency in manifest.dependencies() {
        let reserved = RESERVED.iter().find(|(outsider, _)| *outsider == dependency.name);
        if reserved.is_some_and(|(_, users)| !users.contains(&name)) {
            complaints.push(manifest.complaint(&format!("{name} must not see {}", dependency.name)));
        } else if is_pure && IMPURE.contains(&dependency.name) {
            complaints
                .push(manifest.complaint(&format!("{name} thinks: it must not use {}", dependency.name)));
        }
        let features = dependency
            .value
            .get("features")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let reads_clock = features
            .filter_map(Value::as_str)
            .any(|feature| ["clock", "now"].contains(&feature));
        if is_pure && dependency.name == "chrono" && reads_clock && !dependency.in_tests_only {
            complaints.push(manifest.complaint(&format!("{name} thinks: it must not read a clock")));
        }
    }
    complaints
}

/// Lists dependencies that take builders of tests into a program: with those of the gate anybody has a permit.
pub(crate) fn builders_in_programs(manifest: &Manifest) -> Vec<String> {
    let dependencies = manifest.dependencies().into_iter();
    let with_builders = dependencies.filter(|dependency| {
        let features = dependency.value.get("features").and_then(Value::as_array);
        let is_builder = |feature: &Value| {
            ["testing", "mock"]
                .iter()
                .any(|name| feature.as_str() == Some(name))
        };
        !dependency.in_tests_only && features.is_some_and(|features| features.iter().any(is_builder))
    });
    with_builders
        .map(|dependency| {
            manifest.complaint(&format!("{} is for tests with these features", dependency.name))
        })
        .collect()
}

/// Lists dependencies that do not come from the one table of versions, by its name alone.
pub(crate) fn own_versions(manifest: &Manifest) -> Vec<String> {
    if manifest.name == OUTSIDE {
        return Vec::new();
    }
    let dependencies = manifest.dependencies().into_iter();
    let own = dependencies.filter(|dependency| {
        let from_table = dependency.value.get("workspace") == Some(&Value::Boolean(true));
        let has_own = ["version", "path", "git"]
            .iter()
            .any(|key| dependency.value.get(key).is_some());
        !from_table || has_own
    });
    own.map(|dependency| manifest.complaint(&format!("write {}.workspace = true", dependency.name)))
        .collect()
}

/// Lists crates that do not take the lints of the workspace.
pub(crate) fn own_lints(manifest: &Manifest) -> Vec<String> {
    if manifest.name == OUTSIDE {
        return Vec::new();
    }
    let expected: Table = "workspace = true".parse().expect("it is TOML");
    if manifest.table.get("lints") == Some(&Value::Table(expected)) {
        return Vec::new();
    }
    vec![manifest.complaint("write [lints] workspace = true, and nothing else there")]
}
