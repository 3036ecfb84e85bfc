//! What a pod asks of a Node: everything that the scheduler's filters look at, and nothing else.

use std::sync::Arc;

use crate::labels::{Labels, Requirement, Selector};
use crate::taint::Toleration;
use crate::{Name, Resources};

/// Describes pods of one kind. Pods whose demands are equal are of one equivalence class (`SC-4`).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand {
    /// The namespace, which decides whose affinity it is subject to.
    pub namespace: Name,
    /// The labels.
    pub labels: Labels,
    /// The priority; higher ones are planned first.
    pub priority: i32,
    /// What it takes of a Node: containers, init containers, sidecars and overhead reckoned together.
    pub requests: Resources,
    /// Ports of the Node that it listens on.
    pub ports: Vec<HostPort>,
    /// Which Nodes it may be on at all.
    pub placement: Placement,
    /// Terms each of which wants a matching pod in the same domain.
    pub affinity: Vec<PodTerm>,
    /// Terms each of which wants no matching pod in the same domain.
    pub anti_affinity: Vec<PodTerm>,
    /// Constraints on how evenly matching pods are spread; only those that keep pods waiting.
    pub spread: Vec<Spread>,
    /// Volumes that are attached to the Node.
    pub attachments: Vec<Attachment>,
}

/// Says which Nodes a pod may be on, whatever else is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placement {
    /// Labels of `nodeSelector`.
    pub node_selector: Labels,
    /// The alternatives of the required node affinity; none when there is no affinity.
    pub node_affinity: Option<Vec<NodeTerm>>,
    /// What it tolerates.
    pub tolerations: Vec<Toleration>,
    /// For each volume that binds it to certain Nodes, the alternatives.
    pub volumes: Vec<VolumePlace>,
    /// Preferred node affinity, by falling weight.
    pub preferences: Vec<NodeTerm>,
}

/// Selects Nodes by labels and by name; one without any requirement selects none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeTerm {
    /// What is asked of labels.
    pub labels: Vec<Requirement>,
    /// What is asked of the name of the Node (`metadata.name`).
    pub names: Vec<Requirement>,
}

/// Binds a pod to the Nodes that can reach a volume.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VolumePlace {
    /// The claim, for people.
    pub claim: Name,
    /// The alternatives.
    pub terms: Vec<NodeTerm>,
}

/// Is a port of the Node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// The address; `0.0.0.0` is every address.
    pub address: Name,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Name,
    /// The number.
    pub port: u16,
}

/// Selects pods, and the domain in which they are looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodTerm {
    /// The label of Nodes that makes a domain of those with equal values.
    pub topology_key: Name,
    /// Selects the pods; none selects nobody.
    pub selector: Option<Selector>,
    /// Namespaces in which they are looked for.
    pub namespaces: Vec<Name>,
    /// Selects further namespaces by their labels; one without requirements selects all.
    pub namespace_selector: Option<Selector>,
}

/// Asks that matching pods of the namespace are spread evenly over domains.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spread {
    /// The label of Nodes that makes a domain of those with equal values.
    pub topology_key: Name,
    /// How many more pods a domain may have than the one with the fewest; at least 1.
    pub max_skew: u32,
    /// With fewer domains than these, the fewest are taken for none.
    pub min_domains: u32,
    /// Selects the pods; none selects nobody.
    pub selector: Option<Selector>,
    /// Whether Nodes that the pod's selector and affinity exclude are left out (`nodeAffinityPolicy`).
    pub honours_affinity: bool,
    /// Whether Nodes with taints that the pod does not tolerate are left out (`nodeTaintsPolicy`).
    pub honours_taints: bool,
}

/// Is a volume that takes one of the places that a driver has on each Node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// The driver.
    pub driver: Name,
    /// The volume, or the claim that has none yet. Pods that share it take one place.
    pub volume: Name,
}

/// Says who a pod is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodName {
    /// The namespace.
    pub namespace: Name,
    /// The name.
    pub name: Name,
}

/// Keeps each distinct demand once, so that pods of one class share it.
#[derive(Debug, Default)]
pub struct Demands(std::collections::BTreeSet<Arc<Demand>>);

// === impl HostPort ===

impl HostPort {
    /// Tells whether two pods cannot have both on one Node.
    #[must_use]
    pub fn conflicts(&self, other: &Self) -> bool {
        let is_every = |address: &str| address == "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address == other.address || is_every(&self.address) || is_every(&other.address))
    }
}

// === impl Demands ===

impl Demands {
    /// Returns the kept demand.
    pub fn get(&mut self, demand: Demand) -> Arc<Demand> {
        if let Some(known) = self.0.get(&demand) {
            return known.clone();
        }
        let demand = Arc::new(demand);
        self.0.insert(demand.clone());
        demand
    }

    /// Forgets what no pod asks for any longer.
    pub fn forget_unused(&mut self) {
        self.0.retain(|demand| Arc::strong_count(demand) > 1);
    }
}

// === impl PodName ===

impl std::fmt::Display for PodName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::demand;

    /// SC-2: a port conflicts on the same address, on every address, and with the same protocol only.
    #[test]
    fn host_ports_conflict_as_the_scheduler_says() {
        let port = |address: &str, protocol: &str, port| HostPort {
            address: address.into(),
            protocol: protocol.into(),
            port,
        };
        let http = port("10.0.0.1", "TCP", 80);
        for (other, expected) in [
            (port("10.0.0.1", "TCP", 80), true),
            (port("0.0.0.0", "TCP", 80), true),
            (port("10.0.0.2", "TCP", 80), false),
            (port("10.0.0.1", "UDP", 80), false),
            (port("10.0.0.1", "TCP", 81), false),
        ] {
            assert_eq!(http.conflicts(&other), expected, "{other:?}");
            assert_eq!(other.conflicts(&http), expected, "{other:?}");
        }
    }

    /// SC-4: equal demands are one class.
    #[test]
    fn equal_demands_are_kept_once() {
        let mut demands = Demands::default();
        let one = demands.get(demand("shop").cpu(100));
        assert!(Arc::ptr_eq(&one, &demands.get(demand("shop").cpu(100))));
        assert!(!Arc::ptr_eq(&one, &demands.get(demand("shop").cpu(200))));
        demands.forget_unused();
        assert_eq!(demands.0.len(), 1, "what no pod asks for any longer is forgotten");
    }
}
