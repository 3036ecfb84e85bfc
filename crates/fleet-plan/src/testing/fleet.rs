//! Builders of groups and clusters.

use std::sync::Arc;

use super::{labels, resources};
use crate::cluster::{Cluster, Incoming, Pod, Standing};
use crate::group::{Group, GroupName, Price};
use crate::node::{Node, Room};
use crate::pod::{Demand, PodName};

/// Makes a group in the namespace `kube-system` that may have 100 nodes of this size at this price, and has none.
#[must_use]
pub fn group(name: &str, cpu_m: i64, memory_mib: i64, price: u64) -> Group {
    Group {
        name: GroupName {
            namespace: "kube-system".into(),
            name: name.into(),
        },
        size: Some(1),
        min: 0,
        max: 100,
        nodes: 0,
        is_managed: true,
        is_enabled: true,
        flaw: None,
        paused: None,
        labels: labels(&[]),
        taints: Vec::new(),
        is_offered: true,
        room: Some(Room {
            allocatable: resources(cpu_m, memory_mib << 20),
            pods: 110,
            attachments: std::collections::BTreeMap::new(),
        }),
        price: Some(Price(price)),
        is_preferred: false,
    }
}

impl Group {
    /// Sets a label of its nodes.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Sets the bounds and how many nodes there are.
    #[must_use]
    pub const fn bounds(mut self, min: u32, max: u32, nodes: u32) -> Self {
        (self.min, self.max, self.nodes) = (min, max, nodes);
        self
    }
}

/// Names a pod of the namespace `shop`.
#[must_use]
pub fn pod_name(name: &str) -> PodName {
    PodName {
        namespace: "shop".into(),
        name: name.into(),
    }
}

impl Cluster {
    /// Adds a Node.
    #[must_use]
    pub fn node(mut self, node: Node) -> Self {
        self.nodes.push(node);
        self
    }

    /// Adds a group.
    #[must_use]
    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// Adds a node of a group that is coming.
    #[must_use]
    pub fn coming(mut self, name: &str, group: &str) -> Self {
        self.incoming.push(Incoming {
            name: name.into(),
            group: GroupName {
                namespace: "kube-system".into(),
                name: group.into(),
            },
        });
        self
    }

    /// Adds so many waiting pods of the namespace `shop`, `NAME-0` and on.
    #[must_use]
    pub fn waiting(mut self, name: &str, count: u32, demand: Demand) -> Self {
        let demand = Arc::new(demand);
        self.pods.extend((0..count).map(|number| Pod {
            name: pod_name(&format!("{name}-{number}")),
            standing: Standing::Waiting(demand.clone()),
        }));
        self
    }
}
