//! Every call there is, once, over HTTP.

use fleet_sim::cloud::CallKind;
use serde_json::{Value, json};

use crate::client::{FORM, Served};

const JSON: &str = "application/json";

/// Asks and compares one field of the answer, named by a JSON pointer.
async fn check(
    world: &Served,
    ask: (&str, &str, &str, &str),
    pointer: &str,
    expected: Value,
    kind: CallKind,
) {
    let (method, path, content, body) = ask;
    let before = world.cloud.calls_of(kind);
    let answer = world.ask(method, path, content, body).await;
    assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
    assert_eq!(answer.headers["content-type"], JSON, "{method} {path}");
    let json = answer.json();
    assert_eq!(json.pointer(pointer), Some(&expected), "{method} {path}: {json}");
    assert_eq!(
        world.cloud.calls_of(kind),
        before + 1,
        "{method} {path} is {kind:?}"
    );
}

async fn check_get(world: &Served, path: &str, pointer: &str, expected: Value, kind: CallKind) {
    check(world, ("GET", path, JSON, ""), pointer, expected, kind).await;
}

/// K1 to K11.
#[tokio::test(start_paused = true)]
async fn clusters_answer_over_http() {
    let world = Served::example("whole-account").await;
    let cluster = world.cluster();
    let by_id = format!("/apps/v2/k8s/cluster/byId/{cluster}");
    let name = json!("HEL-Kubernetes-49ab");
    check_get(
        &world,
        "/apps/v2/k8s/cluster/all",
        "/data/0/cluster_name",
        name.clone(),
        CallKind::Clusters,
    )
    .await;
    check_get(
        &world,
        &by_id,
        "/data/nodes/5/node_type",
        json!(2),
        CallKind::Cluster,
    )
    .await;
    let groups = format!("/apps/v2/k8s/node/groups/byClusterId/{cluster}");
    check_get(
        &world,
        &groups,
        "/data/1/boxsize_id",
        json!(61),
        CallKind::NodeGroups,
    )
    .await;
    let offers = json!({"dcIdentifier": "66a06b85-c9ee-11e3-9845-005056aa8af7"}).to_string();
    let ask = ("POST", "/apps/v2/k8s/offers", JSON, offers.as_str());
    check(&world, ask, "/data/2/price", json!(384.99), CallKind::Offers).await;
    let group = json!({"clusterIdentifier": cluster, "groupName": "web", "KubeSizeID": 58}).to_string();
    let ask = ("POST", "/apps/v2/k8s/cluster/add/group", JSON, group.as_str());
    check(&world, ask, "/data", json!(true), CallKind::CreateGroup).await;
    let add = format!("{by_id}/add/slave/group/412");
    check(
        &world,
        ("POST", &add, JSON, ""),
        "/data",
        json!(true),
        CallKind::AddWorker,
    )
    .await;
    let made = world.cloud.ledger().pop().unwrap().machine.unwrap();
    let remove = format!("{by_id}/delete/slave");
    let body = json!({"identifier": made}).to_string();
    check(
        &world,
        ("DELETE", &remove, JSON, &body),
        "/data",
        json!(true),
        CallKind::RemoveWorker,
    )
    .await;
    assert_eq!(world.cloud.removals()[0].machine, made);
}

/// K5.
#[tokio::test(start_paused = true)]
async fn empty_group_is_deleted_over_http() {
    let world = Served::scenario("clusters: [{name: a, groups: [{name: web, size: 57}]}]").await;
    let group = world.cloud.groups(&world.cluster())[0].uuid.clone();
    let path = format!("/apps/v2/k8s/cluster/delete/group/{group}");
    let body = r#"{"deleteStatistic":{"reason":"autoscaler","note":"node group removed"}}"#;
    let ask = ("DELETE", path.as_str(), JSON, body);
    check(&world, ask, "/data", json!(true), CallKind::DeleteGroup).await;
}

/// V1 to V4, V19.
#[tokio::test(start_paused = true)]
async fn vms_answer_over_http() {
    let world = Served::example("whole-account").await;
    check_get(&world, "/apps/v2/vm", "/total", json!(6), CallKind::Vms).await;
    check_get(
        &world,
        "/api/v2/vm",
        "/data/5/is_deleted",
        json!(1),
        CallKind::Vms,
    )
    .await;
    let app = world.get("/apps/v2/vm").await.data()[1]["identifier"].clone();
    let app = app.as_str().unwrap();
    let path = format!("/apps/v2/vm/{app}");
    check_get(
        &world,
        &path,
        "/data/vmData/hostname",
        json!("app-2"),
        CallKind::Vm,
    )
    .await;
    let path = format!("/apps/v2/vm/status/{app}");
    check_get(
        &world,
        &path,
        "/data/status",
        json!("stopped"),
        CallKind::VmStatus,
    )
    .await;
    let path = "/apps/v2/vm/pending";
    check_get(
        &world,
        path,
        "/data/0/data/hostname",
        json!("app-7"),
        CallKind::PendingVms,
    )
    .await;
    let path = "/apps/v2/storages/vms?offset=0&limit=0";
    // Three VMs that are active, and the four workers of both clusters.
    check_get(&world, path, "/total", json!(7), CallKind::VolumeHosts).await;
    check_get(&world, path, "/data/3/type", json!("k8s"), CallKind::VolumeHosts).await;
    world.later(601).await;
    check_get(
        &world,
        "/apps/v2/vm/pending",
        "/data",
        json!([]),
        CallKind::PendingVms,
    )
    .await;
    check_get(&world, "/apps/v2/vm", "/total", json!(7), CallKind::Vms).await;
}

/// P1, P2, and what belongs to the account.
#[tokio::test(start_paused = true)]
async fn account_answers_over_http() {
    let world = Served::example("whole-account").await;
    let path = "/api/v2/plans/category";
    check_get(
        &world,
        path,
        "/data/1/name",
        json!("Compute Optimized"),
        CallKind::PlanCategories,
    )
    .await;
    let form = "dcIdentifier=66a06b85-c9ee-11e3-9845-005056aa8af7&osIdentifier=os&planCatIdentifier=cat-2\
                &name=query&description=query&isCustom=0";
    let ask = ("POST", "/apps/v2/resources", FORM, form);
    check(&world, ask, "/data/1/price", json!(384.99), CallKind::Plans).await;
    let path = "/apps/v2/datacenter?offset=1&limit=1";
    check_get(
        &world,
        path,
        "/data/0/dc_name",
        json!("Amsterdam"),
        CallKind::Datacenters,
    )
    .await;
    check_get(
        &world,
        "/apps/v2/sshkeys",
        "/data/1/name",
        json!("jane"),
        CallKind::SshKeys,
    )
    .await;
}

/// Things that are listed together and shown alone.
#[tokio::test(start_paused = true)]
async fn keys_projects_and_tokens_answer_over_http() {
    let world = Served::example("whole-account").await;
    let key = world.get("/apps/v2/sshkeys").await.data()[1]["identifier"].clone();
    let path = format!("/apps/v2/sshkey/{}", key.as_str().unwrap());
    check_get(
        &world,
        &path,
        "/data/private_key",
        json!("ssh-ed25519 AAAA-jane"),
        CallKind::SshKey,
    )
    .await;
    check_get(
        &world,
        "/apps/v2/projects",
        "/data/count",
        json!(2),
        CallKind::Projects,
    )
    .await;
    let project = world.get("/apps/v2/projects").await.data()["rows"][1]["identifier"].clone();
    let path = format!("/apps/v2/projects/{}", project.as_str().unwrap());
    check_get(&world, &path, "/data/name", json!("Web"), CallKind::Project).await;
    let tag = json!({"name": "shop", "entity_id": 81001, "entity_type": "boxes"});
    check_get(
        &world,
        "/apps/v2/tags?entity=boxes",
        "/data/boxes/0",
        tag,
        CallKind::Tags,
    )
    .await;
    let ask = (
        "POST",
        "/apps/v2/profile/security/access/token",
        JSON,
        r#"{"accessTokenName":"ci"}"#,
    );
    check(
        &world,
        ask,
        "/data/accessToken",
        json!("minted-token-1"),
        CallKind::MintToken,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_credentials_are_exchanged_over_http() {
    let world = Served::example("whole-account").await;
    let path = "/apps/v2/auth/from/api";
    let token = json!("exchanged-token-1");
    let body = r#"{"clientId":"a-client","clientSecret":"its-secret"}"#;
    check(
        &world,
        ("POST", path, JSON, body),
        "/token/access/token",
        token,
        CallKind::Authenticate,
    )
    .await;
    let form = "clientId=a-client&clientSecret=its-secret";
    let token = json!("exchanged-token-2");
    check(
        &world,
        ("POST", path, FORM, form),
        "/token/access/token",
        token,
        CallKind::Authenticate,
    )
    .await;
    let usual = r#"{"clientId":"simulated-client","clientSecret":"simulated-client-secret"}"#;
    assert_eq!(world.ask("POST", path, JSON, usual).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn anything_else_is_not_found() {
    let world = Served::example("whole-account").await;
    let cluster = world.cluster();
    let reduce = format!("/apps/v2/k8s/cluster/byId/{cluster}/reduce");
    for (method, path) in [
        ("DELETE", reduce.as_str()),
        ("GET", "/v2/vm"),
        ("DELETE", "/apps/v2/vm"),
    ] {
        let answer = world.ask(method, path, JSON, "").await;
        assert_eq!(
            (answer.status, &answer.json()["message"]),
            (404, &json!("Not found")),
            "{method} {path}"
        );
    }
    assert_eq!(world.cloud.calls_of(CallKind::Unknown), 3);
}

#[tokio::test(start_paused = true)]
async fn clients_with_other_prefixes_are_served_when_ordered() {
    let world = Served::scenario("{clusters: [{name: a}], behaviour: {prefix_aliases: [/v2]}}").await;
    assert_eq!(
        world.get("/v2/k8s/cluster/all").await.data()[0]["cluster_name"],
        json!("a")
    );
    assert_eq!(world.get("/v2/vm").await.data(), json!([]));
}
