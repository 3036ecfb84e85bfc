//! Decides which cloud machine and which Kubernetes Node belong to which claim.
//!
//! VPSie answers the request for a worker with `true` and no id. Until something finds out which machine was
//! made, its Node carries no labels and nobody can name it for removal. This crate finds out. It reads no
//! clock and touches nothing: a [`Snapshot`] goes in, a [`Matching`] comes out.
//!
//! ```text
//!  claims (VPSieNodes) ──┐  R0 records              R3 names, addresses, labels      R7 the rest
//!                        ├─▶ facts ──▶ ties ──▶ assign, strongest first ──▶ batches ──▶ flow ──▶ answer
//!  machines ── merge ────┤             machine                                 as many new machines
//!              R2a       │             and Node                                as open claims?
//!  Nodes ────────────────┘
//!
//!  Matched · Waiting · Ambiguous · Conflict · TimedOut · NotParticipating      and what nobody claims
//! ```
//!
//! # The rules
//! - **R0 Facts first.** What is recorded on a claim is a fact. Facts that contradict each other are a
//!   [`Verdict::Conflict`], never a silent rebind.
//! - **R1 Injective.** No machine and no Node is given to two claims. Only a claim that asked for a machine and
//!   has none is given one.
//! - **R2 Eligible.** Several reports of one machine are one machine. A machine is handed out only when it runs,
//!   is not deleted, is of the claim's cluster, group and size, is no part of the control plane, and was not
//!   there before the request. A Node must not be older than the request or labelled for another claim.
//! - **R3 Evidence**, the strongest first over the whole set: record, provider id, address, hostname, claim
//!   label, hostname pattern; then the same through a tie between machine and Node; then nothing but the count.
//! - **R4 Hostname pattern.** A claim's name, then the end or one of `-`, `.`, `_`; the longest name wins.
//! - **R5 Addresses** are compared as addresses. One that two machines or two Nodes carry proves nothing.
//! - **R6 Several candidates**: the newest, then the smallest id, identifier, hostname.
//! - **R7 Anonymous.** VPSie names workers itself, so mostly nothing links a new machine to a claim. Claims of
//!   one group are interchangeable: when every new machine finds a claim, the earliest request gets the oldest
//!   machine. When one is left over, somebody else is adding machines, and all of them are
//!   [`Verdict::Ambiguous`].
//! - **R8 Order-free.** Permuting any input changes nothing.
//! - **R9 Cost.** Names and addresses are read once and compared as numbers: O(n log n) for everything but R7. There
//!   claims of one batch, which share a baseline, are counted, not compared one by one; each batch is compared with
//!   each machine, so that R7 is linear for few batches and quadratic where every claim has a baseline of its own.
//!
//! A claim times out only when its request is old *and* nothing was found: evidence beats the clock.
//!
//! # Example
//! ```
//! use std::sync::Arc;
//!
//! use chrono::{DateTime, TimeDelta};
//! use node_match::{Baseline, Claim, Machine, Node, Snapshot, match_fleet};
//!
//! let now = DateTime::from_timestamp(1_769_242_200, 0).expect("a moment in 2026");
//! let mut snapshot = Snapshot::new(now);
//! snapshot.claims.push(Claim {
//!     uid: "c1".into(),
//!     name: "pool-1".into(),
//!     cluster: "0d6c".into(),
//!     creation_requested: true,
//!     requested_at: Some(now - TimeDelta::minutes(5)),
//!     baseline: Some(Arc::new(Baseline::new(true, ["71002"]))),
//!     ..Claim::default()
//! });
//! // One machine was there before, one is new; VPSie has named both.
//! snapshot.machines.extend([71002, 71003].map(|id| Machine {
//!     id: Some(id),
//!     cluster: "0d6c".into(),
//!     hostname: Some(format!("hel-kubernetes-49ab-slave-{id}").into()),
//!     addresses: vec![format!("10.0.0.{}", id % 100).into()],
//!     ..Machine::default()
//! }));
//! snapshot.nodes.push(Node {
//!     name: "hel-kubernetes-49ab-slave-71003".into(),
//!     addresses: vec!["10.0.0.3".into()],
//!     ..Node::default()
//! });
//!
//! let matching = match_fleet(&snapshot);
//! let found = matching.verdict("c1").and_then(|verdict| verdict.matched()).expect("a match");
//! assert_eq!(found.machine.as_ref().and_then(|machine| machine.id()), Some(71003));
//! assert_eq!(found.node.map(|node| &*node.name), Some("hel-kubernetes-49ab-slave-71003"));
//! let why: Vec<&str> = found.evidence.iter().map(|evidence| evidence.kind.as_str()).collect();
//! assert_eq!(why, ["anonymous", "address"]);
//! assert_eq!(matching.unexplained.machines[0].machine.id(), Some(71002));
//! ```

mod address;
mod anonymous;
mod answer;
mod assign;
mod baseline;
mod batch;
mod bearers;
mod change;
mod claim;
mod clue;
mod cluster;
mod contested;
mod directory;
mod eligible;
mod evidence;
mod explain;
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
mod marks;
mod merge;
mod node;
mod order;
mod place;
mod provider_id;
mod reason;
mod register;
#[cfg(feature = "testing")]
pub mod rules;
mod settled;
mod snapshot;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod text;
mod tie;
mod verdict;
mod words;

pub use answer::match_fleet;
pub use baseline::Baseline;
pub use change::Change;
pub use claim::Claim;
pub use cluster::{Cluster, ClusterShape, Group};
pub use evidence::{Detail, Evidence, EvidenceKind, Link};
pub use explain::{
    BaselineState, Considered, Explanation, Missing, Named, Objection, Sighting, Size, explain,
    explain_claim, phrases,
};
pub use machine::{Machine, ReportedAt};
pub use merge::MergedMachine;
pub use node::Node;
pub use reason::{
    AmbiguousReason, ConflictReason, NotParticipatingReason, Obstacle, UnexplainedReason, WaitingReason,
};
pub use snapshot::{Settings, Snapshot};
pub use text::Text;
pub use verdict::{
    Answer, Candidate, Match, Matching, Subject, Unexplained, UnexplainedMachine, UnexplainedNode, Verdict,
};

/// Holds the README, so that its example is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
