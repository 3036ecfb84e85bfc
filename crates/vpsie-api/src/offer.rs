//! Machine sizes that a data centre offers for workers.

use crate::SizeNumber;

/// Describes one size that can be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The number to order it by.
    pub number: SizeNumber,
    /// What VPSie calls it.
    pub name: Option<String>,
    /// Processor cores.
    pub cpu: Option<u32>,
    /// Memory in MB, as advertised; the operating system sees less.
    pub ram_mb: Option<u64>,
    /// Disk in GB.
    pub disk_gb: Option<u64>,
}
