//! A list in pages, and pods chosen by their Node and their phase, as they are read right before a removal.

use std::collections::BTreeSet;

use kube::Client;
use serde_json::{Value, json};

use crate::request::{MERGE, Step, must};
use crate::steps::of;

const PODS: &str = "/api/v1/namespaces/default/pods";
/// Pods of one Node that are not over.
const CHOSEN: &str =
    "fieldSelector=spec.nodeName%3Dpaged%2Cstatus.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";

/// Tells of three pods of a Node that run, and of others.
pub(crate) async fn tell(client: &Client) {
    for (name, node, phase) in [
        ("a", "paged", "Running"),
        ("b", "paged", "Succeeded"),
        ("c", "paged", "Pending"),
        ("d", "other", "Running"),
        ("e", "paged", "Failed"),
        ("f", "paged", "Running"),
    ] {
        pod(client, name, node, phase).await;
    }
    let whole = must(client, 200, Step::get(&format!("{PODS}?{CHOSEN}"))).await;
    assert_eq!(names(&whole), ["a", "c", "f"].into());
    assert_eq!(more(&whole), "", "a list without a limit comes whole");
    let just = must(client, 200, Step::get(&format!("{PODS}?{CHOSEN}&limit=3"))).await;
    assert_eq!(
        (names(&just).len(), more(&just)),
        (3, ""),
        "all of it fits into the limit"
    );

    let first = must(client, 200, Step::get(&format!("{PODS}?{CHOSEN}&limit=2"))).await;
    assert_eq!(names(&first), ["a", "c"].into());
    let token = more(&first).replace('=', "%3D").replace('/', "%2F");
    assert!(!token.is_empty(), "{first}");
    let path = format!("{PODS}?{CHOSEN}&limit=2&continue={token}");
    let second = must(client, 200, Step::get(&path)).await;
    assert_eq!((names(&second), more(&second)), (["f"].into(), ""));
    must(
        client,
        400,
        Step::get(&format!("{PODS}?limit=2&continue=nonsense")),
    )
    .await;
}

async fn pod(client: &Client, name: &str, node: &str, phase: &str) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "nodeName": node, "automountServiceAccountToken": false,
            "containers": [{"name": "one", "image": "none"}],
        },
    });
    must(client, 201, Step::post(PODS, pod)).await;
    let status = json!({"status": {"phase": phase}});
    let path = of(PODS, &format!("{name}/status"));
    must(client, 200, Step::patch(&path, MERGE, status)).await;
}

fn names(list: &Value) -> BTreeSet<&str> {
    let items = list["items"].as_array().into_iter().flatten();
    items
        .filter_map(|item| item["metadata"]["name"].as_str())
        .collect()
}

fn more(list: &Value) -> &str {
    list["metadata"]["continue"].as_str().unwrap_or_default()
}
