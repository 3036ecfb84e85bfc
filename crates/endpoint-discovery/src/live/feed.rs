//! One watch of one kind of object, and what its objects say of endpoints.

use std::fmt::Debug;

use futures::stream::BoxStream;
use futures::{FutureExt as _, Stream, StreamExt as _};
use k8s_openapi::api::core::v1::Endpoints;
#[cfg(feature = "pod-mode")]
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::runtime::watcher::{self, Config, Event, watcher};
use kube::runtime::{WatchStreamExt as _, watcher::Error};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

use super::shelf::Shelf;
use crate::mode::Source;
use crate::parse;
use crate::service::ServiceFacts;
use crate::sighting::Reading;

/// How long one watch lasts. A connection that died without a word is noticed 5 s after it.
const WATCH_SECONDS: u32 = 60;

/// As many changes are taken in before others have their turn: more than a rollout makes in a moment.
const BATCH: usize = 1000;

/// Follows the objects of one kind.
pub(super) struct Feed<K> {
    shelf: Shelf<K>,
    events: BoxStream<'static, watcher::Result<Event<K>>>,
    /// A failure that is still to be told, with the status code of a refusal.
    failure: Option<Option<u16>>,
}

/// Says what a feed has seen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The objects may be others now.
    Changed,
    /// Nothing that matters.
    Same,
    /// The API server refused, with this status code, or could not be asked.
    Failed(Option<u16>),
}

/// Follows the objects from which the endpoints of one Service are read.
pub(super) enum SourceFeed {
    Slices(Feed<EndpointSlice>),
    Endpoints(Feed<Endpoints>),
    #[cfg(feature = "pod-mode")]
    Pods(Feed<Pod>),
}

// === impl Feed ===

impl<K> Feed<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    pub(super) fn new(api: Api<K>, config: Config) -> Self {
        let events = watcher(api, config.timeout(WATCH_SECONDS)).default_backoff();
        let without_managers =
            events.map(|event| event.map(|event| event.modify(|object| object.managed_fields_mut().clear())));
        Self::over(without_managers)
    }

    fn over(events: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static) -> Self {
        Self {
            shelf: Shelf::new(),
            events: events.boxed(),
            failure: None,
        }
    }

    pub(super) fn shelf(&self) -> &Shelf<K> {
        &self.shelf
    }

    /// Waits for an event, and takes in all that have come with it. Nothing is lost when it is dropped.
    ///
    /// A failure that comes with changes is told after them, so that nobody misses either.
    pub(super) async fn next(&mut self) -> Step {
        if let Some(code) = self.failure.take() {
            return Step::Failed(code);
        }
        let mut changed = false;
        let mut next = self.events.next().await;
        let mut taken = 0;
        // A watcher never ends; if it did, there would be nothing to come.
        while let Some(event) = next {
            match event {
                Ok(event) => changed |= self.shelf.take(event),
                Err(error) if changed => {
                    self.failure = Some(code(&error));
                    break;
                }
                Err(error) => return Step::Failed(code(&error)),
            }
            taken += 1;
            // What is taken from the stream has to be looked at: the next one stays there.
            if taken == BATCH {
                break;
            }
            next = self.events.next().now_or_never().flatten();
        }
        if changed { Step::Changed } else { Step::Same }
    }
}

/// Finds the status code of a refusal.
fn code(error: &Error) -> Option<u16> {
    match error {
        Error::InitialListFailed(kube::Error::Api(status))
        | Error::WatchStartFailed(kube::Error::Api(status))
        | Error::WatchFailed(kube::Error::Api(status))
        | Error::WatchError(status) => Some(status.code),
        Error::InitialListFailed(_)
        | Error::WatchStartFailed(_)
        | Error::WatchFailed(_)
        | Error::NoResourceVersion => None,
    }
}

// === impl SourceFeed ===

impl SourceFeed {
    /// Begins to follow; nothing when the Service has no selector to find pods by.
    pub(super) fn new(client: Client, source: Source, service: &ServiceFacts) -> Option<Self> {
        let (namespace, name) = (&service.key.namespace, &service.key.name);
        Some(match source {
            Source::Slices => {
                let labels = format!("{}={name}", parse::SERVICE_LABEL);
                Self::Slices(Feed::new(
                    Api::namespaced(client, namespace),
                    Config::default().labels(&labels),
                ))
            }
            Source::Endpoints => {
                let fields = format!("metadata.name={name}");
                Self::Endpoints(Feed::new(
                    Api::namespaced(client, namespace),
                    Config::default().fields(&fields),
                ))
            }
            #[cfg(feature = "pod-mode")]
            Source::Pods => {
                let labels = service.label_selector()?;
                Self::Pods(Feed::new(
                    Api::namespaced(client, namespace),
                    Config::default().labels(&labels),
                ))
            }
        })
    }

    pub(super) async fn next(&mut self) -> Step {
        match self {
            Self::Slices(feed) => feed.next().await,
            Self::Endpoints(feed) => feed.next().await,
            #[cfg(feature = "pod-mode")]
            Self::Pods(feed) => feed.next().await,
        }
    }

    /// Reads all objects; nothing as long as there was no complete list.
    pub(super) fn read(&self, service: &ServiceFacts) -> Option<Reading> {
        match self {
            Self::Slices(feed) => {
                let slices = feed.shelf().objects()?;
                Some(parse::read_slices(service, slices.values()))
            }
            Self::Endpoints(feed) => {
                let mut reading = Reading::default();
                for object in feed.shelf().objects()?.values() {
                    reading.absorb(parse::read_endpoints(service, object));
                }
                Some(reading)
            }
            #[cfg(feature = "pod-mode")]
            Self::Pods(feed) => Some(parse::read_pods(service, feed.shelf().objects()?.values())),
        }
    }
}

#[cfg(test)]
mod tests;
