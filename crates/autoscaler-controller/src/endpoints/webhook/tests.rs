//! A webhook that answers as it is told to, tokio's clock paused.

use std::sync::Mutex;

use async_trait::async_trait;
use endpoint_discovery::{Alert, ServiceKey};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::*;
use crate::metrics::Metrics;

/// Answers with these codes, one after the other, then with 200; a code of 0 never answers.
#[derive(Default)]
struct Wire {
    codes: Mutex<Vec<u16>>,
    posted: Mutex<Vec<(String, Value)>>,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let body = serde_json::from_slice(request.body()).expect("JSON");
        self.posted
            .lock()
            .expect("nobody panics")
            .push((request.uri().to_string(), body));
        let code = self.codes.lock().expect("nobody panics").pop().unwrap_or(200);
        if code == 0 {
            std::future::pending().await
        }
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = http::StatusCode::from_u16(code).expect("a status");
        Ok(answer)
    }
}

const ADDRESS: &str = "https://hooks.example/very-secret";

fn alert(number: usize) -> ServiceAlert {
    ServiceAlert {
        service: ServiceKey::new("shop", "web"),
        alert: Alert {
            instance: format!("web-{number}"),
            score: 25,
            threshold: 70,
        },
    }
}

/// Delivers so many alerts to a webhook that answers so, and returns what was posted and what the metrics say.
async fn delivered(count: usize, room: usize, codes: &[u16]) -> (Vec<(String, Value)>, [u64; 3]) {
    let wire = Arc::new(Wire::default());
    *wire.codes.lock().expect("nobody panics") = codes.iter().rev().copied().collect();
    let transport = Arc::clone(&wire) as Arc<dyn Transport>;
    let webhook = Webhook::new(ADDRESS, transport).expect("an address");
    let (raise, alerts) = broadcast::channel(room);
    for number in 0..count {
        drop(raise.send(alert(number)));
    }
    drop(raise);
    let series = Metrics::default().alert_series();
    deliver(alerts, webhook, series.clone()).await;
    let posted = wire.posted.lock().expect("nobody panics").clone();
    (
        posted,
        ["sent", "failed", "missed"].map(|result| series.read(result)),
    )
}

/// EP-21: an alert is posted as JSON with a sentence.
#[tokio::test(start_paused = true)]
async fn alert_is_posted_with_a_sentence() {
    let (posted, counts) = delivered(1, 16, &[]).await;
    let told = json!({
        "namespace": "shop", "service": "web", "instance": "web-0", "score": 25, "threshold": 70,
    });
    let text = "shop/web: web-0 has a score of 25, below 70";
    let message = json!({"text": text, "alerts": [told], "missed": 0});
    assert_eq!((posted, counts), (vec![(ADDRESS.to_owned(), message)], [1, 0, 0]));
}

/// EP-21: what may pass is tried three times, what will not is tried once; a webhook that never answers holds up nothing.
#[tokio::test(start_paused = true)]
async fn webhook_in_trouble_is_tried_three_times_and_no_more() {
    for (codes, tries, counts) in [
        (&[500, 429, 200][..], 3, [1, 0, 0]),
        (&[0, 503, 0], 3, [0, 1, 0]),
        (&[404], 1, [0, 1, 0]),
        (&[302], 1, [0, 1, 0]),
    ] {
        let began = tokio::time::Instant::now();
        let (posted, told) = delivered(1, 16, codes).await;
        assert_eq!((posted.len(), told), (tries, counts), "{codes:?}");
        assert!(began.elapsed() <= Duration::from_secs(40), "{codes:?}");
    }
}

/// EP-21: many alerts go together, a hundred at most; those that came too fast are counted.
#[tokio::test(start_paused = true)]
async fn many_alerts_go_together_and_what_is_lost_is_counted() {
    let (posted, counts) = delivered(250, 1024, &[]).await;
    let sizes = posted
        .iter()
        .map(|(_, message)| message["alerts"].as_array().map(Vec::len));
    assert_eq!(sizes.collect::<Vec<_>>(), [Some(100), Some(100), Some(50)]);
    assert_eq!(counts, [250, 0, 0]);
    let (posted, counts) = delivered(250, 128, &[]).await;
    assert_eq!(posted[0].1["missed"], 122);
    let text = posted[0].1["text"].as_str().expect("a text");
    assert!(text.ends_with("122 more are in the log"), "{text}");
    assert_eq!(counts, [128, 0, 122]);
}

/// An address may hold a secret: it is in no text that can be printed, and one that cannot be used is not repeated.
#[test]
fn address_is_never_printed() {
    let webhook = |address: &str| Webhook::new(address, Arc::new(Wire::default()) as Arc<dyn Transport>);
    let good = webhook(ADDRESS).expect("an address");
    assert!(!format!("{good:?}").contains("secret"));
    for address in [
        "hooks.example/secret",
        "/secret",
        "https:///secret",
        "",
        "https://hooks.example/\u{7f}secret",
    ] {
        let error = webhook(address).expect_err(address);
        assert!(!error.to_string().contains("secret"), "{address}");
    }
}
