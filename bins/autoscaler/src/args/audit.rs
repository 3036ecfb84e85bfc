//! Arguments of `audit`.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::exit::Failure;

use audit_store::{InvalidLocation, Location};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand, ValueEnum};
use node_lifecycle::audit::{Action, Author, Filter, Hash, Outcome};

/// Names no store: the newest entries are kept in memory, and end with the process.
const MEMORY: &str = "memory";

/// What to do with a stored audit log; both only read.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Lists what was recorded, the oldest first.
    List(AuditListOptions),
    /// Looks for entries that were altered or removed; ends with 1 when there are some.
    Verify(AuditVerifyOptions),
}

/// Which store.
#[derive(Debug, Args)]
pub(crate) struct StoreOptions {
    /// The store: `sqlite:PATH`, `jsonl:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[arg(
        long,
        value_name = "STORE",
        env = "AUTOSCALER_AUDIT_STORE",
        hide_env_values = true
    )]
    pub(crate) audit_store: StoreName,
}

/// Where `run` keeps its audit log.
#[derive(Debug, Args)]
#[command(next_help_heading = "Audit log")]
pub(crate) struct AuditKeeping {
    /// Where it is stored: `sqlite:PATH`, `jsonl:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE`, or `memory` for nowhere.
    #[arg(
        long,
        value_name = "STORE",
        default_value = "sqlite:/var/lib/vpsie-autoscaler/audit.db",
        env = "AUTOSCALER_AUDIT_STORE",
        hide_env_values = true
    )]
    pub(crate) audit_store: StoreName,
    /// Days after which an entry is pruned; 0 keeps all.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub(crate) audit_retention_days: u32,
}

/// Is the name of a store as it was given; it may hold a password and cannot be printed.
#[derive(Clone)]
pub(crate) struct StoreName(String);

/// Options of `audit list`.
#[derive(Debug, Args)]
pub(crate) struct AuditListOptions {
    /// Which store.
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// Only about the Node of this name, or the VPSieNode before it joined.
    #[arg(long)]
    pub(crate) node: Option<String>,
    /// Only about this NodeGroup.
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = group)]
    pub(crate) group: Option<String>,
    /// Only this action, such as `node_decommission`.
    #[arg(long)]
    pub(crate) action: Option<Action>,
    /// Only with this result: `success`, `rejected` or `failed`.
    #[arg(long)]
    pub(crate) result: Option<Outcome>,
    /// Only decided by this one, such as `manual`.
    #[arg(long, value_name = "DECIDER")]
    pub(crate) decided_by: Option<Author>,
    /// Only from this time on, such as `2026-01-24T08:40:00Z`.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<DateTime<Utc>>,
    /// Only before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<DateTime<Utc>>,
    /// Only so many, the newest.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) limit: u32,
    /// Form of the answer.
    #[arg(long, default_value = "table")]
    pub(crate) output: AuditOutput,
}

/// Options of `audit verify`.
#[derive(Debug, Args)]
pub(crate) struct AuditVerifyOptions {
    /// Which store.
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// Hash of an entry that must be there, noted earlier: without it the removal of the newest is not found.
    #[arg(long, value_name = "HASH")]
    pub(crate) head: Option<Hash>,
}

/// Form of the answer of `audit list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditOutput {
    /// A table for a person.
    Table,
    /// One JSON object in each line: the place in the chain, and the entry as it is stored.
    Json,
}

// === impl AuditListOptions ===

impl AuditListOptions {
    /// Returns what is asked for.
    ///
    /// # Errors
    ///
    /// When no time is both after one end and before the other.
    pub(crate) fn filter(&self) -> Result<Filter, Failure> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            return Err(Failure::input(anyhow::anyhow!(
                "--since must be before --until: nothing was recorded from {since} until before {until}"
            )));
        }
        Ok(Filter {
            node: self.node.clone(),
            group: self.group.clone(),
            action: self.action,
            result: self.result,
            decision_by: self.decided_by,
            since: self.since,
            until: self.until,
            limit: usize::try_from(self.limit).unwrap_or(usize::MAX),
        })
    }
}

// === impl AuditKeeping ===

impl AuditKeeping {
    /// Returns where the log is stored; nothing when that is nowhere.
    ///
    /// # Errors
    ///
    /// When the text names no store; it is not repeated, since it may hold a password.
    pub(crate) fn location(&self) -> Result<Option<Location>, Failure> {
        if self.audit_store.is_memory() {
            return Ok(None);
        }
        let location = self.audit_store.exposed().parse();
        let wrong = |error: InvalidLocation| {
            anyhow::Error::new(error).context("--audit-store is `memory` or a store")
        };
        location.map(Some).map_err(wrong).map_err(Failure::input)
    }

    /// Returns how long an entry is kept; nothing when that is for ever.
    pub(crate) fn retention(&self) -> Option<TimeDelta> {
        (self.audit_retention_days > 0).then(|| TimeDelta::days(self.audit_retention_days.into()))
    }
}

// === impl StoreName ===

impl StoreName {
    /// Tells whether it names no store, but the memory of the process.
    pub(crate) fn is_memory(&self) -> bool {
        self.0 == MEMORY
    }

    /// Returns it as it was given.
    pub(crate) fn exposed(&self) -> &str {
        &self.0
    }
}

impl FromStr for StoreName {
    type Err = Infallible;

    /// Takes any text: a wrong one is refused later, by a message that does not repeat it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreName(…)")
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| "use a time with its zone, such as 2026-01-24T08:40:00Z".to_owned())?;
    Ok(time.to_utc())
}

fn group(text: &str) -> Result<String, String> {
    let is_whole = text
        .split_once('/')
        .is_some_and(|(namespace, name)| !namespace.is_empty() && !name.is_empty() && !name.contains('/'));
    if is_whole {
        Ok(text.to_owned())
    } else {
        Err("a NodeGroup is named by its namespace, too: NAMESPACE/NAME".to_owned())
    }
}
