//! `plan` and `explain pod` on files, as a person runs them: golden answers, the schema, and what is refused.

#[path = "program/running.rs"]
mod program;
#[path = "plan/readings.rs"]
mod readings;
#[path = "plan/removals.rs"]
mod removals;

use std::path::{Path, PathBuf};

use program::{run, text};
use serde_json::{Value, json};

/// The time of the golden plans.
const NOW: [&str; 2] = ["--now", "2026-11-21T20:00:00Z"];

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan");
    folder.join(name).display().to_string()
}

/// Runs a command that succeeds, and returns what it prints and complains of.
#[track_caller]
fn told(arguments: &[&str], input: &str) -> (String, String) {
    let output = run(arguments, input);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    (text(&output.stdout), message)
}

/// Plans with the golden cluster and more arguments.
#[track_caller]
fn golden(command: &[&str], more: &[&str]) -> (String, String) {
    let (cluster, offers) = (file("cluster.yaml"), file("offers.json"));
    let files = ["--from", &cluster, "--offers", &offers];
    told(&[command, &files, &NOW, more].concat(), "")
}

/// Plans with objects on standard input, and the golden offers.
#[track_caller]
fn planned(objects: &[Value]) -> Value {
    let documents: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let offers = file("offers.json");
    let arguments = [&["plan", "--from", "-", "--offers", &offers], &NOW[..]].concat();
    let (result, _) = told(&arguments, &documents.join("\n"));
    let plan: Value = serde_json::from_str(&result).expect("one JSON object");
    assert_valid(&plan);
    plan
}

#[track_caller]
fn assert_valid(plan: &Value) {
    let (schema, _) = told(&["plan", "--schema"], "");
    let schema: Value = serde_json::from_str(&schema).expect("a JSON Schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(plan)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

/// SC-20: every outcome, as JSON that the schema describes.
#[test]
fn plan_is_printed_as_json() {
    let (plan, notes) = golden(&["plan"], &[]);
    insta::assert_snapshot!("plan.json", plan);
    insta::assert_snapshot!("plan_notes", notes);
    assert_valid(&serde_json::from_str(&plan).expect("one JSON object"));
}

/// SC-20: the same as tables and in sentences.
#[test]
fn plan_is_printed_for_a_person() {
    insta::assert_snapshot!("plan_table", golden(&["plan"], &["--output", "table"]).0);
    insta::assert_snapshot!("plan_text", golden(&["plan"], &["--output", "text"]).0);
}

/// SC-20: the schema is stable.
#[test]
fn schema_is_stable() {
    insta::assert_snapshot!("schema.json", told(&["plan", "--schema"], "").0);
}

/// SC-20: documents in another order, in several files, and on standard input give the same bytes.
#[test]
fn order_and_files_change_nothing() {
    let whole = std::fs::read_to_string(file("cluster.yaml")).expect("it is there");
    let mut documents: Vec<&str> = whole.split("\n---\n").collect();
    documents.reverse();
    let (expected, _) = golden(&["plan"], &[]);
    let offers = file("offers.json");
    let end = ["--offers", &offers];
    let reversed = documents.join("\n---\n");
    let from_input = [&["plan", "--from", "-"], &end[..], &NOW].concat();
    assert_eq!(told(&from_input, &reversed).0, expected);
    let folder = tempfile::tempdir().expect("a folder");
    let paths: Vec<PathBuf> = (0..documents.len())
        .map(|number| folder.path().join(format!("{number}.yaml")))
        .collect();
    let mut arguments = vec!["plan"];
    for (path, document) in paths.iter().zip(&documents) {
        std::fs::write(path, document).expect("it can be written");
        arguments.extend(["--from", path.to_str().expect("it is text")]);
    }
    arguments.extend(end);
    arguments.extend(NOW);
    assert_eq!(told(&arguments, "").0, expected);
}

/// SC-21: what is said of one pod, in sentences and as JSON, comes from the same plan.
#[test]
fn pod_is_explained() {
    for pod in ["big-1", "web-3", "web-1", "small-1", "young-1", "store-1"] {
        let name = format!("shop/{pod}");
        let (sentences, _) = golden(&["explain", "pod", &name], &[]);
        insta::assert_snapshot!(format!("explain_{pod}"), sentences);
    }
    let (explained, _) = golden(&["explain", "pod", "shop/web-3", "--output", "json"], &[]);
    let explained: Value = serde_json::from_str(&explained).expect("one JSON object");
    let (plan, _) = golden(&["plan"], &[]);
    let plan: Value = serde_json::from_str(&plan).expect("one JSON object");
    let mut lines = plan["pods"].as_array().expect("a list").iter();
    let line = lines.find(|line| line["pod"] == "shop/web-3");
    let mut line = line.expect("it is there").clone();
    for added in ["scaleUp", "why"] {
        line[added] = explained[added].clone();
    }
    let answers = explained["why"]["groups"].as_array().expect("a list").iter();
    let misfits: Vec<usize> = answers
        .map(|group| group["misfits"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(misfits, [1, 1, 0], "{explained:#}");
    assert_eq!(explained, line);
    assert!(explained["scaleUp"]["pods"].to_string().contains("shop/web-3"));
}

/// Checks how a run ends and that its message says each of these words.
#[track_caller]
fn check_refused(arguments: &[&str], input: &str, words: &[&str]) {
    let output = run(arguments, input);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    for word in words {
        assert!(message.contains(word), "no `{word}` in: {message}");
    }
    assert_eq!(text(&output.stdout), "", "a failure prints no result");
}

/// SC-20: bad input ends with 2 and says what to write instead.
#[test]
fn bad_input_is_refused() {
    let offers = file("cluster.yaml");
    check_refused(
        &["plan", "--from", "-"],
        "a: [",
        &["the objects -", "neither YAML nor JSON"],
    );
    check_refused(&["plan", "--from", "-"], "{\"a\": 1}", &["it has no `kind`"]);
    check_refused(
        &["plan", "--from", "/nonexistent"],
        "",
        &["reading the objects /nonexistent"],
    );
    check_refused(
        &["plan", "--from", "-", "--offers", &offers],
        "",
        &["the offers", "POST /k8s/offers"],
    );
    check_refused(
        &["plan", "--from", "-", "--now", "today"],
        "",
        &["2026-11-21T20:00:00Z"],
    );
    check_refused(
        &["plan", "--from", "-", "--output", "xml"],
        "",
        &["json, table, text"],
    );
    check_refused(
        &["explain", "pod", "web-1", "--from", "-"],
        "",
        &["write NAMESPACE/NAME"],
    );
    check_refused(
        &["explain", "pod", "shop/web-1", "--from", "-"],
        "",
        &["there is no pod shop/web-1"],
    );
    let cluster = file("cluster.yaml");
    let explain = |name| ["explain", "pod", name, "--from", &cluster].map(str::to_owned);
    for (name, word) in [
        ("shop/db-0", "it is on the Node hel-kubernetes-49ab-slave-11cc"),
        ("shop/ended-1", "it has ended"),
    ] {
        let arguments = explain(name);
        check_refused(&arguments.each_ref().map(String::as_str), "", &[word]);
    }
}

/// SC-20: a plan of nothing is a plan.
#[test]
fn empty_plan_ends_well() {
    let empty = json!({"scaleUp": [], "pods": [], "scaleDown": [], "nodes": []});
    assert_eq!(planned(&[]), empty);
}
