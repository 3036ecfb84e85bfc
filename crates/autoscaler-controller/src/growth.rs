//! What the pods that wait ask of NodeGroups, as a pass decides on it, and for whom each VPSieNode was made (`SC-4`).
//!
//! A promise is written on the VPSieNode when it is made, and holds for as long as its node is coming. It needs no other
//! ledger: what comes counts from the objects themselves, so that neither a second pass nor a restart buys anew.

use crate::founding::Founding;
use crate::kept::VPSieNode;
use crate::resources::{NodeGroup, keys};
use crate::thresholds::Thresholds;
use crate::watches::Place;
use fleet_plan::pod::PodName;
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};

/// Divides the pods in the annotation of a VPSieNode.
const BETWEEN: char = ',';

/// What is planned for the pods that wait.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Growth {
    /// Whether everything was seen that a plan needs; else nothing is made and nothing withdrawn.
    pub is_known: bool,
    /// New members of NodeGroups, by namespace and name of the group.
    pub new: BTreeMap<Place, Vec<NewMember>>,
    /// The VPSieNodes whose nodes pods wait for.
    pub awaited: BTreeSet<Place>,
    /// How many pods the scheduler finds no Node for.
    pub unmet: usize,
    /// What is to be done about NodeGroups that are made for pods; nothing where that is turned off (`SC-10`).
    pub founding: Option<Founding>,
    /// What the thresholds of NodeGroups ask for, whoever waits.
    pub thresholds: Thresholds,
}

/// A VPSieNode that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    /// Its name.
    pub name: String,
    /// The pods that it is for; none of one that is made because of the use of its NodeGroup.
    pub pods: Vec<PodName>,
}

/// Says why a VPSieNode was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Its NodeGroup had fewer than `minNodes`; so it is of what others made.
    #[default]
    Minimum,
    /// Pods waited for it (`SC-4`).
    Pods,
    /// What was requested of its NodeGroup was above a threshold (`SC-7`).
    Use,
}

// === impl Growth ===

impl Growth {
    /// Says that nobody waits.
    #[must_use]
    pub fn none() -> Self {
        Self {
            is_known: true,
            ..Self::default()
        }
    }

    /// Lists the new members of a NodeGroup, in the order of their slots.
    #[must_use]
    pub fn of(&self, group: &NodeGroup) -> &[NewMember] {
        let place = (group.namespace().unwrap_or_default(), group.name_any());
        self.new.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Returns the NodeGroup that is to be made at a place.
    #[must_use]
    pub fn founded(&self, place: &Place) -> Option<&NodeGroup> {
        let mut new = self.founding.iter().flat_map(|founding| &founding.new);
        new.find(|group| {
            group.metadata.namespace.as_deref() == Some(&place.0)
                && group.metadata.name.as_deref() == Some(&place.1)
        })
    }

    /// Tells whether pods wait for the node of a VPSieNode.
    #[must_use]
    pub fn is_awaited(&self, claim: &VPSieNode) -> bool {
        let place = (claim.namespace().unwrap_or_default(), claim.name_any());
        self.awaited.contains(&place)
    }
}

// === impl NewMember ===

impl NewMember {
    /// Returns what is written on it: for whom, or why, it is made.
    #[must_use]
    pub fn annotation(&self) -> (&'static str, String) {
        if self.pods.is_empty() {
            return (keys::ANNOTATION_CREATION_REASON, keys::BY_USE.to_owned());
        }
        (keys::ANNOTATION_PLANNED_FOR, to_annotation(&self.pods))
    }
}

// === impl Cause ===

impl Cause {
    /// Reads why a VPSieNode was made.
    #[must_use]
    pub fn of(claim: &VPSieNode) -> Self {
        let annotations = claim.annotations();
        let reason = annotations.get(keys::ANNOTATION_CREATION_REASON);
        if annotations.contains_key(keys::ANNOTATION_PLANNED_FOR) {
            Self::Pods
        } else if reason.is_some_and(|reason| reason == keys::BY_USE) {
            Self::Use
        } else {
            Self::Minimum
        }
    }
}

/// Writes down for whom a VPSieNode is made.
#[must_use]
pub fn to_annotation(pods: &[PodName]) -> String {
    let pods: Vec<String> = pods.iter().map(ToString::to_string).collect();
    pods.join(&BETWEEN.to_string())
}

/// Reads for whom a VPSieNode was made; nothing where it was made for nobody in particular.
///
/// What cannot be read of it is no promise.
#[must_use]
pub fn promised(claim: &VPSieNode) -> Option<Vec<PodName>> {
    let text = claim.annotations().get(keys::ANNOTATION_PLANNED_FOR)?;
    let pods = text.split(BETWEEN).filter_map(|pod| {
        let (namespace, name) = pod.split_once('/')?;
        Some(PodName {
            namespace: namespace.into(),
            name: name.into(),
        })
    });
    Some(pods.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::claim;

    fn pod(name: &str) -> PodName {
        PodName {
            namespace: "shop".into(),
            name: name.into(),
        }
    }

    /// SC-4: what is written of a promise is read again; what somebody else wrote there is none.
    #[test]
    fn promise_is_read_as_it_was_written() {
        assert_eq!(promised(&claim("web-1").kept()), None);
        for (text, pods) in [
            (to_annotation(&[pod("a"), pod("b")]), vec![pod("a"), pod("b")]),
            (String::new(), vec![]),
            ("shop/a,nonsense".to_owned(), vec![pod("a")]),
        ] {
            let claim = claim("web-1").annotated(keys::ANNOTATION_PLANNED_FOR, &text);
            assert_eq!(promised(&claim.kept()), Some(pods));
        }
    }

    /// SC-4, SC-7: why a VPSieNode was made is read as it was written.
    #[test]
    fn cause_is_read_as_it_was_written() {
        assert_eq!(Cause::of(&claim("web-1").kept()), Cause::Minimum);
        for (pods, cause) in [(vec![], Cause::Use), (vec![pod("a")], Cause::Pods)] {
            let name = "web-1".to_owned();
            let (key, value) = NewMember { name, pods }.annotation();
            assert_eq!(Cause::of(&claim("web-1").annotated(key, &value).kept()), cause);
        }
    }
}
