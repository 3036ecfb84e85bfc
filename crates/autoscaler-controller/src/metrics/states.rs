//! What is evaluated of nodes, and the states that come of it (`NS-28`).

use super::Metrics;
use super::labels::{EvaluationLabels, NotificationLabels, StateLabels, Text, TransitionLabels, WordLabels};
use node_state::{Batch, GroupKey, NodePhase, Snapshot};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// What may come of an evaluation.
const RESULTS: [&str; 2] = ["changed", "unchanged"];

impl Metrics {
    /// Counts and measures an evaluation of a node that is of this NodeGroup, or of none.
    pub(crate) fn note_evaluation(&self, group: Option<&GroupKey>, is_changed: bool, began: Instant) {
        let [changed, unchanged] = RESULTS;
        let labels = EvaluationLabels {
            node_group: group.map(ToString::to_string).unwrap_or_default().into(),
            result: if is_changed { changed } else { unchanged },
        };
        let took = began.elapsed().as_secs_f64();
        self.evaluation_duration.get_or_create(&labels).observe(took);
        self.evaluations.get_or_create(&labels).inc();
    }

    /// Counts what became of nodes, and lets the series of NodeGroups that are gone disappear.
    pub(crate) fn note_changes(&self, batch: &Batch) {
        for change in batch.changes.values() {
            let (Some(before), Some(now)) = (&change.before, &change.now) else {
                continue;
            };
            let (from, to) = (NodePhase::of(before).as_str(), NodePhase::of(now).as_str());
            if from != to {
                let labels = TransitionLabels { from, to };
                self.node_phase_transitions.get_or_create(&labels).inc();
            }
        }
        for (group, _) in batch.groups.iter().filter(|(_, is_there)| !**is_there) {
            for result in RESULTS {
                let node_group = Text::from(group.to_string());
                let labels = EvaluationLabels { node_group, result };
                self.evaluation_duration.remove(&labels);
                self.evaluations.remove(&labels);
            }
        }
    }

    /// Measures how long it took to tell a consumer.
    pub(crate) fn note_notification(&self, consumer: &'static str, began: Instant) {
        let result = "success";
        let labels = NotificationLabels { consumer, result };
        let took = began.elapsed().as_secs_f64();
        self.notification_duration.get_or_create(&labels).observe(took);
    }

    /// Shows how many nodes are in each state and phase; one without nodes is there, with 0.
    pub(crate) fn show_states(&self, states: &Snapshot) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.active_nodes
            .set(i64::try_from(states.count()).unwrap_or(i64::MAX));
        let phases = NodePhase::count(states.all().map(|state| &**state)).into_iter();
        let phases = phases.map(|(phase, count)| {
            let phase = phase.as_str();
            (WordLabels { phase }, number(count))
        });
        self.nodes_by_phase.replace(phases.collect());
        let lives = states.count_lives().into_iter().map(|(state, count)| {
            let state = state.as_str();
            (StateLabels { state }, number(count))
        });
        self.lifecycle_nodes.replace(lives.collect());
    }

    /// Takes the states out of sight.
    pub(crate) fn show_no_states(&self) {
        self.active_nodes.set(0);
        self.nodes_by_phase.replace(BTreeMap::new());
        self.lifecycle_nodes.replace(BTreeMap::new());
    }
}
