//! What a test says about clusters, groups and sizes.

use chrono::{DateTime, Utc};

/// Describes a cluster; start from `ClusterSpec::named` and change what matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSpec {
    /// The name in VPSie's form, such as `HEL-Kubernetes-49ab`; hostnames begin with it.
    pub name: String,
    /// Machines of the control plane, there from the start.
    pub managers: u32,
    /// Workers in no group, there from the start.
    pub workers_without_group: u32,
    /// The Kubernetes version, without a leading `v`.
    pub version: String,
    /// The identifier of its datacentre.
    pub datacenter: String,
    /// Whether VPSie reports it as locked.
    pub locked: bool,
    /// The number of the size that managers and first workers have.
    pub size: u64,
}

/// Describes one node size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferSpec {
    /// The number by which groups ask for it.
    pub number: u64,
    /// The name of the plan.
    pub name: String,
    /// CPUs.
    pub cpu: u32,
    /// Memory in megabytes.
    pub ram_mb: u64,
    /// Disk in gigabytes.
    pub disk_gb: u64,
    /// Price of a month, in hundredths.
    pub monthly_price_cents: u32,
    /// The category of its plan: `Shared CPU` or `Compute Optimized`.
    pub category: String,
}

/// Describes one node group as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// The number that the add path takes.
    pub number: u64,
    /// The identifier (UUID).
    pub uuid: String,
    /// The cluster's identifier.
    pub cluster: String,
    /// The name.
    pub name: String,
    /// The number of its size.
    pub size: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was deleted; it is listed all the same.
    pub deleted_at: Option<DateTime<Utc>>,
}

// === impl ClusterSpec ===

impl ClusterSpec {
    /// Describes a cluster of one manager and nothing else, in a datacentre of its own kind.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            managers: 1,
            workers_without_group: 0,
            version: "1.34.1".to_owned(),
            datacenter: "55f06b85-c9ee-11e3-9845-005056aa8af7".to_owned(),
            locked: false,
            size: OfferSpec::standard()[0].number,
        }
    }
}

// === impl OfferSpec ===

impl OfferSpec {
    /// Returns the sizes that every cloud starts with: 57 (2 CPU, 4 GB), 58 (4, 8 GB), 59 (8, 16 GB).
    pub fn standard() -> [Self; 3] {
        [
            Self {
                number: 57,
                name: "Advanced".to_owned(),
                cpu: 2,
                ram_mb: 4096,
                disk_gb: 80,
                monthly_price_cents: 24_00,
                category: "Shared CPU".to_owned(),
            },
            Self {
                number: 58,
                name: "Professional".to_owned(),
                cpu: 4,
                ram_mb: 8192,
                disk_gb: 160,
                monthly_price_cents: 48_00,
                category: "Compute Optimized".to_owned(),
            },
            Self {
                number: 59,
                name: "Enterprise".to_owned(),
                cpu: 8,
                ram_mb: 16384,
                disk_gb: 320,
                monthly_price_cents: 96_00,
                category: "Compute Optimized".to_owned(),
            },
        ]
    }
}
