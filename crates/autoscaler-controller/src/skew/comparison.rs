//! Our clock beside the others, pass by pass.

use super::hearing::Heard;
use super::{Offset, Offsets, Skew, Source, describe, judge};
use crate::reason::Reason;
use chrono::{DateTime, TimeDelta, Utc};
use kube::Client;
use std::time::Duration;
use vpsie_api::ServerTime;

/// How long an answer says what time it is: twice as long as the longest silence of Kubernetes, whose watches begin anew
/// every 290 s. After that even a clock that nobody sets may have stood still, as in a machine that was suspended.
const HEARD_WITHIN: Duration = Duration::from_secs(600);

/// What is known of our clock.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    kubernetes: Heard,
    offsets: Offsets,
    skew: Option<Skew>,
}

// === impl Comparison ===

impl Comparison {
    /// Listens to the API server through the client that is returned. Must be called inside a tokio runtime.
    pub(crate) fn listening(&self, client: Client) -> Client {
        self.kubernetes.follow(client)
    }

    /// Compares what our clock shows now with what the others do, and tells the log when that changes the judgement.
    pub(crate) fn compare(
        &mut self,
        now: DateTime<Utc>,
        vpsie: Option<ServerTime>,
        allowance: TimeDelta,
    ) -> Option<Skew> {
        let told = [
            (Source::Kubernetes, self.kubernetes.last()),
            (Source::Vpsie, vpsie),
        ];
        let fresh = |told: Option<ServerTime>| told.filter(|told| told.age() <= HEARD_WITHIN);
        let offset = |(source, told)| Some((source, Offset::of(now, &fresh(told)?.now())));
        self.offsets = told.into_iter().filter_map(offset).collect();
        let skew = judge(self.skew, &self.offsets, allowance);
        if skew != self.skew {
            tell(skew, &self.offsets);
        }
        self.skew = skew;
        skew
    }

    /// Returns in which way our clock cannot be believed; nothing while it can.
    pub(crate) fn skew(&self) -> Option<Skew> {
        self.skew
    }

    /// Returns how far our clock is ahead of the others.
    pub(crate) fn offsets(&self) -> &Offsets {
        &self.offsets
    }
}

fn tell(skew: Option<Skew>, offsets: &Offsets) {
    let offsets = describe(offsets);
    match skew {
        Some(skew) => tracing::warn!(
            offsets,
            reason = Reason::ClockSkewed.as_str(),
            "{}",
            skew.sentence()
        ),
        None => tracing::info!(
            offsets,
            "the clock of this host is right again; everything goes on"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;
    use http::{HeaderMap, HeaderValue, Request, Response};
    use kube::client::Body;
    use tokio::time::Instant;

    const ALLOWANCE: TimeDelta = TimeDelta::minutes(2);
    const DATE: HeaderValue = HeaderValue::from_static("Sat, 24 Jan 2026 10:00:00 GMT");

    fn ten() -> DateTime<Utc> {
        "2026-01-24T10:00:00Z".parse().unwrap()
    }

    fn vpsie() -> Option<ServerTime> {
        ServerTime::read(
            &HeaderMap::from_iter([(http::header::DATE, DATE)]),
            Instant::now(),
        )
    }

    /// An API server that says that it is ten o'clock, and nothing else.
    fn ten_o_clock() -> Client {
        let service = tower::service_fn(|_: Request<Body>| async {
            let answer = Response::builder().status(404).header("date", DATE);
            Ok::<_, kube::Error>(answer.body(Body::empty()).unwrap())
        });
        Client::new(service, "default")
    }

    /// A jump of our clock is seen without a new answer, and so is that it was set right.
    #[tokio::test(start_paused = true)]
    async fn jump_is_seen_before_the_next_answer() {
        let (mut comparison, told) = (Comparison::default(), vpsie());
        let mut compare = |ours| comparison.compare(ours, told, ALLOWANCE);
        assert_eq!(compare(ten()), None);
        tokio::time::advance(Duration::from_secs(300)).await;
        assert_eq!(compare(ten()), Some(Skew::Behind), "ours stands still");
        assert_eq!(compare(ten() + TimeDelta::hours(1)), Some(Skew::Ahead));
        assert_eq!(compare(ten() + TimeDelta::minutes(5)), None);
    }

    /// The API server is heard through the client that everything goes through; who was not heard for long is silent.
    #[tokio::test(start_paused = true)]
    async fn kubernetes_is_heard_in_passing_for_ten_minutes() {
        let mut comparison = Comparison::default();
        let client = comparison.listening(ten_o_clock());
        assert_eq!(comparison.compare(at(0), None, ALLOWANCE), None, "nobody speaks");
        let request = Request::get("/version").body(Body::empty()).unwrap();
        client.send(request).await.unwrap();
        assert_eq!(comparison.compare(at(0), None, ALLOWANCE), Some(Skew::Behind));
        assert_eq!(comparison.offsets().len(), 1);
        tokio::time::advance(HEARD_WITHIN).await;
        comparison.compare(at(0), vpsie(), ALLOWANCE);
        let heard: Vec<Source> = comparison.offsets().keys().copied().collect();
        assert_eq!(heard, [Source::Kubernetes, Source::Vpsie]);
        tokio::time::advance(Duration::from_secs(1)).await;
        let later = ten() + TimeDelta::seconds(601);
        assert_eq!(
            comparison.compare(later, None, ALLOWANCE),
            Some(Skew::Behind),
            "silence proves nothing"
        );
        assert!(comparison.offsets().is_empty());
    }
}
