//! Where a pod may be, as far as the place itself decides: labels, name, taints, volumes.

use crate::Name;
use crate::labels::{Labels, Requirement, contradiction};
use crate::misfit::Misfit;
use crate::node::Node;
use crate::pod::{Demand, NodeTerm, Placement};
use crate::taint::{Taint, repelling};

/// The label that tells one Node from all others.
pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";

/// Stands for the hostname of a node that is not there yet: it exists, and equals no other.
const HOSTNAME_TO_COME: &str = "\0";

/// Describes a Node, or every new node of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    /// The name; none while the node is not there.
    pub(crate) name: Option<Name>,
    pub(crate) labels: Labels,
    pub(crate) taints: Vec<Taint>,
}

// === impl Site ===

impl Site {
    pub(crate) fn of_node(node: &Node) -> Self {
        Self {
            name: Some(node.name.clone()),
            labels: node.labels.clone(),
            taints: node.taints.clone(),
        }
    }

    /// Describes nodes that are yet to come.
    pub(crate) fn to_come(labels: &Labels, taints: &[Taint]) -> Self {
        let mut labels = labels.clone();
        labels.insert(HOSTNAME.into(), HOSTNAME_TO_COME.into());
        Self {
            name: None,
            labels,
            taints: taints.to_vec(),
        }
    }

    /// Tells whether nothing about the place keeps the pod away.
    pub(crate) fn admits(&self, placement: &Placement) -> bool {
        self.is_selected_by(placement)
            && repelling(&self.taints, &placement.tolerations).next().is_none()
            && placement
                .volumes
                .iter()
                .all(|volume| self.meets_any(&volume.terms))
    }

    /// Tells whether `nodeSelector` and the required node affinity select it.
    pub(crate) fn is_selected_by(&self, placement: &Placement) -> bool {
        let mut labels = placement.node_selector.iter();
        labels.all(|(key, value)| self.labels.get(key) == Some(value))
            && placement
                .node_affinity
                .as_ref()
                .is_none_or(|terms| self.meets_any(terms))
    }

    /// Tells whether it meets the preferred term.
    pub(crate) fn meets(&self, term: &NodeTerm) -> bool {
        let has_requirements = !(term.labels.is_empty() && term.names.is_empty());
        has_requirements && self.unmet(term).next().is_none()
    }

    fn meets_any(&self, terms: &[NodeTerm]) -> bool {
        terms.iter().any(|term| self.meets(term))
    }

    fn unmet<'a>(&'a self, term: &'a NodeTerm) -> impl Iterator<Item = &'a Requirement> {
        let labels = term.labels.iter().filter(|one| !one.matches(&self.labels));
        let names = term.names.iter();
        labels.chain(names.filter(|one| !one.accepts(self.name.as_deref())))
    }

    /// Lists everything about the place that keeps the pod away.
    pub(crate) fn misfits(&self, placement: &Placement) -> Vec<Misfit> {
        let mut found = Vec::new();
        for (key, value) in &placement.node_selector {
            let has = self.labels.get(key);
            if has != Some(value) {
                found.push(Misfit::NodeSelector {
                    needs: format!("{key}={value}"),
                    has: has.filter(|has| &***has != HOSTNAME_TO_COME).cloned(),
                });
            }
        }
        if let Some(terms) = &placement.node_affinity
            && !self.meets_any(terms)
        {
            let first = terms.first().into_iter();
            let unmet: Vec<String> = first
                .flat_map(|term| self.unmet(term))
                .map(ToString::to_string)
                .collect();
            found.push(Misfit::NodeAffinity {
                needs: unmet.join(", "),
            });
        }
        found.extend(
            repelling(&self.taints, &placement.tolerations)
                .cloned()
                .map(Misfit::Taint),
        );
        for volume in &placement.volumes {
            if !self.meets_any(&volume.terms) {
                found.push(Misfit::VolumePlace {
                    claim: volume.claim.clone(),
                });
            }
        }
        found
    }
}

/// Returns the label about which a demand contradicts itself, so that no Node at all can take it.
#[must_use]
pub fn contradictory_label(demand: &Demand) -> Option<Name> {
    let placement = &demand.placement;
    let terms = placement.node_affinity.as_ref()?;
    let selected = placement.node_selector.iter().map(|(key, value)| Requirement {
        key: key.clone(),
        operator: crate::labels::Operator::In(vec![value.clone()]),
    });
    let selected: Vec<Requirement> = selected.collect();
    let mut found = None;
    for term in terms {
        let all: Vec<Requirement> = selected.iter().chain(&term.labels).cloned().collect();
        found = Some(contradiction(&all)?.clone());
    }
    found
}

#[cfg(test)]
mod tests;
