//! Everything that is known of a fleet, what of it changed, and the states that follow from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use node_lifecycle::{PodFacts, PodUid};

use crate::evaluate::{Evaluator, Inputs};
use crate::facts::{GroupFacts, NodeFacts, OwnerFacts};
use crate::groups::{Groups, Why};
use crate::key::{GroupKey, OwnerKey, Subject};
use crate::membership::{Membership, Scope};
use crate::roll::{Named, Roll};
use crate::state::NodeState;
use crate::warning::Warning;

mod batch;
mod people;
mod pods;

pub use batch::{Batch, Change};
use people::People;
pub use pods::Pods;
use pods::PodsByNode;

/// Keeps the facts about a fleet and the state of each node, and evaluates again only what a change concerns.
///
/// # Guarantees
/// Settled, it has the states that a new fleet with the same facts would have then, but for when and how often they were
/// evaluated, and for the moments that only an observer knows ([`Since::Seen`](crate::Since::Seen)). The same fact twice
/// changes nothing. Time changes nothing before [`due_at`](Self::due_at), as long as it does not go back.
#[derive(Debug, Default)]
pub struct Fleet {
    people: People,
    /// Workload pods by Node and uid; those that are none leave no trace.
    pods: PodsByNode,
    groups: Groups,
    unmanaged: UnmanagedNodes,
    entries: Roll<Box<Entry>>,
    dirty: BTreeSet<Subject>,
    /// When which subject is to be evaluated again although no fact changes.
    due: BTreeSet<(DateTime<Utc>, Subject)>,
    /// NodeGroups that are different themselves.
    touched: BTreeSet<GroupKey>,
}

/// Says what becomes of Nodes that are of no NodeGroup (`NS-8`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnmanagedNodes {
    /// They have a state like the others.
    #[default]
    Kept,
    /// They have none.
    Dropped,
}

/// Is what is kept of a subject between two evaluations.
#[derive(Debug)]
struct Entry {
    state: Arc<NodeState>,
    /// Of the newest evaluation, even if nobody could see a difference.
    expires_at: Option<DateTime<Utc>>,
    evaluations: u64,
    /// The NodeGroups that concern it besides its own, such as one that wanted it, too; nearly always none.
    others: Box<[GroupKey]>,
    /// Whether others may see the state.
    is_shown: bool,
}

// === impl Fleet: facts in ===

impl Fleet {
    /// Begins with nothing.
    #[must_use]
    pub fn new(unmanaged: UnmanagedNodes) -> Self {
        Self {
            unmanaged,
            ..Self::default()
        }
    }

    /// Takes a Node in, new or changed.
    pub fn put_node(&mut self, facts: NodeFacts) {
        let name = Arc::clone(&facts.name);
        let marks = [self.people.mark_of(&name), facts.marked_for.clone()];
        if self.people.put_node(facts) {
            self.mark_node(&name);
            self.heed_marks(marks);
        }
    }

    /// Forgets a Node that is gone. Its pods are told apart from it.
    pub fn remove_node(&mut self, name: &str) {
        let mark = self.people.mark_of(name);
        if self.people.remove_node(name).is_some() {
            self.mark_node(name);
            self.heed_marks([mark, None]);
        }
    }

    /// Takes a VPSieNode in, new or changed.
    pub fn put_owner(&mut self, mut facts: OwnerFacts) {
        self.groups.share(&mut facts);
        let (key, node, uid) = (facts.key.clone(), facts.node.clone(), facts.uid.clone());
        if let Some(before) = self.people.put_owner(facts) {
            let (node_before, uid_before) = before.map(|before| (before.node, before.uid)).unzip();
            self.mark_owner(key, [node_before.flatten(), node]);
            self.heed_marks([uid_before, Some(uid)]);
        }
    }

    /// Forgets a VPSieNode that is gone.
    pub fn remove_owner(&mut self, key: &OwnerKey) {
        if let Some(owner) = self.people.remove_owner(key) {
            self.mark_owner(owner.key, [owner.node, None]);
            self.heed_marks([Some(owner.uid), None]);
        }
    }

    /// Takes a pod on a Node in, new or changed. One that is no workload, or no longer, counts as gone.
    pub fn put_pod(&mut self, node: &str, pod: PodFacts) {
        if self.pods.put(node, pod) {
            self.dirty.insert(Subject::node(node));
        }
    }

    /// Forgets a pod that is gone.
    pub fn remove_pod(&mut self, node: &str, uid: &str) {
        if self.pods.remove(node, PodUid::of(uid)) {
            self.dirty.insert(Subject::node(node));
        }
    }

    /// Takes a NodeGroup in and tells what is different about it (`NS-9`, `NS-10`).
    ///
    /// Its old members and its new ones are evaluated again, and nobody else.
    pub fn put_group(&mut self, facts: GroupFacts) -> BTreeSet<Why> {
        let key = facts.key.clone();
        let why = self.groups.ingest(facts);
        self.mark_group(key, &why);
        why
    }

    /// Forgets a NodeGroup that is gone; its nodes are evaluated again.
    pub fn remove_group(&mut self, key: &GroupKey) {
        if self.groups.forget(key) {
            self.mark_group(key.clone(), &BTreeSet::from([Why::Forgotten]));
        }
    }

    /// Demands that everything is evaluated again, as after a change of the rules.
    pub fn mark_all(&mut self) {
        self.dirty.extend(self.people.subjects());
    }

    /// Demands that one subject is evaluated again, as when its pods, which are kept elsewhere, have changed.
    pub fn mark(&mut self, subject: Subject) {
        self.dirty.insert(subject);
    }

    /// Counts what is to be evaluated again.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.dirty.len()
    }

    /// Returns when something is to be evaluated again although no fact changes.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Lists the names of the Nodes that are known.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<str>> {
        self.people.nodes()
    }

    /// Returns what is known of a VPSieNode.
    #[must_use]
    pub fn owner(&self, key: &OwnerKey) -> Option<&OwnerFacts> {
        self.people.owner(key)
    }

    /// Lists the VPSieNodes that are known.
    pub fn owners(&self) -> impl Iterator<Item = &OwnerFacts> {
        self.people.owners()
    }

    /// Shows the NodeGroups.
    #[must_use]
    pub const fn groups(&self) -> &Groups {
        &self.groups
    }

    fn mark_node(&mut self, name: &str) {
        self.dirty.insert(Subject::node(name));
        let awaited = self.people.owners_of(name).cloned().map(Subject::Awaited);
        self.dirty.extend(awaited);
    }

    fn mark_owner(&mut self, key: OwnerKey, nodes: [Option<Arc<str>>; 2]) {
        self.dirty.insert(Subject::Awaited(key));
        for node in nodes.into_iter().flatten() {
            self.mark_node(&node);
        }
    }

    /// Marks whom it concerns what marks with these uids say.
    fn heed_marks(&mut self, uids: [Option<impl AsRef<str>>; 2]) {
        for uid in uids.into_iter().flatten() {
            self.dirty.extend(self.people.concerned_by_mark(uid.as_ref()));
        }
    }

    fn mark_group(&mut self, key: GroupKey, why: &BTreeSet<Why>) {
        if why.is_empty() {
            return;
        }
        let before = self.entries.iter().filter(|entry| entry.is_concerned_by(&key));
        self.dirty.extend(before.map(|entry| entry.state.subject.clone()));
        if why.iter().any(|why| why.moves_nodes()) {
            let others = self
                .people
                .subjects()
                .filter(|subject| !self.dirty.contains(subject));
            let others = others.filter(|subject| {
                let (node, owner) = self.people.of(subject);
                Membership::of(node, owner, &self.groups)
                    .considered
                    .contains(&key)
            });
            let after: Vec<Subject> = others.collect();
            self.dirty.extend(after);
        }
        self.touched.insert(key);
    }
}

// === impl Fleet: states out ===

impl Fleet {
    /// Evaluates what changed, each subject once, and returns what came of it.
    ///
    /// A state with the hash that it had is no change (`NS-4`). What has no facts any longer has no state (`NS-7`).
    #[must_use]
    pub fn settle(&mut self, evaluator: &impl Evaluator, now: DateTime<Utc>) -> Batch {
        let pods = std::mem::take(&mut self.pods);
        let batch = self.settle_with(&pods, evaluator, now);
        self.pods = pods;
        batch
    }

    /// Does the same with pods that are kept elsewhere; whoever keeps them [marks](Self::mark) the Nodes on which they
    /// change.
    #[must_use]
    pub fn settle_with(&mut self, pods: &impl Pods, evaluator: &impl Evaluator, now: DateTime<Utc>) -> Batch {
        while let Some((at, _)) = self.due.first()
            && *at <= now
        {
            let due = self.due.pop_first();
            self.dirty.extend(due.map(|(_, subject)| subject));
        }
        let mut batch = Batch::default();
        for subject in std::mem::take(&mut self.dirty) {
            let Some(subject) = self.people.shared(&subject) else {
                let change = self.forget(&subject);
                batch.push(subject, change);
                continue;
            };
            batch.evaluated += 1;
            let change = self.evaluate(&subject, pods, evaluator, now);
            batch.push(subject, change);
        }
        batch.touch(std::mem::take(&mut self.touched));
        for (group, is_there) in &mut batch.groups {
            *is_there = self.groups.get(group).is_some();
        }
        batch
    }

    fn evaluate(
        &mut self,
        subject: &Subject,
        pods: &impl Pods,
        evaluator: &impl Evaluator,
        now: DateTime<Utc>,
    ) -> Change {
        let entry = self.entries.remove(subject);
        let (node, owner) = self.people.of(subject);
        let membership = Membership::of(node, owner, &self.groups);
        let pods: Vec<&PodFacts> = node.into_iter().flat_map(|node| pods.on(&node.name)).collect();
        let oddities: Vec<Warning> = self.people.oddity(subject).into_iter().collect();
        let evaluations = entry.as_ref().map_or(0, |entry| entry.evaluations);
        let state = evaluator.evaluate(&Inputs {
            subject,
            node,
            owner,
            pods: &pods,
            group: membership.group.as_ref().and_then(|group| self.groups.get(group)),
            membership: &membership,
            oddities: &oddities,
            previous: entry.as_ref().map(|entry| &*entry.state),
            evaluations,
            now,
        });
        let expires_at = state.expires_at;
        let is_shown = self.unmanaged == UnmanagedNodes::Kept || state.scope != Scope::Unmanaged;
        let same = entry
            .as_ref()
            .filter(|entry| entry.state.state_hash == state.state_hash);
        let state = same.map_or_else(|| Arc::new(state), |entry| Arc::clone(&entry.state));
        let change = Change {
            before: entry.as_deref().and_then(Entry::shown),
            now: is_shown.then(|| Arc::clone(&state)),
        };
        self.expect(subject, entry.as_deref(), expires_at);
        let considered = membership.considered.into_iter();
        let others = considered.filter(|group| state.node_group.as_ref() != Some(group));
        let entry = Entry {
            others: others.collect(),
            state,
            expires_at,
            evaluations: evaluations.saturating_add(1),
            is_shown,
        };
        self.entries.put(Box::new(entry));
        change
    }

    fn forget(&mut self, subject: &Subject) -> Change {
        let entry = self.entries.remove(subject);
        self.expect(subject, entry.as_deref(), None);
        Change {
            before: entry.as_deref().and_then(Entry::shown),
            now: None,
        }
    }

    /// Notes when a subject is to be evaluated again although no fact changes.
    fn expect(&mut self, subject: &Subject, before: Option<&Entry>, expires_at: Option<DateTime<Utc>>) {
        if let Some(before) = before.and_then(|entry| entry.expires_at) {
            self.due.remove(&(before, subject.clone()));
        }
        self.due.extend(expires_at.map(|at| (at, subject.clone())));
    }

    /// Forgets the state of a subject. What there are facts about is new when it is evaluated again.
    #[cfg(feature = "store")]
    pub(crate) fn drop_state(&mut self, subject: &Subject) -> Batch {
        let mut batch = Batch::default();
        let change = self.forget(subject);
        batch.push(subject.clone(), change);
        for (group, is_there) in &mut batch.groups {
            *is_there = self.groups.get(group).is_some();
        }
        if self.people.has(subject) {
            self.dirty.insert(subject.clone());
        }
        batch
    }
}

// === impl Entry ===

impl Entry {
    fn is_concerned_by(&self, group: &GroupKey) -> bool {
        self.state.node_group.as_ref() == Some(group) || self.others.contains(group)
    }

    fn shown(&self) -> Option<Arc<NodeState>> {
        self.is_shown.then(|| Arc::clone(&self.state))
    }
}

impl Named for Box<Entry> {
    type Name = Subject;

    fn name(&self) -> &Subject {
        &self.state.subject
    }
}

#[cfg(test)]
mod tests;
