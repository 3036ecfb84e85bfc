//! What else a plan is made from: volumes, DaemonSets, namespaces and settings, kept without what no plan reads.

use super::followed::Place;
use super::lean::Watched;
use super::unreadable::Sieve;
use super::{WatchError, check, events};
use crate::resources::{AutoscalerConfig, keys};
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Namespace, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{CSINode, StorageClass};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::{Client, Resource};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Objects that no pass acts on, and that say where pods fit. A change of one wakes nobody: the next pass sees it.
pub struct Supplies {
    namespaces: Store<Namespace>,
    daemon_sets: Store<DaemonSet>,
    claims: Store<PersistentVolumeClaim>,
    volumes: Store<PersistentVolume>,
    classes: Store<StorageClass>,
    drivers: Store<CSINode>,
    configs: Store<AutoscalerConfig>,
}

// === impl Supplies ===

impl Supplies {
    /// Checks that each kind can be listed, and starts its watch.
    pub(super) async fn start(client: &Client, tasks: &mut JoinSet<()>) -> Result<Self, WatchError> {
        check::<Namespace>(client).await?;
        check::<DaemonSet>(client).await?;
        check::<PersistentVolumeClaim>(client).await?;
        check::<PersistentVolume>(client).await?;
        check::<StorageClass>(client).await?;
        check::<CSINode>(client).await?;
        check::<AutoscalerConfig>(client).await?;
        Ok(Self {
            namespaces: keep(client, tasks),
            daemon_sets: keep(client, tasks),
            claims: keep(client, tasks),
            volumes: keep(client, tasks),
            classes: keep(client, tasks),
            drivers: keep(client, tasks),
            configs: keep(client, tasks),
        })
    }

    /// Waits for the first lists; tells whether they came.
    pub(super) async fn are_listed(&self) -> bool {
        let listed = futures::join!(
            self.namespaces.wait_until_ready(),
            self.daemon_sets.wait_until_ready(),
            self.claims.wait_until_ready(),
            self.volumes.wait_until_ready(),
            self.classes.wait_until_ready(),
            self.drivers.wait_until_ready(),
            self.configs.wait_until_ready(),
        );
        let (one, two, three, four, five, six, seven) = listed;
        [one, two, three, four, five, six, seven]
            .iter()
            .all(Result::is_ok)
    }

    /// Returns the namespaces.
    pub fn namespaces(&self) -> Vec<Arc<Namespace>> {
        self.namespaces.state()
    }

    /// Returns the DaemonSets.
    pub fn daemon_sets(&self) -> Vec<Arc<DaemonSet>> {
        self.daemon_sets.state()
    }

    /// Returns the claims of volumes.
    pub fn claims(&self) -> Vec<Arc<PersistentVolumeClaim>> {
        self.claims.state()
    }

    /// Returns the volumes.
    pub fn volumes(&self) -> Vec<Arc<PersistentVolume>> {
        self.volumes.state()
    }

    /// Returns the storage classes.
    pub fn classes(&self) -> Vec<Arc<StorageClass>> {
        self.classes.state()
    }

    /// Returns what the drivers of volumes say of a Node.
    pub fn drivers(&self, node: &str) -> Option<Arc<CSINode>> {
        self.drivers.get(&ObjectRef::new(node))
    }

    /// Returns the one AutoscalerConfig that counts.
    pub fn config(&self) -> Option<Arc<AutoscalerConfig>> {
        self.configs.get(&ObjectRef::new(keys::CONFIG_NAME))
    }
}

/// Keeps every object of a kind that can be read.
fn keep<K: Watched<Kept = K>>(client: &Client, tasks: &mut JoinSet<()>) -> Store<K> {
    let (store, writer) = reflector::store();
    let (kept, mut sieve) = (store.clone(), Sieve::default());
    let events = events::<K>(client).try_filter_map(move |event| {
        let event = sieve.take(event, |place| find(&kept, place).map(Arc::unwrap_or_clone));
        std::future::ready(Ok(event))
    });
    let events = events.reflect(writer);
    tasks.spawn(events.for_each(|_| std::future::ready(())));
    store
}

/// Returns the object of a name, where the store has it.
fn find<K>(store: &Store<K>, (namespace, name): &Place) -> Option<Arc<K>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let reference = ObjectRef::new(name);
    if namespace.is_empty() {
        store.get(&reference)
    } else {
        store.get(&reference.within(namespace))
    }
}
