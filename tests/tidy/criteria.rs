//! Whether each invariant, criterion and refusal has a test that holds it.

use super::files::TextFile;
use super::{discovery, docs, endpoints, files, lifecycle, nothing_to_say, states};

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

/// The table of the criteria of node states has each once, with tests that name it.
#[test]
fn every_criterion_of_node_states_is_mapped_to_its_tests() {
    let tests = [TextFile::new(
        "a.rs",
        "/// NS-1, NS-32: it holds.\n#[tokio::test]\nasync fn it_holds() {}\n",
    )];
    let says = |rows: &str| states::unmapped(&TextFile::new("a.md", rows), &tests).len();
    let none = says("");
    assert_eq!(none, 32, "each is missed");
    assert_eq!(says("| NS-1 | it | `it_holds` |\n"), none - 1);
    assert_eq!(
        says("| NS-1 | it | `it_holds` |\n| NS-1 | it | `it_holds` |\n"),
        none
    );
    assert_eq!(
        says("| NS-3 | it | `it_holds` |\n"),
        none,
        "the test names another"
    );
    assert_eq!(says("| NS-1 | it | `it_held` |\n"), none);
    assert_eq!(says("| NS-1 | it | hope |\n"), none);
    let files = files::all();
    let document = files.iter().find(|file| file.path == "docs/testing.md");
    nothing_to_say(states::unmapped(
        document.expect("it says which test to write"),
        &files,
    ));
}

/// The same for the criteria of endpoints, and EP-37: nine tenths of what reads objects is run through, or the checks fail.
#[test]
fn every_criterion_of_endpoints_has_a_test() {
    let says = |doc: &str, attribute: &str| {
        let text = format!("{doc}\n{attribute}\nfn it_holds() {{}}\n");
        endpoints::ids_without_a_test(&[TextFile::new("a.rs", &text)]).len()
    };
    let none = says("/// Nothing.", "#[test]");
    assert_eq!(says("/// EP-1: it holds.", "#[test]"), none - 1);
    assert_eq!(says("/// EP-39, EP-40: it holds.", "#[tokio::test]"), none - 2);
    assert_eq!(says("/// EP-100, XEP-1.", "#[test]"), none);
    assert_eq!(says("/// EP-1: it holds.", "#[derive(Debug)]"), none);
    let files = files::all();
    nothing_to_say(endpoints::ids_without_a_test(&files));
    let script = files.iter().find(|file| file.path == "scripts/test");
    let script = &script.expect("it is what CI runs").text;
    assert!(script.contains("least_parser_coverage=90") && script.contains("\"$least_parser_coverage\""));
}
