//! The docs promise tests by name; each must exist.

use std::collections::BTreeSet;

use crate::files::TextFile;

/// Names the functions that a test runner runs: those below an attribute `test`.
pub(crate) fn tests(files: &[TextFile]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let mut is_test = false;
        for line in file.text.lines().map(str::trim) {
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            if let Some((name, _)) = function.and_then(|rest| rest.split_once('(')) {
                if is_test {
                    names.insert(name.to_owned());
                }
                is_test = false;
            } else if is_test_attribute(line) {
                is_test = true;
            }
        }
    }
    names
}

/// Tells whether a line makes the function below it a test.
pub(crate) fn is_test_attribute(line: &str) -> bool {
    ["#[test]", "#[tokio::test]", "#[tokio::test("]
        .iter()
        .any(|attribute| line.starts_with(attribute))
}

/// Complains about each row of a table of invariants that names no test, or one that is not there.
pub(crate) fn unheld_invariants(document: &TextFile, tests: &BTreeSet<String>) -> Vec<String> {
    let rows = document
        .text
        .lines()
        .skip_while(|line| !line.starts_with("| invariant"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| complaints(&document.path, row, tests))
        .collect()
}

fn complaints(path: &str, row: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let held_by = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
    let names: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
    if names.is_empty() {
        return vec![format!("{path}: no test holds: {row}")];
    }
    let gone = names.into_iter().filter(|name| !tests.contains(*name));
    gone.map(|name| format!("{path}: there is no test {name}"))
        .collect()
}

/// Lists the words in the first cells of a document's tables, but for their headings.
pub(crate) fn listed_words(document: &str) -> Vec<&str> {
    let cells = document.lines().filter_map(|line| line.strip_prefix("| `"));
    cells
        .filter_map(|row| row.split_once('`').map(|(word, _)| word))
        .collect()
}

/// Takes the section under a heading out of a document; returns the rest, and the section.
pub(crate) fn without_section(document: &str, heading: &str) -> (String, String) {
    let mark = format!("## {heading}");
    let (mut rest, mut section, mut is_inside) = (String::new(), String::new(), false);
    for line in document.lines() {
        if line.starts_with("## ") {
            is_inside = line == mark;
        }
        let part = if is_inside { &mut section } else { &mut rest };
        part.push_str(line);
        part.push('\n');
    }
    (rest, section)
}

/// Complains about words of the code that a document does not list once, and about words that only it knows.
pub(crate) fn different_words(known: &[&str], listed: &[&str]) -> Vec<String> {
    let count = |words: &[&str], word: &str| words.iter().filter(|other| **other == word).count();
    let unlisted = known.iter().filter(|word| count(listed, word) != 1);
    let unknown = listed.iter().filter(|word| count(known, word) != 1);
    let unlisted = unlisted.map(|word| format!("{word} must be listed exactly once"));
    unlisted
        .chain(unknown.map(|word| format!("{word} is no word of the code")))
        .collect()
}
