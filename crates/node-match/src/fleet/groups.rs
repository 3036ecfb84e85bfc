//! Groups and clusters as VPSie describes them, also where it describes one twice (R8).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::words::{ClusterNumber, Clusters};
use crate::{Cluster, ClusterShape, Group};

/// Collects the groups; what two descriptions of one group contradict each other about is unknown.
pub(super) fn described<'a>(
    groups: &'a [Group<'a>],
    clusters: &Clusters<'_>,
) -> BTreeMap<(ClusterNumber, u64), Cow<'a, Group<'a>>> {
    let mut listed: BTreeMap<(ClusterNumber, u64), Vec<&Group<'_>>> = BTreeMap::new();
    for group in groups {
        let key = (clusters.number(&group.cluster), group.id);
        listed.entry(key).or_default().push(group);
    }
    listed
        .into_iter()
        .map(|(key, descriptions)| (key, joined(&descriptions)))
        .collect()
}

fn joined<'a>(descriptions: &[&'a Group<'a>]) -> Cow<'a, Group<'a>> {
    if let [group] = descriptions {
        return Cow::Borrowed(group);
    }
    let all = || descriptions.iter();
    Cow::Owned(Group {
        cluster: descriptions[0].cluster.clone(),
        id: descriptions[0].id,
        cpu: agreed(all().map(|group| group.cpu)),
        ram_mb: agreed(all().map(|group| group.ram_mb)),
        disk_gb: agreed(all().map(|group| group.disk_gb)),
        nodes_count: agreed(all().map(|group| group.nodes_count)),
    })
}

/// Returns the only value that is known; `None` when none is or several are.
fn agreed<T: PartialEq>(values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let mut known = values.flatten();
    let first = known.next()?;
    known.all(|other| other == first).then_some(first)
}

/// Collects the shapes of clusters: one of which two are reported has both, and so is changing (R2c).
pub(super) fn shapes<'a>(
    listed: &'a [Cluster<'a>],
    clusters: &Clusters<'_>,
) -> BTreeMap<ClusterNumber, Vec<&'a ClusterShape>> {
    let mut shapes: BTreeMap<ClusterNumber, Vec<&ClusterShape>> = BTreeMap::new();
    for cluster in listed {
        let known = shapes.entry(clusters.number(&cluster.id)).or_default();
        known.push(&cluster.shape);
    }
    shapes
}
