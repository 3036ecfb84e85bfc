//! What happens when somebody wants everything to be read anew.

use std::time::Duration;

use serde_json::json;

use super::kit::{Cluster, ready};
use crate::live::{Discovery, Selection, Settings};
use crate::mode::Source;

/// Waits until the API server was called again, and returns how often.
async fn called_again(cluster: &Cluster, before: usize) -> usize {
    let called = async {
        while cluster.wire.calls() == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let called = tokio::time::timeout(Duration::from_secs(30), called).await;
    assert!(called.is_ok(), "nobody called");
    cluster.wire.calls()
}

/// EP-12, EP-26: once a right is granted, a refresh goes back to the first source, and nothing is missing meanwhile.
#[tokio::test(start_paused = true)]
async fn refresh_goes_back_to_the_first_source() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster.wire.forbid(&["endpointslices"]);
    let discovery = cluster.discover();
    let is_of_endpoints = |view: &crate::View| view.is_live() && view.source == Some(Source::Endpoints);
    cluster.view_is(&discovery, is_of_endpoints).await;
    let mut empty = 0;
    let mut views = discovery.subscribe();
    cluster.wire.forbid(&[]);
    discovery.refresh();
    let back = views.wait_for(|views| {
        let views: Vec<_> = views.values().collect();
        empty += usize::from(ready(views[0]).is_empty());
        views[0].source == Some(Source::Slices)
    });
    let back = tokio::time::timeout(Duration::from_secs(60), back).await;
    drop(back.expect("it goes back").expect("it runs"));
    cluster.set_slice(&["web-0", "web-1"], true).await;
    cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
    assert_eq!(empty, 0, "a Service with endpoints was shown without");
}

/// EP-10, EP-26: where nothing can be read anew, what was read stands, marked as stale, and everything is read later.
#[tokio::test(start_paused = true)]
async fn refresh_in_trouble_forgets_nothing() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    cluster.wire.answer(Some(500));
    discovery.refresh();
    let view = cluster.view_is(&discovery, |view| view.stale.is_some()).await;
    assert_eq!(ready(&view), ["web-0"]);
    cluster.wire.answer(None);
    cluster
        .view_is(&discovery, |view| {
            view.stale.is_none() && ready(view) == ["web-0"]
        })
        .await;
}

/// EP-16, EP-26: with the Services their selection is read anew, too; several calls at once are one.
#[tokio::test(start_paused = true)]
async fn refresh_lists_the_selected_services_anew() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = labelled(&cluster, "app=web");
    cluster.ready_are(&discovery, &["web-0"]).await;
    // Lists and watches of the selection, the Service and its slices.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = cluster.wire.calls();
    for _ in 0..5 {
        discovery.refresh();
    }
    called_again(&cluster, before).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let made = cluster.wire.calls() - before;
    assert_eq!(made, 6, "a list and a watch each, once");
    cluster.ready_are(&discovery, &["web-0"]).await;
}

/// EP-25: that no Service has the labels is known once they were listed, and only as long as it is so.
#[tokio::test(start_paused = true)]
async fn that_no_service_has_the_labels_is_known_once_they_were_listed() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster.wire.refuse(&["services"], 500);
    let discovery = labelled(&cluster, "app=nobody");
    let mut views = discovery.subscribe();
    let told = views.wait_for(|_| discovery.selection_stale().is_some());
    let told = tokio::time::timeout(Duration::from_secs(60), told).await;
    drop(told.expect("the trouble is told").expect("it runs"));
    assert!(!discovery.selects_nothing(), "nobody has said so");
    cluster.wire.refuse(&[], 0);
    let listed = views.wait_for(|_| discovery.selects_nothing());
    let listed = tokio::time::timeout(Duration::from_secs(60), listed).await;
    drop(listed.expect("whoever looks is told").expect("it runs"));
    cluster.create_service("db", json!({"app": "nobody"})).await;
    let found = views.wait_for(|views| views.len() == 1);
    let found = tokio::time::timeout(Duration::from_secs(60), found).await;
    drop(found.expect("it is followed").expect("it runs"));
    let told = views.wait_for(|_| !discovery.selects_nothing());
    let told = tokio::time::timeout(Duration::from_secs(60), told).await;
    assert!(told.is_ok());
    assert!(
        !labelled(&cluster, "app=web").selects_nothing(),
        "it was not listed yet"
    );
}

fn labelled(cluster: &Cluster, selector: &str) -> Discovery {
    let selection = Selection::Labelled {
        namespace: "shop".to_owned(),
        selector: selector.to_owned(),
    };
    cluster.discover_with(Settings::new(selection))
}
