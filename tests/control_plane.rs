//! What the real API server does, where an API in memory could only be believed.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kit::control_plane::{Binaries, ControlPlane};
use kube::api::{ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client, Error};

#[tokio::test]
async fn server_starts_and_names_its_version() {
    let control_plane = kit::real_control_plane!();

    let version = control_plane
        .client()
        .apiserver_version()
        .await
        .expect("the version");

    println!("kube-apiserver {}", version.git_version);
    assert_eq!(version.major, "1");
    assert!(version.git_version.starts_with("v1."), "{}", version.git_version);
}

#[tokio::test]
async fn config_map_comes_back_as_it_was_created() {
    let control_plane = kit::real_control_plane!();
    let config_maps = config_maps(control_plane.client());

    let created = config_maps
        .create(&PostParams::default(), &config_map("colours"))
        .await
        .expect("created");

    assert_eq!(created.data, config_map("colours").data);
    assert_eq!(config_maps.get("colours").await.expect("read"), created);
}

#[tokio::test]
async fn merge_patch_with_a_stale_resource_version_is_a_conflict() {
    let control_plane = kit::real_control_plane!();
    let config_maps = config_maps(control_plane.client());
    let first = config_maps
        .create(&PostParams::default(), &config_map("colours"))
        .await
        .expect("created");
    let change = |to: &str| {
        Patch::Merge(serde_json::json!({
            "metadata": {"resourceVersion": first.metadata.resource_version},
            "data": {"sky": to},
        }))
    };

    config_maps
        .patch("colours", &PatchParams::default(), &change("grey"))
        .await
        .expect("still fresh");
    let refused = config_maps
        .patch("colours", &PatchParams::default(), &change("red"))
        .await;

    assert_eq!(code(refused), 409);
    let kept = config_maps.get("colours").await.expect("read").data;
    assert_eq!(
        kept,
        Some(BTreeMap::from([("sky".to_owned(), "grey".to_owned())]))
    );
}

#[tokio::test]
async fn user_without_rights_is_refused_and_a_group_may_give_them() {
    let control_plane = kit::real_control_plane!();
    let list = ListParams::default();

    let stranger = config_maps(control_plane.client_for("stranger", &["nobodies", "strangers"]));
    assert_eq!(code(stranger.list(&list).await), 403);

    let member = config_maps(control_plane.client_for("stranger", &["nobodies", "system:masters"]));
    assert_eq!(member.list(&list).await.expect("allowed").items, []);
}

#[tokio::test]
async fn kubeconfig_opens_the_same_server() {
    let control_plane = kit::real_control_plane!();
    let file = kube::config::Kubeconfig::read_from(control_plane.kubeconfig()).expect("a kubeconfig");

    let config = kube::Config::from_custom_kubeconfig(file, &Default::default())
        .await
        .expect("settings");

    assert_eq!(config.cluster_url, control_plane.config().cluster_url);
    let client = Client::try_from(config).expect("a client");
    client.apiserver_version().await.expect("the version");
}

#[tokio::test]
async fn two_control_planes_side_by_side_share_nothing() {
    let one = kit::real_control_plane!();
    let other = kit::real_control_plane!();

    let created = config_maps(one.client())
        .create(&PostParams::default(), &config_map("colours"))
        .await;

    created.expect("created in one");
    assert_eq!(
        config_maps(other.client())
            .get_opt("colours")
            .await
            .expect("read"),
        None
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropped_control_plane_leaves_no_process_and_no_file() {
    let control_plane = kit::real_control_plane!();
    let folder = control_plane.kubeconfig().parent().expect("a folder").to_owned();
    assert_eq!(processes_of(&folder), 4, "two servers and their guards");

    drop(control_plane);

    assert!(!folder.exists(), "{} is still there", folder.display());
    let nobody = async {
        while processes_of(&folder) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), nobody)
        .await
        .expect("the guards have gone");
}

/// Stands in for a server that cannot start; whoever reads the test's output learns why.
#[tokio::test]
async fn server_that_ends_at_once_shows_its_last_words() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["etcd", "kube-apiserver"] {
        script(&folder.path().join(name), "echo no luck today >&2; exit 7");
    }

    let error = ControlPlane::start_with(&Binaries::at(folder.path()))
        .await
        .expect_err("no server");

    let text = error.to_string();
    assert!(
        text.contains("exit status: 7") && text.contains("no luck today"),
        "{text}"
    );
}

#[test]
fn missing_control_plane_is_skipped_loudly() {
    let output = run_without_binaries("0");

    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(
        errors.contains("SKIPPED (needs a real control plane: "),
        "{errors}"
    );
    assert!(
        errors.contains("run scripts/control-plane to build them"),
        "{errors}"
    );
    assert!(errors.contains("server_starts_and_names_its_version"), "{errors}");
}

#[test]
fn missing_control_plane_fails_where_real_parts_are_required() {
    let output = run_without_binaries("1");

    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{shown}");
    assert!(
        shown.contains("run scripts/control-plane to build them"),
        "{shown}"
    );
}

/// Runs one test of this file again, in a place where no control plane can be found.
fn run_without_binaries(require_real: &str) -> Output {
    let empty = tempfile::tempdir().expect("a folder");
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "server_starts_and_names_its_version"])
        .env("REQUIRE_REAL", require_real)
        .env("XDG_CACHE_HOME", empty.path())
        .env("PATH", "/usr/bin:/bin")
        .env_remove("KUBEBUILDER_ASSETS")
        .output()
        .expect("this program runs again")
}

fn config_maps(client: Client) -> Api<ConfigMap> {
    Api::namespaced(client, "default")
}

fn config_map(name: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([("sky".to_owned(), "blue".to_owned())])),
        ..ConfigMap::default()
    }
}

/// The HTTP status of a refusal.
#[track_caller]
fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> u16 {
    let error = answer.expect_err("a refusal");
    let Error::Api(status) = &error else {
        panic!("not an answer of the API server: {error:?}")
    };
    status.code
}

/// How many processes name `folder` in their command line.
#[cfg(target_os = "linux")]
fn processes_of(folder: &Path) -> usize {
    let folder = folder.to_str().expect("a plain path");
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| String::from_utf8_lossy(line).contains(folder))
        .count()
}

fn script(path: &Path, body: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{body}\n")).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("executable");
}
