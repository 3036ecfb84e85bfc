//! What `run` shows over HTTP: metrics, and whether it lives and is ready.

use crate::exit::Failure;
use audit_store::{Recorder, RecorderState};
use autoscaler_controller::credentials::Standing;
use autoscaler_controller::lease::Leadership;
use autoscaler_controller::metrics::PREFIX;
use autoscaler_controller::skew::describe;
use autoscaler_controller::{Compared, LONGEST_SILENCE, Pulse, Telemetry};
use autoscaler_web::api::Series;
use autoscaler_web::{Health, Server, Site, Status};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where to listen, if anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) Option<SocketAddr>);

/// A server in the background.
pub(crate) struct Shown {
    leadership: Arc<OnceLock<Leadership>>,
    server: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

// === impl Listen ===

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let address = text.parse().map_err(|_| {
            "use an address with a port, such as 127.0.0.1:8080, or nothing at all".to_owned()
        })?;
        Ok(Self(Some(address)))
    }
}

// === impl Shown ===

impl Shown {
    /// Begins to serve, as long as an address is given.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub(crate) async fn start(
        listen: Listen,
        telemetry: &Telemetry,
        series: &Series,
        recorder: &Recorder,
        credentials: &Standing,
    ) -> Result<Self, Failure> {
        let leadership = Arc::new(OnceLock::new());
        let Some(address) = listen.0 else {
            let server = None;
            return Ok(Self { leadership, server });
        };
        let server = Server::bind(address).await;
        let server = server.map_err(|error| Failure::input(anyhow::Error::new(error).context("--listen")))?;
        let taken = server.address().map_err(Failure::broken)?;
        tracing::info!(address = %taken, "metrics and health are served");
        let site = Site {
            registries: vec![telemetry.metrics.registry(), Arc::new(series.registry(PREFIX))],
            health: Arc::new(health(&telemetry.pulse, &leadership, recorder, credentials)),
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.serve(site, async { drop(stopped.await) }));
        let server = Some((stop, task));
        Ok(Self { leadership, server })
    }

    /// Shows who leads from now on.
    pub(crate) fn show_leader(&self, leadership: &Leadership) {
        drop(self.leadership.set(leadership.clone()));
    }

    /// Ends the server; answers under way are still sent.
    pub(crate) async fn stop(self) {
        if let Some((stop, task)) = self.server {
            drop(stop);
            if let Err(error) = task.await {
                tracing::warn!(%error, "the server of metrics and health ended badly");
            }
        }
    }
}

/// Names what decides whether the process lives and is ready. The health of VPSie and of the audit store and our clock are
/// shown and decide nothing: a restart mends none of them.
fn health(
    pulse: &Pulse,
    leadership: &Arc<OnceLock<Leadership>>,
    recorder: &Recorder,
    credentials: &Standing,
) -> Health {
    let (alive, synced, vpsie, compared) = (pulse.clone(), pulse.clone(), pulse.clone(), pulse.clone());
    let (leadership, recorder) = (Arc::clone(leadership), recorder.clone());
    let credentials = credentials.clone();
    Health::default()
        .live("passes", move || passes(&alive))
        .ready("watches", move || watches(&synced))
        .show("leader", move || leader(leadership.get()))
        .show("vpsie", move || provider(&vpsie))
        .show("clock", move || clock(compared.clock().as_ref()))
        .show("audit", move || audit(&recorder.state()))
        .show("credentials", move || secret(credentials.problem()))
}

fn passes(pulse: &Pulse) -> Status {
    match pulse.silence() {
        None => Status::ok("there is no work to do here: it begins, or another replica leads"),
        Some(silence) if silence <= LONGEST_SILENCE => {
            Status::ok(format!("the last step was {} s ago", silence.as_secs()))
        }
        Some(silence) => Status::bad(format!("nothing has moved for {} s", silence.as_secs())),
    }
}

fn watches(pulse: &Pulse) -> Status {
    if pulse.is_synced() {
        Status::ok("the first lists are there, and where this replica leads every node was evaluated")
    } else {
        Status::bad(
            "the first lists of NodeGroups, VPSieNodes, Nodes and pods, or the first evaluation of nodes, are awaited",
        )
    }
}

fn leader(leadership: Option<&Leadership>) -> Status {
    let Some(leadership) = leadership else {
        return Status::ok("this replica does not contend yet");
    };
    match leadership.standing() {
        None => Status::ok("this replica leads; there is no election"),
        Some(standing) => {
            let holder = standing.holder.as_deref().unwrap_or("nobody");
            let role = if standing.term.is_some() {
                "leads"
            } else {
                "stands by"
            };
            Status::ok(format!("this replica {role}; the Lease is held by {holder}")).since(standing.since)
        }
    }
}

fn provider(pulse: &Pulse) -> Status {
    let Some(answering) = pulse.vpsie() else {
        return Status::ok("this replica has not asked VPSie yet");
    };
    let status = if answering.errors.is_empty() {
        Status::ok(format!("VPSie answered for {} clusters", answering.asked))
    } else {
        Status::bad(answering.errors.join("; "))
    };
    status.since(Some(answering.since))
}

/// Shows how our clock compares with others, and what follows when it cannot be believed.
fn clock(compared: Option<&Compared>) -> Status {
    let Some(Compared { skew, offsets }) = compared else {
        return Status::ok("this replica has not compared its clock yet, or another one leads");
    };
    let offsets = describe(offsets);
    match skew {
        None => Status::ok(offsets),
        Some(skew) => Status::bad(format!("{offsets}: {}", skew.sentence())),
    }
}

/// Says whether the followed Secret can be used as it is now.
fn secret(problem: Option<String>) -> Status {
    match problem {
        None => Status::ok("what the Secret held when it was last read is in use"),
        Some(problem) => Status::bad(format!("{problem}; what it held before stays in use")),
    }
}

/// Says whether what is recorded is also stored.
fn audit(state: &RecorderState) -> Status {
    let Some(store) = &state.store else {
        return Status::ok("the newest entries are kept in memory and stored nowhere");
    };
    let (stored, queued, dropped) = (state.stored, state.queued, state.dropped);
    let counts = format!("{stored} entries stored, {queued} wait, {dropped} dropped");
    match &state.trouble {
        None => Status::ok(format!("{store}: {counts}")),
        Some(trouble) => Status::bad(format!(
            "{}: {}; {counts}",
            trouble.cause.as_str(),
            trouble.message
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audit_store::{Cause, StoreTrouble};
    use autoscaler_controller::skew::{Offset, Offsets, Skew, Source};
    use chrono::{DateTime, TimeDelta};

    fn healthy(pulse: &Pulse) -> Health {
        let (recorder, credentials) = (Recorder::in_memory(1), Standing::default());
        health(pulse, &Arc::default(), &recorder, &credentials)
    }

    /// Bad input: a Secret that cannot be used is shown with what is in use instead.
    #[test]
    fn secret_that_cannot_be_used_is_shown() {
        assert!(secret(None).is_ok);
        let shown = secret(Some("the Secret a/b lacks its keys".to_owned()));
        let says = "the Secret a/b lacks its keys; what it held before stays in use";
        assert_eq!(shown, Status::bad(says));
    }

    #[test]
    fn nothing_to_listen_on_is_an_empty_text() {
        assert_eq!("".parse(), Ok(Listen(None)));
        let address = "127.0.0.1:8080".parse::<SocketAddr>().unwrap();
        assert_eq!("127.0.0.1:8080".parse(), Ok(Listen(Some(address))));
        assert!("8080".parse::<Listen>().unwrap_err().contains("127.0.0.1:8080"));
    }

    /// Bad input: a wrong clock is shown with what to do, beside how far it is off.
    #[test]
    fn wrong_clock_is_shown() {
        let ours = DateTime::UNIX_EPOCH;
        let by_an_hour = ours - TimeDelta::hours(1);
        let offsets = Offsets::from([
            (Source::Kubernetes, Offset::of(ours, &(by_an_hour..=by_an_hour))),
            (Source::Vpsie, Offset::of(ours, &(ours..=ours))),
        ]);
        let told = "the clock of this host is 3600 s ahead of that of Kubernetes and equal to that of VPSie";
        let mut compared = Compared { skew: None, offsets };
        assert_eq!(clock(Some(&compared)), Status::ok(told));
        compared.skew = Some(Skew::Ahead);
        let shown = clock(Some(&compared));
        assert!(!shown.is_ok && shown.why.starts_with(told) && shown.why.contains("set it right"));
        assert!(clock(None).is_ok);
        assert!(healthy(&Pulse::default()).is_live(), "it decides nothing");
    }

    /// Bad input: an audit store in trouble is shown with its cause, and a recorder without a store is well.
    #[test]
    fn trouble_of_the_audit_store_is_shown() {
        let state = RecorderState {
            store: Some("sqlite:/a.db".to_owned()),
            trouble: None,
            stored: 4,
            dropped: 0,
            queued: 2,
        };
        let trouble = StoreTrouble {
            cause: Cause::Full,
            message: "there is no room left".to_owned(),
        };
        let ill = RecorderState {
            trouble: Some(trouble),
            ..state.clone()
        };
        let none = RecorderState {
            store: None,
            ..state.clone()
        };
        let well = "sqlite:/a.db: 4 entries stored, 2 wait, 0 dropped";
        assert_eq!(audit(&state), Status::ok(well));
        let bad = "full: there is no room left; 4 entries stored, 2 wait, 0 dropped";
        assert_eq!(audit(&ill), Status::bad(bad));
        assert_eq!(
            audit(&none),
            Status::ok("the newest entries are kept in memory and stored nowhere")
        );
    }

    /// NS-26: a replica that stands by, or has just begun, need not be restarted, and is ready once it sees.
    #[tokio::test(start_paused = true)]
    async fn silence_alone_is_a_reason_to_restart() {
        let pulse = Pulse::default();
        let health = healthy(&pulse);
        assert!(health.is_live() && !health.is_ready(), "it begins");
        pulse.beat();
        assert!(health.is_live());
        tokio::time::advance(LONGEST_SILENCE + std::time::Duration::from_secs(1)).await;
        assert!(!health.is_live(), "the pass is stuck");
        pulse.beat();
        assert!(health.is_live());
    }
}
