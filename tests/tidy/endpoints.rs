//! The criteria of endpoints: each id stands in the doc line of a test.

use std::collections::BTreeSet;

use super::files::TextFile;
use super::states::docs_of_tests;

/// The numbers of the ids `EP-…` that are held here, each with the last of its row.
const NUMBERS: [(u32, u32); 3] = [(1, 28), (37, 40), (43, 45)];

/// Lists the criteria that no test names in its doc line.
pub(crate) fn ids_without_a_test(files: &[TextFile]) -> Vec<String> {
    let rust = files.iter().filter(|file| file.is_rust());
    let docs: String = rust.map(|file| docs_of_tests(&file.text)).collect();
    let named: BTreeSet<&str> = docs
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .collect();
    let numbers = NUMBERS.iter().flat_map(|(first, last)| *first..=*last);
    let wanted = numbers.map(|number| format!("EP-{number}"));
    let missing = wanted.filter(|id| !named.contains(id.as_str()));
    missing.map(|id| format!("no test names {id}")).collect()
}
