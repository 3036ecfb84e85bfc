//! A Kubernetes Node, as far as matching looks at it.

use chrono::{DateTime, Utc};

/// Describes a Kubernetes Node.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Its uid.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// Its reported hostname address or hostname label.
    pub hostname: Option<String>,
    /// Its internal and external addresses.
    pub addresses: Vec<String>,
    /// Its `spec.providerID`.
    pub provider_id: Option<String>,
    /// When the object was created.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether it carries a control-plane label.
    pub control_plane: bool,
    /// The value of its label `autoscaler.vpsie.com/vpsienode`.
    pub claim_label: Option<String>,
    /// The value of its annotation `autoscaler.vpsie.com/vpsienode-uid`.
    pub claim_uid: Option<String>,
    /// Its CPU capacity, in whole CPUs.
    pub cpu: Option<u32>,
    /// Its memory capacity, in MB.
    pub ram_mb: Option<u64>,
}
