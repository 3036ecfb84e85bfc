//! Which instances to use: those that are near, and not those that are about to go (EP-22, EP-24).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::instance::Instance;

/// The label of a Node that names its zone.
pub const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// Says why a choice is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No instance is ready.
    NoneReady,
    /// Every ready instance says for which zones it is, and these are for ours.
    Hints,
    /// These are in our zone.
    SameZone,
    /// None is in our zone, so it is all of them.
    NoneInZone,
    /// Our own zone is not known, so it is all of them.
    ZoneUnknown,
}

/// Holds the instances to use, and why these.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What to use, in the order of ids.
    pub instances: Vec<Arc<Instance>>,
    /// How the choice came about; two choices with the same account are not worth telling twice.
    pub account: Account,
}

/// Accounts for a choice in words and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Why these.
    pub reason: Reason,
    /// Our own zone.
    pub zone: Option<String>,
    /// How many are used.
    pub chosen: usize,
    /// How many are ready.
    pub ready: usize,
    /// How many ready ones were passed over because their Node is being emptied.
    pub draining: usize,
}

/// Finds the zone of a Node: by the usual label, else by the first of some others that it has (EP-22).
///
/// The others are for clouds that do not set the usual one, such as a label with the data centre.
pub fn own_zone(labels: &BTreeMap<String, String>, others: &[&str]) -> Option<String> {
    let names = std::iter::once(&ZONE_LABEL).chain(others);
    let mut zones = names.filter_map(|name| labels.get(*name).filter(|zone| !zone.is_empty()));
    zones.next().cloned()
}

/// Chooses which ready instances to use.
///
/// Instances on draining Nodes are passed over as long as there is another (EP-24). Of the others, those whose hints
/// name our zone are used if every one of them has a hint, else those that are in our zone, else all (EP-22).
pub fn choose<'a>(instances: impl IntoIterator<Item = &'a Arc<Instance>>, zone: Option<&str>) -> Choice {
    let ready = instances.into_iter().filter(|instance| instance.health.is_ready);
    let ready: Vec<&Arc<Instance>> = ready.collect();
    let staying = ready.iter().filter(|instance| !instance.is_on_draining_node());
    let mut usable: Vec<&Arc<Instance>> = staying.copied().collect();
    if usable.is_empty() {
        usable.clone_from(&ready);
    }
    let draining = ready.len() - usable.len();
    let (reason, chosen) = nearest(&usable, zone);
    Choice {
        account: Account {
            reason,
            zone: zone.map(str::to_owned),
            chosen: chosen.len(),
            ready: ready.len(),
            draining,
        },
        instances: chosen.into_iter().map(Arc::clone).collect(),
    }
}

fn nearest<'a>(usable: &[&'a Arc<Instance>], zone: Option<&str>) -> (Reason, Vec<&'a Arc<Instance>>) {
    if usable.is_empty() {
        return (Reason::NoneReady, Vec::new());
    }
    let Some(zone) = zone else {
        return (Reason::ZoneUnknown, usable.to_vec());
    };
    let select = |is_near: &dyn Fn(&Instance) -> bool| {
        let near = usable.iter().filter(|instance| is_near(instance));
        near.copied().collect::<Vec<_>>()
    };
    if usable.iter().all(|instance| !instance.hints.is_empty()) {
        let hinted = select(&|instance| instance.hints.contains(zone));
        if !hinted.is_empty() {
            return (Reason::Hints, hinted);
        }
    }
    let near = select(&|instance| instance.zone.as_deref() == Some(zone));
    if near.is_empty() {
        (Reason::NoneInZone, usable.to_vec())
    } else {
        (Reason::SameZone, near)
    }
}

#[cfg(test)]
mod tests;
