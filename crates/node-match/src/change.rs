//! R2c: what shows that VPSie works on a cluster.

use std::collections::BTreeSet;

use crate::ClusterShape;

/// Shows that VPSie works on a cluster, or has done so since the request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize),
    serde(tag = "what", rename_all = "kebab-case", rename_all_fields = "camelCase")
)]
pub enum Change {
    /// The Kubernetes version.
    Version {
        /// Before the request.
        before: String,
        /// Now.
        now: String,
    },
    /// The lock.
    Locked {
        /// Whether it is locked now.
        now: bool,
    },
    /// The number of control-plane machines.
    Managers {
        /// Before the request.
        before: u32,
        /// Now.
        now: u32,
    },
}

/// Lists how the shapes of a cluster differ from that before the request, or from each other.
///
/// Two reports of one cluster that differ were taken while it changed, whatever their order (R8).
pub(crate) fn changes(before: Option<&ClusterShape>, now: &[&ClusterShape]) -> Vec<Change> {
    let version = differing(
        before.and_then(|shape| shape.version.as_ref()),
        now.iter().filter_map(|shape| shape.version.as_ref()),
    );
    let managers = differing(
        before.and_then(|shape| shape.managers),
        now.iter().filter_map(|shape| shape.managers),
    );
    let was_locked = before.and_then(|shape| shape.locked) == Some(true);
    let is_reported = |locked| now.iter().any(|shape| shape.locked == Some(locked));
    let locked = if is_reported(true) {
        Some(true)
    } else {
        (was_locked && is_reported(false)).then_some(false)
    };
    let version = version.map(|(before, now)| Change::Version {
        before: before.clone(),
        now: now.clone(),
    });
    let managers = managers.map(|(before, now)| Change::Managers { before, now });
    let locked = locked.map(|now| Change::Locked { now });
    [version, locked, managers].into_iter().flatten().collect()
}

/// Returns what was and the first of what is that differs; without the former, two of the latter.
fn differing<T: Ord + Copy>(before: Option<T>, now: impl Iterator<Item = T>) -> Option<(T, T)> {
    let now: BTreeSet<T> = now.collect();
    let before = before.or_else(|| now.first().copied())?;
    let other = now.into_iter().find(|value| *value != before)?;
    Some((before, other))
}
