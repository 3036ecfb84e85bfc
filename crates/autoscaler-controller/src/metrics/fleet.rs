//! What one pass sees, as gauges.

use super::Metrics;
use super::labels::{
    ConditionLabels, GroupLabels, HeldLabels, OutcomeLabels, PhaseLabels, ReasonLabels, SourceLabels,
    StateLabels, Text, VerdictLabels,
};
use crate::leaked::leaked;
use crate::pending::{Fate, Pending};
use crate::resources::{Condition, NodeGroup, Phase};
use crate::skew::Offsets;
use crate::world::World;
use kube::ResourceExt;
use node_match::Matching;
use node_state::Snapshot;
use std::collections::BTreeMap;

impl Metrics {
    /// Shows the fleet as a pass sees it, and nothing that is no longer there.
    pub(crate) fn show(&self, world: &World<'_>, matching: &Matching<'_>, states: &Snapshot) {
        self.show_groups(&world.groups);
        self.phases.replace(phases(world, states));
        self.verdicts.replace(verdicts(matching));
        self.unexplained
            .replace(count(matching.unexplained.machines.iter().map(|machine| {
                ReasonLabels {
                    reason: machine.reason.as_str().into(),
                }
            })));
        let judged = world.groups.iter().filter_map(|group| {
            let leaked = leaked(world, matching, group)?.len();
            Some((labels(group), i64::try_from(leaked).unwrap_or(i64::MAX)))
        });
        self.leaked.replace(judged.collect());
        self.conditions.replace(conditions(world));
        let held = world.growth().thresholds.held_back();
        self.scale_up_held.replace(
            held.map(|(place, held)| (HeldLabels::of(place, held), 1))
                .collect(),
        );
        let state = |is_answered| if is_answered { "answered" } else { "failed" };
        let polled = world.polls.clusters().map(|(_, view)| StateLabels {
            state: state(view.latest().is_some()),
        });
        let mut clusters = count(polled);
        for is_answered in [true, false] {
            let state = state(is_answered);
            clusters.entry(StateLabels { state }).or_default();
        }
        self.vpsie_clusters.replace(clusters);
    }

    /// Shows how far the clock of this host is ahead of others, in whole seconds.
    pub(crate) fn show_clock(&self, offsets: &Offsets) {
        let values = offsets.iter().map(|(source, offset)| {
            let source = source.as_str();
            (SourceLabels { source }, offset.at_least().num_seconds())
        });
        self.clock_offset.replace(values.collect());
    }

    /// Shows what becomes of the pods that are on no Node; every outcome is there, with 0 where there are none.
    pub(crate) fn show_pending(&self, pending: &Pending) {
        let outcome = |outcome| OutcomeLabels { outcome };
        let mut outcomes = count(pending.pods.iter().map(|pod| outcome(pod.fate.word())));
        for word in Fate::WORDS {
            outcomes.entry(outcome(word)).or_default();
        }
        self.pending_pods.replace(outcomes);
        let not_made = pending.not_made.iter().map(|why| ReasonLabels {
            reason: why.word().into(),
        });
        self.groups_not_made.replace(count(not_made));
        let reasons = pending.pods.iter().flat_map(|pod| pod.fate.reasons());
        self.pending_reasons
            .replace(count(reasons.map(|reason| ReasonLabels {
                reason: reason.into(),
            })));
    }

    /// Takes the fleet out of sight: whoever leads shows it, and no sum counts it twice.
    pub(crate) fn show_nothing(&self) {
        self.show_groups(&[]);
        self.phases.replace(BTreeMap::new());
        self.verdicts.replace(BTreeMap::new());
        self.unexplained.replace(BTreeMap::new());
        self.leaked.replace(BTreeMap::new());
        self.conditions.replace(BTreeMap::new());
        self.scale_up_held.replace(BTreeMap::new());
        self.vpsie_clusters.replace(BTreeMap::new());
        self.pending_pods.replace(BTreeMap::new());
        self.pending_reasons.replace(BTreeMap::new());
        self.groups_not_made.replace(BTreeMap::new());
        self.show_clock(&Offsets::new());
        self.show_no_states();
    }

    fn show_groups(&self, groups: &[std::sync::Arc<NodeGroup>]) {
        let managed = || groups.iter().filter(|group| group.is_managed());
        let spec = |field: fn(&NodeGroup) -> i32| {
            let values = managed().map(|group| (labels(group), i64::from(field(group))));
            values.collect::<BTreeMap<_, _>>()
        };
        let status = |field: fn(&crate::resources::NodeGroupStatus) -> Option<i32>| {
            let written = |group: &NodeGroup| group.status.as_ref().and_then(field).unwrap_or(0);
            let values = managed().map(|group| (labels(group), i64::from(written(group))));
            values.collect::<BTreeMap<_, _>>()
        };
        self.nodes_least.replace(spec(|group| group.spec.min_nodes));
        self.nodes_most.replace(spec(|group| group.spec.max_nodes));
        self.nodes_desired.replace(status(|status| status.desired_nodes));
        self.nodes_current.replace(status(|status| status.current_nodes));
        self.nodes_ready.replace(status(|status| status.ready_nodes));
    }
}

fn labels(group: &NodeGroup) -> GroupLabels {
    GroupLabels {
        nodegroup: group.name_any().into(),
        namespace: group.namespace().unwrap_or_default().into(),
    }
}

/// Counts how often each set of labels occurs.
fn count<L: Ord>(all: impl Iterator<Item = L>) -> BTreeMap<L, i64> {
    let mut counts = BTreeMap::new();
    for labels in all {
        *counts.entry(labels).or_default() += 1;
    }
    counts
}

/// Counts VPSieNodes; every phase of a NodeGroup is there, with 0 where there are none, so that an alert can tell
/// none from unknown.
fn phases(world: &World<'_>, states: &Snapshot) -> BTreeMap<PhaseLabels, i64> {
    let key = |nodegroup: &Text, namespace: &Text, phase| PhaseLabels {
        nodegroup: nodegroup.clone(),
        namespace: namespace.clone(),
        phase,
    };
    let owners = states.all().filter_map(|state| state.owner.as_ref());
    let mut phases = count(owners.map(|owner| {
        let group = owner.group.as_ref().map_or("", |group| &*group.name);
        let phase = owner.phase.map_or("other", node_lifecycle::Phase::as_str);
        key(&group.into(), &(&*owner.key.namespace).into(), phase)
    }));
    for group in world.groups.iter().filter(|group| group.is_managed()) {
        let GroupLabels { nodegroup, namespace } = labels(group);
        for phase in &Phase::ALL {
            phases
                .entry(key(&nodegroup, &namespace, word(phase)))
                .or_default();
        }
    }
    phases
}

/// Returns the word of a phase; a stored word of somebody else is not ours to repeat.
pub(super) fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Pending => "Pending",
        Phase::Provisioning => "Provisioning",
        Phase::Provisioned => "Provisioned",
        Phase::Joining => "Joining",
        Phase::Ready => "Ready",
        Phase::Terminating => "Terminating",
        Phase::Deleting => "Deleting",
        Phase::Failed => "Failed",
        Phase::Unrecognised(_) => "other",
    }
}

fn verdicts(matching: &Matching<'_>) -> BTreeMap<VerdictLabels, i64> {
    count(matching.claims.iter().map(|answer| VerdictLabels {
        verdict: answer.verdict.as_str(),
        reason: answer.verdict.reason().unwrap_or_default(),
    }))
}

fn conditions(world: &World<'_>) -> BTreeMap<ConditionLabels, i64> {
    fn labels(kind: &'static str, [condition, status, reason]: [&str; 3]) -> ConditionLabels {
        ConditionLabels {
            kind,
            condition: condition.into(),
            status: status.into(),
            reason: reason.into(),
        }
    }
    fn of_group(group: &NodeGroup) -> impl Iterator<Item = &Condition> {
        let status = group.status.as_ref();
        status
            .and_then(|status| status.conditions.as_deref())
            .into_iter()
            .flatten()
    }
    let groups = world.groups.iter().flat_map(|group| of_group(group));
    let groups = groups.map(|condition| {
        let reason = condition.reason.as_deref().unwrap_or_default();
        labels("NodeGroup", [&condition.type_, &condition.status, reason])
    });
    let claims = world.claims.iter().flat_map(|claim| claim.object.conditions());
    let claims = claims.map(|condition| {
        let reason = condition.reason.unwrap_or_default();
        labels("VPSieNode", [condition.type_, condition.status, reason])
    });
    count(groups.chain(claims))
}
