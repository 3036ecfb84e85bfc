//! The life as text, for the annotation that lets it survive a restart.

use thiserror::Error;

use super::Life;

/// Longest text that is looked at: Kubernetes allows no more for all annotations of an object.
const LENGTH_LIMIT: usize = 256 * 1024;

/// Says why a text is no life; the node then counts as found again without a record.
#[derive(Debug, Error)]
pub enum UnreadableLife {
    /// It is longer than an annotation can be.
    #[error("the lifecycle record has {length} bytes; no annotation has more than {LENGTH_LIMIT}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is no JSON, or lacks what a life needs, or is of a version that knows more states.
    #[error("reading the lifecycle record; remove the annotation to begin anew")]
    Malformed(#[source] serde_json::Error),
}

impl Life {
    /// Writes the life as JSON, for the annotation `autoscaler.vpsie.com/lifecycle` (`LC-29`).
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a life has words, times and numbers only")
    }

    /// Reads a life from JSON. Fields of newer versions are passed over.
    ///
    /// # Errors
    ///
    /// Says why the text is no life.
    pub fn from_json(text: &str) -> Result<Self, UnreadableLife> {
        if text.len() > LENGTH_LIMIT {
            return Err(UnreadableLife::TooLong { length: text.len() });
        }
        serde_json::from_str(text).map_err(UnreadableLife::Malformed)
    }
}
