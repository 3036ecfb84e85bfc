//! Snapshots that nobody should write: no panic, and every refusal says where.
//!
//! Under `cargo test` each target runs for a second over generated input, or for `FUZZ_SECONDS`; `cargo bolero test
//! any_bytes_are_survived -p node-match --features json --rustc-bootstrap` hands the same target to a fuzzer.

use std::collections::BTreeSet;
use std::time::Duration;

use bolero::{TypeGenerator, check};
use node_match::file::{FileError, Output, read, schema};
use node_match::match_fleet;
use serde_json::{Value, json};

/// What one target may take under `cargo test`.
fn time() -> Duration {
    let asked = std::env::var("FUZZ_SECONDS").ok();
    Duration::from_secs(asked.map_or(1, |text| text.parse().expect("a number of seconds")))
}

/// What must hold for any text: an answer that prints and reads back, or a refusal that says where.
fn survive(text: &str) {
    let snapshot = match read(text) {
        Ok(snapshot) => snapshot,
        Err(error) => return explained(text, &error),
    };
    let matching = match_fleet(&snapshot);
    let output = Output::new(&snapshot, &matching);
    let printed = output.to_json();
    let back: Value = serde_json::from_str(&printed).expect("the answer is JSON");
    let claims = back["claims"].as_array().expect("a list");
    assert_eq!(claims.len(), snapshot.claims.len(), "one answer per claim");
    assert!(claims.iter().all(|claim| claim["verdict"].is_string()));
    let table = output.to_table();
    let is_tame = |letter: char| letter == '\n' || !letter.is_control();
    assert!(
        table.chars().all(is_tame),
        "the table steers no terminal: {table:?}"
    );

    let mut turned = snapshot.clone();
    turned.clusters.reverse();
    turned.groups.reverse();
    turned.claims.reverse();
    turned.machines.reverse();
    turned.nodes.reverse();
    let matching = match_fleet(&turned);
    assert_eq!(
        Output::new(&turned, &matching).to_json(),
        printed,
        "order changes nothing (R8)"
    );
}

/// A refusal names a line and column inside of the text, or the field.
fn explained(text: &str, error: &FileError) {
    match error {
        FileError::Json {
            line,
            column,
            message,
        } => {
            let lines = text.split('\n').count();
            assert!(*line <= lines, "line {line} of {lines}: {message}");
            let place = format!("line {line}, column {column}: {message}");
            assert!(error.to_string().starts_with(&place) && !message.is_empty());
        }
        FileError::Value { field, remedy, .. } => assert!(!field.is_empty() && !remedy.is_empty()),
        FileError::Empty => assert!(text.trim_start_matches('\u{feff}').trim().is_empty()),
    }
}

/// Bytes of any kind.
#[test]
fn any_bytes_are_survived() {
    check!()
        .with_test_time(time())
        .with_type::<Vec<u8>>()
        .for_each(|bytes| survive(&String::from_utf8_lossy(bytes)));
}

/// A value that may stand in any field, whatever belongs there.
#[derive(Clone, Debug, TypeGenerator)]
enum Anything {
    Null,
    Flag(bool),
    Count(u64),
    Negative(i64),
    Fraction(f64),
    Text(String),
    /// One of a few texts that several objects may share.
    Shared(u8),
    Texts(Vec<u8>),
    Moment(u32),
}

/// What the objects of one list have in their fields; a field without a value is missing.
type Fields = Vec<(u8, Anything)>;

/// A snapshot with the right names and any values.
#[derive(Clone, Debug, TypeGenerator)]
struct Shape {
    claims: Vec<Fields>,
    machines: Vec<Fields>,
    nodes: Vec<Fields>,
    groups: Vec<Fields>,
    clusters: Vec<Fields>,
    nodes_cluster: Option<Anything>,
    settings: Fields,
}

const CLAIM: [&str; 19] = [
    "uid",
    "namespace",
    "name",
    "cluster",
    "group",
    "creationRequested",
    "requestedAt",
    "baseline",
    "baselineComplete",
    "takenOver",
    "instanceId",
    "identifier",
    "providerID",
    "nodeName",
    "hostname",
    "addresses",
    "recordedBy",
    "baselineShape",
    "baselineNodesCounts",
];
const MACHINE: [&str; 14] = [
    "list",
    "id",
    "identifier",
    "cluster",
    "group",
    "hostname",
    "addresses",
    "status",
    "isDeleted",
    "role",
    "createdAt",
    "cpu",
    "ramMb",
    "diskGb",
];
const NODE: [&str; 11] = [
    "uid",
    "name",
    "hostname",
    "addresses",
    "providerID",
    "createdAt",
    "controlPlane",
    "labels",
    "annotations",
    "cpu",
    "ramMb",
];
const GROUP: [&str; 6] = ["cluster", "id", "cpu", "ramMb", "diskGb", "nodesCount"];
const CLUSTER: [&str; 4] = ["id", "version", "locked", "managers"];
const SETTINGS: [&str; 3] = ["discoveryTimeoutSeconds", "clockSkewSeconds", "anonymous"];
const SHARED: [&str; 12] = [
    "web",
    "web-1",
    "web-1-k8s",
    "10.0.0.4",
    "::ffff:10.0.0.4",
    "2a7e",
    "vpsie://2a7e",
    "running",
    "installing",
    "hel-kubernetes-49ab-slave-1",
    "hel-kubernetes-49ab-master-1",
    "\u{1b}[2J",
];

// === impl Anything ===

impl Anything {
    /// Makes the value; `wanted` says what belongs there, and is taken whenever the value could be of that kind.
    fn value(&self, field: &str) -> Value {
        let shared = |number: u8| SHARED[usize::from(number) % SHARED.len()];
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => json!(flag),
            // Small numbers are ids that several objects share.
            Self::Count(count) => json!(count % 5),
            Self::Negative(number) => json!(number),
            Self::Fraction(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::Shared(number) if field == "cluster" => json!(["a", "b"][usize::from(number % 8) / 7]),
            Self::Shared(number) => json!(shared(*number)),
            Self::Texts(numbers) => json!(numbers.iter().map(|number| shared(*number)).collect::<Vec<_>>()),
            Self::Moment(seconds) => {
                let at = chrono::DateTime::from_timestamp(1_769_242_200 + i64::from(seconds % 3600), 0);
                json!(at.map(|at| at.to_rfc3339()))
            }
        }
    }

    /// Makes a value of the kind that belongs there.
    fn fitting(&self, field: &str) -> Value {
        let value = self.value(field);
        let number = match self {
            Self::Count(count) => *count,
            Self::Shared(number) => u64::from(*number),
            Self::Moment(seconds) => u64::from(*seconds),
            Self::Null
            | Self::Flag(_)
            | Self::Negative(_)
            | Self::Fraction(_)
            | Self::Text(_)
            | Self::Texts(_) => 1,
        };
        match field {
            "addresses" | "baseline" => {
                let shared = SHARED[(number % 12) as usize];
                json!([shared, (number % 5).to_string()])
            }
            "creationRequested" | "baselineComplete" | "takenOver" | "isDeleted" | "controlPlane"
            | "anonymous" | "locked" => {
                json!(!number.is_multiple_of(4))
            }
            "requestedAt" | "createdAt" => Self::Moment((number % 3600) as u32).value(field),
            "labels" => json!({ "autoscaler.vpsie.com/vpsienode": SHARED[(number % 3) as usize] }),
            "annotations" => json!({ "autoscaler.vpsie.com/vpsienode-uid": "0" }),
            "baselineShape" => {
                json!({ "version": SHARED[(number % 2) as usize], "locked": number.is_multiple_of(2), "managers": number % 5 })
            }
            "baselineNodesCounts" => json!({ (number % 5).to_string(): number % 3 }),
            "recordedBy" => json!("anonymous"),
            "list"
            | "id"
            | "group"
            | "instanceId"
            | "cpu"
            | "ramMb"
            | "diskGb"
            | "nodesCount"
            | "managers"
            | "discoveryTimeoutSeconds"
            | "clockSkewSeconds" => json!(number % 5),
            _ if value.is_string() => value,
            "cluster" => json!("a"),
            _ => json!(SHARED[(number % 12) as usize]),
        }
    }
}

/// Makes one object: all that is required, and what was drawn; a quarter of it of the wrong kind when it is `wild`.
fn object(names: &[&str], fields: &Fields, required: &[(&str, Value)], is_wild: bool) -> Value {
    let mut object = json!({});
    for (name, value) in required {
        object[name] = value.clone();
    }
    for (place, anything) in fields {
        let name = names[usize::from(*place) % names.len()];
        if name == "uid" && !is_wild {
            continue;
        }
        object[name] = if is_wild {
            anything.value(name)
        } else {
            anything.fitting(name)
        };
    }
    object
}

fn snapshot(shape: &Shape, is_wild: bool) -> Value {
    let list = |names: &[&str], all: &[Fields], required: &[&str]| {
        let objects = all.iter().take(12).enumerate().map(|(number, fields)| {
            let required: Vec<(&str, Value)> = required
                .iter()
                .map(|name| match *name {
                    "uid" | "name" => (*name, json!(number.to_string())),
                    "id" => (*name, json!(number)),
                    _ => (*name, json!("a")),
                })
                .collect();
            object(names, fields, &required, is_wild)
        });
        objects.collect::<Vec<_>>()
    };
    let mut groups = list(&GROUP, &shape.groups, &["cluster", "id"]);
    if !is_wild {
        // A group that is described twice is refused, as a uid of two claims is.
        let mut seen = BTreeSet::new();
        groups.retain(|group| seen.insert((group["cluster"].to_string(), group["id"].to_string())));
    }
    let mut clusters = list(&CLUSTER, &shape.clusters, &["id"]);
    for (id, cluster) in ('a'..).zip(&mut clusters) {
        // Its id is a text, and each cluster is described once.
        if !is_wild || cluster["id"].is_number() {
            cluster["id"] = json!(id);
        }
    }
    let mut snapshot = json!({
        "now": "2026-01-24T08:40:00Z",
        "clusters": clusters,
        "settings": object(&SETTINGS, &shape.settings, &[], is_wild),
        "groups": groups,
        "claims": list(&CLAIM, &shape.claims, &["uid", "name", "cluster"]),
        "machines": list(&MACHINE, &shape.machines, &["cluster"]),
        "nodes": list(&NODE, &shape.nodes, &["name"]),
    });
    if let Some(cluster) = &shape.nodes_cluster {
        snapshot["nodesCluster"] = if is_wild {
            cluster.value("cluster")
        } else {
            cluster.fitting("cluster")
        };
    }
    snapshot
}

/// The generator leaves out no field: what the schema knows is written, and nothing else.
#[test]
fn every_field_of_the_schema_is_generated() {
    let schema = schema();
    let known = |object: &Value| -> BTreeSet<String> {
        let properties = object["properties"].as_object().expect("an object");
        properties.keys().cloned().collect()
    };
    let names = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|&name| name.to_owned()).collect() };
    let written = |object: &Value| object.as_object().expect("an object").keys().cloned().collect();
    let shape = Shape {
        claims: Vec::new(),
        machines: Vec::new(),
        nodes: Vec::new(),
        groups: Vec::new(),
        clusters: Vec::new(),
        nodes_cluster: Some(Anything::Shared(0)),
        settings: Vec::new(),
    };
    assert_eq!(written(&snapshot(&shape, false)), known(&schema));
    for (kind, generated) in [
        ("Settings", names(&SETTINGS)),
        ("Cluster", names(&CLUSTER)),
        ("Group", names(&GROUP)),
        ("Claim", names(&CLAIM)),
        ("Shape", written(&Anything::Null.fitting("baselineShape"))),
        ("Machine", names(&MACHINE)),
        ("Node", names(&NODE)),
    ] {
        assert_eq!(generated, known(&schema["$defs"][kind]), "{kind}");
    }
}

/// Right names and wrong values come further than bytes alone.
#[test]
fn any_values_of_fields_are_survived() {
    check!()
        .with_test_time(time())
        .with_type::<Shape>()
        .for_each(|shape| survive(&snapshot(shape, true).to_string()));
}

/// Right values are never refused, and always answered.
#[test]
fn any_well_formed_snapshot_is_answered() {
    check!()
        .with_test_time(time())
        .with_type::<Shape>()
        .for_each(|shape| {
            let text = snapshot(shape, false).to_string();
            assert!(read(&text).is_ok(), "{:?}\n{text}", read(&text).err());
            survive(&text);
        });
}
