//! The fleets that are measured: the usual one, and those that are built to hurt.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use node_match::{Baseline, Claim, Machine, Node, ReportedAt, Snapshot, Text};

const CLUSTER: &str = "0d6c";

/// Makes a snapshot of as many claims, machines and Nodes; the functions say what each looks like.
fn fleet(
    size: u32,
    claim: impl Fn(u32, Claim<'static>) -> Claim<'static>,
    machine: impl Fn(u32, Machine<'static>) -> Machine<'static>,
    node: impl Fn(u32, Node<'static>) -> Node<'static>,
) -> Snapshot<'static> {
    let now = DateTime::from_timestamp(1_769_242_200, 0).expect("a moment in 2026");
    let mut snapshot = Snapshot::new(now);
    snapshot.claims = (1..=size)
        .map(|id| {
            let plain = Claim {
                uid: format!("c-{id}").into(),
                name: format!("pool-{id}").into(),
                cluster: CLUSTER.into(),
                group: Some(412),
                creation_requested: true,
                requested_at: Some(now - TimeDelta::minutes(5)),
                ..Claim::default()
            };
            claim(id, plain)
        })
        .collect();
    snapshot.machines = (1..=size)
        .map(|id| {
            let plain = Machine {
                id: Some(u64::from(id)),
                identifier: Some(format!("machine-{id}").into()),
                cluster: CLUSTER.into(),
                hostname: Some(hostname(id).into()),
                addresses: vec![address(id).into()],
                ..Machine::default()
            };
            machine(id, plain)
        })
        .collect();
    snapshot.nodes = (1..=size)
        .map(|id| {
            let plain = Node {
                uid: format!("n-{id}").into(),
                name: hostname(id).into(),
                addresses: vec![address(id).into()],
                ..Node::default()
            };
            node(id, plain)
        })
        .collect();
    snapshot
}

fn hostname(id: u32) -> String {
    format!("hel-kubernetes-49ab-slave-{id:x}")
}

fn address(id: u32) -> String {
    format!("10.{}.{}.{}", id / 65_536, id / 256 % 256, id % 256)
}

/// Nine claims in ten are recorded; the rest share a baseline and are matched anonymously.
pub(crate) fn usual(size: u32) -> Snapshot<'static> {
    let recorded = size / 10 * 9;
    let keys: Vec<String> = (1..=recorded).map(|id| id.to_string()).collect();
    let baseline = Arc::new(Baseline::new(true, keys.iter().map(String::as_str)));
    let claim = |id, mut claim: Claim<'static>| {
        claim.instance_id = (id <= recorded).then_some(u64::from(id));
        claim.baseline = (id > recorded).then(|| Arc::clone(&baseline));
        claim
    };
    fleet(size, claim, |_, machine| machine, |_, node| node)
}

/// Every name starts with every shorter one: `a`, `a-a`, `a-a-a`, up to 30 parts, then a number.
pub(crate) fn shared_prefixes(size: u32) -> Snapshot<'static> {
    let name = |id: u32| format!("{}-{id}", vec!["a"; id as usize % 30 + 1].join("-"));
    let claim = move |id, claim| Claim {
        name: name(id).into(),
        ..claim
    };
    let machine = move |id, machine| Machine {
        hostname: Some(format!("{}-k8s", name(id)).into()),
        ..machine
    };
    fleet(size, claim, machine, |_, node| node)
}

/// All machines and all Nodes carry the same eight addresses, and all claims record them.
pub(crate) fn duplicate_addresses(size: u32) -> Snapshot<'static> {
    let all: Vec<Text<'static>> = (1..=8).map(|host| address(host).into()).collect();
    let (of_claims, of_machines, of_nodes) = (all.clone(), all.clone(), all);
    fleet(
        size,
        move |_, claim| Claim {
            addresses: of_claims.clone(),
            ..claim
        },
        move |_, machine| Machine {
            addresses: of_machines.clone(),
            ..machine
        },
        move |_, node| Node {
            addresses: of_nodes.clone(),
            ..node
        },
    )
}

/// One anonymous component: each baseline holds more machines than the one before, and nothing else tells.
pub(crate) fn one_component(size: u32, baselines: u32) -> Snapshot<'static> {
    let step = size / baselines;
    let baselines: Vec<Arc<Baseline>> = (0..baselines)
        .map(|number| {
            let keys: Vec<String> = (1..=number * step).map(|id| id.to_string()).collect();
            Arc::new(Baseline::new(true, keys.iter().map(String::as_str)))
        })
        .collect();
    let claim = |id: u32, mut claim: Claim<'static>| {
        let number = ((id - 1) / step) as usize;
        claim.baseline = baselines.get(number).map(Arc::clone);
        claim
    };
    fleet(size, claim, |_, machine| machine, |_, node| node)
}

/// The same, and the oldest machines are those that only the last claims can have: every claim would rather have them.
pub(crate) fn contended_component(size: u32, baselines: u32) -> Snapshot<'static> {
    let mut snapshot = one_component(size, baselines);
    for (machine, age) in snapshot.machines.iter_mut().zip(0..) {
        machine.created_at = Some(ReportedAt {
            at: snapshot.now - TimeDelta::seconds(age),
            zoned: true,
        });
    }
    snapshot
}

/// One claim, and as many old machines and new Nodes whose one hostname starts with its name.
pub(crate) fn one_hostname(size: u32) -> Snapshot<'static> {
    let keys: Vec<String> = (1..=size).map(|id| id.to_string()).collect();
    let baseline = Arc::new(Baseline::new(true, keys.iter().map(String::as_str)));
    let machine = |_, machine| Machine {
        hostname: Some("web-x".into()),
        ..machine
    };
    let node = |id, node| Node {
        name: format!("worker-{id}").into(),
        hostname: Some("web-x".into()),
        addresses: Vec::new(),
        ..node
    };
    let mut snapshot = fleet(size, |_, claim| claim, machine, node);
    snapshot.claims.truncate(1);
    for claim in &mut snapshot.claims {
        claim.name = "web".into();
        claim.baseline = Some(Arc::clone(&baseline));
    }
    snapshot
}
