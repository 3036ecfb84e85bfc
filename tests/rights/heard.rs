//! What the operator says of what it does: its log, kept in memory.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kit::control_plane::Right;
use tracing::subscriber::DefaultGuard;

/// The lines heard so far; clones hear the same.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<u8>>>);

// === impl Heard ===

impl Heard {
    /// Listens to everything that this thread logs, as long as the guard lives.
    pub(crate) fn listen() -> (Self, DefaultGuard) {
        let heard = Self::default();
        let writer = heard.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (heard, tracing::subscriber::set_default(subscriber))
    }

    /// Adds a line, such as the error that a process would end with.
    pub(crate) fn note(&self, line: &str) {
        self.lines().extend(line.bytes().chain([b'\n']));
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines()).into_owned()
    }

    /// Tells whether some line names both the verb and the resource of a right, each as a word of its own: to miss
    /// `nodegroups/status` is not to miss `nodegroups`.
    pub(crate) fn names(&self, right: &Right) -> bool {
        let resource = right.resource.as_str();
        let is_named = |line: &str| {
            let has = |wanted: &str| words(line).any(|word| word == wanted);
            has(resource) && has(right.verb.as_str())
        };
        self.text().lines().any(is_named)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.lines().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Splits a line into words; what a hyphen or a slash joins, such as a command or a subresource, is one.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_ascii_alphanumeric() && !['-', '/'].contains(&letter))
}
