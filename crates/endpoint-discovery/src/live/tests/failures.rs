//! What happens while the API server is away, or lies, or forgets.

use std::time::Duration;

use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};
use k8s_openapi::api::core::v1::Service;
use serde_json::json;
use tokio::time::Instant;

use super::kit::{Cluster, ready};
use crate::breaker::BreakerState;
use crate::mode::Source;
use crate::sighting::Warning;
use crate::testing::logs::Logs;

/// EP-9: after each kind of failure the list is exact again, with what came and went meanwhile.
#[tokio::test(start_paused = true)]
async fn every_failure_ends_in_an_exact_list() {
    let faults = |effect| {
        let fault = |verb| KubeFault::new(effect).on(verb).resource("endpointslices");
        [fault(Verb::Watch), fault(Verb::List)]
    };
    for effect in [
        KubeFaultEffect::Gone410,
        KubeFaultEffect::Status(500),
        KubeFaultEffect::Status(504),
        KubeFaultEffect::LoseReply,
        KubeFaultEffect::CutWatches,
    ] {
        let cluster = Cluster::with_pods(&["web-0", "web-1"]).await;
        let discovery = cluster.discover();
        cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
        for fault in faults(effect) {
            cluster.server.fault(fault);
        }
        cluster.server.cut_watches();
        cluster.set_pods(&["web-1", "web-2"]).await;
        cluster.server.compact();
        cluster.ready_are(&discovery, &["web-1", "web-2"]).await;
    }
}

/// EP-10: for a minute without the API server the last known list stands, marked with its age, and is never empty.
#[tokio::test(start_paused = true)]
async fn last_known_list_stands_while_the_api_server_is_away() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    let mut views = discovery.subscribe();
    let watched = tokio::spawn(async move {
        let mut counts = Vec::new();
        while views.changed().await.is_ok() {
            let newest = views.borrow_and_update().clone();
            counts.extend(newest.values().map(|view| view.instances().len()));
        }
        counts
    });
    cluster.wire.answer(Some(503));
    cluster.server.cut_watches();
    let stale = cluster.view_is(&discovery, |view| view.stale.is_some()).await;
    let since = stale.stale.as_ref().unwrap().since;
    cluster.set_pods(&["web-0", "web-1"]).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let view = cluster.view_is(&discovery, |view| view.stale.is_some()).await;
    let stale = view.stale.as_ref().unwrap();
    assert_eq!(stale.since, since, "its age grows");
    assert_eq!(ready(&view), ["web-0"]);
    cluster.wire.answer(None);
    cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
    cluster.view_is(&discovery, |view| view.stale.is_none()).await;
    drop(discovery);
    let counts = watched.await.unwrap();
    assert!(!counts.is_empty() && !counts.contains(&0), "{counts:?}");
}

/// EP-10: it is empty when the API server says so.
#[tokio::test(start_paused = true)]
async fn list_is_empty_when_the_api_server_says_so() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    cluster.set_pods(&[]).await;
    cluster.ready_are(&discovery, &[]).await;
}

/// EP-15: a call that is not answered ends after ten seconds, and the view says so.
#[tokio::test(start_paused = true)]
async fn call_ends_after_ten_seconds() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster.wire.hang(true);
    let began = Instant::now();
    let discovery = cluster.discover();
    let view = cluster.view_is(&discovery, |view| view.stale.is_some()).await;
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(
        view.stale.as_ref().unwrap().error,
        "the API server did not answer within 10 s"
    );
    assert!(!view.is_live());
    cluster.wire.hang(false);
    cluster.ready_are(&discovery, &["web-0"]).await;
}

/// EP-15: after too many failures no call is made for half a minute, the last known list stands, and it ends by itself.
#[tokio::test(start_paused = true)]
async fn breaker_stops_calls_and_closes_again() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    cluster.wire.answer(Some(500));
    cluster.server.cut_watches();
    let opens = async {
        while discovery.breaker() != BreakerState::Open {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let opened = tokio::time::timeout(Duration::from_secs(600), opens).await;
    opened.expect("it opens");
    let since = Instant::now();
    // A call that was allowed before may still be on its way.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let calls = cluster.wire.calls();
    tokio::time::sleep_until(since + Duration::from_secs(29)).await;
    assert_eq!(cluster.wire.calls(), calls, "no call while it is open");
    let view = cluster
        .view_is(&discovery, |view| view.breaker == BreakerState::Open)
        .await;
    assert_eq!(ready(&view), ["web-0"]);
    cluster.wire.answer(None);
    cluster.set_pods(&["web-1"]).await;
    cluster.ready_are(&discovery, &["web-1"]).await;
    cluster
        .view_is(&discovery, |view| {
            view.breaker == BreakerState::Closed && view.stale.is_none()
        })
        .await;
}

/// EP-10, EP-12: what the last source said is forgotten once the one that took its place answers.
#[tokio::test(start_paused = true)]
async fn source_that_answers_is_not_stale_by_the_word_of_another() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster.wire.refuse(&["endpointslices"], 500);
    let discovery = cluster.discover();
    cluster.view_is(&discovery, |view| view.stale.is_some()).await;
    cluster.wire.forbid(&["endpointslices"]);
    cluster.ready_are(&discovery, &["web-0"]).await;
    let view = cluster.view_is(&discovery, |view| view.stale.is_none()).await;
    assert_eq!(view.source, Some(Source::Endpoints));
}

/// EP-10, EP-11: a Service that cannot be read hides no endpoints and is not passed over in silence.
#[tokio::test(start_paused = true)]
async fn service_that_cannot_be_read_is_told_whatever_the_failure() {
    for code in [401, 429, 500] {
        let cluster = Cluster::with_pods(&["web-0"]).await;
        cluster.wire.refuse(&["services"], code);
        let discovery = cluster.discover();
        cluster.ready_are(&discovery, &["web-0"]).await;
        let view = cluster.view_is(&discovery, |view| view.stale.is_some()).await;
        assert_eq!(view.warnings, [Warning::ServiceUnreadable].into(), "{code}");
        cluster.wire.refuse(&[], 0);
        cluster
            .view_is(&discovery, |view| {
                view.stale.is_none() && view.warnings.is_empty()
            })
            .await;
    }
}

/// EP-6, EP-10: one failure to read a Service passes, and nobody takes its unready endpoints for ready meanwhile.
#[tokio::test(start_paused = true)]
async fn one_failure_to_read_a_service_shows_nothing_wrong() {
    let (logs, _guard) = Logs::collect();
    for code in [500, 429] {
        let cluster = Cluster::with_pods(&["web-0"]).await;
        cluster
            .put::<Service>(json!({
                "metadata": {"name": "web"},
                "spec": {"publishNotReadyAddresses": true, "ports": [{"port": 80}]},
            }))
            .await;
        let fault = KubeFault::new(KubeFaultEffect::Status(code));
        cluster.server.fault(fault.on(Verb::List).resource("services"));
        let mut settings = cluster.settings();
        settings.use_endpoint_slices = false;
        let discovery = cluster.discover_with(settings);
        let mut views = discovery.subscribe();
        let watched = tokio::spawn(async move {
            let mut usual = 0;
            while views.changed().await.is_ok() {
                let newest = views.borrow_and_update().clone();
                usual += newest
                    .values()
                    .filter(|view| {
                        !ready(view).is_empty() || view.warnings.contains(&Warning::ServiceUnreadable)
                    })
                    .count();
            }
            usual
        });
        let unreliable = [Warning::ReadinessUnreliable].into();
        cluster
            .view_is(&discovery, |view| view.is_live() && view.warnings == unreliable)
            .await;
        drop(discovery);
        assert_eq!(watched.await.unwrap(), 0, "{code}");
    }
    assert_eq!(logs.lines("cannot be read").len(), 0);
}

/// EP-10: a Service that was read and no longer can be is out of date, though its endpoints are not.
#[tokio::test(start_paused = true)]
async fn service_that_is_lost_later_is_stale() {
    for code in [403, 500] {
        let cluster = Cluster::with_pods(&["web-0"]).await;
        let discovery = cluster.discover();
        cluster.ready_are(&discovery, &["web-0"]).await;
        cluster.wire.refuse(&["services"], code);
        cluster.server.cut_watches();
        cluster.view_is(&discovery, |view| view.stale.is_some()).await;
        cluster.set_pods(&["web-1"]).await;
        cluster.ready_are(&discovery, &["web-1"]).await;
        cluster.wire.refuse(&[], 0);
        cluster.view_is(&discovery, |view| view.stale.is_none()).await;
    }
}
