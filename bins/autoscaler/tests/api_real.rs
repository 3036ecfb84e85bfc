//! The HTTP API of `run`: what it shows of a real cluster, and to whom.

#[path = "api_real/alerted.rs"]
mod alerted;
#[path = "api_real/away.rs"]
mod away;
#[path = "api_real/refreshed.rs"]
mod refreshed;
#[path = "api_real/served.rs"]
mod served;

use fleet_sim::cloud::TOKEN;
use k8s_openapi::api::core::v1::ServiceAccount;
use kit::access::{serve_cloud, write_secret};
use kit::control_plane::ControlPlane;
use kit::deploy::{self, NAMESPACE};
use kit::fleet::Fleet;
use kube::Api;
use kube::api::PostParams;
use serde_json::Value;

use served::Served;

async fn token_of(control_plane: &ControlPlane, name: &str) -> String {
    control_plane
        .service_account(NAMESPACE, name)
        .await
        .token()
        .to_owned()
}

/// LC-38: a Node is shown with its life, its NodeGroup and the evidence by which its machine was found; the purchase is
/// among the decisions, and in the log.
#[tokio::test(flavor = "multi_thread")]
async fn running_operator_shows_its_nodes_with_their_evidence() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Served::start(operator.kubeconfig(), &url, "127.0.0.1").await;
    let shown = process
        .until(
            "/api/nodes?group=default/web&health=healthy",
            None,
            |code, body| code == 200 && body["nodes"][0]["vpsie_node_phase"] == "Ready",
        )
        .await;
    let node = &shown["nodes"][0];
    assert_eq!(node["node_group"], "default/web");
    let matched = &node["details"]["matched"];
    assert_eq!(matched["verdict"], "matched");
    assert!(
        !matched["evidence"].as_array().expect("a list").is_empty(),
        "{matched}"
    );
    assert!(node["details"]["machine"]["identifier"].is_string(), "{node}");
    assert!(node["details"]["moments"]["ready_at"].is_string(), "{node}");
    let groups = process
        .until("/api/groups", None, |code, body| {
            code == 200 && body["groups"][0]["vpsie_nodes"]["ready"] == 1
        })
        .await;
    assert_eq!(groups["groups"][0]["details"]["min_nodes"], 1);
    let decisions = process
        .ask("GET", "/api/decisions?action=node_provision", None)
        .await;
    let (code, decisions) = decisions.expect("an answer");
    assert_eq!(
        (code, &decisions["entries"][0]["decision_by"]),
        (200, &"min_nodes".into()),
        "{decisions}"
    );
}

/// EP-25, EP-38: the instances of a watched Service are shown live, with address and name, and the list is never taken for
/// empty before Kubernetes has told of it.
#[tokio::test(flavor = "multi_thread")]
async fn running_operator_shows_the_instances_of_a_service() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    let person = control_plane.client();
    write_secret(&person, &[("token", TOKEN)]).await;
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Served::start(operator.kubeconfig(), &url, "127.0.0.1").await;
    process
        .until("/api/instances/discovery-info", None, |code, body| {
            code == 200 && body["discoveryMode"] == "kubernetes-endpoints"
        })
        .await;
    deploy::apply(&person, &shop()).await;
    let shown = process
        .until("/api/instances/live", None, |code, body| {
            code == 200 && body["summary"]["total"] == 2
        })
        .await;
    let summary = serde_json::json!({"total": 2, "ready": 1, "notReady": 1, "degraded": 0});
    assert_eq!(shown["summary"], summary);
    assert_eq!(
        (&shown["namespace"], &shown["stale"]),
        (&"default".into(), &false.into())
    );
    let first = &shown["instances"][0];
    assert_eq!(first["addresses"]["ip"], "10.1.0.1", "{first}");
    assert_eq!(
        first["addresses"]["serviceEndpoint"],
        "shop.default.svc.cluster.local"
    );
}

/// A Service with a slice of two endpoints that somebody made by hand, of which one is ready.
pub(crate) fn shop() -> [Value; 2] {
    let endpoint =
        |ip: &str, ready: bool| serde_json::json!({"addresses": [ip], "conditions": {"ready": ready}});
    let metadata = |name: &str| serde_json::json!({"name": name, "namespace": "default"});
    let mut slice = serde_json::json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata("shop-1"), "addressType": "IPv4",
        "endpoints": [endpoint("10.1.0.1", true), endpoint("10.1.0.2", false)], "ports": [{"name": "http", "port": 80}],
    });
    slice["metadata"]["labels"] = serde_json::json!({"kubernetes.io/service-name": "shop"});
    let service = serde_json::json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata("shop"),
        "spec": {"ports": [{"name": "http", "port": 80}]},
    });
    [service, slice]
}

/// A role that lets the bearers of the token of the example have Services read anew.
fn refreshers() -> [Value; 2] {
    let metadata = serde_json::json!({"name": "refreshers"});
    let role = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata,
        "rules": [{"nonResourceURLs": ["/vpsie-autoscaler/api/instances/refresh"], "verbs": ["post"]}],
    });
    let binding = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "refreshers"},
        "subjects": [{"kind": "ServiceAccount", "name": "dashboard", "namespace": NAMESPACE}],
    });
    [role, binding]
}

/// Beyond loopback a token is needed, Kubernetes must know it, and its bearer must have the right: not that on `/api/*`,
/// which everybody has.
#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_decides_whose_token_is_good() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    let person = control_plane.client();
    write_secret(&person, &[("token", TOKEN)]).await;
    deploy::apply(&person, &deploy::documents("examples/api-reader.yaml")).await;
    deploy::apply(&person, &refreshers()).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(person, NAMESPACE);
    let mut stranger = ServiceAccount::default();
    stranger.metadata.name = Some("stranger".to_owned());
    let created = accounts.create(&PostParams::default(), &stranger).await;
    created.expect("a service account");
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Served::start(operator.kubeconfig(), &url, "0.0.0.0").await;
    let reader = token_of(&control_plane, "dashboard").await;
    let stranger = token_of(&control_plane, "stranger").await;
    process
        .until("/api/nodes", Some(&reader), |code, body| {
            code == 200 && body["nodes"].is_array()
        })
        .await;
    let refresh = "/api/instances/refresh";
    for (method, path, token, expected) in [
        ("GET", "/api/nodes", Some(reader.as_str()), 200),
        ("GET", "/api/audit?limit=1", Some(reader.as_str()), 200),
        ("POST", refresh, Some(reader.as_str()), 202),
        ("GET", "/api/nodes", Some(stranger.as_str()), 403),
        ("POST", refresh, Some(stranger.as_str()), 403),
        ("GET", "/api/nodes", Some("made-up"), 401),
        ("GET", "/api/nodes", None, 401),
        ("POST", refresh, None, 401),
    ] {
        let (code, body) = process.ask(method, path, token).await.expect("an answer");
        assert_eq!(code, expected, "{method} {path}: {body}");
        assert!(!body.to_string().contains(&reader), "the token is in the answer");
    }
}
