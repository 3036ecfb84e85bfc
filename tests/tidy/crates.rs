//! The rules about crates, as tests: direction, purity, versions and lints.

use super::files::{self, TextFile};
use super::manifest::{self, Manifest};
use super::nothing_to_say;

/// Shows that a rule complains once about each bad crate and not about a good one, then asks about ours.
#[track_caller]
fn check_manifests(rule: fn(&Manifest) -> Vec<String>, bad: &[(&str, &str)], good: &[(&str, &str)]) {
    for (name, text) in bad {
        assert_eq!(
            rule(&manifest_of(name, text)).len(),
            1,
            "the rule must see {name}: {text}"
        );
    }
    for (name, text) in good {
        assert_eq!(
            rule(&manifest_of(name, text)),
            Vec::<String>::new(),
            "the rule must not mind {text}"
        );
    }
    nothing_to_say(manifests().iter().flat_map(rule).collect());
}

fn manifest_of(name: &str, text: &str) -> Manifest {
    let text = format!("[package]\nname = \"{name}\"\n{text}\n");
    Manifest::parse(&TextFile::new("Cargo.toml", &text)).expect("a sample is a crate")
}

/// Reads the manifest of every crate of the checkout.
pub(crate) fn manifests() -> Vec<Manifest> {
    let files = files::all().into_iter();
    let manifests = files.filter(|file| file.path.rsplit('/').next() == Some("Cargo.toml"));
    manifests.filter_map(|file| Manifest::parse(&file)).collect()
}

#[test]
fn crates_depend_only_in_the_allowed_direction() {
    check_manifests(
        manifest::forbidden_edges,
        &[
            ("node-match", "[dependencies]\nvpsie-api.workspace = true"),
            ("node-match", "[dev-dependencies]\nfleet-sim.workspace = true"),
            (
                "vpsie-api",
                "[dependencies]\nlifecycle = { workspace = true, package = \"node-lifecycle\" }",
            ),
            (
                "fleet-sim",
                "[target.'cfg(unix)'.dependencies]\nautoscaler-controller.workspace = true",
            ),
            (
                "autoscaler-controller",
                "[dependencies]\nfleet-sim.workspace = true",
            ),
            (
                "autoscaler-controller",
                "[dependencies]\nautoscaler.workspace = true",
            ),
            ("a-new-room", ""),
        ],
        &[
            (
                "autoscaler-controller",
                "[dependencies]\nnode-match.workspace = true\nvpsie-api.workspace = true",
            ),
            (
                "autoscaler-controller",
                "[dev-dependencies]\nfleet-sim.workspace = true",
            ),
            ("autoscaler", "[dependencies]\nfleet-sim.workspace = true"),
            ("node-match", "[dependencies]\nchrono.workspace = true"),
        ],
    );
}

#[test]
fn crates_see_only_the_outsiders_they_need() {
    check_manifests(
        manifest::forbidden_outsiders,
        &[
            ("node-match", "[dependencies]\ntokio.workspace = true"),
            ("node-match", "[dependencies]\nkube.workspace = true"),
            (
                "node-match",
                "[dependencies]\nreqwest = { workspace = true, optional = true }",
            ),
            ("node-lifecycle", "[dependencies]\nasync-trait.workspace = true"),
            ("fleet-plan", "[build-dependencies]\nrand.workspace = true"),
            ("fleet-plan", "[dev-dependencies]\ntracing.workspace = true"),
            (
                "node-match",
                "[dependencies]\nchrono = { workspace = true, features = [\"now\"] }",
            ),
            ("vpsie-api", "[dependencies]\nkube.workspace = true"),
            ("fleet-sim", "[dependencies]\nanyhow.workspace = true"),
        ],
        &[
            ("node-match", "[dependencies]\nchrono.workspace = true"),
            ("node-match", "[dev-dependencies]\nproptest.workspace = true"),
            ("autoscaler", "[dependencies]\nanyhow.workspace = true"),
            (
                "fleet-sim",
                "[dependencies]\nkube.workspace = true\ntokio.workspace = true",
            ),
        ],
    );
}

#[test]
fn versions_come_from_the_one_table() {
    check_manifests(
        manifest::own_versions,
        &[
            ("node-match", "[dependencies]\nchrono = \"0.4\""),
            (
                "node-match",
                "[dependencies]\nchrono = { version = \"0.4\", default-features = false }",
            ),
            (
                "node-match",
                "[dev-dependencies]\nnode-lifecycle = { path = \"../node-lifecycle\" }",
            ),
            (
                "node-match",
                "[target.'cfg(unix)'.dependencies]\nchrono.version = \"0.4\"",
            ),
        ],
        &[(
            "node-match",
            "[dependencies]\nchrono = { workspace = true, features = [\"std\"] }",
        )],
    );
}

#[test]
fn lints_come_from_the_one_table() {
    check_manifests(
        manifest::own_lints,
        &[
            ("node-match", ""),
            ("node-match", "[lints]\nworkspace = false"),
            ("node-match", "[lints.rust]\nunsafe_code = \"allow\""),
        ],
        &[("node-match", "[lints]\nworkspace = true")],
    );
}

/// LC-24: a builder of tests makes permits without a fleet; no program has it.
#[test]
fn builders_of_tests_are_in_no_program() {
    let table = |kind: &str, features: &str| {
        format!("[{kind}]\nnode-lifecycle = {{ workspace = true, features = [{features}] }}")
    };
    check_manifests(
        manifest::builders_in_programs,
        &[
            ("autoscaler", &table("dependencies", "'testing'")),
            ("autoscaler", &table("dependencies", "'a', 'mock'")),
            ("autoscaler", &table("build-dependencies", "'testing'")),
        ],
        &[
            ("autoscaler", &table("dependencies", "'a'")),
            ("autoscaler", &table("dev-dependencies", "'testing'")),
        ],
    );
}
