//! What of one bin decides alone: its ports, and the places that drivers have for volumes.

use std::collections::{BTreeMap, BTreeSet};

use super::Bin;
use crate::Name;
use crate::pod::{Demand, HostPort};

// === impl Bin ===

impl Bin {
    pub(super) fn takes_ports(&self, ports: &[HostPort]) -> bool {
        !ports
            .iter()
            .any(|port| self.ports.iter().any(|taken| taken.conflicts(port)))
    }

    /// Takes ports of the node, as a DaemonSet does that will run there.
    pub(crate) fn occupy_ports(&mut self, ports: &[HostPort]) {
        self.ports.extend(ports.iter().cloned());
    }

    /// Tells whether it has the ports and places for volumes that the pods planned for another bin took of that one.
    pub(crate) fn takes_over_volumes_and_ports(&self, other: &Self) -> bool {
        // The ports of the other are those of its DaemonSets, which are here, too, and of its pods.
        let pods = other.ports.iter().filter(|port| !self.ports.contains(port));
        let is_clear = pods
            .clone()
            .all(|port| self.takes_ports(std::slice::from_ref(port)));
        let is_over = |(driver, volumes): (&Name, &BTreeMap<Name, u32>)| {
            let limit = self.limits.get(driver);
            limit.is_some_and(|limit| i64::try_from(volumes.len()).unwrap_or(i64::MAX) > *limit)
        };
        is_clear && !other.volumes.iter().any(is_over)
    }

    /// Returns a driver that has no place left for the volumes of a pod, and how many it takes.
    pub(super) fn full_driver(&self, demand: &Demand) -> Option<(Name, i64)> {
        let mut wanted: BTreeMap<&Name, BTreeSet<&Name>> = BTreeMap::new();
        for volume in &demand.attachments {
            wanted.entry(&volume.driver).or_default().insert(&volume.volume);
        }
        wanted.into_iter().find_map(|(driver, volumes)| {
            let limit = *self.limits.get(driver)?;
            let attached = self.volumes.get(driver);
            let is_new = |volume: &&&Name| !attached.is_some_and(|attached| attached.contains_key(**volume));
            let new = volumes.iter().filter(is_new).count();
            let all = attached.map_or(0, BTreeMap::len) + new;
            (new > 0 && i64::try_from(all).unwrap_or(i64::MAX) > limit).then(|| (driver.clone(), limit))
        })
    }
}
