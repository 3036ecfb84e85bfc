//! The criteria of discovery: each id in the doc line of a test, and each named case with its test.

use std::collections::BTreeSet;

use super::docs::is_test_attribute;
use super::files::TextFile;

/// The letters of the ids, each with its first and last number; I8 and D10 do not exist.
const IDS: [(char, u32, u32); 9] = [
    ('D', 1, 9),
    ('M', 1, 4),
    ('L', 1, 5),
    ('S', 1, 3),
    ('E', 1, 4),
    ('P', 1, 2),
    ('N', 1, 2),
    ('I', 1, 7),
    ('R', 0, 9),
];

/// Crates whose doc lines number VPSie's own calls with the same letters.
const OTHER_NUMBERS: [&str; 2] = ["crates/fleet-sim/", "crates/vpsie-api/"];

/// The cases that discovery must have, each with the test that is this case.
pub(crate) const CASES: [(&str, &str); 22] = [
    // --- unit ---
    ("success by hostname", "success_by_hostname"),
    ("success by IP", "success_by_ip"),
    ("timeout", "timeout_comes_only_when_nothing_is_found"),
    ("no candidates", "no_candidates"),
    ("API error", "wait_shows_the_error_of_vpsie"),
    ("exact prefix", "exact_prefix_needs_a_separator"),
    ("no match", "no_match_for_another_name"),
    ("shorter hostname", "shorter_hostname_never_matches"),
    ("node found by IP", "node_found_by_ip"),
    ("node not found by IP", "node_not_found_by_ip"),
    ("claimed by another", "node_claimed_by_another"),
    ("not claimed", "node_not_claimed_or_claimed_by_the_same_claim"),
    (
        "claimed by the same VPSieNode",
        "node_not_claimed_or_claimed_by_the_same_claim",
    ),
    ("several candidates", "several_candidates_select_the_newest"),
    ("not running", "machines_that_are_not_running_are_skipped"),
    // --- integration ---
    (
        "asynchronous provisioning: success",
        "two_groups_grow_at_once_and_keep_apart",
    ),
    (
        "asynchronous provisioning: timeout",
        "machine_that_is_never_discovered_fails_its_vpsienode_in_time",
    ),
    (
        "asynchronous provisioning: retry",
        "request_that_was_not_taken_is_repeated_after_a_wait",
    ),
    ("IP-first joining", "node_of_another_name_joins_by_its_address"),
    (
        "the full provisioning flow",
        "a_node_group_lives_and_leaves_nothing_behind",
    ),
    (
        "the full provisioning flow, real",
        "a_node_group_lives_and_leaves_nothing_behind_on_a_real_api_server",
    ),
    (
        "no discoverer",
        "discovery_does_not_time_out_while_vpsie_is_silent",
    ),
];

/// Lists the ids that no test names in its doc line.
pub(crate) fn ids_without_a_test(files: &[TextFile]) -> Vec<String> {
    let ours = files
        .iter()
        .filter(|file| !OTHER_NUMBERS.iter().any(|other| file.path.starts_with(other)));
    let named: BTreeSet<String> = ours
        .filter(|file| file.is_rust())
        .flat_map(|file| ids_of_tests(&file.text))
        .collect();
    let wanted = IDS
        .iter()
        .flat_map(|(letter, first, last)| (*first..=*last).map(move |number| format!("{letter}{number}")));
    let missing = wanted.filter(|id| !named.contains(id));
    missing.map(|id| format!("no test names {id}")).collect()
}

/// Collects the ids in the doc lines of one file's tests.
fn ids_of_tests(text: &str) -> BTreeSet<String> {
    let mut docs = String::new();
    let mut ids = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            docs.push_str(doc);
        } else if is_test_attribute(line) {
            ids.extend(ids_in(&docs));
        } else if !line.starts_with("#[") {
            docs.clear();
        }
    }
    ids
}

/// Reads ids and ranges of them: `L1 to L4` names four.
fn ids_in(doc: &str) -> BTreeSet<String> {
    let words: Vec<&str> = doc
        .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
        .filter(|word| !word.is_empty())
        .collect();
    let mut ids: BTreeSet<String> = words
        .iter()
        .filter_map(|word| parse(word))
        .map(|(letter, number)| format!("{letter}{number}"))
        .collect();
    for range in words.windows(3).filter(|three| three[1] == "to") {
        if let (Some((letter, first)), Some((other, last))) = (parse(range[0]), parse(range[2]))
            && letter == other
        {
            ids.extend((first..=last).map(|number| format!("{letter}{number}")));
        }
    }
    ids
}

/// Takes an id apart.
fn parse(word: &str) -> Option<(char, u32)> {
    let letter = word.chars().next().filter(char::is_ascii_uppercase)?;
    let (_, first, last) = IDS.iter().find(|(known, _, _)| *known == letter)?;
    let number = word[1..].parse().ok()?;
    (*first..=*last).contains(&number).then_some((letter, number))
}

/// Lists the cases whose test is gone.
pub(crate) fn cases_without_a_test(
    cases: &[(&'static str, &'static str)],
    tests: &BTreeSet<String>,
) -> Vec<String> {
    let gone = cases.iter().filter(|(_, test)| !tests.contains(*test));
    gone.map(|(case, test)| format!("{case}: there is no test {test}"))
        .collect()
}
