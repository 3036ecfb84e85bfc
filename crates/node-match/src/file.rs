//! Matching from a file: the snapshot as JSON, and the answer as JSON or a table.
//!
//! For support cases and for rehearsal: what the operator saw goes in, what it would decide comes out.

mod input;
mod moment;
mod object;
mod output;
#[cfg(test)]
mod tests;

pub use output::{Output, OutputClaim};

use crate::Snapshot;
use crate::file::object::Object;

/// Says what is wrong with a file, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The text is not the JSON that the schema describes.
    #[error("line {line}, column {column}: {message}; compare the file with `autoscaler match --schema`")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The path of the field, and what is wrong there.
        message: String,
    },
    /// There is nothing in it.
    #[error("the file is empty; write a snapshot as `autoscaler match --schema` describes it")]
    Empty,
    /// A value is well-formed but means nothing.
    #[error("{field} is `{value}`: {remedy}")]
    Value {
        /// The path of the field.
        field: String,
        /// The value found.
        value: String,
        /// What to write instead.
        remedy: &'static str,
    },
}

/// Reads a snapshot.
///
/// # Errors
/// When the text is not JSON, has a field the schema does not know, or a value that means nothing.
pub fn read(text: &str) -> Result<Snapshot<'static>, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(FileError::Empty);
    }
    let mut source = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut source);
    let Object(file): Object<input::File> = read.map_err(|error| {
        let field = error.path().to_string();
        FileError::json(&field, error.inner())
    })?;
    source.end().map_err(|error| FileError::json(ROOT, &error))?;
    file.into_snapshot()
}

/// The path of the whole file.
const ROOT: &str = ".";

// === impl FileError ===

impl FileError {
    fn json(field: &str, error: &serde_json::Error) -> Self {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let whole = error.to_string();
        let message = whole.strip_suffix(&place).unwrap_or(&whole);
        Self::Json {
            line: error.line(),
            column: error.column(),
            message: if field == ROOT {
                message.to_owned()
            } else {
                format!("{field}: {message}")
            },
        }
    }
}

/// Returns the JSON Schema of the input.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(input::File).to_value()
}
