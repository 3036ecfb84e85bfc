//! Watches: order, resumption, cuts, compaction, selectors, bookmarks.

use std::pin::pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, WatchEvent, WatchParams};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use serde_json::json;

use super::kit::{claim, claim_type, claims, create, soon};
use crate::kube_api::{KubeFault, KubeFaultEffect, Verb};

/// The next event of a watcher in a word; errors count as words, too.
async fn next<S>(stream: &mut S) -> String
where
    S: Stream<Item = watcher::Result<watcher::Event<DynamicObject>>> + Unpin,
{
    match soon(stream.next()).await.expect("a watcher never ends") {
        Ok(watcher::Event::Init) => "init".to_owned(),
        Ok(watcher::Event::InitApply(object)) => format!("had {}", object.name_any()),
        Ok(watcher::Event::InitDone) => "done".to_owned(),
        Ok(watcher::Event::Apply(object)) => {
            format!("apply {} {}", object.name_any(), object.data["spec"]["minNodes"])
        }
        Ok(watcher::Event::Delete(object)) => format!("delete {}", object.name_any()),
        Err(error) => format!("error {error}"),
    }
}

async fn many<S>(stream: &mut S, count: usize) -> Vec<String>
where
    S: Stream<Item = watcher::Result<watcher::Event<DynamicObject>>> + Unpin,
{
    let mut words = Vec::new();
    for _ in 0..count {
        words.push(next(stream).await);
    }
    words
}

async fn set(api: &Api<DynamicObject>, name: &str, count: u32) {
    let patch = Patch::Merge(json!({"spec": {"minNodes": count}}));
    api.patch(name, &PatchParams::default(), &patch).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_watcher_sees_every_change_in_order() {
    let (_server, api) = claims();
    create(&api, &claim("a")).await;
    let mut events = pin!(watcher(api.clone(), watcher::Config::default()));
    assert_eq!(many(&mut events, 3).await, ["init", "had a", "done"]);
    create(&api, &claim("b")).await;
    set(&api, "a", 1).await;
    set(&api, "a", 1).await;
    set(&api, "a", 2).await;
    api.delete("b", &DeleteParams::default()).await.unwrap();
    create(&api, &claim("c")).await;
    let expected = [
        "apply b null",
        "apply a 1",
        "apply a 2",
        "delete b",
        "apply c null",
    ];
    assert_eq!(
        many(&mut events, 5).await,
        expected,
        "a write of what was there makes no event"
    );
}

#[tokio::test(start_paused = true)]
async fn a_streaming_list_works() {
    let (_server, api) = claims();
    create(&api, &claim("a")).await;
    let config = watcher::Config::default().streaming_lists();
    let mut events = pin!(watcher(api.clone(), config));
    assert_eq!(many(&mut events, 3).await, ["init", "had a", "done"]);
    set(&api, "a", 5).await;
    assert_eq!(next(&mut events).await, "apply a 5");
}

#[tokio::test(start_paused = true)]
async fn a_reflector_holds_what_the_server_holds() {
    let (server, api) = claims();
    let writer = reflector::store::Writer::new(claim_type());
    let store = writer.as_reader();
    let stream = watcher(api.clone(), watcher::Config::default());
    let reflecting = tokio::spawn(stream.default_backoff().reflect(writer).for_each(|_| async {}));
    soon(store.wait_until_ready()).await.unwrap();
    for index in 0..50 {
        create(&api, &claim(&format!("c{index}"))).await;
        if index % 10 == 0 {
            server.cut_watches();
        }
        if index % 25 == 0 {
            server.compact();
        }
    }
    api.delete("c7", &DeleteParams::default()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(store.len(), 49);
    let stored = server.objects("claims").len();
    assert_eq!(stored, 49);
    reflecting.abort();
}

#[tokio::test(start_paused = true)]
async fn a_cut_watch_resumes_without_loss_and_without_a_new_list() {
    let (server, api) = claims();
    let mut events = pin!(watcher(api.clone(), watcher::Config::default()));
    assert_eq!(many(&mut events, 2).await, ["init", "done"]);
    create(&api, &claim("a")).await;
    assert_eq!(next(&mut events).await, "apply a null");
    set(&api, "a", 1).await;
    server.cut_watches();
    set(&api, "a", 2).await;
    api.delete("a", &DeleteParams::default()).await.unwrap();
    assert_eq!(many(&mut events, 3).await, ["apply a 1", "apply a 2", "delete a"]);
}

#[tokio::test(start_paused = true)]
async fn a_watcher_whose_version_is_forgotten_lists_again() {
    let (server, api) = claims();
    let mut events = pin!(watcher(api.clone(), watcher::Config::default()));
    assert_eq!(many(&mut events, 2).await, ["init", "done"]);
    create(&api, &claim("a")).await;
    server.compact();
    let gone = next(&mut events).await;
    assert!(
        gone.contains("410") || gone.contains("too old resource version"),
        "{gone}"
    );
    assert_eq!(many(&mut events, 3).await, ["init", "had a", "done"]);
    set(&api, "a", 1).await;
    assert_eq!(next(&mut events).await, "apply a 1");
}

#[tokio::test(start_paused = true)]
async fn a_bounded_history_ends_in_410() {
    let (server, api) = claims();
    server.keep_history(3);
    let first = create(&api, &claim("a")).await.resource_version().unwrap();
    for count in 1..6 {
        set(&api, "a", count).await;
    }
    let mut late = pin!(api.watch(&WatchParams::default(), &first).await.unwrap());
    let event = soon(late.next()).await.unwrap().unwrap();
    assert!(matches!(event, WatchEvent::Error(status) if status.code == 410 && status.reason == "Expired"));
    assert!(soon(late.next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_ordered_410_makes_a_watcher_list_again() {
    let (server, api) = claims();
    create(&api, &claim("a")).await;
    server.fault(
        KubeFault::new(KubeFaultEffect::Gone410)
            .on(Verb::Watch)
            .resource("claims"),
    );
    let mut events = pin!(watcher(api.clone(), watcher::Config::default()));
    assert_eq!(many(&mut events, 3).await, ["init", "had a", "done"]);
    assert!(next(&mut events).await.starts_with("error"));
    assert_eq!(many(&mut events, 3).await, ["init", "had a", "done"]);
}

#[tokio::test(start_paused = true)]
async fn an_ordered_cut_ends_the_watches_of_that_resource_only() {
    let (server, api) = claims();
    let claims = pin!(api.watch(&WatchParams::default(), "0").await.unwrap());
    let nodes = super::kit::nodes(&server);
    let mut nodes = pin!(nodes.watch(&WatchParams::default(), "0").await.unwrap());
    server.fault(
        KubeFault::new(KubeFaultEffect::CutWatches)
            .on(Verb::Create)
            .resource("claims"),
    );
    create(&api, &claim("a")).await;
    assert_eq!(soon(claims.count()).await, 0);
    assert!(
        tokio::time::timeout(Duration::from_secs(30), nodes.next())
            .await
            .is_err(),
        "this one stays open"
    );
}

#[tokio::test(start_paused = true)]
async fn an_object_that_stops_matching_is_deleted_for_the_watch() {
    let (_server, api) = claims();
    let config = watcher::Config::default().labels("color=red");
    let mut events = pin!(watcher(api.clone(), config));
    assert_eq!(many(&mut events, 2).await, ["init", "done"]);
    create(&api, &claim("plain")).await;
    create(&api, &claim("a")).await;
    let paint = async |color: &str| {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"color": color}}}));
        api.patch("a", &PatchParams::default(), &patch).await.unwrap();
    };
    paint("red").await;
    paint("blue").await;
    paint("red").await;
    assert_eq!(
        many(&mut events, 3).await,
        ["apply a null", "delete a", "apply a null"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_watch_gets_bookmarks_and_ends_in_time() {
    let (server, api) = claims();
    let from = server.resource_version().to_string();
    let mut events = pin!(
        api.watch(&WatchParams::default().timeout(150), &from)
            .await
            .unwrap()
    );
    let began = tokio::time::Instant::now();
    let mut bookmarks = 0;
    while let Some(event) = soon(events.next()).await {
        assert!(matches!(event.unwrap(), WatchEvent::Bookmark(_)));
        bookmarks += 1;
    }
    assert_eq!((bookmarks, began.elapsed().as_secs()), (3, 150));
}

#[tokio::test(start_paused = true)]
async fn a_version_from_another_server_is_refused() {
    let (_server, api) = claims();
    let result = api.watch(&WatchParams::default(), "999999").await.map(|_| ());
    super::kit::assert_refused(result, 504, "Timeout");
}

#[tokio::test(start_paused = true)]
async fn a_selecting_watch_tells_nothing_of_objects_it_never_showed() {
    let (server, api) = claims();
    let from = server.resource_version().to_string();
    create(&api, &claim("plain")).await;
    create(&api, &claim("a")).await;
    for color in ["blue", "red", "green"] {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"color": color}}}));
        api.patch("a", &PatchParams::default(), &patch).await.unwrap();
    }
    api.delete("plain", &DeleteParams::default()).await.unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let params = WatchParams {
        bookmarks: false,
        ..WatchParams::default().labels("color=red").timeout(10)
    };
    let stream = soon(api.watch(&params, &from)).await.unwrap();
    let words: Vec<String> = soon(stream.map(|event| format!("{:?}", event.unwrap())).collect()).await;
    assert_eq!(words, ["Added event", "Deleted event"]);
}

#[tokio::test(start_paused = true)]
async fn thousands_of_objects_and_many_watches_are_no_burden() {
    let began = std::time::Instant::now();
    let (server, api) = claims();
    let mut counts = Vec::new();
    for _ in 0..8 {
        let stream = api.watch(&WatchParams::default().timeout(60), "0").await.unwrap();
        let added = stream
            .filter(|event| std::future::ready(matches!(event, Ok(WatchEvent::Added(_)))))
            .count();
        counts.push(tokio::spawn(added));
    }
    for index in 0..2_000 {
        create(&api, &claim(&format!("c{index}"))).await;
    }
    for count in counts {
        assert_eq!(soon(count).await.unwrap(), 2_000);
    }
    assert_eq!(server.objects("claims").len(), 2_000);
    println!("took {:?}", began.elapsed());
}
