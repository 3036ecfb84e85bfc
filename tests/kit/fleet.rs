//! A whole world for one test: a simulated cloud, kubelets, a Kubernetes API, and the real operator between them.
//!
//! ```text
//!   in memory (paused clock)  ─┐
//!                              ├─▶ Fleet ──start──▶ operator ──wire──▶ Kubernetes, VPSie
//!   on a real control plane   ─┘     └──until(condition)── stored objects ──▶ truth
//! ```

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, NodeGroupSpec, VPSieNode, all_crds, keys};
use autoscaler_controller::{Clock, Operator, Settings};
use chrono::{DateTime, TimeDelta, Utc};
use fleet_sim::cloud::{CallKind, ClusterSpec, TOKEN};
use fleet_sim::truth::{Expected, Extras, Objects, Report, Taint, examine_expecting};
use fleet_sim::{Cloud, KubeApi, SimClock, kubelet};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::control_plane::ControlPlane;
pub use crate::stored::Stored;
use crate::stored::value;
use crate::wire::Wire;

/// The namespace of everything in a fleet.
pub const NAMESPACE: &str = "default";

/// The data centre of every NodeGroup; that of the simulated cluster.
pub const DATACENTER: &str = "55f06b85-c9ee-11e3-9845-005056aa8af7";

/// Longest wait in a world with a paused clock: beyond two time limits and a replacement nothing new happens.
const VIRTUAL_LIMIT: Duration = Duration::from_secs(3 * 3600);
/// Longest wait in a world with a real clock: a minute on two cores that also compile.
const REAL_LIMIT: Duration = Duration::from_secs(60);
/// How long a new definition may take to be served; it takes a second on an idle machine.
const ESTABLISH_LIMIT: Duration = Duration::from_secs(60);

/// A world with an operator in it, which starts when it is told to.
pub struct Fleet {
    /// The clock of everything.
    pub clock: SimClock,
    /// The simulated VPSie.
    pub cloud: Cloud,
    /// The identifier of the one cluster at VPSie.
    pub cluster: String,
    /// The operator's wires; empty until it starts.
    pub wire: Wire,
    /// What the operator is started with.
    pub settings: Settings,
    /// What the operator's client of VPSie is built with, but for the clock.
    pub vpsie: vpsie_api::Settings,
    client: Client,
    memory: Option<KubeApi>,
    /// The last version of every VPSieNode of a real API server, by uid; one in memory keeps its own.
    known: Arc<Mutex<BTreeMap<String, Value>>>,
    operator: Option<(JoinHandle<()>, oneshot::Sender<()>)>,
    _inhabitants: JoinSet<()>,
    limit: Duration,
    look: Duration,
}

// === impl Fleet: building ===

impl Fleet {
    /// Builds a world in memory, for a test with a paused clock; the same seed leads to the same story.
    ///
    /// # Panics
    /// Panics outside a tokio runtime.
    pub fn in_memory(seed: u64) -> Self {
        let epoch = DateTime::from_timestamp(1_769_241_600, 0).expect("a time of the year 2026");
        let clock = SimClock::starting_at(epoch);
        let memory = KubeApi::with_seed(clock, seed);
        for definition in all_crds() {
            memory
                .install_crd(&definition)
                .expect("our definitions are valid");
        }
        let (client, look) = (memory.client(), Duration::from_secs(10));
        Self::build(clock, seed, client, Some(memory), (VIRTUAL_LIMIT, look))
    }

    /// Builds a world around a real API server, with the definitions applied and a cloud in a hurry.
    ///
    /// # Panics
    /// Panics when the API server does not take the definitions.
    pub async fn on(control_plane: &ControlPlane) -> Self {
        let client = control_plane.client();
        install_definitions(&client).await;
        let clock = SimClock::starting_at(Utc::now());
        let look = Duration::from_millis(100);
        let mut fleet = Self::build(clock, 1, client, None, (REAL_LIMIT, look));
        fleet.hurry();
        fleet
    }

    fn build(
        clock: SimClock,
        seed: u64,
        client: Client,
        memory: Option<KubeApi>,
        (limit, look): (Duration, Duration),
    ) -> Self {
        let cloud = Cloud::new(clock, seed);
        let cluster = cloud.add_cluster(ClusterSpec {
            workers_without_group: 2,
            ..ClusterSpec::named("HEL-Kubernetes-49ab")
        });
        let known = Arc::default();
        let mut inhabitants = JoinSet::new();
        let kubelets = kubelet::run(cloud.clone(), client.clone(), clock);
        inhabitants.spawn(async move { match kubelets.await {} });
        if memory.is_none() {
            inhabitants.spawn(remember(client.clone(), Arc::clone(&known)));
        }
        Self {
            clock,
            cloud,
            cluster,
            wire: Wire::default(),
            settings: Settings::default(),
            vpsie: vpsie_api::Settings {
                // What is left to chance belongs to the story that the seed tells.
                retry: vpsie_api::Retry {
                    seed: Some(seed),
                    ..vpsie_api::Retry::default()
                },
                ..vpsie_api::Settings::default()
            },
            client,
            memory,
            known,
            operator: None,
            _inhabitants: inhabitants,
            limit,
            look,
        }
    }

    /// Makes cloud and operator as fast as a real clock needs them.
    pub fn hurry(&mut self) {
        use fleet_sim::cloud::Delay;
        let milliseconds = |least, most| Delay {
            least: Duration::from_millis(least),
            most: Duration::from_millis(most),
        };
        self.cloud.behaviour(|behaviour| {
            behaviour.latency = milliseconds(1, 5);
            behaviour.list_delay = milliseconds(100, 300);
            behaviour.boot_delay = milliseconds(100, 300);
            behaviour.join_delay = milliseconds(100, 300);
            behaviour.ready_delay = milliseconds(100, 300);
            behaviour.removal_delay = milliseconds(100, 300);
        });
        self.settings = Settings {
            poll_interval: Duration::from_millis(300),
            absence_spacing: TimeDelta::seconds(1),
            candidate_spacing: TimeDelta::seconds(1),
            ..self.settings.clone()
        };
        // Who polls three times a second must be allowed to.
        self.vpsie.calls_per_minute = 100_000;
        self.vpsie.breaker.open_for = Duration::from_millis(300);
        self.vpsie.retry.first_delay = Duration::from_millis(50);
    }

    /// Describes a NodeGroup of the cluster; it exists once it is created.
    pub fn node_group(&self, name: &str, size: i64, minimum: i32) -> NodeGroup {
        let spec = NodeGroupSpec {
            min_nodes: minimum,
            max_nodes: minimum.max(1) * 2,
            datacenter_id: DATACENTER.to_owned(),
            resource_identifier: self.cluster.clone(),
            project: "project".to_owned(),
            offering_ids: vec![size.to_string()],
            kubernetes_version: "v1.34.1".to_owned(),
            kube_size_id: Some(size),
            ..NodeGroupSpec::default()
        };
        let mut group = NodeGroup::new(name, spec);
        group.metadata.namespace = Some(NAMESPACE.to_owned());
        group
            .labels_mut()
            .insert(keys::LABEL_MANAGED.to_owned(), keys::TRUE.to_owned());
        group
    }
}

// === impl Fleet: the operator ===

impl Fleet {
    /// Starts the operator with new clients, as a new process would have them.
    ///
    /// # Panics
    /// Panics when it runs already or does not start.
    pub async fn start(&mut self) {
        assert!(self.operator.is_none(), "the operator runs already");
        self.wire.mend();
        let clock = self.clock;
        let now: vpsie_api::Now = Arc::new(move || clock.now());
        let settings = vpsie_api::Settings {
            now: Arc::clone(&now),
            ..self.vpsie.clone()
        };
        let credentials = vpsie_api::Credentials::Token(TOKEN.to_owned().into());
        let transport = self.wire.transport(self.cloud.transport());
        let vpsie = vpsie_api::Client::new(settings, credentials, transport).expect("the settings are right");
        let operator = Operator::start(
            self.wire.client(self.client.clone()),
            Arc::new(vpsie),
            Clock::from_fn(move || now()),
            self.settings.clone(),
        );
        let operator = operator.await.expect("the operator starts");
        let (stop, stopped) = oneshot::channel();
        let operate = async move {
            operator.run_until(async { drop(stopped.await) }).await;
        };
        self.operator = Some((tokio::spawn(operate), stop));
    }

    /// Tells the operator to stop, as SIGTERM does, and waits until it has.
    ///
    /// # Panics
    /// Panics when it does not run.
    pub async fn stop(&mut self) {
        let (operator, stop) = self.operator.take().expect("the operator runs");
        drop(stop);
        operator.await.expect("the operator does not panic");
    }

    /// Ends the operator in the middle of whatever it does.
    ///
    /// # Panics
    /// Panics when it does not run, or ended by itself.
    pub async fn kill(&mut self) {
        let (operator, _stop) = self.operator.take().expect("the operator runs");
        operator.abort();
        let ended = operator.await.expect_err("the operator did not end by itself");
        assert!(ended.is_cancelled(), "the operator panicked: {ended}");
    }
}

// === impl Fleet: acting as a person ===

impl Fleet {
    /// Returns the API of a kind in the fleet's namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    /// Returns the API of Nodes.
    pub fn nodes(&self) -> Api<Node> {
        Api::all(self.client.clone())
    }

    /// Returns the API server in memory.
    ///
    /// # Panics
    /// Panics in a world with a real API server.
    pub fn memory(&self) -> &KubeApi {
        self.memory.as_ref().expect("a world in memory")
    }

    /// Creates an object as a person does.
    ///
    /// # Panics
    /// Panics when the API server refuses it.
    pub async fn create<K>(&self, object: &K) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Debug
            + Serialize
            + DeserializeOwned,
    {
        self.api::<K>()
            .create(&PostParams::default(), object)
            .await
            .expect("the object is accepted")
    }

    /// Deletes an object as a person does.
    ///
    /// # Panics
    /// Panics when the API server refuses it.
    pub async fn delete<K>(&self, name: &str)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let deleted = self.api::<K>().delete(name, &DeleteParams::default()).await;
        deleted.expect("the deletion is accepted");
    }
}

// === impl Fleet: looking ===

impl Fleet {
    /// Reads all stored objects.
    ///
    /// # Panics
    /// Panics when the API server does not answer.
    pub async fn stored(&self) -> Stored {
        let all = ListParams::default();
        Stored {
            groups: self
                .api()
                .list(&all)
                .await
                .expect("NodeGroups can be listed")
                .items,
            claims: self
                .api()
                .list(&all)
                .await
                .expect("VPSieNodes can be listed")
                .items,
            nodes: self.nodes().list(&all).await.expect("Nodes can be listed").items,
        }
    }

    /// Waits until the stored objects meet a condition, and returns them.
    ///
    /// # Panics
    /// Panics with all that is stored when the limit passes first.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut(&Stored) -> bool) -> Stored {
        let deadline = Instant::now() + self.limit;
        loop {
            let stored = self.stored().await;
            if is_so(&stored) {
                return stored;
            }
            assert!(
                Instant::now() < deadline,
                "it did not come to this: {what}\n{stored}"
            );
            tokio::time::sleep(self.look).await;
        }
    }

    /// Waits until VPSie was asked for the nodes of a cluster so many more times.
    ///
    /// # Panics
    /// Panics when the limit passes first.
    pub async fn polls(&self, count: usize) -> Stored {
        let wanted = self.cloud.calls_of(CallKind::Cluster) + count;
        let stored = self
            .until("more polls of VPSie", |_| {
                self.cloud.calls_of(CallKind::Cluster) >= wanted
            })
            .await;
        drop(stored);
        // The poll that was counted last has also been acted on once the next one begins.
        self.until("the pass after the last poll", |_| {
            self.cloud.calls_of(CallKind::Cluster) > wanted
        })
        .await
    }

    /// Tells what really happened, from the ledger of the cloud and the stored objects.
    ///
    /// # Panics
    /// Panics when the API server does not answer.
    pub async fn truth(&self) -> Report {
        let stored = self.stored().await;
        let claims: Vec<Value> = stored.claims.iter().map(value).collect();
        let nodes: Vec<Value> = stored.nodes.iter().map(value).collect();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ever: Vec<Value> = known.values().cloned().collect();
        let removed = self.memory.iter().flat_map(KubeApi::deleted);
        ever.extend(removed.filter(|object| object["kind"] == "VPSieNode"));
        let objects = Objects {
            vpsie_nodes: &claims,
            nodes: &nodes,
            ever: &ever,
        };
        examine_expecting(&self.cloud, &objects, &expected(&stored.groups))
    }
}

// === helpers ===

/// Applies our definitions to a real API server and waits until it serves them.
///
/// # Panics
/// Panics when it refuses one or takes too long.
pub async fn install_definitions(client: &Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for definition in all_crds() {
        let name = definition.name_any();
        let params = PatchParams::apply("system-tests");
        let applied = api.patch(&name, &params, &Patch::Apply(&definition)).await;
        applied.expect("the definition is valid");
        let established = await_condition(api.clone(), &name, conditions::is_crd_established());
        let established = tokio::time::timeout(ESTABLISH_LIMIT, established).await;
        established.expect("in time").expect("established");
    }
    let served = async {
        await_served::<NodeGroup>(client).await;
        await_served::<VPSieNode>(client).await;
    };
    let served = tokio::time::timeout(ESTABLISH_LIMIT, served).await;
    served.expect("the definitions are served in time");
}

/// Waits until a kind can be listed: a definition is established before its storage is ready.
async fn await_served<K>(client: &Client)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), NAMESPACE);
    while api.list_metadata(&ListParams::default()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Remembers the last version of every VPSieNode, for a real API server forgets those that are gone.
async fn remember(client: Client, known: Arc<Mutex<BTreeMap<String, Value>>>) {
    let api: Api<VPSieNode> = Api::namespaced(client, NAMESPACE);
    loop {
        if let Ok(all) = api.list(&ListParams::default()).await {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            known.extend(
                all.items
                    .iter()
                    .map(|claim| (claim.uid().unwrap_or_default(), value(claim))),
            );
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Says what the Nodes of each group must carry besides the autoscaler's own labels.
fn expected(groups: &[NodeGroup]) -> Expected {
    let extras = |group: &NodeGroup| {
        let taints = group.spec.taints.clone().unwrap_or_default().into_iter();
        let taints = taints.map(|taint| Taint {
            key: taint.key,
            value: taint.value.unwrap_or_default(),
            effect: taint.effect,
        });
        Extras {
            labels: group.spec.labels.clone().unwrap_or_default(),
            taints: taints.collect(),
        }
    };
    let groups = groups.iter().map(|group| (group.name_any(), extras(group)));
    Expected {
        groups: groups.collect(),
    }
}
