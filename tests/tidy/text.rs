//! Rules about single files: their name, their length, their first line and what must not be in them.

use super::files::TextFile;
use super::manifest::{PURE, PURE_BUT_FOR};

/// Beyond this many lines nobody reads a file from top to bottom.
const LINE_LIMIT: usize = 500;

/// The README is one thing to read, not a manual.
const README_LINE_LIMIT: usize = 120;

/// File and folder names that say nothing.
const EMPTY_NAMES: [&str; 5] = ["mod", "util", "utils", "common", "misc"];

/// What reads a clock, waits, or has no order. Pure code has none of it, its tests included.
const IMPURE: [&str; 9] = [
    "async fn",
    "async move",
    ".await",
    "Utc::now",
    "Local::now",
    "Instant::now",
    "SystemTime::now",
    "HashMap",
    "HashSet",
];

/// Words that put something off. In two parts, so that this file does not complain about itself.
const LATER: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders of one person or one machine.
const HOMES: [&str; 3] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Lists files of more than [`LINE_LIMIT`] lines.
pub(crate) fn too_long(file: &TextFile) -> Vec<String> {
    let lines = file.text.lines().count();
    if !file.is_rust() || lines <= LINE_LIMIT {
        return Vec::new();
    }
    vec![file.complaint(
        lines,
        &format!("more than {LINE_LIMIT} lines; split it, tests first"),
    )]
}

/// Lists a README that has become a manual.
pub(crate) fn readme_too_long(file: &TextFile) -> Vec<String> {
    let lines = file.text.lines().count();
    if file.path != "README.md" || lines <= README_LINE_LIMIT {
        return Vec::new();
    }
    vec![file.complaint(
        lines,
        &format!("more than {README_LINE_LIMIT} lines; move the rest to docs/"),
    )]
}

/// Lists Rust files and folders with names that say nothing.
pub(crate) fn empty_name(file: &TextFile) -> Vec<String> {
    let parts = file.path.trim_end_matches(".rs").split('/');
    let found = parts.filter(|part| file.is_rust() && EMPTY_NAMES.contains(part));
    found
        .map(|part| file.complaint(1, &format!("`{part}` says nothing; name it after what it holds")))
        .collect()
}

/// Lists Rust files that do not say in their first line what they are.
pub(crate) fn no_introduction(file: &TextFile) -> Vec<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let says_something = first
        .strip_prefix("//!")
        .is_some_and(|rest| !rest.trim().is_empty());
    if !file.is_rust() || says_something {
        return Vec::new();
    }
    vec![file.complaint(1, "the first line must say with //! what this file is")]
}

/// Lists what was put off. Prose may talk about the words.
pub(crate) fn put_off(file: &TextFile) -> Vec<String> {
    let is_prose = file.path.ends_with(".md") || file.path.ends_with("LICENSE");
    let lines = file.text.lines().enumerate().filter(|_| !is_prose);
    let found = lines.filter(|(_, line)| LATER.iter().any(|word| has_word(line, word)));
    found
        .map(|(place, _)| file.complaint(place + 1, "do it now, or open an issue"))
        .collect()
}

/// Lists tests and examples that never run.
pub(crate) fn ignored(file: &TextFile) -> Vec<String> {
    let lines = file.text.lines().enumerate().filter(|_| file.is_rust());
    let found = lines.filter(|(_, line)| {
        let line = line.trim_start();
        let is_attribute = line.starts_with("#[") && has_word(line, "ignore");
        let comment = line.trim_start_matches(['/', '!', ' ']);
        is_attribute || (comment.starts_with("```") && has_word(comment, "ignore"))
    });
    found
        .map(|(place, _)| file.complaint(place + 1, "what never runs proves nothing; delete or mend it"))
        .collect()
}

/// Lists tests whose names begin with `test_` instead of saying what holds.
pub(crate) fn name_is_no_sentence(file: &TextFile) -> Vec<String> {
    let lines: Vec<&str> = file
        .text
        .lines()
        .map(str::trim)
        .filter(|_| file.is_rust())
        .collect();
    let is_function = |line: &str| {
        ["fn test_", "async fn test_"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let pairs = lines.windows(2).enumerate();
    let found = pairs.filter(|(_, pair)| pair[0].ends_with("test]") && is_function(pair[1]));
    found
        .map(|(place, _)| file.complaint(place + 2, "say what holds, as a sentence without test_"))
        .collect()
}

/// Lists paths that exist on one machine only.
pub(crate) fn path_of_one_machine(file: &TextFile) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let found = lines.filter(|(_, line)| HOMES.iter().any(|home| line.contains(home)));
    found
        .map(|(place, _)| file.complaint(place + 1, "this path exists on one machine only"))
        .collect()
}

/// Lists places where a crate that thinks reads a clock, waits, or depends on the order of a hash.
pub(crate) fn impure(file: &TextFile) -> Vec<String> {
    let is_pure = PURE.iter().any(|pure| source_of(file, pure).is_some())
        || PURE_BUT_FOR.iter().any(|(pure, others)| {
            source_of(file, pure).is_some_and(|path| {
                let room = path.split(['/', '.']).next().unwrap_or_default();
                !others.contains(&room)
            })
        });
    let mut complaints = Vec::new();
    for (number, line) in file.code().filter(|_| is_pure && file.is_rust()) {
        let found = IMPURE.iter().filter(|word| line.contains(*word));
        complaints
            .extend(found.map(|word| file.complaint(number, &format!("no {word} in a crate that thinks"))));
    }
    complaints
}

/// Tells where in the sources of a crate a file is, if it is there.
fn source_of<'a>(file: &'a TextFile, name: &str) -> Option<&'a str> {
    file.path.strip_prefix(&format!("crates/{name}/src/"))
}

/// Tells whether a line holds a word that is not part of a longer one.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
