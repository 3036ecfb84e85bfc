//! What is known of VPSie's API is a table; each of its rows has a test or a reason.

use std::collections::BTreeSet;

use crate::files::{self, TextFile};
use crate::{docs, nothing_to_say};

/// Where the table is.
const TABLE: &str = "docs/vpsie-facts.md";

/// Rows that are counted: letter, and how many of them there are.
const COUNTED: [(&str, u32); 5] = [("K", 15), ("V", 20), ("P", 5), ("Q", 14), ("E", 32)];

/// Rows with a number of their own.
const NUMBERED: [&str; 11] = [
    "1.1", "1.2", "1.3", "1.4", "1.5", "2.4", "3.1", "3.2", "3.3", "3.4", "3.5",
];

/// What begins a reason, and how long a reason is at least: a shorter one says nothing.
const REASON: &str = "no test: ";
const SHORTEST_REASON: usize = 30;

/// Lists the rows that there must be.
fn expected() -> BTreeSet<String> {
    let counted = COUNTED
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")));
    counted
        .chain(NUMBERED.iter().map(|row| (*row).to_owned()))
        .collect()
}

/// Complains about rows that are missing, doubled or unknown, and about those that nothing holds.
fn complaints(document: &str, expected: &BTreeSet<String>, tests: &BTreeSet<String>) -> Vec<String> {
    let mut missing = expected.clone();
    let mut complaints = Vec::new();
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let rows = rows.filter(|line| !line.starts_with("| row |"));
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let &[name, fact, held_by] = cells.as_slice() else {
            complaints.push(format!("three cells are wanted: {row}"));
            continue;
        };
        if !missing.remove(name) {
            complaints.push(format!("{name} is there twice, or is no known row"));
        }
        if fact.is_empty() {
            complaints.push(format!("{name} says nothing"));
        }
        complaints.extend(unheld(name, held_by, tests));
    }
    complaints.extend(missing.iter().map(|name| format!("{name} is missing")));
    complaints
}

fn unheld(row: &str, held_by: &str, tests: &BTreeSet<String>) -> Vec<String> {
    if let Some(reason) = held_by.strip_prefix(REASON) {
        let is_short = reason.len() < SHORTEST_REASON;
        return is_short
            .then(|| format!("{row}: that is no reason: {reason}"))
            .into_iter()
            .collect();
    }
    let names: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
    if names.is_empty() {
        return vec![format!("{row} has neither a test nor a reason")];
    }
    let gone = names.into_iter().filter(|name| !tests.contains(*name));
    gone.map(|name| format!("{row}: there is no test {name}"))
        .collect()
}

/// Done when: every row of the facts has a test or a stated reason why not.
#[test]
fn facts_have_a_test_or_a_reason() {
    let source = "#[tokio::test(start_paused = true)]\nasync fn it_holds() {}\nfn helper() {}";
    let known = docs::tests(&[TextFile::new("a.rs", source)]);
    assert_eq!(known, BTreeSet::from(["it_holds".to_owned()]));
    let wanted = BTreeSet::from(["K1".to_owned()]);
    let says = |rows: &str| complaints(&format!("| row | fact | held by |\n{rows}"), &wanted, &known).len();
    let reason = "no test: there is no function for it, and nobody needs one";
    for held_by in ["`it_holds`", reason] {
        assert_eq!(says(&format!("| K1 | It is so. | {held_by} |")), 0, "{held_by}");
    }
    for held_by in ["`helper`", "`it_holds`, `gone`", "", "no test: because"] {
        assert_eq!(says(&format!("| K1 | It is so. | {held_by} |")), 1, "{held_by}");
    }
    for rows in [
        "",
        "| K1 | It is so. | `it_holds` |\n| K1 | Again. | `it_holds` |",
        "| K1 | | `it_holds` |",
        "| K1 | It is so. | `it_holds` |\n| K2 | More. | `it_holds` |",
    ] {
        assert_eq!(says(rows), 1, "{rows}");
    }
    let files = files::all();
    let table = files.iter().find(|file| file.path == TABLE);
    let table = table.unwrap_or_else(|| panic!("there is no {TABLE}"));
    nothing_to_say(complaints(&table.text, &expected(), &docs::tests(&files)));
}

/// K9, K10: no request of the client can make VPSie pick a worker.
#[test]
fn no_call_lets_vpsie_choose_the_victim() {
    let files = files::all();
    let requests: Vec<&TextFile> = files
        .iter()
        .filter(|file| file.path.starts_with("crates/vpsie-api/src/request"))
        .collect();
    let all: String = requests
        .iter()
        .flat_map(|file| file.code())
        .map(|(_, line)| line)
        .collect();
    assert!(
        all.contains(r#""delete", "slave""#),
        "the requests are written down elsewhere"
    );
    assert!(
        !all.contains("reduce"),
        "VPSie would choose which worker to remove"
    );
}
