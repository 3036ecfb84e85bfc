//! Groups that are made for pods that no group can host (`SC-10`): of which sizes, and what their nodes are like.

use crate::Name;
use crate::group::{Group, GroupName, Price};
use crate::labels::{Labels, Operator, Requirement};
use crate::node::Room;
use crate::pod::{Demand, NodeTerm, PodName};
use crate::site::Site;
use crate::taint::{Effect, Taint};

/// Says of what new groups may be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dynamic {
    /// The namespace of new groups.
    pub namespace: Name,
    /// The most nodes that one of them may have.
    pub most_nodes: u32,
    /// The sizes on offer. VPSie has one group for each size and cluster, so those that a group has already are left out.
    pub sizes: Vec<Size>,
}

/// Is a size on offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Size {
    /// VPSie's number of it.
    pub id: i64,
    /// Labels that every node of it has, whatever its group says.
    pub labels: Labels,
    /// What a node has for pods.
    pub room: Room,
    /// What a node costs; none when that is unknown.
    pub price: Option<Price>,
}

/// Is a group that is to be made, because no group can host some pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// The group, as it will be: it may go to zero.
    pub group: Group,
    /// The labels that it has to give its nodes; the others they have by themselves.
    pub labels: Labels,
    /// The pods for which it is made, by name; others may go there, too.
    pub pods: Vec<PodName>,
}

/// Ends the domains of labels that say what a node is, and that nobody can make true by writing them.
const FACTS: [&str; 3] = ["kubernetes.io", "k8s.io", "autoscaler.vpsie.com"];

// === impl Size ===

impl Size {
    /// Names the group of the size: VPSie has one for each size and cluster, so the size alone tells it from others.
    #[must_use]
    pub fn group_name(&self) -> Name {
        format!("size-{}", self.id).into()
    }
}

// === impl Dynamic ===

impl Dynamic {
    /// Makes the group of a size for a pod; none where no label would bring the pod there.
    ///
    /// A label is given only where the pod asks for one that the size does not have, and a taint only where the pod asks
    /// for that label and tolerates its key by name: then the node is meant for such pods alone.
    pub(crate) fn group_for(&self, demand: &Demand, size: &Size) -> Option<NewGroup> {
        let labels = wanted(demand, &size.labels)?;
        let taints: Vec<Taint> = labels
            .iter()
            .filter_map(|label| dedicated(demand, label))
            .collect();
        let mut all = size.labels.clone();
        all.extend(labels.clone());
        Site::to_come(&all, &taints)
            .admits(&demand.placement)
            .then(|| NewGroup {
                group: Group {
                    name: GroupName {
                        namespace: self.namespace.clone(),
                        name: size.group_name(),
                    },
                    size: Some(size.id),
                    max: self.most_nodes,
                    is_managed: true,
                    is_enabled: true,
                    labels: all,
                    taints,
                    is_offered: true,
                    room: Some(size.room.clone()),
                    price: size.price,
                    ..Group::default()
                },
                labels,
                pods: Vec::new(),
            })
    }
}

/// Returns the labels that a node lacks for a pod; none where labels cannot help.
fn wanted(demand: &Demand, has: &Labels) -> Option<Labels> {
    let placement = &demand.placement;
    let mut wanted = Labels::new();
    for (key, value) in &placement.node_selector {
        match has.get(key) {
            Some(there) if there == value => {}
            None if may_be_given(key) => {
                wanted.insert(key.clone(), value.clone());
            }
            Some(_) | None => return None,
        }
    }
    let Some(terms) = &placement.node_affinity else {
        return Some(wanted);
    };
    let mut all = has.clone();
    all.extend(wanted.clone());
    let missing = terms.iter().find_map(|term| missing(term, &all))?;
    wanted.extend(missing);
    Some(wanted)
}

/// Returns the labels that are missing to meet a term; none where it asks for another value of one that is there.
fn missing(term: &NodeTerm, has: &Labels) -> Option<Labels> {
    if !term.names.is_empty() {
        return None;
    }
    let mut missing = Labels::new();
    for requirement in term.labels.iter().filter(|one| !one.matches(has)) {
        let key = &requirement.key;
        if has.contains_key(key) || !may_be_given(key) {
            return None;
        }
        let of_key = || term.labels.iter().filter(|one| one.key == *key);
        let meets_all = |value: &Name| of_key().all(|one| one.accepts(Some(value)));
        let value = of_key().flat_map(values).find(meets_all)?;
        missing.insert(key.clone(), value);
    }
    Some(missing)
}

/// Lists values that meet a requirement.
fn values(requirement: &Requirement) -> Vec<Name> {
    match &requirement.operator {
        Operator::In(values) => values.clone(),
        Operator::Exists => vec!["true".into()],
        Operator::Above(bound) => vec![bound.saturating_add(1).to_string().into()],
        Operator::Below(bound) => vec![bound.saturating_sub(1).to_string().into()],
        Operator::NotIn(_) | Operator::DoesNotExist => Vec::new(),
    }
}

fn may_be_given(key: &Name) -> bool {
    let domain = key.split_once('/').map(|(domain, _)| domain);
    domain.is_none_or(|domain| {
        let is_of = |end: &&str| {
            let rest = domain.strip_suffix(*end);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        !FACTS.iter().any(is_of)
    })
}

/// Returns the taint that keeps others off nodes with a label that a pod asks for, if it tolerates that by name.
fn dedicated(demand: &Demand, (key, value): (&Name, &Name)) -> Option<Taint> {
    let taint = Taint {
        key: key.clone(),
        value: value.clone(),
        effect: Effect::NoSchedule,
    };
    let mut tolerations = demand.placement.tolerations.iter();
    let is_tolerated = tolerations.any(|one| one.key.is_some() && one.tolerates(&taint));
    is_tolerated.then_some(taint)
}
