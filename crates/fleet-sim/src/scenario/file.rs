//! The scenario as it is written; every type refuses fields it does not know.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_saphyr::Options;

use super::error::ScenarioError;
use super::fault::FaultPart;
use crate::cloud::text::{Price, Span};
use crate::cloud::{BehaviourChange, VmState, Which};

/// Is a value with its place in the text.
pub(super) type At<T> = serde_saphyr::Spanned<T>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// For the reader; nothing depends on it.
    #[serde(default, rename = "description")]
    _description: Option<String>,
    pub(super) seed: Option<u64>,
    pub(super) start: Option<At<DateTime<Utc>>>,
    #[serde(default)]
    pub(super) access: AccessPart,
    #[serde(default)]
    pub(super) sizes: Vec<SizePart>,
    #[serde(default)]
    pub(super) datacenters: Vec<DatacenterPart>,
    #[serde(default)]
    pub(super) clusters: Vec<ClusterPart>,
    #[serde(default)]
    pub(super) vms: Vec<VmPart>,
    #[serde(default)]
    pub(super) ssh_keys: Vec<SshKeyPart>,
    #[serde(default)]
    pub(super) projects: Vec<ProjectPart>,
    #[serde(default)]
    pub(super) tags: Vec<TagPart>,
    #[serde(default)]
    pub(super) behaviour: BehaviourChange,
    #[serde(default)]
    pub(super) faults: Vec<FaultPart>,
    #[serde(default)]
    pub(super) happenings: Vec<HappeningPart>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessPart {
    pub(super) token: Option<At<String>>,
    pub(super) client_id: Option<At<String>>,
    pub(super) client_secret: Option<At<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SizePart {
    pub(super) number: At<u64>,
    pub(super) name: String,
    pub(super) cpu: At<u32>,
    pub(super) ram_mb: At<u64>,
    pub(super) disk_gb: At<u64>,
    pub(super) price: Price,
    #[serde(default)]
    pub(super) category: CategoryPart,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CategoryPart {
    #[default]
    SharedCpu,
    ComputeOptimized,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatacenterPart {
    pub(super) identifier: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) country: String,
    #[serde(default = "yes")]
    pub(super) is_active: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusterPart {
    pub(super) name: At<String>,
    #[serde(default = "one_manager")]
    pub(super) managers: At<u32>,
    #[serde(default)]
    pub(super) workers_without_group: Option<At<u32>>,
    pub(super) version: Option<String>,
    pub(super) datacenter: Option<String>,
    #[serde(default)]
    pub(super) locked: bool,
    pub(super) size: Option<At<u64>>,
    #[serde(default)]
    pub(super) groups: Vec<GroupPart>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupPart {
    pub(super) name: At<String>,
    pub(super) size: At<u64>,
    pub(super) workers: Option<At<u32>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VmPart {
    pub(super) hostname: String,
    pub(super) size: Option<At<u64>>,
    pub(super) datacenter: Option<String>,
    pub(super) state: Option<VmState>,
    pub(super) pending_for: Option<Span>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SshKeyPart {
    pub(super) name: String,
    pub(super) key: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectPart {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TagPart {
    pub(super) entity: String,
    pub(super) entity_id: u64,
    pub(super) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HappeningPart {
    pub(super) after: Span,
    pub(super) what: WhatPart,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WhatPart {
    Upgrade {
        cluster: At<String>,
        version: String,
        #[serde(default = "usual_pace")]
        pace: Span,
    },
    AddMachine {
        cluster: At<String>,
        group: Option<At<String>>,
    },
    RemoveMachine {
        cluster: At<String>,
        group: Option<At<String>>,
        #[serde(default = "newest")]
        which: Which,
    },
    Lock {
        cluster: At<String>,
    },
    Unlock {
        cluster: At<String>,
    },
    Behave(Box<BehaviourChange>),
    Fault(FaultPart),
    AcceptOnlyToken(At<String>),
}

/// Reads the text without asking whether it makes sense as a whole.
pub(super) fn read(text: &str) -> Result<File, ScenarioError> {
    let mut options = Options::default();
    options.with_snippet = false;
    let mut path = String::new();
    let file = serde_saphyr::with_deserializer_from_str_with_options(text, options, |source| {
        serde_path_to_error::deserialize(source).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    });
    file.map_err(|error| {
        let place = error.location();
        let (line, column) = place.map_or((0, 0), |place| (place.line(), place.column()));
        let message = error.to_string();
        // The place is told once, in front.
        let message = message.trim_end_matches(&format!(" at line {line}, column {column}"));
        ScenarioError::new(line, column, &field_of(&path), message.to_owned())
    })
}

/// Writes the path of a field as a person would.
fn field_of(path: &str) -> String {
    // `value` is what the wrapper that knows the place calls its content; a name of ours it is not.
    let names = path
        .split('.')
        .filter(|name| !matches!(*name, "" | "?" | "value"));
    names.collect::<Vec<_>>().join(".")
}

fn yes() -> bool {
    true
}

fn one_manager() -> At<u32> {
    At::new(
        1,
        serde_saphyr::Location::UNKNOWN,
        serde_saphyr::Location::UNKNOWN,
    )
}

/// Longer than a new manager takes to become ready, by the usual delays.
fn usual_pace() -> Span {
    Span(std::time::Duration::from_secs(300))
}

fn newest() -> Which {
    Which::Newest
}
