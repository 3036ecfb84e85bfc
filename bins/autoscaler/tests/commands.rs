//! The commands that need nothing outside: `demo`, `crd` and `match`, as a person runs them.

#[path = "program/running.rs"]
mod program;

use std::io::Write as _;
use std::process::Output;

use program::{run, text};
use serde_json::{Value, json};

/// Checks how a run ends and that its message says each of these words.
#[track_caller]
fn check_failure(output: &Output, code: i32, words: &[&str]) {
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    for word in words {
        assert!(message.contains(word), "no `{word}` in: {message}");
    }
    assert_eq!(text(&output.stdout), "", "a failure prints no result");
}

fn demo(arguments: &[&str]) -> (Option<i32>, Value) {
    let fixed = ["demo", "--speed", "max", "--output", "json"];
    let output = run(&[&fixed, arguments].concat(), "");
    let summary = serde_json::from_slice(&output.stdout);
    (
        output.status.code(),
        summary.expect("one JSON object and nothing else"),
    )
}

/// Takes away what differs from run to run.
fn without_wall_time(mut summary: Value) -> Value {
    summary.as_object_mut().expect("an object").remove("wallSeconds");
    summary
}

/// Done when: the demo ends with 0 mismatched, 0 leaked, 0 bought twice, whatever the seed.
#[test]
fn demo_keeps_every_invariant_and_says_so_in_numbers() {
    for seed in ["1", "2", "3", "7", "42"] {
        let (code, summary) = demo(&["--seed", seed]);
        assert_eq!(code, Some(0), "seed {seed}: {summary}");
        for key in ["mismatched", "leaked", "boughtTwice", "labelsMissing"] {
            assert_eq!(summary[key], 0, "seed {seed}: {key} in {summary}");
        }
        assert!(summary["claims"].as_u64() > Some(0), "seed {seed}: {summary}");
        assert_eq!(summary["matched"], summary["claims"], "seed {seed}");
        assert_eq!(summary["failed"], 1, "seed {seed}: the machine that never joins");
        check_burst(&summary["burst"]);
        let worlds = summary["worlds"].as_array().expect("the named worlds");
        assert_eq!(worlds.len(), named_worlds().len(), "seed {seed}");
        worlds.iter().for_each(check_world);
        for key in ["virtualSeconds", "wallSeconds"] {
            assert!(
                summary[key].as_f64() > Some(0.0),
                "seed {seed}: {key} in {summary}"
            );
        }
    }
}

/// SC-4, SC-26: the pods of the story are all bound, on as many nodes as they need and no more; one says why it is not.
#[track_caller]
fn check_burst(burst: &Value) {
    for (key, number) in [("pods", 12), ("bound", 12), ("nodes", 4), ("nodesTooMany", 0)] {
        assert_eq!(burst[key], number, "{key} in {burst}");
    }
    assert!(burst["seconds"].as_u64() > Some(0), "{burst}");
    let refusal = burst["refusal"].as_str().expect("a sentence");
    assert!(refusal.contains("insufficient-cpu: needs 64"), "{refusal}");
}

/// SC-8: the story says in words what became of the pods, and that requests for machines leave together.
#[test]
fn story_tells_of_the_pods_that_wait() {
    let output = run(&["demo", "--speed", "max"], "");
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output.stdout);
    for words in [
        "a person starts 12 pods",
        "pods wait for Nodes",
        "jobs-4 is Ready",
        "12 pods are on 4 new nodes",
        "none of the nodes was too many",
        "job-huge waits for a person: no NodeGroup helps",
        "of these, too many                       0",
    ] {
        assert!(told.contains(words), "no `{words}` in: {told}");
    }
    let asked = told
        .lines()
        .filter(|line| line.contains("jobs-") && line.ends_with("is Provisioning"));
    let times: Vec<&str> = asked.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(times.len(), 4, "{told}");
    let seconds = |time: &str| {
        let (minutes, seconds) = time.split_once(':').expect("a time");
        let number = |text: &str| text.parse::<u32>().expect("a number");
        number(minutes) * 60 + number(seconds)
    };
    let apart = seconds(times[3]) - seconds(times[0]);
    assert!(apart <= 1, "their machines are asked for side by side: {times:?}");
}

/// Returns the names that `--world list` prints.
fn named_worlds() -> Vec<String> {
    let list = text(&run(&["demo", "--world", "list"], "").stdout);
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// Checks what came of one named world, and that something did.
#[track_caller]
fn check_world(world: &Value) {
    assert_eq!(world["findings"], json!([]), "{world}");
    for key in [
        "mismatched",
        "leaked",
        "boughtTwice",
        "labelsMissing",
        "wronglyRemoved",
        "machinesLeft",
    ] {
        assert_eq!(world[key], 0, "{key} in {world}");
    }
    assert!(world["matched"].as_u64() > Some(0), "{world}");
    assert!(world["foreign"].as_u64() > Some(0), "{world}");
    assert_eq!(world["leftAlone"], world["foreign"], "{world}");
}

/// N1, R2, R5, R7, I5, I7: what misled earlier rule sets misleads nobody, each world by itself.
#[test]
fn every_named_world_ends_clean() {
    let names = named_worlds();
    assert!(names.len() >= 8, "{names:?}");
    let (code, all) = demo(&["--world", "all", "--seed", "9"]);
    assert_eq!(code, Some(0), "{all}");
    let worlds = all["worlds"].as_array().expect("a list");
    let played: Vec<&str> = worlds
        .iter()
        .filter_map(|world| world["world"].as_str())
        .collect();
    assert_eq!(played, names);
    worlds.iter().for_each(check_world);

    let output = run(&["demo", "--world", &names[0]], "");
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output.stdout);
    assert!(told.starts_with(&names[0]) && told.lines().count() == 1, "{told}");
}

/// The check of a named world is no decoration either.
#[test]
fn every_named_world_with_a_wrong_match_ends_with_failure() {
    for name in named_worlds() {
        let (code, summary) = demo(&["--world", &name, "--wrong-match"]);
        assert_eq!(code, Some(1), "{name}: {summary}");
        let world = &summary["worlds"][0];
        assert!(world["mismatched"].as_u64() >= Some(1), "{summary}");
        assert!(
            world["leftAlone"].as_u64() < world["foreign"].as_u64(),
            "{summary}"
        );
    }
}

/// The same seed tells the same story.
#[test]
fn demo_of_one_seed_is_the_same_each_time() {
    let first = without_wall_time(demo(&["--seed", "5"]).1);
    assert_eq!(first, without_wall_time(demo(&["--seed", "5"]).1));
    assert_ne!(
        first,
        without_wall_time(demo(&["--seed", "6"]).1),
        "the seed matters"
    );
}

/// The check is no decoration: a wrong match is seen, and the exit code says so.
#[test]
fn demo_with_a_wrong_match_ends_with_failure() {
    let (code, summary) = demo(&["--wrong-match"]);
    assert_eq!(code, Some(1), "{summary}");
    assert!(summary["mismatched"].as_u64() >= Some(1), "{summary}");

    let output = run(&["demo", "--speed", "max", "--wrong-match"], "");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    for finding in summary["findings"].as_array().expect("a list") {
        let finding = finding.as_str().expect("a sentence");
        assert!(told.contains(finding), "no `{finding}` in: {told}");
    }
}

/// durations with which two replicas could lead, or none could act, are refused before anything is asked.
#[test]
fn durations_that_do_not_make_an_election_are_refused() {
    let table = [
        (["--lease-duration", "10"], "1.1 times as long"),
        (["--lease-renew-deadline", "5"], "too short"),
        (["--lease-retry", "0.0"], "0.1 to 3600"),
    ];
    for (option, words) in table {
        let output = run(&["run", option[0], option[1]], "");
        check_failure(&output, 2, &[words]);
    }
}

/// The printed definitions are those that are deployed.
#[test]
fn crd_prints_the_deployed_definitions() {
    let output = run(&["crd"], "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), include_str!("../../../deploy/crd.yaml"));
}

/// Snapshot of the requirement, shortened: one claim, one machine, one Node.
fn snapshot() -> Value {
    json!({
        "now": "2026-01-24T08:10:00Z",
        "settings": { "discoveryTimeoutSeconds": 900, "clockSkewSeconds": 120, "anonymous": true },
        "groups": [{ "cluster": "0d6c", "id": 412, "cpu": 2, "ramMb": 4096, "diskGb": 80, "nodesCount": 2 }],
        "claims": [{ "uid": "c1", "namespace": "kube-system", "name": "my-node", "cluster": "0d6c", "group": 412,
            "creationRequested": true, "requestedAt": "2026-01-24T08:05:00Z", "baseline": ["2a7e", "71002"],
            "baselineComplete": true, "instanceId": 0, "addresses": [] }],
        "machines": [{ "id": 71003, "identifier": "4c1f", "cluster": "0d6c", "hostname": "my-node-k8s-worker",
            "addresses": ["198.51.100.12", "10.0.0.4"], "status": "running", "createdAt": "2026-01-24T08:06:00Z",
            "cpu": 2, "ramMb": 4096, "diskGb": 80 }],
        "nodes": [{ "uid": "n1", "name": "my-node-k8s-worker", "addresses": ["10.0.0.4"],
            "createdAt": "2026-01-24T08:07:30Z", "controlPlane": false, "labels": {}, "cpu": 2, "ramMb": 4096 }]
    })
}

fn file_with(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(content.as_bytes()).expect("it can be written");
    file
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path of plain text")
}

/// D4, M1: a snapshot from a file and from standard input give the same answer.
#[test]
fn match_answers_for_a_file_and_for_standard_input() {
    let snapshot = snapshot().to_string();
    let file = file_with(&snapshot);
    let output = run(&["match", "--from", path(&file)], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let claim = &answer["claims"][0];
    assert_eq!(
        (&claim["verdict"], &claim["machine"]["id"]),
        (&json!("matched"), &json!(71003))
    );
    assert_eq!(claim["node"], "my-node-k8s-worker");
    assert_eq!(claim["evidence"][0]["kind"], "hostname-pattern");
    for left_over in ["machines", "nodes"] {
        assert_eq!(answer["unexplained"][left_over], json!([]));
    }

    assert_eq!(run(&["match", "--from", "-"], &snapshot).stdout, output.stdout);
    let table = run(&["match", "--from", "-", "--output", "table"], &snapshot);
    assert!(text(&table.stdout).contains("my-node-k8s-worker"));
}

/// What is not matched is explained in both forms: as values with sentences, and in sentences below the table.
#[test]
fn match_says_why_a_claim_is_not_matched() {
    let mut waiting = snapshot();
    waiting["machines"][0]["status"] = json!("installing");
    // As VPSie names them itself: by its name the Node alone would be matched.
    waiting["machines"][0]["hostname"] = json!("hel-x");
    waiting["nodes"][0]["name"] = json!("hel-x");
    let waiting = waiting.to_string();
    let output = run(&["match", "--from", "-"], &waiting);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let claim = &answer["claims"][0];
    assert_eq!(
        (&claim["verdict"], &claim["explanation"]["missing"]["kind"]),
        (&json!("waiting"), &json!("running")),
        "{claim}"
    );
    let sentences = claim["explanation"]["sentences"].as_array().expect("a list");
    assert_eq!(
        sentences.first(),
        Some(&json!(
            "Waiting: its machine is there but does not run yet; 1 machine was considered:"
        ))
    );
    let table = text(&run(&["match", "--from", "-", "--output", "table"], &waiting).stdout);
    for sentence in sentences {
        let sentence = sentence.as_str().expect("text");
        assert!(table.contains(sentence), "{sentence} is not in: {table}");
    }
}

/// Bad input: one clear message, code 2.
#[test]
fn match_says_what_is_wrong_with_a_snapshot() {
    let malformed = file_with("{\n  \"now\": \"2026-01-24T08:10:00Z\",\n  nonsense\n}");
    check_failure(
        &run(&["match", "--from", path(&malformed)], ""),
        2,
        &["line 3", path(&malformed)],
    );
    check_failure(&run(&["match", "--from", "-"], ""), 2, &["empty", "--schema"]);
    check_failure(
        &run(&["match", "--from", "/no/such/file.json"], ""),
        2,
        &["/no/such/file.json"],
    );
    let mut unknown = snapshot();
    unknown["claims"][0]["colour"] = json!("red");
    check_failure(
        &run(&["match", "--from", "-"], &unknown.to_string()),
        2,
        &["colour"],
    );
}

#[test]
fn match_prints_its_schema() {
    let output = run(&["match", "--schema"], "");
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for field in ["now", "claims", "machines", "nodes"] {
        assert!(schema["properties"][field].is_object(), "{field} in {schema}");
    }
}

/// Bad input, NS-24: what the command line does not know ends with 2 and says so; nothing switches node states on or off.
#[test]
fn wrong_arguments_end_with_two() {
    let cases: [(&[&str], &str); 8] = [
        (&["run", "--colour"], "--colour"),
        (&["run", "--node-states"], "--node-states"),
        (&["dance"], "dance"),
        (&["match"], "--from"),
        (&["demo", "--speed", "fast"], "max"),
        (&["demo", "--world", "atlantis"], "replaced-masters"),
        (&["run", "--poll-interval-seconds", "0"], "0"),
        (&["run", "--vpsie-calls-per-minute", "5"], "5"),
    ];
    for (arguments, word) in cases {
        check_failure(&run(arguments, ""), 2, &[word]);
    }
}

/// The Deployment of `deploy/` sets nothing that the program does not read.
#[test]
fn deployment_speaks_the_words_of_the_program() {
    let documents = kit::deploy::documents("deployment.yaml");
    let deployment = documents.iter().find(|one| one["kind"] == "Deployment");
    let container = &deployment.expect("there is one")["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["args"], json!(["run"]));
    let help = text(&run(&["run", "--help"], "").stdout);
    let variables: Vec<&str> = container["env"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|variable| variable["name"].as_str())
        .collect();
    assert!(!variables.is_empty(), "{container}");
    for variable in variables {
        assert!(
            help.contains(&format!("[env: {variable}=")),
            "{variable} is not in: {help}"
        );
    }
}
