//! One request to either server, and its answer as bytes tell it.

use kube::Client;
use kube::client::Body;
use serde_json::Value;

pub(crate) const JSON: &str = "application/json";
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";
pub(crate) const PATCH: &str = "application/json-patch+json";

/// One request.
pub(crate) struct Step {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Value,
}

impl Step {
    pub(crate) fn get(path: &str) -> Step {
        Step {
            method: "GET",
            path: path.to_owned(),
            content_type: JSON,
            body: Value::Null,
        }
    }

    pub(crate) fn post(path: &str, body: Value) -> Step {
        Step {
            method: "POST",
            path: path.to_owned(),
            content_type: JSON,
            body,
        }
    }

    pub(crate) fn put(path: &str, body: Value) -> Step {
        Step {
            method: "PUT",
            path: path.to_owned(),
            content_type: JSON,
            body,
        }
    }

    pub(crate) fn delete(path: &str) -> Step {
        Step {
            method: "DELETE",
            path: path.to_owned(),
            content_type: JSON,
            body: Value::Null,
        }
    }

    pub(crate) fn patch(path: &str, content_type: &'static str, body: Value) -> Step {
        Step {
            method: "PATCH",
            path: path.to_owned(),
            content_type,
            body,
        }
    }
}

/// What came back: the HTTP status, and one document, or several of a watch.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    text: String,
}

impl Reply {
    /// Reads the one document; a text that is none, such as that of an unknown path, is null.
    pub(crate) fn object(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Reads the documents of a watch that has ended.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("an event is one line of JSON"))
            .collect()
    }
}

/// Sends a request and waits for the whole answer.
pub(crate) async fn send(client: &Client, step: &Step) -> Reply {
    let body = if step.body.is_null() {
        Vec::new()
    } else {
        step.body.to_string().into_bytes()
    };
    let request = http::Request::builder().method(step.method).uri(&step.path);
    let request = request
        .header(http::header::CONTENT_TYPE, step.content_type)
        .body(Body::from(body))
        .expect("a request");
    let silent = |error| panic!("no answer to {} {}: {error}", step.method, step.path);
    let answer = client.send(request).await.unwrap_or_else(silent);
    let code = answer.status().as_u16();
    let bytes = answer.into_body().collect_bytes().await.expect("a body");
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    Reply { code, text }
}

/// Sends a request that must be answered with this status, and reads the answer.
#[track_caller]
pub(crate) fn must(client: &Client, code: u16, step: Step) -> impl Future<Output = Value> {
    let caller = std::panic::Location::caller();
    async move {
        let reply = send(client, &step).await;
        assert_eq!(
            reply.code, code,
            "{caller}: {} {}: {}",
            step.method, step.path, reply.text
        );
        reply.object()
    }
}

/// Reads the version of an object or a list.
#[track_caller]
pub(crate) fn version(object: &Value) -> &str {
    let version = object["metadata"]["resourceVersion"].as_str();
    version.unwrap_or_else(|| panic!("no version in {object}"))
}
