//! Kubernetes Events on their way: a queue with an end, one at a time, and never in the way of an effect.

use crate::chronicle::notice::Notice;
use crate::metrics::Metrics;
use crate::metrics::labels::{EventLabels, EventResult};
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Names us in Events, as the Go autoscaler does.
const REPORTER: &str = "vpsie-autoscaler";
/// Most notices that wait: those of 200 nodes that come at once. What comes on top is dropped and counted.
const LONGEST_QUEUE: usize = 1_000;
/// Least time between two Events: twenty in a second are nothing for an API server, and no one reads faster.
const SPACING: Duration = Duration::from_millis(50);
/// Events after which repetitions are counted anew: the library remembers each with all that it says for six minutes, which
/// is more memory than the nodes that they are about, once many change together.
const REMEMBERED: usize = 256;
/// Longest wait for the API server to take one; the next may fare better.
const PUBLISH_LIMIT: Duration = Duration::from_secs(5);

/// Takes notices and sends them as Events in the background, until it is dropped.
#[derive(Debug)]
pub(crate) struct Announcer {
    queue: mpsc::Sender<Notice>,
    metrics: Arc<Metrics>,
    _publisher: JoinSet<()>,
}

// === impl Announcer ===

impl Announcer {
    /// Starts sending, under the name of this replica. Must be called inside a tokio runtime.
    ///
    /// The client must not repeat calls by itself: an API server that is busy must not be made busier by Events.
    pub(crate) fn start(client: Client, replica: Option<String>, metrics: Arc<Metrics>) -> Self {
        let reporter = Reporter {
            controller: REPORTER.to_owned(),
            instance: replica,
        };
        let recorder = move || Recorder::new(client.clone(), reporter.clone());
        let (queue, notices) = mpsc::channel(LONGEST_QUEUE);
        let mut publisher = JoinSet::new();
        publisher.spawn(publish(recorder, notices, Arc::clone(&metrics)));
        Self {
            queue,
            metrics,
            _publisher: publisher,
        }
    }

    /// Queues a notice; returns at once. One that finds the queue full is dropped and counted.
    pub(crate) fn announce(&self, notice: Notice) {
        if let Err(error) = self.queue.try_send(notice) {
            self.metrics.events_dropped.inc();
            tracing::debug!(%error, "an Event is dropped");
        }
    }
}

/// Sends one notice after the other. The library counts repetitions of one as one Event, as long as it remembers it.
async fn publish(begin: impl Fn() -> Recorder, mut notices: mpsc::Receiver<Notice>, metrics: Arc<Metrics>) {
    let mut failed = 0_u64;
    let (mut recorder, mut remembered) = (begin(), 0);
    while let Some(notice) = notices.recv().await {
        if remembered == REMEMBERED {
            (recorder, remembered) = (begin(), 0);
        }
        remembered += 1;
        let event = event(&notice);
        let sending = recorder.publish(&event, &notice.regarding);
        let error = match tokio::time::timeout(PUBLISH_LIMIT, sending).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the API server did not take it in time".to_owned()),
        };
        let result = match &error {
            None => EventResult::Sent,
            Some(_) => EventResult::Failed,
        };
        metrics
            .events_emitted
            .get_or_create(&EventLabels::of(&notice, result))
            .inc();
        match error {
            // Events without the right to write them are said once, not once each.
            Some(error) if failed == 0 => {
                failed = 1;
                tracing::warn!(
                    error,
                    reason = notice.reason,
                    "Events cannot be written; grant create and patch on events.events.k8s.io"
                );
            }
            Some(_) => failed += 1,
            None if failed > 0 => {
                tracing::info!(failed, "Events can be written again");
                failed = 0;
            }
            None => {}
        }
        tokio::time::sleep(SPACING).await;
    }
}

fn event(notice: &Notice) -> Event {
    Event {
        type_: if notice.is_warning {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: notice.reason.clone(),
        note: Some(notice.note.clone()),
        action: notice.action.to_owned(),
        secondary: notice.related.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ObjectReference;

    fn notice() -> Notice {
        Notice {
            regarding: ObjectReference::default(),
            related: None,
            is_warning: false,
            reason: "Tested".to_owned(),
            action: "Test",
            note: "a test".to_owned(),
        }
    }

    /// A client of an API server that takes every Event, and says how each came.
    fn taking(methods: mpsc::UnboundedSender<http::Method>) -> Client {
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let methods = methods.clone();
            async move {
                methods.send(request.method().clone()).expect("the test listens");
                let event = request.into_body().collect_bytes().await?;
                Ok::<_, kube::Error>(http::Response::new(kube::client::Body::from(event)))
            }
        });
        Client::new(service, "default")
    }

    /// NS-30: repetitions are one Event, and what is remembered for that has an end.
    #[tokio::test(start_paused = true)]
    async fn events_are_remembered_up_to_a_number() {
        let (sender, mut methods) = mpsc::unbounded_channel();
        let announcer = Announcer::start(taking(sender), None, Arc::new(Metrics::default()));
        let mut made = Vec::new();
        for number in 0..2 * REMEMBERED {
            announcer.announce(notice());
            match methods.recv().await {
                Some(http::Method::POST) => made.push(number),
                other => assert_eq!(other, Some(http::Method::PATCH), "Event {number}"),
            }
        }
        assert_eq!(made, [0, REMEMBERED]);
    }

    /// A client of an API server that never answers.
    fn silent() -> Client {
        let service = tower::service_fn(|_: http::Request<kube::client::Body>| async {
            std::future::pending::<Result<http::Response<kube::client::Body>, kube::Error>>().await
        });
        Client::new(service, "default")
    }

    #[tokio::test(start_paused = true)]
    async fn full_queue_drops_and_counts_and_holds_nothing_up() {
        let metrics = Arc::new(Metrics::default());
        let announcer = Announcer::start(silent(), None, Arc::clone(&metrics));
        let began = tokio::time::Instant::now();
        for _ in 0..LONGEST_QUEUE + 7 {
            announcer.announce(notice());
        }
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits");
        assert_eq!(metrics.events_dropped.get(), 7);
        let failed = EventLabels::of(&notice(), EventResult::Failed);
        tokio::time::sleep((PUBLISH_LIMIT + SPACING) * 3 - SPACING / 2).await;
        let count = metrics.events_emitted.get_or_create_owned(&failed).get();
        assert_eq!(count, 3, "one at a time, each given up in its time");
    }
}
