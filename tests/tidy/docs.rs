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
