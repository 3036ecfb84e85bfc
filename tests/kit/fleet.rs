//! A whole world for one test: a simulated cloud, kubelets, a Kubernetes API, and the real operator between them.
//!
//! ```text
//!   in memory (paused clock)  ─┐
//!                              ├─▶ Fleet ──start──▶ operator ──wire──▶ Kubernetes, VPSie
//!   on a real control plane   ─┘     └──until(condition)── stored objects ──▶ truth
//! ```

mod definitions;
mod evaluations;
mod looking;
mod replicas;
mod running;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audit_store::Recorder;
use autoscaler_controller::Settings;
use autoscaler_controller::credentials::Standing;
use autoscaler_controller::endpoints::Endpoints;
use autoscaler_controller::metrics::Metrics;
use autoscaler_controller::resources::{
    AutoscalerConfig, AutoscalerConfigSpec, GlobalSettings, NodeGroup, NodeGroupSpec, VPSieNode,
    VPSieNodeSpec, all_crds, keys,
};
use chrono::{DateTime, TimeDelta, Utc};
use fleet_sim::cloud::ClusterSpec;
use fleet_sim::{Cloud, KubeApi, SimClock, kubelet};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Node;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use node_state::store::Reader;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::control_plane::ControlPlane;
use crate::deploy;
pub use crate::stored::Stored;
use crate::wire::Wire;
pub use definitions::install_definitions;
pub use evaluations::{Evaluation, Evaluations};
pub use replicas::{LEASE, Replica};

/// The namespace of everything in a fleet.
pub const NAMESPACE: &str = "default";

/// The data centre of every NodeGroup; that of the simulated cluster.
pub const DATACENTER: &str = "55f06b85-c9ee-11e3-9845-005056aa8af7";

/// Longest wait in a world with a paused clock: beyond two time limits and a replacement nothing new happens.
const VIRTUAL_LIMIT: Duration = Duration::from_secs(3 * 3600);
/// Longest wait in a world with a real clock: a minute on two cores that also compile.
const REAL_LIMIT: Duration = Duration::from_secs(60);

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
    /// The metrics of the operator that was started last.
    pub metrics: Arc<Metrics>,
    /// What every operator of the fleet records in; in memory, unless a test gives it a store.
    pub audit: Recorder,
    /// What the operator is told of the followed Secret.
    pub credentials: Standing,
    /// What the operators were asked to evaluate, but for replicas.
    pub evaluations: Evaluations,
    /// The Services that the operator watches, once it starts; none unless a test says so.
    pub watched: Option<endpoint_discovery::Settings>,
    /// What the operator that was started last knows of them.
    pub endpoints: Endpoints,
    /// Where the states of the operator that was started last are read.
    pub(super) states: Option<watch::Receiver<Option<Reader>>>,
    /// What the operator's client of VPSie is built with, but for the clock.
    pub vpsie: vpsie_api::Settings,
    /// How many milliseconds the operator's time of day is ahead of everybody else's.
    fast_by: Arc<AtomicI64>,
    /// The client of VPSie of the operator that was started last.
    connection: Option<Arc<vpsie_api::Client>>,
    /// Acts as a person, who may do everything.
    client: Client,
    /// Acts as the operator; on a real API server with the rights of `deploy/rbac.yaml` and no others.
    operator_client: Client,
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
        let clients = (memory.client(), memory.client());
        let look = Duration::from_secs(10);
        Self::build(clock, seed, clients, Some(memory), (VIRTUAL_LIMIT, look))
    }

    /// Builds a world around a real API server, with the definitions and the rights of `deploy/` applied and
    /// a cloud in a hurry. The operator acts under those rights alone.
    ///
    /// # Panics
    /// Panics when the API server does not take them.
    pub async fn on(control_plane: &ControlPlane) -> Self {
        let client = control_plane.client();
        install_definitions(&client).await;
        let operator_client = deploy::operator(control_plane).await.client();
        let clock = SimClock::starting_at(Utc::now());
        let look = Duration::from_millis(100);
        let mut fleet = Self::build(clock, 1, (client, operator_client), None, (REAL_LIMIT, look));
        fleet.hurry();
        fleet
    }

    fn build(
        clock: SimClock,
        seed: u64,
        (client, operator_client): (Client, Client),
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
            inhabitants.spawn(looking::remember(client.clone(), Arc::clone(&known)));
        }
        Self {
            clock,
            cloud,
            cluster,
            wire: Wire::default(),
            settings: Settings::default(),
            metrics: Arc::default(),
            audit: Recorder::in_memory(0),
            credentials: Standing::default(),
            evaluations: Evaluations::default(),
            watched: None,
            endpoints: Endpoints::default(),
            states: None,
            vpsie: vpsie_api::Settings {
                // What is left to chance belongs to the story that the seed tells.
                retry: vpsie_api::Retry {
                    seed: Some(seed),
                    ..vpsie_api::Retry::default()
                },
                ..vpsie_api::Settings::default()
            },
            fast_by: Arc::default(),
            connection: None,
            client,
            operator_client,
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
            settle: TimeDelta::seconds(1),
            first_removal: TimeDelta::seconds(1),
            candidate_spacing: TimeDelta::seconds(1),
            ..self.settings.clone()
        };
        // Who polls three times a second must be allowed to.
        self.vpsie.calls_per_minute = 100_000;
        self.vpsie.breaker.open_for = Duration::from_millis(300);
        self.vpsie.retry.first_delay = Duration::from_millis(50);
    }

    /// Lets operators that start from now on reach the Kubernetes API through this client.
    pub fn operate_through(&mut self, client: Client) {
        self.operator_client = client;
    }

    /// Waits so long for whatever is waited for.
    pub fn be_patient(&mut self, limit: Duration) {
        self.limit = limit;
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

    /// Describes a VPSieNode that a person writes for a NodeGroup; nothing is recorded on it.
    pub fn vpsie_node(&self, name: &str, group: &str) -> VPSieNode {
        let mut claim = VPSieNode::new(
            name,
            VPSieNodeSpec {
                instance_type: "57".to_owned(),
                node_group_name: group.to_owned(),
                datacenter_id: DATACENTER.to_owned(),
                resource_identifier: self.cluster.clone(),
                project: "project".to_owned(),
                kubernetes_version: "v1.34.1".to_owned(),
                ..VPSieNodeSpec::default()
            },
        );
        for (key, value) in [(keys::LABEL_MANAGED, keys::TRUE), (keys::LABEL_NODE_GROUP, group)] {
            claim.labels_mut().insert(key.to_owned(), value.to_owned());
        }
        claim
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

    /// Returns a client with the rights of the operator.
    pub fn operator_client(&self) -> Client {
        self.operator_client.clone()
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

    /// Writes what holds for the whole cluster, as a person does: the one AutoscalerConfig that counts.
    ///
    /// # Panics
    /// Panics when the API server refuses it, as it does when there is one.
    pub async fn set(&self, settings: GlobalSettings) {
        let spec = AutoscalerConfigSpec {
            global_settings: Some(settings),
            ..AutoscalerConfigSpec::default()
        };
        let config = AutoscalerConfig::new(keys::CONFIG_NAME, spec);
        let made = Api::all(self.client.clone())
            .create(&PostParams::default(), &config)
            .await;
        made.expect("the settings are accepted");
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
