//! What one pass saw of VPSieNodes and NodeGroups besides their states, for whoever shows it. Nothing is decided from it.

use crate::kept::VPSieNode;
use crate::lives::Lives;
use crate::pending::Pending;
use crate::resources::NodeGroup;
use crate::world::World;
use chrono::{DateTime, Utc};
use node_lifecycle::Life;
use node_match::{Evidence, EvidenceKind, Link, Matching, Verdict};
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;
use tokio::sync::watch;

/// Everything that a pass saw. A member that is as it was is shared with the board before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    /// The NodeGroups, in order of namespace and name.
    pub groups: Vec<Arc<NodeGroup>>,
    /// The VPSieNodes, in order of namespace and name.
    pub members: Vec<Arc<Member>>,
    /// The pods that are on no Node, as was planned for them last; nothing before.
    pub pending: Option<Arc<Pending>>,
}

/// What a pass saw of one VPSieNode.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The object as stored.
    pub object: Arc<VPSieNode>,
    /// What is shown of its life, once it was looked at.
    pub life: Option<Lived>,
    /// How its machine and Node were found; nothing where it was not asked.
    pub sighting: Option<Sighting>,
}

/// What is shown of the life of one VPSieNode; its state is told with those of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lived {
    /// When the present state began.
    pub entered_at: DateTime<Utc>,
    /// When it first carried a workload pod.
    pub first_workload_at: Option<DateTime<Utc>>,
    /// When its last workload pod left.
    pub last_workload_at: Option<DateTime<Utc>>,
    /// Distinct workload pods that it ever carried.
    pub workloads_ever: u64,
}

/// How a machine and a Node were found for a VPSieNode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The verdict of matching, in its stable word.
    pub verdict: &'static str,
    /// Why, where it is not matched.
    pub reason: Option<&'static str>,
    /// Whether a surplus machine makes the match doubtful (`R7`).
    pub is_contested: bool,
    /// What ties machine, Node and VPSieNode together.
    pub clues: Box<[Clue]>,
}

/// One link between two things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clue {
    /// The two ends.
    pub link: Link,
    /// The kind of evidence.
    pub kind: EvidenceKind,
    /// What both ends share; most of it is short.
    pub detail: SmolStr,
}

/// Shows the newest board to whoever looks; while nobody does, none is made.
#[derive(Debug, Default)]
pub(crate) struct Boards(watch::Sender<Arc<Board>>);

// === impl Boards ===

impl Boards {
    /// Returns where boards are seen.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Board>> {
        self.0.subscribe()
    }

    /// Shows what a pass saw, if anybody looks and anything is different.
    pub(crate) fn show(&self, world: &World<'_>, matching: &Matching<'_>, lives: &Lives) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let board = Board::of(world, matching, lives, &self.0.borrow());
        self.0.send_if_modified(|shown| {
            let is_new = !shown.looks_like(&board);
            if is_new {
                *shown = Arc::new(board);
            }
            is_new
        });
    }

    /// Shows what was planned for pods, if anybody looks and anything is different.
    pub(crate) fn plan(&self, pending: &Arc<Pending>) {
        if self.0.receiver_count() == 0 {
            return;
        }
        self.0.send_if_modified(|shown| {
            let is_new = shown.pending.as_ref() != Some(pending);
            if is_new {
                Arc::make_mut(shown).pending = Some(Arc::clone(pending));
            }
            is_new
        });
    }

    /// Shows nothing any longer: another replica may lead.
    pub(crate) fn clear(&self) {
        self.0.send_if_modified(|shown| {
            let is_new = **shown != Board::default();
            *shown = Arc::default();
            is_new
        });
    }
}

// === impl Board ===

impl Board {
    fn of(world: &World<'_>, matching: &Matching<'_>, lives: &Lives, before: &Self) -> Self {
        let mut earlier = before.members.iter().peekable();
        let members = world.claims.iter().map(|claim| {
            let member = Member {
                object: Arc::clone(&claim.object),
                life: lives.of(claim.uid()).map(Lived::of),
                sighting: matching.verdict(claim.uid()).map(Sighting::of),
            };
            // Both are in order of namespace and name, so that one walk finds each member of the last board.
            while earlier.next_if(|known| known.place() < member.place()).is_some() {}
            match earlier.next_if(|known| known.looks_like(&member)) {
                Some(known) => Arc::clone(known),
                None => Arc::new(member),
            }
        });
        Self {
            members: members.collect(),
            groups: world.groups.clone(),
            pending: before.pending.clone(),
        }
    }

    /// Tells whether everything is the very same.
    fn looks_like(&self, other: &Self) -> bool {
        are_same(&self.members, &other.members) && are_same(&self.groups, &other.groups)
    }
}

fn are_same<T>(ones: &[Arc<T>], others: &[Arc<T>]) -> bool {
    let mut pairs = ones.iter().zip(others);
    ones.len() == others.len() && pairs.all(|(one, other)| Arc::ptr_eq(one, other))
}

// === impl Member ===

impl Member {
    fn place(&self) -> (Option<&str>, Option<&str>) {
        let metadata = &self.object.metadata;
        (metadata.namespace(), metadata.name())
    }

    fn looks_like(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.object, &other.object) && self.life == other.life && self.sighting == other.sighting
    }
}

// === impl Lived ===

impl Lived {
    fn of(life: &Life) -> Self {
        Self {
            entered_at: life.entered_at(),
            first_workload_at: life.first_workload_at(),
            last_workload_at: life.last_workload_at(),
            workloads_ever: life.workloads_ever(),
        }
    }
}

// === impl Sighting ===

impl Sighting {
    fn of(verdict: &Verdict<'_>) -> Self {
        let found = verdict.matched();
        let evidence = found.map(|found| found.evidence.as_slice()).unwrap_or_default();
        Self {
            verdict: verdict.as_str(),
            reason: verdict.reason(),
            is_contested: found.is_some_and(|found| found.contested),
            clues: evidence.iter().map(Clue::of).collect(),
        }
    }
}

// === impl Clue ===

impl Clue {
    fn of(evidence: &Evidence<'_>) -> Self {
        Self {
            link: evidence.link,
            kind: evidence.kind,
            detail: evidence.detail.to_smolstr(),
        }
    }
}

#[cfg(test)]
mod tests;
