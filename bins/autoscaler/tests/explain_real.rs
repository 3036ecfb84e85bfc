//! `explain` as a process of its own, under the rights of `deploy/explain-rbac.yaml`, against a real API server and
//! the simulated VPSie over loopback HTTP.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode, VPSieNodeSpec, VPSieNodeStatus, keys};
use fleet_sim::cloud::{CallKind, TOKEN};
use k8s_openapi::api::core::v1::{Node, Pod, ServiceAccount};
use kit::access::{serve_cloud, write_secret};
use kit::control_plane::ControlPlane;
use kit::deploy::{apply, documents};
use kit::fleet::{Fleet, NAMESPACE};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

/// How long one look may take.
const LIMIT: Duration = Duration::from_secs(60);
/// The namespace of the Secret and of the readers.
const SYSTEM: &str = "kube-system";

async fn explain(kubeconfig: &Path, url: &str, more: &[&str]) -> Output {
    live(&["explain", "vpsienode"], kubeconfig, url, more).await
}

/// Runs a command that looks at the live cluster.
async fn live(command: &[&str], kubeconfig: &Path, url: &str, more: &[&str]) -> Output {
    let access = [
        "--vpsie-url",
        url,
        "--allow-plain-http-to-loopback",
        "--kubeconfig",
    ];
    let child = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args(command)
        .args(access)
        .arg(kubeconfig)
        .args(more)
        .kill_on_drop(true)
        .output();
    timeout(LIMIT, child)
        .await
        .expect("it ends in time")
        .expect("it was built for this test")
}

#[track_caller]
fn check(output: &Output, code: i32, told: &[&str], complained: &[&str]) {
    let (result, message) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{result}\n{message}");
    for word in told {
        assert!(result.contains(word), "no `{word}` in: {result}");
    }
    for word in complained {
        assert!(message.contains(word), "no `{word}` in: {message}");
    }
    assert!(
        !message.contains(TOKEN) && !result.contains(TOKEN),
        "the token is shown"
    );
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Makes a service account; with these roles of `deploy/explain-rbac.yaml` bound to it.
async fn reader(control_plane: &ControlPlane, name: &str, kinds: &[&str]) -> kit::control_plane::Identity {
    let client = control_plane.client();
    let mut account = ServiceAccount::default();
    account.metadata.name = Some(name.to_owned());
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), SYSTEM);
    accounts
        .create(&PostParams::default(), &account)
        .await
        .expect("a new name");
    let bindings: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            let mut metadata = json!({ "name": name });
            if *kind == "Role" {
                metadata["namespace"] = json!(SYSTEM);
            }
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}Binding"), "metadata": metadata,
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "vpsie-autoscaler-explain" },
                "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": SYSTEM }],
            })
        })
        .collect();
    apply(&client, &documents("explain-rbac.yaml")).await;
    apply(&client, &bindings).await;
    control_plane.service_account(SYSTEM, name).await
}

/// A VPSieNode whose machine was asked for five minutes ago.
async fn asked(fleet: &Fleet, name: &str) {
    let mut object = VPSieNode::new(
        name,
        VPSieNodeSpec {
            node_group_name: "web".to_owned(),
            resource_identifier: fleet.cluster.clone(),
            instance_type: "57".to_owned(),
            datacenter_id: kit::fleet::DATACENTER.to_owned(),
            project: "default".to_owned(),
            kubernetes_version: "v1.34.1".to_owned(),
            ..VPSieNodeSpec::default()
        },
    );
    let requested_at = chrono::Utc::now() - chrono::TimeDelta::minutes(5);
    let intent = json!({ "requestedAt": requested_at, "outcome": "accepted", "attempt": 1 });
    object
        .annotations_mut()
        .insert(keys::ANNOTATION_CREATION_INTENT.to_owned(), intent.to_string());
    fleet.create(&object).await;
    let status = VPSieNodeStatus {
        phase: Some(Phase::Provisioning),
        ..VPSieNodeStatus::default()
    };
    fleet
        .api::<VPSieNode>()
        .patch_status(
            name,
            &PatchParams::default(),
            &Patch::Merge(json!({ "status": status })),
        )
        .await
        .expect("the status is accepted");
}

/// Makes a fleet whose VPSieNode `web-1` waits for its machine, and serves its VPSie at the returned URL.
async fn fleet_that_asked(control_plane: &ControlPlane) -> (Fleet, String) {
    let fleet = Fleet::on(control_plane).await;
    let url = serve_cloud(&fleet.cloud).await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    asked(&fleet, "web-1").await;
    (fleet, url)
}

/// Lists the versions of everything that could have been changed.
async fn versions(client: &Client) -> Vec<String> {
    async fn of<K>(client: &Client) -> Vec<String>
    where
        K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
    {
        let all = Api::<K>::all(client.clone())
            .list(&ListParams::default())
            .await
            .expect("it is served");
        all.into_iter()
            .filter_map(|object| object.resource_version())
            .collect()
    }
    [
        of::<NodeGroup>(client).await,
        of::<VPSieNode>(client).await,
        of::<Node>(client).await,
    ]
    .concat()
}

/// D8, R3: how a VPSieNode that is Ready came to its machine and its Node, and what its conditions say.
#[tokio::test(flavor = "multi_thread")]
async fn explain_tells_how_a_machine_was_matched() {
    let control_plane = kit::real_control_plane!();
    let mut fleet = Fleet::on(&control_plane).await;
    let url = serve_cloud(&fleet.cloud).await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    fleet.start().await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    fleet.stop().await;
    let claim = stored.claim("web-1").expect("it is Ready");
    let machine = claim
        .spec
        .vpsie_node_identifier
        .clone()
        .expect("it is discovered");
    let node = claim.status.as_ref().and_then(|status| status.node_name.clone());
    let node = node.expect("it has joined");
    let reader = reader(&control_plane, "looker", &["ClusterRole", "Role"]).await;

    let output = explain(reader.kubeconfig(), &url, &["web-1"]).await;
    let told = ["is in phase Ready.", &machine, &node, "recorded-identifier"];
    check(&output, 0, &told, &[]);
    let output = explain(reader.kubeconfig(), &url, &["web-1", "--output", "json"]).await;
    let values: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(values["match"]["verdict"], "matched", "{values:#}");
    assert_eq!(values["match"]["machine"]["identifier"], machine, "{values:#}");
    assert_eq!(values["match"]["node"], node, "{values:#}");
    let evidence = |link: &str| {
        let all = values["match"]["evidence"].as_array().into_iter().flatten();
        all.filter(|one| one["link"] == link)
            .map(|one| one["kind"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(evidence("claim-machine"), ["recorded-identifier"]);
    assert_eq!(evidence("claim-node"), ["recorded-node"]);
    assert_eq!(evidence("machine-node"), ["address"]);
    let conditions = values["conditions"].as_array().into_iter().flatten();
    let reasons: Vec<&Value> = conditions.map(|condition| &condition["reason"]).collect();
    assert!(reasons.contains(&&json!("Ready")), "{reasons:?}");
}

/// D8, R2: verdict, machines and request of a VPSieNode that waits, read once and under few rights.
#[tokio::test(flavor = "multi_thread")]
async fn explain_tells_what_there_is_and_changes_nothing() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    let (fleet, url) = fleet_that_asked(&control_plane).await;
    let reader = reader(&control_plane, "reader", &["ClusterRole", "Role"]).await;
    let before = versions(&client).await;

    let output = explain(reader.kubeconfig(), &url, &["web-1"]).await;
    let told = [
        "VPSieNode default/web-1 of NodeGroup web is in phase Provisioning.",
        "A machine was asked for at",
        "VPSie accepted it.",
        "VPSie listed",
        "Waiting: ",
        "belongs to the control plane.",
    ];
    check(&output, 0, &told, &[]);
    let kinds: Vec<CallKind> = fleet.cloud.calls().iter().map(|call| call.kind).collect();
    assert!(
        kinds.len() <= 3 && kinds.contains(&CallKind::Cluster),
        "one poll: {kinds:?}"
    );

    let output = explain(reader.kubeconfig(), &url, &["default/web-1", "--output", "json"]).await;
    let values: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(values["vpsieNode"]["phase"], "Provisioning");
    assert_eq!(values["request"]["intent"]["outcome"], "accepted");
    assert_eq!(values["match"]["verdict"], "waiting", "{values:#}");
    let considered = &values["match"]["explanation"]["considered"];
    assert_eq!(considered["machines"], values["vpsie"]["machines"], "{values:#}");
    assert_eq!(versions(&client).await, before, "nothing was written");
}

/// Bad input: each cause has its message and its code.
#[tokio::test(flavor = "multi_thread")]
async fn explain_says_what_is_in_its_way() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    let (_fleet, url) = fleet_that_asked(&control_plane).await;

    let all = reader(&control_plane, "reader", &["ClusterRole", "Role"]).await;
    let output = explain(all.kubeconfig(), &url, &["web-2"]).await;
    check(
        &output,
        2,
        &[],
        &["no VPSieNode web-2", &format!("did you mean {NAMESPACE}/web-1?")],
    );
    let half = reader(&control_plane, "half", &["Role"]).await;
    let output = explain(half.kubeconfig(), &url, &["web-1"]).await;
    check(&output, 5, &[], &["forbids you to list nodegroups"]);
    let nobody = reader(&control_plane, "nobody", &[]).await;
    let output = explain(nobody.kubeconfig(), &url, &["web-1"]).await;
    check(
        &output,
        3,
        &[],
        &["forbids get on secrets: kube-system/vpsie-secret"],
    );

    let unreachable = "http://127.0.0.1:9/apps/v2";
    let output = explain(all.kubeconfig(), unreachable, &["web-1"]).await;
    check(
        &output,
        4,
        &["VPSieNode default/web-1", "VPSie gave no answer"],
        &["error: "],
    );
    assert!(
        !text(&output.stdout).contains("Waiting"),
        "what was not seen is not told"
    );
    write_secret(&client, &[("token", "wrong")]).await;
    let output = explain(all.kubeconfig(), &url, &["web-1"]).await;
    check(&output, 3, &["VPSieNode default/web-1"], &["credentials"]);
}

/// Makes a pod for Nodes of the NodeGroup `web` that the scheduler found no Node for.
async fn unschedulable(client: &Client, name: &str, cpu: &str) {
    let api = Api::<Pod>::namespaced(client.clone(), NAMESPACE);
    let pod = json!({
        "metadata": {"name": name},
        "spec": {
            "nodeSelector": {keys::LABEL_NODE_GROUP: "web"},
            "containers": [{"name": "c", "image": "none", "resources": {"requests": {"cpu": cpu}}}],
        },
    });
    let pod = serde_json::from_value(pod).expect("it has the shape of a Pod");
    api.create(&PostParams::default(), &pod)
        .await
        .expect("it is accepted");
    let told = json!({"status": {"conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": "2026-01-01T00:00:00Z"},
    ]}});
    let patch = Patch::Merge(told);
    let patched = api.patch_status(name, &PatchParams::default(), &patch).await;
    patched.expect("the status is accepted");
}

/// Lists a kind as `kubectl get -o json` prints it.
async fn dumped<K>(client: &Client) -> String
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let list = Api::<K>::all(client.clone()).list(&ListParams::default()).await;
    let mut list = serde_json::to_value(list.expect("it is served")).expect("it is plain data");
    list["kind"] = json!(format!("{}List", K::kind(&())));
    list["apiVersion"] = json!(K::api_version(&()));
    list.to_string()
}

/// SC-20, SC-21: a plan of a live cluster needs the rights of `deploy/explain-rbac.yaml`, asks VPSie for its offers alone,
/// changes nothing, and says what it says of a dump.
#[tokio::test(flavor = "multi_thread")]
async fn plan_of_a_live_cluster_is_that_of_its_dump() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    let (fleet, url) = fleet_that_asked(&control_plane).await;
    for (name, cpu) in [("a", "1500m"), ("b", "1500m"), ("c", "64")] {
        unschedulable(&client, name, cpu).await;
    }
    let reader = reader(&control_plane, "planner", &["ClusterRole", "Role"]).await;
    let before = versions(&client).await;

    let output = live(&["plan"], reader.kubeconfig(), &url, &[]).await;
    check(&output, 0, &[], &[]);
    let plan: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let pods = plan["pods"].as_array().into_iter().flatten();
    let outcomes: Vec<_> = pods
        .map(|pod| (&pod["pod"], &pod["outcome"], &pod["on"]))
        .collect();
    let pod = |name: &str| json!(format!("{NAMESPACE}/{name}"));
    let expected = [
        (&pod("a"), &json!("incoming"), &json!("web-1")),
        (
            &pod("b"),
            &json!("new-node"),
            &json!(format!("{NAMESPACE}/web#1")),
        ),
        (&pod("c"), &json!("unhelpable"), &Value::Null),
    ];
    assert_eq!(outcomes, expected, "{plan:#}");
    assert_eq!(plan["scaleUp"][0]["count"], 1, "{plan:#}");
    let kinds: Vec<CallKind> = fleet.cloud.calls().iter().map(|call| call.kind).collect();
    assert_eq!(kinds, [CallKind::Offers]);
    let output = live(
        &["explain", "pod", &format!("{NAMESPACE}/c")],
        reader.kubeconfig(),
        &url,
        &[],
    )
    .await;
    check(
        &output,
        0,
        &["insufficient-cpu: needs 64", "What would help"],
        &[],
    );
    assert_eq!(versions(&client).await, before, "nothing was written");

    let folder = tempfile::tempdir().expect("a folder");
    let dump = folder.path().join("dump.json");
    let lists = [
        dumped::<Pod>(&client).await,
        dumped::<Node>(&client).await,
        dumped::<NodeGroup>(&client).await,
        dumped::<VPSieNode>(&client).await,
    ];
    std::fs::write(&dump, lists.join("\n")).expect("it can be written");
    let offers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan/offers.json");
    let of_cluster = live(&["plan"], reader.kubeconfig(), &url, &["--offers", offers]).await;
    check(&of_cluster, 0, &["new-node"], &[]);
    let mut plan_of_dump = Command::new(env!("CARGO_BIN_EXE_autoscaler"));
    plan_of_dump
        .args(["plan", "--offers", offers, "--from"])
        .arg(&dump);
    let of_dump = timeout(LIMIT, plan_of_dump.output())
        .await
        .expect("it ends in time");
    let of_dump = of_dump.expect("it was built for this test");
    assert_eq!(text(&of_dump.stdout), text(&of_cluster.stdout));

    let nobody = self::reader(&control_plane, "half-planner", &["Role"]).await;
    let output = live(&["plan"], nobody.kubeconfig(), &url, &[]).await;
    check(&output, 5, &[], &["forbids you to list nodes"]);
}
