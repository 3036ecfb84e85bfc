//! Decides which cloud machine and which Kubernetes Node belong to which claim.

mod address;
mod anonymous;
mod answer;
mod assign;
mod baseline;
mod batch;
mod claim;
mod cluster;
mod contested;
mod eligible;
mod evidence;
mod facts;
#[cfg(feature = "json")]
pub mod file;
mod fleet;
mod flow;
mod grouping;
mod home;
mod hostname;
mod links;
mod machine;
mod merge;
mod node;
mod provider_id;
mod reason;
mod snapshot;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod tie;
mod verdict;

pub use answer::match_fleet;
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
