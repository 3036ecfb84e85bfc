//! All that tells of the operator's work: metrics, signs of life, and Events. No decision is made from any of it.

use crate::announcer::Announcer;
use crate::chronicle::entry::entry;
use crate::chronicle::notice::Notice;
use crate::chronicle::pods::{JustMade, ToldPods};
use crate::chronicle::settings::ToldSettings;
use crate::chronicle::{Chronicle, Fact, Sight, What};
use crate::command::Batch;
use crate::decide::{ERROR, LEAKED};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::pending::Pending;
use crate::pulse::{Compared, Pulse};
use crate::resources::AutoscalerConfig;
use crate::skew::{Offsets, Skew};
use audit_store::Recorder;
use chrono::{DateTime, TimeDelta, Utc};
use kube::Client;
use std::sync::Arc;

/// What an operator tells of its work, and to whom. By default it measures and keeps its audit log in memory, and nobody
/// looks.
#[derive(Debug)]
pub struct Telemetry {
    /// What Prometheus can ask.
    pub metrics: Arc<Metrics>,
    /// Whether the work goes on.
    pub pulse: Pulse,
    announcer: Option<Announcer>,
    chronicle: Chronicle,
    pods: ToldPods,
    settings: ToldSettings,
    journal: Journal,
}

// === impl Telemetry ===

impl Default for Telemetry {
    fn default() -> Self {
        let metrics = Arc::<Metrics>::default();
        let journal = Journal::new(Recorder::in_memory(0), Arc::clone(&metrics));
        Self {
            metrics,
            pulse: Pulse::default(),
            announcer: None,
            chronicle: Chronicle::default(),
            pods: ToldPods::default(),
            settings: ToldSettings::default(),
            journal,
        }
    }
}

impl Telemetry {
    /// Writes Kubernetes Events too, under the name of this replica. Must be called inside a tokio runtime.
    #[must_use]
    pub fn with_events(mut self, client: Client, replica: Option<String>) -> Self {
        let client = self.metrics.measure_kubernetes(client);
        self.announcer = Some(Announcer::start(client, replica, Arc::clone(&self.metrics)));
        self
    }

    /// Records what is decided, done and seen with this recorder, and shows how it stands.
    #[must_use]
    pub fn with_audit(mut self, recorder: Recorder) -> Self {
        self.journal = Journal::new(recorder.clone(), Arc::clone(&self.metrics));
        self.metrics.show_audit(move || recorder.state());
        self
    }

    /// Returns where what is decided and done is recorded.
    pub(crate) const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Tells what has happened since the last pass: in the log, in numbers, as Events and in the audit log.
    pub(crate) fn look(&mut self, sight: Sight, now: DateTime<Utc>) {
        let (metrics, journal, announcer) = (&self.metrics, &self.journal, &self.announcer);
        self.chronicle.look(sight, now, |fact| {
            metrics.note(&fact);
            log(&fact);
            if let Some(entry) = entry(&fact) {
                journal.record(entry, now);
            }
            if let (Some(announcer), Some(notice)) = (announcer, Notice::of(&fact)) {
                announcer.announce(notice);
            }
        });
    }

    /// Tells what becomes of the pods that are on no Node, as Events: of each pod once for each answer, and of a new node only
    /// once something was made for it.
    pub(crate) fn tell_of_pods(&mut self, pending: &Pending, made: &JustMade) {
        for notice in self.pods.news(pending, made) {
            if let Some(announcer) = &self.announcer {
                announcer.announce(notice);
            }
        }
    }

    /// Tells of the settings of the cluster, once while they stay: which numbers make no sense, and why no NodeGroup is made
    /// for pods although they allow it.
    pub(crate) fn tell_of_config(&mut self, config: &AutoscalerConfig, pending: Option<&Pending>) {
        let not_made = pending.and_then(|pending| pending.not_made.as_ref());
        for notice in self.settings.news(config, not_made) {
            if let Some(announcer) = &self.announcer {
                announcer.announce(notice);
            }
        }
    }

    /// Notes which VPSieNodes a pass lets go, by which the next one tells what became of their machines.
    pub(crate) fn let_go(&mut self, batches: &[Batch]) {
        self.chronicle.let_go(batches);
    }

    /// Shows how the clock of this host compares with others. While it is wrong nothing of the audit log is pruned.
    pub(crate) fn compared(&self, skew: Option<Skew>, offsets: &Offsets) {
        self.journal.doubt_clock(skew.is_some());
        self.metrics.show_clock(offsets);
        let offsets = offsets.clone();
        self.pulse.compared(Compared { skew, offsets });
    }

    /// Says that this replica leads from now on.
    ///
    /// What was seen before is forgotten, so that nothing is told that another leader has told.
    pub(crate) fn lead(&mut self, term: Option<u32>) {
        self.journal.begin_term(term);
        self.chronicle.forget();
        self.pods = ToldPods::default();
        self.pulse.beat();
        self.metrics.leads(true);
    }

    /// Says that another replica may lead: there is no work to do, and the numbers of the fleet are its to show.
    pub(crate) fn stand_by(&self) {
        self.pulse.rest();
        self.metrics.leads(false);
        self.metrics.show_nothing();
    }
}

/// Writes trouble to the log, with all that tells whose it is (`E1`). The rest is logged where it is done.
fn log(fact: &Fact) {
    let What::Condition {
        condition, elapsed, ..
    } = &fact.what
    else {
        return;
    };
    let is_trouble = [ERROR, LEAKED].contains(&condition.type_.as_str());
    if !is_trouble || !condition.is_true() {
        return;
    }
    let object = &fact.about.object;
    tracing::warn!(
        kind = object.kind,
        name = object.name,
        namespace = object.namespace,
        cluster = fact.about.cluster,
        node_group = fact.about.node_group,
        elapsed_seconds = elapsed.as_ref().map(TimeDelta::num_seconds),
        reason = condition.reason,
        error = condition.message,
        request_id = object.uid,
        "it needs attention"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bad input: while the clock of this host is wrong, no entry is pruned by it.
    #[test]
    fn wrong_clock_prunes_no_entry() {
        let recorder = Recorder::in_memory(1);
        let telemetry = Telemetry::default().with_audit(recorder.clone());
        for skew in [None, Some(Skew::Ahead), None] {
            telemetry.compared(skew, &Offsets::default());
            assert_eq!(recorder.keeps_all(), skew.is_some());
        }
    }
}
