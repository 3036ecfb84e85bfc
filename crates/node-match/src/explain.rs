//! Why a claim has what it has, and what the others lack: as values, and as sentences for a person.
//!
//! ```text
//!  Snapshot ──match_fleet──▶ Matching ──┐
//!      │                                ├──▶ Explainer ──▶ Explanation ──▶ sentences
//!      └────────────────────────────────┘    every machine of the cluster, and why not this one
//! ```

mod missing;
mod objection;
pub mod phrases;
mod sentence;
mod sight;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub use missing::Missing;
pub use objection::{BaselineState, Named, Objection, Size};

use crate::anonymous::settle;
use crate::assign::assign;
use crate::explain::missing::Crowd;
use crate::explain::sight::Sight;
use crate::facts::facts;
use crate::fleet::Prepared;
use crate::links::Links;
use crate::tie::Ties;
use crate::{Claim, Matching, Settings, Snapshot, Subject, Verdict};

/// How many machines and Nodes one explanation lists; the others are counted. A person reads no more.
const MOST_LISTED: usize = 16;
/// How many machines and Nodes are looked at on behalf of all claims together.
///
/// Four hundred waiting claims in a cluster of ten thousand machines: nobody reads more at one time.
const MOST_LOOKS: usize = 4_000_000;

/// Explains every answer of a matching, in its order.
///
/// # Guarantees
/// - The order of anything in the snapshot changes nothing (R8).
/// - It takes a limited time: where very many claims wait among very many machines, the last ones are explained
///   by what is linked to them only, and [`Considered::is_cut`] says so.
///
/// # Assumptions
/// The matching was made from this snapshot.
///
/// # Examples
/// ```
/// use node_match::{Claim, Machine, Snapshot, explain, match_fleet};
///
/// let mut snapshot = Snapshot::new(chrono::DateTime::from_timestamp(1_769_242_200, 0).expect("in 2026"));
/// snapshot.claims.push(Claim {
///     uid: "c1".into(),
///     name: "web".into(),
///     creation_requested: true,
///     ..Claim::default()
/// });
/// snapshot.machines.push(Machine {
///     id: Some(7),
///     hostname: Some("web-k8s".into()),
///     status: Some("installing".into()),
///     ..Machine::default()
/// });
///
/// let matching = match_fleet(&snapshot);
/// let why = &explain(&snapshot, &matching)[0];
/// let objection = why.considered.listed[0].objection.as_ref();
/// assert_eq!(objection.map(|objection| objection.as_str()), Some("not-running"));
/// assert_eq!(why.sentences()[1], "Machine 7 (web-k8s) is not running: its status is installing.");
/// ```
#[must_use]
pub fn explain<'a>(snapshot: &'a Snapshot<'a>, matching: &'a Matching<'a>) -> Vec<Explanation<'a>> {
    explained(snapshot, matching, None, MOST_LOOKS)
}

/// Explains the answer to one claim; `None` when the matching has no claim of this uid.
#[must_use]
pub fn explain_claim<'a>(
    snapshot: &'a Snapshot<'a>,
    matching: &'a Matching<'a>,
    uid: &str,
) -> Option<Explanation<'a>> {
    explained(snapshot, matching, Some(uid), MOST_LOOKS).pop()
}

/// Says why one claim has what it has, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The claim.
    pub claim: &'a Claim<'a>,
    /// What was found for it, with the evidence.
    pub verdict: &'a Verdict<'a>,
    /// The moment of the observation.
    pub now: DateTime<Utc>,
    /// What a person may tune.
    pub settings: &'a Settings,
    /// What would settle it; `None` when it has a machine and a Node.
    pub missing: Option<Missing<'a>>,
    /// What was looked at for it; nothing when it is matched or wants nothing.
    pub considered: Considered<'a>,
}

/// Tells what was looked at for one claim: the machines of its cluster, and the Nodes that have no machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Considered<'a> {
    /// How many machines.
    pub machines: usize,
    /// How many Nodes without a machine.
    pub nodes: usize,
    /// At most 16 of them, the nearest to being its own first.
    pub listed: Vec<Sighting<'a>>,
    /// How many more there are, by the name of what speaks against them (`none` when nothing does).
    pub unlisted: BTreeMap<&'static str, usize>,
    /// Whether there are too many claims and machines to look at each: only what is linked to it is listed.
    pub is_cut: bool,
}

/// Names a machine or Node that was looked at, and what speaks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting<'a> {
    /// What it is.
    pub subject: Subject<'a>,
    /// Why it was not given to the claim; `None` when it is one of several that could be its own.
    pub objection: Option<Objection<'a>>,
}

// === impl Considered ===

impl<'a> Considered<'a> {
    /// Sorts what was seen, the nearest to being the claim's own first, and counts what is beyond the limit.
    fn of(mut seen: Vec<Sighting<'a>>) -> Self {
        let is_machine = |sighting: &Sighting<'_>| matches!(sighting.subject, Subject::Machine(_));
        let machines = seen.iter().filter(|sighting| is_machine(sighting)).count();
        let nodes = seen.len() - machines;
        // The sort is stable, and what was seen came in an order of its own.
        seen.sort_by_key(|sighting| sighting.objection.as_ref().map_or(0, Objection::distance));
        let mut unlisted = BTreeMap::new();
        for sighting in seen.iter().skip(MOST_LISTED) {
            *unlisted.entry(sighting.name()).or_default() += 1;
        }
        seen.truncate(MOST_LISTED);
        Self {
            machines,
            nodes,
            listed: seen,
            unlisted,
            is_cut: false,
        }
    }

    /// Counts what nothing speaks against.
    fn possible(&self) -> usize {
        let listed = self
            .listed
            .iter()
            .filter(|sighting| sighting.objection.is_none())
            .count();
        listed + self.unlisted.get(Sighting::POSSIBLE).copied().unwrap_or(0)
    }
}

// === impl Sighting ===

impl Sighting<'_> {
    /// The name of "nothing speaks against it" among the names of objections.
    const POSSIBLE: &'static str = "none";

    /// Returns the stable name of the objection.
    fn name(&self) -> &'static str {
        self.objection.as_ref().map_or(Self::POSSIBLE, Objection::as_str)
    }
}

/// Settles the snapshot as matching does, for the answer leaves out who has what and why.
pub(crate) fn explained<'a>(
    snapshot: &'a Snapshot<'a>,
    matching: &'a Matching<'a>,
    only: Option<&str>,
    mut looks_left: usize,
) -> Vec<Explanation<'a>> {
    let (fleet, directory, facts) = facts(Prepared::new(snapshot));
    let ties = Ties::new(&fleet, &directory, &facts);
    let links = Links::new(&fleet, &directory, &facts, &ties);
    let mut assignment = assign(&fleet, &facts, &ties, links);
    settle(&mut assignment);
    let sight = Sight::new(&assignment);
    let crowd = Crowd::new(snapshot, &matching.claims);
    // Both are sorted by uid.
    let answers = matching.claims.iter().enumerate();
    answers
        .filter(|(_, answer)| only.is_none_or(|uid| answer.claim.uid == uid))
        .map(|(place, answer)| {
            let considered = match &answer.verdict {
                Verdict::Matched(_) | Verdict::NotParticipating { .. } => Considered::default(),
                Verdict::Waiting { .. }
                | Verdict::Ambiguous { .. }
                | Verdict::Conflict { .. }
                | Verdict::TimedOut { .. } => sight.considered(place, &answer.verdict, &mut looks_left),
            };
            Explanation {
                claim: answer.claim,
                verdict: &answer.verdict,
                now: snapshot.now,
                settings: &snapshot.settings,
                missing: crowd.missing(answer, &considered),
                considered,
            }
        })
        .collect()
}
