//! Endpoint discovery on a real API server: what its own controllers write, what RBAC forbids, and how soon it is seen.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use endpoint_discovery::{Discovery, Mode, Selection, ServiceKey, Settings, Source, View};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kit::control_plane::ControlPlane;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How long anything may take on two cores that also compile.
const LIMIT: Duration = Duration::from_secs(60);

fn web() -> ServiceKey {
    ServiceKey::new("default", "web")
}

fn discover(client: Client, mode: Mode) -> Discovery {
    let mut settings = Settings::new(Selection::Named(vec![web()]));
    settings.mode = mode;
    Discovery::start(client, settings)
}

/// Waits until exactly these are ready, by live word of Kubernetes.
async fn ready_are(discovery: &Discovery, expected: &[String]) -> Arc<View> {
    let mut views = discovery.subscribe();
    let ready = |view: &View| -> Vec<String> {
        let instances = view.instances();
        let ready = instances.iter().filter(|instance| instance.health.is_ready);
        ready.map(|instance| instance.id.to_string()).collect()
    };
    let seen = views.wait_for(|views| {
        let view = views.get(&web());
        view.is_some_and(|view| view.is_live() && ready(view) == expected)
    });
    match tokio::time::timeout(LIMIT, seen).await {
        Ok(views) => Arc::clone(&views.expect("it runs")[&web()]),
        Err(_) => panic!("it never came to {expected:?}: {:#?}", discovery.views()),
    }
}

async fn create<K>(client: &Client, object: Value) -> K
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    K: Clone + Debug + Serialize + DeserializeOwned,
{
    let object: K = serde_json::from_value(object).expect("it has its shape");
    let api: Api<K> = Api::namespaced(client.clone(), "default");
    api.create(&PostParams::default(), &object)
        .await
        .expect("it is created")
}

async fn create_service(client: &Client, with_selector: bool) {
    let selector = if with_selector {
        json!({"app": "web"})
    } else {
        Value::Null
    };
    create::<Service>(
        client,
        json!({
            "metadata": {"name": "web"},
            "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
        }),
    )
    .await;
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("web-{number}")).collect()
}

/// Writes the slice of the Service by hand.
async fn write_slice(client: &Client, count: usize) {
    let endpoints: Vec<Value> = names(count)
        .iter()
        .enumerate()
        .map(|(number, name)| {
            json!({
                "addresses": [format!("10.0.0.{}", number + 1)],
                "targetRef": {"kind": "Pod", "name": name, "namespace": "default", "uid": format!("uid-{name}")},
            })
        })
        .collect();
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"name": "http", "port": 8080}],
    });
    let api: Api<EndpointSlice> = Api::namespaced(client.clone(), "default");
    let parameters = PatchParams::apply("test").force();
    api.patch("web-1", &parameters, &Patch::Apply(slice))
        .await
        .expect("it is written");
}

/// Makes the Node that carries the pods; the controller of slices leaves out pods of Nodes that are not there.
async fn create_node(client: &Client) {
    let zone = json!({"topology.kubernetes.io/zone": "fra-1"});
    let node =
        serde_json::from_value(json!({"metadata": {"name": "node-1", "labels": zone}})).expect("a Node");
    let nodes: Api<Node> = Api::all(client.clone());
    nodes
        .create(&PostParams::default(), &node)
        .await
        .expect("it is created");
}

/// Makes a pod that runs and is ready, without a kubelet.
async fn run_pod(client: &Client, name: &str, ip: &str) {
    create::<Pod>(
        client,
        json!({
            "metadata": {"name": name, "labels": {"app": "web"}},
            "spec": {
                "nodeName": "node-1",
                "automountServiceAccountToken": false,
                "containers": [{"name": "a", "image": "a", "ports": [{"name": "http", "containerPort": 8080}]}],
            },
        }),
    )
    .await;
    let status = json!({"status": {
        "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }});
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    let patched = pods
        .patch_status(name, &PatchParams::default(), &Patch::Merge(status))
        .await;
    patched.expect("its status is written");
}

/// Lets a user list and watch these and nothing else.
async fn allow(control_plane: &ControlPlane, user: &str, rules: Value) -> Client {
    let client = control_plane.client();
    let role: ClusterRole =
        serde_json::from_value(json!({"metadata": {"name": user}, "rules": rules})).expect("a role");
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": {"name": user},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }))
    .expect("a binding");
    let created = PostParams::default();
    Api::all(client.clone())
        .create(&created, &role)
        .await
        .expect("the role is created");
    Api::all(client)
        .create(&created, &binding)
        .await
        .expect("the binding is created");
    control_plane.client_for(user, &[])
}

fn rule(group: &str, resource: &str) -> Value {
    json!({"apiGroups": [group], "resources": [resource], "verbs": ["list", "watch"]})
}

/// EP-9, EP-39, EP-40: one, three, one, nine, one: each is seen, and soon.
#[tokio::test]
async fn scaling_is_seen_soon_on_a_real_api_server() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    create_service(&client, false).await;
    write_slice(&client, 1).await;
    let discovery = discover(client.clone(), Mode::KubernetesEndpoints);
    ready_are(&discovery, &names(1)).await;
    for count in [3, 1, 9, 1] {
        let began = Instant::now();
        write_slice(&client, count).await;
        ready_are(&discovery, &names(count)).await;
        let waited = began.elapsed();
        println!("{count} after {waited:?}");
        // A machine under load is no defect; the time is printed for people.
        assert!(waited < Duration::from_secs(30), "{waited:?}");
    }
    for _ in 0..5 {
        for count in [1, 9, 1] {
            write_slice(&client, count).await;
        }
    }
    ready_are(&discovery, &names(1)).await;
}

/// EP-12, EP-35: without the right to read slices Endpoints are read; with no more rights than these.
#[tokio::test]
async fn forbidden_slices_lead_to_endpoints_on_a_real_api_server() {
    let control_plane = kit::whole_control_plane!("endpoints-controller");
    let client = control_plane.client();
    create_service(&client, true).await;
    run_pod(&client, "web-0", "10.0.0.1").await;
    let rules = json!([rule("", "services"), rule("", "endpoints")]);
    let limited = allow(&control_plane, "reader", rules).await;
    let discovery = discover(limited, Mode::KubernetesEndpoints);
    let view = ready_are(&discovery, &names(1)).await;
    assert_eq!(view.source, Some(Source::Endpoints));
    run_pod(&client, "web-1", "10.0.0.2").await;
    ready_are(&discovery, &names(2)).await;
}

/// EP-12, EP-43: what the controllers of Kubernetes write of the same pods is the same in every mode.
#[tokio::test]
async fn all_modes_agree_on_a_real_api_server() {
    let control_plane = kit::whole_control_plane!("endpoints-controller", "endpointslice-controller");
    let client = control_plane.client();
    create_node(&client).await;
    create_service(&client, true).await;
    for (number, name) in names(3).iter().enumerate() {
        run_pod(&client, name, &format!("10.0.0.{}", number + 1)).await;
    }
    let seen = |view: &View| -> Vec<(String, Vec<String>, Option<u16>)> {
        let instances = view.instances();
        let rows = instances.iter().map(|instance| {
            let port = instance.ports.get("http").copied();
            (instance.id.to_string(), instance.addresses.hosts(), port)
        });
        rows.collect()
    };
    let mut all = Vec::new();
    for mode in [
        Mode::KubernetesEndpoints,
        Mode::KubernetesPods,
        Mode::KubernetesEndpoints,
        Mode::Auto,
    ] {
        let discovery = discover(client.clone(), mode);
        let view = ready_are(&discovery, &names(3)).await;
        all.push(seen(&view));
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:#?}");

    let discovery = discover(client.clone(), Mode::KubernetesEndpoints);
    let view = ready_are(&discovery, &names(3)).await;
    assert_eq!(view.instances()[0].zone.as_deref(), Some("fra-1"));
    let pods: Api<Pod> = Api::namespaced(client, "default");
    let at_once = DeleteParams::default().grace_period(0);
    for pod in pods
        .list(&kube::api::ListParams::default())
        .await
        .expect("pods")
        .items
        .iter()
        .skip(1)
    {
        pods.delete(&pod.name_any(), &at_once).await.expect("it goes");
    }
    ready_are(&discovery, &names(1)).await;
}
