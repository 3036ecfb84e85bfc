//! A clock of the operator's host that is wrong: it is noticed, nothing is concluded from it, and once it is right
//! everything goes on.

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use chrono::{DateTime, TimeDelta, Utc};
use kit::fleet::{Fleet, Stored};
use kube::ResourceExt;
use prometheus_client::encoding::text::encode;

use super::lives::{end_pod, run_pod, until_state};
use super::telemetry::events;
use super::{bought, ready_web, web};

/// More polls than the time limits of discovery and joining together take.
const FOR_LONG: usize = 190;

/// An hour ahead, and an hour behind.
fn hour_off() -> [TimeDelta; 2] {
    [TimeDelta::hours(1), TimeDelta::hours(-1)]
}

/// Tells whether a VPSieNode and its NodeGroup say that they wait for the clock.
fn wait_for_the_clock(stored: &Stored) -> bool {
    let reason = Some("ClockSkewed".to_owned());
    let claim = stored.claim_condition("web-1", "Blocked");
    let group = stored.group_condition("web", "Blocked");
    claim.is_some_and(|blocked| blocked.reason == reason)
        && group.is_some_and(|blocked| blocked.reason == reason)
}

/// Waits until `web-1` is Ready and nothing waits for the clock any longer.
async fn goes_on(fleet: &Fleet) -> Stored {
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(stored.claim_condition("web-1", "Blocked"), None);
    assert_eq!(stored.group_condition("web", "Blocked"), None);
    assert_eq!((stored.claims.len(), fleet.cloud.ledger().len()), (1, 1));
    let report = fleet.truth().await;
    assert_eq!((report.matched, report.is_clean()), (1, true), "{report:?}");
    stored
}

/// Returns the offset that the metrics show for a source.
fn offset(fleet: &Fleet, source: &str) -> Option<i64> {
    let mut text = String::new();
    encode(&mut text, &fleet.metrics.registry()).expect("a String takes everything");
    let series = format!("vpsie_autoscaler_clock_offset_seconds{{source=\"{source}\"}} ");
    text.lines()
        .find_map(|line| line.strip_prefix(&series)?.parse().ok())
}

/// Bad input: with a clock an hour off nothing is bought, given up or replaced; it is said once, and once the clock is
/// right everything goes on without a restart.
#[tokio::test(start_paused = true)]
async fn clock_an_hour_off_is_named_and_costs_nothing() {
    for off in hour_off() {
        let mut fleet = Fleet::in_memory(1);
        fleet.cloud.add_group(&fleet.cluster, "web", 57);
        fleet.set_clock_ahead(off);
        fleet.start().await;
        fleet.create(&web(&fleet, 1)).await;
        let said = fleet.until("it is said", wait_for_the_clock).await;
        let stored = fleet.polls(FOR_LONG).await;
        assert_eq!(stored.phases(), ["Pending"]);
        assert_eq!(fleet.cloud.ledger().len(), 0);
        let version = |stored: &Stored| stored.claim("web-1").and_then(ResourceExt::resource_version);
        assert_eq!(version(&stored), version(&said), "it is written once");
        let told = events(&fleet).await.into_iter();
        let told: Vec<_> = told.filter(|(_, _, reason, _)| reason == "ClockSkewed").collect();
        let once = (
            "NodeGroup".to_owned(),
            "Warning".to_owned(),
            "ClockSkewed".to_owned(),
            1,
        );
        assert_eq!(told, [once]);
        for source in ["vpsie", "kubernetes"] {
            let shown = offset(&fleet, source).expect("the metric shows it");
            let wrong = TimeDelta::seconds(shown) - off;
            assert!(
                wrong.abs() <= TimeDelta::seconds(2),
                "{source}: {shown} s instead of {off}"
            );
        }

        fleet.set_clock_ahead(TimeDelta::zero());
        goes_on(&fleet).await;
        assert_eq!(offset(&fleet, "vpsie"), Some(0));
    }
}

/// Bad input: not even a group is asked for at VPSie; its NodeGroup says why.
#[tokio::test(start_paused = true)]
async fn clock_an_hour_off_makes_no_group_at_vpsie() {
    for off in hour_off() {
        let mut fleet = Fleet::in_memory(1);
        fleet.set_clock_ahead(off);
        fleet.start().await;
        fleet.create(&web(&fleet, 1)).await;
        let stored = fleet.polls(FOR_LONG).await;
        let blocked = stored.group_condition("web", "Blocked").expect("it says so");
        assert_eq!(blocked.reason.as_deref(), Some("ClockSkewed"));
        assert_eq!(
            (stored.claims.len(), fleet.cloud.groups(&fleet.cluster).len()),
            (0, 0)
        );
        fleet.set_clock_ahead(TimeDelta::zero());
        goes_on(&fleet).await;
    }
}

/// Bad input: a clock that jumps while a machine is on its way lets it be recorded and its Node be labelled; no time is
/// written by it, so no time-out counts from it afterwards.
#[tokio::test(start_paused = true)]
async fn clock_that_jumps_gives_no_machine_up() {
    for off in hour_off() {
        let mut fleet = Fleet::in_memory(1);
        fleet.start().await;
        fleet.create(&web(&fleet, 1)).await;
        fleet
            .until("a machine is asked for", |_| fleet.cloud.ledger().len() == 1)
            .await;
        fleet.set_clock_ahead(off);
        let is_labelled = |stored: &Stored| {
            let mut nodes = stored.nodes.iter();
            nodes.any(|node| node.labels().contains_key(keys::LABEL_VPSIE_NODE))
        };
        let stored = fleet.until("its Node is labelled", is_labelled).await;
        let claim = stored.claim("web-1").expect("it waits");
        assert!(
            claim.spec.vpsie_node_identifier.is_some(),
            "its machine is recorded"
        );
        let stored = fleet.polls(FOR_LONG).await;
        assert!(wait_for_the_clock(&stored), "{stored}");
        assert_eq!(stored.phases(), ["Provisioning"], "nothing is stamped");

        let right_again = fleet.clock.now() - TimeDelta::seconds(1);
        fleet.set_clock_ahead(TimeDelta::zero());
        let stored = goes_on(&fleet).await;
        let status = stored.claim("web-1").and_then(|claim| claim.status.clone());
        let status = status.expect("it is Ready");
        let stamps = [status.provisioned_at, status.joined_at, status.ready_at];
        let are_right = stamps.iter().flatten().all(|stamp| {
            let range = right_again..=fleet.clock.now();
            range.contains(stamp)
        });
        assert!(are_right && stamps.iter().all(Option::is_some), "{stamps:?}");
    }
}

/// Bad input: nothing of an end goes on by a wrong clock: no cordon, no removal; afterwards all of it.
#[tokio::test(start_paused = true)]
async fn clock_that_jumps_removes_nothing() {
    for off in hour_off() {
        let mut fleet = Fleet::in_memory(1);
        let before = ready_web(&mut fleet, 1).await;
        fleet.set_clock_ahead(off);
        fleet.delete::<NodeGroup>("web").await;
        let stored = fleet.polls(FOR_LONG).await;
        assert!(stored.claim_condition("web-1", "Blocked").is_some(), "{stored}");
        assert_eq!(stored.phases(), ["Ready"]);
        assert_eq!(
            (fleet.cloud.removals(), bought(&fleet.cloud).len()),
            (Vec::new(), 1)
        );
        let is_cordoned = |name: &str| {
            let spec = stored.node(name).and_then(|node| node.spec.as_ref());
            spec.and_then(|spec| spec.unschedulable) == Some(true)
        };
        let names = before.nodes.iter().map(ResourceExt::name_any);
        assert!(!names.into_iter().any(|name| is_cordoned(&name)));

        fleet.set_clock_ahead(TimeDelta::zero());
        fleet
            .until("all is gone", |stored| {
                stored.groups.is_empty() && stored.claims.is_empty()
            })
            .await;
        assert_eq!(bought(&fleet.cloud), []);
        assert!(fleet.truth().await.is_clean());
    }
}

/// Bad input: how far replies without a machine are apart, a wrong clock does not tell; once it is right they are counted
/// from the first.
#[tokio::test(start_paused = true)]
async fn replies_seen_by_a_wrong_clock_prove_no_absence() {
    for off in hour_off() {
        let mut fleet = Fleet::in_memory(1);
        let stored = ready_web(&mut fleet, 1).await;
        let machine = stored.claim("web-1").expect("it is Ready");
        let machine = machine.spec.vpsie_node_identifier.clone();
        fleet.set_clock_ahead(off);
        fleet.cloud.remove_by_hand(&machine.expect("it is recorded"));
        let stored = fleet.polls(30).await;
        assert_eq!(stored.phases(), ["Ready"]);

        let right_again = fleet.clock.now();
        fleet.set_clock_ahead(TimeDelta::zero());
        let is_told = |stored: &Stored| stored.claim_problem("web-1").is_some();
        let stored = fleet.until("its machine is gone", is_told).await;
        assert_eq!(stored.claim_problem("web-1").as_deref(), Some("MachineNotFound"));
        let took = fleet.clock.now() - right_again;
        assert!(took >= fleet.settings.absence_spacing * 2, "{took}");
    }
}

/// Bad input: what a wrong clock sees of a life is not stamped by it.
#[tokio::test(start_paused = true)]
async fn life_is_stamped_by_a_right_clock_only() {
    for off in hour_off() {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 1).await;
        run_pod(&fleet, "first").await;
        until_state(&fleet, "active").await;
        fleet.set_clock_ahead(off);
        end_pod(&fleet, "first").await;
        fleet.polls(30).await;
        let right_again = fleet.clock.now();
        fleet.set_clock_ahead(TimeDelta::zero());
        let idle = until_state(&fleet, "idle").await;
        let since = idle["enteredAt"].as_str().map(str::parse::<DateTime<Utc>>);
        let since = since.expect("it is stamped").expect("a time");
        assert!(right_again <= since && since <= fleet.clock.now(), "{idle}");
    }
}

/// Bad input: a wrong clock of VPSie alone is no reason to wait: ours and Kubernetes' agree, and all goes on.
#[tokio::test(start_paused = true)]
async fn wrong_clock_of_vpsie_alone_holds_nothing_up() {
    for off in hour_off() {
        let mut fleet = Fleet::in_memory(1);
        fleet.cloud.behaviour(|behaviour| behaviour.clock_skew = off);
        fleet.start().await;
        fleet.create(&web(&fleet, 1)).await;
        goes_on(&fleet).await;
        fleet.polls(FOR_LONG).await;
        goes_on(&fleet).await;
        let shown = offset(&fleet, "vpsie").expect("the metric shows it");
        assert!(
            (TimeDelta::seconds(shown) + off).abs() <= TimeDelta::seconds(2),
            "{shown}"
        );
        assert_eq!(offset(&fleet, "kubernetes"), Some(0));
        fleet.delete::<VPSieNode>("web-1").await;
        fleet
            .until("its machine is removed", |_| fleet.cloud.removals().len() == 1)
            .await;
    }
}
