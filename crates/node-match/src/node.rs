//! A Kubernetes Node, as far as matching looks at it.

use chrono::{DateTime, Utc};

use crate::Text;

/// Describes a Kubernetes Node.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node<'s> {
    /// Its uid.
    pub uid: Text<'s>,
    /// Its name.
    pub name: Text<'s>,
    /// Its reported hostname address or hostname label.
    pub hostname: Option<Text<'s>>,
    /// Its internal and external addresses.
    pub addresses: Vec<Text<'s>>,
    /// Its `spec.providerID`.
    pub provider_id: Option<Text<'s>>,
    /// When the object was created.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether it carries a control-plane label.
    pub control_plane: bool,
    /// The value of its label `autoscaler.vpsie.com/vpsienode`.
    pub claim_label: Option<Text<'s>>,
    /// The value of its annotation `autoscaler.vpsie.com/vpsienode-uid`.
    pub claim_uid: Option<Text<'s>>,
    /// Its CPU capacity, in whole CPUs.
    pub cpu: Option<u32>,
    /// Its memory capacity, in MB.
    pub ram_mb: Option<u64>,
}
