//! What is wrong with a scenario, and where.

/// Says what is wrong with a scenario, with line and field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}{}: {message}", in_field(field))]
pub struct ScenarioError {
    line: u64,
    column: u64,
    field: String,
    message: String,
}

// === impl ScenarioError ===

impl ScenarioError {
    pub(super) fn new(line: u64, column: u64, field: &str, message: String) -> Self {
        Self {
            line,
            column,
            field: field.to_owned(),
            message,
        }
    }

    /// Returns the line, counted from 1; 0 when it is not known.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the path of the field, such as `clusters[0].size`; empty for the file as a whole.
    pub fn field(&self) -> &str {
        &self.field
    }
}

fn in_field(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!(", in `{field}`")
    }
}
