//! Logs go to the second output, in the form that was asked for.

use crate::args::{LogFormat, LogOptions};
use crate::exit::Failure;
use std::io;
use tracing_subscriber::EnvFilter;

/// Starts logging to the second output, at the usual level unless another is asked for.
pub(crate) fn start(options: &LogOptions, usual: &str) -> Result<(), Failure> {
    let level = options.log_level.as_deref().unwrap_or(usual);
    let filter = EnvFilter::try_new(level).map_err(|error| {
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
