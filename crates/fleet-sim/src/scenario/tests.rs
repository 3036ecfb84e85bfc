//! What a scenario file may say, and how wrong ones are refused.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};

use super::{Credentials, Scenario};
use crate::clock::SimClock;
use crate::cloud::{CLIENT_ID, CLIENT_SECRET, TOKEN};

/// Compares the beginning of a refusal: place, field, and as much of the message as matters.
#[track_caller]
fn check_refusal(text: &str, expected: &str) {
    let error = Scenario::read(text).expect_err(text).to_string();
    assert!(
        error.starts_with(expected),
        "{text}\n  said     {error}\n  expected {expected}"
    );
}

#[test]
fn unknown_fields_and_names_are_refused_by_name() {
    let cases = [
        (
            "colour: blue",
            "line 1, column 1, in `colour`: unknown field `colour`, expected one of",
        ),
        (
            "clusters:\n  - {name: a, colour: blue}",
            "line 2, column 15, in `clusters[0].colour`: unknown field `colour`",
        ),
        (
            "behaviour:\n  boot_dela: 5s",
            "line 2, column 3, in `behaviour.boot_dela`: unknown field `boot_dela`",
        ),
        (
            "behaviour: {prices: cheap}",
            "line 1, column 21, in `behaviour.prices`: unknown variant `cheap`",
        ),
        (
            "faults:\n  - {call: clusterz, effect: html_502}",
            "line 2, column 12, in `faults[0].call`: unknown variant `clusterz`",
        ),
        (
            "faults:\n  - call: cluster\n    effect: explode",
            "line 3, column 13, in `faults[0].effect`: unknown variant `explode`",
        ),
        (
            "faults: [{call: cluster, effect: {status: {code: 500, text: a}}}]",
            "line 1, column 55, in `faults[0].effect.status.text`: unknown field `text`",
        ),
        (
            "happenings:\n  - after: 5m\n    what: {rain: {}}",
            "line 3, column 12, in `happenings[0].what`: unknown variant `rain`",
        ),
        (
            "{\"seeds\": 1}",
            "line 1, column 2, in `seeds`: unknown field `seeds`",
        ),
    ];
    for (text, expected) in cases {
        check_refusal(text, expected);
    }
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    let cases = [
        ("seed: many", "line 1, column 7, in `seed`: "),
        ("start: yesterday", "line 1, column 8, in `start`: "),
        (
            "start: 3000-01-24T08:00:00Z",
            "line 1, column 8, in `start`: use a year from 1970",
        ),
        (
            "behaviour:\n  boot_delay: soon",
            "line 2, column 15, in `behaviour.boot_delay`: `soon` is no length",
        ),
        (
            "behaviour: {refusal_status: 99}",
            "line 1, column 29, in `behaviour.refusal_status`: `99` is no status",
        ),
        (
            "access: {token: two words}",
            "line 1, column 17, in `access.token`: use letters",
        ),
        (
            "clusters: [{name: a b}]",
            "line 1, column 19, in `clusters[0].name`: `a b` is no name",
        ),
        (
            "clusters: [{name: a, managers: 10}]",
            "line 1, column 32, in `clusters[0].managers`: 10 is too many",
        ),
        ("clusters: 5", "line 1, column 11, in `clusters`: "),
        (
            "clusters: [{managers: 1}]",
            "line 1, column 13, in `clusters[0]`: missing field `name`",
        ),
        (
            "seed: 1\nseed: 2",
            "line 2, column 1: duplicate mapping key: seed",
        ),
        ("clusters: [", "line "),
        (
            "faults: [{call: cluster, nth: 0, effect: html_502}]",
            "line 1, column 31, in `faults[0].nth`: calls are",
        ),
        (
            "faults: [{call: cluster, every: 0, effect: html_502}]",
            "line 1, column 33, in `faults[0].every`: calls",
        ),
        (
            "faults: [{call: cluster, times: 0, effect: html_502}]",
            "line 1, column 33, in `faults[0].times`: `0` is",
        ),
    ];
    for (text, expected) in cases {
        check_refusal(text, expected);
    }
}

#[test]
fn what_makes_no_sense_as_a_whole_is_refused() {
    let group = "clusters: [{name: a, groups: [{name: web, size: 57}]}]";
    let cases = [
        (
            "clusters:\n  - name: a\n    size: 99",
            "line 3, column 11, in `clusters[0].size`: no size has the number 99; use one of 57, 58, 59",
        ),
        (
            "clusters: [{name: a, groups: [{name: web, size: 1}]}]",
            "line 1, column 49, in `clusters[0].groups[0].size`: no size has the number 1",
        ),
        (
            "vms: [{hostname: a, size: 1}]",
            "line 1, column 27, in `vms[0].size`: no size",
        ),
        (
            "clusters: [{name: a}, {name: a}]",
            "line 1, column 30, in `clusters[1].name`: `a` is there twice",
        ),
        (
            "clusters: [{name: a, workers_without_group: 30000}, {name: b, workers_without_group: 30000}]",
            "line 1, column 60, in `clusters[1].name`: all clusters together",
        ),
        (
            "sizes:\n  - &s {number: 1, name: a, cpu: 1, ram_mb: 1, disk_gb: 1, price: 1}\n  - *s",
            "line 3, column 5, in `sizes[1].number`: 1 is there twice",
        ),
        (
            "sizes: [{number: 1, name: a, cpu: 0, ram_mb: 1, disk_gb: 1, price: 1}]",
            "line 1, column 35, in `sizes[0].cpu`: a machine has at least 1",
        ),
        (
            "sizes: [{number: 1, name: a, cpu: 1, ram_mb: 18446744073709551615, disk_gb: 1, price: 1}]",
            "line 1, column 46, in `sizes[0].ram_mb`: 18446744073709551615 is too many",
        ),
        (
            "faults: [{call: cluster, effect: never_boots}]",
            "line 1, column 34, in `faults[0].effect`: only a call that makes a machine",
        ),
        (
            "faults: [{call: add_worker, effect: stale_list}]",
            "line 1, column 37, in `faults[0].effect`: this call lists nothing",
        ),
        (
            "faults: [{call: cluster, effect: {rate_limited: {retry_after: 500ms}}}]",
            "line 1, column 34, in `faults[0].effect`: Retry-After has whole seconds",
        ),
        (
            "happenings: [{after: 1s, what: {lock: {cluster: b}}}]",
            "line 1, column 49, in `happenings[0].what.lock.cluster`: no cluster is named `b`",
        ),
        (
            "happenings: [{after: 1s, what: {fault: {call: vm, effect: stale_list}}}]",
            "line 1, column 59, in `happenings[0].what.fault.effect`: this call lists nothing",
        ),
    ];
    for (text, expected) in cases {
        check_refusal(text, expected);
    }
    check_refusal(
        &format!("{group}\nhappenings: [{{after: 1s, what: {{add_machine: {{cluster: a, group: db}}}}}}]"),
        "line 2, column 66, in `happenings[0].what.add_machine.group`: no group of this cluster is named `db`",
    );
}

#[test]
fn json_is_read_like_yaml() {
    let json = r#"{"seed": 3, "clusters": [{"name": "a", "groups": [{"name": "web", "size": 57, "workers": 2}]}],
        "behaviour": {"boot_delay": "5s..40s", "worker_cap": 4},
        "faults": [{"call": "cluster", "times": "for_ever", "effect": {"rate_limited": {}}}]}"#;
    assert_eq!(Scenario::read(json).unwrap().seed(), Some(3));
}

#[test]
fn credentials_are_the_usual_ones_unless_the_file_names_others() {
    let read = |text: &str| Scenario::read(text).unwrap().credentials();
    let credentials = |token: &str, id: &str, secret: &str| Credentials {
        token: token.to_owned(),
        client_id: id.to_owned(),
        client_secret: secret.to_owned(),
    };
    assert_eq!(read("{}"), credentials(TOKEN, CLIENT_ID, CLIENT_SECRET));
    assert_eq!(
        read("access: {token: mine}"),
        credentials("mine", CLIENT_ID, CLIENT_SECRET)
    );
}

/// Every field of `behaviour` reaches the behaviour: each value here differs from the usual one.
#[tokio::test(start_paused = true)]
async fn every_behaviour_is_applied() {
    let changes: BTreeMap<&str, Value> = BTreeMap::from([
        ("latency", json!("1s")),
        ("answer_delay", json!("2s")),
        ("list_delay", json!("3s")),
        ("boot_delay", json!("4s..5s")),
        ("join_delay", json!("6s")),
        ("ready_delay", json!("7s")),
        ("removal_delay", json!("8s")),
        ("time_out", json!("9s")),
        ("worker_cap", json!(3)),
        ("refusal_status", json!(200)),
        ("add_reply", json!("object")),
        ("auth_reply", json!("flat")),
        ("auth_encoding", json!("form")),
        ("token_life", json!("5m")),
        ("reports_identifiers", json!(false)),
        ("reports_numbers", json!(false)),
        ("reports_created_on", json!(false)),
        ("zone_on_dates", json!(false)),
        ("clock_skew", json!("-90s")),
        ("reports_status", json!(true)),
        ("reports_roles", json!(true)),
        ("reports_sizes", json!(true)),
        ("reports_addresses_early", json!(true)),
        ("sets_provider_ids", json!(true)),
        ("node_hostnames", json!("lower")),
        ("workers_as_volume_hosts", json!(false)),
        ("volume_hosts_share_identifiers", json!(false)),
        ("volume_host_hostnames", json!("upper")),
        ("volume_host_private_addresses", json!("text")),
        ("workers_as_vms", json!(true)),
        ("vm_projects", json!("camel")),
        ("prices", json!("text")),
        ("totals", json!("absent")),
        ("prefix_aliases", json!(["/v2"])),
    ]);
    let known = names_in_refusal("behaviour: {x: 1}");
    assert_eq!(changes.len(), known.len(), "one value for each of {known:?}");
    let clock = SimClock::starting_at(DateTime::UNIX_EPOCH);
    let usual = shown(&Scenario::read("{}").unwrap(), clock);
    for (name, value) in changes {
        let text = json!({"behaviour": {name: value}}).to_string();
        let changed = shown(&Scenario::read(&text).unwrap(), clock);
        let differing: Vec<&String> = changed.iter().filter(|line| !usual.contains(line)).collect();
        assert_eq!(differing.len(), 1, "{name}: {differing:?}");
        assert!(
            differing[0].trim_start().starts_with(&format!("{name}:")),
            "{name}: {differing:?}"
        );
    }
}

/// Lists the fields of a scenario's behaviour, one text each.
fn shown(scenario: &Scenario, clock: SimClock) -> Vec<String> {
    let mut text = String::new();
    scenario
        .build(clock, 1)
        .behaviour(|behaviour| text = format!("{behaviour:?}"));
    // Only fields follow a comma and a blank with a name of their own; parts of durations do not matter here.
    let fields = names_in_refusal("behaviour: {x: 1}");
    let mut starts: Vec<usize> = fields
        .iter()
        .map(|name| text.find(&format!("{name}: ")).unwrap())
        .collect();
    starts.sort_unstable();
    starts.push(text.len());
    starts
        .windows(2)
        .map(|pair| text[pair[0]..pair[1]].to_owned())
        .collect()
}

/// Returns the names that a refusal offers instead of a wrong one.
fn names_in_refusal(text: &str) -> Vec<String> {
    let error = Scenario::read(text).unwrap_err().to_string();
    let (_, names) = error
        .split_once("expected one of ")
        .unwrap_or_else(|| panic!("{error}"));
    names
        .split(", ")
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

/// The manual names every field, call, effect and happening, and its examples can be read.
#[test]
fn manual_is_complete_and_its_examples_work() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/simulated-cloud.md");
    let manual = std::fs::read_to_string(path).unwrap();
    let wrong_ones = [
        "x: 1",
        "access: {x: 1}",
        "sizes: [{x: 1}]",
        "sizes: [{category: x}]",
        "datacenters: [{x: 1}]",
        "clusters: [{x: 1}]",
        "clusters: [{groups: [{x: 1}]}]",
        "vms: [{x: 1}]",
        "vms: [{state: x}]",
        "behaviour: {x: 1}",
        "faults: [{x: 1}]",
        "faults: [{call: x}]",
        "faults: [{effect: x}]",
        "happenings: [{what: x}]",
        "tags: [{x: 1}]",
    ];
    for wrong in wrong_ones {
        for name in names_in_refusal(wrong) {
            assert!(
                manual.contains(&format!("`{name}`")),
                "the manual lacks `{name}`, offered for {wrong}"
            );
        }
    }
    let examples: Vec<&str> = manual
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() >= 3, "the manual has examples");
    for example in examples {
        Scenario::read(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios")).unwrap();
    for file in files {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(
            manual.contains(&format!("{name}`")),
            "the manual lacks the example {name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn planned_things_wake_the_world() {
    let scenario =
        Scenario::read("{clusters: [{name: a}], happenings: [{after: 5m, what: {lock: {cluster: a}}}]}");
    let clock = SimClock::starting_at(DateTime::UNIX_EPOCH);
    let cloud = scenario.unwrap().build(clock, 1);
    let at = clock.now() + chrono::Duration::minutes(5);
    assert_eq!(cloud.next_change_after(clock.now()), Some(at));
    clock.sleep(Duration::from_secs(300)).await;
    assert_eq!(cloud.next_change_after(at), None);
    assert!(cloud.clusters()[0].1.locked);
}
