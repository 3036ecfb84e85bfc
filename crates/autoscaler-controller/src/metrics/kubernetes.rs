//! A client of Kubernetes whose requests are counted and measured.

use super::Metrics;
use super::labels::{RequestLabels, ResourceLabels, VerbLabels};
use http::{Method, Request, Response, StatusCode, request};
use kube::Client;
use kube::client::Body;
use std::sync::Arc;
use tokio::time::Instant;

/// The resources that we read or write, by plural name.
const RESOURCES: [&str; 10] = [
    "nodegroups",
    "vpsienodes",
    "autoscalerconfigs",
    "nodes",
    "pods",
    "configmaps",
    "secrets",
    "leases",
    "events",
    "poddisruptionbudgets",
];

impl Metrics {
    /// Wraps a client, so that every request of it counts. Must be called inside a tokio runtime.
    pub fn measure_kubernetes(self: &Arc<Self>, inner: Client) -> Client {
        let namespace = inner.default_namespace().to_owned();
        let metrics = Arc::clone(self);
        let service = tower::service_fn(move |request: Request<Body>| {
            let (metrics, inner) = (Arc::clone(&metrics), inner.clone());
            async move { metrics.send(&inner, request).await }
        });
        Client::new(service, namespace)
    }

    async fn send(&self, inner: &Client, request: Request<Body>) -> Result<Response<Body>, kube::Error> {
        let (head, body) = request.into_parts();
        let (verb, resource) = (verb(&head), resource(head.uri.path()));
        if verb == "watch" {
            self.note_watch(resource);
        }
        let began = Instant::now();
        let answer = inner.send(Request::from_parts(head, body)).await;
        let labels = RequestLabels {
            verb,
            resource,
            result: result(&answer),
        };
        self.kubernetes_requests.get_or_create(&labels).inc();
        let took = began.elapsed().as_secs_f64();
        self.kubernetes_duration
            .get_or_create(&VerbLabels { verb })
            .observe(took);
        answer
    }

    /// Counts a watch that begins anew; the first of a resource only makes the series.
    fn note_watch(&self, resource: &'static str) {
        let labels = ResourceLabels { resource };
        let is_first = self.watch_restarts.get(&labels).is_none();
        self.watch_restarts
            .get_or_create(&labels)
            .inc_by(u64::from(!is_first));
    }
}

fn verb(head: &request::Parts) -> &'static str {
    let query = head.uri.query().unwrap_or_default();
    let is_watch = query
        .split('&')
        .any(|part| part == "watch=true" || part == "watch=1");
    match head.method {
        Method::GET if is_watch => "watch",
        Method::GET => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    }
}

/// Finds the resource in a path, whatever the group and the namespace around it.
fn resource(path: &str) -> &'static str {
    let parts = || path.split('/');
    let known = RESOURCES
        .into_iter()
        .find(|known| parts().any(|part| part == *known));
    known.unwrap_or("other")
}

fn result(answer: &Result<Response<Body>, kube::Error>) -> &'static str {
    match answer.as_ref().map(Response::status) {
        Err(_) => "lost",
        Ok(status) if status.is_success() => "ok",
        Ok(StatusCode::UNAUTHORIZED) => "unauthorized",
        Ok(StatusCode::FORBIDDEN) => "forbidden",
        Ok(StatusCode::NOT_FOUND) => "not_found",
        Ok(StatusCode::CONFLICT) => "conflict",
        Ok(StatusCode::GONE) => "gone",
        Ok(StatusCode::UNPROCESSABLE_ENTITY) => "invalid",
        Ok(StatusCode::TOO_MANY_REQUESTS) => "throttled",
        Ok(status) if status.is_server_error() => "server_error",
        Ok(_) => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_verb_and_resource() {
        let table = [
            (Method::GET, "/api/v1/nodes?limit=1", "get", "nodes"),
            (
                Method::GET,
                "/api/v1/nodes?watch=true&resourceVersion=7",
                "watch",
                "nodes",
            ),
            (
                Method::PATCH,
                "/apis/autoscaler.vpsie.com/v1alpha1/namespaces/default/vpsienodes/web-1/status",
                "patch",
                "vpsienodes",
            ),
            (
                Method::POST,
                "/apis/events.k8s.io/v1/namespaces/default/events",
                "create",
                "events",
            ),
            (Method::GET, "/version", "get", "other"),
        ];
        for (method, uri, expected_verb, expected_resource) in table {
            let (head, ()) = Request::builder()
                .method(method)
                .uri(uri)
                .body(())
                .unwrap()
                .into_parts();
            let told = (verb(&head), resource(head.uri.path()));
            assert_eq!(told, (expected_verb, expected_resource), "{uri}");
        }
    }
}
