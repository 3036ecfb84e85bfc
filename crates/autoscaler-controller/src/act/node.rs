//! Writes to Nodes: marks, cordon, and the end of a Node whose machine is gone.

use super::objects::only;
use super::{ActError, Actor};
use crate::command::NodeMarks;
use crate::decide::marks::with_taints;
use crate::drain::Drain;
use crate::kept::{Kept as _, Node};
use crate::resources::keys;
use crate::target::Target;
use k8s_openapi::api::core::v1;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

/// Tries of one labelling; kubelets write their Node every few seconds, so a second try nearly always succeeds.
const LABEL_TRIES: u32 = 3;

impl Actor {
    /// Labels a Node in one request; a conflict is tried again from a fresh read (`L4`, `L5`).
    pub(super) async fn label_node(&self, mut target: Target, mut marks: NodeMarks) -> Result<(), ActError> {
        let api = Api::<v1::Node>::all(self.client.clone());
        for attempt in 1..=LABEL_TRIES {
            match api
                .patch(
                    &target.name,
                    &PatchParams::default(),
                    &Patch::Merge(patch(&target, &marks)),
                )
                .await
            {
                Ok(_) => {
                    tracing::info!(node = target.name, vpsie_node = marks.claim, "labels written");
                    return Ok(());
                }
                Err(kube::Error::Api(status)) if status.code == 409 && attempt < LABEL_TRIES => {
                    let fresh = api
                        .get(&target.name)
                        .await
                        .map_err(ActError::of("get", "nodes"))?;
                    let fresh = Node::from(fresh);
                    check_unclaimed(&fresh, &target, &marks)?;
                    marks.taints = with_taints(&fresh, &marks.group_taints);
                    target.resource_version = fresh.identity().resource_version.to_owned();
                }
                Err(error) => return Err(ActError::of("patch", "nodes")(error)),
            }
        }
        Err(ActError::Conflict)
    }

    /// Cordons a Node and marks it in one request, as of now.
    pub(super) async fn drain_node(&self, target: &Target, drain: Drain) -> Result<(), ActError> {
        let drain = drain.beginning(self.clock.now());
        self.write_drain(target, Some(&drain), json!({ "unschedulable": true }))
            .await
    }

    /// Takes the mark off a Node and uncordons it in one request, unless somebody had cordoned it before (`LC-25a`).
    pub(super) async fn return_node(&self, target: &Target, drain: &Drain) -> Result<(), ActError> {
        let spec = if drain.was_cordoned {
            json!({})
        } else {
            json!({ "unschedulable": null })
        };
        self.write_drain(target, None, spec).await
    }

    async fn write_drain(
        &self,
        target: &Target,
        drain: Option<&Drain>,
        spec: serde_json::Value,
    ) -> Result<(), ActError> {
        let api = Api::<v1::Node>::all(self.client.clone());
        let metadata = json!({
            "resourceVersion": target.resource_version,
            "uid": target.uid,
            "annotations": { keys::ANNOTATION_DRAIN: drain.map(Drain::to_annotation) },
        });
        let patch = Patch::Merge(json!({ "metadata": metadata, "spec": spec }));
        api.patch(&target.name, &PatchParams::default(), &patch)
            .await
            .map_err(ActError::of("patch", "nodes"))?;
        Ok(())
    }

    pub(super) async fn delete_node(&self, target: &Target) -> Result<(), ActError> {
        match Api::<v1::Node>::all(self.client.clone())
            .delete(&target.name, &only(target))
            .await
        {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(ActError::of("delete", "nodes")(error)),
        }
    }
}

fn patch(target: &Target, marks: &NodeMarks) -> serde_json::Value {
    let mut patch = json!({
        "metadata": {
            "resourceVersion": target.resource_version,
            "uid": target.uid,
            "labels": marks.labels,
            "annotations": marks.annotations,
        }
    });
    if let Some(taints) = &marks.taints {
        patch["spec"]["taints"] = json!(taints);
    }
    patch
}

/// Refuses a Node that became another's, or another Node, since it was looked at.
fn check_unclaimed(fresh: &Node, target: &Target, marks: &NodeMarks) -> Result<(), ActError> {
    if fresh.metadata.uid.as_deref() != Some(target.uid.as_str()) {
        return Err(ActError::Conflict);
    }
    let Some(other) = fresh.labels().get(keys::LABEL_VPSIE_NODE) else {
        return Ok(());
    };
    let uid = fresh.annotations().get(keys::ANNOTATION_VPSIE_NODE_UID);
    if other == marks.claim && uid.is_none_or(|uid| uid == marks.claim_uid) {
        return Ok(());
    }
    Err(ActError::ClaimedByAnother {
        node: target.name.clone(),
        other: other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{expected::node_target, node};

    /// L5: what is read afresh decides whether a Node may still be marked.
    #[test]
    fn node_that_became_anothers_is_not_marked() {
        let marks = NodeMarks {
            claim: "web-1".to_owned(),
            claim_uid: "u1".to_owned(),
            ..NodeMarks::default()
        };
        let checked = |name: Option<&str>, uid: Option<&str>| {
            let mut fresh = node("n1");
            let entry = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
            fresh.metadata.labels = name
                .map(|name| entry(keys::LABEL_VPSIE_NODE, name))
                .unwrap_or_default();
            fresh.metadata.annotations = uid
                .map(|uid| entry(keys::ANNOTATION_VPSIE_NODE_UID, uid))
                .unwrap_or_default();
            let checked = check_unclaimed(&fresh, &node_target("n1"), &marks);
            checked.map_err(|error| error.to_string())
        };
        for (name, uid) in [
            (None, None),
            (Some("web-1"), None),
            (Some("web-1"), Some("u1")),
            (None, Some("u2")),
        ] {
            assert_eq!(checked(name, uid), Ok(()), "{name:?} {uid:?}");
        }
        for (name, uid) in [("web-2", None), ("web-2", Some("u1")), ("web-1", Some("u2"))] {
            let says = format!("Node n1 is marked for VPSieNode {name}; it is left alone");
            assert_eq!(checked(Some(name), uid), Err(says), "{uid:?}");
        }
        let mut another = node_target("n1");
        another.uid = "a Node that was made anew".to_owned();
        let checked = check_unclaimed(&node("n1"), &another, &marks);
        assert!(matches!(checked, Err(ActError::Conflict)), "{checked:?}");
    }
}
