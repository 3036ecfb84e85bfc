//! Decides which cloud machine and which Kubernetes Node belong to which claim.

mod baseline;
mod claim;
mod cluster;
mod evidence;
#[cfg(feature = "json")]
pub mod file;
mod machine;
mod merge;
mod node;
mod reason;
mod snapshot;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verdict;

pub use baseline::Baseline;
pub use claim::Claim;
pub use cluster::{Cluster, ClusterShape, Group};
pub use evidence::{Evidence, EvidenceKind, Link};
pub use machine::{Machine, ReportedAt};
pub use merge::MergedMachine;
pub use node::Node;
pub use reason::{
    AmbiguousReason, ConflictReason, NotParticipatingReason, Obstacle, UnexplainedReason, WaitingReason,
};
pub use snapshot::{Settings, Snapshot};
pub use verdict::{
    Answer, Candidate, Match, Matching, Subject, Unexplained, UnexplainedMachine, UnexplainedNode, Verdict,
};

/// Decides for every claim which machine and which Node are its own.
#[must_use]
pub fn match_fleet(snapshot: &Snapshot) -> Matching<'_> {
    let mut claims: Vec<Answer<'_>> = snapshot
        .claims
        .iter()
        .map(|claim| Answer {
            claim,
            verdict: Verdict::Waiting {
                reason: WaitingReason::NothingFound,
                candidates: Vec::new(),
            },
        })
        .collect();
    claims.sort_by(|a, b| a.claim.uid.cmp(&b.claim.uid));
    Matching {
        claims,
        unexplained: Unexplained {
            machines: Vec::new(),
            nodes: Vec::new(),
        },
    }
}
