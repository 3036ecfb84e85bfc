//! What Prometheus can ask: one struct, built once and passed in; every metric of it is written somewhere.
//!
//! No series is about one VPSieNode, Node or machine: their number would have no limit. Those about a NodeGroup
//! disappear with it. `docs/metrics.md` lists all of them.

mod audit;
mod endpoints;
mod facts;
mod fleet;
mod kubernetes;
pub mod labels;
mod series;
mod source;
mod states;
mod vpsie;

pub(crate) use vpsie::Measured;

use audit::AuditSource;
use endpoint_discovery::Meters;
pub use endpoints::AlertSeries;
use labels::{
    ConditionLabels, DecommissionLabels, EvaluationLabels, EventLabels, GroupLabels, HeldLabels,
    MethodLabels, NotificationLabels, OutcomeLabels, Part, PartLabels, PhaseLabels, ReasonLabels,
    RequestLabels, ResourceLabels, SourceLabels, StateLabels, StrategyLabels, TransitionLabels, VerbLabels,
    VerdictLabels, WordLabels,
};
use prometheus_client::collector::Collector;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};
use series::Series;
use source::Source;
use std::sync::Arc;
use tokio::time::Instant;
use vpsie_api::ClientState;

/// What every name begins with, as with the Go autoscaler.
pub const PREFIX: &str = "vpsie_autoscaler";

/// Histograms, one for each set of labels.
type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// One metric, as its users see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Description {
    /// Its whole name; that of a counter without the `_total` of its samples.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// What it counts or measures.
    pub help: &'static str,
}

/// Declares the metrics: field, type, how it is made, name and help, each once.
macro_rules! metrics {
    ($($field:ident: $type:ty = $make:expr, $name:literal, $help:literal;)+) => {
        /// All metrics of one operator.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Arc<Registry>,
            descriptions: Vec<Description>,
            /// The client of VPSie, which keeps counts of its own.
            vpsie: Source,
            /// The recorder of the audit log, which keeps counts of its own.
            audit: AuditSource,
            /// What discovery of endpoints counts; all are zero, or absent, where no Service is watched.
            discovery_meters: Meters,
            alert_series: AlertSeries,
            $(#[doc = $help] pub(crate) $field: $type,)+
        }

        impl Default for Metrics {
            fn default() -> Self {
                let mut catalogue = Catalogue::default();
                $(let $field: $type = $make; catalogue.add($name, $help, $field.clone());)+
                let vpsie = Source::default();
                catalogue.add_source(&vpsie, &source::DESCRIBED);
                let audit = AuditSource::default();
                catalogue.add_source(&audit, &audit::DESCRIBED);
                let discovery_meters = endpoints::meters(&mut catalogue);
                let alert_series = AlertSeries::added(&mut catalogue);
                let Catalogue { registry, descriptions } = catalogue;
                Self { registry: Arc::new(registry), descriptions, vpsie, audit, discovery_meters, alert_series, $($field,)+ }
            }
        }
    };
}

metrics! {
    passes: Counter = Counter::default(), "passes",
        "Passes made: observe, match, decide, act";
    pass_duration: Histograms<PartLabels> = Family::new_with_constructor(moments), "pass_duration_seconds",
        "Time that a part of a pass took";
    is_leading: Gauge = Gauge::default(), "leader",
        "Whether this replica leads and acts (1) or stands by (0)";
    watch_restarts: Family<ResourceLabels, Counter> = Family::default(), "watch_restarts",
        "Watches of Kubernetes that began anew, by resource; the API server ends each after some minutes";

    clock_offset: Series<SourceLabels> = Series::default(), "clock_offset_seconds",
        "How far at least the clock of this host is ahead of that of another source; negative is behind";

    vpsie_duration: Histograms<MethodLabels> = Family::new_with_constructor(calls), "vpsie_api_request_duration_seconds",
        "Time that a call of VPSie took, repetitions and the wait for room included";
    vpsie_clusters: Series<StateLabels> = Series::default(), "vpsie_clusters",
        "Clusters at VPSie by what the newest poll of them brought: answered, failed";
    kubernetes_requests: Family<RequestLabels, Counter> = Family::default(), "kubernetes_requests",
        "Requests to the Kubernetes API by verb, resource and result";
    kubernetes_duration: Histograms<VerbLabels> = Family::new_with_constructor(moments), "kubernetes_request_duration_seconds",
        "Time until the Kubernetes API answered; for a watch, until it began";

    nodes_desired: Series<GroupLabels> = Series::default(), "nodegroup_desired_nodes",
        "Nodes that a NodeGroup should have";
    nodes_current: Series<GroupLabels> = Series::default(), "nodegroup_current_nodes",
        "VPSieNodes of a NodeGroup";
    nodes_ready: Series<GroupLabels> = Series::default(), "nodegroup_ready_nodes",
        "VPSieNodes of a NodeGroup that are Ready";
    nodes_least: Series<GroupLabels> = Series::default(), "nodegroup_min_nodes",
        "The minNodes of a NodeGroup";
    nodes_most: Series<GroupLabels> = Series::default(), "nodegroup_max_nodes",
        "The maxNodes of a NodeGroup";
    phases: Series<PhaseLabels> = Series::default(), "vpsienode_phase",
        "VPSieNodes of a NodeGroup by phase";
    verdicts: Series<VerdictLabels> = Series::default(), "vpsienode_verdicts",
        "VPSieNodes by the verdict of matching and its reason";
    unexplained: Series<ReasonLabels> = Series::default(), "unexplained_machines",
        "Machines at VPSie that belong to no VPSieNode, by the reason why not";
    leaked: Series<GroupLabels> = Series::default(), "leaked_machines",
        "Machines of a NodeGroup's group at VPSie that no VPSieNode asked for, where that can be judged";
    conditions: Series<ConditionLabels> = Series::default(), "conditions",
        "NodeGroups and VPSieNodes by condition, its status and its reason";

    scale_up_held: Series<HeldLabels> = Series::default(), "nodegroup_scale_up_held",
        "Whether a NodeGroup is above a threshold of its scaleUpPolicy (1) and does not grow, by the reason why not";
    groups_made: Counter = Counter::default(), "nodegroups_made",
        "NodeGroups that were made for pods which no other could host";
    groups_dismissed: Counter = Counter::default(), "nodegroups_dismissed",
        "NodeGroups that were made for pods and are deleted again, because no pod needs them";
    groups_not_made: Series<ReasonLabels> = Series::default(), "nodegroups_not_made",
        "Whether a NodeGroup is to be made for pods that wait (1) and is not, although the settings allow it, by the reason why not";

    pending_pods: Series<OutcomeLabels> = Series::default(), "pending_pods",
        "Pods that are on no Node, by what becomes of them";
    pending_reasons: Series<ReasonLabels> = Series::default(), "pending_pod_reasons",
        "Pods that are on no Node, by the reason why nothing is done for them; a pod counts once for each";

    transitions: Family<TransitionLabels, Counter> = Family::default(), "vpsienode_phase_transitions",
        "Changes of the phase of a VPSieNode";
    requests: Family<OutcomeLabels, Counter> = Family::default(), "machine_requests",
        "Requests for a machine by what came of them";
    removals: Family<OutcomeLabels, Counter> = Family::default(), "machine_removals",
        "Requests to remove a machine by what came of them";
    discovery: Histogram = minutes(), "vpsienode_discovery_duration_seconds",
        "Time from the request for a machine until it was recorded";
    strategies: Family<StrategyLabels, Counter> = Family::default(), "vpsienode_discovery_strategy_used",
        "Machines recorded, by the kind of evidence that tied them to their VPSieNode";
    discovery_failures: Family<ReasonLabels, Counter> = Family::default(), "vpsienode_discovery_failures",
        "VPSieNodes that found no machine, or more than one can tell apart, by reason";
    joining: Histogram = minutes(), "vpsienode_joining_duration_seconds",
        "Time from the discovery of a machine until its Node appeared";
    provisioning: Histogram = minutes(), "node_provisioning_duration_seconds",
        "Time from the request for a machine until its Node was Ready";
    termination: Histogram = minutes(), "node_termination_duration_seconds",
        "Time from the deletion of a VPSieNode until it was gone";
    nodes_labelled: Counter = Counter::default(), "nodes_labelled",
        "Nodes that were marked for their VPSieNode";

    decommissions: Family<DecommissionLabels, Counter> = Family::default(), "decommission",
        "Attempts to remove a machine, refused ones too, by who decided, result and reason";
    lifecycle_transitions: Family<TransitionLabels, Counter> = Family::default(), "lifecycle_transitions",
        "Transitions between states of the life of a node";
    lifecycle_nodes: Series<StateLabels> = Series::default(), "lifecycle_nodes",
        "Nodes by the state of their life";

    evaluation_duration: Histograms<EvaluationLabels> = Family::new_with_constructor(instants), "node_state_evaluation_duration_seconds",
        "Time that the evaluation of a node took, by its NodeGroup and whether the state changed";
    evaluations: Family<EvaluationLabels, Counter> = Family::default(), "node_state_evaluation",
        "Evaluations of nodes, by their NodeGroup and whether the state changed";
    notification_duration: Histograms<NotificationLabels> = Family::new_with_constructor(instants), "node_state_notification_duration_seconds",
        "Time that telling a consumer of new node states took";
    active_nodes: Gauge = Gauge::default(), "node_state_active_nodes",
        "Nodes that have a state; a VPSieNode without a Node is one";
    nodes_by_phase: Series<WordLabels> = Series::default(), "node_state_nodes_by_phase",
        "Nodes by how it stands with them";
    node_phase_transitions: Family<TransitionLabels, Counter> = Family::default(), "node_state_phase_transitions",
        "Changes of how it stands with a node";

    events_emitted: Family<EventLabels, Counter> = Family::default(), "events_emitted",
        "Kubernetes Events by type and whether the API server took them";
    events_dropped: Counter = Counter::default(), "event_buffer_dropped",
        "Kubernetes Events that found the queue full";
}

/// Collects what is registered.
struct Catalogue {
    registry: Registry,
    descriptions: Vec<Description>,
}

// === impl Catalogue ===

impl Default for Catalogue {
    fn default() -> Self {
        Self {
            registry: Registry::with_prefix(PREFIX),
            descriptions: Vec::new(),
        }
    }
}

impl Catalogue {
    fn add(&mut self, name: &str, help: &'static str, metric: impl Metric) {
        self.descriptions.push(Description {
            name: format!("{PREFIX}_{name}"),
            kind: metric.metric_type().as_str().to_owned(),
            help,
        });
        self.registry.register(name, help, metric);
    }

    fn add_source(
        &mut self,
        source: &(impl Collector + Clone),
        described: &[(&str, MetricType, &'static str)],
    ) {
        self.descriptions
            .extend(described.iter().map(|(name, kind, help)| Description {
                name: format!("{PREFIX}_{name}"),
                kind: kind.as_str().to_owned(),
                help,
            }));
        self.registry.register_collector(Box::new(source.clone()));
    }
}

// === impl Metrics ===

impl Metrics {
    /// Returns what a server of metrics reads.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// Lists all metrics, in order of their declaration.
    pub fn descriptions(&self) -> &[Description] {
        &self.descriptions
    }

    /// Shows what the client of VPSie counts. The first one that is given stays.
    pub fn show_vpsie(&self, state: impl Fn() -> ClientState + Send + Sync + 'static) {
        self.vpsie.set(Box::new(state));
    }

    /// Returns what discovery of endpoints counts in.
    pub fn discovery_meters(&self) -> Meters {
        self.discovery_meters.clone()
    }

    /// Returns what counts alerts on their way to a webhook.
    pub fn alert_series(&self) -> AlertSeries {
        self.alert_series.clone()
    }

    /// Counts the passes that were made.
    pub fn passes(&self) -> u64 {
        self.passes.get()
    }

    /// Says whether this replica leads.
    pub(crate) fn leads(&self, is_leading: bool) {
        self.is_leading.set(i64::from(is_leading));
    }

    /// Measures a part of a pass that has just ended.
    pub(crate) fn took(&self, part: Part, began: Instant) {
        let took = began.elapsed().as_secs_f64();
        self.pass_duration
            .get_or_create(&PartLabels { part })
            .observe(took);
    }
}

/// From a millisecond to half a minute: what should be quick.
fn moments() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

/// From a tenth of a millisecond to a tenth of a second: what happens in memory (`NS-28`).
fn instants() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 11))
}

/// From ten milliseconds to twenty seconds, the buckets of the Go autoscaler.
fn calls() -> Histogram {
    Histogram::new(exponential_buckets(0.01, 2.0, 12))
}

/// From five seconds to an hour and a half: what machines take.
fn minutes() -> Histogram {
    Histogram::new(exponential_buckets(5.0, 2.0, 11))
}

#[cfg(test)]
mod tests;
