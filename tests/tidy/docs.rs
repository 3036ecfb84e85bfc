//! The docs promise tests by name; each must exist.

use std::collections::BTreeSet;

use crate::files::TextFile;

/// Names the tests of the workspace.
pub(crate) fn tests(files: &[TextFile]) -> BTreeSet<String> {
    let sources = files.iter().filter(|file| file.path.ends_with(".rs"));
    sources
        .flat_map(|file| file.text.split("fn ").skip(1))
        .filter_map(|rest| rest.split_once('(').map(|(name, _)| name.to_owned()))
        .collect()
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
