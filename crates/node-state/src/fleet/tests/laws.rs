//! What holds for any facts in any order: the fleet against a new one, and against a slow and obvious model.

mod happenings;

use super::*;
use crate::snapshot::Snapshot;
use crate::testing::NAMESPACE;
use happenings::happenings;
use node_lifecycle::{Phase, PodUid, State};
use proptest::prelude::*;

/// Is something that happens to the facts.
#[derive(Clone, Debug)]
enum Happening {
    Node(NodeFacts),
    NoNode(String),
    Owner(OwnerFacts),
    NoOwner(OwnerKey),
    Pod(String, PodFacts),
    NoPod(String, String),
    Group(GroupFacts),
    NoGroup(GroupKey),
    Settle,
}

/// Holds the facts as lists, in no order and without an index.
#[derive(Clone, Debug, Default)]
struct Facts {
    nodes: Vec<NodeFacts>,
    owners: Vec<OwnerFacts>,
    pods: Vec<(String, PodFacts)>,
    groups: Vec<GroupFacts>,
}

/// What the model says of a subject: its NodeGroup, whether it is of the control plane, and its workload pods.
type Sketch = (Option<GroupKey>, bool, u64);

// === impl Facts ===

impl Facts {
    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Node(facts) => {
                self.nodes.retain(|other| other.name != facts.name);
                self.nodes.push(facts);
            }
            Happening::NoNode(name) => self.nodes.retain(|other| *other.name != *name),
            Happening::Owner(facts) => {
                self.owners.retain(|other| other.key != facts.key);
                self.owners.push(facts);
            }
            Happening::NoOwner(key) => self.owners.retain(|other| other.key != key),
            Happening::Pod(node, pod) => {
                self.pods
                    .retain(|(on, other)| (on, &other.uid) != (&node, &pod.uid));
                self.pods.push((node, pod));
            }
            Happening::NoPod(node, uid) => {
                let uid = PodUid::of(&uid);
                self.pods.retain(|(on, other)| (on, other.uid) != (&node, uid));
            }
            Happening::Group(facts) => {
                self.groups.retain(|other| other.key != facts.key);
                self.groups.push(facts);
            }
            Happening::NoGroup(key) => self.groups.retain(|other| other.key != key),
            Happening::Settle => {}
        }
    }

    /// Makes a fleet that has never seen anything else.
    fn fleet(&self) -> Fleet {
        let mut fleet = Fleet::default();
        self.pods
            .iter()
            .rev()
            .for_each(|(node, pod)| fleet.put_pod(node, pod.clone()));
        self.nodes
            .iter()
            .rev()
            .for_each(|node| fleet.put_node(node.clone()));
        self.groups
            .iter()
            .rev()
            .for_each(|group| drop(fleet.put_group(group.clone())));
        self.owners
            .iter()
            .rev()
            .for_each(|owner| fleet.put_owner(owner.clone()));
        fleet
    }

    /// Says of everything that there is a state about what it must be so many minutes after the start.
    fn sketches(&self, minutes: i64) -> BTreeMap<Subject, Sketch> {
        let mut sketches = BTreeMap::new();
        for node in &self.nodes {
            let owner = self.owner_of(&node.name);
            let is_broken = owner.is_some_and(|owner| match owner.life {
                Some(life) => life.state == State::Unhealthy,
                None => owner.phase == Some(Phase::Failed),
            });
            let counts = |pod: &PodFacts| {
                let end = pod.removal.as_ref().map(|removal| removal.due_at + removal.grace);
                let is_overdue = end.is_some_and(|end| at(minutes) - end > Rules::default().stuck_pod);
                let is_stuck = is_broken && is_overdue;
                !pod.is_finished && !is_stuck
            };
            let pods = self
                .pods
                .iter()
                .filter(|(on, pod)| **on == *node.name && counts(pod));
            let sketch = (
                self.home(Some(node), owner),
                node.is_of_control_plane,
                u64::try_from(pods.count()).expect("there are few"),
            );
            sketches.insert(Subject::node(&node.name), sketch);
        }
        for owner in &self.owners {
            let mut nodes = self.nodes.iter().map(|node| &node.name);
            let has_it = nodes.any(|node| self.owner_of(node).is_some_and(|first| first.key == owner.key));
            if !has_it {
                let sketch = (self.home(None, Some(owner)), false, 0);
                sketches.insert(Subject::Awaited(owner.key.clone()), sketch);
            }
        }
        sketches
    }

    fn owner_of(&self, node: &str) -> Option<&OwnerFacts> {
        let named = self
            .owners
            .iter()
            .filter(|owner| owner.node.as_deref() == Some(node));
        let marked = self
            .owners
            .iter()
            .filter(|owner| owner.node.is_none() && self.marked_for(owner) == Some(node));
        let first = |owner: &&OwnerFacts| owner.key.clone();
        named.min_by_key(first).or_else(|| marked.min_by_key(first))
    }

    fn marked_for(&self, owner: &OwnerFacts) -> Option<&str> {
        let marked = self
            .nodes
            .iter()
            .filter(|node| node.marked_for.as_deref() == Some(&*owner.uid));
        marked.map(|node| node.name.as_ref()).min()
    }

    fn home(&self, node: Option<&NodeFacts>, owner: Option<&OwnerFacts>) -> Option<GroupKey> {
        if node.is_some_and(|node| node.is_of_control_plane) {
            return None;
        }
        let owner = owner.filter(|owner| !owner.group.is_empty());
        let claims = |group: &&GroupFacts| match (owner, node) {
            (Some(owner), _) => group.key == GroupKey::new(&owner.key.namespace, &owner.group),
            (
                None,
                Some(NodeFacts {
                    group_label: Some(label),
                    group_namespace,
                    ..
                }),
            ) => {
                let is_there = group_namespace
                    .as_ref()
                    .is_none_or(|space| **space == *group.key.namespace);
                **label == *group.key.name && is_there
            }
            (None, Some(node)) => {
                let wanted = group.selector.iter().flat_map(|selector| &selector.match_labels);
                let has_all = wanted
                    .clone()
                    .all(|(key, value)| node.labels.get(key) == Some(value));
                let is_valid = wanted.clone().count() > 0 && wanted.clone().all(|(key, _)| key != "-");
                has_all && is_valid
            }
            (None, None) => false,
        };
        let groups = self.groups.iter().filter(claims);
        groups.map(|group| group.key.clone()).min()
    }
}

fn tell(fleet: &mut Fleet, happening: Happening) {
    match happening {
        Happening::Node(facts) => fleet.put_node(facts),
        Happening::NoNode(name) => fleet.remove_node(&name),
        Happening::Owner(facts) => fleet.put_owner(facts),
        Happening::NoOwner(key) => fleet.remove_owner(&key),
        Happening::Pod(node, pod) => fleet.put_pod(&node, pod),
        Happening::NoPod(node, uid) => fleet.remove_pod(&node, &uid),
        Happening::Group(facts) => drop(fleet.put_group(facts)),
        Happening::NoGroup(key) => fleet.remove_group(&key),
        Happening::Settle => {}
    }
}

fn hashes(snapshot: &Snapshot) -> BTreeMap<Subject, crate::StateHash> {
    let states = snapshot.all();
    states
        .map(|state| (state.subject.clone(), state.state_hash))
        .collect()
}

/// Compares what a fleet has become with the model and with a fleet that is new.
fn compare(facts: &Facts, snapshot: &Snapshot, minutes: i64) {
    let sketches: BTreeMap<Subject, Sketch> = snapshot
        .all()
        .map(|state| {
            let is_master = state.scope == Scope::ControlPlane;
            let sketch = (state.node_group.clone(), is_master, state.workload.pods);
            (state.subject.clone(), sketch)
        })
        .collect();
    assert_eq!(sketches, facts.sketches(minutes), "the model says otherwise");
    let mut listed: Vec<&GroupKey> = facts.groups.iter().map(|group| &group.key).collect();
    listed.sort();
    assert_eq!(snapshot.groups().collect::<Vec<_>>(), listed);
    for group in listed {
        let members: Vec<&Subject> = snapshot.by_group(group).map(|state| &state.subject).collect();
        let expected = sketches
            .iter()
            .filter(|(_, (home, ..))| home.as_ref() == Some(group));
        assert_eq!(members, expected.map(|(subject, _)| subject).collect::<Vec<_>>());
    }
    let fresh = Snapshot::default().next(&facts.fleet().settle(&Rules::default(), at(minutes)));
    assert_eq!(hashes(snapshot), hashes(&fresh), "a new fleet says otherwise");
}

proptest! {
    /// NS-3, NS-4, NS-9, NS-10, NS-27: whatever happened before, in whatever order, the states are those of a new fleet
    /// with the same facts; the model agrees; each subject is evaluated at most once; and exactly what differs is told.
    #[test]
    fn fleet_is_what_a_new_one_would_be(happenings in happenings()) {
        let (mut facts, mut fleet, mut snapshot) = (Facts::default(), Fleet::default(), Snapshot::default());
        let end = std::iter::once(Happening::Settle);
        for (minutes, happening) in (0..).zip(happenings.into_iter().chain(end)) {
            facts.happen(happening.clone());
            let Happening::Settle = happening else {
                tell(&mut fleet, happening);
                continue;
            };
            let evaluator = Counting::default();
            let batch = fleet.settle(&evaluator, at(minutes));
            let next = snapshot.next(&batch);
            prop_assert!(evaluator.take() <= u64::try_from(next.count()).expect("there are few"));
            let (before, now) = (hashes(&snapshot), hashes(&next));
            let all: BTreeSet<&Subject> = before.keys().chain(now.keys()).collect();
            let differ = all.into_iter().filter(|subject| before.get(*subject) != now.get(*subject));
            prop_assert_eq!(batch.changes.keys().collect::<Vec<_>>(), differ.collect::<Vec<_>>());
            snapshot = next;
            compare(&facts, &snapshot, minutes);
        }
    }

    /// NS-3, NS-27, LC-17: while no fact changes the states are those of a new fleet at any time, and nothing is evaluated
    /// again but at the moment that is told.
    #[test]
    fn time_alone_makes_of_a_fleet_what_a_new_one_would_be(happenings in happenings()) {
        let (mut facts, mut fleet, mut snapshot) = (Facts::default(), Fleet::default(), Snapshot::default());
        for happening in happenings {
            facts.happen(happening.clone());
            tell(&mut fleet, happening);
        }
        for minutes in (0..90).step_by(7) {
            let is_at_rest = minutes > 0 && fleet.due_at().is_none_or(|due_at| due_at > at(minutes));
            let batch = fleet.settle(&Rules::default(), at(minutes));
            if is_at_rest {
                prop_assert_eq!(batch.evaluated, 0);
            }
            snapshot = snapshot.next(&batch);
            compare(&facts, &snapshot, minutes);
        }
        prop_assert_eq!(fleet.due_at(), None);
    }
}
