//! What is asked of a VPSieNode, and what machine it has.

use crate::kept::texts::Texts;
use crate::resources::VPSieNodeSpec;

/// What is asked of a VPSieNode, and what machine it has. Its project, its image and its keys are for whoever makes machines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// In the order of the constants.
    texts: Texts,
    /// VPSie number of the machine; 0 means unknown.
    pub vpsie_instance_id: i64,
    /// VPSie number of the group that holds the machine.
    pub vpsie_group_id: Option<i64>,
}

const INSTANCE_TYPE: usize = 0;
const NODE_GROUP_NAME: usize = 1;
const DATACENTER_ID: usize = 2;
const RESOURCE_IDENTIFIER: usize = 3;
const KUBERNETES_VERSION: usize = 4;
const NODE_NAME: usize = 5;
const IP_ADDRESS: usize = 6;
const IPV6_ADDRESS: usize = 7;
const VPSIE_NODE_IDENTIFIER: usize = 8;
const TEXTS: usize = 9;

// === impl Spec ===

impl Spec {
    /// Returns the offering of the machine.
    #[must_use]
    pub fn instance_type(&self) -> &str {
        self.required(INSTANCE_TYPE)
    }

    /// Returns the name of the NodeGroup, in the same namespace.
    #[must_use]
    pub fn node_group_name(&self) -> &str {
        self.required(NODE_GROUP_NAME)
    }

    /// Returns the VPSie data centre.
    #[must_use]
    pub fn datacenter_id(&self) -> &str {
        self.required(DATACENTER_ID)
    }

    /// Returns the identifier of the VPSie cluster.
    #[must_use]
    pub fn resource_identifier(&self) -> &str {
        self.required(RESOURCE_IDENTIFIER)
    }

    /// Returns the Kubernetes version, with a leading v.
    #[must_use]
    pub fn kubernetes_version(&self) -> &str {
        self.required(KUBERNETES_VERSION)
    }

    /// Returns the name of the Kubernetes Node.
    #[must_use]
    pub fn node_name(&self) -> Option<&str> {
        self.texts.get(NODE_NAME)
    }

    /// Returns the first IPv4 address of the machine.
    #[must_use]
    pub fn ip_address(&self) -> Option<&str> {
        self.texts.get(IP_ADDRESS)
    }

    /// Returns the first IPv6 address of the machine.
    #[must_use]
    pub fn ipv6_address(&self) -> Option<&str> {
        self.texts.get(IPV6_ADDRESS)
    }

    /// Returns the VPSie identifier of the machine, the one that its removal names.
    #[must_use]
    pub fn vpsie_node_identifier(&self) -> Option<&str> {
        self.texts.get(VPSIE_NODE_IDENTIFIER)
    }

    fn required(&self, place: usize) -> &str {
        self.texts.get(place).unwrap_or_default()
    }
}

impl From<&VPSieNodeSpec> for Spec {
    fn from(spec: &VPSieNodeSpec) -> Self {
        let texts: [_; TEXTS] = [
            Some(spec.instance_type.as_str()),
            Some(spec.node_group_name.as_str()),
            Some(spec.datacenter_id.as_str()),
            Some(spec.resource_identifier.as_str()),
            Some(spec.kubernetes_version.as_str()),
            spec.node_name.as_deref(),
            spec.ip_address.as_deref(),
            spec.ipv6_address.as_deref(),
            spec.vpsie_node_identifier.as_deref(),
        ];
        Self {
            texts: texts.into_iter().collect(),
            vpsie_instance_id: spec.vpsie_instance_id,
            vpsie_group_id: spec.vpsie_group_id,
        }
    }
}
