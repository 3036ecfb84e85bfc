//! The command line.

mod api;
mod audit;
mod demo;
mod discovery;
mod plan;
mod removal;

use crate::site::Listen;
pub(crate) use api::ApiOptions;
pub(crate) use audit::{
    AuditCommand, AuditKeeping, AuditListOptions, AuditOutput, AuditVerifyOptions, StoreOptions,
};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
pub(crate) use demo::{DemoOptions, DemoOutput, Speed, Worlds};
use discovery::DiscoveryOptions;
pub(crate) use plan::{ExplainPodOptions, PlanOptions, PlanOutput, SourceOptions};
pub(crate) use removal::{BrakeOptions, GateOptions};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Node autoscaler for VPSie Kubernetes clusters.
///
/// Ends with 0 on success, 1 when an invariant was broken, 2 for wrong arguments or input, 3 for credentials,
/// 4 for VPSie, 5 for Kubernetes, 6 for the audit store, 70 for a defect of the program.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How to log.
    #[command(flatten)]
    pub(crate) log: LogOptions,
}

/// How to log.
#[derive(Debug, Args)]
pub(crate) struct LogOptions {
    /// Least level to log, or a filter such as `info,kube=debug`; by default `info` for `run`, else `warn`.
    #[arg(long, global = true, env = "AUTOSCALER_LOG_LEVEL")]
    pub(crate) log_level: Option<String>,
    /// Form of the log lines.
    #[arg(long, global = true, default_value = "text", env = "AUTOSCALER_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

/// Form of the log lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Lines for a person.
    Text,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the autoscaler against a Kubernetes cluster and VPSie.
    Run(Box<RunOptions>),
    /// Shows the real autoscaler at work in a simulated world; needs no cluster and no token.
    Demo(DemoOptions),
    /// Prints the resource definitions, for `kubectl apply -f -`.
    Crd,
    /// Matches machines and Nodes to claims in a snapshot, and says why.
    Match(MatchOptions),
    /// Says which nodes would be added for the pods that wait, which would be removed, and why not; changes nothing.
    ///
    /// Of a live cluster it lists the kinds that `deploy/explain-rbac.yaml` names, gets the Secret, and asks VPSie for its
    /// offers; it needs no other right.
    Plan(Box<PlanOptions>),
    /// Says of one object why it is as it is; changes nothing.
    #[command(subcommand)]
    Explain(ExplainCommand),
    /// Lists or verifies a stored audit log; changes nothing.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Serves a simulated VPSie over HTTP, for any client; needs no token.
    SimCloud(SimCloudOptions),
}

/// How to reach Kubernetes and VPSie.
#[derive(Debug, Args)]
pub(crate) struct AccessOptions {
    /// File that names the cluster; by default `KUBECONFIG`, the usual file, or the pod's service account.
    #[arg(long)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Name of the Secret with `token`, or `clientId` and `clientSecret`.
    #[arg(long, default_value = "vpsie-secret", env = "VPSIE_SECRET_NAME")]
    pub(crate) vpsie_secret_name: String,
    /// Namespace of that Secret.
    #[arg(long, default_value = "kube-system", env = "VPSIE_SECRET_NAMESPACE")]
    pub(crate) vpsie_secret_namespace: String,
    /// Base URL of VPSie; by default that of the Secret, else `https://api.vpsie.com/apps/v2`.
    #[arg(long, env = "VPSIE_URL")]
    pub(crate) vpsie_url: Option<String>,
    /// Most calls to VPSie in a minute; a part of them is kept for removals.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(6..=100_000))]
    pub(crate) vpsie_calls_per_minute: u32,
    /// Allows plain HTTP to this machine, for a simulated VPSie.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_name = "BOOL")]
    pub(crate) allow_plain_http_to_loopback: bool,
}

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// File whose fields are the flags below, as YAML; a flag or an environment variable goes before its field.
    #[arg(long, value_name = "FILE", env = "AUTOSCALER_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Prints the configuration and where each value of it comes from, and ends.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// How to reach Kubernetes and VPSie.
    #[command(flatten)]
    pub(crate) access: AccessOptions,
    /// Address and port of metrics and health (`/metrics`, `/healthz`, `/readyz`); empty to serve nothing.
    #[arg(
        long,
        default_value = "127.0.0.1:8080",
        value_name = "ADDR",
        env = "AUTOSCALER_LISTEN"
    )]
    pub(crate) listen: Listen,
    /// Address of a collector of OpenTelemetry that takes spans over HTTP, such as `http://collector:4318`; by default
    /// nothing is sent.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Where the HTTP API is served.
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// Namespace of the autoscaler's own ConfigMap.
    #[arg(long, default_value = "kube-system", env = "POD_NAMESPACE")]
    pub(crate) namespace: String,
    /// How several replicas agree on one that acts.
    #[command(flatten)]
    pub(crate) election: ElectionOptions,
    /// Seconds between two polls of VPSie.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) poll_interval_seconds: u32,
    /// Seconds in which a requested machine must be discovered.
    #[arg(long, default_value_t = 900, env = "DISCOVERY_TIMEOUT_SECONDS", value_parser = clap::value_parser!(u32).range(60..=86_400))]
    pub(crate) discovery_timeout_seconds: u32,
    /// Seconds in which a discovered machine must join the cluster.
    #[arg(long, default_value_t = 900, env = "JOINING_TIMEOUT_SECONDS", value_parser = clap::value_parser!(u32).range(60..=86_400))]
    pub(crate) joining_timeout_seconds: u32,
    /// Never matches a machine that no name and no address links to a claim.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_name = "BOOL")]
    pub(crate) no_anonymous: bool,
    /// Where the audit log is kept.
    #[command(flatten)]
    pub(crate) audit: AuditKeeping,
    /// How long a node rests before its machine goes.
    #[command(flatten)]
    pub(crate) gate: GateOptions,
    /// Which Services are watched.
    #[command(flatten)]
    pub(crate) discovery: DiscoveryOptions,
    /// What happens by itself to nodes that are broken or short of disk.
    #[command(flatten)]
    pub(crate) brakes: BrakeOptions,
    /// Seconds between two replies that prove an absence; to test the end of a machine without minutes of waiting.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true)]
    pub(crate) proof_spacing_seconds: Option<u32>,
    /// Seconds before a removal or a group creation without effect is asked for again, and five more than a request to
    /// VPSie may take; to test the end of a machine without minutes of waiting.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(6..))]
    pub(crate) effect_wait_seconds: Option<u32>,
}

/// Options of the leader election.
#[derive(Debug, Args)]
#[command(next_help_heading = "Leader election")]
pub(crate) struct ElectionOptions {
    /// Acts without asking anybody: only where no second process can run, not even during an update.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_name = "BOOL")]
    pub(crate) no_leader_election: bool,
    /// Name of the Lease; the default is that of the Go autoscaler, so that only one of both leads.
    #[arg(long, default_value = "vpsie-autoscaler-leader", value_name = "NAME")]
    pub(crate) leader_election_name: String,
    /// Namespace of the Lease; by default that of the autoscaler's own ConfigMap.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) leader_election_namespace: Option<String>,
    /// Seconds without a renewal after which another replica takes over.
    #[arg(long, default_value = "15", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) lease_duration: Duration,
    /// Seconds after the last renewal when a leader stops by itself.
    #[arg(long, default_value = "10", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) lease_renew_deadline: Duration,
    /// Seconds between two tries to renew or to take over.
    #[arg(long, default_value = "2", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) lease_retry: Duration,
    /// How many seconds the monotonic clock of this process counts in one; to test a clock that drifts.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true, default_value = "1", value_parser = times)]
    pub(crate) clock_rate: f64,
}

/// Options of `match`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct MatchOptions {
    /// File with the snapshot as JSON; `-` for standard input.
    #[arg(long, group = "what")]
    pub(crate) from: Option<PathBuf>,
    /// Prints the JSON Schema of the snapshot instead.
    #[arg(long, group = "what")]
    pub(crate) schema: bool,
    /// Form of the answer.
    #[arg(long, default_value = "json")]
    pub(crate) output: MatchOutput,
}

/// Form of the answer of `match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatchOutput {
    /// JSON, the same bytes for the same facts in any order.
    Json,
    /// A table for a person.
    Table,
}

/// What to explain.
#[derive(Debug, Subcommand)]
pub(crate) enum ExplainCommand {
    /// Says which machine and Node a VPSieNode has and why, or what was considered and what is missing.
    ///
    /// Lists `nodegroups`, `vpsienodes` and `nodes`, gets the ConfigMap of baselines and the Secret, and asks VPSie
    /// once; it needs no other right and changes nothing.
    Vpsienode(Box<ExplainOptions>),
    /// Says of a pod whether it waits for a node, for which, or why none helps and what would; as `plan` has it.
    Pod(Box<ExplainPodOptions>),
}

/// Options of `explain vpsienode`.
#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// Its name, with its namespace where several have that name.
    #[arg(value_name = "[NAMESPACE/]NAME")]
    pub(crate) name: String,
    /// How to reach Kubernetes and VPSie.
    #[command(flatten)]
    pub(crate) access: AccessOptions,
    /// Namespace of the autoscaler's own ConfigMap.
    #[arg(long, default_value = "kube-system", env = "POD_NAMESPACE")]
    pub(crate) namespace: String,
    /// Seconds in which a requested machine must be discovered, as `run` was told.
    #[arg(long, default_value_t = 900, env = "DISCOVERY_TIMEOUT_SECONDS", value_parser = clap::value_parser!(u32).range(60..=86_400))]
    pub(crate) discovery_timeout_seconds: u32,
    /// Says what would be without anonymous matching, as `run` was told.
    #[arg(long)]
    pub(crate) no_anonymous: bool,
    /// Seconds between two replies that prove an absence; to test the end of a machine without minutes of waiting.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true)]
    pub(crate) proof_spacing_seconds: Option<u32>,
    /// Form of the answer.
    #[arg(long, default_value = "text")]
    pub(crate) output: ExplainOutput,
}

/// Form of the answer of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainOutput {
    /// Sentences for a person.
    Text,
    /// One JSON object and nothing else.
    Json,
}

/// Options of `sim-cloud`.
#[derive(Debug, Args)]
pub(crate) struct SimCloudOptions {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8645", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Seed of everything that chance decides; by default that of the scenario, else 1.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// File with the scenario as YAML or JSON; `-` for standard input. By default one cluster in which all works.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// How many times faster than real time.
    #[arg(long, default_value = "1", value_parser = times)]
    pub(crate) speed: f64,
    /// Allows an address that other machines can reach.
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

// === impl Command ===

impl Command {
    /// Returns where spans are sent: those of `run`, where somebody wants them.
    pub(crate) fn otlp_endpoint(&self) -> Option<&str> {
        match self {
            Self::Run(options) => options.otlp_endpoint.as_deref().filter(|url| !url.is_empty()),
            Self::Demo(_)
            | Self::Crd
            | Self::Match(_)
            | Self::Plan(_)
            | Self::Explain(_)
            | Self::Audit(_)
            | Self::SimCloud(_) => None,
        }
    }

    /// Returns the level of its logs: what `run` does is told nowhere else, the others print their result.
    ///
    /// The worlds of `demo` are full of trouble made on purpose, which the operator rightly warns of and records.
    pub(crate) fn usual_log_level(&self) -> &'static str {
        match self {
            Self::Run(_) => "info",
            Self::Demo(_) => "error,audit=off",
            Self::Crd
            | Self::Match(_)
            | Self::Plan(_)
            | Self::Explain(_)
            | Self::Audit(_)
            | Self::SimCloud(_) => "warn",
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        Ok(_) | Err(_) => Err("use a number of seconds from 0.1 to 3600".to_owned()),
    }
}

fn times(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(times) if (0.1..=100_000.0).contains(&times) => Ok(times),
        Ok(_) | Err(_) => Err("use a number from 0.1 to 100000".to_owned()),
    }
}
