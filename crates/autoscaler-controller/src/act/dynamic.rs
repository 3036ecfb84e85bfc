//! NodeGroups that are made for pods, and removed once nobody needs them (`SC-10`).

use super::{ActError, Actor, Pass};
use crate::resources::{NodeGroup, VPSieNode};
use crate::target::Target;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Preconditions};

impl Actor {
    /// Creates a NodeGroup; one that exists already is of the same size, made before a crash or a stale read, or a person's.
    pub(super) async fn create_node_group(&mut self, group: &NodeGroup) -> Result<(), ActError> {
        let is_new = self.create(group).await?.is_some();
        if is_new {
            let (namespace, name) = (group.namespace().unwrap_or_default(), group.name_any());
            tracing::info!(
                namespace,
                node_group = name,
                size = group.spec.kube_size_id,
                "NodeGroup made for pods"
            );
            self.founded.push((namespace, name));
        }
        Ok(())
    }

    /// Deletes a NodeGroup that is exactly as it was looked at and has no member, as the API server itself says now.
    pub(super) async fn delete_node_group(
        &mut self,
        target: Target,
        pass: &mut Pass<'_>,
    ) -> Result<(), ActError> {
        let target = pass.writer.current(target);
        let members = self.api_of::<VPSieNode>(&target.namespace);
        let members = members.list(&ListParams::default()).await;
        let members = members.map_err(ActError::of("list", "vpsienodes"))?;
        if members
            .items
            .iter()
            .any(|member| member.spec.node_group_name == target.name)
        {
            return Err(ActError::Conflict);
        }
        let groups = self.api_of::<NodeGroup>(&target.namespace);
        match groups.delete(&target.name, &as_seen(&target)).await {
            Ok(_) => {
                tracing::info!(
                    namespace = target.namespace,
                    node_group = target.name,
                    "unused NodeGroup removed"
                );
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(ActError::of("delete", "nodegroups")(error)),
        }
    }
}

/// Deletes only the very object that was looked at, at the version that was looked at.
fn as_seen(target: &Target) -> DeleteParams {
    let preconditions = Preconditions {
        uid: Some(target.uid.clone()),
        resource_version: Some(target.resource_version.clone()),
    };
    DeleteParams {
        preconditions: Some(preconditions),
        ..DeleteParams::default()
    }
}
