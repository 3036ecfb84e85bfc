//! Machine sizes that a data centre offers for workers.

use crate::SizeNumber;
use crate::envelope::MissingKey;
use crate::fields::Fields;

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

impl Offer {
    /// Reads an entry of K11, the names of which are unverified.
    pub(crate) fn decode(fields: Fields<'_>) -> Result<Self, MissingKey> {
        Ok(Self {
            number: SizeNumber::new(fields.id(&["id"]).ok_or(MissingKey("id"))?),
            name: fields.text(&["name", "nickname"]),
            cpu: fields.number(&["cpu"]),
            ram_mb: fields.number(&["ram"]),
            disk_gb: fields.number(&["disk", "ssd"]),
        })
    }
}
