//! Every fleet of at most two claims, two machines and two Nodes of a tiny alphabet: crate against model.

use super::{World, answer};
use crate::testing::{CLUSTER, baseline, claim, machine, node, snapshot};
use crate::{Claim, Machine, Node};

/// How many fleets there are: 45 lists of claims, 73 of machines, 81 of Nodes.
const FLEETS: usize = 45 * 73 * 81;
/// Of how many fleets one is tried without optimization, where all of them take minutes; no factor of the above.
const STRIDE: usize = if cfg!(debug_assertions) { 37 } else { 1 };
/// The only address.
const ADDRESS: &str = "10.0.0.1";

const BOTH: [bool; 2] = [false, true];

/// Returns all triples.
fn letters() -> impl Iterator<Item = (bool, bool, bool)> {
    let pairs = || {
        BOTH.into_iter()
            .flat_map(|first| BOTH.map(|second| (first, second)))
    };
    BOTH.into_iter()
        .flat_map(move |first| pairs().map(move |(second, third)| (first, second, third)))
}

/// A name, a recorded id that was found by counting, a complete baseline.
fn claims() -> Vec<Vec<Claim<'static>>> {
    let empty = baseline(&[]);
    let all: Vec<Claim<'static>> = letters()
        .map(|(is_short, is_recorded, is_complete)| {
            let mut claim = claim(if is_short { "web" } else { "web-1" });
            if is_recorded {
                claim = claim.with_id(1).found_anonymously();
            }
            if is_complete { claim.since(&empty) } else { claim }
        })
        .collect();
    // Claims differ in their uid alone, so that their order says nothing.
    let with_uid = |claim: &Claim<'static>, uid: &'static str| Claim {
        uid: uid.into(),
        ..claim.clone()
    };
    let mut lists = vec![Vec::new()];
    for (index, first) in all.iter().enumerate() {
        lists.push(vec![with_uid(first, "a")]);
        let seconds = all[index..].iter();
        lists.extend(seconds.map(|second| vec![with_uid(first, "a"), with_uid(second, "b")]));
    }
    lists
}

/// A hostname, the address, whether it runs; the first has the id 1.
fn machines() -> Vec<Vec<Machine<'static>>> {
    let all = |id: u64| {
        letters().map(move |(is_named, is_addressed, is_running)| {
            let machine = machine(id).created(1).named(if is_named {
                "web-1-k8s"
            } else {
                "hel-kubernetes-49ab-slave-1"
            });
            let machine = machine.in_status(if is_running { "Running" } else { "installing" });
            if is_addressed {
                machine.addressed(&[ADDRESS])
            } else {
                machine
            }
        })
    };
    let mut lists = vec![Vec::new()];
    lists.extend(all(1).map(|only| vec![only]));
    lists.extend(all(1).flat_map(|first| all(2).map(move |second| vec![first.clone(), second])));
    lists
}

/// The address, the provider id of the first machine, the label of a claim; no two have one name.
fn nodes() -> Vec<Vec<Node<'static>>> {
    let all = |name: &'static str| {
        letters().map(move |(is_addressed, is_provided, is_labelled)| {
            let mut node = node(name);
            if is_addressed {
                node = node.addressed(&[ADDRESS]);
            }
            if is_provided {
                node = node.provided("vpsie://machine-1");
            }
            if is_labelled { node.labelled("web") } else { node }
        })
    };
    let (named, other) = ("web-1-k8s", "hel-kubernetes-49ab-slave-2");
    let mut lists = vec![Vec::new()];
    lists.extend(all(named).chain(all(other)).map(|only| vec![only]));
    lists.extend(all(named).flat_map(|first| all(other).map(move |second| vec![first.clone(), second])));
    lists
}

/// The crate and the model agree about every small fleet.
#[test]
fn crate_and_model_agree_about_every_small_fleet() {
    let (machines, nodes) = (machines(), nodes());
    let mut number = 0;
    for claims in claims() {
        for machines in &machines {
            for nodes in &nodes {
                number += 1;
                if number % STRIDE != 0 {
                    continue;
                }
                let fleet = snapshot(5)
                    .claims(claims.iter().cloned())
                    .machines(machines.iter().cloned());
                let mut fleet = fleet.nodes(nodes.iter().cloned());
                fleet.nodes_cluster = Some(CLUSTER.into());
                assert_eq!(answer(&fleet), World::new(&fleet).decide(), "{fleet:#?}");
            }
        }
    }
    assert_eq!(number, FLEETS);
}
