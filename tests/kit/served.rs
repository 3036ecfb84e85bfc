//! The Kubernetes API in memory over plain HTTP, for a process of its own; and its objects as large as real ones.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_LENGTH};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use serde_json::Value;
use tokio::net::TcpListener;

/// No request of the operator comes near.
const REQUEST_LIMIT: usize = 4 << 20;

/// Changes an object of a resource of the core group, such as `pods`, on its way out.
pub type Dress = fn(resource: &str, object: &mut Value);

/// Serves the API behind a client until the runtime ends, and returns a kubeconfig that leads to it.
///
/// # Panics
/// Panics when there is no port to be had.
pub async fn serve_kubernetes(client: Client, dress: Dress) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its number");
    let app = axum::Router::new().fallback(move |request| answer(client.clone(), dress, request));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let here = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{ "name": "here", "cluster": { "server": format!("http://{address}") } }],
        "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "person" } }],
        "users": [{ "name": "person", "user": {} }],
    });
    here.to_string()
}

async fn answer(client: Client, dress: Dress, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_LIMIT).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let dressed = dressed(&head.method, &head.headers, head.uri.path());
    let is_watch = head.uri.query().is_some_and(|query| query.contains("watch="));
    let forwarded = http::Request::from_parts(head, kube::client::Body::from(body));
    let Ok(reply) = client.send(forwarded).await else {
        return refused(StatusCode::BAD_GATEWAY);
    };
    let (mut head, body) = reply.into_parts();
    let Some(resource) = dressed.filter(|_| head.status.is_success()) else {
        return Response::from_parts(head, Body::new(body));
    };
    head.headers.remove(CONTENT_LENGTH);
    if is_watch {
        // The API in memory sends each event as a frame of its own.
        let body = body.map_frame(move |frame| frame.map_data(|line| event(&resource, dress, &line)));
        return Response::from_parts(head, Body::new(body));
    }
    let Ok(body) = body.collect_bytes().await else {
        return refused(StatusCode::BAD_GATEWAY);
    };
    Response::from_parts(head, Body::from(objects(&resource, dress, &body)))
}

fn refused(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Names the resource of the core group whose objects an answer shows whole; nothing where it shows none.
fn dressed(method: &Method, headers: &HeaderMap, path: &str) -> Option<String> {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let is_of_metadata = accepted.is_some_and(|accepted| accepted.contains("PartialObjectMetadata"));
    let path = path.strip_prefix("/api/v1/")?;
    let mut parts = path.split('/');
    let first = parts.next()?;
    let resource = match (first, parts.nth(1)) {
        ("namespaces", Some(resource)) => resource,
        _ => first,
    };
    (method == Method::GET && !is_of_metadata).then(|| resource.to_owned())
}

fn event(resource: &str, dress: Dress, line: &Bytes) -> Bytes {
    let mut event: Value = serde_json::from_slice(line).expect("an event is JSON");
    if matches!(event["type"].as_str(), Some("ADDED" | "MODIFIED" | "DELETED")) {
        dress(resource, &mut event["object"]);
    }
    Bytes::from(format!("{event}\n"))
}

fn objects(resource: &str, dress: Dress, body: &Bytes) -> Bytes {
    let mut answer: Value = serde_json::from_slice(body).expect("an answer is JSON");
    match answer.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().for_each(|item| dress(resource, item)),
        None => dress(resource, &mut answer),
    }
    Bytes::from(answer.to_string())
}
