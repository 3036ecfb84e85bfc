//! The answer: one verdict per claim, and what nobody claims.

use crate::{
    AmbiguousReason, Claim, ConflictReason, Evidence, MergedMachine, Node, NotParticipatingReason, Obstacle,
    UnexplainedReason, WaitingReason,
};

/// Holds the whole answer.
///
/// # Guarantees
/// Every machine report and every Node is in exactly one place: in one `Matched`, or unexplained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching<'a> {
    /// One answer per claim, sorted by uid.
    pub claims: Vec<Answer<'a>>,
    /// What no claim explains.
    pub unexplained: Unexplained<'a>,
}

/// Holds the verdict on one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The claim.
    pub claim: &'a Claim<'a>,
    /// What was found for it.
    pub verdict: Verdict<'a>,
}

/// Tells what was found for a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// A machine, a Node or both are its own.
    Matched(Match<'a>),
    /// Nothing yet.
    Waiting {
        /// What it waits for.
        reason: WaitingReason,
        /// What was considered.
        candidates: Vec<Candidate<'a>>,
    },
    /// There is something, but nobody can tell whose it is.
    Ambiguous {
        /// Why not.
        reason: AmbiguousReason,
        /// What was considered.
        candidates: Vec<Candidate<'a>>,
    },
    /// Facts contradict each other: a person has to remove one.
    Conflict {
        /// Which facts.
        reason: ConflictReason,
        /// What they name.
        candidates: Vec<Candidate<'a>>,
    },
    /// Nothing was found in time.
    TimedOut {
        /// What was considered.
        candidates: Vec<Candidate<'a>>,
    },
    /// It wants nothing and has nothing.
    NotParticipating {
        /// Why not.
        reason: NotParticipatingReason,
    },
}

/// Holds what belongs to a claim, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match<'a> {
    /// Its machine.
    pub machine: Option<MergedMachine<'a>>,
    /// Its Node.
    pub node: Option<&'a Node<'a>>,
    /// The Node of its machine, where it may not have it: the labels of the Node name another claim, for example.
    pub withheld: Option<&'a Node<'a>>,
    /// Why they belong to it; one entry per link that was used.
    pub evidence: Vec<Evidence<'a>>,
    /// Whether a surplus machine makes an anonymous match doubtful: only a person may delete it (R7).
    pub contested: bool,
}

/// Names something that was considered for a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// What it is.
    pub subject: Subject<'a>,
    /// What keeps it from being handed out, if anything does.
    pub obstacle: Option<Obstacle>,
}

/// Is a machine or a Node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A machine.
    Machine(MergedMachine<'a>),
    /// A Node.
    Node(&'a Node<'a>),
}

/// Lists what no claim explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexplained<'a> {
    /// Machines, in the order of cluster, id, identifier and hostname.
    pub machines: Vec<UnexplainedMachine<'a>>,
    /// Nodes, in the order of name and uid.
    pub nodes: Vec<UnexplainedNode<'a>>,
}

/// Names a machine that no claim explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnexplainedMachine<'a> {
    /// The machine.
    pub machine: MergedMachine<'a>,
    /// Why no claim explains it.
    pub reason: UnexplainedReason,
}

/// Names a Node that no claim explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnexplainedNode<'a> {
    /// The Node.
    pub node: &'a Node<'a>,
    /// Why no claim explains it.
    pub reason: UnexplainedReason,
}

// === impl Matching ===

impl<'a> Matching<'a> {
    /// Finds the verdict on the claim with this uid.
    #[must_use]
    pub fn verdict(&self, uid: &str) -> Option<&Verdict<'a>> {
        let index = self
            .claims
            .binary_search_by(|answer| (*answer.claim.uid).cmp(uid))
            .ok()?;
        self.claims.get(index).map(|answer| &answer.verdict)
    }
}

// === impl Verdict ===

impl<'a> Verdict<'a> {
    /// Returns the stable name of the variant.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Matched(_) => "matched",
            Self::Waiting { .. } => "waiting",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Conflict { .. } => "conflict",
            Self::TimedOut { .. } => "timed-out",
            Self::NotParticipating { .. } => "not-participating",
        }
    }

    /// Returns the stable name of the reason, where there is one.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Matched(_) => None,
            Self::Waiting { reason, .. } => Some(reason.as_str()),
            Self::Ambiguous { reason, .. } => Some(reason.as_str()),
            Self::Conflict { reason, .. } => Some(reason.as_str()),
            Self::TimedOut { .. } => Some("discovery-timeout"),
            Self::NotParticipating { reason } => Some(reason.as_str()),
        }
    }

    /// Returns what was considered.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate<'a>] {
        match self {
            Self::Matched(_) | Self::NotParticipating { .. } => &[],
            Self::Waiting { candidates, .. }
            | Self::Ambiguous { candidates, .. }
            | Self::Conflict { candidates, .. }
            | Self::TimedOut { candidates } => candidates,
        }
    }

    /// Returns the match, if there is one.
    #[must_use]
    pub const fn matched(&self) -> Option<&Match<'a>> {
        match self {
            Self::Matched(found) => Some(found),
            Self::Waiting { .. }
            | Self::Ambiguous { .. }
            | Self::Conflict { .. }
            | Self::TimedOut { .. }
            | Self::NotParticipating { .. } => None,
        }
    }
}
