//! What would settle a claim that lacks something.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Change, changes};
use crate::explain::{BaselineState, Considered, Named};
use crate::merge::text;
use crate::{
    AmbiguousReason, Answer, Candidate, Claim, ClusterShape, ConflictReason, Match, NotParticipatingReason,
    Snapshot, Subject, Verdict, WaitingReason,
};

/// Says what would settle a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize),
    serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")
)]
pub enum Missing<'a> {
    /// Its machine is known; the Node has not joined yet.
    Node,
    /// Its Node is known; VPSie lists no machine that is tied to it.
    Machine,
    /// A person's look: a surplus machine makes its anonymous match doubtful (R7).
    Certainty,
    /// A machine that is new in its group.
    NewMachine {
        /// Its group.
        group: Option<u64>,
        /// Seconds since the request.
        waited_seconds: Option<i64>,
        /// Seconds after which it counts as timed out.
        limit_seconds: i64,
    },
    /// Something that bears what is recorded on it; no machine was asked for.
    Link,
    /// Its machine has to run.
    Running,
    /// The machine that is recorded on it has to be listed again.
    RecordedMachine {
        /// The recorded id.
        id: Option<u64>,
        /// The recorded identifier.
        identifier: Option<&'a str>,
    },
    /// The Node that is recorded on it has to come back.
    RecordedNode {
        /// The recorded name.
        name: &'a str,
    },
    /// Something that is linked to it and may be handed out; what was considered says why nothing may.
    Eligible,
    /// Something that is linked to it and that no other claim has.
    Unowned,
    /// Proof that what appeared is new (R2b).
    Proof {
        /// What is known of the time before the request.
        baseline: BaselineState,
    },
    /// Anonymous matching, which is switched off (R7).
    AnonymousMatching,
    /// The end of the work on its cluster (R2c).
    QuietCluster {
        /// What shows that work.
        changes: Vec<Change>,
    },
    /// As many claims as there are new machines: somebody else adds machines (R7).
    Owners {
        /// How many machines and Nodes are new for any of those claims.
        new: usize,
        /// How many claims may have them.
        open: usize,
    },
    /// The group that a machine was made for (R7).
    Group {
        /// The groups of its cluster in which a machine is awaited.
        groups: Vec<u64>,
    },
    /// A name or an address: another program asked for its machine (I7).
    NameOrAddress,
    /// Fewer claims and machines that are entangled with it.
    FewerCandidates,
    /// A person who removes one of the records that contradict each other (R0).
    OneRecord {
        /// Which records.
        reason: &'static str,
        /// The other claims on which the same is recorded.
        others: Vec<Named<'a>>,
    },
    /// A request: no machine was asked for and nothing is recorded.
    Request,
    /// A uid of its own.
    OwnUid,
}

/// Counts what claims have in common.
pub(super) struct Crowd<'a> {
    snapshot: &'a Snapshot<'a>,
    /// How many claims share what is new, by the first of it.
    sharing: BTreeMap<Key<'a>, usize>,
    /// The groups in which a machine is awaited, by cluster.
    wanting: BTreeMap<&'a str, BTreeSet<u64>>,
    /// The claims whose records contradict each other, by what they name.
    disputing: BTreeMap<Key<'a>, Vec<&'a Claim<'a>>>,
}

/// The address of a Node, or of the first report of a machine.
type Key<'a> = (*const crate::Machine<'a>, *const crate::Node<'a>);

// === impl Missing ===

impl Missing<'_> {
    /// Returns the stable name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Machine => "machine",
            Self::Certainty => "certainty",
            Self::NewMachine { .. } => "new-machine",
            Self::Link => "link",
            Self::Running => "running",
            Self::RecordedMachine { .. } => "recorded-machine",
            Self::RecordedNode { .. } => "recorded-node",
            Self::Eligible => "eligible",
            Self::Unowned => "unowned",
            Self::Proof { .. } => "proof",
            Self::AnonymousMatching => "anonymous-matching",
            Self::QuietCluster { .. } => "quiet-cluster",
            Self::Owners { .. } => "owners",
            Self::Group { .. } => "group",
            Self::NameOrAddress => "name-or-address",
            Self::FewerCandidates => "fewer-candidates",
            Self::OneRecord { .. } => "one-record",
            Self::Request => "request",
            Self::OwnUid => "own-uid",
        }
    }
}

// === impl Crowd ===

impl<'a> Crowd<'a> {
    pub(super) fn new(snapshot: &'a Snapshot<'a>, answers: &[Answer<'a>]) -> Self {
        let mut crowd = Self {
            snapshot,
            sharing: BTreeMap::new(),
            wanting: BTreeMap::new(),
            disputing: BTreeMap::new(),
        };
        for answer in answers {
            let claim = answer.claim;
            match &answer.verdict {
                Verdict::Ambiguous { candidates, .. } => {
                    *crowd.sharing.entry(first_free(candidates)).or_default() += 1;
                }
                Verdict::Conflict { candidates, .. } => {
                    for candidate in candidates {
                        crowd.disputing.entry(key(candidate)).or_default().push(claim);
                    }
                }
                Verdict::Matched(_)
                | Verdict::Waiting { .. }
                | Verdict::TimedOut { .. }
                | Verdict::NotParticipating { .. } => {}
            }
            let has_machine = answer
                .verdict
                .matched()
                .is_some_and(|found| found.machine.is_some());
            if claim.creation_requested && !has_machine {
                let groups = crowd.wanting.entry(&*claim.cluster).or_default();
                groups.extend(claim.group);
            }
        }
        crowd
    }

    /// Says what would settle a claim.
    pub(super) fn missing(&self, answer: &Answer<'a>, considered: &Considered<'a>) -> Option<Missing<'a>> {
        let claim = answer.claim;
        match &answer.verdict {
            Verdict::Matched(found) => of_match(found),
            Verdict::Waiting { reason, .. } => Some(self.of_waiting(claim, *reason)),
            Verdict::TimedOut { .. } => Some(self.new_machine(claim)),
            Verdict::Ambiguous { reason, candidates } => {
                Some(self.of_ambiguous(claim, *reason, candidates, considered))
            }
            Verdict::Conflict { reason, candidates } => Some(self.one_record(claim, *reason, candidates)),
            Verdict::NotParticipating { reason } => Some(match reason {
                NotParticipatingReason::NothingRequested => Missing::Request,
                NotParticipatingReason::DuplicateUid => Missing::OwnUid,
            }),
        }
    }

    fn of_waiting(&self, claim: &'a Claim<'a>, reason: WaitingReason) -> Missing<'a> {
        match reason {
            WaitingReason::NoCandidates if !claim.creation_requested => Missing::Link,
            WaitingReason::NoCandidates => self.new_machine(claim),
            WaitingReason::MachineNotRunning => Missing::Running,
            WaitingReason::RecordedMachineNotListed => Missing::RecordedMachine {
                id: claim.instance_id.filter(|id| *id != 0),
                identifier: text(claim.identifier.as_deref()).or(text(claim.provider_id.as_deref())),
            },
            WaitingReason::RecordedNodeNotListed => Missing::RecordedNode {
                name: text(claim.node_name.as_deref()).unwrap_or_default(),
            },
            WaitingReason::CandidatesNotEligible => Missing::Eligible,
            WaitingReason::ClaimedByAnother => Missing::Unowned,
            WaitingReason::NotProvablyNew => Missing::Proof {
                baseline: BaselineState::of(claim),
            },
            WaitingReason::AnonymousSwitchedOff => Missing::AnonymousMatching,
        }
    }

    fn new_machine(&self, claim: &Claim<'_>) -> Missing<'a> {
        let waited = claim
            .requested_at
            .map(|at| self.snapshot.now.signed_duration_since(at));
        Missing::NewMachine {
            group: claim.group,
            waited_seconds: waited.map(|waited| waited.num_seconds()),
            limit_seconds: self.snapshot.settings.discovery_timeout.num_seconds(),
        }
    }

    fn of_ambiguous(
        &self,
        claim: &Claim<'_>,
        reason: AmbiguousReason,
        candidates: &[Candidate<'_>],
        considered: &Considered<'_>,
    ) -> Missing<'a> {
        match reason {
            AmbiguousReason::ClusterChanging => Missing::QuietCluster {
                changes: self.changes(claim),
            },
            AmbiguousReason::SurplusMachines => Missing::Owners {
                new: considered.possible().max(free(candidates).count()),
                open: self.sharing.get(&first_free(candidates)).copied().unwrap_or(1),
            },
            AmbiguousReason::GroupUnknown => {
                let groups = self.wanting.get(&*claim.cluster);
                Missing::Group {
                    groups: groups.into_iter().flatten().copied().collect(),
                }
            }
            AmbiguousReason::TakenOver => Missing::NameOrAddress,
            AmbiguousReason::TooManyCandidates => Missing::FewerCandidates,
        }
    }

    fn changes(&self, claim: &Claim<'_>) -> Vec<Change> {
        let clusters = self.snapshot.clusters.iter();
        let clusters = clusters.filter(|cluster| cluster.id == claim.cluster);
        let now: Vec<&ClusterShape> = clusters.map(|cluster| &cluster.shape).collect();
        let before = claim.baseline.as_deref().and_then(|baseline| baseline.shape());
        changes(before, &now)
    }

    fn one_record(
        &self,
        claim: &Claim<'_>,
        reason: ConflictReason,
        candidates: &[Candidate<'_>],
    ) -> Missing<'a> {
        let of_candidate = |candidate| self.disputing.get(&key(candidate));
        let all = candidates.iter().filter_map(of_candidate).flatten();
        let others: BTreeMap<&str, Named<'a>> = all
            .filter(|other| other.uid != claim.uid)
            .map(|other| (&*other.uid, Named::new(other)))
            .collect();
        Missing::OneRecord {
            reason: reason.as_str(),
            others: others.into_values().collect(),
        }
    }
}

fn of_match<'a>(found: &Match<'_>) -> Option<Missing<'a>> {
    if found.contested {
        Some(Missing::Certainty)
    } else if found.node.is_none() {
        Some(Missing::Node)
    } else {
        found.machine.is_none().then_some(Missing::Machine)
    }
}

fn first_free<'a>(candidates: &[Candidate<'a>]) -> Key<'a> {
    free(candidates)
        .next()
        .map_or((std::ptr::null(), std::ptr::null()), key)
}

fn free<'c, 'a>(candidates: &'c [Candidate<'a>]) -> impl Iterator<Item = &'c Candidate<'a>> {
    candidates.iter().filter(|candidate| candidate.obstacle.is_none())
}

fn key<'a>(candidate: &Candidate<'a>) -> Key<'a> {
    match &candidate.subject {
        Subject::Machine(machine) => {
            let first = machine
                .reports()
                .first()
                .map_or(std::ptr::null(), |report| std::ptr::from_ref(*report));
            (first, std::ptr::null())
        }
        Subject::Node(node) => (std::ptr::null(), std::ptr::from_ref(*node)),
    }
}
