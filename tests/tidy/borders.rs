//! Rules about borders: one place removes machines, and the simulator shares no shapes with the client.

use super::files::TextFile;
use super::text::has_word;

/// The method of the trait `RemoveWorker` that ends a machine.
const REMOVAL: &str = "remove_worker";

/// The crate in which machines are removed, and in exactly one file.
const REMOVER: &str = "crates/autoscaler-controller/src/";

/// What the simulator may take from the client: how bytes get there, and nothing about what they say.
const TRANSPORT: [&str; 3] = ["Transport", "TransportError", "transport"];

/// Lists files that call for the removal of a machine besides the one that may.
///
/// There is one such place, so that a person can read everything that leads to the end of a machine. The client
/// itself may, of course; so may the simulator, whose machines are not real, and tests, which speak to it alone.
pub(crate) fn removals_besides_one(files: &[TextFile]) -> Vec<String> {
    let may_remove = ["crates/vpsie-api/", "crates/fleet-sim/", "tests/"];
    let is_free = |file: &TextFile| may_remove.iter().any(|folder| file.path.starts_with(folder));
    let rust = || files.iter().filter(|file| file.is_rust() && !is_free(file));
    let callers: Vec<&TextFile> = rust().filter(|file| removal_calls(file) > 0).collect();
    let remover = callers.iter().find(|file| file.path.starts_with(REMOVER));
    let mut complaints: Vec<String> = callers
        .iter()
        .filter(|file| remover.is_none_or(|remover| remover.path != file.path))
        .map(|file| file.complaint(1, "machines are removed in one file of the controller only"))
        .collect();
    let could_remove = rust().any(|file| file.path.starts_with(REMOVER) && names_trait(file));
    if could_remove && remover.is_none() {
        complaints.push(format!(
            "{REMOVER}: nothing calls {REMOVAL}; was it renamed? Then rename it in this rule"
        ));
    }
    complaints
}

fn names_trait(file: &TextFile) -> bool {
    file.code().any(|(_, line)| has_word(line, "RemoveWorker"))
}

fn removal_calls(file: &TextFile) -> usize {
    let defines = format!("fn {REMOVAL}");
    let calls = |line: &str| has_word(line, REMOVAL) && line.contains(&format!("{REMOVAL}("));
    file.code()
        .filter(|(_, line)| calls(line) && !line.contains(&defines))
        .count()
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
