//! R9: a big fleet is matched completely. What it costs is measured by `benches/fleets.rs`, not by a test.

use std::sync::Arc;

use crate::testing::{GROUP, claim, group, machine, node, snapshot};
use crate::{Baseline, Snapshot, Verdict, match_fleet};

/// Makes a cluster: nine in ten claims are recorded, the rest are anonymous, in ten batches.
fn cluster(size: u64) -> Snapshot<'static> {
    let open_from = size / 10 * 9;
    let recorded: Vec<String> = (1..=open_from).map(|id| id.to_string()).collect();
    let batches: Vec<Arc<Baseline>> = (0..10)
        .map(|batch| {
            // Each batch saw the machines of the earlier ones.
            let seen = (open_from + 1..=open_from + batch * (size / 100)).map(|id| id.to_string());
            let keys: Vec<String> = recorded.iter().cloned().chain(seen).collect();
            Arc::new(Baseline::new(true, keys.iter().map(String::as_str)))
        })
        .collect();
    let address = |id: u64| format!("10.{}.{}.{}", id / 65536, id / 256 % 256, id % 256);
    let hostname = |id: u64| format!("hel-kubernetes-49ab-slave-{id:x}");
    let claims = (1..=size).map(|id| {
        let claim = claim(&format!("pool-{id}"));
        if id <= open_from {
            return claim.with_id(id);
        }
        let batch = (id - open_from - 1) * 10 / (size - open_from);
        claim
            .since(&batches[usize::try_from(batch).unwrap()])
            .requested(i64::try_from(batch).unwrap())
    });
    let machines = (1..=size).map(|id| machine(id).named(&hostname(id)).addressed(&[&address(id)]));
    let nodes = (1..=size).map(|id| node(&hostname(id)).addressed(&[&address(id)]).created(11));
    snapshot(12)
        .groups([group(GROUP, 2, 4096, 80)])
        .claims(claims)
        .machines(machines)
        .nodes(nodes)
}

/// World, R9, P1: a cluster of 10,000 machines is matched completely; its cost is measured by `benches/fleets.rs`.
#[test]
fn cluster_of_ten_thousand_machines_is_matched() {
    let fleet = cluster(10_000);
    let matching = match_fleet(&fleet);
    let complete = matching.claims.iter().filter(|answer| {
        matches!(&answer.verdict, Verdict::Matched(found) if found.machine.is_some() && found.node.is_some())
    });
    assert_eq!(complete.count(), 10_000);
}
