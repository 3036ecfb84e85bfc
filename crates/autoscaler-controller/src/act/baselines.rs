//! The ConfigMap of baselines and tombstones: read at the start and before every write.

use super::ActError;
use crate::baseline::{Baselines, NamedBaseline, Stored, empty_map, read_all, to_entry};
use crate::leaked::{FirstBaseline, FirstBaselines, has_room};
use crate::resources::keys;
use crate::tombstone::{Tombstone, prune};
use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use node_match::ClusterShape;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use vpsie_api::{ClusterId, GroupNumber};

/// How long a watch may lag behind our own writes: one that was cut resumes after half a minute of back-off, and
/// after a few minutes of an API server that does not answer there are no new requests either.
const LONGEST_STALENESS: Duration = Duration::from_secs(600);

/// How long requests of a group share a baseline: at one request a second each entry serves sixty, and even a thousand
/// nodes in one group leave room for all entries that are in use.
const SHARED_FOR: Duration = Duration::from_secs(60);

/// The stored baselines and tombstones.
pub(super) struct BaselineStore {
    api: Api<ConfigMap>,
    namespace: String,
    stored: Stored,
    /// When this process last handed out a baseline: the watch may not show yet which request refers to it.
    handed_out: BTreeMap<String, Instant>,
    /// The baseline that requests of a group were last made against, and when it was taken.
    recent: BTreeMap<(ClusterId, GroupNumber), (NamedBaseline, Instant)>,
}

// === impl BaselineStore ===

impl BaselineStore {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            stored: Stored::default(),
            handed_out: BTreeMap::new(),
            recent: BTreeMap::new(),
        }
    }

    pub(super) fn stored(&self) -> &Stored {
        &self.stored
    }

    /// Reads what is stored, at the start and at the beginning of a term; older baselines are not used again.
    pub(super) async fn load(&mut self) -> Result<(), ActError> {
        self.recent.clear();
        if let Some(map) = self
            .api
            .get_opt(keys::CONFIG_MAP_BASELINES)
            .await
            .map_err(ActError::of("get", "configmaps"))?
        {
            self.take_in(&map);
        }
        Ok(())
    }

    /// Returns the baseline for the next request of a group: the last one as long as it is recent, else a new one.
    ///
    /// Machines of one group are interchangeable, so requests that follow each other closely may share a baseline,
    /// whatever else has come meanwhile; one for each would fill the ConfigMap.
    pub(super) fn recent(
        &mut self,
        place: &(ClusterId, GroupNumber),
        shape: &ClusterShape,
        take: impl FnOnce() -> NamedBaseline,
    ) -> NamedBaseline {
        let now = Instant::now();
        self.recent
            .retain(|_, (_, taken_at)| now - *taken_at < SHARED_FOR);
        match self.recent.get(place) {
            Some((last, _)) if last.baseline.shape() == Some(shape) => last.clone(),
            Some(_) | None => {
                let new = take();
                self.recent.insert(place.clone(), (new.clone(), now));
                new
            }
        }
    }

    /// Stores a baseline, unless it is stored already, and drops those that nothing refers to.
    ///
    /// The first one for the group that asks is kept for as long as the group is one of `groups`.
    ///
    /// What a person took out of the ConfigMap, or the whole of it, is written again as far as it is in use: a
    /// request must never refer to what only this process remembers.
    pub(super) async fn store(
        &mut self,
        new: &NamedBaseline,
        used: &BTreeSet<String>,
        asking: &(String, u64),
        groups: &BTreeSet<(String, u64)>,
        now: DateTime<Utc>,
    ) -> Result<(), ActError> {
        let handed_out_at = Instant::now();
        self.handed_out
            .retain(|_, at| handed_out_at - *at < LONGEST_STALENESS);
        self.handed_out.insert(new.id.clone(), handed_out_at);
        to_entry(&new.baseline)?;
        let map = self.read().await?;
        let Stored {
            baselines,
            firsts,
            tombstones,
        } = &mut self.stored;
        baselines.insert(new.id.clone(), Arc::clone(&new.baseline));
        firsts.retain(|place, _| groups.contains(place));
        if !firsts.contains_key(asking) {
            keep_first(firsts, baselines, asking, &new.id);
        }
        prune(tombstones, now);
        let buried = tombstones.values().filter_map(|stone| stone.baseline.as_ref());
        let first = firsts.values().map(|first| &first.baseline);
        let kept: BTreeSet<&String> = used
            .iter()
            .chain(self.handed_out.keys())
            .chain(buried)
            .chain(first)
            .collect();
        baselines.retain(|id, _| kept.contains(id));
        self.write(&map).await
    }

    /// Stores a tombstone, and drops those that no longer count.
    pub(super) async fn bury(&mut self, stone: Tombstone, now: DateTime<Utc>) -> Result<(), ActError> {
        let map = self.read().await?;
        tracing::info!(
            uid = stone.uid,
            node_group = stone.node_group,
            "an open request is released"
        );
        self.stored.tombstones.insert(stone.uid.clone(), stone);
        prune(&mut self.stored.tombstones, now);
        self.write(&map).await
    }

    /// Reads the ConfigMap, and makes it when it is not there.
    async fn read(&mut self) -> Result<ConfigMap, ActError> {
        let map = match self
            .api
            .get_opt(keys::CONFIG_MAP_BASELINES)
            .await
            .map_err(ActError::of("get", "configmaps"))?
        {
            Some(map) => map,
            None => self
                .api
                .create(&PostParams::default(), &empty_map(&self.namespace))
                .await
                .map_err(ActError::of("create", "configmaps"))?,
        };
        self.take_in(&map);
        Ok(map)
    }

    /// Adds what is stored to what is known; what cannot be read is said and left out.
    fn take_in(&mut self, map: &ConfigMap) {
        let (stored, errors) = read_all(map);
        for error in errors {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "a stored record is left out");
        }
        self.stored.extend(stored);
    }

    /// Makes the ConfigMap hold what is known and nothing else, if it does not yet.
    async fn write(&self, map: &ConfigMap) -> Result<(), ActError> {
        let mut wanted: BTreeMap<String, String> = self
            .stored
            .tombstones
            .values()
            .map(|stone| (stone.key(), stone.to_entry()))
            .collect();
        let firsts = self.stored.firsts.values();
        wanted.extend(firsts.map(|first| (first.key(), first.to_entry())));
        for (id, baseline) in &self.stored.baselines {
            wanted.insert(id.clone(), to_entry(baseline)?);
        }
        let stored = map.data.clone().unwrap_or_default();
        let mut data: BTreeMap<&String, Option<&String>> = stored
            .keys()
            .filter(|key| !wanted.contains_key(*key))
            .map(|key| (key, None))
            .collect();
        let missing = wanted.iter().filter(|(key, text)| stored.get(*key) != Some(text));
        data.extend(missing.map(|(key, text)| (key, Some(text))));
        if data.is_empty() {
            return Ok(());
        }
        let patch = json!({ "metadata": { "resourceVersion": map.resource_version() }, "data": data });
        self.api
            .patch(
                keys::CONFIG_MAP_BASELINES,
                &PatchParams::default(),
                &Patch::Merge(patch),
            )
            .await
            .map_err(ActError::of("patch", "configmaps"))?;
        Ok(())
    }
}

/// Keeps a baseline as the first of the group that asks, if there is room for it.
fn keep_first(firsts: &mut FirstBaselines, baselines: &Baselines, asking: &(String, u64), id: &str) {
    let (cluster, group) = asking.clone();
    if !has_room(firsts, baselines, id) {
        tracing::warn!(
            cluster,
            group,
            "the first baselines of other groups take all the room; machines of this group that nobody asks for are not told"
        );
        return;
    }
    let baseline = id.to_owned();
    let first = FirstBaseline {
        cluster,
        group,
        baseline,
    };
    firsts.insert(first.place(), first);
}
