//! Laws of merging, and a slow and obvious model of it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;

use super::{Endpoint, Merged, merge};
use crate::identity::{EndpointKey, InstanceId, TargetRef};
use crate::ports::{self, Port};
use crate::sighting::{Phase, Readiness, Sighting};

fn pod(name: &str, uid: &str) -> TargetRef {
    TargetRef {
        kind: "Pod".to_owned(),
        name: name.to_owned(),
        namespace: None,
        uid: (!uid.is_empty()).then(|| uid.to_owned()),
    }
}

fn sighting(target: Option<TargetRef>, address: &str, readiness: Readiness) -> Sighting {
    let address: IpAddr = address.parse().unwrap();
    Sighting {
        key: EndpointKey::of(target.as_ref(), Some(address)).unwrap(),
        address: Some(address),
        hostname: None,
        target,
        node: None,
        zone: None,
        ports: BTreeSet::new(),
        readiness,
        is_terminating: false,
        hints: BTreeSet::new(),
        phase: Phase::Untold,
    }
}

/// EP-5: an endpoint that is in several slices at once is there once.
#[test]
fn endpoint_in_two_slices_is_there_once() {
    let old = sighting(Some(pod("web-0", "u1")), "10.0.0.1", Readiness::NotReady);
    let new = sighting(Some(pod("web-0", "u1")), "10.0.0.1", Readiness::Ready);
    let merged = merge([&old, &new]);
    assert_eq!(merged.endpoints.len(), 1);
    assert_eq!(merged.endpoints[0].readiness, Readiness::Ready);
    assert_eq!(merged.superseded, 0);
}

/// EP-5: what one slice calls terminating is not ready, whatever another one says.
#[test]
fn one_word_of_terminating_is_enough() {
    let ready = sighting(None, "10.0.0.1", Readiness::Ready);
    let leaving = Sighting {
        is_terminating: true,
        ..ready.clone()
    };
    assert_eq!(
        merge([&ready, &leaving]).endpoints[0].readiness,
        Readiness::NotReady
    );
}

/// EP-2: two pods of one name, while one takes the place of the other, are one instance: the better one.
#[test]
fn of_two_pods_with_one_name_the_better_one_stays() {
    let old = sighting(Some(pod("web-0", "u9")), "10.0.0.1", Readiness::NotReady);
    let new = sighting(Some(pod("web-0", "u1")), "10.0.0.2", Readiness::Ready);
    let merged = merge([&old, &new]);
    assert_eq!(merged.endpoints.len(), 1);
    assert_eq!(
        merged.endpoints[0].addresses,
        ["10.0.0.2".parse().unwrap()].into()
    );
    assert_eq!(merged.superseded, 1);
}

/// EP-2: what has no uid is told by its name.
#[test]
fn pod_with_and_without_its_uid_is_one() {
    let with = sighting(Some(pod("web-0", "u1")), "10.0.0.1", Readiness::Ready);
    let without = sighting(Some(pod("web-0", "")), "fd00::1", Readiness::Ready);
    let merged = merge([&with, &without]);
    assert_eq!((merged.endpoints.len(), merged.superseded), (1, 0));
    assert_eq!(merged.endpoints[0].addresses.len(), 2);
}

/// Merges by comparing each with each, the way a person would with a pencil.
fn model(sightings: &[Sighting]) -> Merged {
    let id = |same: &[&Sighting]| {
        let name = same
            .iter()
            .filter_map(|one| one.target.as_ref()?.pod_name())
            .min();
        let address = same.iter().filter_map(|one| one.address).min().unwrap();
        name.map_or(InstanceId::of_address(address), InstanceId::of_pod)
    };
    let mut groups: Vec<Vec<&Sighting>> = Vec::new();
    for one in sightings {
        match groups.iter_mut().find(|group| group[0].key == one.key) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let rank = |group: &[&Sighting]| {
        let is_terminating = group.iter().any(|one| one.is_terminating);
        let best = group.iter().map(|one| one.readiness).max().unwrap();
        let readiness = if is_terminating { Readiness::NotReady } else { best };
        (readiness, !is_terminating, group[0].key.clone())
    };
    let is_of_uid_pod = |group: &[&Sighting]| {
        let is_pod = group
            .iter()
            .any(|one| one.target.as_ref().and_then(TargetRef::pod_name).is_some());
        is_pod && matches!(group[0].key, EndpointKey::Uid(_))
    };
    let mut ids: Vec<InstanceId> = groups.iter().map(|group| id(group)).collect();
    ids.sort();
    ids.dedup();
    let mut merged = Merged::default();
    for wanted in ids {
        let mut same: Vec<&Vec<&Sighting>> = groups.iter().filter(|group| id(group) == wanted).collect();
        let winner = same
            .iter()
            .filter(|group| is_of_uid_pod(group))
            .map(|group| rank(group))
            .max();
        let before = same.len();
        same.retain(|group| !is_of_uid_pod(group) || Some(rank(group)) == winner);
        merged.superseded += (before - same.len()) as u64;
        let all: Vec<&Sighting> = same.into_iter().flatten().copied().collect();
        merged.endpoints.push(drawn(wanted, &all));
    }
    merged
}

fn drawn(id: InstanceId, all: &[&Sighting]) -> Endpoint {
    let is_terminating = all.iter().any(|one| one.is_terminating);
    let best = all.iter().map(|one| one.readiness).max().unwrap();
    let ports: BTreeSet<Port> = all.iter().flat_map(|one| one.ports.clone()).collect();
    Endpoint {
        id,
        addresses: all.iter().filter_map(|one| one.address).collect(),
        hostname: all.iter().filter_map(|one| one.hostname.clone()).min(),
        target: all.iter().filter_map(|one| one.target.clone()).min(),
        node: all.iter().filter_map(|one| one.node.clone()).min(),
        zone: all.iter().filter_map(|one| one.zone.clone()).min(),
        ports: ports::named(&ports),
        readiness: if is_terminating { Readiness::NotReady } else { best },
        is_terminating,
        hints: all.iter().flat_map(|one| one.hints.clone()).collect(),
        phase: all.iter().map(|one| one.phase).max().unwrap(),
    }
}

prop_compose! {
    /// Few names, uids and addresses, so that they meet.
    fn any_sighting()(
        kind in 0..4_u8,
        name in 0..3_u8,
        uid in 0..4_u8,
        address in 0..4_u8,
        zone in proptest::option::of("[ab]"),
        node in proptest::option::of("[ab]"),
        hostname in proptest::option::of("[ab]"),
        ports in proptest::collection::btree_set((0..2_u8, 0..2_u8, 1..3_u16), 0..3),
        readiness in prop_oneof![
            Just(Readiness::Ready), Just(Readiness::NotReady), Just(Readiness::Unreliable)
        ],
        is_terminating in proptest::bool::weighted(0.2),
        hints in proptest::collection::btree_set("[ab]", 0..2),
        phase in prop_oneof![Just(Phase::Untold), Just(Phase::Booting), Just(Phase::Failed)],
    ) -> Sighting {
        let uid = if uid == 0 { String::new() } else { format!("u{uid}") };
        let target = match kind {
            0 => None,
            1 => Some(TargetRef { kind: "Machine".to_owned(), ..pod("m", if uid.is_empty() { "" } else { "machine" }) }),
            _ => Some(pod(&format!("web-{name}"), &uid)),
        };
        let ports = ports.into_iter().map(|(name, protocol, number)| Port {
            name: format!("p{name}"),
            protocol: ["TCP", "UDP"][usize::from(protocol)].to_owned(),
            number,
        });
        Sighting {
            zone, node, hostname, is_terminating, hints, phase,
            ports: ports.collect(),
            ..sighting(target, &format!("10.0.0.{address}"), readiness)
        }
    }
}

fn some_sightings() -> impl Strategy<Value = Vec<Sighting>> {
    proptest::collection::vec(any_sighting(), 0..12)
}

proptest! {
    /// EP-5: the order of slices and endpoints changes nothing.
    #[test]
    fn merge_is_free_of_order((told, shuffled) in some_sightings().prop_flat_map(|told| {
        (Just(told.clone()), Just(told).prop_shuffle())
    })) {
        prop_assert_eq!(merge(&told), merge(&shuffled));
    }

    /// EP-5: saying it all again changes nothing.
    #[test]
    fn merge_is_idempotent(told in some_sightings()) {
        prop_assert_eq!(merge(told.iter().chain(&told)), merge(&told));
    }

    /// EP-5: the merge does what a person would do by comparing each with each.
    #[test]
    fn merge_and_model_agree(told in some_sightings()) {
        prop_assert_eq!(merge(&told), model(&told));
    }

    /// EP-2: no two have one id, and they are in the order of ids.
    #[test]
    fn ids_are_unique_and_in_order(told in some_sightings()) {
        let merged = merge(&told);
        prop_assert!(merged.endpoints.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
