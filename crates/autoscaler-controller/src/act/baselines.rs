//! The ConfigMap of baselines: read once at the start, added to before a batch of requests.

use super::ActError;
use crate::baseline::{Baselines, NamedBaseline, empty_map, read_all, to_entry};
use crate::resources::keys;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a watch may lag behind our own writes: one that was cut resumes after half a minute of back-off, and
/// after a few minutes of an API server that does not answer there are no new requests either.
const LONGEST_STALENESS: Duration = Duration::from_secs(600);

/// The stored baselines.
pub(super) struct BaselineStore {
    api: Api<ConfigMap>,
    namespace: String,
    all: Baselines,
    /// When this process last handed out a baseline: the watch may not show yet which request refers to it.
    handed_out: BTreeMap<String, Instant>,
}

// === impl BaselineStore ===

impl BaselineStore {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            all: Baselines::new(),
            handed_out: BTreeMap::new(),
        }
    }

    pub(super) fn all(&self) -> &Baselines {
        &self.all
    }

    pub(super) async fn load(&mut self) -> Result<(), ActError> {
        let Some(map) = self.api.get_opt(keys::CONFIG_MAP_BASELINES).await? else {
            return Ok(());
        };
        let (all, errors) = read_all(&map);
        for error in errors {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "a stored baseline is left out");
        }
        self.all = all;
        Ok(())
    }

    /// Stores a baseline, unless it is stored already, and drops those that no request refers to.
    pub(super) async fn store(
        &mut self,
        new: &NamedBaseline,
        used: &BTreeSet<String>,
    ) -> Result<(), ActError> {
        let now = Instant::now();
        self.handed_out.retain(|_, at| now - *at < LONGEST_STALENESS);
        self.handed_out.insert(new.id.clone(), now);
        if self.all.contains_key(&new.id) {
            return Ok(());
        }
        let entry = to_entry(&new.baseline)?;
        let map = match self.api.get_opt(keys::CONFIG_MAP_BASELINES).await? {
            Some(map) => map,
            None => {
                self.api
                    .create(&PostParams::default(), &empty_map(&self.namespace))
                    .await?
            }
        };
        let stored = map.data.iter().flatten().map(|(id, _)| id);
        let is_kept = |id: &String| used.contains(id) || self.handed_out.contains_key(id);
        let unused: Vec<String> = stored.filter(|id| !is_kept(id)).cloned().collect();
        let mut data = serde_json::Map::from_iter([(new.id.clone(), entry.into())]);
        data.extend(unused.iter().map(|id| (id.clone(), serde_json::Value::Null)));
        let patch = json!({ "metadata": { "resourceVersion": map.resource_version() }, "data": data });
        self.api
            .patch(
                keys::CONFIG_MAP_BASELINES,
                &PatchParams::default(),
                &Patch::Merge(patch),
            )
            .await?;
        self.all.retain(|id, _| !unused.contains(id));
        self.all.insert(new.id.clone(), Arc::clone(&new.baseline));
        Ok(())
    }
}
