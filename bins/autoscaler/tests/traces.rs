//! The spans of `run`, as a collector of OpenTelemetry gets them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use autoscaler_controller::resources::all_crds;
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use chrono::Utc;
use fleet_sim::cloud::TOKEN;
use fleet_sim::{Cloud, KubeApi, SimClock};
use k8s_openapi::api::core::v1::Node;
use kit::access::{listen, serve_cloud, signal, write_secret};
use kit::served::serve_kubernetes;
use kube::Api;
use kube::api::PostParams;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use prost::Message as _;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long anything may take on two cores that also compile.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a process may take to end though nobody takes its spans.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A collector: the attributes of each span, by the name of the span.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(String, Attributes)>>>);

/// The attributes of a span as text.
type Attributes = BTreeMap<String, String>;

// === impl Collector ===

impl Collector {
    /// Takes spans from now on; returns the address.
    async fn start(&self) -> String {
        let (listener, _) = listen().await;
        let address = listener.local_addr().expect("its number");
        let collector = self.clone();
        let take = move |body: Bytes| async move {
            collector.take(&body);
            ExportTraceServiceResponse::default().encode_to_vec()
        };
        let app = Router::new().route("/otlp/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}/otlp")
    }

    fn take(&self, body: &Bytes) {
        let text = String::from_utf8_lossy(body);
        assert!(!text.contains(TOKEN), "a span shows the token: {text}");
        let request = ExportTraceServiceRequest::decode(body.as_ref()).expect("spans");
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in request.resource_spans {
            let whose = attributes(&resource.resource.expect("whose they are").attributes);
            assert_eq!(whose["service.name"], "vpsie-autoscaler");
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            taken.extend(spans.map(|span| (span.name, attributes(&span.attributes))));
        }
    }

    /// Waits for a span of this name with this attribute.
    async fn find(&self, name: &str, key: &str, value: &str) -> Attributes {
        let found = timeout(LIMIT, async {
            loop {
                if let Some(attributes) = self.look(name, key, value) {
                    return attributes;
                }
                sleep(Duration::from_millis(100)).await;
            }
        });
        let found = found.await;
        found.unwrap_or_else(|_| panic!("no span {name} with {key}={value} in {:?}", self.0))
    }

    fn look(&self, name: &str, key: &str, value: &str) -> Option<Attributes> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut named = taken.iter().filter(|(other, _)| other == name);
        let found = named.find(|(_, attributes)| attributes.get(key).is_some_and(|other| other == value));
        found.map(|(_, attributes)| attributes.clone())
    }
}

fn attributes(pairs: &[KeyValue]) -> Attributes {
    let text = |value: &AnyValue| match &value.value {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let pairs = pairs.iter();
    let pairs = pairs.filter_map(|pair| Some((pair.key.clone(), text(pair.value.as_ref()?))));
    pairs.collect()
}

/// A cluster of one Node, served over HTTP with its VPSie.
struct World {
    kubeconfig: PathBuf,
    vpsie: String,
    _folder: TempDir,
}

// === impl World ===

impl World {
    async fn start() -> Self {
        let clock = SimClock::starting_at(Utc::now());
        let kube = KubeApi::new(clock);
        for definition in all_crds() {
            kube.install_crd(&definition).expect("our definitions are valid");
        }
        let client = kube.client();
        write_secret(&client, &[("token", TOKEN)]).await;
        let mut node = Node::default();
        node.metadata.name = Some("lone".to_owned());
        let nodes: Api<Node> = Api::all(client.clone());
        nodes.create(&PostParams::default(), &node).await.expect("a Node");
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        let text = serve_kubernetes(client, |_, _| {}).await;
        std::fs::write(&kubeconfig, text).expect("the folder can be written");
        let vpsie = serve_cloud(&Cloud::new(clock, 1)).await;
        Self {
            kubeconfig,
            vpsie,
            _folder: folder,
        }
    }

    fn run(&self, endpoint: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_autoscaler"))
            .args(["run", "--allow-plain-http-to-loopback", "--listen", "127.0.0.1:0"])
            .args(["--api-address", "127.0.0.1:0"])
            .args(["--poll-interval-seconds", "1", "--otlp-endpoint", endpoint])
            .args(["--vpsie-url", &self.vpsie, "--kubeconfig"])
            .arg(&self.kubeconfig)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program was built for this test")
    }
}

async fn stop(child: Child) -> Output {
    signal(child.id(), "-TERM");
    let ended = timeout(STOP_LIMIT, child.wait_with_output()).await;
    ended.expect("it stops in time").expect("it ends")
}

/// NS-29: a collector gets a span of each evaluation, and one of each notification with the same id; what is finished last
/// arrives at the end. No secret is in them.
#[tokio::test(flavor = "multi_thread")]
async fn collector_gets_the_spans_of_an_evaluation() {
    let (world, collector) = (World::start().await, Collector::default());
    let endpoint = collector.start().await;
    let child = world.run(&endpoint);
    let evaluation = collector.find("evaluation", "node", "Node lone").await;
    for key in ["evaluation", "resource_version", "operation", "trigger"] {
        assert!(evaluation.contains_key(key), "no {key} in {evaluation:?}");
    }
    let id = &evaluation["evaluation"];
    collector.find("notification", "evaluation", id).await;
    let output = stop(child).await;
    let logs = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{logs}");
    assert!(!logs.contains("collector"), "{logs}");
}

/// A collector that takes nothing is told of once and harms nobody; nor does one that is gone.
#[tokio::test(flavor = "multi_thread")]
async fn collector_that_takes_nothing_is_told_of_once() {
    let world = World::start().await;
    let (listener, _) = listen().await;
    let address = listener.local_addr().expect("its number");
    let (refused, mut refusals) = watch::channel(0);
    let app = Router::new().fallback(async move || {
        refused.send_modify(|count| *count += 1);
        StatusCode::SERVICE_UNAVAILABLE
    });
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut child = world.run(&format!("http://{address}"));
    let twice = timeout(LIMIT, refusals.wait_for(|count| *count >= 2)).await;
    drop(twice.expect("it tries again").expect("the collector runs"));
    server.abort();
    assert!(child.try_wait().expect("it can be asked").is_none(), "it runs");
    let output = stop(child).await;
    let logs = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{logs}");
    assert_eq!(logs.matches("the collector takes no spans").count(), 1, "{logs}");
}

/// An address that cannot be used is refused before anything is asked, without what may be a password in it.
#[tokio::test]
async fn address_that_cannot_be_used_is_refused() {
    for wrong in ["collector:4318", "ftp://collector", "http://me:hunter2@collector"] {
        let output = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
            .args(["run", "--kubeconfig", "/nowhere", "--otlp-endpoint", wrong])
            .output();
        let output = output.await.expect("the program was built for this test");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {message}");
        assert!(message.contains("--otlp-endpoint"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
