//! The criteria of node states: each id stands in the doc line of a test, and nodes are evaluated in one place.

use super::docs::is_test_attribute;
use super::files::TextFile;

/// The last of the ids `NS-…`.
const LAST: u32 = 32;

/// The numbers of the ids `NS-…` that the crate answers for; the others are the operator's.
const NUMBERS: [u32; 19] = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21];

/// The numbers that the operator answers for, alone or on top of the crate.
const NUMBERS_OF_THE_OPERATOR: [u32; 13] = [2, 6, 7, 8, 9, 12, 19, 20, 22, 23, 26, 27, 28];

/// What only one place may call, and the decorator that measures it: whoever evaluates elsewhere does it twice (`NS-23`).
const CALLS: [(&str, [&str; 2]); 2] = [
    (
        ".evaluate(",
        [
            "crates/node-state/src/fleet.rs",
            "crates/autoscaler-controller/src/states/measured.rs",
        ],
    ),
    (
        "settle_with(",
        [
            "crates/node-state/src/fleet.rs",
            "crates/autoscaler-controller/src/states.rs",
        ],
    ),
];

/// Complains about an evaluation of nodes outside the one place for it; tests and benchmarks may.
pub(crate) fn evaluates_twice(file: &TextFile) -> Vec<String> {
    let is_ours = ["crates/", "bins/"]
        .iter()
        .any(|folder| file.path.starts_with(folder));
    let is_test = ["/tests/", "/benches/", "tests.rs", "testing.rs"]
        .iter()
        .any(|part| file.path.contains(part));
    if !is_ours || is_test || !file.is_rust() {
        return Vec::new();
    }
    let complain = |(place, line): (usize, &str)| {
        let calls = CALLS
            .iter()
            .filter(|(call, places)| line.contains(call) && !places.contains(&file.path.as_str()));
        let call = calls.map(|(call, _)| *call).next()?;
        Some(file.complaint(place, &format!("`{call}` evaluates nodes a second time")))
    };
    file.code().filter_map(complain).collect()
}

/// Lists the ids that no test of theirs names in its doc line.
pub(crate) fn ids_without_a_test(files: &[TextFile]) -> Vec<String> {
    let of_crate = missing(files, &["crates/node-state/src/"], &NUMBERS);
    let of_operator = missing(
        files,
        &[
            "crates/autoscaler-controller/src/",
            "tests/flow",
            "tests/hand_over",
            "tests/tidy",
        ],
        &NUMBERS_OF_THE_OPERATOR,
    );
    of_crate.into_iter().chain(of_operator).collect()
}

fn missing(files: &[TextFile], folders: &[&str], numbers: &[u32]) -> Vec<String> {
    let is_theirs = |file: &&TextFile| folders.iter().any(|folder| file.path.starts_with(folder));
    let theirs = files.iter().filter(is_theirs).filter(|file| file.is_rust());
    let docs: String = theirs.map(|file| docs_of_tests(&file.text)).collect();
    let is_named = |number: &u32| names(&docs, &format!("NS-{number}"));
    let missing = numbers.iter().filter(|number| !is_named(number));
    let folder = folders.first().copied().unwrap_or_default();
    missing
        .map(|number| format!("no test in {folder} and so on names NS-{number}"))
        .collect()
}

/// Collects the doc lines of all tests of a file.
pub(crate) fn docs_of_tests(text: &str) -> String {
    let docs = documented_tests(text).into_iter().map(|(_, docs)| docs);
    docs.collect()
}

/// Lists the tests of a file, each with its doc lines.
fn documented_tests(text: &str) -> Vec<(String, String)> {
    let (mut found, mut docs, mut is_test) = (Vec::new(), String::new(), false);
    for line in text.lines().map(str::trim) {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(doc) = line.strip_prefix("///") {
            docs.push_str(doc);
            docs.push(' ');
        } else if line.starts_with("#[") {
            is_test = is_test || is_test_attribute(line);
        } else {
            let name = function.and_then(|rest| rest.split_once('('));
            if let (Some((name, _)), true) = (name, is_test) {
                found.push((name.to_owned(), docs.clone()));
            }
            docs.clear();
            is_test = false;
        }
    }
    found
}

/// Complains about each id that has no row of its own in the table of a document, and about each test in a row that does
/// not exist or whose doc line does not name the id.
pub(crate) fn unmapped(document: &TextFile, files: &[TextFile]) -> Vec<String> {
    let tests = files.iter().filter(|file| file.is_rust());
    let tests: Vec<(String, String)> = tests.flat_map(|file| documented_tests(&file.text)).collect();
    let rows: Vec<(&str, &str)> = document
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("| NS-"))
        .filter_map(|row| row.split_once(" |"))
        .collect();
    let once = (1..=LAST).filter(|number| {
        let count = rows.iter().filter(|(id, _)| *id == number.to_string()).count();
        count != 1
    });
    let once = once.map(|number| format!("{}: NS-{number} must have one row", document.path));
    let unheld = rows.iter().flat_map(|(id, row)| {
        let id = format!("NS-{id}");
        let held_by: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let is_there = |name: &&&str| {
            let mut its = tests.iter().filter(|(test, _)| test == **name);
            its.any(|(_, docs)| names(docs, &id))
        };
        let none = held_by.is_empty().then(|| format!("{id}: no test is named"));
        let gone = held_by.iter().filter(|name| !is_there(name));
        let gone: Vec<String> = gone
            .map(|name| format!("{id}: no test {name} names it in its doc line"))
            .collect();
        none.into_iter().chain(gone)
    });
    once.chain(unheld).collect()
}

/// Tells whether a text names an id, and not one that begins like it.
fn names(text: &str, id: &str) -> bool {
    let mut places = text.match_indices(id);
    places.any(|(start, _)| !text[start + id.len()..].starts_with(|letter: char| letter.is_ascii_digit()))
}

/// Complains about a node state that could touch the cluster: what evaluates only reads what others watch (`NS-32`).
pub(crate) fn touches_the_cluster(file: &TextFile) -> Vec<String> {
    let is_theirs = [
        "crates/node-state/src/",
        "crates/autoscaler-controller/src/states",
    ]
    .iter()
    .any(|folder| file.path.starts_with(folder));
    if !is_theirs || !file.is_rust() {
        return Vec::new();
    }
    let ways = [
        "kube::Client",
        "Api<",
        "Api::",
        "PatchParams",
        "PostParams",
        "crate::act",
    ];
    let complain = |(place, line): (usize, &str)| {
        let way = ways.iter().find(|way| line.contains(**way))?;
        Some(file.complaint(place, &format!("`{way}` is a way to change the cluster")))
    };
    file.code().filter_map(complain).collect()
}
