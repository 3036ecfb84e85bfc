//! Builders for tests of this and other crates. Feature `testing`.

mod fleet;

use std::sync::Arc;

use crate::labels::{Labels, Operator, Requirement, Selector};
use crate::node::{Node, Resident, Room};
use crate::pod::{Attachment, Demand, HostPort, NodeTerm, PodTerm, Spread, VolumePlace};
use crate::taint::{Effect, Taint, Tolerated, Toleration};
use crate::{Name, Resources};

pub use fleet::{group, pod_name};

/// Makes amounts of CPU and memory.
#[must_use]
pub fn resources(cpu_m: i64, memory_bytes: i64) -> Resources {
    Resources {
        cpu_m,
        memory_bytes,
        ..Resources::default()
    }
}

impl Resources {
    /// Adds an extended resource.
    #[must_use]
    pub fn with(mut self, name: &str, amount: i64) -> Self {
        self.extended.insert(name.into(), amount);
        self
    }
}

/// Makes labels.
#[must_use]
pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).into(), (*value).into()))
        .collect()
}

fn requirement(key: &str, operator: Operator) -> Requirement {
    Requirement {
        key: key.into(),
        operator,
    }
}

fn names(values: &[&str]) -> Vec<Name> {
    values.iter().map(|value| (*value).into()).collect()
}

/// Asks for one of these values.
#[must_use]
pub fn any_of(key: &str, values: &[&str]) -> Requirement {
    requirement(key, Operator::In(names(values)))
}

/// Asks for none of these values.
#[must_use]
pub fn none_of(key: &str, values: &[&str]) -> Requirement {
    requirement(key, Operator::NotIn(names(values)))
}

/// Asks for the label.
#[must_use]
pub fn present(key: &str) -> Requirement {
    requirement(key, Operator::Exists)
}

/// Asks that the label is missing.
#[must_use]
pub fn absent(key: &str) -> Requirement {
    requirement(key, Operator::DoesNotExist)
}

/// Asks for a number above this one.
#[must_use]
pub fn above(key: &str, bound: i64) -> Requirement {
    requirement(key, Operator::Above(bound))
}

/// Asks for a number below this one.
#[must_use]
pub fn below(key: &str, bound: i64) -> Requirement {
    requirement(key, Operator::Below(bound))
}

/// Makes a term of node affinity.
#[must_use]
pub fn node_term(labels: Vec<Requirement>) -> NodeTerm {
    NodeTerm {
        labels,
        names: Vec::new(),
    }
}

/// Makes a taint.
#[must_use]
pub fn taint(key: &str, value: &str, effect: Effect) -> Taint {
    Taint {
        key: key.into(),
        value: value.into(),
        effect,
    }
}

/// Makes a demand of a namespace.
#[must_use]
pub fn demand(namespace: &str) -> Demand {
    Demand {
        namespace: namespace.into(),
        ..Demand::default()
    }
}

/// Makes a term about pods of these labels in this namespace.
#[must_use]
pub fn pods_of(namespace: &str, topology_key: &str, selected: &[(&str, &str)]) -> PodTerm {
    let requirements = selected.iter().map(|(key, value)| any_of(key, &[value]));
    PodTerm {
        topology_key: topology_key.into(),
        selector: Some(Selector(requirements.collect())),
        namespaces: vec![namespace.into()],
        namespace_selector: None,
    }
}

/// Makes a spread over pods of these labels.
#[must_use]
pub fn spread(topology_key: &str, max_skew: u32, selected: &[(&str, &str)]) -> Spread {
    Spread {
        topology_key: topology_key.into(),
        max_skew,
        min_domains: 1,
        selector: pods_of("", "", selected).selector,
        honours_affinity: true,
        honours_taints: false,
    }
}

impl Demand {
    /// Sets the CPU in thousandths of a core.
    #[must_use]
    pub fn cpu(mut self, thousandths: i64) -> Self {
        self.requests.cpu_m = thousandths;
        self
    }

    /// Sets the memory in MiB.
    #[must_use]
    pub fn memory_mib(mut self, mib: i64) -> Self {
        self.requests.memory_bytes = mib << 20;
        self
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Sets the priority.
    #[must_use]
    pub const fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Adds a label to the node selector.
    #[must_use]
    pub fn selects(mut self, key: &str, value: &str) -> Self {
        self.placement.node_selector.insert(key.into(), value.into());
        self
    }

    /// Sets the alternatives of the required node affinity.
    #[must_use]
    pub fn node_affinity(mut self, terms: Vec<NodeTerm>) -> Self {
        self.placement.node_affinity = Some(terms);
        self
    }

    /// Adds a preferred term of node affinity, less wanted than those before it.
    #[must_use]
    pub fn prefers(mut self, term: NodeTerm) -> Self {
        self.placement.preferences.push(term);
        self
    }

    /// Tolerates every value and effect of a key.
    #[must_use]
    pub fn tolerates(mut self, key: &str) -> Self {
        self.placement.tolerations.push(Toleration {
            key: Some(key.into()),
            tolerated: Tolerated::Any,
            effect: None,
        });
        self
    }

    /// Listens on a TCP port of the Node.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.ports.push(HostPort {
            address: "0.0.0.0".into(),
            protocol: "TCP".into(),
            port,
        });
        self
    }

    /// Wants pods near.
    #[must_use]
    pub fn near(mut self, term: PodTerm) -> Self {
        self.affinity.push(term);
        self
    }

    /// Wants pods far.
    #[must_use]
    pub fn far(mut self, term: PodTerm) -> Self {
        self.anti_affinity.push(term);
        self
    }

    /// Wants pods spread.
    #[must_use]
    pub fn spread(mut self, spread: Spread) -> Self {
        self.spread.push(spread);
        self
    }

    /// Has a volume that is attached.
    #[must_use]
    pub fn attaches(mut self, driver: &str, volume: &str) -> Self {
        self.attachments.push(Attachment {
            driver: driver.into(),
            volume: volume.into(),
        });
        self
    }

    /// Has a volume that only some Nodes reach.
    #[must_use]
    pub fn volume_at(mut self, claim: &str, term: NodeTerm) -> Self {
        self.placement.volumes.push(VolumePlace {
            claim: claim.into(),
            terms: vec![term],
        });
        self
    }
}

/// Makes a Node of 4 CPUs, 16 GiB and 110 pods, with its hostname.
#[must_use]
pub fn node(name: &str) -> Node {
    Node {
        name: name.into(),
        labels: labels(&[("kubernetes.io/hostname", name)]),
        taints: Vec::new(),
        is_ready: true,
        room: Room {
            allocatable: resources(4000, 16 << 30),
            pods: 110,
            attachments: std::collections::BTreeMap::new(),
        },
        pods: Vec::new(),
    }
}

impl Node {
    /// Sets a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Makes it not Ready.
    #[must_use]
    pub const fn not_ready(mut self) -> Self {
        self.is_ready = false;
        self
    }

    /// Adds a taint.
    #[must_use]
    pub fn taint(mut self, taint: Taint) -> Self {
        self.taints.push(taint);
        self
    }

    /// Sets CPU in thousandths of a core, and memory in MiB.
    #[must_use]
    pub fn size(mut self, cpu_m: i64, memory_mib: i64) -> Self {
        self.room.allocatable = resources(cpu_m, memory_mib << 20);
        self
    }

    /// Puts a pod there.
    #[must_use]
    pub fn with(mut self, demand: Demand) -> Self {
        self.pods.push(Resident {
            demand: Arc::new(demand),
            is_terminating: false,
        });
        self
    }

    /// Puts a pod there that is on its way out.
    #[must_use]
    pub fn with_terminating(mut self, demand: Demand) -> Self {
        self.pods.push(Resident {
            demand: Arc::new(demand),
            is_terminating: true,
        });
        self
    }
}
