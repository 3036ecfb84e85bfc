//! Every answer says what time it is at the API server, whatever else it says: our clock is compared with it.

use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use kube::Client;
use kube::client::Body;
use serde_json::json;

use crate::request::{Step, must};
use crate::steps::LEASES;

/// Tells what the header `Date` shows: the clock that also stamps new objects, in lists, watches and refusals.
pub(crate) async fn tell(client: &Client) {
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": "dated" },
    });
    let made = must(client, 201, Step::post(LEASES, lease)).await;
    let stamp = made["metadata"]["creationTimestamp"]
        .as_str()
        .expect("it has a time");
    let stamp: DateTime<Utc> = stamp.parse().expect("a time");
    let watch = format!("{LEASES}?watch=true&timeoutSeconds=1");
    for path in [LEASES, watch.as_str(), "/nowhere", "/version"] {
        let request = Request::get(path).body(Body::empty()).expect("a plain request");
        let answer = client.send(request).await.expect("an answer");
        let date = answer.headers()["date"].to_str().expect("plain ASCII");
        let date = DateTime::parse_from_rfc2822(date).expect("a date");
        let later = date.to_utc() - stamp;
        assert!(
            TimeDelta::zero() <= later && later < TimeDelta::minutes(1),
            "{path}: {later}"
        );
    }
}
