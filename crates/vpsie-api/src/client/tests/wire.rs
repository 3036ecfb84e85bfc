//! Exactly what is sent, call by call.

use super::script::{Script, ok, with_secret, with_token};
use crate::{
    CallError, Client, ClusterId, CreateGroup, DatacenterId, EffectError, GroupNumber, NodeUuid,
    RemoveWorker, RequestId, SizeNumber, VpsieApi,
};

const BASE: &str = "https://api.vpsie.com/apps/v2";

fn cluster() -> ClusterId {
    ClusterId::new("0d6c")
}

fn request() -> RequestId {
    RequestId::new("slot-1").unwrap()
}

/// Runs one call over one answer and compares the request.
async fn check<F: Future>(reply: &str, call: impl FnOnce(Client) -> F, line: &str, more: &str, body: &str) {
    let script = Script::new([ok(reply)]);
    call(with_token(&script)).await;
    let content = match (body, line.starts_with("POST")) {
        ("", false) => "",
        ("", true) => "content-length: 0\n",
        _ => "content-type: application/json\n",
    };
    let expected = format!(
        "{}\naccept: application/json\n{content}user-agent: tests/1\nvpsie-auth: t0ken\n{more}\n{body}",
        line.replace("BASE", BASE)
    );
    assert_eq!(script.seen(), [expected]);
}

/// K1, K2, K3: reads are plain GETs.
#[tokio::test]
async fn reads_are_gets_without_a_body() {
    let list = r#"{"error":false,"data":[]}"#;
    let object = r#"{"error":false,"data":{}}"#;
    check(
        list,
        async |c| c.clusters().await.unwrap(),
        "GET BASE/k8s/cluster/all",
        "",
        "",
    )
    .await;
    let line = "GET BASE/k8s/cluster/byId/0d6c";
    check(
        object,
        async |c| c.cluster(&cluster()).await.unwrap(),
        line,
        "",
        "",
    )
    .await;
    let line = "GET BASE/k8s/node/groups/byClusterId/0d6c";
    check(
        list,
        async |c| c.node_groups(&cluster()).await.unwrap(),
        line,
        "",
        "",
    )
    .await;
}

/// K11: offers are asked for with a POST.
#[tokio::test]
async fn offers_name_the_datacenter_in_the_body() {
    let list = r#"{"error":false,"data":[]}"#;
    let call = async |c: Client| c.offers(&DatacenterId::new("dc-1")).await.unwrap();
    check(
        list,
        call,
        "POST BASE/k8s/offers",
        "",
        r#"{"dcIdentifier":"dc-1"}"#,
    )
    .await;
}

/// K4, E10: the size key starts with a capital, and the size is a number.
#[tokio::test]
async fn group_is_created_with_a_numeric_size() {
    let group = CreateGroup {
        cluster: ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc"),
        name: "workers-4x8".to_owned(),
        size: SizeNumber::new(58),
    };
    let body = concat!(
        r#"{"KubeSizeID":58,"clusterIdentifier":"0d6c1a52-f8f3-11f0-9b1e-0050569c68dc","#,
        r#""groupName":"workers-4x8"}"#
    );
    for reply in [
        r#"{"error":false,"data":true}"#,
        r#"{"error":false,"data":{"groupId":"412"}}"#,
    ] {
        let call = async |c: Client| c.create_group(&group).await.unwrap();
        check(reply, call, "POST BASE/k8s/cluster/add/group", "", body).await;
    }
}

/// K6: no body, the numeric group in the path, our request id in a header.
#[tokio::test]
async fn worker_is_added_without_a_body_and_with_a_request_id() {
    let call = async |c: Client| {
        c.add_worker(&cluster(), GroupNumber::new(412), &request())
            .await
            .unwrap()
    };
    let line = "POST BASE/k8s/cluster/byId/0d6c/add/slave/group/412";
    check(
        r#"{"error":false,"data":true}"#,
        call,
        line,
        "x-request-id: slot-1\n",
        "",
    )
    .await;
}

/// K8, E9: a DELETE whose body names the victim.
#[tokio::test]
async fn worker_is_removed_by_name() {
    let call = async |c: Client| {
        let node = NodeUuid::new("2a7e4c44-f8f3-11f0-9b1e-0050569c68dc");
        c.remove_worker(&cluster(), &node).await.unwrap();
    };
    let line = "DELETE BASE/k8s/cluster/byId/0d6c/delete/slave";
    let body = r#"{"identifier":"2a7e4c44-f8f3-11f0-9b1e-0050569c68dc"}"#;
    check(r#"{"error":false,"data":true}"#, call, line, "", body).await;
}

#[tokio::test]
async fn identifiers_cannot_leave_their_place_in_the_path() {
    let script = Script::new([ok(r#"{"error":false,"data":{}}"#)]);
    with_token(&script)
        .cluster(&ClusterId::new("a/../b?c#d%2e"))
        .await
        .unwrap();
    let seen = script.seen();
    assert_eq!(
        seen[0].lines().next().unwrap(),
        format!("GET {BASE}/k8s/cluster/byId/a%2F..%2Fb%3Fc%23d%252e")
    );
}

#[tokio::test]
async fn identifiers_that_a_path_would_swallow_are_not_sent() {
    for bad in ["", ".", ".."] {
        let script = Script::new([]);
        let client = with_token(&script);
        let error = client
            .remove_worker(&ClusterId::new(bad), &NodeUuid::new("n"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, EffectError::NotSent(CallError::NotSent { .. })),
            "{bad:?}: {error}"
        );
        assert!(script.seen().is_empty());
    }
}

/// E1: the exchange, and what is sent with its result.
#[tokio::test]
async fn client_secret_is_exchanged_and_sent_as_bearer() {
    let auth = r#"{"accessToken":{"token":"fresh","expires":"2026-01-24T11:00:00Z"}}"#;
    let script = Script::new([ok(auth), ok(r#"{"error":false,"data":[]}"#)]);
    with_secret(&script).clusters().await.unwrap();
    assert_eq!(
        script.seen(),
        [
            format!(
                "POST {BASE}/auth/from/api\naccept: application/json\ncontent-type: application/json\n\
                 user-agent: tests/1\n\n{{\"clientId\":\"me\",\"clientSecret\":\"s3cr3t\"}}"
            ),
            format!(
                "GET {BASE}/k8s/cluster/all\naccept: application/json\nauthorization: Bearer fresh\n\
                 user-agent: tests/1\n\n"
            ),
        ]
    );
}

/// Disagreement 2: the older clients send a form.
#[tokio::test]
async fn form_is_tried_after_json() {
    let auth = r#"{"accessToken":{"token":"fresh","expires":"2026-01-24T11:00:00Z"}}"#;
    let refused = super::script::answer(400, r#"{"error":true,"message":"clientId is required"}"#);
    let script = Script::new([refused, ok(auth), ok(r#"{"error":false,"data":[]}"#)]);
    with_secret(&script).clusters().await.unwrap();
    let form = format!(
        "POST {BASE}/auth/from/api\naccept: application/json\n\
         content-type: application/x-www-form-urlencoded\nuser-agent: tests/1\n\n\
         clientId=me&clientSecret=s3cr3t"
    );
    assert_eq!(script.seen()[1], form);
}
