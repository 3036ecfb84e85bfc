//! A VPSieNode put together again, for tests that write on it.

use super::VPSieNode;
use crate::resources::{self, VPSieNodeSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

// === impl VPSieNode ===

impl VPSieNode {
    /// Returns the object of Kubernetes, as far as it is kept; what has nothing in it is not there.
    pub(crate) fn whole(&self) -> resources::VPSieNode {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (metadata, spec) = (&self.metadata, &self.spec);
        let annotations = metadata.annotations.iter();
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let finalizers: Vec<String> = metadata.finalizers().map(str::to_owned).collect();
        resources::VPSieNode {
            metadata: ObjectMeta {
                name: text(metadata.name()),
                namespace: text(metadata.namespace()),
                uid: text(metadata.uid()),
                resource_version: text(metadata.resource_version()),
                generation: metadata.generation,
                creation_timestamp: metadata.creation_timestamp.clone(),
                deletion_timestamp: metadata.deletion_timestamp.clone(),
                finalizers: Some(finalizers).filter(|finalizers| !finalizers.is_empty()),
                annotations: (!metadata.annotations.is_empty()).then(|| annotations.collect()),
                ..ObjectMeta::default()
            },
            spec: VPSieNodeSpec {
                vpsie_instance_id: spec.vpsie_instance_id,
                instance_type: spec.instance_type().to_owned(),
                node_group_name: spec.node_group_name().to_owned(),
                datacenter_id: spec.datacenter_id().to_owned(),
                resource_identifier: spec.resource_identifier().to_owned(),
                kubernetes_version: spec.kubernetes_version().to_owned(),
                node_name: text(spec.node_name()),
                ip_address: text(spec.ip_address()),
                ipv6_address: text(spec.ipv6_address()),
                vpsie_group_id: spec.vpsie_group_id,
                vpsie_node_identifier: text(spec.vpsie_node_identifier()),
                ..VPSieNodeSpec::default()
            },
            status: self.status.as_ref().map(super::Status::to_stored),
        }
    }
}
