//! Pods that must have another place before their Node goes, and why one must not be evicted at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fleet_plan::labels::Selector;
use fleet_plan::pod::{Demand, PodName};
use fleet_plan::removal::{MustStay, Tenant};
use k8s_openapi::api::core::v1::{Pod, Volume};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;

use super::surveyor::{Surveyor, name};
use crate::kept::DO_NOT_DISRUPT;
use crate::planning::Reader;
use crate::planning::selectors::selector;
use crate::pods::facts;
use crate::resources::keys::TRUE;
use crate::time::to_chrono;

/// Says whether a pod may be evicted: `false` keeps it, and `true` frees it whatever it would lose.
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";

/// Lists the volumes on the disk of the Node that a pod may lose, divided by commas.
const SAFE_VOLUMES: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";

/// How long a pod stays where it has started (`LC-47`).
const SETTLING: TimeDelta = TimeDelta::minutes(15);

/// Holds what is on each Node.
pub(super) struct Guests<'a> {
    now: DateTime<Utc>,
    budgets: Vec<Budget>,
    /// The pods of each Node that need another place, by its name.
    tenants: BTreeMap<&'a str, Vec<Tenant>>,
    /// How many workload pods are on each Node, those on their way out included.
    counts: BTreeMap<&'a str, usize>,
}

/// Is a PodDisruptionBudget.
struct Budget {
    name: PodName,
    selector: Selector,
    allowed: u32,
}

// === impl Surveyor ===

impl<'a> Surveyor<'a> {
    /// Begins with nobody anywhere, and with the budgets that count; one that cannot be read is reported.
    pub(super) fn no_guests(&mut self) -> Guests<'a> {
        let mut budgets = Vec::new();
        for budget in &self.objects.budgets {
            match Budget::of(budget, &mut self.reader) {
                Ok(read) => budgets.extend(read),
                Err(problem) => self.report("PodDisruptionBudget", budget, problem),
            }
        }
        Guests {
            now: self.patience.now,
            budgets,
            tenants: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }
}

// === impl Guests ===

impl<'a> Guests<'a> {
    /// Takes in a pod that is on a Node.
    pub(super) fn take(&mut self, node: &'a str, pod: &Pod, demand: &Arc<Demand>, reader: &mut Reader) {
        let facts = facts(pod);
        if !facts.is_workload() {
            return;
        }
        *self.counts.entry(node).or_default() += 1;
        if pod.metadata.deletion_timestamp.is_some() {
            return;
        }
        let name = reader.pod_name(pod);
        let budgets = self.budgets.iter().filter(|budget| {
            budget.name.namespace == name.namespace && budget.selector.matches(&demand.labels)
        });
        let tenant = Tenant {
            stays: stays(pod, &name, self.now),
            budgets: budgets.map(|budget| budget.name.clone()).collect(),
            demand: demand.clone(),
            name,
        };
        self.tenants.entry(node).or_default().push(tenant);
    }

    /// Counts the workload pods on a Node.
    pub(super) fn count(&self, node: &str) -> usize {
        self.counts.get(node).copied().unwrap_or_default()
    }

    /// Takes out the pods of a Node that need another place.
    pub(super) fn tenants_of(&mut self, node: &str) -> Vec<Tenant> {
        self.tenants.remove(node).unwrap_or_default()
    }

    /// Says how many evictions each budget allows.
    pub(super) fn allowed(&self) -> BTreeMap<PodName, u32> {
        let budgets = self.budgets.iter();
        budgets
            .map(|budget| (budget.name.clone(), budget.allowed))
            .collect()
    }
}

// === impl Budget ===

impl Budget {
    /// Reads a budget; one that selects nothing is none.
    fn of(written: &PodDisruptionBudget, reader: &mut Reader) -> Result<Option<Self>, String> {
        let selected = written.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        let selected = selector(selected, &mut reader.names).map_err(|error| error.to_string())?;
        let status = written.status.as_ref();
        let observed = status.and_then(|status| status.observed_generation);
        // Of a budget that nobody has looked at since it changed Kubernetes allows nothing.
        let is_known = written
            .metadata
            .generation
            .is_none_or(|now| observed.is_none_or(|seen| seen >= now));
        let allowed = status
            .filter(|_| is_known)
            .map_or(0, |status| status.disruptions_allowed);
        Ok(selected.map(|selector| Self {
            name: PodName {
                namespace: reader.name(written.metadata.namespace.as_deref().unwrap_or_default()),
                name: reader.name(name(written)),
            },
            selector,
            allowed: u32::try_from(allowed).unwrap_or_default(),
        }))
    }
}

/// Says why a pod must not be evicted, whatever the Nodes are.
fn stays(pod: &Pod, name: &PodName, now: DateTime<Utc>) -> Vec<MustStay> {
    let written = |key| pod.annotations().get(key).map(String::as_str);
    let pod_name = || name.clone();
    let mut found = Vec::new();
    let safe = written(SAFE_TO_EVICT);
    if safe == Some("false") {
        found.push(MustStay::SafeToEvictFalse { pod: pod_name() });
    }
    if written(DO_NOT_DISRUPT) == Some(TRUE) {
        found.push(MustStay::DoNotDisrupt {
            pod: Some(pod_name()),
        });
    }
    if safe != Some(TRUE) {
        if !has_controller(pod) {
            found.push(MustStay::PodWithoutController { pod: pod_name() });
        }
        let given_up: Vec<&str> = written(SAFE_VOLUMES)
            .into_iter()
            .flat_map(|all| all.split(','))
            .map(str::trim)
            .collect();
        let lost = local_volumes(pod).find(|volume| !given_up.contains(&volume.name.as_str()));
        found.extend(lost.map(|volume| MustStay::LocalStorage {
            pod: pod_name(),
            volume: volume.name.clone(),
        }));
    }
    let started = pod.status.as_ref().and_then(|status| status.start_time.as_ref());
    let remaining = started
        .and_then(to_chrono)
        .map(|started| SETTLING - (now - started))
        .filter(|remaining| *remaining > TimeDelta::zero());
    found.extend(remaining.map(|remaining| MustStay::RecentMovement {
        pod: pod_name(),
        remaining,
    }));
    found
}

/// Tells whether somebody makes the pod anew. Manifests may leave out which of its owners that is.
fn has_controller(pod: &Pod) -> bool {
    const USUAL: [&str; 4] = ["ReplicaSet", "StatefulSet", "Job", "ReplicationController"];
    let mut owners = pod.owner_references().iter();
    owners.any(|owner| {
        owner
            .controller
            .unwrap_or_else(|| USUAL.contains(&owner.kind.as_str()))
    })
}

/// Lists the volumes of a pod that are on the disk of its Node, or in its memory.
fn local_volumes(pod: &Pod) -> impl Iterator<Item = &Volume> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    volumes.filter(|volume| volume.empty_dir.is_some() || volume.host_path.is_some())
}
