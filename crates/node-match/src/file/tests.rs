//! The documented example, and what is wrong with files.

mod fields;

use crate::file::{FileError, Output, read, schema};
use crate::match_fleet;

const EXAMPLE: &str = r#"{
  "now": "2026-01-24T08:10:00Z",
  "settings": { "discoveryTimeoutSeconds": 900, "clockSkewSeconds": 120, "anonymous": true },
  "groups":   [ { "cluster": "0d6c", "id": 412, "cpu": 2, "ramMb": 4096, "diskGb": 80, "nodesCount": 2 } ],
  "claims":   [ { "uid": "c1", "namespace": "kube-system", "name": "my-node", "cluster": "0d6c", "group": 412,
                  "creationRequested": true, "requestedAt": "2026-01-24T08:05:00Z", "baseline": ["2a7e", "71002"], "baselineComplete": true,
                  "instanceId": 0, "identifier": null, "providerID": null, "nodeName": null, "hostname": null, "addresses": [] } ],
  "machines": [ { "id": 71003, "identifier": "4c1f", "cluster": "0d6c", "group": null, "hostname": "my-node-k8s-worker",
                  "addresses": ["198.51.100.12", "10.0.0.4"], "status": "running", "role": null,
                  "createdAt": "2026-01-24T08:06:00Z", "cpu": 2, "ramMb": 4096, "diskGb": 80 } ],
  "nodes":    [ { "uid": "n1", "name": "my-node-k8s-worker", "hostname": null, "addresses": ["10.0.0.4"], "providerID": null,
                  "createdAt": "2026-01-24T08:07:30Z", "controlPlane": false, "labels": {}, "cpu": 2, "ramMb": 4096 } ]
}"#;

fn run(text: &str) -> serde_json::Value {
    let snapshot = read(text).unwrap();
    serde_json::from_str(&Output::new(&snapshot, &match_fleet(&snapshot)).to_json()).unwrap()
}

/// The documented example gives the documented answer.
#[test]
fn example_gives_the_documented_answer() {
    let expected = serde_json::json!({
        "claims": [{
            "uid": "c1", "verdict": "matched",
            "machine": { "id": 71003, "identifier": "4c1f" }, "node": "my-node-k8s-worker",
            "evidence": [
                { "link": "claim-machine", "kind": "hostname-pattern", "detail": "my-node-k8s-worker" },
                { "link": "machine-node", "kind": "address", "detail": "10.0.0.4" },
            ],
            "reason": null,
        }],
        "unexplained": { "machines": [], "nodes": [] },
    });
    assert_eq!(run(EXAMPLE), expected);
}

/// The table names the same.
#[test]
fn table_is_aligned() {
    let snapshot = read(&EXAMPLE.replace("my-node-k8s-worker\", \"hostname", "x\", \"hostname")).unwrap();
    let table = Output::new(&snapshot, &match_fleet(&snapshot)).to_table();
    assert_eq!(
        table,
        "CLAIM  VERDICT  MACHINE     NODE  WHY\n\
         c1     matched  71003 4c1f  x     hostname-pattern (my-node-k8s-worker), address (10.0.0.4)\n\
         \n\
         c1 kube-system/my-node\n  \
         Matched: machine 71003 (my-node-k8s-worker, 4c1f) and Node x are its own.\n    \
         The machine is its own: the name my-node-k8s-worker begins with that of the VPSieNode \
         (hostname-pattern).\n    \
         The Node is that machine's: both have the address 10.0.0.4 (address).\n"
    );
}

/// What nobody claims has a table of its own, also when it is of one kind only.
#[test]
fn unexplained_things_of_one_kind_have_their_table() {
    let table = |field: &str| {
        let snapshot = read(&format!(r#"{{ "now": "2026-01-24T08:10:00Z", {field} }}"#)).unwrap();
        Output::new(&snapshot, &match_fleet(&snapshot)).to_table()
    };
    let machines = table(r#""machines": [{ "cluster": "x", "id": 7 }]"#);
    assert!(
        machines.contains("machine      7     -         unlinked\n"),
        "{machines}"
    );
    let nodes = table(r#""nodes": [{ "name": "n" }]"#);
    assert!(
        nodes.contains("node         n     -         unlinked\n"),
        "{nodes}"
    );
    assert!(!table(r#""claims": []"#).contains("UNEXPLAINED"));
}

/// Optional fields may be null or missing.
#[test]
fn optional_fields_may_be_null_or_missing() {
    let short = r#"{ "now": "2026-01-24T08:10:00Z",
        "claims": [{ "uid": "c", "name": "a", "cluster": "x" }],
        "machines": [{ "cluster": "x" }], "nodes": [{ "name": "n" }], "groups": [{ "cluster": "x", "id": 1 }] }"#;
    let long = r#"{ "now": "2026-01-24T08:10:00Z", "settings": null, "clusters": null,
        "claims": [{ "uid": "c", "name": "a", "cluster": "x", "baseline": null, "baselineComplete": null,
                     "addresses": null, "creationRequested": null, "requestedAt": null, "group": null }],
        "machines": [{ "cluster": "x", "addresses": null, "createdAt": null, "status": null, "list": null }],
        "nodes": [{ "name": "n", "labels": null, "annotations": null, "controlPlane": null, "createdAt": null }],
        "groups": [{ "cluster": "x", "id": 1, "cpu": null, "nodesCount": null }] }"#;
    assert_eq!(read(short), read(long));
    assert_eq!(
        read(r#"{ "now": "2026-01-24T08:10:00Z" }"#).map(|snapshot| snapshot.claims.len()),
        Ok(0)
    );
}

/// Errors name the place and the field.
#[test]
fn errors_name_the_place() {
    let unknown = EXAMPLE.replace("\"group\": 412", "\"gruop\": 412");
    for (text, expected) in [
        (
            unknown.as_str(),
            "line 5, column 104: claims[0].gruop: unknown field `gruop`, expected one of",
        ),
        (
            "{ \"now\": \"yesterday\" }",
            "line 1, column 22: now: `yesterday` is no moment, write RFC 3339 with a zone",
        ),
        (
            "{ \"now\": \"2026-01-24T08:10:00Z\", \"nodes\": [null] }",
            "line 1, column 47: nodes[0]: invalid type: null, expected an object",
        ),
        (
            "{ \"now\": \"2026-01-24T08:10:00Z\", \"machines\": [{ \"cluster\": \"x\", \"id\": -1 }] }",
            "line 1, column 72: machines[0].id: invalid value: integer `-1`, expected u64",
        ),
        (
            "{ \"now\": \"2026-01-24T08:10:00Z\", \"nodes\": [{ \"nam\": 1 }] }",
            "line 1, column 50: nodes[0].nam: unknown field `nam`",
        ),
        (
            "{ \"now\": \"2026-01-24T08:10:00Z\", \"groups\": [[\"0d6c\", 412]] }",
            "line 1, column 44: groups[0]: invalid type: sequence, expected an object",
        ),
        (
            "{ \"now\": \"2026-01-24T08:10:00Z\", \"settings\": [900, 120, true] }",
            "line 1, column 45: settings: invalid type: sequence, expected an object",
        ),
        (
            "[\"2026-01-24T08:10:00Z\"]",
            "line 1, column 0: invalid type: sequence, expected an object",
        ),
        (
            "{ \"now\": \"2026-01-24T08:10:00Z\" } {}",
            "line 1, column 35: trailing characters",
        ),
        ("{}", "line 1, column 2: missing field `now`"),
        ("<html>", "line 1, column 1: expected value"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
        assert!(
            error.ends_with("; compare the file with `autoscaler match --schema`"),
            "{error}"
        );
    }
}

/// An empty file says so.
#[test]
fn empty_file_is_refused() {
    for text in ["", " \n", "\u{feff}"] {
        assert_eq!(read(text), Err(FileError::Empty));
    }
}

/// What no claim explains is named with the reason.
#[test]
fn unexplained_nodes_and_machines_say_why() {
    let text = EXAMPLE.replace("\"creationRequested\": true", "\"creationRequested\": false");
    assert_eq!(
        run(&text)["unexplained"],
        serde_json::json!({
            "machines": [{
                "id": 71003, "identifier": "4c1f", "hostname": "my-node-k8s-worker", "cluster": "0d6c",
                "reason": "unlinked",
            }],
            "nodes": [{ "name": "my-node-k8s-worker", "uid": "n1", "reason": "unlinked" }],
        })
    );
}

/// Values that mean nothing are refused with a remedy.
#[test]
fn meaningless_values_are_refused() {
    let date = read(&EXAMPLE.replace("2026-01-24T08:06:00Z", "last week")).unwrap_err();
    let twice = r#"{ "now": "2026-01-24T08:10:00Z", "claims": [
        { "uid": "c", "name": "a", "cluster": "x" }, { "uid": "c", "name": "b", "cluster": "x" }] }"#;
    for (error, expected) in [
        (date, "machines[0].createdAt"),
        (read(twice).unwrap_err(), "claims[1].uid"),
        (
            read(&EXAMPLE.replace("\"uid\": \"c1\"", "\"uid\": \" \"")).unwrap_err(),
            "claims[0].uid",
        ),
    ] {
        let FileError::Value { field, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(field, expected);
    }
}

/// Dates without a zone are read, and prove nothing.
#[test]
fn date_without_zone_is_read() {
    let snapshot = read(&EXAMPLE.replace("2026-01-24T08:06:00Z", "2026-01-24 08:06:00")).unwrap();
    assert!(!snapshot.machines[0].created_at.unwrap().zoned);
}

/// The label and the annotation of a Node are read.
#[test]
fn labels_and_annotations_are_read() {
    let text = EXAMPLE.replace(
        "\"labels\": {}",
        r#""labels": { "autoscaler.vpsie.com/vpsienode": "my-node", "node-role.kubernetes.io/control-plane": "" },
           "annotations": { "autoscaler.vpsie.com/vpsienode-uid": "c1" }"#,
    );
    let node = &read(&text).unwrap().nodes[0];
    assert_eq!(node.claim_label.as_deref(), Some("my-node"));
    assert_eq!(node.claim_uid.as_deref(), Some("c1"));
    assert!(node.control_plane);
}

/// A baseline is complete unless it is empty or says otherwise, and claims share it.
#[test]
fn baseline_is_complete_unless_empty() {
    let complete = |baseline: &str| {
        let text = EXAMPLE.replace(
            r#""baseline": ["2a7e", "71002"], "baselineComplete": true"#,
            baseline,
        );
        read(&text).unwrap().claims[0]
            .baseline
            .as_ref()
            .map(|baseline| baseline.is_complete())
    };
    assert_eq!(complete(r#""baseline": ["x"]"#), Some(true));
    assert_eq!(complete(r#""baseline": []"#), None);
    assert_eq!(
        complete(r#""baseline": [], "baselineComplete": true"#),
        Some(true)
    );
    assert_eq!(
        complete(r#""baseline": ["x"], "baselineComplete": false"#),
        Some(false)
    );
}

/// R8: the same facts in another order print the same bytes.
#[test]
fn order_does_not_change_the_bytes() {
    let mut snapshot = read(EXAMPLE).unwrap();
    let mut other = snapshot.claims[0].clone();
    other.uid = "c0".into();
    other.name = "other".into();
    snapshot.claims.push(other);
    let straight = Output::new(&snapshot, &match_fleet(&snapshot)).to_json();
    let mut turned = snapshot.clone();
    turned.claims.reverse();
    turned.machines[0].addresses.reverse();
    assert_eq!(Output::new(&turned, &match_fleet(&turned)).to_json(), straight);
}

/// The schema knows every field and allows no other.
#[test]
fn schema_refuses_unknown_fields() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], false);
    assert!(
        schema["$defs"]["Claim"]["properties"]["providerID"].is_object(),
        "{schema:#}"
    );
    assert_eq!(schema["required"], serde_json::json!(["now"]));
}

/// What was considered and what is missing are printed as values with their numbers, and as sentences.
#[test]
fn explanation_is_printed_as_values_and_sentences() {
    let unnamed = EXAMPLE.replace("my-node-k8s-worker", "hel-x");
    let text = unnamed.replace("\"running\"", "\"installing\"");
    assert_eq!(
        run(&text)["claims"][0]["explanation"],
        serde_json::json!({
            "missing": { "kind": "running" },
            "considered": {
                "machines": 1,
                "nodes": 0,
                "listed": [{
                    "machine": { "id": 71003, "identifier": "4c1f" }, "node": null,
                    "objection": { "kind": "not-running", "status": "installing" },
                }],
                "unlisted": {},
            },
            "sentences": [
                "Waiting: its machine is there but does not run yet; 1 machine was considered:",
                "Machine 71003 (hel-x, 4c1f) is not running: its status is installing.",
                "It goes on by itself as soon as VPSie says that it runs.",
            ],
        })
    );
    let old = run(&unnamed
        .replace("2026-01-24T08:05:00Z", "2026-01-24T08:09:59Z")
        .replace("\"baselineComplete\": true", "\"baselineComplete\": false"));
    assert_eq!(
        old["claims"][0]["explanation"]["considered"]["listed"][0]["objection"],
        serde_json::json!({
            "kind": "older-than-request",
            "createdAt": "2026-01-24T08:06:00Z", "requestedAt": "2026-01-24T08:09:59Z",
        })
    );
}

/// What the JSON says in sentences stands below the table, too.
#[test]
fn both_forms_say_the_same_sentences() {
    let text = EXAMPLE.replace("my-node-k8s-worker", "hel-x");
    let text = text.replace("\"running\"", "\"installing\"");
    let snapshot = read(&text).unwrap();
    let matching = match_fleet(&snapshot);
    let answer: serde_json::Value =
        serde_json::from_str(&Output::new(&snapshot, &matching).to_json()).unwrap();
    let table = Output::new(&snapshot, &matching).to_table();
    let sentences = answer["claims"][0]["explanation"]["sentences"]
        .as_array()
        .unwrap();
    assert_eq!(sentences.len(), 3);
    for sentence in sentences {
        let sentence = sentence.as_str().unwrap();
        assert!(table.contains(sentence), "{sentence} is not in: {table}");
    }
}

/// R8: a group or cluster that is described twice is refused, for one of the two would have to be wrong.
#[test]
fn second_descriptions_are_refused() {
    let twice = |list: &str, one: &str| {
        let text = format!("{{ \"now\": \"2026-01-24T08:10:00Z\", \"{list}\": [{one}, {one}] }}");
        read(&text).unwrap_err().to_string()
    };
    assert_eq!(
        twice("groups", "{ \"cluster\": \"a\", \"id\": 7 }"),
        "groups[1].id is `7`: describe every group of a cluster once"
    );
    assert_eq!(
        twice("clusters", "{ \"id\": \"a\" }"),
        "clusters[1].id is `a`: describe every cluster once"
    );
    let two = "{ \"now\": \"2026-01-24T08:10:00Z\", \"groups\": [
        { \"cluster\": \"a\", \"id\": 7 }, { \"cluster\": \"b\", \"id\": 7 }, { \"cluster\": \"a\", \"id\": 8 }] }";
    assert!(read(two).is_ok());
}
