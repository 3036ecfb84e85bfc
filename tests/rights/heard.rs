//! What the operator says of a right that it misses.

use kit::control_plane::Right;

/// Tells whether some line names both the verb and the resource of a right, each as a word of its own: to miss
/// `nodegroups/status` is not to miss `nodegroups`.
pub(crate) fn names(log: &str, right: &Right) -> bool {
    let resource = right.resource.as_str();
    let is_named = |line: &str| {
        let has = |wanted: &str| words(line).any(|word| word == wanted);
        has(resource) && has(right.verb.as_str())
    };
    log.lines().any(is_named)
}

/// Splits a line into words; what a hyphen or a slash joins, such as a command or a subresource, is one.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_ascii_alphanumeric() && !['-', '/'].contains(&letter))
}
