//! `run`: the operator against a real cluster and VPSie.

use crate::access;
use crate::api::{Reserved, Served};
use crate::args::RunOptions;
use crate::configuration::Configuration;
use crate::election;
use crate::exit::Failure;
use crate::output;
use crate::site::Shown;
use anyhow::Context;
use audit_store::Recorder;
use autoscaler_controller::credentials;
use autoscaler_controller::endpoints::{Endpoints, Webhook};
#[cfg(debug_assertions)]
use autoscaler_controller::lease::EFFECT_WITHIN;
use autoscaler_controller::lease::Elector;
use autoscaler_controller::{Clock, Operator, Settings, StartError, Telemetry};
use autoscaler_web::api::Series;
use chrono::TimeDelta;
use endpoint_discovery::ProbeSettings;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use vpsie_api::{CallError, VpsieApi};

/// Entries of the audit log that are held in memory.
const SHOWN: i64 = 1000;
/// Longest wait at the end for what is not stored yet; a pod has a minute in all.
const STORING_LIMIT: Duration = Duration::from_secs(10);

/// Starts the operator and keeps it running until the process is told to stop.
pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    // Two threads: one pass at a time is made, and watches are decoded beside it.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime
        .context("starting the runtime")
        .map_err(Failure::broken)?
        .block_on(operate(options))
}

/// Prints the configuration instead, once all that can be checked without a cluster is checked.
pub(crate) fn print(options: &RunOptions, configuration: &Configuration) -> Result<(), Failure> {
    election::candidacy(&options.election, &options.namespace)?;
    options.audit.location()?;
    options.discovery.settings()?;
    webhook(options)?;
    output::print(configuration.to_yaml().trim_end());
    Ok(())
}

/// A process that has seen the cluster and is about to work.
struct Begun {
    operator: Operator,
    elector: Option<Elector>,
    shown: Shown,
    api: Served,
    recorder: Recorder,
}

async fn operate(options: &RunOptions) -> Result<(), Failure> {
    let stop = told_to_stop()
        .context("listening for signals")
        .map_err(Failure::broken)?;
    let mut stop = std::pin::pin!(stop);
    let begun = tokio::select! {
        biased;
        () = &mut stop => {
            tracing::info!("told to stop before the work began");
            return Ok(());
        }
        begun = begin(options) => begun?,
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "the autoscaler runs");
    let was_told = begun.operator.run_until(stop).await;
    if let Some(elector) = begun.elector {
        elector.release().await;
    }
    begun.recorder.finish(STORING_LIMIT).await;
    begun.api.stop().await;
    begun.shown.stop().await;
    if was_told {
        tracing::info!("told to stop; the last pass is finished");
        Ok(())
    } else {
        Err(Failure::broken(anyhow::anyhow!(
            "the operator ended by itself; see the log"
        )))
    }
}

async fn begin(options: &RunOptions) -> Result<Begun, Failure> {
    let candidacy = election::candidacy(&options.election, &options.namespace)?;
    let watched = options.discovery.settings()?;
    let webhook = webhook(options)?;
    let recorder = recorder(options)?;
    let kubernetes = access::kubernetes(&options.access).await?;
    let replica = candidacy.as_ref().map(|candidacy| candidacy.identity.clone());
    let telemetry = Telemetry::default()
        .with_events(kubernetes.clone(), replica)
        .with_audit(recorder.clone());
    let kubernetes = telemetry.metrics.measure_kubernetes(kubernetes);
    let standing = credentials::Standing::default();
    let series = Series::default();
    let shown = Shown::start(options.listen, &telemetry, &series, &recorder, &standing).await?;
    let api = Reserved::take(&options.api, &kubernetes).await?;
    let access = access::secret(&options.access, &kubernetes).await?;
    let followed = credentials::Followed {
        namespace: options.access.vpsie_secret_namespace.clone(),
        name: options.access.vpsie_secret_name.clone(),
        url: access.url.clone(),
        url_is_fixed: options.access.vpsie_url.is_some(),
    };
    let settings = settings(options);
    let vpsie = Arc::new(access::vpsie(&options.access, access, settings.request_timeout)?);
    let counts = Arc::clone(&vpsie);
    telemetry.metrics.show_vpsie(move || counts.state());
    check(vpsie.as_ref()).await?;
    let follow = credentials::follow(kubernetes.clone(), followed, Arc::clone(&vpsie), standing.clone());
    tokio::spawn(follow);
    let clock = election::clock(&options.election);
    let operator = Operator::start(kubernetes.clone(), vpsie, clock.clone(), settings).await;
    let operator = operator.map_err(|error| match error {
        StartError::Settings(_) => Failure::input(error),
        StartError::Watch(_) | StartError::Baselines(_) => Failure::kubernetes(error),
    })?;
    let endpoints = endpoints(watched, &kubernetes, &clock, &telemetry);
    if let Some(webhook) = webhook {
        endpoints.post_alerts(webhook, telemetry.metrics.alert_series());
    }
    // Only who has seen the cluster contends: whoever takes over can act at once.
    let (elector, leadership) = election::start(kubernetes, clock, candidacy);
    shown.show_leader(&leadership);
    let operator = operator.led_by(leadership).with_credentials(standing);
    let operator = operator.telling(telemetry).watching(endpoints.clone());
    let api = api.serve(&operator, endpoints, &recorder, &series);
    Ok(Begun {
        operator,
        elector,
        shown,
        api,
        recorder,
    })
}

/// Returns where alerts about instances are posted, if anywhere.
fn webhook(options: &RunOptions) -> Result<Option<Webhook>, Failure> {
    options
        .discovery
        .webhook(options.access.allow_plain_http_to_loopback)
}

/// Begins to watch Services, where some are chosen.
fn endpoints(
    watched: Option<(endpoint_discovery::Settings, Option<ProbeSettings>)>,
    kubernetes: &kube::Client,
    clock: &Clock,
    telemetry: &Telemetry,
) -> Endpoints {
    let Some((mut settings, probes)) = watched else {
        tracing::info!("no Service is watched; name some with --discovery-services");
        return Endpoints::default();
    };
    settings.meters = telemetry.metrics.discovery_meters();
    Endpoints::start(kubernetes.clone(), settings, probes, clock.clone())
}

/// Starts to record. A store that is in trouble keeps nobody from starting: it is said, and tried again.
fn recorder(options: &RunOptions) -> Result<Recorder, Failure> {
    Ok(match options.audit.location()? {
        Some(location) => Recorder::start(location, SHOWN, options.audit.retention()),
        None => Recorder::in_memory(SHOWN),
    })
}

/// Asks VPSie once before anything else, so that a wrong token or address is said at once. A VPSie in trouble does not
/// keep a replica from starting, whatever it answers: the replica watches the cluster meanwhile, and asks again with
/// every poll.
async fn check(vpsie: &dyn VpsieApi) -> Result<(), Failure> {
    match vpsie.clusters().await {
        Ok(clusters) => tracing::info!(clusters = clusters.len(), "VPSie answers"),
        Err(
            error @ (CallError::Unauthorized { .. }
            | CallError::Forbidden { .. }
            | CallError::NotFound { .. }),
        ) => return Err(access::refused(error)),
        Err(error) => {
            tracing::warn!(%error, "VPSie does not answer as it should yet; it is asked again with every poll");
        }
    }
    Ok(())
}

fn settings(options: &RunOptions) -> Settings {
    Settings {
        namespace: options.namespace.clone(),
        poll_interval: Duration::from_secs(options.poll_interval_seconds.into()),
        discovery_timeout: TimeDelta::seconds(options.discovery_timeout_seconds.into()),
        joining_timeout: TimeDelta::seconds(options.joining_timeout_seconds.into()),
        anonymous: !options.no_anonymous,
        gate: options.gate.gate(),
        settle: TimeDelta::seconds(options.gate.settle_seconds.into()),
        first_removal: TimeDelta::seconds(options.gate.first_removal_seconds.into()),
        unhealthy_after: options.brakes.unhealthy_after(),
        brakes: options.brakes.brakes(),
        ..shortened(options)
    }
}

/// Returns the default settings, but for what tests may make shorter in a debug build.
#[cfg(debug_assertions)]
fn shortened(options: &RunOptions) -> Settings {
    let mut settings = Settings::default();
    if let Some(seconds) = options.proof_spacing_seconds {
        settings.absence_spacing = TimeDelta::seconds(seconds.into());
        settings.candidate_spacing = settings.absence_spacing;
    }
    if let Some(seconds) = options.effect_wait_seconds {
        settings.effect_wait = TimeDelta::seconds(seconds.into());
        settings.request_timeout = Duration::from_secs(seconds.into()).saturating_sub(EFFECT_WITHIN);
    }
    settings
}

/// Returns the default settings.
#[cfg(not(debug_assertions))]
fn shortened(_options: &RunOptions) -> Settings {
    Settings::default()
}

/// Listens for SIGTERM and SIGINT from now on.
pub(crate) fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests;
