//! What was there before a batch of requests, kept in a ConfigMap so that a restart does not forget it (`I1`).

use crate::kept::Node;
use crate::leaked::{FirstBaseline, FirstBaselines};
use crate::poll::Reply;
use crate::resources::keys;
use crate::tombstone::{Tombstone, Tombstones};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use k8s_openapi::api::core::v1::ConfigMap;
use node_match::{Baseline, ClusterShape};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use vpsie_api::ClusterId;

/// Most names in one baseline (`I1`): 128 KiB of 8-byte hashes, so that several fit into one ConfigMap.
const MOST_NAMES: usize = 128 * 1024 / 8;

/// A baseline with the id by which claims refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBaseline {
    /// The id, which is made of the content: the same baseline is stored once.
    pub id: String,
    /// The baseline.
    pub baseline: Arc<Baseline>,
}

/// The baselines that are stored, by id.
pub type Baselines = BTreeMap<String, Arc<Baseline>>;

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is larger than one entry may be.
    #[error(
        "baseline-too-large: the cluster has {names} names of machines and Nodes; the limit is {MOST_NAMES}"
    )]
    TooLarge {
        /// How many names it holds.
        names: usize,
    },
    /// A stored entry cannot be read.
    #[error(
        "the stored baseline {id} cannot be read; requests made against it are never matched anonymously"
    )]
    Unreadable {
        /// The entry.
        id: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A stored first baseline cannot be read.
    #[error("the stored entry {key} cannot be read; leaked machines of its group are not reported")]
    UnreadableFirst {
        /// The entry.
        key: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A stored tombstone cannot be read.
    #[error(
        "the stored tombstone {key} cannot be read; a machine that comes late for its request is not explained"
    )]
    UnreadableTombstone {
        /// The entry.
        key: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// What the ConfigMap holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The baselines.
    pub baselines: Baselines,
    /// Which of them was the first for each group at VPSie.
    pub firsts: FirstBaselines,
    /// The tombstones of released requests.
    pub tombstones: Tombstones,
}

/// A baseline as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    complete: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    managers: Option<u32>,
    #[serde(default)]
    nodes_counts: BTreeMap<u64, u32>,
    /// Base64 of the hashes, eight bytes each, little-endian.
    hashes: String,
}

/// Makes the baseline of a cluster from two complete replies and all Nodes.
pub fn take(cluster: &ClusterId, replies: [&Reply; 2], nodes: &[Arc<Node>]) -> NamedBaseline {
    let mut keys: Vec<String> = nodes.iter().map(|node| node.name_any()).collect();
    for machine in replies.iter().flat_map(|reply| &reply.cluster.nodes) {
        keys.extend(machine.number.map(|number| number.get().to_string()));
        keys.extend(
            machine
                .identifier
                .as_ref()
                .map(|identifier| identifier.as_str().to_owned()),
        );
        keys.extend(machine.hostname.clone());
    }
    let newest = replies[1];
    let mut baseline = Baseline::new(true, keys.iter().map(String::as_str)).with_shape(shape(newest));
    for group in &newest.groups {
        if let Some(count) = group.nodes_count {
            baseline = baseline.with_nodes_count(group.number.get(), count);
        }
    }
    let id = format!(
        "{:016x}",
        Baseline::hash(&format!("{cluster} {}", write(&baseline)))
    );
    NamedBaseline {
        id,
        baseline: Arc::new(baseline),
    }
}

/// Reads what can change while VPSie works on a cluster (`R2c`).
pub fn shape(reply: &Reply) -> ClusterShape {
    let summary = reply.summary.as_ref();
    ClusterShape {
        version: reply.cluster.version.clone().or_else(|| summary?.version.clone()),
        locked: summary.and_then(|summary| summary.locked),
        managers: summary.and_then(|summary| summary.manager_count),
    }
}

/// Writes a baseline as the text of its entry.
///
/// # Errors
///
/// Refuses one that is larger than an entry may be.
pub fn to_entry(baseline: &Baseline) -> Result<String, BaselineError> {
    let names = baseline.hashes().len();
    if names > MOST_NAMES {
        return Err(BaselineError::TooLarge { names });
    }
    Ok(write(baseline))
}

/// Reads all entries of the ConfigMap; one that cannot be read is an error of its own and stops no other.
pub fn read_all(map: &ConfigMap) -> (Stored, Vec<BaselineError>) {
    let (mut stored, mut errors) = (Stored::default(), Vec::new());
    for (key, text) in map.data.iter().flatten() {
        if let Err(error) = stored.take_in(key, text) {
            errors.push(error);
        }
    }
    (stored, errors)
}

// === impl Stored ===

impl Stored {
    /// Adds what another has.
    pub fn extend(&mut self, other: Self) {
        self.baselines.extend(other.baselines);
        self.firsts.extend(other.firsts);
        self.tombstones.extend(other.tombstones);
    }

    fn take_in(&mut self, key: &str, text: &str) -> Result<(), BaselineError> {
        if let Some(read) = Tombstone::from_entry(key, text) {
            let key = key.to_owned();
            let stone = read.map_err(|source| BaselineError::UnreadableTombstone { key, source })?;
            self.tombstones.insert(stone.uid.clone(), stone);
        } else if let Some(read) = FirstBaseline::from_entry(key, text) {
            let key = key.to_owned();
            let first = read.map_err(|source| BaselineError::UnreadableFirst { key, source })?;
            self.firsts.insert(first.place(), first);
        } else {
            let id = key.to_owned();
            let baseline = read(text).map_err(|source| BaselineError::Unreadable { id, source })?;
            self.baselines.insert(key.to_owned(), Arc::new(baseline));
        }
        Ok(())
    }
}

/// Makes an empty ConfigMap for baselines.
pub fn empty_map(namespace: &str) -> ConfigMap {
    let mut map = ConfigMap::default();
    map.metadata.name = Some(keys::CONFIG_MAP_BASELINES.to_owned());
    map.metadata.namespace = Some(namespace.to_owned());
    map
}

fn write(baseline: &Baseline) -> String {
    let shape = baseline.shape().cloned().unwrap_or_default();
    let stored = Entry {
        complete: baseline.is_complete(),
        version: shape.version,
        locked: shape.locked,
        managers: shape.managers,
        nodes_counts: baseline.nodes_counts().clone(),
        hashes: BASE64.encode(
            baseline
                .hashes()
                .iter()
                .flat_map(|hash| hash.to_le_bytes())
                .collect::<Vec<u8>>(),
        ),
    };
    serde_json::to_string(&stored).expect("a record of plain values always serialises")
}

fn read(text: &str) -> Result<Baseline, serde_json::Error> {
    use serde::de::Error;
    let stored: Entry = serde_json::from_str(text)?;
    let bytes = BASE64.decode(&stored.hashes).map_err(Error::custom)?;
    let (hashes, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Error::custom("hashes are eight bytes each"));
    }
    let hashes = hashes.iter().map(|hash| u64::from_le_bytes(*hash));
    let shape = ClusterShape {
        version: stored.version,
        locked: stored.locked,
        managers: stored.managers,
    };
    let baseline = Baseline::from_hashes(stored.complete, hashes).with_shape(shape);
    Ok(stored
        .nodes_counts
        .into_iter()
        .fold(baseline, |sum, (group, count)| sum.with_nodes_count(group, count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        let shape = ClusterShape {
            version: Some("1.34.1".into()),
            locked: Some(false),
            managers: Some(1),
        };
        Baseline::new(true, ["71002", "hel-kubernetes-49ab-slave-11cc"])
            .with_shape(shape)
            .with_nodes_count(412, 2)
    }

    /// I1: a baseline survives a restart as it was.
    #[test]
    fn stored_baseline_reads_back_the_same() {
        let stone = crate::testing::tombstone("u1", 0);
        let first = FirstBaseline {
            cluster: "a cluster/with any name".to_owned(),
            group: 412,
            baseline: "good".to_owned(),
        };
        let mut map = empty_map("kube-system");
        map.data = Some(BTreeMap::from([
            ("good".to_owned(), to_entry(&baseline()).unwrap()),
            (
                "edited".to_owned(),
                r#"{"complete":true,"hashes":"xyz"}"#.to_owned(),
            ),
            (stone.key(), stone.to_entry()),
            ("tombstone.u2".to_owned(), "{}".to_owned()),
            (first.key(), first.to_entry()),
            ("first-baseline.0".to_owned(), "{}".to_owned()),
        ]));
        let (stored, errors) = read_all(&map);
        assert_eq!(
            errors.len(),
            3,
            "the edited entries are reported and stop nothing"
        );
        let expected = Stored {
            baselines: BTreeMap::from([("good".to_owned(), Arc::new(baseline()))]),
            firsts: BTreeMap::from([(first.place(), first)]),
            tombstones: Tombstones::from([("u1".to_owned(), stone)]),
        };
        assert_eq!(stored, expected);
    }

    /// I1: what does not fit is refused, not cut.
    #[test]
    fn baseline_of_too_many_names_is_refused() {
        let names: Vec<String> = (0..20_000).map(|number| format!("node-{number}")).collect();
        let large = Baseline::new(true, names.iter().map(String::as_str));
        assert!(matches!(
            to_entry(&large),
            Err(BaselineError::TooLarge { names: 20_000 })
        ));
    }
}
