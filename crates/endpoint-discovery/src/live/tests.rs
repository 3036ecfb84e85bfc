//! Discovery against a Kubernetes API in memory, tokio's clock paused.

mod failures;
mod kit;
mod modes;
#[cfg(feature = "probe")]
mod probing;
mod refresh;
mod services;
mod signs;
mod soak;

use std::time::Duration;

use kit::{Cluster, web};
use tokio::time::Instant;

use super::Origin;

/// EP-9: what the API server tells is seen within a second.
#[tokio::test(start_paused = true)]
async fn change_is_seen_within_a_second() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    let changed = Instant::now();
    cluster.set_pods(&["web-0", "web-1"]).await;
    cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
    assert!(
        changed.elapsed() < Duration::from_secs(1),
        "{:?}",
        changed.elapsed()
    );
}

/// EP-9: a callback that panics is contained and called again.
#[tokio::test(start_paused = true)]
async fn panicking_callback_is_contained() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _subscription = discovery.on_change(move |views| {
        let count = views.get(&web()).map_or(0, |view| view.instances().len());
        told.send(count).unwrap();
        assert!(count != 1, "on purpose");
    });
    cluster.ready_are(&discovery, &["web-0"]).await;
    cluster.set_pods(&["web-0", "web-1"]).await;
    cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
    while heard.recv().await.unwrap() != 2 {}
}

/// EP-14: a list that was written down is flagged, and gone with the first live result.
#[tokio::test(start_paused = true)]
async fn hint_is_shown_until_the_first_live_result() {
    let cluster = Cluster::with_pods(&[]).await;
    let hint = cluster.hint("web-9");
    let mut settings = cluster.settings();
    settings.hints.insert(web(), vec![hint]);
    cluster.wire.hang(true);
    let discovery = cluster.discover_with(settings);
    cluster
        .view_is(
            &discovery,
            |view| matches!(&view.origin, Origin::Hint(hints) if hints.len() == 1),
        )
        .await;
    cluster.wire.hang(false);
    cluster
        .view_is(&discovery, |view| view.is_live() && view.instances().is_empty())
        .await;
    cluster.wire.answer(Some(500));
    cluster.server.cut_watches();
    let view = cluster.view_is(&discovery, |view| view.stale.is_some()).await;
    assert!(view.is_live(), "never a hint again");
}

/// EP-24, NS-23: what becomes known of a Node is seen without an event of Kubernetes.
#[tokio::test(start_paused = true)]
async fn facts_of_nodes_are_taken_in() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    discovery.update_inputs(|inputs| {
        let facts = crate::NodeFacts {
            lifecycle_state: "draining".to_owned(),
            node_group: None,
            zone: None,
        };
        inputs.nodes.insert("node-1".to_owned(), facts);
    });
    cluster
        .view_is(&discovery, |view| view.instances()[0].is_on_draining_node())
        .await;
}

/// EP-18: time alone turns a booting instance into one that is not ready.
#[tokio::test(start_paused = true)]
async fn boot_window_ends_without_an_event() {
    let cluster = Cluster::with_pods(&[]).await;
    cluster.set_unready_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster
        .view_is(&discovery, |view| {
            view.instances()
                .iter()
                .any(|it| it.status == crate::Status::Booting)
        })
        .await;
    let began = Instant::now();
    cluster
        .view_is(&discovery, |view| {
            view.instances()[0].status == crate::Status::NotReady
        })
        .await;
    let waited = began.elapsed().as_secs();
    assert!((299..=310).contains(&waited), "{waited} s");
}
