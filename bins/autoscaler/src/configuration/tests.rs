//! Which of flag, file and default holds, and what is said of a wrong file. The environment needs a process of its
//! own: `bins/autoscaler/tests/configuration.rs`.

use super::*;
use crate::args::RunOptions;
use std::io::Write;

fn file_with(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Reads what `run` would do with this file and these further words.
fn read(text: &str, words: &[&str]) -> anyhow::Result<Configuration> {
    let file = file_with(text);
    let path = file.path().to_str().unwrap();
    let words = [&["autoscaler", RUN, "--config", path], words].concat();
    Configuration::read(words.into_iter().map(OsString::from))
}

fn options(configuration: &Configuration) -> &RunOptions {
    let Command::Run(options) = &configuration.arguments.command else {
        panic!("it is `run`: {:?}", configuration.arguments.command);
    };
    options
}

/// What is said of this file, in one line.
#[track_caller]
fn complaint(text: &str) -> String {
    format!("{:#}", read(text, &[]).expect_err("it is wrong"))
}

/// P2: the time of discovery is 15 minutes unless the file says otherwise, and a flag goes before the file.
#[test]
fn flag_goes_before_the_file_and_the_file_before_the_default() {
    let seconds = |text, words: &[&str]| options(&read(text, words).unwrap()).discovery_timeout_seconds;
    assert_eq!(seconds("", &[]), 900);
    assert_eq!(seconds("discovery-timeout-seconds: 600", &[]), 600);
    assert_eq!(
        seconds(
            "discovery-timeout-seconds: 600",
            &["--discovery-timeout-seconds", "300"]
        ),
        300
    );
}

/// P2: a switch that the file turns on is turned off by its flag.
#[test]
fn switches_can_be_turned_off_again() {
    let anonymous = |text, words: &[&str]| !options(&read(text, words).unwrap()).no_anonymous;
    assert!(anonymous("", &[]));
    assert!(!anonymous("", &["--no-anonymous"]));
    assert!(!anonymous("no-anonymous: true", &[]));
    assert!(anonymous("no-anonymous: false", &[]));
    assert!(anonymous("no-anonymous: true", &["--no-anonymous=false"]));
}

/// P2: no kind of setting is left out of the file, be it of `run` or of all commands.
#[test]
fn every_kind_of_setting_may_be_in_the_file() {
    let text = "listen: \"\"\nlease-duration: 20.5\nvpsie-secret-name: other\npoll-interval-seconds: 30\n\
                vpsie-calls-per-minute: 60\nno-leader-election: true\nlog-format: json\nlog-level: info,kube=debug\n\
                kubeconfig: /etc/kubeconfig\n";
    let read = read(text, &[]).unwrap();
    let run = options(&read);
    assert_eq!(run.listen.0, None);
    assert_eq!(run.election.lease_duration.as_millis(), 20_500);
    assert!(run.election.no_leader_election);
    assert_eq!(run.access.vpsie_secret_name, "other");
    assert_eq!(run.access.vpsie_calls_per_minute, 60);
    assert_eq!(
        run.access.kubeconfig.as_deref(),
        Some(Path::new("/etc/kubeconfig"))
    );
    assert_eq!(run.poll_interval_seconds, 30);
    assert!(matches!(
        read.arguments.log.log_format,
        crate::args::LogFormat::Json
    ));
    assert_eq!(read.arguments.log.log_level.as_deref(), Some("info,kube=debug"));
}

/// P2: what is printed says the source of each value, and is a file that means the same.
#[test]
fn printed_configuration_names_its_sources_and_reads_as_itself() {
    let text = "listen: \"\"\nnamespace: \"900\"\nvpsie-secret-name: 'a \"b\"'";
    let printed = read(text, &["--poll-interval-seconds", "7"]).unwrap().to_yaml();
    for line in [
        "listen: \"\" # file\n",
        "namespace: 900 # file\n",
        "poll-interval-seconds: 7 # flag\n",
        "lease-duration: 15 # default\n",
        "no-anonymous: false # default\n",
        "# vpsie-url is not set\n",
    ] {
        assert!(printed.contains(line), "no {line:?} in: {printed}");
    }
    let again = read(&printed, &[]).unwrap().to_yaml();
    let values = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .map(|line| line.rsplit_once(" # ").map_or(line, |(value, _)| value));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(values(&again), values(&printed));
}

/// P2: an unknown field is refused by its name and line; what only tests may set, or only a person, is unknown.
#[test]
fn unknown_field_is_refused_by_name_and_line() {
    for field in [
        "discovery-timeout",
        "discoveryTimeoutSeconds",
        "config",
        "print-config",
        "help",
        "proof-spacing-seconds",
    ] {
        let said = complaint(&format!("# A comment.\nlisten: ''\n{field}: 1\n"));
        assert!(
            said.contains(&format!("line 3: unknown field `{field}`")),
            "{said}"
        );
        assert!(said.contains("discovery-timeout-seconds, "), "{said}");
    }
    let said = complaint("colour: {red: 1}");
    assert!(said.contains("line 1") && said.contains("`colour`"), "{said}");
}

/// P2: a value is checked as that of its flag, and refused with the field and the line.
#[test]
fn wrong_value_is_refused_with_field_and_line() {
    let table = [
        ("discovery-timeout-seconds: 59", "59 is not in 60..=86400"),
        ("discovery-timeout-seconds: 15m", "invalid digit"),
        ("lease-duration: 0.01", "use a number of seconds from 0.1 to 3600"),
        ("listen: 8080", "use an address with a port"),
        ("log-format: xml", "[possible values: json, text]"),
        ("no-anonymous: maybe", "[possible values: true, false]"),
        ("vpsie-calls-per-minute: 5", "5 is not in 6..=100000"),
        ("listen:", "null"),
        ("listen: [a, b]", "expected string scalar"),
    ];
    for (line, words) in table {
        let said = complaint(&format!("\n{line}\n"));
        let field = line.split(':').next().unwrap();
        for word in ["line 2: ", words, &format!("`{field}`")] {
            assert!(said.contains(word), "no {word:?} in: {said}");
        }
        assert!(!said.contains("--") && !said.contains('\n'), "{said}");
    }
}

/// P2: a value that a flag goes before is checked all the same, or it would strike when the flag is taken away.
#[test]
fn overridden_value_is_checked_too() {
    let wrong = "discovery-timeout-seconds: 1";
    assert!(read(wrong, &["--discovery-timeout-seconds", "300"]).is_err());
}

/// P2: a field that is there twice, or a file that is no map or too large, is refused.
#[test]
fn file_of_another_shape_is_refused() {
    let table = [
        (
            "listen: ''\nlisten: ''".to_owned(),
            "line 2: duplicate mapping key: listen",
        ),
        ("- listen".to_owned(), "line 1"),
        (
            "listen: ''\n---\nlisten: ''".to_owned(),
            "line 3: only single YAML document",
        ),
        ("listen: {".to_owned(), "line 1"),
        ("#".repeat(64 * 1024 + 1), "larger than 64 KiB"),
    ];
    for (text, words) in table {
        let said = complaint(&text);
        assert!(said.contains(words), "no {words:?} in: {said}");
    }
    assert!(read(&"#".repeat(64 * 1024), &[]).is_ok());
}

/// P2: what a person may write into the file has a name and is described by `run --help`.
#[test]
fn every_field_has_a_name_and_a_description() {
    let known = known();
    assert!(known.len() > 15, "{known:?}");
    for flag in &known {
        assert!(!name(flag).is_empty() && flag.get_help().is_some(), "{flag:?}");
    }
}

/// Where the audit log is stored is checked at the start, and no message and no print shows a password.
#[test]
fn audit_store_is_checked_and_its_password_is_not_shown() {
    let secret = "audit-store: postgres://me:hunter2@host/audit?password=hunter2";
    let told = read(secret, &[]).unwrap();
    assert!(options(&told).audit.location().is_ok());
    assert!(
        told.to_yaml()
            .contains("audit-store: \"postgres://host/audit\" # file"),
        "{}",
        told.to_yaml()
    );
    assert!(!format!("{told:?}{}", told.to_yaml()).contains("hunter2"));
    let nowhere = read("audit-store: memory", &[]).unwrap();
    assert_eq!(options(&nowhere).audit.location().ok(), Some(None));
    let wrong = read("audit-store: postgres:hunter2", &[]).unwrap();
    let failure = options(&wrong).audit.location().expect_err("it names no store");
    let message = format!("{failure:?}");
    assert!(
        message.contains("sqlite:PATH") && !message.contains("hunter2"),
        "{message}"
    );
}

/// EP-21: of the address of a webhook only its host is shown.
#[test]
fn secret_of_a_webhook_is_not_shown() {
    let told = read(
        "discovery-alert-webhook: https://me:hunter2@hooks.example:8443/hunter2?a=hunter2",
        &[],
    )
    .unwrap();
    assert!(options(&told).discovery.webhook(false).is_ok());
    let shown = told.to_yaml();
    let line = "discovery-alert-webhook: \"https://hooks.example:8443\" # file";
    assert!(shown.contains(line), "{shown}");
    assert!(!format!("{told:?}{shown}").contains("hunter2"));
}

/// Entries are kept for 90 days, or for ever.
#[test]
fn retention_is_a_number_of_days() {
    let days = |text| {
        options(&read(text, &[]).unwrap())
            .audit
            .retention()
            .map(|it| it.num_days())
    };
    assert_eq!(days(""), Some(90));
    assert_eq!(days("audit-retention-days: 7"), Some(7));
    assert_eq!(days("audit-retention-days: 0"), None);
}
