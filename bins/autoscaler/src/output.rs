//! What goes to the two outputs: results to the first, messages and logs to the second.

use crate::args::{LogFormat, LogOptions};
use crate::exit::Failure;
use std::io::{self, Write};
use tracing_subscriber::EnvFilter;

/// Prints a result. A reader that went away, as `head` does, is no failure.
pub(crate) fn print(text: &str) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// Prints a message for a person.
pub(crate) fn complain(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Starts logging to the second output.
pub(crate) fn start_logging(options: &LogOptions) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&options.log_level).map_err(|error| {
        Failure::input(
            anyhow::Error::new(error).context("--log-level; use error, warn, info, debug or trace"),
        )
    })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match options.log_format {
        LogFormat::Json => logs.json().init(),
        LogFormat::Text => logs.init(),
    }
    Ok(())
}
