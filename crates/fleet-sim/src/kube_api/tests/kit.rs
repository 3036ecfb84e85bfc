//! A server, a client and a custom resource for the tests.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};

use crate::clock::SimClock;
use crate::kube_api::KubeApi;

pub(super) fn server() -> KubeApi {
    let epoch = chrono::DateTime::from_timestamp(1_769_241_600, 0).unwrap();
    KubeApi::new(SimClock::starting_at(epoch))
}

/// A server that knows the custom resource `Claim`, and its objects in the namespace `default`.
pub(super) fn claims() -> (KubeApi, Api<DynamicObject>) {
    let server = server();
    server.install_crd(&definition()).unwrap();
    let api = Api::namespaced_with(server.client(), "default", &claim_type());
    (server, api)
}

pub(super) fn nodes(server: &KubeApi) -> Api<Node> {
    Api::all(server.client())
}

pub(super) fn config_maps(server: &KubeApi) -> Api<ConfigMap> {
    Api::default_namespaced(server.client())
}

pub(super) fn claim_type() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("test.example.com", "v1", "Claim"))
}

pub(super) fn claim(name: &str) -> DynamicObject {
    claim_with(name, json!({"group": "workers"}))
}

pub(super) fn claim_with(name: &str, spec: Value) -> DynamicObject {
    DynamicObject::new(name, &claim_type()).data(json!({"spec": spec}))
}

pub(super) fn node(value: Value) -> Node {
    serde_json::from_value(value).unwrap()
}

pub(super) async fn create(api: &Api<DynamicObject>, object: &DynamicObject) -> DynamicObject {
    api.create(&PostParams::default(), object).await.unwrap()
}

/// The code, the reason and the message of a refusal.
#[track_caller]
pub(super) fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> (u16, String, String) {
    let error = result.unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("expected a refusal of the server, got {error:?}")
    };
    (status.code, status.reason.clone(), status.message.clone())
}

#[track_caller]
pub(super) fn assert_refused<T: std::fmt::Debug>(result: kube::Result<T>, code: u16, reason: &str) {
    let (actual_code, actual_reason, message) = refusal(result);
    assert_eq!((actual_code, actual_reason.as_str()), (code, reason), "{message}");
}

/// Waits for something with a limit of virtual time.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3600), future)
        .await
        .expect("it should have happened within an hour")
}

pub(super) fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "claims.test.example.com"},
        "spec": {
            "group": "test.example.com",
            "scope": "Namespaced",
            "names": {"plural": "claims", "singular": "claim", "kind": "Claim", "shortNames": ["cl"]},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": schema()},
            }],
        },
    })
}

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "spec": {
                "type": "object",
                "required": ["group"],
                "properties": {
                    "group": {"type": "string", "minLength": 1, "maxLength": 20, "pattern": "^[a-z-]+$"},
                    "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
                    "minNodes": {"type": "integer", "minimum": 0, "maximum": 100},
                    "paused": {"type": "boolean", "nullable": true},
                    "identifier": {"type": "string"},
                    "port": {"x-kubernetes-int-or-string": true},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "zones": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                    "anything": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                },
            },
            "status": {
                "type": "object",
                "properties": {
                    "phase": {"type": "string"},
                    "conditions": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["type"],
                        "items": {
                            "type": "object",
                            "required": ["type", "status"],
                            "properties": {
                                "type": {"type": "string"},
                                "status": {"type": "string"},
                                "lastTransitionTime": {"type": "string", "format": "date-time"},
                            },
                        },
                    },
                },
            },
        },
    })
}
