//! Amounts of resources, and how often one goes into another.

use std::collections::BTreeMap;

use crate::Name;
use crate::misfit::Misfit;
use crate::quantity::{bytes_text, cpu_text};

/// Holds amounts of everything that the scheduler counts, but for pods.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub cpu_m: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
    /// Ephemeral storage in bytes.
    pub storage_bytes: i64,
    /// Extended resources and huge pages in whole units, by name.
    pub extended: BTreeMap<Name, i64>,
}

// === impl Resources ===

impl Resources {
    /// Tells how often `need` goes in; `u32::MAX` when it asks for nothing.
    #[must_use]
    pub fn holds(&self, need: &Self) -> u32 {
        // Most of what is asked does not fit, which is found without a division.
        if self.cpu_m < need.cpu_m && need.cpu_m > 0
            || self.memory_bytes < need.memory_bytes && need.memory_bytes > 0
        {
            return 0;
        }
        let known = [
            (self.cpu_m, need.cpu_m),
            (self.memory_bytes, need.memory_bytes),
            (self.storage_bytes, need.storage_bytes),
        ];
        let mut times = i64::from(u32::MAX);
        for (has, need) in known.into_iter().chain(self.extended_pairs(need)) {
            if need > 0 {
                times = times.min((has / need).max(0));
            }
        }
        u32::try_from(times).unwrap_or(u32::MAX)
    }

    fn extended_pairs<'a>(&'a self, need: &'a Self) -> impl Iterator<Item = (i64, i64)> + 'a {
        let pairs = need.extended.iter();
        pairs.map(|(name, need)| (self.extended.get(name).copied().unwrap_or(0), *need))
    }

    /// Takes `times` times `need` away; what is missing is below zero then.
    pub fn take(&mut self, need: &Self, times: u32) {
        self.change(need, -i64::from(times));
    }

    /// Adds `times` times `other`.
    pub fn add(&mut self, other: &Self, times: u32) {
        self.change(other, i64::from(times));
    }

    fn change(&mut self, other: &Self, times: i64) {
        let sum = |mine: i64, theirs: i64| mine.saturating_add(theirs.saturating_mul(times));
        self.cpu_m = sum(self.cpu_m, other.cpu_m);
        self.memory_bytes = sum(self.memory_bytes, other.memory_bytes);
        self.storage_bytes = sum(self.storage_bytes, other.storage_bytes);
        for (name, amount) in &other.extended {
            let mine = self.extended.entry(name.clone()).or_default();
            *mine = sum(*mine, *amount);
        }
    }

    /// Returns the least of both of everything: what either surely has.
    #[must_use]
    pub fn least(&self, other: &Self) -> Self {
        let extended = self.extended.iter();
        let extended = extended.map(|(name, amount)| {
            let theirs = other.extended.get(name).copied().unwrap_or(0);
            (name.clone(), (*amount).min(theirs))
        });
        Self {
            cpu_m: self.cpu_m.min(other.cpu_m),
            memory_bytes: self.memory_bytes.min(other.memory_bytes),
            storage_bytes: self.storage_bytes.min(other.storage_bytes),
            extended: extended.collect(),
        }
    }

    /// Returns the greatest of both of everything.
    #[must_use]
    pub fn greatest(&self, other: &Self) -> Self {
        let mut extended = self.extended.clone();
        for (name, amount) in &other.extended {
            let mine = extended.entry(name.clone()).or_default();
            *mine = (*mine).max(*amount);
        }
        Self {
            cpu_m: self.cpu_m.max(other.cpu_m),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            storage_bytes: self.storage_bytes.max(other.storage_bytes),
            extended,
        }
    }

    /// Lists each resource of which there is less than `need`.
    pub(crate) fn shortages(&self, need: &Self) -> Vec<Misfit> {
        let mut found = Vec::new();
        let is_short = |has: i64, need: i64| need > 0 && has < need;
        if is_short(self.cpu_m, need.cpu_m) {
            found.push(Misfit::Cpu {
                needs: cpu_text(need.cpu_m),
                has: cpu_text(self.cpu_m),
            });
        }
        if is_short(self.memory_bytes, need.memory_bytes) {
            found.push(Misfit::Memory {
                needs: bytes_text(need.memory_bytes),
                has: bytes_text(self.memory_bytes),
            });
        }
        if is_short(self.storage_bytes, need.storage_bytes) {
            found.push(Misfit::EphemeralStorage {
                needs: bytes_text(need.storage_bytes),
                has: bytes_text(self.storage_bytes),
            });
        }
        for (name, need) in &need.extended {
            let has = self.extended.get(name).copied().unwrap_or(0);
            if is_short(has, *need) {
                found.push(Misfit::Resource {
                    resource: name.clone(),
                    needs: need.to_string(),
                    has: has.to_string(),
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::resources;

    /// SC-2: the scarcest resource says how often something goes in; what is not asked for does not matter.
    #[test]
    fn scarcest_resource_decides() {
        let has = resources(4000, 8 << 30).with("example.com/gpu", 1);
        for (need, times) in [
            (resources(1000, 1 << 30), 4),
            (resources(1000, 4 << 30), 2),
            (resources(0, 0), u32::MAX),
            (resources(4001, 0), 0),
            (resources(100, 0).with("example.com/gpu", 1), 1),
            (resources(100, 0).with("example.com/fpga", 1), 0),
            (resources(100, 0).with("example.com/fpga", 0), 40),
        ] {
            assert_eq!(has.holds(&need), times, "{need:?}");
        }
    }

    /// SC-2: a node that is overcommitted holds nothing, and its shortage is told.
    #[test]
    fn overcommitted_node_holds_nothing_that_asks() {
        let mut has = resources(1000, 1 << 30);
        has.take(&resources(1500, 0), 1);
        assert_eq!(has.holds(&resources(1, 0)), 0);
        assert_eq!(has.holds(&resources(0, 1)), 1 << 30);
        has.add(&resources(1500, 0), 1);
        assert_eq!(has, resources(1000, 1 << 30));
    }

    /// SC-3: each shortage has its numbers.
    #[test]
    fn shortages_have_their_numbers() {
        let has = resources(1900, 1 << 30);
        let found = has.shortages(&resources(8000, 1 << 30).with("example.com/gpu", 2));
        let expected = [
            Misfit::Cpu {
                needs: "8".to_owned(),
                has: "1900m".to_owned(),
            },
            Misfit::Resource {
                resource: "example.com/gpu".into(),
                needs: "2".to_owned(),
                has: "0".to_owned(),
            },
        ];
        assert_eq!(found, expected);
    }
}
