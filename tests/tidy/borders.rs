//! Rules about borders: one way leads to the end of a machine, and the simulator shares no shapes with the client.

use super::files::TextFile;
use super::text::has_word;

/// What leads to the end of a machine, and the files that may have it.
const WAYS: [(&str, &[&str]); 5] = [
    ("remove_worker", &["crates/autoscaler-controller/src/remover.rs"]),
    // VPSie could end the machines of a group with it. Nothing deletes groups.
    ("delete_group", &[]),
    ("Remover::new", &["crates/autoscaler-controller/src/act.rs"]),
    (
        "redeem",
        &[
            "crates/autoscaler-controller/src/act/removal.rs",
            "crates/autoscaler-controller/src/decide/laws/removals.rs",
            "examples/may_it_go.rs",
        ],
    ),
    (
        "gate.decide",
        &[
            "crates/autoscaler-controller/src/removal.rs",
            "examples/may_it_go.rs",
        ],
    ),
];

/// Where the ways may stand: the client, the simulator, whose machines are not real, tests, which speak to it alone,
/// and the gate itself, which knows no client.
const FREE: [&str; 4] = [
    "crates/vpsie-api/",
    "crates/fleet-sim/",
    "tests/",
    "crates/node-lifecycle/",
];

/// What the simulator may take from the client: how bytes get there, and nothing about what they say.
const TRANSPORT: [&str; 3] = ["Transport", "TransportError", "transport"];

/// Lists files that have a way to the end of a machine and may not, and ways that have left their file.
///
/// A person can so read everything that leads to the end of a machine: who asks the gate, who redeems its permit, who
/// holds the power to remove, and who uses it.
pub(crate) fn ways_to_remove_a_machine(files: &[TextFile]) -> Vec<String> {
    let is_free = |file: &TextFile| FREE.iter().any(|folder| file.path.starts_with(folder));
    let mut complaints = Vec::new();
    for (way, homes) in WAYS {
        for file in files.iter().filter(|file| file.is_rust() && !is_free(file)) {
            let is_home = homes.contains(&file.path.as_str());
            match (goes(file, way), is_home) {
                (Some(line), false) => {
                    complaints.push(file.complaint(line, &format!("`{way}` leads to the end of a machine")));
                }
                (None, true) => complaints.push(file.complaint(
                    1,
                    &format!("`{way}` is not here; was it renamed? Then rename it in this rule"),
                )),
                (Some(_), true) | (None, false) => {}
            }
        }
    }
    complaints
}

/// Returns the first line that mentions a way; its definition is none.
fn goes(file: &TextFile, way: &str) -> Option<usize> {
    let defines = format!("fn {way}");
    let mut lines = file.code();
    let found = lines.find(|(_, line)| has_word(line, way) && !line.contains(&defines));
    found.map(|(number, _)| number)
}

/// Lists what the simulator takes from the client besides the transport.
///
/// It builds its answers from the description of the API: a mistake in our reply types must not be in both.
pub(crate) fn shared_shapes(file: &TextFile) -> Vec<String> {
    if !file.path.starts_with("crates/fleet-sim/") || !file.is_rust() {
        return Vec::new();
    }
    let code: String = file.code().map(|(_, line)| format!("{line}\n")).collect();
    let places = code
        .match_indices("vpsie_api::")
        .map(|(start, path)| &code[start + path.len()..]);
    let names = places
        .flat_map(first_names)
        .filter(|name| !TRANSPORT.contains(&name.as_str()));
    names
        .map(|name| file.complaint(1, &format!("the simulator must not use vpsie_api::{name}")))
        .collect()
}

/// Lists the first name of a path, or of each path in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| {
        text.trim()
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect::<String>()
    };
    let Some(inside) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    for letter in inside.chars() {
        match letter {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ => names.last_mut().expect("it begins with one").push(letter),
        }
    }
    names
        .iter()
        .map(|text| name(text))
        .filter(|name| !name.is_empty())
        .collect()
}
