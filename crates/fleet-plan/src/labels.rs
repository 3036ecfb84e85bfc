//! Labels, and what selects by them, as Kubernetes defines it for pods and for Nodes.

use std::collections::BTreeMap;

use crate::Name;

/// Holds labels.
pub type Labels = BTreeMap<Name, Name>;

/// Says what the value of a label must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// One of these.
    In(Vec<Name>),
    /// None of these; a missing label will do.
    NotIn(Vec<Name>),
    /// Anything, but it must be there.
    Exists,
    /// It must not be there.
    DoesNotExist,
    /// A whole number above this one; only for Nodes.
    Above(i64),
    /// A whole number below this one; only for Nodes.
    Below(i64),
}

/// Asks something of one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The key of the label.
    pub key: Name,
    /// What is asked of its value.
    pub operator: Operator,
}

/// Selects what meets every requirement; everything when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector(pub Vec<Requirement>);

// === impl Requirement ===

impl Requirement {
    /// Tells whether labels meet it.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.accepts(labels.get(&self.key).map(AsRef::as_ref))
    }

    /// Tells whether a value, or its absence, meets it.
    #[must_use]
    pub fn accepts(&self, value: Option<&str>) -> bool {
        let is_in = |values: &[Name]| value.is_some_and(|value| values.iter().any(|one| &**one == value));
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.operator {
            Operator::In(values) => is_in(values),
            Operator::NotIn(values) => !is_in(values),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Above(bound) => number().is_some_and(|number| number > *bound),
            Operator::Below(bound) => number().is_some_and(|number| number < *bound),
        }
    }

    /// Tells whether the label must be there to meet it.
    const fn wants_presence(&self) -> bool {
        match self.operator {
            Operator::In(_) | Operator::Exists | Operator::Above(_) | Operator::Below(_) => true,
            Operator::NotIn(_) | Operator::DoesNotExist => false,
        }
    }
}

// === impl Selector ===

impl Selector {
    /// Tells whether labels meet every requirement.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }
}

/// Returns the key about which requirements contradict each other, so that no labels meet them all.
pub(crate) fn contradiction(requirements: &[Requirement]) -> Option<&Name> {
    requirements
        .iter()
        .map(|requirement| &requirement.key)
        .find(|key| !can_be_met(requirements.iter().filter(|other| other.key == **key)))
}

/// Tells whether some value, or none, meets requirements of one key.
fn can_be_met<'a>(requirements: impl Iterator<Item = &'a Requirement> + Clone) -> bool {
    let meets_all = |value: Option<&str>| requirements.clone().all(|one| one.accepts(value));
    if !requirements.clone().any(Requirement::wants_presence) {
        return true;
    }
    let mut named = requirements.clone().filter_map(|one| match &one.operator {
        Operator::In(values) => Some(values),
        Operator::NotIn(_)
        | Operator::Exists
        | Operator::DoesNotExist
        | Operator::Above(_)
        | Operator::Below(_) => None,
    });
    if let Some(values) = named.next() {
        return values.iter().any(|value| meets_all(Some(value)));
    }
    if requirements
        .clone()
        .any(|one| one.operator == Operator::DoesNotExist)
    {
        return false;
    }
    // Only bounds and exclusions are left: some number between the bounds must be free.
    let mut lowest = i64::MIN;
    let mut highest = i64::MAX;
    let mut is_bounded = false;
    for one in requirements.clone() {
        match &one.operator {
            Operator::Above(bound) => (lowest, is_bounded) = (lowest.max(bound.saturating_add(1)), true),
            Operator::Below(bound) => (highest, is_bounded) = (highest.min(bound.saturating_sub(1)), true),
            Operator::In(_) | Operator::NotIn(_) | Operator::Exists | Operator::DoesNotExist => {}
        }
    }
    let excluded: usize = requirements
        .clone()
        .map(|one| match &one.operator {
            Operator::NotIn(values) => values.len(),
            Operator::In(_)
            | Operator::Exists
            | Operator::DoesNotExist
            | Operator::Above(_)
            | Operator::Below(_) => 0,
        })
        .sum();
    // Among one number more than are excluded, one is free.
    !is_bounded
        || (lowest..=highest)
            .take(excluded.saturating_add(1))
            .any(|number| meets_all(Some(&number.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{above, absent, any_of, below, labels, none_of, present};

    /// SC-2: each operator, with the label there, missing, and of another value.
    #[test]
    fn operators_mean_what_kubernetes_says() {
        let there = labels(&[("zone", "a"), ("cores", "8"), ("empty", "")]);
        for (requirement, expected) in [
            (any_of("zone", &["a", "b"]), true),
            (any_of("zone", &["b"]), false),
            (any_of("disk", &["a"]), false),
            (none_of("zone", &["a"]), false),
            (none_of("zone", &["b"]), true),
            (none_of("disk", &["a"]), true),
            (present("zone"), true),
            (present("empty"), true),
            (present("disk"), false),
            (absent("disk"), true),
            (absent("zone"), false),
            (above("cores", 7), true),
            (above("cores", 8), false),
            (below("cores", 9), true),
            (below("cores", 8), false),
            (above("zone", 1), false),
            (below("disk", 1), false),
        ] {
            assert_eq!(requirement.matches(&there), expected, "{requirement:?}");
        }
    }

    /// SC-2: a selector without requirements selects everything, and all of several must hold.
    #[test]
    fn selector_wants_all_its_requirements() {
        let web = labels(&[("app", "web")]);
        assert!(Selector::default().matches(&web));
        assert!(Selector(vec![any_of("app", &["web"]), absent("tier")]).matches(&web));
        assert!(!Selector(vec![any_of("app", &["web"]), present("tier")]).matches(&web));
    }

    /// SC-3: requirements that nothing can meet are found, and only those.
    #[test]
    fn contradictions_are_found() {
        for (requirements, is_contradictory) in [
            (vec![any_of("a", &["1"]), any_of("a", &["2"])], true),
            (vec![any_of("a", &["1", "2"]), any_of("a", &["2", "3"])], false),
            (vec![any_of("a", &["1"]), none_of("a", &["1"])], true),
            (vec![any_of("a", &[])], true),
            (vec![any_of("a", &["1"]), absent("a")], true),
            (vec![present("a"), absent("a")], true),
            (vec![present("a"), none_of("a", &["1"])], false),
            (vec![none_of("a", &["1"]), absent("a")], false),
            (vec![above("a", 3), below("a", 4)], true),
            (vec![above("a", 3), below("a", 5)], false),
            (vec![above("a", 3), below("a", 5), none_of("a", &["4"])], true),
            (vec![above("a", 3), none_of("a", &["4"])], false),
            (vec![above("a", i64::MAX)], true),
            (vec![any_of("a", &["1"]), any_of("b", &["2"])], false),
        ] {
            assert_eq!(
                contradiction(&requirements).is_some(),
                is_contradictory,
                "{requirements:?}"
            );
        }
    }
}
