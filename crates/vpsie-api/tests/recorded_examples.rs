//! Sees to it that each recorded example has a test, or a reason why it has none.
//!
//! The examples E1 to E32 are replies and requests of VPSie, some recorded and some put together
//! from what programs for it expect. A test of one names it in its first line, as in `/// E3.`

use std::fs;
use std::path::Path;

/// Examples that no call of ours meets, and why.
const WITHOUT_A_TEST: [(u32, &str); 2] = [
    (
        21,
        "deleting a virtual machine takes the password of the account; there is no function for it",
    ),
    (
        27,
        "tokens are made by people in the panel; there is no function for it",
    ),
];

/// Collects the lines of documentation of all Rust files below a folder.
fn documentation(folder: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            documentation(&path, lines);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("source is text");
            let docs = text
                .lines()
                .map(str::trim)
                .filter(|line| line.starts_with("/// "));
            lines.extend(docs.map(str::to_owned));
        }
    }
}

fn names(line: &str, example: u32) -> bool {
    let wanted = format!("E{example}");
    line.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word == wanted)
}

#[test]
fn every_example_has_a_test_or_a_reason() {
    let mut lines = Vec::new();
    documentation(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut lines);
    for example in 1..=32 {
        let is_tested = lines.iter().any(|line| names(line, example));
        let has_reason = WITHOUT_A_TEST.iter().any(|(without, _)| *without == example);
        assert!(
            is_tested != has_reason,
            "E{example}: tested {is_tested}, excused {has_reason}"
        );
    }
}

#[test]
fn one_example_is_not_taken_for_another() {
    assert!(names("/// E3, E12: both.", 12) && names("/// E3.", 3));
    assert!(!names("/// E31.", 3) && !names("/// THE3 E32", 3));
}
