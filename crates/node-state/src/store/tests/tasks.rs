//! Consumers as tasks: woken, slow, panicking, and at the end.
//!
//! The clock stands still while anything can go on, so a limit is reached only when everybody waits for nothing.

use super::*;
use tokio::time::timeout;

/// Longer than anything here takes, and a failure when it is reached.
const LIMIT: Duration = Duration::from_secs(5);

/// NS-16: one consumer that never looks and one that panics delay no other by 100 ms, and the latter is gone.
#[tokio::test(start_paused = true)]
async fn slow_and_panicking_consumers_harm_nobody() {
    let mut world = World::new(1);
    let _slow = world.consumer("slow");
    let mut panicking = world.consumer("panicking");
    let panics = tokio::spawn(async move {
        panicking.next().await;
        panic!("a consumer gives up");
    });
    let mut other = world.consumer("other");
    let (seen, mut sightings) = tokio::sync::mpsc::channel(1);
    let others = tokio::spawn(async move {
        while let Some(update) = other.next().await {
            let sent = seen.send(update.snapshot().generation()).await;
            sent.expect("the test listens");
        }
    });
    for number in 0..50 {
        world.fleet.put_pod("web-0", pod(&number.to_string()));
        let generation = world.publish();
        let heard = timeout(Duration::from_millis(100), sightings.recv()).await;
        assert_eq!(heard.expect("in time"), generation);
    }
    assert!(panics.await.expect_err("it gave up").is_panic());
    let names: Vec<Arc<str>> = world
        .store
        .reader()
        .consumers()
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["slow".into(), "other".into()]);
    drop(world);
    timeout(LIMIT, others)
        .await
        .expect("it ends")
        .expect("it does not panic");
}

/// NS-19: when the store ends, every consumer gets what waits for it, finishes, and nothing is left.
#[tokio::test(start_paused = true)]
async fn consumers_finish_when_the_store_ends() {
    let mut world = World::new(1);
    let reader = world.store.reader();
    let mut waiting = world.consumer("waiting");
    let waits = tokio::spawn(async move { waiting.next().await });
    tokio::task::yield_now().await;
    let mut late = world.consumer("late");
    let new = reader.subscribe("new", Filter::all());
    world.fleet.put_pod("web-0", pod("a"));
    world.publish();
    assert!(
        timeout(LIMIT, waits)
            .await
            .expect("it is woken")
            .expect("it ends")
            .is_some()
    );
    let idle = world.consumer("idle");
    let idles = [new, idle].map(|mut consumer| {
        tokio::spawn(async move {
            let mut updates = 0;
            while consumer.next().await.is_some() {
                updates += 1;
            }
            updates
        })
    });
    tokio::task::yield_now().await;
    drop(world);
    let [new, idle] = idles;
    assert_eq!(
        timeout(LIMIT, new).await.expect("it ends").expect("it finishes"),
        1
    );
    assert_eq!(
        timeout(LIMIT, idle).await.expect("it ends").expect("it finishes"),
        0
    );
    assert_eq!(
        told(late.next().await).1,
        ["web-0"],
        "what was told before the end is not lost"
    );
    assert_eq!(late.next().await, None);
    assert!(reader.consumers().is_empty(), "nobody is known any longer");
    let mut after = reader.subscribe("after", Filter::all());
    assert_eq!(
        after.next().await.map(|update| update.snapshot().generation()),
        Some(2)
    );
    assert_eq!(
        after.next().await,
        None,
        "the last generation can still be read, and nothing follows"
    );
}

/// NS-15: a consumer that stops waiting has lost nothing.
#[tokio::test(start_paused = true)]
async fn wait_that_is_given_up_loses_nothing() {
    let mut world = World::new(1);
    let mut consumer = world.consumer("one");
    assert!(timeout(Duration::ZERO, consumer.next()).await.is_err());
    world.fleet.put_pod("web-0", pod("a"));
    world.publish();
    assert!(
        timeout(LIMIT, consumer.next())
            .await
            .expect("it is there")
            .is_some()
    );
}
