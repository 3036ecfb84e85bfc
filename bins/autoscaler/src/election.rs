//! The leader election of `run`: who this process is, and which Lease it contends for.

use crate::args::ElectionOptions;
use crate::exit::Failure;
use autoscaler_controller::Clock;
use autoscaler_controller::lease::{Candidacy, Elector, Leadership, Timing};

/// Returns the clock of the process.
pub(crate) fn clock(options: &ElectionOptions) -> Clock {
    #[cfg(debug_assertions)]
    return Clock::system().drifting(options.clock_rate);
    #[cfg(not(debug_assertions))]
    {
        _ = options;
        Clock::system()
    }
}

/// Checks what the options say of the election; nothing without one.
///
/// # Errors
///
/// When the durations do not fit together.
pub(crate) fn candidacy(options: &ElectionOptions, namespace: &str) -> Result<Option<Candidacy>, Failure> {
    if options.no_leader_election {
        return Ok(None);
    }
    let timing = Timing::new(
        options.lease_duration,
        options.lease_renew_deadline,
        options.lease_retry,
    );
    let namespace = options.leader_election_namespace.as_deref().unwrap_or(namespace);
    Ok(Some(Candidacy {
        namespace: namespace.to_owned(),
        name: options.leader_election_name.clone(),
        identity: identity(),
        timing: timing.map_err(Failure::input)?,
    }))
}

/// Begins to contend for the Lease, or leads at once without an election.
pub(crate) fn start(
    kubernetes: kube::Client,
    clock: Clock,
    candidacy: Option<Candidacy>,
) -> (Option<Elector>, Leadership) {
    let Some(candidacy) = candidacy else {
        tracing::warn!("no leader election: a second process would act as well");
        return (None, Leadership::alone());
    };
    let (elector, leadership) = Elector::start(kubernetes, clock, candidacy);
    (Some(elector), leadership)
}

/// Names this process: by its pod or machine for people, and by chance so that no other is ever called the same.
fn identity() -> String {
    let machine = || {
        hostname::get()
            .ok()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let pod = std::env::var("POD_NAME").ok().filter(|name| !name.is_empty());
    let place = pod.or_else(machine).unwrap_or_else(|| "autoscaler".to_owned());
    let chance = uuid::Uuid::new_v4().simple().to_string();
    format!("{place}_{}", &chance[..8])
}
