//! Answers that nobody should send: no call panics, and none needs memory beyond the limits.
//!
//! Under `cargo test` each target runs for a second over generated answers; `docs/testing.md` says how a fuzzer is given
//! such a target.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bolero::check;
use bytes::Bytes;
use http::{Response, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use vpsie_api::{
    Client, ClusterId, CreateGroup, Credentials, DatacenterId, DeleteGroup, GroupNumber, GroupUuid, ImageId,
    Inventory, NodeUuid, PlanCategoryId, PlanQuery, RemoveWorker, RequestId, Retry, Settings, SizeNumber,
    Transport, TransportError, VmUuid, VpsieApi,
};

/// What one target may take under `cargo test`.
const TIME: Duration = Duration::from_secs(1);

/// Stands in every generated answer where VPSie would put a machine's password.
const PASSWORD: &str = "hunter2-never-shown";

/// Gives the answer that it holds to every request.
#[derive(Default)]
struct Hostile(Mutex<Response<Bytes>>);

#[async_trait]
impl Transport for Hostile {
    async fn send(&self, _: http::Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        Ok(self.0.lock().expect("no call panics under the lock").clone())
    }
}

/// Makes every call there is and returns all that could be printed of the results.
struct Caller {
    runtime: tokio::runtime::Runtime,
    hostile: Arc<Hostile>,
}

impl Caller {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        Self {
            runtime: runtime.expect("a runtime without sockets needs nothing"),
            hostile: Arc::default(),
        }
    }

    fn all_calls(&self, credentials: Credentials, status: u16, body: Bytes) -> String {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        *self.hostile.0.lock().expect("no call panics under the lock") = response;
        // A client of its own: the breaker would stop asking after five bad answers.
        let settings = Settings {
            calls_per_minute: u32::MAX,
            retry: Retry::never(),
            breaker: vpsie_api::BreakerSettings {
                failures: u32::MAX,
                ..Default::default()
            },
            ..Settings::default()
        };
        let client = Client::new(settings, credentials, Arc::clone(&self.hostile) as _)
            .expect("the settings are sound");
        self.runtime.block_on(printed(&client))
    }
}

async fn printed(client: &Client) -> String {
    let (cluster, group) = (ClusterId::new("c"), GroupNumber::new(1));
    let request = RequestId::new("r").expect("a good id");
    let create = CreateGroup {
        cluster: cluster.clone(),
        name: "g".to_owned(),
        size: SizeNumber::new(1),
    };
    let query = PlanQuery {
        datacenter: DatacenterId::new("d"),
        image: ImageId::new("i"),
        category: PlanCategoryId::new("p"),
    };
    let vm = VmUuid::new("v");
    [
        format!("{:?}", client.clusters().await),
        format!("{:?}", client.cluster(&cluster).await),
        format!("{:?}", client.node_groups(&cluster).await),
        format!("{:?}", client.offers(&query.datacenter).await),
        format!("{:?}", client.create_group(&create).await),
        format!("{:?}", client.add_worker(&cluster, group, &request).await),
        format!("{:?}", client.remove_worker(&cluster, &NodeUuid::new("n")).await),
        format!("{:?}", client.delete_group(&GroupUuid::new("g"), "").await),
        format!("{:?}", client.vms().await),
        format!("{:?}", client.vm(&vm).await),
        format!("{:?}", client.vm_status(&vm).await),
        format!("{:?}", client.pending_vms().await),
        format!("{:?}", client.volume_hosts().await),
        format!("{:?}", client.plan_categories().await),
        format!("{:?}", client.plans(&query).await),
        format!("{:?}", client.datacenters().await),
        format!("{:?}", client.ssh_keys().await),
        format!("{:?}", client.projects().await),
        format!("{:?}", client.tags().await),
    ]
    .join("\n")
}

fn token() -> Credentials {
    Credentials::Token("t0ken".to_owned().into())
}

#[test]
fn any_bytes_are_survived() {
    let caller = Caller::new();
    check!()
        .with_test_time(TIME)
        .with_type::<(u16, Vec<u8>)>()
        .for_each(|(status, body)| {
            let status = 100 + status % 500;
            caller.all_calls(token(), status, Bytes::from(body.clone()));
        });
}

/// Bytes inside of an envelope come further than bytes alone.
#[test]
fn any_bytes_as_data_are_survived() {
    let caller = Caller::new();
    check!()
        .with_test_time(TIME)
        .with_type::<Vec<u8>>()
        .for_each(|data| {
            for (before, after) in [
                (r#"{"error":false,"data":"#, "}"),
                (
                    r#"{"error":false,"data":[{"identifier":"a","id":1,"name":"#,
                    "}]}",
                ),
                (
                    r#"{"error":false,"data":{"identifier":"a","nodes":[{"id":"#,
                    "}]}}",
                ),
            ] {
                let body = [before.as_bytes(), data, after.as_bytes()].concat();
                caller.all_calls(token(), 200, Bytes::from(body));
            }
        });
}

/// The exchange of a client id and secret reads hostile answers too.
#[test]
fn any_bytes_as_a_token_are_survived() {
    let caller = Caller::new();
    check!()
        .with_test_time(TIME)
        .with_type::<Vec<u8>>()
        .for_each(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            let body = json!({"error": false, "accessToken": {"token": text, "expires": text}, "data": true});
            let client = Credentials::Client {
                id: "me".to_owned(),
                secret: "s3cr3t".to_owned().into(),
            };
            caller.all_calls(client, 200, Bytes::from(body.to_string()));
        });
}

/// Makes JSON out of the names that our decoders look for, and values of every kind.
fn any_json() -> impl Strategy<Value = Value> {
    let names = "identifier|id|error|data|message|code|count|nodes|masters|slaves|hostname|created_on|private_ip|\
                 rows|total|vmData|name|price|hourly_price|tags|type|status|uptime|projectId|expires";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}|2026-01-20 08:00:00|24.0|k8s".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..8).prop_map(|mut map| {
                for secret in ["initial_password", "vmPassword", "private_key", "password"] {
                    map.insert(secret.to_owned(), PASSWORD.into());
                }
                json!(map)
            }),
        ]
    })
}

proptest! {
    // A case that fails is printed whole; beside an integration test there is no place to keep it.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is around a password, it never comes out of the client.
    #[test]
    fn passwords_stay_in_the_answer(status in 200..600_u16, data in any_json(), is_wrapped: bool) {
        let body = if is_wrapped { json!({"error": false, "data": data}) } else { data };
        for status in [status, 200] {
            let printed = Caller::new().all_calls(token(), status, Bytes::from(body.to_string()));
            prop_assert!(!printed.contains(PASSWORD), "{}", printed);
        }
    }
}

/// Each of these repeats one thing as often as it can; what that costs at most is in memory.rs.
#[test]
fn monstrous_answers_are_survived() {
    const LIMIT: usize = 64 << 10;
    let caller = Caller::new();
    let fill = |before: &str, part: &str, after: &str| {
        let parts = (LIMIT - before.len() - after.len()) / part.len();
        Bytes::from(format!("{before}{}{after}", part.repeat(parts)))
    };
    let monsters = [
        ("lists in lists", fill(r#"{"data":"#, "[", "")),
        ("objects in objects", fill(r#"{"data":"#, r#"{"a":"#, "")),
        ("numbers", fill(r#"{"data":["#, "0,", "0]}")),
        ("empty objects", fill(r#"{"data":["#, "{},", "{}]}")),
        (
            "least entries",
            fill(r#"{"data":["#, r#"{"id":1,"identifier":1,"name":1},"#, "{}]}"),
        ),
        ("fields", fill(r#"{"data":{"#, r#""a":0,"#, r#""b":0}}"#)),
        ("envelope", fill("{", r#""a":0,"#, r#""b":0}"#)),
        ("nodes", fill(r#"{"data":{"nodes":["#, "{},", "{}]}}")),
        (
            "addresses",
            fill(
                r#"{"data":[{"identifier":"a","private_ip":["#,
                r#""1","#,
                r#""2"]}]}"#,
            ),
        ),
        (
            "tags",
            fill(r#"{"data":{"boxes":["#, r#"{"name":1},"#, r#"{"name":1}]}}"#),
        ),
        (
            "digits",
            fill(r#"{"data":[{"identifier":"a","price":"#, "1", "}]}"),
        ),
        ("text", fill(r#"{"error":true,"message":""#, "x ", r#""}"#)),
        (
            "escapes",
            fill(r#"{"data":[{"identifier":""#, "\\u0041", r#""}]}"#),
        ),
        ("page", fill("<html>", "<p>", "</html>")),
    ];
    for (name, body) in monsters {
        let printed = caller.all_calls(token(), 200, body);
        assert_eq!(printed.lines().count(), 19, "{name}");
    }
}
