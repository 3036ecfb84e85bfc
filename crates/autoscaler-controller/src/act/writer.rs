//! Writes to NodeGroups and VPSieNodes, each under the version that was looked at.

use super::ActError;
use crate::command::StatusWrite;
use crate::intent::Intent;
use crate::resources::{VPSieNode, VPSieNodeStatus, keys};
use crate::target::Target;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

/// Tries to write what came of a request; with the waits between them they take seven seconds.
const SETTLING_TRIES: u32 = 6;
/// First wait between two of these tries; each is twice as long as the one before.
const FIRST_SETTLING_WAIT: Duration = Duration::from_millis(200);

/// A kind whose objects live in a namespace and are written as they are read.
pub(super) trait Stored:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

impl<K> Stored for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

/// Writes objects, and knows which versions its own writes made of them.
pub(super) struct Writer {
    client: Client,
    versions: BTreeMap<String, String>,
}

// === impl Writer ===

impl Writer {
    pub(super) fn new(client: Client) -> Self {
        let versions = BTreeMap::new();
        Self { client, versions }
    }

    /// Makes a writer that knows the version of one object, for who goes on with it alone.
    pub(super) fn of(&self, target: &Target) -> Self {
        let version = self.versions.get_key_value(&target.uid);
        let known = version.map(|(uid, version)| (uid.clone(), version.clone()));
        Self {
            client: self.client.clone(),
            versions: known.into_iter().collect(),
        }
    }

    /// Returns the API of a kind in a namespace.
    pub(super) fn api_of<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Returns a target at the version that this writer made last.
    ///
    /// Our own write succeeded on the version that was decided on, so nothing else came in between.
    pub(super) fn current(&self, mut target: Target) -> Target {
        if let Some(version) = self.versions.get(&target.uid) {
            target.resource_version.clone_from(version);
        }
        target
    }

    /// Notes the version that a write of ours made.
    fn wrote<K: kube::ResourceExt>(&mut self, object: &K) {
        if let (Some(uid), Some(version)) = (object.uid(), object.resource_version()) {
            self.versions.insert(uid, version);
        }
    }

    /// Writes an intent on an object and, for a new one, the keys that go with it; returns the object as it is then.
    pub(super) async fn write_intent<K: Stored>(
        &mut self,
        target: Target,
        key: &str,
        intent: &Intent,
    ) -> Result<K, ActError> {
        self.merge_into::<K>(target, intent_patch(key, intent)).await
    }

    /// Writes the intent of a request for a machine and, in the same write, the life of its VPSieNode.
    pub(super) async fn write_first_intent(
        &mut self,
        target: Target,
        intent: &Intent,
        life: Option<&str>,
    ) -> Result<(), ActError> {
        let mut patch = intent_patch(keys::ANNOTATION_CREATION_INTENT, intent);
        if let Some(life) = life {
            patch["metadata"]["annotations"][keys::ANNOTATION_LIFECYCLE] = life.into();
        }
        self.merge::<VPSieNode>(target, patch).await
    }

    /// Writes what came of a request, or that it never left, however often the object changes meanwhile: nothing else
    /// knows it.
    pub(super) async fn settle_intent<K: Stored>(
        &mut self,
        target: Target,
        key: &str,
        intent: &Intent,
    ) -> Result<(), ActError> {
        let mut wait = FIRST_SETTLING_WAIT;
        for _ in 1..SETTLING_TRIES {
            match self.write_intent::<K>(target.clone(), key, intent).await {
                Ok(_) => return Ok(()),
                Err(error) => {
                    tracing::info!(name = target.name, %error, "what came of a request is written again")
                }
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
            self.read_again::<K>(&target, key, intent).await?;
        }
        self.write_intent::<K>(target, key, intent).await.map(drop)
    }

    /// Takes a fresh version of an object, if its intent is still the one that is to be settled.
    async fn read_again<K: Stored>(
        &mut self,
        target: &Target,
        key: &str,
        intent: &Intent,
    ) -> Result<(), ActError> {
        // An API server that does not answer now may answer the write.
        let Ok(object) = self.api_of::<K>(&target.namespace).get(&target.name).await else {
            return Ok(());
        };
        let stored = Intent::from_annotation(&object, key);
        let is_same = stored.is_some_and(|stored| stored.is_of_the_same_request(intent));
        if object.meta().uid.as_deref() != Some(target.uid.as_str()) || !is_same {
            return Err(ActError::Conflict);
        }
        self.wrote(&object);
        Ok(())
    }

    pub(super) async fn write_vpsie_node_status(
        &mut self,
        target: Target,
        write: &StatusWrite<VPSieNodeStatus>,
    ) -> Result<(), ActError> {
        let phase = write.status.phase.as_ref().map(ToString::to_string);
        let name = format!("{}/{}", target.namespace, target.name);
        self.merge_status::<VPSieNode, _>(target, write).await?;
        tracing::info!(vpsie_node = name, phase, "status written");
        Ok(())
    }

    /// Sends a merge patch that fails when the object changed since it was looked at.
    pub(super) async fn merge<K: Stored>(&mut self, target: Target, patch: Value) -> Result<(), ActError> {
        self.merge_into::<K>(target, patch).await.map(drop)
    }

    /// Does so, and returns what the object has become.
    async fn merge_into<K: Stored>(&mut self, target: Target, mut patch: Value) -> Result<K, ActError> {
        let target = self.current(target);
        patch["metadata"]["resourceVersion"] = target.resource_version.clone().into();
        patch["metadata"]["uid"] = target.uid.clone().into();
        let api = self.api_of::<K>(&target.namespace);
        let object = api
            .patch(&target.name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .map_err(ActError::of("patch", K::plural(&())))?;
        self.wrote(&object);
        Ok(object)
    }

    pub(super) async fn merge_status<K: Stored, S: Serialize>(
        &mut self,
        target: Target,
        write: &StatusWrite<S>,
    ) -> Result<(), ActError> {
        let target = self.current(target);
        let mut status =
            serde_json::to_value(&write.status).expect("a status of plain values always serialises");
        for field in &write.cleared {
            status[field] = Value::Null;
        }
        let metadata = json!({ "resourceVersion": target.resource_version, "uid": target.uid });
        let patch = Patch::Merge(json!({ "metadata": metadata, "status": status }));
        let api = self.api_of::<K>(&target.namespace);
        let object = api
            .patch_status(&target.name, &PatchParams::default(), &patch)
            .await
            .map_err(ActError::of("patch", format!("{}/status", K::plural(&()))))?;
        self.wrote(&object);
        Ok(())
    }
}

/// Makes the patch of an intent.
fn intent_patch(key: &str, intent: &Intent) -> Value {
    let mut patch = json!({ "metadata": { "annotations": { key: intent.to_annotation() } } });
    if key == keys::ANNOTATION_CREATION_INTENT {
        patch["metadata"]["annotations"][keys::ANNOTATION_CREATION_REQUESTED] = keys::TRUE.into();
    }
    patch
}
