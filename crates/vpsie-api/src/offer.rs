//! Machine sizes that a data centre offers for workers.

use crate::fields::{Fields, Flaw};
use crate::{Price, SizeNumber};

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
    /// What it costs.
    pub price: Price,
}

impl Offer {
    /// Reads an entry of K11, the names of which are unverified.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            number: SizeNumber::new(fields.id(&["id"]).ok_or(Flaw::Missing("id"))?),
            name: fields.text(&["name", "nickname"]),
            cpu: fields.number(&["cpu"]),
            ram_mb: fields.number(&["ram"]),
            disk_gb: fields.number(&["disk", "ssd"]),
            price: Price::decode(fields),
        })
    }
}
