//! Which reports are of one machine, by joining them until nothing more can be joined.

use std::collections::BTreeSet;

use super::usable;
use crate::{Machine, Text};

/// Joins reports until nothing more can be joined.
pub(super) fn merged<'a>(reports: &'a [Machine<'a>]) -> Vec<Vec<&'a Machine<'a>>> {
    let is_strong = |a: &Machine<'_>, b: &Machine<'_>| {
        a.cluster == b.cluster
            && ((a.identifier.is_some() && a.identifier == b.identifier)
                || (a.id.is_some_and(|id| id != 0) && a.id == b.id && a.list == b.list))
    };
    let is_weak = |a: &Machine<'_>, b: &Machine<'_>| {
        let name = |m: &Machine<'_>| m.hostname.as_ref().map(|hostname| hostname.to_lowercase());
        a.cluster == b.cluster
            && name(a).is_some()
            && name(a) == name(b)
            && !usable(&a.addresses).is_disjoint(&usable(&b.addresses))
    };
    let singles: Vec<Vec<&Machine<'_>>> = reports.iter().map(|report| vec![report]).collect();
    let strong = closed(singles, &is_strong);
    let weak = closed(strong.clone(), &|a, b| is_strong(a, b) || is_weak(a, b));
    let mut machines = Vec::new();
    for group in weak {
        let identifiers: BTreeSet<&Text<'_>> = group.iter().filter_map(|r| r.identifier.as_ref()).collect();
        if identifiers.len() <= 1 {
            machines.push(group);
        } else {
            machines.extend(
                strong
                    .iter()
                    .filter(|set| group.iter().any(|r| std::ptr::eq(*r, set[0])))
                    .cloned(),
            );
        }
    }
    machines.iter_mut().for_each(|machine| machine.sort());
    machines
}

fn closed<'a>(
    mut sets: Vec<Vec<&'a Machine<'a>>>,
    joins: &dyn Fn(&Machine<'_>, &Machine<'_>) -> bool,
) -> Vec<Vec<&'a Machine<'a>>> {
    loop {
        let pair = (0..sets.len())
            .flat_map(|left| (left + 1..sets.len()).map(move |right| (left, right)))
            .find(|(left, right)| {
                sets[*left]
                    .iter()
                    .any(|a| sets[*right].iter().any(|b| joins(a, b)))
            });
        let Some((left, right)) = pair else { return sets };
        let other = sets.remove(right);
        sets[left].extend(other);
    }
}
