//! The configuration of `run` as a process reads it: flag, environment, file, default, and the sample of `deploy/`.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Output};

/// Fields of the sample that differ from the defaults, for a pod needs them so.
const DIFFERENT: [(&str, &str); 2] = [("listen", "0.0.0.0:8080"), ("log-format", "json")];
/// Fields without a default; what the sample shows for them is what holds without them, or an example.
const WITHOUT_DEFAULT: [&str; 8] = [
    "discovery-alert-webhook",
    "discovery-selector",
    "kubeconfig",
    "leader-election-namespace",
    "log-level",
    "node-name",
    "otlp-endpoint",
    "vpsie-url",
];

/// Environment variables and their values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// Runs `run` with these variables and no others.
fn run(variables: Variables<'_>, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .env_clear()
        .envs(variables.iter().copied())
        .arg("run")
        .args(arguments)
        .output()
        .expect("the program was built for this test")
}

fn file_with(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("it can be written");
    file
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path of plain text")
}

/// The configuration that holds: each field with its value, and where that comes from.
fn printed(variables: Variables<'_>, arguments: &[&str]) -> BTreeMap<String, (String, String)> {
    let output = run(variables, &[arguments, &["--print-config"]].concat());
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let fields = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (field, rest) = line.split_once(": ").expect("a field and its value");
        let (value, source) = rest.rsplit_once(" # ").expect("a source");
        let value: Value = serde_json::from_str(value).expect("a value");
        let value = value.as_str().map_or(value.to_string(), str::to_owned);
        (field.to_owned(), (value, source.to_owned()))
    });
    fields.collect()
}

/// P2: the discovery timeout, and so every setting, by flag, environment, file and default, in this order.
#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let file = file_with("discovery-timeout-seconds: 600\nlog-format: json\nlease-retry: 1\n");
    let variables = [
        ("DISCOVERY_TIMEOUT_SECONDS", "500"),
        ("AUTOSCALER_LOG_FORMAT", "text"),
    ];
    let named = [("AUTOSCALER_CONFIG", path(&file))];
    let both = [variables.as_slice(), &named].concat();
    let flag = ["--discovery-timeout-seconds", "400"];
    let table: [(Variables<'_>, &[&str], (&str, &str)); 6] = [
        (&[], &[], ("900", "default")),
        (&named, &[], ("600", "file")),
        (&[], &["--config", path(&file)], ("600", "file")),
        (&both, &[], ("500", "environment")),
        (&both, &flag, ("400", "flag")),
        (&named, &flag, ("400", "flag")),
    ];
    for (variables, arguments, (value, source)) in table {
        let all = printed(variables, arguments);
        let expected = (value.to_owned(), source.to_owned());
        assert_eq!(
            all["discovery-timeout-seconds"], expected,
            "{variables:?} {arguments:?}"
        );
    }
    let all = printed(&both, &[]);
    assert_eq!(
        all["log-format"],
        ("text".to_owned(), "environment".to_owned()),
        "a flag of all commands"
    );
    assert_eq!(all["lease-retry"], ("1".to_owned(), "file".to_owned()));
}

/// P2: a file that cannot be used ends the process with 2 before anything is asked, and the message names it.
#[test]
fn bad_files_end_with_two_and_say_what_is_wrong() {
    let unknown = file_with("listen: ''\ncolour: red\n");
    let wrong = file_with("# Too short.\ndiscovery-timeout-seconds: 1\n");
    let election = file_with("lease-duration: 10\n");
    let no_text = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(no_text.path(), [0xff, 0xfe]).expect("it can be written");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path().to_str().expect("a path of plain text");
    let table: [(&str, &[&str]); 6] = [
        ("/no/such/config.yaml", &["/no/such/config.yaml", "No such file"]),
        (folder, &[folder, "directory"]),
        (path(&no_text), &[path(&no_text), "UTF-8"]),
        (
            path(&unknown),
            &[path(&unknown), "line 2: unknown field `colour`"],
        ),
        (
            path(&wrong),
            &[
                path(&wrong),
                "line 2: ",
                "`discovery-timeout-seconds`: 1 is not in 60..=86400",
            ],
        ),
        (path(&election), &["1.1 times as long"]),
    ];
    for (file, words) in table {
        for more in [[].as_slice(), &["--print-config"]] {
            let by_flag = run(&[], &[&["--config", file], more].concat());
            let by_variable = run(&[("AUTOSCALER_CONFIG", file)], more);
            for output in [by_flag, by_variable] {
                let message = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(2), "{message}");
                assert!(output.stdout.is_empty(), "a failure prints no result");
                for word in words {
                    assert!(message.contains(word), "no {word:?} in: {message}");
                }
            }
        }
    }
}

/// Bad input: a duration that cannot be is refused at the start with the name of its field, wherever it is said.
#[test]
fn impossible_durations_are_refused_by_their_name() {
    let is_duration = |field: &String| {
        field.ends_with("-seconds") || field.ends_with("-days") || field.starts_with("lease-")
    };
    let durations: Vec<String> = printed(&[], &[]).into_keys().filter(is_duration).collect();
    assert!(durations.len() >= 15, "{durations:?}");
    let refused = |variables: Variables<'_>, arguments: &[&str], field: &str| {
        let output = run(variables, &[arguments, &["--print-config"]].concat());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{field}: {message}");
        assert!(message.contains(field), "no {field:?} in: {message}");
    };
    for field in &durations {
        for wrong in ["-1", "4000000000", "soon"] {
            refused(&[], &[&format!("--{field}={wrong}")], field);
            let file = file_with(&format!("{field}: {wrong}\n"));
            refused(&[("AUTOSCALER_CONFIG", path(&file))], &[], &format!("`{field}`"));
        }
    }
    for wrong in ["-1", "4000000000", "soon", ""] {
        refused(
            &[("DISCOVERY_TIMEOUT_SECONDS", wrong)],
            &[],
            "--discovery-timeout-seconds",
        );
        refused(
            &[("JOINING_TIMEOUT_SECONDS", wrong)],
            &[],
            "--joining-timeout-seconds",
        );
    }
}

/// The file in the ConfigMap that the Deployment mounts, from where the variable of the Deployment looks for it.
fn sample() -> String {
    let documents = kit::deploy::documents("deployment.yaml");
    let deployment = documents.iter().find(|one| one["kind"] == "Deployment");
    let pod = &deployment.expect("there is one")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let variables = container["env"].as_array().expect("a list");
    let config = variables.iter().find(|one| one["name"] == "AUTOSCALER_CONFIG");
    let config = config.expect("it is set")["value"].as_str().expect("a text");
    let (folder, key) = config.rsplit_once('/').expect("a path");
    assert_eq!(container["volumeMounts"][0]["mountPath"], folder);
    assert_eq!(container["volumeMounts"][0]["name"], pod["volumes"][0]["name"]);
    let map = &kit::deploy::documents("configuration.yaml")[0];
    assert_eq!(pod["volumes"][0]["configMap"]["name"], map["metadata"]["name"]);
    map["data"][key].as_str().expect("the file").to_owned()
}

/// P2: the sample of `deploy/` names every field; what it says of defaults is true, and every field is described.
#[test]
fn sample_names_every_field_with_its_default() {
    let sample = sample();
    let defaults = printed(&[], &[]);
    let file = file_with(&sample);
    for (field, (value, source)) in printed(&[], &["--config", path(&file)]) {
        match DIFFERENT.iter().find(|(different, _)| *different == field) {
            Some((_, wanted)) => assert_eq!((value.as_str(), source.as_str()), (*wanted, "file"), "{field}"),
            None => assert_eq!(source, "default", "{field} is set"),
        }
    }

    // A field that is commented out follows its `#` at once, a sentence follows a space.
    let uncommented: Vec<&str> = sample
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(field) if !field.starts_with(' ') => field,
            _ => line,
        })
        .collect();
    let file = file_with(&uncommented.join("\n"));
    for (field, (value, source)) in printed(&[], &["--config", path(&file)]) {
        assert_eq!(source, "file", "{field} is missing in the sample");
        if DIFFERENT.iter().any(|(different, _)| *different == field) {
            continue;
        }
        match defaults.get(&field) {
            Some((default, _)) => assert_eq!(&value, default, "{field}"),
            None => assert!(WITHOUT_DEFAULT.contains(&field.as_str()), "{field}"),
        }
    }
    for field in WITHOUT_DEFAULT {
        assert!(!defaults.contains_key(field), "{field} has a default");
        assert!(
            uncommented
                .iter()
                .any(|line| line.starts_with(&format!("{field}: "))),
            "{field}"
        );
    }
}
