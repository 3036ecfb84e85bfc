//! What a new node has for pods, and what it costs.
//!
//! What the Ready Nodes of the group have is known best. Where there is none, it is what VPSie offers, less what the
//! system keeps for itself.

use std::collections::BTreeMap;

use crate::kept::Node;
use fleet_plan::group::Price;
use fleet_plan::node::Room;
use fleet_plan::{Name, Quantity, Resources};
use vpsie_api::{Decimal, Offer};

/// How much of the CPU that is offered the system keeps, in percent: a kubelet and a container runtime need little.
const RESERVED_CPU_PERCENT: i64 = 5;

/// How much of the memory and the disk that are offered the system keeps, in percent.
///
/// The kernel, the kubelet's threshold of eviction and the system take about that of a machine of 1 GiB, and less of
/// a larger one. A reserve that is too large costs one node that is a size too large; one that is too small buys a
/// node that its pod does not fit on.
const RESERVED_PERCENT: i64 = 20;

/// As many pods a kubelet takes unless it is told otherwise.
const PODS: i64 = 110;

/// Billionths of a whole, as [`Price`] counts.
const BILLION: i64 = 1_000_000_000;

/// Returns what is offered to pods by every one of these Nodes, so that a pod that fits there fits on each.
pub fn learned<'a>(rooms: impl IntoIterator<Item = &'a Room>) -> Option<Room> {
    rooms.into_iter().cloned().reduce(|one, other| Room {
        allocatable: least(&one.allocatable, &other.allocatable),
        pods: one.pods.min(other.pods),
        attachments: fewest(one.attachments, &other.attachments),
    })
}

/// Reads the CPU and the memory that a Node has for pods; nothing where it does not say so.
pub(crate) fn allocatable(node: &Node) -> Option<Resources> {
    let told = node.status.as_ref()?.allocatable.as_ref()?;
    let amount = |name: &str| Quantity::parse(told.get(name)?).ok();
    Some(Resources {
        cpu_m: amount("cpu")?.thousandths(),
        memory_bytes: amount("memory")?.whole(),
        ..Resources::default()
    })
}

/// Returns the least number of volumes that any Node takes, by driver.
#[must_use]
pub fn fewest(mut one: BTreeMap<Name, i64>, other: &BTreeMap<Name, i64>) -> BTreeMap<Name, i64> {
    for (driver, limit) in other {
        let least = one.entry(driver.clone()).or_insert(*limit);
        *least = (*least).min(*limit);
    }
    one
}

/// Returns what an offer leaves for pods, which take so many volumes of each driver; nothing when VPSie does not say
/// how large it is.
#[must_use]
pub fn offered(offer: &Offer, attachments: &BTreeMap<Name, i64>) -> Option<Room> {
    let kept =
        |amount: i64, percent: i64| amount / 100 * (100 - percent) + amount % 100 * (100 - percent) / 100;
    let cpu_m = i64::from(offer.cpu?).saturating_mul(1000);
    let bytes = |amount: u64, unit: i64| i64::try_from(amount).unwrap_or(i64::MAX).saturating_mul(unit);
    Some(Room {
        allocatable: Resources {
            cpu_m: kept(cpu_m, RESERVED_CPU_PERCENT),
            memory_bytes: kept(bytes(offer.ram_mb?, 1 << 20), RESERVED_PERCENT),
            storage_bytes: kept(
                bytes(offer.disk_gb.unwrap_or_default(), 1 << 30),
                RESERVED_PERCENT,
            ),
            extended: BTreeMap::new(),
        },
        pods: PODS,
        attachments: attachments.clone(),
    })
}

/// Returns what an hour of an offer costs; none when VPSie does not say so.
#[must_use]
pub fn price(offer: &Offer) -> Option<Price> {
    let billionths = offer.price.per_hour()?.checked_mul(Decimal::from(BILLION))?;
    u64::try_from(billionths.round()).ok().map(Price)
}

fn least(one: &Resources, other: &Resources) -> Resources {
    let extended = one.extended.iter().filter_map(|(name, amount)| {
        let other = other.extended.get(name)?;
        Some((name.clone(), *amount.min(other)))
    });
    Resources {
        cpu_m: one.cpu_m.min(other.cpu_m),
        memory_bytes: one.memory_bytes.min(other.memory_bytes),
        storage_bytes: one.storage_bytes.min(other.storage_bytes),
        extended: extended.collect(),
    }
}

#[cfg(test)]
mod tests;
