//! Many sightings become one endpoint each: in any order, and however often each is told (EP-5).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::identity::{EndpointKey, InstanceId, TargetRef};
use crate::ports::{self, Port};
use crate::sighting::{Phase, Readiness, Sighting};

/// Holds what all objects together say of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub(crate) id: InstanceId,
    pub(crate) addresses: BTreeSet<IpAddr>,
    pub(crate) hostname: Option<String>,
    pub(crate) target: Option<TargetRef>,
    pub(crate) node: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) ports: BTreeMap<String, u16>,
    pub(crate) readiness: Readiness,
    pub(crate) is_terminating: bool,
    pub(crate) hints: BTreeSet<String>,
    pub(crate) phase: Phase,
}

/// Holds the endpoints of a Service, each of them once and in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The endpoints; no two have the same id.
    pub endpoints: Vec<Endpoint>,
    /// How many pods were left out because another pod of the same name is better or newer.
    pub superseded: u64,
}

/// Holds what was gathered of one endpoint so far. Joining two is like taking the union of two sets.
#[derive(Clone)]
struct Gathered {
    key: EndpointKey,
    addresses: BTreeSet<IpAddr>,
    hostname: Option<String>,
    target: Option<TargetRef>,
    node: Option<String>,
    zone: Option<String>,
    ports: BTreeSet<Port>,
    readiness: Readiness,
    is_terminating: bool,
    hints: BTreeSet<String>,
    phase: Phase,
}

/// Merges what all objects say, so that each endpoint is there once.
///
/// # Guarantees
///
/// Neither the order of the sightings nor repeating them changes anything. Addresses, ports and hints are united. An
/// endpoint is ready when any object says so, as long as none says that it is terminating. Ids are unique: of two
/// pods with one name, the one that is ready wins, then the one that stays, then the one with the greater uid.
pub fn merge<'a>(sightings: impl IntoIterator<Item = &'a Sighting>) -> Merged {
    let mut by_key: BTreeMap<&EndpointKey, Gathered> = BTreeMap::new();
    for sighting in sightings {
        by_key
            .entry(&sighting.key)
            .and_modify(|gathered| gathered.add(sighting))
            .or_insert_with(|| Gathered::of(sighting));
    }
    let mut by_id: BTreeMap<InstanceId, Vec<Gathered>> = BTreeMap::new();
    for gathered in by_key.into_values() {
        // Each has an address or is a pod, or it would have no key.
        if let Some(id) = gathered.id() {
            by_id.entry(id).or_default().push(gathered);
        }
    }
    let mut merged = Merged::default();
    for (id, same) in by_id {
        let before = same.len();
        let united = unite(same);
        let kept = united.1;
        merged.superseded += (before - kept) as u64;
        merged
            .endpoints
            .extend(united.0.map(|gathered| gathered.finish(id)));
    }
    merged
}

/// Makes one of all that have the same id, and tells of how many it is made.
fn unite(same: Vec<Gathered>) -> (Option<Gathered>, usize) {
    let is_of_a_known_pod =
        |gathered: &Gathered| gathered.pod_name().is_some() && matches!(gathered.key, EndpointKey::Uid(_));
    let (pods, others): (Vec<_>, Vec<_>) = same.into_iter().partition(is_of_a_known_pod);
    let best = pods
        .into_iter()
        .max_by(|one, other| one.preference().cmp(&other.preference()));
    let kept = others.len() + usize::from(best.is_some());
    let all = best.into_iter().chain(others);
    let united = all.reduce(|mut united, next| {
        united.join(next);
        united
    });
    (united, kept)
}

// === impl Gathered ===

impl Gathered {
    fn of(sighting: &Sighting) -> Self {
        Self {
            key: sighting.key.clone(),
            addresses: sighting.address.into_iter().collect(),
            hostname: sighting.hostname.clone(),
            target: sighting.target.clone(),
            node: sighting.node.clone(),
            zone: sighting.zone.clone(),
            ports: sighting.ports.clone(),
            readiness: sighting.readiness,
            is_terminating: sighting.is_terminating,
            hints: sighting.hints.clone(),
            phase: sighting.phase,
        }
    }

    fn add(&mut self, sighting: &Sighting) {
        self.join(Self::of(sighting));
    }

    fn join(&mut self, other: Self) {
        self.addresses.extend(other.addresses);
        self.hostname = first(self.hostname.take(), other.hostname);
        self.target = first(self.target.take(), other.target);
        self.node = first(self.node.take(), other.node);
        self.zone = first(self.zone.take(), other.zone);
        self.ports.extend(other.ports);
        self.readiness = self.readiness.max(other.readiness);
        self.is_terminating |= other.is_terminating;
        self.hints.extend(other.hints);
        self.phase = self.phase.max(other.phase);
    }

    fn pod_name(&self) -> Option<&str> {
        self.target.as_ref().and_then(TargetRef::pod_name)
    }

    fn id(&self) -> Option<InstanceId> {
        let address = || self.addresses.first().copied().map(InstanceId::of_address);
        self.pod_name().map(InstanceId::of_pod).or_else(address)
    }

    fn preference(&self) -> (Readiness, bool, &EndpointKey) {
        (self.settled_readiness(), !self.is_terminating, &self.key)
    }

    fn settled_readiness(&self) -> Readiness {
        if self.is_terminating {
            Readiness::NotReady
        } else {
            self.readiness
        }
    }

    fn finish(self, id: InstanceId) -> Endpoint {
        Endpoint {
            id,
            ports: ports::named(&self.ports),
            readiness: self.settled_readiness(),
            addresses: self.addresses,
            hostname: self.hostname,
            target: self.target,
            node: self.node,
            zone: self.zone,
            is_terminating: self.is_terminating,
            hints: self.hints,
            phase: self.phase,
        }
    }
}

/// Takes the smaller of two answers, or the only one.
fn first<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests;
