//! The rules of this house, as tests. Each rule is first shown to complain about something bad.

#[path = "tidy/borders.rs"]
mod borders;
#[path = "tidy/crates.rs"]
mod crates;
#[path = "tidy/discovery.rs"]
mod discovery;
#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/facts.rs"]
mod facts;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/glossary.rs"]
mod glossary;
#[path = "tidy/lifecycle.rs"]
mod lifecycle;
#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/reasons.rs"]
mod reasons;
#[path = "tidy/states.rs"]
mod states;
#[path = "tidy/text.rs"]
mod text;

use files::TextFile;

/// Shows that a rule complains once about each bad file and not about a good one, then asks about ours.
#[track_caller]
fn check(rule: fn(&TextFile) -> Vec<String>, bad: &[(&str, &str)], good: &[(&str, &str)]) {
    for (path, text) in bad {
        assert_eq!(
            rule(&TextFile::new(path, text)).len(),
            1,
            "the rule must see {path}: {text}"
        );
    }
    for (path, text) in good {
        assert_eq!(
            rule(&TextFile::new(path, text)),
            Vec::<String>::new(),
            "the rule must not mind {text}"
        );
    }
    nothing_to_say(files::all().iter().flat_map(rule).collect());
}

#[track_caller]
fn nothing_to_say(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// The rules below would all hold in an empty folder.
#[test]
fn this_is_the_checkout() {
    let paths: Vec<String> = files::all().into_iter().map(|file| file.path).collect();
    for expected in [
        ".ci/run",
        "Cargo.toml",
        "crates/node-match/src/lib.rs",
        "deploy/crd.yaml",
        "tests/tidy.rs",
    ] {
        assert!(
            paths.iter().any(|path| path == expected),
            "{expected} is not among {} files",
            paths.len()
        );
    }
    assert!(!paths.iter().any(|path| path.starts_with("target/")));
    assert!(crates::manifests().len() >= 6);
}

#[test]
fn crates_that_think_touch_nothing() {
    let path = "crates/node-match/src/claim.rs";
    check(
        text::impure,
        &[
            (path, "pub async fn decide() {}"),
            (path, "let later = async move { 1 };"),
            (path, "let reply = client.send().await;"),
            (path, "let now = Utc::now();"),
            (path, "let now = std::time::Instant::now();"),
            (path, "let now = SystemTime::now();"),
            (path, "use std::collections::HashMap;"),
            (path, "    let seen: HashSet<u64> = claims.collect();"),
            ("crates/fleet-plan/src/fit/tests.rs", "let now = Utc::now();"),
            ("crates/endpoint-discovery/src/merge.rs", "let now = Utc::now();"),
            (
                "crates/endpoint-discovery/src/parse/live.rs",
                "let now = Utc::now();",
            ),
            ("crates/node-state/src/fleet.rs", "pub async fn settle() {}"),
        ],
        &[
            (path, "// A HashMap would make the answer depend on the run."),
            (path, "pub fn decide(now: DateTime<Utc>) {}"),
            ("crates/vpsie-api/src/client.rs", "pub async fn send() {}"),
            (
                "crates/endpoint-discovery/src/live/tracker.rs",
                "pub async fn run() {}",
            ),
            ("crates/endpoint-discovery/src/pool.rs", "pub async fn get() {}"),
            (
                "crates/node-state/src/store/subscription.rs",
                "pub async fn next() {}",
            ),
        ],
    );
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let long = "//! Too long.\n".repeat(501);
    let just_short_enough = "//! Long.\n".repeat(500);
    check(
        text::too_long,
        &[("crates/node-match/src/lib.rs", &long), ("tests/laws.rs", &long)],
        &[
            ("crates/node-match/src/lib.rs", &just_short_enough),
            ("deploy/crd.yaml", &long),
        ],
    );
}

#[test]
fn readme_can_be_read_in_one_sitting() {
    let long = "Words.\n".repeat(121);
    check(
        text::readme_too_long,
        &[("README.md", &long)],
        &[("docs/architecture.md", &long)],
    );
}

#[test]
fn file_names_say_what_is_inside() {
    check(
        text::empty_name,
        &[
            ("crates/node-match/src/claim/mod.rs", ""),
            ("crates/node-match/src/utils.rs", ""),
            ("tests/common/words.rs", ""),
        ],
        &[("crates/node-match/src/model.rs", ""), ("docs/common.md", "")],
    );
}

#[test]
fn files_say_what_they_are() {
    check(
        text::no_introduction,
        &[
            ("src/a.rs", "use std::fmt;\n"),
            ("src/a.rs", "\n//! Late.\n"),
            ("src/a.rs", "//!\n"),
            ("src/a.rs", ""),
        ],
        &[("src/a.rs", "//! Letters.\n"), ("a.toml", "")],
    );
}

#[test]
fn nothing_is_put_off() {
    check(
        text::put_off,
        &[
            ("src/a.rs", concat!("// TO", "DO: later")),
            ("scripts/test", concat!("# FIX", "ME later")),
            ("src/a.rs", concat!("let a = 1; // XX", "X")),
        ],
        &[
            ("src/a.rs", concat!("const METHOD", "TODOS: u8 = 1;")),
            ("docs/style.md", concat!("No TO", "DO.")),
        ],
    );
}

#[test]
fn every_test_runs() {
    check(
        text::ignored,
        &[
            ("src/a.rs", concat!("#[ign", "ore]")),
            ("src/a.rs", concat!("    #[ign", "ore = \"slow\"]")),
            ("src/a.rs", concat!("#[cfg_attr(windows, ign", "ore)]")),
            ("src/a.rs", concat!("/// ```ign", "ore")),
            ("src/a.rs", concat!("//! ```rust,ign", "ore")),
        ],
        &[
            ("src/a.rs", "// We ignore what is not ours."),
            ("src/a.rs", "let ignored = 1;"),
        ],
    );
}

#[test]
fn names_of_tests_are_sentences() {
    check(
        text::name_is_no_sentence,
        &[
            ("src/a.rs", "    #[test]\n    fn test_it() {}\n"),
            ("src/a.rs", "#[tokio::test]\nasync fn test_it() {}\n"),
        ],
        &[
            ("src/a.rs", "#[test]\nfn one_claim_has_one_machine() {}\n"),
            ("src/a.rs", "fn test_clock() {}\n"),
        ],
    );
}

#[test]
fn paths_exist_on_every_machine() {
    check(
        text::path_of_one_machine,
        &[
            ("src/a.rs", concat!("let path = \"/ro", "ot/cache\";")),
            ("docs/testing.md", concat!("See /ho", "me/me/notes.")),
        ],
        &[("deploy/Dockerfile", "COPY autoscaler /usr/local/bin/")],
    );
}

/// LC-24: who asks the gate, redeems its permit, holds the power to remove and uses it, each in its one file.
#[test]
fn machines_are_removed_in_one_place() {
    let controller =
        |path: &str, text: &str| TextFile::new(&format!("crates/autoscaler-controller/src/{path}.rs"), text);
    let bad = [
        controller("observe", "vpsie.remove_worker(&cluster, &node)"),
        controller("observe", "let end = <Client as RemoveWorker>::remove_worker;"),
        controller("act", "vpsie.remove_worker(&cluster, &node); Remover::new(all)"),
        controller("act", "vpsie.delete_group(&group, \"empty\"); Remover::new(all)"),
        controller("observe", "let second = remover::Remover::new(all);"),
        controller("decide/claim", "let leave = permit.redeem(&binding, now)?;"),
        controller("decide/claim", "self.gate.decide(Some(&made_up), decider, now)"),
        // What a rule is about has another name now.
        controller("removal", "gate.judge(Some(&facts), decider, now)"),
        TextFile::new(
            "bins/autoscaler/src/main.rs",
            "RemoveWorker::remove_worker(&client, &cluster, &node)",
        ),
    ];
    for file in bad {
        assert_eq!(borders::ways_to_remove_a_machine(&[file]).len(), 1);
    }
    let good = [
        controller("remover", "self.0.remove_worker(&cluster, &machine).await"),
        controller("act", "remover: Remover::new(remove)"),
        controller("plan", "// `remove_worker(` is called by remover.rs."),
        controller("plan/tests", "vpsie.expect_remove_worker()"),
        controller("metrics/calls", "async fn remove_worker(&self) {}"),
        TextFile::new(
            "crates/vpsie-api/src/api.rs",
            "client.remove_worker(&cluster, &node)",
        ),
    ];
    assert_eq!(borders::ways_to_remove_a_machine(&good), Vec::<String>::new());
    nothing_to_say(borders::ways_to_remove_a_machine(&files::all()));
}

/// A mistake in our reply types must not be in both the client and what it is tested against.
#[test]
fn simulator_shares_only_the_transport_with_the_client() {
    let path = "crates/fleet-sim/src/cloud.rs";
    check(
        borders::shared_shapes,
        &[
            (path, "use vpsie_api::Cluster;"),
            (path, "use vpsie_api::{Transport, NodeGroup, TransportError};"),
            (
                path,
                "use vpsie_api::{\n    Transport,\n    k8s::{Cluster, ClusterNode},\n};",
            ),
            (path, "fn reply() -> vpsie_api::Offer {}"),
            (path, "use vpsie_api::*;"),
        ],
        &[
            (path, "use vpsie_api::{Transport, TransportError};"),
            (path, "//! vpsie_api::Cluster is not used."),
            (
                "crates/autoscaler-controller/src/observe.rs",
                "use vpsie_api::Cluster;",
            ),
        ],
    );
}

/// An invariant is worth its table only while the test that holds it is there.
#[test]
fn docs_name_tests_that_exist() {
    let tests = docs::tests(&[TextFile::new("a.rs", "#[test]\nfn it_holds() {}\nfn helper() {}")]);
    let table = |held_by: &str| format!("| invariant | held by |\n|---|---|\n| It holds. | {held_by} |\n");
    let says = |held_by: &str| docs::unheld_invariants(&TextFile::new("a.md", &table(held_by)), &tests).len();
    assert_eq!(says("`it_holds`"), 0);
    assert_eq!(says("`it_held`"), 1);
    assert_eq!(says("`helper`"), 1);
    assert_eq!(says("hope"), 1);

    let files = files::all();
    let tests = docs::tests(&files);
    let map = files.iter().find(|file| file.path == "docs/architecture.md");
    let map = map.expect("docs/architecture.md is the map of the house");
    assert!(map.text.contains("| invariant"), "the map lists the invariants");
    nothing_to_say(docs::unheld_invariants(map, &tests));
}

/// A criterion that no test names may be lost without anybody noticing.
#[test]
fn every_criterion_of_discovery_has_a_test() {
    let says = |doc: &str, attribute: &str| {
        let text = format!("{doc}\n{attribute}\nfn it_holds() {{}}\n");
        discovery::ids_without_a_test(&[TextFile::new("tests/a.rs", &text)])
    };
    let none = says("/// Nothing.", "#[test]").len();
    assert_eq!(says("/// D1: it holds.", "#[tokio::test]").len(), none - 1);
    assert_eq!(says("/// L1 to L4, S1.", "#[test]").len(), none - 5);
    assert_eq!(says("/// LC-1, D10 and D0.", "#[test]").len(), none);
    for attribute in ["#[derive(Debug)]", "#[cfg(test)]"] {
        assert_eq!(says("/// D1: it holds.", attribute).len(), none);
    }
    let other = TextFile::new("crates/vpsie-api/src/a.rs", "/// D1.\n#[test]\nfn it() {}\n");
    assert_eq!(discovery::ids_without_a_test(&[other]).len(), none);

    let files = files::all();
    nothing_to_say(discovery::ids_without_a_test(&files));
    let tests = docs::tests(&files);
    assert_eq!(discovery::cases_without_a_test(&[("a", "b")], &tests).len(), 1);
    nothing_to_say(discovery::cases_without_a_test(&discovery::CASES, &tests));
}

/// NS-23: one place evaluates nodes, for all who read their states.
#[test]
fn nodes_are_evaluated_in_one_place() {
    check(
        states::evaluates_twice,
        &[
            (
                "crates/autoscaler-controller/src/decide/counts.rs",
                "let state = rules.evaluate(&inputs);",
            ),
            (
                "bins/autoscaler/src/run.rs",
                "let batch = fleet.settle_with(&pods, &Rules::default(), now);",
            ),
        ],
        &[
            (
                "crates/node-state/src/fleet.rs",
                "let state = evaluator.evaluate(&inputs);",
            ),
            (
                "crates/node-state/src/fleet/tests.rs",
                "let state = evaluator.evaluate(&inputs);",
            ),
            (
                "crates/fleet-plan/src/fit.rs",
                "// rules.evaluate(&inputs) is done already",
            ),
        ],
    );
}

/// Every refusal and every brake is provoked by a test that speaks of it; a new one does not compile without.
#[test]
fn every_refusal_was_provoked() {
    let file = |text: &str| TextFile::new("tests/flow/a.rs", text);
    let complaints = |text: &str| {
        let wanted = [("too_late", "TooLate".to_owned(), "it_is_late")];
        lifecycle::unprovoked(&wanted, &[file(text)]).len()
    };
    assert_eq!(complaints("#[test]\nfn it_is_late() {\n    too_late();\n}\n"), 0);
    assert_eq!(
        complaints("#[test]\nasync fn it_is_late() {\n    TooLate;\n}\n"),
        0
    );
    assert_eq!(
        complaints("#[test]\nfn it_is_late() {\n    early();\n}\nfn too_late() {}\n"),
        1
    );
    assert_eq!(complaints("fn it_is_late() {\n    too_late();\n}\n"), 1);
    nothing_to_say(lifecycle::unprovoked(&lifecycle::provocations(), &files::all()));
}

/// The same for the criteria of the lifecycle.
#[test]
fn every_criterion_of_the_lifecycle_has_a_test() {
    let says = |doc: &str| {
        let text = format!("{doc}\n#[test]\nfn it_holds() {{}}\n");
        lifecycle::ids_without_a_test(&[TextFile::new("a.rs", &text)]).len()
    };
    let none = says("/// Nothing.");
    assert_eq!(says("/// LC-1: it holds."), none - 1);
    assert_eq!(says("/// LC-13a, LC-13: it holds,\n/// LC-53"), none - 3);
    assert_eq!(says("/// LC-27 and LC-100."), none);
    nothing_to_say(lifecycle::ids_without_a_test(&files::all()));
}

/// The same for the criteria of node states.
#[test]
fn every_criterion_of_node_states_has_a_test() {
    let says = |doc: &str, attribute: &str| {
        let text = format!("{doc}\n{attribute}\nfn it_holds() {{}}\n");
        let file = TextFile::new("crates/node-state/src/a.rs", &text);
        states::ids_without_a_test(&[file]).len()
    };
    let none = says("/// Nothing.", "#[test]");
    assert_eq!(says("/// NS-1: it holds.", "#[test]"), none - 1);
    assert_eq!(says("/// NS-3, NS-14: it holds.", "#[tokio::test]"), none - 2);
    assert_eq!(says("/// NS-1: it holds.", "#[derive(Debug)]"), none);
    nothing_to_say(states::ids_without_a_test(&files::all()));
}
