//! The criteria of node states: each id stands in the doc line of a test, and nodes are evaluated in one place.

use super::files::TextFile;

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
            "tests/hand_over.rs",
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
    let is_named = |number: &u32| {
        let id = format!("NS-{number}");
        let mut places = docs
            .match_indices(&id)
            .map(|(start, _)| &docs[start + id.len()..]);
        places.any(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let missing = numbers.iter().filter(|number| !is_named(number));
    let folder = folders.first().copied().unwrap_or_default();
    missing
        .map(|number| format!("no test in {folder} and so on names NS-{number}"))
        .collect()
}

/// Collects the doc lines right above `#[test]` and its like.
pub(crate) fn docs_of_tests(text: &str) -> String {
    let (mut found, mut docs) = (String::new(), String::new());
    for line in text.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            docs.push_str(doc);
            docs.push(' ');
        } else if line == "#[test]" || line.starts_with("#[tokio::test") {
            found.push_str(&std::mem::take(&mut docs));
        } else {
            docs.clear();
        }
    }
    found
}
