//! Plans: the sizes of virtual machines, with their prices.

use crate::fields::{Fields, Flaw};
use crate::{DatacenterId, ImageId, PlanCategoryId, PlanId, Price};

/// Describes a category of plans, such as those of shared processors.
///
/// Machines of some categories get less memory than the plan says: where memory is
/// ballooned the operating system may see a third of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanCategory {
    /// The key to ask for its plans by.
    pub identifier: PlanCategoryId,
    /// What VPSie calls it.
    pub name: Option<String>,
}

impl PlanCategory {
    /// Reads an entry of P1.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        let identifier = fields.text(&["identifier"]).ok_or(Flaw::Missing("identifier"))?;
        Ok(Self {
            identifier: PlanCategoryId::new(identifier),
            name: fields.text(&["name"]),
        })
    }
}

/// Asks for the plans of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanQuery {
    /// Where the machine shall be.
    pub datacenter: DatacenterId,
    /// What it shall run.
    pub image: ImageId,
    /// The category.
    pub category: PlanCategoryId,
}

/// Describes one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The key to order it by.
    pub identifier: PlanId,
    /// What VPSie calls it.
    pub name: Option<String>,
    /// Processor cores.
    pub cpu: Option<u32>,
    /// Memory in MB, as advertised; the operating system sees less.
    pub ram_mb: Option<u64>,
    /// Disk in GB.
    pub disk_gb: Option<u64>,
    /// Traffic of a month in GB.
    pub traffic_gb: Option<u64>,
    /// What it costs.
    pub price: Price,
}

impl Plan {
    /// Reads an entry of P2.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        let identifier = fields.text(&["identifier"]).ok_or(Flaw::Missing("identifier"))?;
        Ok(Self {
            identifier: PlanId::new(identifier),
            name: fields.text(&["nickname", "name"]),
            cpu: fields.number(&["cpu"]),
            ram_mb: fields.number(&["ram"]),
            disk_gb: fields.number(&["ssd", "disk"]),
            traffic_gb: fields.number(&["traffic"]),
            price: Price::decode(fields),
        })
    }
}
