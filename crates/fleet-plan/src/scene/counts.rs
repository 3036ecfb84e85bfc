//! Numbers of matching pods by domain.

/// Counts pods in each domain of a topology key.
#[derive(Debug, Clone, Default)]
pub(super) struct DomainCounts {
    counts: Vec<u32>,
    total: u64,
}

/// Counts pods in each domain that counts for a spread, and knows the fewest.
#[derive(Debug, Clone, Default)]
pub(super) struct SpreadCounts {
    /// Pods of each domain.
    counts: Vec<u32>,
    /// Nodes of each domain that are eligible.
    nodes: Vec<u32>,
    /// Number of domains with an eligible node.
    domains: u32,
    /// For each number of pods, how many domains have it.
    having: Vec<u32>,
    /// The fewest pods that a domain has.
    fewest: usize,
}

/// Returns a number by a signed change of it; below zero is zero.
fn changed(count: u32, change: i64) -> u32 {
    u32::try_from(i64::from(count).saturating_add(change).max(0)).unwrap_or(u32::MAX)
}

fn slot<T: Clone + Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize(index + 1, T::default());
    }
    &mut list[index]
}

// === impl DomainCounts ===

impl DomainCounts {
    pub(super) fn at(&self, domain: usize) -> u32 {
        self.counts.get(domain).copied().unwrap_or(0)
    }

    /// Returns the sum of all domains.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn change(&mut self, domain: usize, change: i64) {
        let count = slot(&mut self.counts, domain);
        *count = changed(*count, change);
        self.total = self.total.saturating_add_signed(change);
    }
}

// === impl SpreadCounts ===

impl SpreadCounts {
    /// Notes one more eligible node in a domain.
    pub(super) fn add_node(&mut self, domain: usize) {
        *slot(&mut self.counts, domain) += 0;
        let nodes = slot(&mut self.nodes, domain);
        *nodes += 1;
        if *nodes == 1 {
            self.domains += 1;
            let count = self.counts[domain] as usize;
            *slot(&mut self.having, count) += 1;
            self.fewest = if self.domains == 1 {
                count
            } else {
                self.fewest.min(count)
            };
        }
    }

    /// Takes a node back that was added last and got no pods.
    pub(super) fn remove_node(&mut self, domain: usize) {
        self.nodes[domain] -= 1;
        if self.nodes[domain] == 0 {
            self.domains -= 1;
            self.having[self.counts[domain] as usize] -= 1;
            self.find_fewest(0);
        }
    }

    /// Finds the fewest, which are no fewer than these.
    fn find_fewest(&mut self, from: usize) {
        let found = self.having.iter().skip(from).position(|domains| *domains > 0);
        self.fewest = found.map_or(0, |steps| from + steps);
    }

    /// Changes the pods of a domain that has an eligible node.
    pub(super) fn change(&mut self, domain: usize, change: i64) {
        let count = slot(&mut self.counts, domain);
        let before = *count as usize;
        *count = changed(*count, change);
        let after = *count as usize;
        *slot(&mut self.having, before) -= 1;
        *slot(&mut self.having, after) += 1;
        self.find_fewest(self.fewest.min(after));
    }

    /// Returns the fewest pods of a domain; none when there are fewer domains than asked for.
    pub(super) fn least(&self, min_domains: u32) -> u32 {
        if self.domains < min_domains {
            0
        } else {
            u32::try_from(self.fewest).unwrap_or(u32::MAX)
        }
    }

    /// Returns how many more pods a domain has than the one with the fewest.
    pub(super) fn skew(&self, domain: usize, min_domains: u32) -> i64 {
        let count = self.counts.get(domain).copied().unwrap_or(0);
        i64::from(count) - i64::from(self.least(min_domains))
    }

    /// Returns how many more pods a domain may get at once.
    pub(super) fn room(&self, domain: usize, max_skew: u32, min_domains: u32) -> u32 {
        let room = i64::from(max_skew) - self.skew(domain, min_domains);
        u32::try_from(room.max(0)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SC-2: the fewest is that of all domains with a Node, and zero while there are too few of them.
    #[test]
    fn fewest_pods_of_a_domain_are_known() {
        let mut counts = SpreadCounts::default();
        counts.add_node(0);
        counts.change(0, 3);
        assert_eq!(
            (counts.least(1), counts.least(2), counts.room(0, 1, 1)),
            (3, 0, 1)
        );
        counts.add_node(1);
        assert_eq!(
            (counts.least(2), counts.room(0, 1, 1), counts.room(1, 1, 1)),
            (0, 0, 1)
        );
        counts.change(1, 2);
        assert_eq!((counts.least(1), counts.skew(0, 1)), (2, 1));
        counts.change(0, -2);
        assert_eq!((counts.least(1), counts.skew(1, 1)), (1, 1));
        counts.add_node(1);
        assert_eq!(counts.least(3), 0, "two Nodes of a domain are one domain");
        counts.add_node(2);
        assert_eq!(counts.least(3), 0);
        counts.remove_node(2);
        assert_eq!(counts.least(2), 1);
    }
}
