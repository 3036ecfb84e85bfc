//! `plan` and `explain pod` on files, as a person runs them: golden answers, the schema, and what is refused.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// The time of the golden plans.
const NOW: [&str; 2] = ["--now", "2026-11-21T20:00:00Z"];

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan");
    folder.join(name).display().to_string()
}

/// Runs the program with these arguments and this standard input.
fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    let mut pipe = child.stdin.take().expect("it is piped");
    // A program that ends without reading closes its input, which is no failure of the test.
    drop(pipe.write_all(input.as_bytes()));
    drop(pipe);
    child.wait_with_output().expect("the program ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program prints UTF-8")
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
    line["scaleUp"] = explained["scaleUp"].clone();
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

fn group(name: &str, size: i64, max: i64) -> Value {
    json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "NodeGroup",
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"autoscaler.vpsie.com/managed": "true"}},
        "spec": {"minNodes": 0, "maxNodes": max, "datacenterID": "hel", "offeringIDs": ["x"], "kubeSizeID": size},
    })
}

fn vpsie_node(name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "VPSieNode",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"vpsieInstanceID": 0, "instanceType": "x", "nodeGroupName": "workers", "datacenterID": "hel"},
        "status": {"phase": phase},
    })
}

fn pod(name: &str, cpu: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]},
    });
    change(&mut pod);
    pod
}

fn config(settings: &Value) -> Value {
    json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "AutoscalerConfig",
        "metadata": {"name": "default"}, "spec": {"globalSettings": settings},
    })
}

/// Tells of each pod its outcome, and the first word that explains it.
fn outcomes(plan: &Value) -> Vec<String> {
    let pods = plan["pods"].as_array().expect("a list").iter();
    pods.map(|line| {
        let words = [
            &line["outcome"],
            &line["on"],
            &line["reason"],
            &line["misfits"][0]["reason"],
        ];
        let words: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        words.join(" ")
    })
    .collect()
}

/// SC-4: without a Ready Node a new one has what is offered less at most 20 %, and 110 pods; with one, what that has.
#[test]
fn capacity_is_learned_else_offered() {
    let small = pod("a", "1600m", |_| {});
    let workers = group("workers", 57, 3);
    let plan = planned(&[workers.clone(), small.clone()]);
    assert_eq!(outcomes(&plan), ["new-node kube-system/workers#1"]);
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "n1", "labels": {"autoscaler.vpsie.com/nodegroup": "workers"}},
        "status": {"allocatable": {"cpu": "1500m", "memory": "3Gi", "pods": "110"}, "conditions": [{"type": "Ready", "status": "True"}]},
    });
    assert_eq!(
        outcomes(&planned(&[workers, small, node])),
        ["unhelpable insufficient-cpu"]
    );
}

/// SC-6: a group whose size is not among the offers is never bought from; without any offers none is.
#[test]
fn size_that_is_not_offered_is_not_bought() {
    let waiting = pod("a", "1", |_| {});
    let plan = planned(&[group("old", 12, 3), waiting.clone()]);
    assert_eq!(outcomes(&plan), ["unhelpable unknown-size"]);
    let documents = format!("{}\n{}", group("workers", 57, 3), waiting);
    let (result, _) = told(&["plan", "--from", "-"], &documents);
    let plan = serde_json::from_str(&result).expect("one JSON object");
    assert_eq!(outcomes(&plan), ["unhelpable unknown-size"]);
}

/// SC-5: the cheapest is what costs least in all for the pods taken; the price of all nodes is told.
#[test]
fn cheapest_of_all_is_bought() {
    let pods = [
        pod("a", "900m", |_| {}),
        pod("b", "900m", |_| {}),
        pod("c", "100m", |_| {}),
    ];
    let groups = [group("advanced", 57, 9), group("basic", 58, 9)];
    let plan = planned(&[&groups[..], &pods[..]].concat());
    let growth = &plan["scaleUp"][0];
    let told = (&growth["nodeGroup"], &growth["count"], &growth["pricePerHour"]);
    assert_eq!(told, (&json!("kube-system/advanced"), &json!(1), &json!(0.0329)));
}

/// SC-2: instance type is the name of the offer, the zone is the data centre, and labels of the group override both.
#[test]
fn labels_of_new_nodes_are_implied() {
    let asks = |key: &str, value: &str| {
        let selector = json!({key: value});
        pod("a", "1", |pod| pod["spec"]["nodeSelector"] = selector)
    };
    let workers = group("workers", 57, 3);
    for (key, value) in [
        ("node.kubernetes.io/instance-type", "Advanced"),
        ("topology.kubernetes.io/zone", "hel"),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
    ] {
        let plan = planned(&[workers.clone(), asks(key, value)]);
        assert_eq!(outcomes(&plan), ["new-node kube-system/workers#1"], "{key}");
    }
    let mut labelled = workers;
    labelled["spec"]["labels"] = json!({"topology.kubernetes.io/zone": "rack-7"});
    let asking = asks("topology.kubernetes.io/zone", "hel");
    assert_eq!(
        outcomes(&planned(&[labelled, asking])),
        ["unhelpable node-selector"]
    );
}

/// LC-41: a node without an id is coming, and a Failed one is not; both count towards the maximum.
#[test]
fn coming_node_is_used_and_a_failed_one_is_not() {
    let with = |phase: &str, max| {
        let objects = [
            group("workers", 57, max),
            vpsie_node("workers-1", phase),
            pod("a", "1", |_| {}),
        ];
        outcomes(&planned(&objects))
    };
    assert_eq!(with("Provisioning", 1), ["incoming workers-1"]);
    assert_eq!(with("Pending", 1), ["incoming workers-1"]);
    assert_eq!(with("Failed", 2), ["new-node kube-system/workers#1"]);
    assert_eq!(with("Failed", 1), ["unhelpable group-at-maximum"]);
}

/// SC-1, SC-6: the settings of the cluster hold; what they do not say is the default of the table; without any, pods
/// wait for 30 s and workers have no limit.
#[test]
fn settings_hold_or_the_defaults_do() {
    let young = |pod: &mut Value| {
        pod["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-11-21T19:59:31Z");
    };
    let with = |settings: Option<Value>| {
        let mut objects = vec![group("workers", 57, 20), pod("a", "1", young)];
        objects.extend((0..11).map(|number| pod(&format!("b{number:02}"), "1800m", |_| {})));
        objects.extend(settings.as_ref().map(config));
        let plan = planned(&objects);
        let bought = plan["scaleUp"][0]["count"].as_u64();
        (outcomes(&plan)[0].clone(), bought)
    };
    let young = "ignored within-grace".to_owned();
    assert_eq!(with(None), (young.clone(), Some(11)));
    assert_eq!(with(Some(json!({}))), (young.clone(), Some(10)));
    let none = json!({"maxClusterWorkers": 0, "unschedulablePodGracePeriodSeconds": 0});
    assert_eq!(
        with(Some(none)),
        ("new-node kube-system/workers#1".to_owned(), Some(12))
    );
    assert_eq!(with(Some(json!({"maxClusterWorkers": 2}))), (young, Some(2)));
}

/// SC-7: a policy that is switched off buys nothing for pods, and says so.
#[test]
fn policy_that_is_off_is_told() {
    let mut off = group("workers", 57, 3);
    off["spec"]["scaleUpPolicy"] = json!({"enabled": false});
    let plan = planned(&[off, pod("a", "1", |_| {})]);
    assert_eq!(outcomes(&plan), ["unhelpable scale-up-disabled"]);
}

/// SC-3: what is no pod or group is named with what is wrong, and the others are planned.
#[test]
fn broken_objects_are_named_and_the_others_planned() {
    let mut broken = group("broken", 57, 3);
    broken["spec"]["minNodes"] = json!("many");
    let odd = pod("b", "1", |pod| pod["spec"]["containers"] = json!("none"));
    let plan = planned(&[
        group("workers", 57, 3),
        broken,
        pod("a", "1", |_| {}),
        odd,
        pod("c", "99", |_| {}),
    ]);
    assert_eq!(
        outcomes(&plan),
        [
            "new-node kube-system/workers#1",
            "unhelpable pod-unreadable",
            "unhelpable group-unreadable"
        ]
    );
    assert!(plan["pods"][1]["wouldHelp"].to_string().contains("invalid type"));
    assert!(
        plan["pods"][2]["misfits"][0]["needs"]
            .to_string()
            .contains("many")
    );
}
