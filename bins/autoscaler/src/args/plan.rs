//! Options of `plan` and of `explain pod`.

use super::{AccessOptions, ExplainOutput};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where the objects come from that are planned with.
#[derive(Debug, Args)]
pub(crate) struct SourceOptions {
    /// File with objects as `kubectl get -o yaml` or `-o json` prints them; `-` for standard input. May be given
    /// several times. Without it the live cluster is read.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// File with the sizes that VPSie offers: the `data` of its answer to `POST /k8s/offers`, as JSON. By default VPSie
    /// is asked, where the live cluster is read.
    #[arg(long, value_name = "FILE")]
    pub(crate) offers: Option<PathBuf>,
    /// The time at which the plan is made; by default now.
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// How to reach Kubernetes and VPSie.
    #[command(flatten)]
    pub(crate) access: AccessOptions,
}

/// Options of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanOptions {
    /// Where the objects come from.
    #[command(flatten)]
    pub(crate) source: SourceOptions,
    /// Form of the answer.
    #[arg(long, default_value = "json")]
    pub(crate) output: PlanOutput,
    /// Prints the JSON Schema of the answer instead.
    #[arg(long, conflicts_with_all = ["from", "offers", "now"])]
    pub(crate) schema: bool,
}

/// Form of the answer of `plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanOutput {
    /// JSON, the same bytes for the same facts in any order.
    Json,
    /// Tables for a person.
    Table,
    /// Sentences for a person.
    Text,
}

/// Options of `explain pod`.
#[derive(Debug, Args)]
pub(crate) struct ExplainPodOptions {
    /// Its namespace and name.
    #[arg(value_name = "NAMESPACE/NAME")]
    pub(crate) name: String,
    /// Where the objects come from.
    #[command(flatten)]
    pub(crate) source: SourceOptions,
    /// Form of the answer.
    #[arg(long, default_value = "text")]
    pub(crate) output: ExplainOutput,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc())
        .map_err(|_| "write a time such as 2026-11-21T20:00:00Z".to_owned())
}
