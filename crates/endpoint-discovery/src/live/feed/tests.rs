//! What a feed makes of events that come at once.

use futures::stream;
use k8s_openapi::api::core::v1::ConfigMap;

use super::*;

fn named(name: &str) -> ConfigMap {
    let mut object = ConfigMap::default();
    object.metadata.name = Some(name.to_owned());
    object
}

fn feed(events: Vec<watcher::Result<Event<ConfigMap>>>) -> Feed<ConfigMap> {
    Feed::over(stream::iter(events))
}

fn names(feed: &Feed<ConfigMap>) -> Vec<&str> {
    let objects = feed.shelf().objects().into_iter().flatten();
    objects.map(|(name, _)| name.as_str()).collect()
}

/// EP-9: the event after a full batch is taken in with the next one.
#[tokio::test]
async fn event_after_a_full_batch_is_not_lost() {
    let mut events = vec![Ok(Event::Init), Ok(Event::InitDone)];
    events.extend((events.len()..BATCH).map(|_| Ok(Event::Apply(named("web-0")))));
    events.push(Ok(Event::Delete(named("web-0"))));
    events.push(Ok(Event::Apply(named("web-1"))));
    let mut feed = feed(events);
    assert_eq!(feed.next().await, Step::Changed);
    assert_eq!(names(&feed), ["web-0"], "a batch has its limit");
    assert_eq!(feed.next().await, Step::Changed);
    assert_eq!(names(&feed), ["web-1"]);
}

/// EP-10: a change that comes just before a failure is told, and so is the failure.
#[tokio::test]
async fn change_before_a_failure_is_told() {
    let failure = || Err(Error::NoResourceVersion);
    let mut feed = feed(vec![
        Ok(Event::Init),
        Ok(Event::InitApply(named("web-0"))),
        Ok(Event::InitDone),
        Ok(Event::Delete(named("web-0"))),
        failure(),
        failure(),
        Ok(Event::Apply(named("web-1"))),
    ]);
    assert_eq!(feed.next().await, Step::Changed);
    assert_eq!(names(&feed), [""; 0]);
    assert_eq!(feed.next().await, Step::Failed(None));
    assert_eq!(feed.next().await, Step::Failed(None));
    assert_eq!(feed.next().await, Step::Changed);
    assert_eq!(names(&feed), ["web-1"]);
}
