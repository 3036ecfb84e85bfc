//! Logs go to the second output, in the form that was asked for.

use crate::args::{LogFormat, LogOptions};
use crate::exit::Failure;
use crate::traces::Traces;
use std::io;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// Starts logging to the second output, at the usual level unless another is asked for, and taking down spans.
pub(crate) fn start(options: &LogOptions, usual: &str, traces: Option<&Traces>) -> Result<(), Failure> {
    let level = options.log_level.as_deref().unwrap_or(usual);
    let filter = EnvFilter::try_new(level).map_err(|error| {
        Failure::input(
            anyhow::Error::new(error).context("--log-level; use error, warn, info, debug or trace"),
        )
    })?;
    let logs = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let logs: Box<dyn Layer<Registry> + Send + Sync> = match options.log_format {
        LogFormat::Json => Box::new(logs.json().with_filter(filter)),
        LogFormat::Text => Box::new(logs.with_filter(filter)),
    };
    tracing_subscriber::registry()
        .with(logs)
        .with(traces.map(Traces::layer))
        .init();
    Ok(())
}
