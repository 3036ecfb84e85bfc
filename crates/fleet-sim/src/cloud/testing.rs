//! Requests that the tests of this crate send to a cloud.

use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::Request;
use serde_json::Value;

use super::{Cloud, ClusterSpec, Handled, TOKEN};
use crate::clock::SimClock;

/// A cloud with one cluster of one manager, and one group of size 57.
pub(crate) struct SmallCloud {
    pub(crate) cloud: Cloud,
    pub(crate) cluster: String,
    pub(crate) group: u64,
}

// === impl SmallCloud ===

impl SmallCloud {
    pub(crate) fn new() -> Self {
        let clock = SimClock::starting_at(DateTime::from_timestamp(1_769_241_600, 0).unwrap());
        let cloud = Cloud::new(clock, 7);
        let cluster = cloud.add_cluster(ClusterSpec::named("HEL-Kubernetes-49ab"));
        let group = cloud.add_group(&cluster, "GRP-Advanced-c745", 57);
        Self {
            cloud,
            cluster,
            group,
        }
    }

    pub(crate) fn add_path(&self, group: u64) -> String {
        format!(
            "/apps/v2/k8s/cluster/byId/{}/add/slave/group/{group}",
            self.cluster
        )
    }

    /// Posts an add with a request id.
    pub(crate) fn post(&self, group: u64, request_id: &str) -> Handled {
        let mut request = request("POST", &self.add_path(group), "");
        request
            .headers_mut()
            .insert("x-request-id", request_id.parse().unwrap());
        self.cloud.handle(&request)
    }

    /// Posts an add for the usual group and returns the identifier of the machine it made.
    pub(crate) fn buy(&self, request_id: &str) -> String {
        self.buy_in(self.group, request_id)
    }

    pub(crate) fn buy_in(&self, group: u64, request_id: &str) -> String {
        self.post(group, request_id);
        self.cloud.ledger().pop().unwrap().machine.unwrap()
    }

    pub(crate) fn remove(&self, uuid: &str) -> (u16, Value) {
        let path = format!("/apps/v2/k8s/cluster/byId/{}/delete/slave", self.cluster);
        self.ask("DELETE", &path, &format!(r#"{{"identifier":"{uuid}"}}"#))
    }

    /// Shows the cluster with its nodes (K2).
    pub(crate) fn detail(&self) -> Value {
        self.ask("GET", &format!("/apps/v2/k8s/cluster/byId/{}", self.cluster), "")
            .1["data"]
            .take()
    }

    pub(crate) fn listed(&self) -> Vec<String> {
        let nodes = self.detail()["nodes"].take();
        nodes
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["hostname"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        answered(self.cloud.handle(&request(method, path, body)))
    }

    /// Waits until every machine that was bought has joined, by the default delays.
    pub(crate) async fn settle(&self) {
        self.cloud.clock().sleep(Duration::from_secs(600)).await;
    }
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> Request<Bytes> {
    let builder = Request::builder()
        .method(method)
        .uri(path)
        .header("vpsie-auth", TOKEN);
    builder.body(Bytes::from(body.to_owned())).unwrap()
}

/// Takes an answer apart; HTML reads as null.
#[track_caller]
pub(crate) fn answered(handled: Handled) -> (u16, Value) {
    match handled {
        Handled::Reply(reply) => {
            let body = serde_json::from_slice(reply.body()).unwrap_or(Value::Null);
            (reply.status().as_u16(), body)
        }
        Handled::ConnectionLost => panic!("expected an answer, the connection was lost"),
        Handled::TimedOut => panic!("expected an answer, none came"),
    }
}
