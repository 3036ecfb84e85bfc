//! What becomes of the word of discovery on its way to the API.

use super::*;
use autoscaler_controller::Clock;
use chrono::DateTime;
use endpoint_discovery::{Basis, Settings};
use fleet_sim::clock::SimClock;
use fleet_sim::kube_api::KubeApi;
use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};
use std::time::Duration;

/// Longest wait, of a clock that nobody waits for.
const LIMIT: Duration = Duration::from_secs(600);

/// An API server with the namespace `shop`.
async fn server() -> KubeApi {
    let start = DateTime::from_timestamp(1_769_242_200, 0).expect("a moment in 2026");
    let server = KubeApi::new(SimClock::starting_at(start));
    let namespace: Namespace =
        serde_json::from_value(json!({"metadata": {"name": "shop"}})).expect("its shape");
    let created = Api::all(server.client())
        .create(&PostParams::default(), &namespace)
        .await;
    created.expect("it is made");
    server
}

/// Makes the Service `web` with the label `app=web`, and a slice with these endpoints.
async fn serve_web(server: &KubeApi, endpoints: &Value) {
    let service =
        json!({"metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"ports": [{"port": 80}]}});
    let service: Service = serde_json::from_value(service).expect("its shape");
    let created = Api::namespaced(server.client(), "shop")
        .create(&PostParams::default(), &service)
        .await;
    created.expect("it is made");
    let slice = json!({
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": "http", "port": 8080}],
    });
    let slice: EndpointSlice = serde_json::from_value(slice).expect("its shape");
    let created = Api::namespaced(server.client(), "shop")
        .create(&PostParams::default(), &slice)
        .await;
    created.expect("it is made");
}

fn watch_web(server: &KubeApi) -> watch::Receiver<Option<Arc<Discovered>>> {
    let settings = Settings::new(Selection::Labelled {
        namespace: "shop".to_owned(),
        selector: "app=web".to_owned(),
    });
    follow(Endpoints::start(server.client(), settings, None, Clock::system()))
}

async fn shown(
    receiver: &mut watch::Receiver<Option<Arc<Discovered>>>,
    is_so: impl Fn(&Discovered) -> bool,
) -> Arc<Discovered> {
    let shown = receiver.wait_for(|shown| shown.as_ref().is_some_and(|shown| is_so(shown)));
    let shown = tokio::time::timeout(LIMIT, shown)
        .await
        .expect("it comes to that");
    Arc::clone(shown.expect("it is followed").as_ref().expect("it is shown"))
}

/// EP-25: that no Service has the labels is an answer with a note; before they were listed it is not known.
#[tokio::test(start_paused = true)]
async fn labels_that_no_service_has_are_an_empty_answer_with_a_note() {
    let server = server().await;
    let mut receiver = watch_web(&server);
    let first = receiver.borrow().clone().expect("Services are watched");
    assert!(
        first
            .unknown
            .as_ref()
            .is_some_and(|why| why.contains("nothing was heard"))
    );
    let empty = shown(&mut receiver, |shown| shown.unknown.is_none()).await;
    let note = empty.note.as_deref().expect("it is said why");
    assert!(
        note.contains("namespace shop") && note.contains("app=web"),
        "{note}"
    );
    assert_eq!(empty.services.len(), 0);
    serve_web(&server, &json!([{"addresses": ["10.0.0.1"]}])).await;
    let found = shown(&mut receiver, |shown| {
        shown.services.iter().any(|service| service.instances.len() == 1)
    });
    assert_eq!(found.await.note, None);
}

/// The schema of an instance as the API describes it; what is not described must not be there.
fn schema() -> Value {
    let description = autoscaler_web::api::description();
    let mut schema: Value = serde_json::from_str(description).expect("JSON");
    let schemas = schema["components"]["schemas"].as_object_mut().expect("schemas");
    let objects = schemas.values_mut();
    for object in objects.filter(|schema| schema.get("properties").is_some()) {
        object["additionalProperties"] = json!(false);
    }
    json!({"$ref": "#/components/schemas/Instance", "components": schema["components"]})
}

/// EP-7: what discovery writes of an instance, be much known of it or little, is what the API describes.
#[tokio::test(start_paused = true)]
async fn instances_are_as_the_api_describes_them() {
    let server = server().await;
    let target = json!({"kind": "Pod", "name": "web-0", "namespace": "shop", "uid": "a"});
    let endpoints = json!([
        {"addresses": ["10.0.0.1"], "targetRef": target, "nodeName": "n1", "zone": "hel-1", "hostname": "web-0"},
        {"addresses": ["10.0.0.2"], "conditions": {"ready": false, "serving": true, "terminating": true}},
    ]);
    serve_web(&server, &endpoints).await;
    let mut receiver = watch_web(&server);
    let found = shown(&mut receiver, |shown| {
        shown.services.iter().any(|service| service.instances.len() == 2)
    });
    let found = found.await;
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    for instance in &found.services[0].instances {
        let json: Value = serde_json::from_str(instance.json.get()).expect("JSON");
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}\n{json:#}");
    }
}

/// EP-7: every word that discovery has for an instance is described.
#[test]
fn words_of_instances_are_described() {
    let schema = schema();
    let words =
        |of: &str, field: &str| schema["components"]["schemas"][of]["properties"][field]["enum"].clone();
    let statuses = [
        Status::Ready,
        Status::Degraded,
        Status::Booting,
        Status::NotReady,
        Status::Error,
        Status::Unknown,
    ];
    assert_eq!(words("Instance", "status"), json!(statuses));
    let bases = [Basis::ReadinessOnly, Basis::Probed];
    assert_eq!(words("InstanceHealthDetails", "basis"), json!(bases));
}
