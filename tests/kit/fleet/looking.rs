//! What is stored in a fleet, waited for, and compared with what really happened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode};
use fleet_sim::KubeApi;
use fleet_sim::cloud::CallKind;
use fleet_sim::truth::{Expected, Extras, Objects, Report, Taint, examine_expecting};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use prometheus_client::encoding::text::encode;
use serde_json::Value;
use tokio::time::Instant;

use super::{Fleet, NAMESPACE};
use crate::stored::{Stored, value};

impl Fleet {
    /// Reads all stored objects.
    ///
    /// # Panics
    /// Panics when the API server does not answer.
    pub async fn stored(&self) -> Stored {
        let all = ListParams::default();
        Stored {
            groups: self
                .api()
                .list(&all)
                .await
                .expect("NodeGroups can be listed")
                .items,
            claims: self
                .api()
                .list(&all)
                .await
                .expect("VPSieNodes can be listed")
                .items,
            nodes: self.nodes().list(&all).await.expect("Nodes can be listed").items,
        }
    }

    /// Waits until the stored objects meet a condition, and returns them.
    ///
    /// # Panics
    /// Panics with all that is stored when the limit passes first.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut(&Stored) -> bool) -> Stored {
        let deadline = Instant::now() + self.limit;
        loop {
            let stored = self.stored().await;
            if is_so(&stored) {
                return stored;
            }
            assert!(
                Instant::now() < deadline,
                "it did not come to this: {what}\n{stored}"
            );
            tokio::time::sleep(self.look).await;
        }
    }

    /// Waits until VPSie was asked for the nodes of a cluster so many more times, and the last answer has been acted on.
    ///
    /// # Panics
    /// Panics when the limit passes first.
    pub async fn polls(&self, count: usize) -> Stored {
        let wanted = self.cloud.calls_of(CallKind::Cluster) + count;
        let stored = self
            .until("more polls of VPSie", |_| {
                self.cloud.calls_of(CallKind::Cluster) >= wanted
            })
            .await;
        drop(stored);
        // Once the next one begins, the answer to the one that was counted last has been taken in, and at the latest the
        // pass that follows sees it.
        let stored = self
            .until("the poll after the last", |_| {
                self.cloud.calls_of(CallKind::Cluster) > wanted
            })
            .await;
        drop(stored);
        let finished = self.passes();
        self.until("the pass after the last poll", |_| self.passes() > finished)
            .await
    }

    /// Returns how many passes the operator that was started last has finished.
    ///
    /// # Panics
    /// Panics when passes are not counted.
    pub fn passes(&self) -> u64 {
        let mut text = String::new();
        encode(&mut text, &self.metrics.registry()).expect("a String takes everything");
        let count = text
            .lines()
            .find_map(|line| line.strip_prefix("vpsie_autoscaler_passes_total "));
        let count = count.and_then(|count| count.parse().ok());
        count.expect("passes are counted")
    }

    /// Tells what really happened, from the ledger of the cloud and the stored objects.
    ///
    /// # Panics
    /// Panics when the API server does not answer.
    pub async fn truth(&self) -> Report {
        let stored = self.stored().await;
        let claims: Vec<Value> = stored.claims.iter().map(value).collect();
        let nodes: Vec<Value> = stored.nodes.iter().map(value).collect();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ever: Vec<Value> = known.values().cloned().collect();
        let removed = self.memory.iter().flat_map(KubeApi::deleted);
        ever.extend(removed.filter(|object| object["kind"] == "VPSieNode"));
        let objects = Objects {
            vpsie_nodes: &claims,
            nodes: &nodes,
            ever: &ever,
        };
        examine_expecting(&self.cloud, &objects, &expected(&stored.groups))
    }
}

// === helpers ===

/// Remembers the last version of every VPSieNode, for a real API server forgets those that are gone.
pub(super) async fn remember(client: Client, known: Arc<Mutex<BTreeMap<String, Value>>>) {
    let api: Api<VPSieNode> = Api::namespaced(client, NAMESPACE);
    loop {
        if let Ok(all) = api.list(&ListParams::default()).await {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            known.extend(
                all.items
                    .iter()
                    .map(|claim| (claim.uid().unwrap_or_default(), value(claim))),
            );
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Says what the Nodes of each group must carry besides the autoscaler's own labels.
fn expected(groups: &[NodeGroup]) -> Expected {
    let extras = |group: &NodeGroup| {
        let taints = group.spec.taints.clone().unwrap_or_default().into_iter();
        let taints = taints.map(|taint| Taint {
            key: taint.key,
            value: taint.value.unwrap_or_default(),
            effect: taint.effect,
        });
        Extras {
            labels: group.spec.labels.clone().unwrap_or_default(),
            taints: taints.collect(),
        }
    };
    let groups = groups.iter().map(|group| (group.name_any(), extras(group)));
    Expected {
        groups: groups.collect(),
    }
}
