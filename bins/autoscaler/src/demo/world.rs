//! The world of a story: one cluster at VPSie, one Kubernetes API, and the operator between them.

use crate::api;
use anyhow::Context;
use audit_store::Recorder;
use autoscaler_controller::endpoints::Endpoints;
use autoscaler_controller::resources::{
    AutoscalerConfig, AutoscalerConfigSpec, GlobalSettings, NodeGroup, NodeGroupSpec, ScaleUpPolicy,
    all_crds, keys,
};
use autoscaler_controller::{Clock, Operator, Settings, Telemetry};
use autoscaler_web::api::Sources;
use chrono::{DateTime, TimeDelta, Utc};
use endpoint_discovery::{Selection, ServiceKey};
use fleet_sim::cloud::{ClusterSpec, OfferSpec};
use fleet_sim::{Cloud, KubeApi, SimClock, kubelet};
use kube::api::PostParams;
use kube::{Api, Client};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Namespace of everything in the demo.
pub(crate) const NAMESPACE: &str = "default";
/// NodeGroup that has no node until pods wait for one.
pub(crate) const JOBS: &str = "jobs";
/// Number of its size: VPSie has one group of a size in a cluster, so it is none of those that the others have.
const JOB_SIZE: i64 = 60;
/// How many requests for machines may be on their way at once: as many as the pods of the story need nodes.
const AT_ONCE: i32 = 4;
/// Token that the simulated VPSie accepts. It opens nothing real.
const TOKEN: &str = "demo-token";

/// The simulated world, shared by the story and its narrator.
#[derive(Clone)]
pub(crate) struct World {
    /// The virtual clock.
    pub(crate) clock: SimClock,
    /// The simulated VPSie.
    pub(crate) cloud: Cloud,
    /// The simulated Kubernetes API.
    pub(crate) kube: KubeApi,
    /// The identifier of the cluster at VPSie.
    pub(crate) cluster: String,
    /// The audit log of the operator, in memory.
    pub(crate) recorder: Recorder,
}

// === impl World ===

impl World {
    /// Builds the world, with a cluster that has so many masters.
    pub(crate) fn build(seed: u64, managers: u32) -> anyhow::Result<Self> {
        let epoch = DateTime::from_timestamp(1_769_241_600, 0).context("the epoch of the demo")?;
        let clock = SimClock::starting_at(epoch);
        let cloud = Cloud::new(clock, seed);
        cloud.accept_only_token(TOKEN);
        let spec = ClusterSpec {
            managers,
            workers_without_group: 2,
            ..ClusterSpec::named("HEL-Kubernetes-49ab")
        };
        let cluster = cloud.add_cluster(spec);
        let [_, medium, _] = OfferSpec::standard();
        cloud.add_offer(OfferSpec {
            number: JOB_SIZE.unsigned_abs(),
            name: "Compute".to_owned(),
            ram_mb: medium.ram_mb / 2,
            ..medium
        });
        let kube = KubeApi::with_seed(clock, seed);
        for definition in all_crds() {
            kube.install_crd(&definition)?;
        }
        Ok(Self {
            clock,
            cloud,
            kube,
            cluster,
            recorder: Recorder::in_memory(0),
        })
    }

    /// Starts the kubelets and the operator, which is the one that `autoscaler run` starts; returns what can be shown of it.
    pub(crate) async fn start(&self) -> anyhow::Result<Sources> {
        self.start_watching(None).await
    }

    /// Does the same, with an operator that watches the endpoints of a Service.
    pub(crate) async fn start_watching(&self, service: Option<&str>) -> anyhow::Result<Sources> {
        let (cloud, cluster, client) = (self.cloud.clone(), self.cluster.clone(), self.client());
        let clock = self.clock;
        tokio::spawn(async move { kubelet::run_cluster(cloud, &cluster, client, clock).await });
        let now: vpsie_api::Now = Arc::new(move || clock.now());
        let credentials = vpsie_api::Credentials::Token(TOKEN.to_owned().into());
        let settings = vpsie_api::Settings {
            now: Arc::clone(&now),
            ..vpsie_api::Settings::default()
        };
        let vpsie = vpsie_api::Client::new(settings, credentials, self.cloud.transport())?;
        let settings = Settings {
            // A person watches: six virtual minutes show the time limit as well as fifteen.
            joining_timeout: TimeDelta::minutes(6),
            ..Settings::default()
        };
        let operator = Operator::start(
            self.client(),
            Arc::new(vpsie),
            Clock::from_fn(move || now()),
            settings,
        )
        .await?;
        let telemetry = Telemetry::default()
            .with_audit(self.recorder.clone())
            .with_events(self.client(), None);
        let endpoints = service.map_or_else(Endpoints::default, |service| self.endpoints(service));
        let operator = operator.telling(telemetry).watching(endpoints.clone());
        let sources = api::sources(&operator, endpoints, &self.recorder);
        tokio::spawn(operator.run());
        Ok(sources)
    }

    /// Begins to watch a Service. Its instances have no address that could be asked for their health.
    fn endpoints(&self, service: &str) -> Endpoints {
        let services = Selection::Named([ServiceKey::new(NAMESPACE, service)].into());
        let settings = endpoint_discovery::Settings::new(services);
        let clock = self.clock;
        Endpoints::start(self.client(), settings, None, Clock::from_fn(move || clock.now()))
    }

    /// Connects to the simulated Kubernetes API.
    pub(crate) fn client(&self) -> Client {
        self.kube.client()
    }

    /// Returns the virtual time since the start of the story.
    pub(crate) fn elapsed(&self, since: DateTime<Utc>) -> TimeDelta {
        self.clock.now() - since
    }

    /// Writes the settings of the whole cluster, as a person does who lets machines be asked for side by side.
    pub(crate) async fn configure(&self) -> anyhow::Result<()> {
        let spec = AutoscalerConfigSpec {
            global_settings: Some(GlobalSettings {
                max_concurrent_scale_ups: Some(AT_ONCE),
                max_cluster_workers: Some(0),
                enable_dynamic_node_group_creation: Some(false),
                ..GlobalSettings::default()
            }),
            node_group_defaults: None,
        };
        let config = AutoscalerConfig::new(keys::CONFIG_NAME, spec);
        let created = Api::all(self.client())
            .create(&PostParams::default(), &config)
            .await;
        created.map(drop).context("creating the AutoscalerConfig")
    }

    /// Describes the NodeGroups of the story: one with a label, one with a taint, one plain, and one for pods that come.
    pub(crate) fn node_groups(&self) -> Vec<NodeGroup> {
        let mut web = self.node_group("web", 57, 3);
        web.spec.labels = Some(BTreeMap::from([("tier".to_owned(), "web".to_owned())]));
        let mut batch = self.node_group("batch", 58, 4);
        batch.spec.taints = Some(vec![taint("dedicated", "batch")]);
        let mut jobs = self.node_group(JOBS, JOB_SIZE, 0);
        jobs.spec.max_nodes = 8;
        jobs.spec.labels = Some(BTreeMap::from([("pool".to_owned(), JOBS.to_owned())]));
        // What is full of pods would grow by its use; the story is about those that wait.
        jobs.spec.scale_up_policy = Some(ScaleUpPolicy {
            cpu_threshold: Some(100),
            ..ScaleUpPolicy::default()
        });
        vec![web, batch, self.node_group("database", 59, 2), jobs]
    }

    /// Describes a NodeGroup of the world's cluster.
    pub(crate) fn node_group(&self, name: &str, size: i64, minimum: i32) -> NodeGroup {
        let spec = NodeGroupSpec {
            min_nodes: minimum,
            max_nodes: minimum * 2,
            datacenter_id: "55f06b85-c9ee-11e3-9845-005056aa8af7".to_owned(),
            resource_identifier: self.cluster.clone(),
            project: "demo".to_owned(),
            offering_ids: vec![size.to_string()],
            kubernetes_version: "v1.34.1".to_owned(),
            kube_size_id: Some(size),
            ..NodeGroupSpec::default()
        };
        let mut group = NodeGroup::new(name, spec);
        group.metadata.namespace = Some(NAMESPACE.to_owned());
        group.metadata.labels = Some(BTreeMap::from([(
            keys::LABEL_MANAGED.to_owned(),
            keys::TRUE.to_owned(),
        )]));
        group
    }
}

fn taint(key: &str, value: &str) -> k8s_openapi::api::core::v1::Taint {
    k8s_openapi::api::core::v1::Taint {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        effect: "NoSchedule".to_owned(),
        time_added: None,
    }
}
