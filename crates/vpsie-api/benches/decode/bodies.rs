//! Large answers, shaped as VPSie's are, and a client that is given them.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use vpsie_api::{Client, Credentials, Settings, Transport, TransportError};

pub(crate) const CLUSTER: &str = "0d6c1a52-f8f3-11f0-9b1e-0050569c68dc";

/// Gives the same answer to every request.
struct Same(Bytes);

#[async_trait]
impl Transport for Same {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        Ok(http::Response::new(self.0.clone()))
    }
}

/// Returns a client that gets this answer to whatever it asks, as often as it likes.
pub(crate) fn client(body: &Bytes) -> Client {
    let settings = Settings {
        calls_per_minute: u32::MAX,
        ..Settings::default()
    };
    let token = Credentials::Token("benchmark".to_owned().into());
    Client::new(settings, token, Arc::new(Same(body.clone()))).expect("the settings are sound")
}

/// Writes a cluster as E4 has it, with so many nodes.
pub(crate) fn cluster(nodes: usize) -> Bytes {
    let mut body = format!(
        r##"{{"error":false,"data":{{"cluster_name":"HEL-Kubernetes-49ab","identifier":"{CLUSTER}","count":{nodes},
"created_on":"2026-01-20T08:00:00.000Z","updated_on":"2026-01-24T08:00:00.000Z","created_by":"Jane Doe",
"nickname":"Advanced","cpu":2,"ram":4096,"traffic":4096,"color":"#2b7de9","price":24.0,"nodes":["##
    );
    for number in 0..nodes {
        let comma = if number == 0 { "" } else { "," };
        let (high, low) = (number / 250 % 250, number % 250);
        write!(
            body,
            r#"{comma}{{"id":{id},"user_id":6,"hostname":"HEL-Kubernetes-49ab-slave-{number:04x}",
"default_ip":"198.51.{high}.{low}","private_ip":"10.0.{high}.{low}","node_type":2,"node_id":12,"datacenter_id":3,
"created_on":"2026-01-20T08:05:00.000Z","identifier":"{number:08x}-f8f3-11f0-9b1e-0050569c68dc"}}"#,
            id = 71_000 + number,
        )
        .expect("text takes text");
    }
    body.push_str("]}}");
    body.into_bytes().into_boxed_slice().into()
}

/// Writes a list of virtual machines as E17 has it, of so many.
pub(crate) fn vms(count: usize) -> Bytes {
    let mut body = format!(r#"{{"error":false,"total":{count},"data":["#);
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        let (high, low) = (number / 250 % 250, number % 250);
        write!(
            body,
            r#"{comma}{{"id":{id},"identifier":"{number:08x}-f8f3-11f0-9b1e-0050569c68dc","user_id":6,"boxsize_id":57,
"boximage_id":4,"datacenter_id":3,"node_id":12,"boxdiscount_id":null,"hostname":"app-{number}",
"default_ip":"198.51.{high}.{low}","default_ipv6":"","private_ip":"10.0.{high}.{low}","cpu":2,"ram":4096,"ssd":80,
"traffic":4096,"power":1,"is_active":1,"is_deleted":0,"is_suspended":0,"is_terminated":0,"is_locked":0,"project_id":9,
"notes":null,"initial_password":"REDACTED","created_on":"2026-01-20T08:00:00.000Z",
"last_updated":"2026-01-20T08:02:00.000Z","dropped_on":null,"state":"Uusimaa",
"dcIdentifier":"55f06b85-c9ee-11e3-9845-005056aa8af7","category":"ubuntu","fullname":"Ubuntu 24.04","publicIp":null,
"vmType":null}}"#,
            id = 71_000 + number,
        )
        .expect("text takes text");
    }
    body.push_str("]}");
    body.into_bytes().into_boxed_slice().into()
}
