//! The criteria of node states: each id that `node-state` answers for stands in the doc line of a test of it.

use super::files::TextFile;

/// The numbers of the ids `NS-…` that the crate answers for; the others are the operator's.
const NUMBERS: [u32; 19] = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21];

/// Lists the ids that no test of the crate names in its doc line.
pub(crate) fn ids_without_a_test(files: &[TextFile]) -> Vec<String> {
    let ours = files
        .iter()
        .filter(|file| file.path.starts_with("crates/node-state/src/") && file.is_rust());
    let docs: String = ours.map(|file| docs_of_tests(&file.text)).collect();
    let is_named = |number: &u32| {
        let id = format!("NS-{number}");
        let mut places = docs
            .match_indices(&id)
            .map(|(start, _)| &docs[start + id.len()..]);
        places.any(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let missing = NUMBERS.iter().filter(|number| !is_named(number));
    missing
        .map(|number| format!("no test names NS-{number}"))
        .collect()
}

/// Collects the doc lines right above `#[test]` and its like.
fn docs_of_tests(text: &str) -> String {
    let (mut found, mut docs) = (String::new(), String::new());
    for line in text.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            docs.push_str(doc);
        } else if line == "#[test]" || line.starts_with("#[tokio::test") {
            found.push_str(&std::mem::take(&mut docs));
        } else {
            docs.clear();
        }
    }
    found
}
