//! Faults strike once, the call they wait for, and nothing else.

use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::kit::{assert_refused, claim, claims, create, refusal};
use crate::kube_api::{KubeFault, KubeFaultEffect, Verb};

#[tokio::test(start_paused = true)]
async fn an_ordered_conflict_strikes_once_and_has_no_effect() {
    let (server, api) = claims();
    create(&api, &claim("a")).await;
    server.fault(
        KubeFault::new(KubeFaultEffect::Conflict)
            .on(Verb::Patch)
            .resource("claims")
            .subresource("status"),
    );
    let patch = Patch::Merge(json!({"spec": {"minNodes": 1}, "status": {"phase": "Ready"}}));
    api.patch("a", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(server.faults_left(), 1);
    assert_refused(
        api.patch_status("a", &PatchParams::default(), &patch).await,
        409,
        "Conflict",
    );
    assert_eq!(server.faults_left(), 0);
    assert_eq!(api.get("a").await.unwrap().data.get("status"), None);
    api.patch_status("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let codes: Vec<u16> = server.writes().iter().map(|write| write.code).collect();
    assert_eq!(codes, [201, 200, 409, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_has_its_effect() {
    let (server, api) = claims();
    server.fault(
        KubeFault::new(KubeFaultEffect::LoseReply)
            .on(Verb::Create)
            .name("b"),
    );
    create(&api, &claim("a")).await;
    let error = api.create(&PostParams::default(), &claim("b")).await.unwrap_err();
    assert!(!matches!(error, kube::Error::Api(_)), "{error:?}");
    api.get("b").await.unwrap();
    assert!(server.writes()[1].changed);
}

#[tokio::test(start_paused = true)]
async fn an_ordered_status_comes_after_the_calls_let_through() {
    let (server, api) = claims();
    server.fault(
        KubeFault::new(KubeFaultEffect::Status(503))
            .on(Verb::List)
            .after(2),
    );
    server.fault(KubeFault::new(KubeFaultEffect::Gone410).on(Verb::Get));
    for _ in 0..2 {
        api.list(&ListParams::default()).await.unwrap();
    }
    assert_refused(api.list(&ListParams::default()).await, 503, "ServiceUnavailable");
    api.list(&ListParams::default()).await.unwrap();
    assert_eq!(refusal(api.get("a").await).0, 410);
}
