//! What this crate logs while a test runs.

use std::io;
use std::sync::{Arc, Mutex};

/// Collects what is logged by the thread of a test.
#[derive(Clone, Default)]
pub(crate) struct Logs(Arc<Mutex<Vec<u8>>>);

// === impl Logs ===

impl Logs {
    /// Collects what this thread logs as long as the guard lives.
    pub(crate) fn collect() -> (Self, impl Sized) {
        let logs = Self::default();
        let writer = logs.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
            .with_writer(move || writer.clone());
        (logs, tracing::subscriber::set_default(subscriber.finish()))
    }

    /// Lists the lines of this crate that hold a text.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        let all = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let ours = all
            .lines()
            .filter(|line| line.contains("endpoint_discovery") && line.contains(text));
        ours.map(str::to_owned).collect()
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
