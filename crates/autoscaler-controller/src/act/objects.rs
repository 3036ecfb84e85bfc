//! Commands about NodeGroups and VPSieNodes.

use super::writer::{Stored, Writer};
use super::{ActError, Actor, Pass};
use crate::command::{Kind, MachineRecord, StatusWrite};
use crate::resources::{NodeGroup, NodeGroupStatus, VPSieNode, keys};
use crate::target::Target;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde_json::{Value, json};

// === impl Actor ===

impl Actor {
    /// Returns the API of a kind in a namespace.
    pub(super) fn api_of<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Creates a VPSieNode; one that exists already is the same slot, made before a crash or a stale read.
    pub(super) async fn create_vpsie_node(
        &mut self,
        object: &VPSieNode,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let created = self.create(object).await;
        // Without an answer it may have been made all the same.
        if !matches!(created, Err(ActError::Conflict | ActError::Forbidden { .. })) {
            self.note_made((object.namespace().unwrap_or_default(), object.name_any()));
        }
        pass.made.extend(created?.as_ref().map(Target::of));
        Ok(())
    }

    /// Creates an object whose name follows from what it is, and returns it if it is new; one that exists already is
    /// looked at soon.
    pub(super) async fn create<K: Stored + Serialize>(&mut self, object: &K) -> Result<Option<K>, ActError> {
        let api = self.api_of::<K>(&object.namespace().unwrap_or_default());
        match api.create(&PostParams::default(), object).await {
            Ok(created) => Ok(Some(created)),
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {
                self.has_conflicts = true;
                Ok(None)
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
}

// === impl Writer ===

impl Writer {
    pub(super) async fn set_finalizers(
        &mut self,
        kind: Kind,
        target: Target,
        finalizers: &[String],
    ) -> Result<(), ActError> {
        let patch = json!({ "metadata": { "finalizers": finalizers } });
        match kind {
            Kind::NodeGroup => self.merge::<NodeGroup>(target, patch).await,
            Kind::VpsieNode => self.merge::<VPSieNode>(target, patch).await,
        }
    }

    pub(super) async fn record_machine(
        &mut self,
        target: Target,
        record: &MachineRecord,
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
        self.merge::<VPSieNode>(target, patch).await
    }

    pub(super) async fn write_life(&mut self, target: Target, life: &str) -> Result<(), ActError> {
        let patch = json!({ "metadata": { "annotations": { keys::ANNOTATION_LIFECYCLE: life } } });
        self.merge::<VPSieNode>(target, patch).await
    }

    pub(super) async fn write_node_group_status(
        &mut self,
        target: Target,
        write: &StatusWrite<NodeGroupStatus>,
    ) -> Result<(), ActError> {
        self.merge_status::<NodeGroup, _>(target, write).await
    }
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
