//! R9: what a big fleet costs, counted by the ratio of two sizes.

use std::sync::Arc;
// The clock is banned from the decisions, not from the test that times them.
#[expect(clippy::disallowed_types, reason = "the cost is measured from outside")]
use std::time::{Duration, Instant};

use crate::testing::{GROUP, claim, group, machine, node, snapshot};
use crate::{Baseline, Snapshot, Verdict, match_fleet};

/// Makes a cluster: nine in ten claims are recorded, the rest are anonymous, in ten batches.
fn cluster(size: u64) -> Snapshot {
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

#[expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the cost is measured from outside"
)]
fn time(fleet: &Snapshot) -> Duration {
    let fastest = (0..3).map(|_| {
        let start = Instant::now();
        std::hint::black_box(match_fleet(fleet));
        start.elapsed()
    });
    fastest.min().unwrap()
}

/// World, R9: a cluster of 10,000 machines is matched completely.
#[test]
fn cluster_of_ten_thousand_machines_is_matched() {
    let fleet = cluster(10_000);
    let matching = match_fleet(&fleet);
    let complete = matching.claims.iter().filter(|answer| {
        matches!(&answer.verdict, Verdict::Matched(found) if found.machine.is_some() && found.node.is_some())
    });
    assert_eq!(complete.count(), 10_000);
}

/// Ten times as much may cost this many times as much: far from the hundred of a square.
const MOST_TIMES: u32 = 40;
/// A busy machine may spoil a measurement, but not this many.
const ATTEMPTS: usize = 5;

#[track_caller]
fn check_growth(small: &Snapshot, big: &Snapshot) {
    let measured: Vec<_> = (0..ATTEMPTS)
        .map(|_| (time(small), time(big)))
        .scan(false, |is_done, (small, big)| {
            let go_on = !*is_done;
            *is_done = big < small * MOST_TIMES;
            go_on.then_some((small, big, *is_done))
        })
        .collect();
    assert!(measured.iter().any(|(.., is_linear)| *is_linear), "{measured:?}");
}

/// R9, P1: ten times as much takes about ten times as long.
#[test]
fn cost_grows_with_the_size_and_not_with_its_square() {
    check_growth(&cluster(1_000), &cluster(10_000));
}

/// R9: names, addresses and ids that all collide do not cost more than that.
#[test]
fn collisions_do_not_cost_the_square() {
    let colliding = |size: u64| {
        let claims = (1..=size).map(|id| {
            claim(&format!("web-{id}"))
                .with_hostname("web")
                .with_addresses(&["10.0.0.1"])
        });
        let machines = (1..=size).map(|id| machine(id).named("web").addressed(&["10.0.0.1"]));
        let nodes = (1..=size).map(|id| {
            node(&format!("web-{id}"))
                .addressed(&["10.0.0.1"])
                .labelled("web-1")
        });
        snapshot(12).claims(claims).machines(machines).nodes(nodes)
    };
    check_growth(&colliding(500), &colliding(5_000));
}

/// R9: claims without a baseline that all asked at another moment are not compared one by one.
#[test]
fn requests_at_many_moments_do_not_cost_the_square() {
    let scattered = |size: u64| {
        let claims = (1..=size).map(|id| claim(&format!("c-{id}")).requested(i64::try_from(id).unwrap()));
        let machines = (1..=size).map(|id| machine(id).created(-1)).chain([machine(0)]);
        snapshot(12).claims(claims).machines(machines)
    };
    check_growth(&scattered(500), &scattered(5_000));
}
