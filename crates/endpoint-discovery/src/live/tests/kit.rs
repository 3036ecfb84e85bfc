//! A cluster in memory with the Service `shop/web`, and a wire to it that can be cut.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fleet_sim::clock::SimClock;
use fleet_sim::kube_api::KubeApi;
use http::{Request, Response};
use k8s_openapi::api::core::v1::{Endpoints, Namespace, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, DeleteParams, PostParams};
use kube::client::Body;
use kube::{Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::BoxError;

use crate::instance::Instance;
use crate::live::{Discovery, Selection, Settings, View};
use crate::service::ServiceKey;
use crate::testing;

/// The server, and the wire to it.
pub(super) struct Cluster {
    pub(super) server: KubeApi,
    pub(super) wire: Arc<Wire>,
}

/// What lies between discovery and the server.
#[derive(Default)]
pub(super) struct Wire {
    hangs: AtomicBool,
    /// The status code of every answer; 0 lets calls through.
    code: AtomicU16,
    /// The status code of every answer about some kinds of objects.
    refused: Mutex<BTreeMap<&'static str, u16>>,
    calls: AtomicUsize,
}

pub(super) fn web() -> ServiceKey {
    ServiceKey::new("shop", "web")
}

// === impl Cluster ===

impl Cluster {
    pub(super) async fn with_pods(names: &[&str]) -> Self {
        let server = KubeApi::new(SimClock::starting_at(testing::at(0)));
        let cluster = Self {
            server,
            wire: Arc::default(),
        };
        let namespaces: Api<Namespace> = Api::all(cluster.server.client());
        let namespace = serde_json::from_value(json!({"metadata": {"name": "shop"}})).unwrap();
        namespaces
            .create(&PostParams::default(), &namespace)
            .await
            .unwrap();
        cluster.create_service("web", json!({"app": "web"})).await;
        cluster.set_pods(names).await;
        cluster
    }

    pub(super) async fn create_service(&self, name: &str, labels: Value) {
        self.put::<Service>(json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
        }))
        .await;
    }

    /// Makes these the pods of the Service, all of them ready, with its slice and its Endpoints.
    pub(super) async fn set_pods(&self, names: &[&str]) {
        self.set(names, true).await;
    }

    pub(super) async fn set_unready_pods(&self, names: &[&str]) {
        self.set(names, false).await;
    }

    /// Writes the slice of the Service, and nothing else.
    pub(super) async fn set_slice(&self, names: &[&str], is_ready: bool) {
        let endpoints = names.iter().map(|name| {
            json!({
                "addresses": [ip(name)], "conditions": {"ready": is_ready},
                "targetRef": target(name), "nodeName": "node-1",
            })
        });
        self.put::<EndpointSlice>(json!({
            "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "endpoints": endpoints.collect::<Vec<_>>(),
            "ports": [{"name": "http", "port": 8080}],
        }))
        .await;
    }

    async fn set(&self, names: &[&str], is_ready: bool) {
        self.set_slice(names, is_ready).await;
        let addresses = names
            .iter()
            .map(|name| json!({"ip": ip(name), "targetRef": target(name)}));
        let list = if is_ready {
            "addresses"
        } else {
            "notReadyAddresses"
        };
        self.put::<Endpoints>(json!({
            "metadata": {"name": "web"},
            "subsets": [{list: addresses.collect::<Vec<_>>(), "ports": [{"name": "http", "port": 8080}]}],
        }))
        .await;
        let pods: Api<Pod> = Api::namespaced(self.server.client(), "shop");
        for pod in pods.list(&kube::api::ListParams::default()).await.unwrap() {
            if !names.contains(&pod.name_any().as_str()) {
                let at_once = DeleteParams::default().grace_period(0);
                pods.delete(&pod.name_any(), &at_once).await.unwrap();
            }
        }
        for name in names {
            if pods.get_opt(name).await.unwrap().is_none() {
                let pod = json!({
                    "metadata": {"name": name, "labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "a", "image": "a"}], "nodeName": "node-1"},
                });
                let mut pod = self.put::<Pod>(pod).await;
                pod.status = serde_json::from_value(json!({
                    "phase": "Running", "podIP": ip(name),
                    "conditions": [{"type": "Ready", "status": if is_ready { "True" } else { "False" }}],
                }))
                .unwrap();
                pods.replace_status(name, &PostParams::default(), &pod)
                    .await
                    .unwrap();
            }
        }
    }

    /// Creates an object, or replaces it.
    pub(super) async fn put<K>(&self, object: Value) -> K
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
        K: Clone + Debug + Serialize + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.server.client(), "shop");
        let mut object: K = serde_json::from_value(object).unwrap();
        let name = object.name_any();
        let Some(before) = api.get_opt(&name).await.unwrap() else {
            return api.create(&PostParams::default(), &object).await.unwrap();
        };
        object.meta_mut().resource_version = before.resource_version();
        api.replace(&name, &PostParams::default(), &object).await.unwrap()
    }

    pub(super) fn settings(&self) -> Settings {
        Settings::new(Selection::Named(vec![web()]))
    }

    pub(super) fn discover(&self) -> Discovery {
        self.discover_with(self.settings())
    }

    pub(super) fn discover_with(&self, settings: Settings) -> Discovery {
        let began = Instant::now();
        Discovery::start_at(self.client(), settings, move || {
            testing::at(0) + chrono::TimeDelta::from_std(began.elapsed()).unwrap()
        })
    }

    fn client(&self) -> Client {
        let (inner, wire) = (self.server.client(), Arc::clone(&self.wire));
        let service = tower::service_fn(move |request| {
            let (inner, wire) = (inner.clone(), Arc::clone(&wire));
            async move { wire.carry(&inner, request).await }
        });
        Client::new(service, "shop")
    }

    pub(super) fn hint(&self, name: &str) -> Instance {
        let told = testing::endpoint(name, "10.0.0.9", &json!({}));
        let instances = testing::instances(&testing::World::default(), &[told]);
        Instance::clone(&instances[0])
    }

    /// Waits until the view of the Service meets a condition.
    pub(super) async fn view_is(&self, discovery: &Discovery, is_so: impl Fn(&View) -> bool) -> Arc<View> {
        let mut views = discovery.subscribe();
        let seen = views.wait_for(|views| views.get(&web()).is_some_and(|view| is_so(view)));
        let seen = tokio::time::timeout(Duration::from_secs(600), seen).await;
        match seen {
            Ok(views) => Arc::clone(&views.unwrap()[&web()]),
            Err(_) => panic!("it never came to that: {:#?}", discovery.views()),
        }
    }

    /// Waits until exactly these are ready, by live word of Kubernetes.
    pub(super) async fn ready_are(&self, discovery: &Discovery, names: &[&str]) {
        self.view_is(discovery, |view| view.is_live() && ready(view) == names)
            .await;
    }
}

/// Gives the pod of a name its address: that of `web-0` ends with 1.
fn ip(name: &str) -> String {
    let number = name
        .rsplit('-')
        .next()
        .and_then(|digits| digits.parse::<u8>().ok());
    format!("10.0.0.{}", number.unwrap_or(0) + 1)
}

fn target(name: &str) -> Value {
    json!({"kind": "Pod", "name": name, "uid": format!("uid-{name}")})
}

/// Lists the ids of what is ready.
pub(super) fn ready(view: &View) -> Vec<String> {
    let instances = view.instances();
    let ready = instances.iter().filter(|instance| instance.health.is_ready);
    ready.map(|instance| instance.id.to_string()).collect()
}

// === impl Wire ===

impl Wire {
    /// Lets no call come to an end, or lets them all through again.
    pub(super) fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
    }

    /// Answers every call with this status code, or lets them all through again.
    pub(super) fn answer(&self, code: Option<u16>) {
        self.code.store(code.unwrap_or(0), Ordering::SeqCst);
    }

    /// Answers 403 to all calls about some kinds of objects, and to no others.
    pub(super) fn forbid(&self, resources: &[&'static str]) {
        self.refuse(resources, 403);
    }

    /// Answers all calls about some kinds of objects with this status code, and no others.
    pub(super) fn refuse(&self, resources: &[&'static str], code: u16) {
        *self.refused.lock().unwrap() = resources.iter().map(|resource| (*resource, code)).collect();
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn carry(&self, inner: &Client, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let last = request.uri().path().rsplit('/').next().unwrap_or_default();
        let refused = self.refused.lock().unwrap().get(last).copied();
        let code = refused.unwrap_or_else(|| self.code.load(Ordering::SeqCst));
        if code != 0 {
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code});
            let body = Body::from(status.to_string().into_bytes());
            return Ok(Response::builder().status(code).body(body)?);
        }
        while self.hangs.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(inner.send(request).await?)
    }
}
