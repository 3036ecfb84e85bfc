//! `explain`: why one VPSieNode of a live cluster is as it is; reads once and changes nothing.

mod report;

use crate::access;
use crate::args::{ExplainOptions, ExplainOutput};
use crate::exit::Failure;
use crate::output;
use anyhow::Context;
use autoscaler_controller::inquiry::find;
use autoscaler_controller::observation::{Observation, ObservationError};
use autoscaler_controller::{Settings, convert};
use chrono::TimeDelta;
use node_match::{explain_claim, match_fleet};
use report::Report;

/// Looks once at both sides and prints what there is to say of the VPSieNode.
///
/// When VPSie does not answer, what Kubernetes holds is printed all the same before the failure.
pub(crate) fn run(options: &ExplainOptions) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .context("starting the runtime")
        .map_err(Failure::broken)?
        .block_on(explain(options))
}

async fn explain(options: &ExplainOptions) -> Result<(), Failure> {
    let kubernetes = access::kubernetes(&options.access).await?;
    let secret = access::secret(&options.access, &kubernetes).await?;
    let vpsie = access::vpsie(&options.access, secret, Settings::default().request_timeout)?;
    let vpsie = std::sync::Arc::new(vpsie);
    let observation = Observation::make(&kubernetes, vpsie, settings(options), chrono::Utc::now()).await;
    let observation = observation.map_err(|error| match error {
        ObservationError::NotInstalled { .. }
        | ObservationError::Forbidden { .. }
        | ObservationError::Unreachable { .. }
        | ObservationError::TimedOut { .. } => Failure::kubernetes(error),
    })?;
    let world = observation.world();
    let claim = find(&world, &options.name).map_err(Failure::input)?;
    let snapshot = convert::snapshot(&world);
    let matching = match_fleet(&snapshot);
    let view = world.cluster(claim.object.spec.resource_identifier());
    let why = claim
        .object
        .uid()
        .and_then(|uid| explain_claim(&snapshot, &matching, &uid))
        // Without an answer there is nothing to match, and what was not seen would look as if it were not there.
        .filter(|_| view.is_some_and(|view| view.latest().is_some()));
    let report = Report::new(claim, view, why, world.now);
    match options.output {
        ExplainOutput::Text => output::print(&report.to_text()),
        ExplainOutput::Json => output::print(&report.to_json().map_err(Failure::defect)?),
    }
    match view.and_then(|view| view.error()) {
        Some(error) => Err(access::refused(error.clone())),
        None => Ok(()),
    }
}

fn settings(options: &ExplainOptions) -> Settings {
    Settings {
        namespace: options.namespace.clone(),
        discovery_timeout: TimeDelta::seconds(options.discovery_timeout_seconds.into()),
        anonymous: !options.no_anonymous,
        ..Settings::default()
    }
}
