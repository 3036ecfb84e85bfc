//! Requests for machines that leave together: as many as `maxConcurrentScaleUps` says, each by itself (`SC-8`).

use std::time::Duration;

use autoscaler_controller::resources::{GlobalSettings, VPSieNode, keys};
use fleet_sim::cloud::{CallKind, Delay};
use http::Method;
use kit::fleet::{Fleet, Stored};
use kit::wire::Sent;
use kube::ResourceExt;
use tokio::time::sleep;

use super::{bought, web};

/// Starts the operator with `web` of some nodes, of which so many may be asked for at once.
async fn start(fleet: &mut Fleet, minimum: i32, at_once: i32) {
    fleet
        .set(GlobalSettings {
            max_concurrent_scale_ups: Some(at_once),
            ..GlobalSettings::default()
        })
        .await;
    fleet.start().await;
    fleet.create(&web(fleet, minimum)).await;
}

/// Counts the VPSieNodes for which a request was made and nobody has written down what came of it.
fn open(stored: &Stored) -> usize {
    let is_open = |claim: &&VPSieNode| {
        let intent = claim.annotations().get(keys::ANNOTATION_CREATION_INTENT);
        let phase = claim.status.as_ref().and_then(|status| status.phase.as_ref());
        intent.is_some_and(|text| text.contains(r#""outcome":"open""#)) && phase.is_none()
    };
    stored.claims.iter().filter(is_open).count()
}

/// SC-8: as many requests are on their way as the settings say, never more, and one where they say nothing.
#[tokio::test(start_paused = true)]
async fn as_many_requests_are_on_their_way_as_the_settings_say() {
    for (at_once, expected) in [(None, 1), (Some(1), 1), (Some(3), 3), (Some(50), 8)] {
        let mut fleet = Fleet::in_memory(1);
        if let Some(at_once) = at_once {
            start(&mut fleet, 8, at_once).await;
        } else {
            fleet.start().await;
            fleet.create(&web(&fleet, 8)).await;
        }
        fleet
            .until("web is Ready", |stored| stored.counts("web", 8, 8))
            .await;
        assert_eq!(fleet.wire.most_adds_at_once(), expected, "{at_once:?}");
        assert_eq!(
            fleet.cloud.ledger().len(),
            8,
            "{at_once:?}: each is asked for once"
        );
        assert!(fleet.truth().await.is_clean(), "{at_once:?}");
    }
}

/// SC-8: an answer that does not come delays neither other requests nor the work on their machines.
#[tokio::test(start_paused = true)]
async fn answer_that_does_not_come_delays_no_other_request() {
    let mut fleet = Fleet::in_memory(1);
    fleet
        .set(GlobalSettings {
            max_concurrent_scale_ups: Some(2),
            ..GlobalSettings::default()
        })
        .await;
    fleet.start().await;
    fleet.wire.hold(Sent::is_add);
    fleet.create(&web(&fleet, 6)).await;
    fleet.wire.is_held().await;
    // One machine of the five that come may be its own, and is kept for it.
    let stored = fleet
        .until("the others are Ready", |stored| stored.counts("web", 6, 4))
        .await;
    assert_eq!((open(&stored), fleet.cloud.ledger().len()), (1, 5), "{stored}");
    fleet.wire.release();
    fleet
        .until("web is Ready", |stored| stored.counts("web", 6, 6))
        .await;
    assert_eq!(fleet.cloud.ledger().len(), 6, "each is asked for once");
    assert!(fleet.truth().await.is_clean());
}

/// SC-8, SC-9: once VPSie refuses one request, none follows those that have left already, though the watch does not show
/// the refusal yet.
#[tokio::test(start_paused = true)]
async fn refusal_stops_the_requests_that_have_not_left() {
    let mut fleet = Fleet::in_memory(1);
    let slow = Delay::exactly(Duration::from_secs(10));
    fleet.cloud.behaviour(|behaviour| {
        behaviour.worker_cap = Some(2);
        behaviour.latency = slow;
    });
    start(&mut fleet, 6, 2).await;
    while fleet.wire.most_adds_at_once() < 2 {
        sleep(Duration::from_millis(100)).await;
    }
    fleet
        .wire
        .hold(|sent| sent.method == Method::GET && sent.path.ends_with("/vpsienodes"));
    fleet.memory().cut_watches();
    fleet.wire.is_held().await;
    while fleet.cloud.ledger().len() < 2 {
        sleep(Duration::from_millis(10)).await;
    }
    // The other half of the way.
    sleep(Duration::from_millis(5_200)).await;
    let adds = |fleet: &Fleet| fleet.wire.sent().iter().filter(|sent| sent.is_add()).count();
    assert_eq!(adds(&fleet), 2, "the two that left together");
    fleet.wire.release();
    fleet
        .until("a refusal", |stored| stored.claim_problem("web-1").is_some())
        .await;
    assert_eq!(adds(&fleet), 2, "their NodeGroup waits");
    fleet.cloud.behaviour(|behaviour| {
        behaviour.worker_cap = None;
        behaviour.latency = Delay::none();
    });
    fleet
        .until("web is Ready", |stored| stored.counts("web", 6, 6))
        .await;
    assert_eq!(bought(&fleet.cloud).len(), 6);
    assert!(fleet.truth().await.is_clean());
}

/// SC-8, I2: an operator that is told to stop writes down what came of every request that had left, and begins no other.
#[tokio::test(start_paused = true)]
async fn stop_waits_for_every_request_that_has_left() {
    let mut fleet = Fleet::in_memory(1);
    let slow = Delay::exactly(Duration::from_secs(10));
    fleet.cloud.behaviour(|behaviour| behaviour.latency = slow);
    start(&mut fleet, 6, 3).await;
    fleet
        .until("three have left", |_| fleet.wire.most_adds_at_once() == 3)
        .await;
    fleet.stop().await;
    assert_eq!(fleet.cloud.calls_of(CallKind::AddWorker), 3);
    let stored = fleet.stored().await;
    assert_eq!(open(&stored), 0, "{stored}");
}
