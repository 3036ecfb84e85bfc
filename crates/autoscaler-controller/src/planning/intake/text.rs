//! Text as documents: JSON where it begins like JSON, else YAML.

use serde_json::Value;
use serde_saphyr::Options;

use super::IntakeError;

/// How deep a document may be nested: the deepest object of Kubernetes, a resource definition, is half as deep.
const MOST_DEPTH: usize = 100;

/// Takes a text apart.
pub(super) fn documents(text: &str) -> Result<Vec<Value>, IntakeError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) {
        let documents = serde_json::Deserializer::from_str(text).into_iter();
        return Ok(documents.collect::<Result<_, _>>()?);
    }
    let documents = serde_saphyr::from_multiple_with_options(text, options(text.len()));
    documents.map_err(|error| IntakeError::Yaml(Box::new(error)))
}

/// Allows as much as a text of this length can hold; aliases, which could make more of it, stay as few as usual.
fn options(length: usize) -> Options {
    // Every byte may begin something, beside what begins and ends the text itself.
    let most = length + 16;
    let mut budget = serde_saphyr::Budget::default();
    budget.max_events = most;
    budget.max_nodes = most;
    budget.max_documents = most;
    budget.max_total_scalar_bytes = most;
    budget.max_depth = MOST_DEPTH;
    let mut options = Options::default();
    options.with_snippet = false;
    // A bare `n` or `yes` is a text, as in YAML 1.2: a label may well be called so.
    options.strict_booleans = true;
    options.budget = Some(budget);
    options
}
