//! Whom Kubernetes knows, and for how long it is believed.

use super::{FRESH, Judged, LASTING, Unjudged, Visitors};
use http::{Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::advance;

/// An API server that reviews: what it knows, whether it answers, and what it was asked.
#[derive(Clone, Default)]
struct Server {
    failure: Arc<Mutex<Option<StatusCode>>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    fn visitors(&self) -> Visitors {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        Visitors::new(Client::new(service, "default"))
    }

    fn fail(&self, with: Option<StatusCode>) {
        *self.failure.lock().unwrap() = with;
    }

    /// Returns what was asked since the last time: the kinds of the reviews.
    fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let kinds = asked.iter().filter_map(|review| review["kind"].as_str());
        kinds.map(str::to_owned).collect()
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let body = request.into_body().collect_bytes().await.unwrap();
        let mut review: Value = serde_json::from_slice(&body).unwrap();
        self.asked.lock().unwrap().push(review.clone());
        if let Some(code) = *self.failure.lock().unwrap() {
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "code": code.as_u16(),
                "status": "Failure", "message": "no", "reason": "no"});
            return Response::builder()
                .status(code)
                .body(Body::from(status.to_string().into_bytes()))
                .unwrap();
        }
        let spec = review["spec"].clone();
        review["status"] = if review["kind"] == "TokenReview" {
            let is_known = spec["token"].as_str().unwrap().starts_with("of ");
            let user =
                json!({"username": spec["token"], "groups": ["readers"], "uid": "u", "extra": {"a": ["b"]}});
            json!({"authenticated": is_known, "user": if is_known { user } else { json!({}) }})
        } else {
            assert_eq!(
                (&spec["groups"], &spec["uid"]),
                (&json!(["readers"]), &json!("u"))
            );
            let attributes = &spec["nonResourceAttributes"];
            let may = spec["user"] == "of ann" && attributes == &json!({"verb": "get", "path": "/api/nodes"});
            json!({"allowed": may})
        };
        Response::new(Body::from(review.to_string().into_bytes()))
    }
}

#[tokio::test(start_paused = true)]
async fn token_is_granted_unknown_or_denied() {
    let visitors = Server::default().visitors();
    let cases = [
        ("of ann", "get", "/api/nodes", Judged::Granted),
        ("of ann", "post", "/api/nodes", Judged::Denied),
        ("of ann", "get", "/api/audit", Judged::Denied),
        ("of bob", "get", "/api/nodes", Judged::Denied),
        ("made up", "get", "/api/nodes", Judged::Unknown),
        ("", "get", "/api/nodes", Judged::Unknown),
    ];
    for (token, verb, path, expected) in cases {
        assert_eq!(
            visitors.judge(token, verb, path).await,
            Ok(expected),
            "{token} {verb} {path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn answer_is_remembered_for_half_a_minute() {
    let server = Server::default();
    let visitors = server.visitors();
    let both = ["TokenReview", "SubjectAccessReview"];
    for (wait, expected) in [(0, &both[..]), (29, &[]), (2, &both), (1, &[])] {
        advance(Duration::from_secs(wait)).await;
        let judged = visitors.judge("of ann", "get", "/api/nodes").await;
        assert_eq!(judged, Ok(Judged::Granted));
        assert_eq!(server.asked(), expected, "after {wait} s more");
    }
    let other = visitors.judge("of ann", "get", "/api/groups").await;
    assert_eq!(other, Ok(Judged::Denied), "what is remembered is of one path");
}

/// An API server that is away takes nothing from whoever was granted it in the last minutes, and gives nothing new.
#[tokio::test(start_paused = true)]
async fn api_server_that_is_away_is_outlasted_for_five_minutes() {
    let server = Server::default();
    let visitors = server.visitors();
    let ann = || visitors.judge("of ann", "get", "/api/nodes");
    assert_eq!(ann().await, Ok(Judged::Granted));
    server.fail(Some(StatusCode::SERVICE_UNAVAILABLE));
    advance(FRESH * 2).await;
    assert_eq!(ann().await, Ok(Judged::Granted));
    let stranger = visitors.judge("of bob", "get", "/api/nodes").await.unwrap_err();
    assert!(stranger.to_string().contains("503"), "{stranger}");
    advance(LASTING - FRESH * 2).await;
    assert!(ann().await.is_err(), "it was long enough");
    server.fail(None);
    assert_eq!(ann().await, Ok(Judged::Granted));
}

/// Least privilege: the right that is missing is named.
#[tokio::test(start_paused = true)]
async fn missing_right_to_review_is_named() {
    let server = Server::default();
    server.fail(Some(StatusCode::FORBIDDEN));
    let refused = server.visitors().judge("of ann", "get", "/api/nodes").await;
    let expected = Unjudged::Forbidden {
        resource: "tokenreviews",
    };
    assert_eq!(refused, Err(expected.clone()));
    assert!(expected.to_string().contains("create on tokenreviews"));
}
