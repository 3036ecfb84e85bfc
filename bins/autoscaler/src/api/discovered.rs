//! What the API shows of watched Services, out of what discovery knows.

use autoscaler_controller::endpoints::Endpoints;
use autoscaler_web::api::{Discovered, DiscoveredService, Instance, InstanceStatus, Staleness};
use endpoint_discovery::{BreakerState, Origin, Selection, Source, Stale, Status, View};
use std::sync::Arc;
use tokio::sync::watch;

/// Follows what discovery knows, for as long as anybody reads it; nothing where no Service is watched.
pub(super) fn follow(endpoints: Endpoints) -> watch::Receiver<Option<Arc<Discovered>>> {
    let (shown, receiver) = watch::channel(None);
    let Some(mut views) = endpoints.subscribe() else {
        return receiver;
    };
    shown.send_replace(newest(&endpoints));
    tokio::spawn(async move {
        loop {
            let over = tokio::select! {
                changed = views.changed() => changed.is_err(),
                () = shown.closed() => true,
            };
            if over {
                break;
            }
            // Marked as seen before it is read, so that what comes meanwhile is read once more.
            views.mark_unchanged();
            shown.send_replace(newest(&endpoints));
        }
    });
    receiver
}

fn newest(endpoints: &Endpoints) -> Option<Arc<Discovered>> {
    let views = endpoints.views();
    let stale = endpoints.selection_stale();
    let is_empty = views.is_empty() && endpoints.selects_nothing();
    let is_known = views.values().any(|view| !matches!(view.origin, Origin::Nothing));
    let trouble = || {
        let stale = stale
            .as_ref()
            .or_else(|| views.values().find_map(|view| view.stale.as_ref()));
        stale.map_or_else(
            || "nothing was heard of the Services yet; ask again".to_owned(),
            |stale| stale.error.clone(),
        )
    };
    Some(Arc::new(Discovered {
        mode: endpoints.mode()?.to_string(),
        unknown: (!is_known && !is_empty).then(trouble),
        note: is_empty.then(|| nobody_has_the_labels(endpoints.services())),
        stale: stale.as_ref().map(of_stale),
        services: views.values().map(|view| of_view(view)).collect(),
    }))
}

/// Says that no Service was found, and by what it was looked for.
fn nobody_has_the_labels(services: Option<&Selection>) -> String {
    match services {
        Some(Selection::Labelled { namespace, selector }) => {
            format!(
                "no Service of the namespace {namespace} has the labels {selector}; one that gets them is watched"
            )
        }
        Some(Selection::Named(_)) | None => "no Service is watched".to_owned(),
    }
}

fn of_view(view: &View) -> DiscoveredService {
    let told_at = match &view.origin {
        Origin::Nothing | Origin::Hint(_) => None,
        Origin::Live { told_at, .. } => Some(*told_at),
    };
    DiscoveredService {
        namespace: view.service.namespace.clone(),
        name: view.service.name.clone(),
        source: view.source.map(Source::as_str).map(str::to_owned),
        is_hint: matches!(view.origin, Origin::Hint(_)),
        told_at,
        stale: view.stale.as_ref().map(of_stale),
        breaker: of_breaker(view.breaker).to_owned(),
        warnings: view.warnings.iter().map(ToString::to_string).collect(),
        instances: view
            .instances()
            .iter()
            .filter_map(|one| of_instance(one))
            .collect(),
    }
}

fn of_stale(stale: &Stale) -> Staleness {
    Staleness {
        since: stale.since,
        error: stale.error.clone(),
    }
}

fn of_breaker(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half-open",
    }
}

/// Writes an instance as discovery does; nothing where that fails, which would be a defect.
fn of_instance(instance: &endpoint_discovery::Instance) -> Option<Arc<Instance>> {
    let json = serde_json::value::to_raw_value(instance);
    let json = json.inspect_err(|error| tracing::error!(%error, "an instance cannot be written"));
    Some(Arc::new(Instance {
        id: instance.id.to_string(),
        status: match instance.status {
            Status::Ready => InstanceStatus::Ready,
            Status::Degraded => InstanceStatus::Degraded,
            Status::Booting | Status::NotReady | Status::Error | Status::Unknown => InstanceStatus::NotReady,
        },
        json: json.ok()?,
    }))
}

#[cfg(test)]
mod tests;
