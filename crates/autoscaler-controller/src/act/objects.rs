//! Writes to NodeGroups and VPSieNodes, each under the version that was looked at.

use super::{ActError, Actor, Pass};
use crate::command::{Kind, MachineRecord, StatusWrite};
use crate::intent::Intent;
use crate::resources::{NodeGroup, NodeGroupStatus, VPSieNode, VPSieNodeStatus, keys};
use crate::target::Target;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
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

impl Actor {
    /// Returns the API of a kind in a namespace.
    pub(super) fn api_of<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    pub(super) async fn set_finalizers(
        &self,
        kind: Kind,
        target: Target,
        finalizers: &[String],
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let patch = json!({ "metadata": { "finalizers": finalizers } });
        match kind {
            Kind::NodeGroup => self.merge::<NodeGroup>(target, patch, pass).await,
            Kind::VpsieNode => self.merge::<VPSieNode>(target, patch, pass).await,
        }
    }

    /// Creates a VPSieNode; one that exists already is the same slot, made before a crash or a stale read.
    pub(super) async fn create_vpsie_node(&mut self, object: &VPSieNode) -> Result<(), ActError> {
        self.create(object).await.map(drop)
    }

    /// Creates an object whose name follows from what it is, and tells whether it is new; one that exists already is
    /// looked at soon.
    pub(super) async fn create<K: Stored + Serialize>(&mut self, object: &K) -> Result<bool, ActError> {
        let api = self.api_of::<K>(&object.namespace().unwrap_or_default());
        match api.create(&PostParams::default(), object).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {
                self.has_conflicts = true;
                Ok(false)
            }
            Err(error) => Err(ActError::of("create", K::plural(&()))(error)),
        }
    }

    pub(super) async fn delete_vpsie_node(&self, target: &Target) -> Result<(), ActError> {
        let api = self.api_of::<VPSieNode>(&target.namespace);
        match api.delete(&target.name, &only(target)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(ActError::of("delete", "vpsienodes")(error)),
        }
    }

    pub(super) async fn record_machine(
        &self,
        target: Target,
        record: &MachineRecord,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let mut spec = json!({ "vpsieInstanceID": record.instance_id.unwrap_or(0) });
        let optional = [
            ("vpsieNodeIdentifier", record.identifier.clone().map(Value::from)),
            ("vpsieGroupID", record.group.map(Value::from)),
            ("ipAddress", record.ip_address.clone().map(Value::from)),
            ("ipv6Address", record.ipv6_address.clone().map(Value::from)),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                spec[key] = value;
            }
        }
        let mut patch = json!({ "spec": spec });
        if let Some(intent) = &record.intent {
            patch["metadata"]["annotations"][keys::ANNOTATION_CREATION_INTENT] =
                intent.to_annotation().into();
        }
        if let Some(life) = &record.life {
            patch["metadata"]["annotations"][keys::ANNOTATION_LIFECYCLE] = life.as_str().into();
        }
        self.merge::<VPSieNode>(target, patch, pass).await
    }

    /// Writes an intent on an object and, for a new one, the keys that go with it; returns the object as it is then.
    pub(super) async fn write_intent<K: Stored>(
        &self,
        target: Target,
        key: &str,
        intent: &Intent,
        pass: &mut Pass<'_>,
    ) -> Result<K, ActError> {
        self.merge_into::<K>(target, intent_patch(key, intent), pass)
            .await
    }

    /// Writes the intent of a request for a machine and, in the same write, the life of its VPSieNode.
    pub(super) async fn write_first_intent(
        &self,
        target: Target,
        intent: &Intent,
        life: Option<&str>,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let mut patch = intent_patch(keys::ANNOTATION_CREATION_INTENT, intent);
        if let Some(life) = life {
            patch["metadata"]["annotations"][keys::ANNOTATION_LIFECYCLE] = life.into();
        }
        self.merge::<VPSieNode>(target, patch, pass).await
    }

    /// Writes what came of a request, or that it never left, however often the object changes meanwhile: nothing else
    /// knows it.
    pub(super) async fn settle_intent<K: Stored>(
        &self,
        target: Target,
        key: &str,
        intent: &Intent,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let mut wait = FIRST_SETTLING_WAIT;
        for _ in 1..SETTLING_TRIES {
            match self.write_intent::<K>(target.clone(), key, intent, pass).await {
                Ok(_) => return Ok(()),
                Err(error) => {
                    tracing::info!(name = target.name, %error, "what came of a request is written again")
                }
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
            self.read_again::<K>(&target, key, intent, pass).await?;
        }
        self.write_intent::<K>(target, key, intent, pass).await.map(drop)
    }

    /// Takes a fresh version of an object, if its intent is still the one that is to be settled.
    async fn read_again<K: Stored>(
        &self,
        target: &Target,
        key: &str,
        intent: &Intent,
        pass: &mut Pass<'_>,
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
        pass.wrote(&object);
        Ok(())
    }

    pub(super) async fn write_life(
        &self,
        target: Target,
        life: &str,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let patch = json!({ "metadata": { "annotations": { keys::ANNOTATION_LIFECYCLE: life } } });
        self.merge::<VPSieNode>(target, patch, pass).await
    }

    pub(super) async fn write_vpsie_node_status(
        &self,
        target: Target,
        write: &StatusWrite<VPSieNodeStatus>,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let phase = write.status.phase.as_ref().map(ToString::to_string);
        let name = format!("{}/{}", target.namespace, target.name);
        self.merge_status::<VPSieNode, _>(target, write, pass).await?;
        tracing::info!(vpsie_node = name, phase, "status written");
        Ok(())
    }

    pub(super) async fn write_node_group_status(
        &self,
        target: Target,
        write: &StatusWrite<NodeGroupStatus>,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        self.merge_status::<NodeGroup, _>(target, write, pass).await
    }

    /// Sends a merge patch that fails when the object changed since it was looked at.
    pub(super) async fn merge<K: Stored>(
        &self,
        target: Target,
        patch: Value,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        self.merge_into::<K>(target, patch, pass).await.map(drop)
    }

    /// Does so, and returns what the object has become.
    async fn merge_into<K: Stored>(
        &self,
        target: Target,
        mut patch: Value,
        pass: &mut Pass<'_>,
    ) -> Result<K, ActError> {
        let target = pass.current(target);
        patch["metadata"]["resourceVersion"] = target.resource_version.clone().into();
        patch["metadata"]["uid"] = target.uid.clone().into();
        let api = self.api_of::<K>(&target.namespace);
        let object = api
            .patch(&target.name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .map_err(ActError::of("patch", K::plural(&())))?;
        pass.wrote(&object);
        Ok(object)
    }

    async fn merge_status<K: Stored, S: Serialize>(
        &self,
        target: Target,
        write: &StatusWrite<S>,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let target = pass.current(target);
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
        pass.wrote(&object);
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

/// Deletes only the very object that was looked at, not another of its name.
pub(super) fn only(target: &Target) -> DeleteParams {
    let preconditions = Preconditions {
        uid: Some(target.uid.clone()),
        resource_version: None,
    };
    DeleteParams {
        preconditions: Some(preconditions),
        ..DeleteParams::default()
    }
}
