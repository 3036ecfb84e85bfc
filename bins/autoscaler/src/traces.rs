//! What is done, as spans for a collector of OpenTelemetry (OTLP over HTTP, protobuf): off unless an endpoint is given.

use crate::exit::Failure;
use anyhow::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

/// Most finished spans that wait to be sent; about a megabyte. What finishes beyond them is dropped.
const QUEUE: usize = 2_048;
/// Most spans of one request.
const BATCH: usize = 512;
/// How often what waits is sent.
const EVERY: Duration = Duration::from_secs(5);
/// Longest wait for the answer of the collector.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Longest wait at the end for what is not sent yet.
const FAREWELL: Duration = Duration::from_secs(5);
/// Where a collector takes spans, below its address.
const PATH: &str = "v1/traces";

/// Sends finished spans to a collector, from a thread of its own.
pub(crate) struct Traces(SdkTracerProvider);

/// Sends spans, and says once when that begins to fail, and once when it works again.
#[derive(Debug)]
struct Sender {
    inner: opentelemetry_otlp::SpanExporter,
    is_failing: AtomicBool,
}

// === impl Traces ===

impl Traces {
    /// Makes ready to send to a collector; nothing is sent yet, and nobody waits for it.
    ///
    /// # Errors
    ///
    /// When the address cannot be used; it is not repeated, as it may hold a password.
    pub(crate) fn to(endpoint: &str) -> Result<Self, Failure> {
        let url = address(endpoint)
            .context("--otlp-endpoint")
            .map_err(Failure::input)?;
        // The HTTP client takes whatever provider of cryptography the process has; that there is one already is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_endpoint(url)
            .with_timeout(ANSWER_LIMIT)
            .with_retry_policy(opentelemetry_otlp::RetryPolicy::disabled())
            .build();
        let sender = Sender {
            inner: exporter.context("--otlp-endpoint").map_err(Failure::input)?,
            is_failing: AtomicBool::new(false),
        };
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(EVERY);
        let processor = BatchSpanProcessor::builder(sender).with_batch_config(config.build());
        let resource = Resource::builder()
            .with_service_name("vpsie-autoscaler")
            .with_attribute(opentelemetry::KeyValue::new(
                "service.version",
                env!("CARGO_PKG_VERSION"),
            ));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_span_processor(processor.build());
        Ok(Self(provider.build()))
    }

    /// Returns what takes down spans, and the lines of the log within them.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("autoscaler"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_ours))
    }

    /// Sends what waits, for a few seconds at most.
    pub(crate) fn finish(self) {
        // That nobody takes it was said when it began.
        let _ = self.0.shutdown_with_timeout(FAREWELL);
    }
}

/// Tells spans and lines of the operator from those of libraries, whose fields nobody has looked at for secrets.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let is_wanted = metadata.is_span() || *metadata.level() <= Level::INFO;
    is_wanted && metadata.target().starts_with("autoscaler")
}

/// Checks the address of a collector and returns where it takes spans.
fn address(endpoint: &str) -> anyhow::Result<String> {
    let usage = "use an address such as http://collector:4318, without a password, a query or a fragment";
    let mut url = Url::parse(endpoint).ok().context(usage)?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_plain = is_plain && url.query().is_none() && url.fragment().is_none();
    anyhow::ensure!(is_plain && matches!(url.scheme(), "http" | "https"), usage);
    let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url.into())
}

// === impl Sender ===

impl SpanExporter for Sender {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.inner.export(batch).await;
        let was_failing = self.is_failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Err(error) if !was_failing => {
                tracing::warn!(%error, "the collector takes no spans; they are dropped until it does");
            }
            Ok(()) if was_failing => tracing::info!("the collector takes spans again"),
            Ok(()) | Err(_) => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_below_the_address() {
        let cases = [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("https://collector/otlp/", "https://collector/otlp/v1/traces"),
        ];
        for (endpoint, expected) in cases {
            assert_eq!(address(endpoint).expect("it can be used"), expected);
        }
    }

    #[test]
    fn address_with_a_secret_or_nowhere_to_go_is_refused() {
        let wrong = [
            "collector:4318",
            "",
            "ftp://collector",
            "http://",
            "http://me:hunter2@collector",
            "http://hunter2@collector",
            "http://collector/?token=hunter2",
            "http://collector/#hunter2",
        ];
        for endpoint in wrong {
            let error = format!("{:#}", address(endpoint).expect_err(endpoint));
            assert!(error.contains("http://collector:4318"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
