//! A whole cluster, object by object, as one value that a plan is made from.

mod fleet;
mod grounds;
mod members;
mod surveyor;
mod tenants;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::kept::{Node, VPSieNode};
use chrono::{DateTime, Utc};
use fleet_plan::group::Group;
use fleet_plan::removal::Fleet;
use fleet_plan::{Cluster, Plan};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::CSINode;
use kube::ResourceExt;
use vpsie_api::{Offer, SizeNumber};

use super::{Gap, NewGroups, Patience, Size, Volumes};
use crate::founding::Founder;
use crate::resources::{AutoscalerConfig, GlobalSettings, NodeGroup, keys};
use surveyor::Surveyor;
pub use usage::Busy;

/// Holds the objects of a cluster.
#[derive(Debug, Default)]
pub struct Objects {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Pods, wherever they are.
    pub pods: Vec<Pod>,
    /// NodeGroups.
    pub groups: Vec<NodeGroup>,
    /// VPSieNodes.
    pub vpsie_nodes: Vec<VPSieNode>,
    /// Settings; only those named `default` count.
    pub configs: Vec<AutoscalerConfig>,
    /// DaemonSets.
    pub daemon_sets: Vec<DaemonSet>,
    /// Claims, volumes and storage classes.
    pub volumes: Volumes,
    /// How many volumes Nodes take.
    pub csi_nodes: Vec<CSINode>,
    /// Namespaces.
    pub namespaces: Vec<Namespace>,
    /// Priorities by name.
    pub priority_classes: Vec<PriorityClass>,
    /// How many evictions of pods are allowed.
    pub budgets: Vec<PodDisruptionBudget>,
    /// Where Services have endpoints.
    pub endpoint_slices: Vec<EndpointSlice>,
    /// Objects that are there and cannot be read.
    pub broken: Vec<Broken>,
    /// What VPSie offers.
    pub offers: Offers,
}

/// Names an object that cannot be read, or not as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{kind} {}: {problem}", place(.namespace, .name))]
pub struct Broken {
    /// The kind.
    pub kind: String,
    /// The namespace; empty for what has none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The Node that it is on, of a pod that is on one.
    pub node: Option<String>,
    /// What is wrong with it.
    pub problem: String,
}

/// Holds what VPSie offers, as far as it was asked.
#[derive(Debug, Default)]
pub struct Offers {
    everywhere: Option<Sizes>,
    by_datacenter: BTreeMap<String, Sizes>,
}

type Sizes = BTreeMap<SizeNumber, Offer>;

/// Is a cluster as one value, and what of it could not be read.
#[derive(Debug, Default)]
pub struct Survey {
    /// What a plan is made from.
    pub cluster: Cluster,
    /// What decides, beside that, which nodes may go.
    pub fleet: Fleet,
    /// The group that would grow by what is requested of it.
    pub busy: Option<Busy>,
    /// Why no group can be made for pods that none can host, although the settings allow it.
    pub gap: Option<Gap>,
    /// What cannot be read, in order; pods and groups among it are in the cluster, too, with their flaw.
    pub broken: Vec<Broken>,
}

fn place(namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    }
}

// === impl Offers ===

impl Offers {
    /// Holds offers that are the same in every data centre.
    #[must_use]
    pub fn everywhere(offers: Vec<Offer>) -> Self {
        Self {
            everywhere: Some(by_number(offers)),
            by_datacenter: BTreeMap::new(),
        }
    }

    /// Takes in what a data centre offers.
    pub fn add(&mut self, datacenter: &str, offers: Vec<Offer>) {
        self.by_datacenter
            .insert(datacenter.to_owned(), by_number(offers));
    }

    /// Says what is offered of the size of a group.
    #[must_use]
    pub fn of(&self, group: &NodeGroup) -> Size<'_> {
        let Some(sizes) = self.sizes(&group.spec.datacenter_id) else {
            return Size::Unknown;
        };
        let number = group.spec.kube_size_id.and_then(|size| u64::try_from(size).ok());
        number
            .and_then(|number| sizes.get(&SizeNumber::new(number)))
            .map_or(Size::NotOffered, Size::Offered)
    }

    /// Lists what a data centre offers, as far as that is known.
    pub fn in_datacenter(&self, datacenter: &str) -> impl Iterator<Item = &Offer> {
        self.sizes(datacenter).into_iter().flat_map(BTreeMap::values)
    }

    fn sizes(&self, datacenter: &str) -> Option<&Sizes> {
        self.by_datacenter.get(datacenter).or(self.everywhere.as_ref())
    }
}

fn by_number(offers: Vec<Offer>) -> Sizes {
    offers.into_iter().map(|offer| (offer.number, offer)).collect()
}

// === impl Survey ===

impl Survey {
    /// Returns the group that grows by what is requested of it: one, and only where nothing is bought for pods.
    #[must_use]
    pub fn grows(&self, plan: &Plan) -> Option<(&Busy, &Group)> {
        let cluster = &self.cluster;
        let is_full = cluster.most_workers.is_some_and(|most| cluster.workers >= most);
        let busy = self
            .busy
            .as_ref()
            .filter(|_| !is_full && plan.purchases.is_empty())?;
        let group = cluster.groups.iter().find(|group| group.name == busy.group)?;
        Some((busy, group))
    }
}

// === impl Objects ===

impl Objects {
    /// Returns the settings that count, if there are any.
    #[must_use]
    pub fn settings(&self) -> Option<GlobalSettings> {
        self.config().map(|config| config.spec.settings())
    }

    fn config(&self) -> Option<&AutoscalerConfig> {
        let mut configs = self.configs.iter();
        configs.find(|config| config.name_any() == keys::CONFIG_NAME)
    }

    /// Returns what groups get that are made for pods; none where none is to be made.
    fn new_groups(&self) -> Option<NewGroups> {
        let new = NewGroups::of(self.config(), self.groups.iter()).ok().flatten();
        new.filter(|new| new.have_namespace(self.namespaces.iter()))
    }

    /// Says why none can be made although the settings allow it.
    fn gap(&self) -> Option<Gap> {
        match Founder::of(self.config(), self.groups.iter()) {
            Ok(founder) => {
                let is_lost = |founder: &Founder| !founder.new_groups.have_namespace(self.namespaces.iter());
                founder.filter(is_lost).map(|_| Gap::Namespace)
            }
            Err(gap) => Some(gap),
        }
    }

    /// Lists the data centres whose offers matter.
    #[must_use]
    pub fn datacenters(&self) -> BTreeSet<String> {
        let datacenters = self.groups.iter().map(|group| group.spec.datacenter_id.clone());
        let of_new = self.new_groups().map(|new| new.datacenter);
        datacenters
            .chain(of_new)
            .filter(|datacenter| !datacenter.is_empty())
            .collect()
    }

    /// Makes one value of all objects, as they are at a moment.
    ///
    /// Without an AutoscalerConfig pods wait for the usual grace period, and the number of workers has no limit.
    #[must_use]
    pub fn survey(&self, now: DateTime<Utc>) -> Survey {
        let settings = self.settings();
        let grace = settings
            .as_ref()
            .map_or_else(usual_grace, GlobalSettings::unschedulable_pod_grace_period);
        let mut survey = Surveyor::new(self, Patience { now, grace }).survey();
        let limit = settings.and_then(|settings| settings.cluster_worker_limit());
        survey.cluster.most_workers = limit.map(|limit| u32::try_from(limit).unwrap_or_default());
        survey
    }
}

fn usual_grace() -> Duration {
    GlobalSettings::default().unschedulable_pod_grace_period()
}

#[cfg(test)]
mod tests;
