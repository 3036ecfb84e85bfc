//! A whole world: objects, replies of VPSie, verdicts; and what is decided in it.

use super::{CLUSTER, ClaimBuilder, GroupBuilder, NAMESPACE, NUMBER, at, cluster_id};
use crate::baseline::Baselines;
use crate::board::Boards;
use crate::command::{Batch, Command};
use crate::decide::{Round, decide};
use crate::growth::Growth;
use crate::kept::Node;
use crate::leaked::FirstBaselines;
use crate::lives::Lives;
use crate::metrics::Metrics;
use crate::pods::PodIndex;
use crate::poll::{Absences, Identity, Polls, Reply};
use crate::resources::NodeGroup;
use crate::settings::Settings;
use crate::skew::Skew;
use crate::states::{States, Trigger};
use crate::tombstone::Tombstones;
use crate::trouble::Troubles;
use crate::watches::{Changes, Marked, News, Unreadable};
use crate::world::{ClaimObject, Index, World};
use chrono::{DateTime, TimeDelta, Utc};
use endpoint_discovery::Views;
use node_lifecycle::audit;
use node_match::{Answer, Claim, Matching, Unexplained, Verdict};
use node_state::Snapshot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vpsie_api::{CallError, Cluster, ClusterNode, GroupNumber, NodeUuid, SizeNumber};

/// Everything that one pass looks at, with verdicts by hand.
pub(crate) struct TestWorld {
    pub(crate) now: DateTime<Utc>,
    pub(crate) skew: Option<Skew>,
    pub(crate) is_hand_over: bool,
    pub(crate) began_at: Option<DateTime<Utc>>,
    pub(crate) settings: Settings,
    pub(crate) groups: Vec<Arc<NodeGroup>>,
    pub(crate) claims: Vec<ClaimObject>,
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) unreadable: Unreadable,
    pub(crate) pods: PodIndex,
    pub(crate) lives: Lives,
    pub(crate) polls: Polls,
    pub(crate) baselines: Baselines,
    pub(crate) firsts: FirstBaselines,
    pub(crate) tombstones: Tombstones,
    pub(crate) troubles: Troubles,
    pub(crate) credentials: Option<String>,
    pub(crate) without_candidate: Absences<String>,
    pub(crate) endpoints: Arc<Views>,
    pub(crate) growth: Growth,
    pub(crate) verdicts: BTreeMap<String, Verdict<'static>>,
}

/// Starts an empty world in which VPSie was not asked yet.
pub(crate) fn world() -> TestWorld {
    let settings = Settings::default();
    TestWorld {
        now: at(0),
        skew: None,
        is_hand_over: false,
        began_at: None,
        polls: Polls::new(settings.absence_spacing),
        without_candidate: Absences::spaced(settings.candidate_spacing),
        settings,
        groups: Vec::new(),
        claims: Vec::new(),
        nodes: Vec::new(),
        unreadable: Unreadable::default(),
        pods: PodIndex::default(),
        lives: Lives::default(),
        baselines: Baselines::new(),
        firsts: FirstBaselines::new(),
        tombstones: Tombstones::new(),
        troubles: Troubles::default(),
        credentials: None,
        endpoints: Arc::default(),
        growth: Growth::none(),
        verdicts: BTreeMap::new(),
    }
}

/// Makes a complete reply with these machines and the one provider group, `seconds` from now.
pub(crate) fn reply(seconds: i64, machines: &[&str]) -> Reply {
    let cluster = Cluster {
        identifier: Some(cluster_id()),
        count: u32::try_from(machines.len()).ok(),
        nodes: machines.iter().map(|machine| listed(machine)).collect(),
        ..Cluster::default()
    };
    Reply {
        at: at(seconds),
        cluster,
        groups: vec![provider_group("web", NUMBER)],
        summary: None,
    }
}

/// Makes a worker as VPSie lists it.
pub(crate) fn listed(identifier: &str) -> ClusterNode {
    ClusterNode {
        identifier: Some(NodeUuid::new(identifier)),
        hostname: Some(format!("hel-kubernetes-49ab-slave-{identifier}")),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        ..ClusterNode::default()
    }
}

/// Makes a provider group of size 7.
pub(crate) fn provider_group(name: &str, number: u64) -> vpsie_api::NodeGroup {
    vpsie_api::NodeGroup {
        number: GroupNumber::new(number),
        identifier: None,
        name: name.to_owned(),
        size: Some(SizeNumber::new(7)),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        nodes_count: None,
        datacenter: None,
        is_active: true,
        is_deleted: false,
        created: None,
    }
}

// === impl TestWorld ===

impl TestWorld {
    pub(crate) fn group(mut self, group: GroupBuilder) -> Self {
        self.groups.push(Arc::new(group.0));
        self
    }

    pub(crate) fn claim(mut self, claim: ClaimBuilder) -> Self {
        self.claims.push(claim.build());
        self
    }

    pub(crate) fn node(mut self, node: Node) -> Self {
        self.nodes.push(Arc::new(node));
        self
    }

    /// Gives the verdict on a VPSieNode.
    pub(crate) fn verdict(mut self, claim: &str, verdict: Verdict<'static>) -> Self {
        self.verdicts.insert(format!("{NAMESPACE}/{claim}"), verdict);
        self
    }

    /// Takes in one answer of VPSie.
    pub(crate) fn answered(mut self, answer: Result<Reply, CallError>) -> Self {
        let wanted: BTreeSet<Identity> = self.claims.iter().filter_map(ClaimObject::identity).collect();
        self.polls.take(&cluster_id(), answer, &wanted);
        self
    }

    /// Takes in two complete replies with these machines: a baseline.
    pub(crate) fn polled(self, machines: &[&str]) -> Self {
        self.answered(Ok(reply(-20, machines)))
            .answered(Ok(reply(-10, machines)))
    }

    /// Takes in three replies, far enough apart, that list no machine.
    pub(crate) fn polled_empty_thrice(self) -> Self {
        [-90, -50, -10]
            .into_iter()
            .fold(self, |world, seconds| world.answered(Ok(reply(seconds, &[]))))
    }

    /// Proves that nothing was found for the open request of a VPSieNode.
    pub(crate) fn proven_without_candidate(mut self, claim: &str) -> Self {
        for minutes in -3..=0 {
            let absent = BTreeSet::from([format!("{NAMESPACE}/{claim}")]);
            self.without_candidate
                .observe(absent, self.now + TimeDelta::minutes(minutes));
        }
        self
    }

    /// Returns the world as a pass sees it.
    pub(crate) fn observe(&self) -> World<'_> {
        World {
            now: self.now,
            skew: self.skew,
            is_hand_over: self.is_hand_over,
            began_at: self.began_at,
            settings: &self.settings,
            groups: self.groups.clone(),
            claims: self.claims.clone(),
            nodes: self.nodes.clone(),
            unreadable: self.unreadable.clone(),
            polls: &self.polls,
            baselines: &self.baselines,
            firsts: &self.firsts,
            tombstones: &self.tombstones,
            troubles: &self.troubles,
            credentials: self.credentials.clone(),
            without_candidate: &self.without_candidate,
            endpoints: Arc::clone(&self.endpoints),
            growth: self.growth.clone().into(),
            index: Index::default(),
        }
        .in_order()
    }

    /// Decides about everything; lives count from the last [`TestWorld::look`].
    pub(crate) fn decide(&self) -> Vec<Batch> {
        let claims = self.matched();
        let world = self.observe();
        let states = self.states();
        decide(
            &world,
            &self.matching(&claims),
            &self.lives,
            &states,
            &Round::default(),
        )
        .batches
    }

    /// Returns all objects, as a first list brings them.
    pub(crate) fn everything(&self) -> Changes {
        let claims = self.claims.iter().map(|claim| Arc::clone(&claim.object));
        Changes {
            groups: News::All(self.groups.clone()),
            vpsie_nodes: News::All(claims.collect()),
            nodes: News::All(self.nodes.clone()),
            pods: Marked::default(),
        }
    }

    /// Evaluates every node, as the first pass of a term does.
    pub(crate) fn states(&self) -> Arc<Snapshot> {
        let mut states = States::default();
        states.take_in(self.everything(), &self.lives);
        states.take_in_lives(&self.claims, &self.lives);
        states.settle(&self.pods, Trigger::Pass, self.now, &Metrics::default())
    }

    /// Decides about everything and returns what the audit log is told of what is refused: node, reason and decider.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let claims = self.matched();
        let states = self.states();
        let (world, matching) = (self.observe(), self.matching(&claims));
        let entries = decide(&world, &matching, &self.lives, &states, &Round::default()).entries;
        let entries = entries.iter().map(audit::Draft::entry);
        let refused = entries.filter(|entry| entry.result == audit::Outcome::Rejected);
        refused
            .map(|entry| {
                let node = entry.node.as_deref().unwrap_or_default();
                format!("{node} {} {}", entry.reason, entry.decision_by)
            })
            .collect()
    }

    /// Lets the lives see the world, as a pass does before it decides.
    pub(crate) fn seen(mut self) -> Self {
        self.look();
        self
    }

    /// Lets the lives see the world and returns their transitions, as `from > to: reason`.
    pub(crate) fn look(&mut self) -> Vec<String> {
        let mut lives = std::mem::take(&mut self.lives);
        let claims = self.matched();
        let transitions = lives.look(&self.observe(), &self.matching(&claims), &self.pods);
        self.lives = lives;
        let told = transitions.iter();
        told.map(|step| &step.transition)
            .map(|step| format!("{} > {}: {}", step.from, step.to, step.reason))
            .collect()
    }

    /// Shows what a pass sees, as one does after it has decided.
    pub(crate) fn show(&self, boards: &Boards) {
        let claims = self.matched();
        boards.show(&self.observe(), &self.matching(&claims), &self.lives);
    }

    fn matched(&self) -> Vec<Claim<'static>> {
        let claim = |uid: &String| Claim {
            uid: uid.clone().into(),
            cluster: CLUSTER.into(),
            ..Claim::default()
        };
        self.verdicts.keys().map(claim).collect()
    }

    fn matching<'c>(&self, claims: &'c [Claim<'static>]) -> Matching<'c> {
        let answers = claims.iter().zip(self.verdicts.values());
        let answer = |(claim, verdict): (&'c Claim<'static>, &Verdict<'static>)| Answer {
            claim,
            verdict: verdict.clone(),
        };
        Matching {
            claims: answers.map(answer).collect(),
            unexplained: Unexplained {
                machines: Vec::new(),
                nodes: Vec::new(),
            },
        }
    }

    /// Decides about everything and returns the commands about one object; none when nothing is to be done.
    pub(crate) fn commands_about(&self, subject: &str) -> Vec<Command> {
        let batch = self.decide().into_iter().find(|batch| batch.subject == subject);
        batch.map(|batch| batch.commands).unwrap_or_default()
    }

    /// Returns the commands about a VPSieNode.
    pub(crate) fn claim_commands(&self, name: &str) -> Vec<Command> {
        self.commands_about(&format!("VPSieNode {NAMESPACE}/{name}"))
    }

    /// Returns the commands about a NodeGroup.
    pub(crate) fn group_commands(&self, name: &str) -> Vec<Command> {
        self.commands_about(&format!("NodeGroup {NAMESPACE}/{name}"))
    }
}
