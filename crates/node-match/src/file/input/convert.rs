//! From the fields of the file to the facts that are matched.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::{File, FileClaim, FileCluster, FileGroup, FileMachine, FileNode, FileSettings};
use crate::file::FileError;
use crate::{Baseline, ClusterShape, EvidenceKind, ReportedAt, Settings, Snapshot, Text};

/// The label that names the claim of a Node.
const CLAIM_LABEL: &str = "autoscaler.vpsie.com/vpsienode";
/// The annotation that holds the uid of that claim.
const CLAIM_UID: &str = "autoscaler.vpsie.com/vpsienode-uid";
/// The labels of control-plane Nodes.
const CONTROL_PLANE_LABELS: [&str; 2] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
];

/// Baselines by content, so that claims of one batch share one.
type Shared = BTreeSet<Arc<Baseline>>;

// === impl File ===

impl File {
    pub(in crate::file) fn into_snapshot(self) -> Result<Snapshot<'static>, FileError> {
        let mut snapshot = Snapshot::new(self.now);
        snapshot.settings = self
            .settings
            .map_or_else(Settings::default, FileSettings::into_settings);
        snapshot.nodes_cluster = self.nodes_cluster.map(Text::Owned);
        snapshot.clusters = list(self.clusters).map(FileCluster::into_cluster).collect();
        snapshot.groups = list(self.groups).map(FileGroup::into_group).collect();
        let mut shared = Shared::new();
        let claims = list(self.claims)
            .enumerate()
            .map(|(index, claim)| claim.into_claim(index, &mut shared));
        snapshot.claims = claims.collect::<Result<_, _>>()?;
        let machines = list(self.machines)
            .enumerate()
            .map(|(index, machine)| machine.into_machine(index));
        snapshot.machines = machines.collect::<Result<_, _>>()?;
        snapshot.nodes = list(self.nodes).map(FileNode::into_node).collect();
        refuse_meaningless_uids(&snapshot)?;
        refuse_second_descriptions(&snapshot)?;
        Ok(snapshot)
    }
}

fn list<T>(list: Option<Vec<T>>) -> impl Iterator<Item = T> {
    list.unwrap_or_default().into_iter()
}

fn refuse_meaningless_uids(snapshot: &Snapshot<'_>) -> Result<(), FileError> {
    let mut seen = BTreeSet::new();
    for (index, claim) in snapshot.claims.iter().enumerate() {
        if claim.uid.trim().is_empty() || !seen.insert(&*claim.uid) {
            return Err(FileError::Value {
                field: format!("claims[{index}].uid"),
                value: claim.uid.to_string(),
                remedy: "give every claim a uid of its own",
            });
        }
    }
    Ok(())
}

/// Two descriptions of one group or cluster cannot both be true; one report of each is enough.
fn refuse_second_descriptions(snapshot: &Snapshot<'_>) -> Result<(), FileError> {
    let mut groups = BTreeSet::new();
    for (index, group) in snapshot.groups.iter().enumerate() {
        if !groups.insert((&*group.cluster, group.id)) {
            return Err(FileError::Value {
                field: format!("groups[{index}].id"),
                value: group.id.to_string(),
                remedy: "describe every group of a cluster once",
            });
        }
    }
    let mut clusters = BTreeSet::new();
    for (index, cluster) in snapshot.clusters.iter().enumerate() {
        if !clusters.insert(&*cluster.id) {
            return Err(FileError::Value {
                field: format!("clusters[{index}].id"),
                value: cluster.id.to_string(),
                remedy: "describe every cluster once",
            });
        }
    }
    Ok(())
}

// === impl FileSettings ===

impl FileSettings {
    fn into_settings(self) -> Settings {
        let seconds = |given: Option<u32>, otherwise: TimeDelta| {
            given.map_or(otherwise, |seconds| TimeDelta::seconds(i64::from(seconds)))
        };
        let defaults = Settings::default();
        Settings {
            discovery_timeout: seconds(self.discovery_timeout_seconds, defaults.discovery_timeout),
            clock_skew: seconds(self.clock_skew_seconds, defaults.clock_skew),
            anonymous: self.anonymous.unwrap_or(defaults.anonymous),
        }
    }
}

// === impl FileCluster ===

impl FileCluster {
    fn into_cluster(self) -> crate::Cluster<'static> {
        let shape = ClusterShape {
            version: self.version,
            locked: self.locked,
            managers: self.managers,
        };
        crate::Cluster {
            id: self.id.into(),
            shape,
        }
    }
}

// === impl FileGroup ===

impl FileGroup {
    fn into_group(self) -> crate::Group<'static> {
        crate::Group {
            cluster: self.cluster.into(),
            id: self.id,
            cpu: self.cpu,
            ram_mb: self.ram_mb,
            disk_gb: self.disk_gb,
            nodes_count: self.nodes_count,
        }
    }
}

// === impl FileClaim ===

impl FileClaim {
    fn into_claim(self, index: usize, shared: &mut Shared) -> Result<crate::Claim<'static>, FileError> {
        let baseline = self.baseline(index)?.map(Arc::new);
        let baseline = baseline.map(|baseline| match shared.get(&baseline) {
            Some(known) => Arc::clone(known),
            None => {
                shared.insert(Arc::clone(&baseline));
                baseline
            }
        });
        let recorded_by = self.recorded_by.map(|name| {
            EvidenceKind::from_name(&name).ok_or_else(|| FileError::Value {
                field: format!("claims[{index}].recordedBy"),
                value: name,
                remedy: "write a kind of evidence, such as recorded-id or anonymous",
            })
        });
        Ok(crate::Claim {
            uid: self.uid.into(),
            namespace: self.namespace.unwrap_or_default().into(),
            name: self.name.into(),
            cluster: self.cluster.into(),
            group: self.group,
            creation_requested: self.creation_requested.unwrap_or_default(),
            requested_at: self.requested_at,
            baseline,
            taken_over: self.taken_over.unwrap_or_default(),
            instance_id: self.instance_id,
            identifier: self.identifier.map(Text::Owned),
            provider_id: self.provider_id.map(Text::Owned),
            node_name: self.node_name.map(Text::Owned),
            hostname: self.hostname.map(Text::Owned),
            addresses: texts(self.addresses),
            recorded_by: recorded_by.transpose()?,
        })
    }

    fn baseline(&self, index: usize) -> Result<Option<Baseline>, FileError> {
        let keys = self.baseline.as_deref().unwrap_or_default();
        let is_complete = self.baseline_complete.unwrap_or(!keys.is_empty());
        let says_nothing = keys.is_empty()
            && !is_complete
            && self.baseline_shape.is_none()
            && self.baseline_nodes_counts.is_none();
        if says_nothing {
            return Ok(None);
        }
        let mut baseline = Baseline::new(is_complete, keys.iter().map(String::as_str));
        if let Some(shape) = &self.baseline_shape {
            baseline = baseline.with_shape(ClusterShape {
                version: shape.version.clone(),
                locked: shape.locked,
                managers: shape.managers,
            });
        }
        for (group, count) in self.baseline_nodes_counts.iter().flatten() {
            let group = group.parse().map_err(|_| FileError::Value {
                field: format!("claims[{index}].baselineNodesCounts"),
                value: group.clone(),
                remedy: "use the numbers of groups as keys",
            })?;
            baseline = baseline.with_nodes_count(group, *count);
        }
        Ok(Some(baseline))
    }
}

// === impl FileMachine ===

impl FileMachine {
    fn into_machine(self, index: usize) -> Result<crate::Machine<'static>, FileError> {
        let created_at = self
            .created_at
            .filter(|text| !text.trim().is_empty())
            .map(|text| {
                ReportedAt::parse(&text).ok_or(FileError::Value {
                    field: format!("machines[{index}].createdAt"),
                    value: text,
                    remedy: "write RFC 3339, or `YYYY-MM-DD HH:MM:SS` when the zone is unknown",
                })
            });
        Ok(crate::Machine {
            list: self.list.unwrap_or_default(),
            id: self.id,
            identifier: self.identifier.map(Text::Owned),
            cluster: self.cluster.into(),
            group: self.group,
            hostname: self.hostname.map(Text::Owned),
            addresses: texts(self.addresses),
            status: self.status.map(Text::Owned),
            is_deleted: self.is_deleted.unwrap_or_default(),
            role: self.role.map(Text::Owned),
            created_at: created_at.transpose()?,
            cpu: self.cpu,
            ram_mb: self.ram_mb,
            disk_gb: self.disk_gb,
        })
    }
}

// === impl FileNode ===

impl FileNode {
    fn into_node(self) -> crate::Node<'static> {
        let mut labels = self.labels.unwrap_or_default();
        let mut annotations = self.annotations.unwrap_or_default();
        let is_labelled = CONTROL_PLANE_LABELS
            .iter()
            .any(|label| labels.contains_key(*label));
        crate::Node {
            uid: self.uid.unwrap_or_default().into(),
            name: self.name.into(),
            hostname: self.hostname.map(Text::Owned),
            addresses: texts(self.addresses),
            provider_id: self.provider_id.map(Text::Owned),
            created_at: self.created_at,
            control_plane: self.control_plane.unwrap_or_default() || is_labelled,
            claim_label: labels.remove(CLAIM_LABEL).map(Text::Owned),
            claim_uid: annotations.remove(CLAIM_UID).map(Text::Owned),
            cpu: self.cpu,
            ram_mb: self.ram_mb,
        }
    }
}

fn texts(texts: Option<Vec<String>>) -> Vec<Text<'static>> {
    texts.into_iter().flatten().map(Text::Owned).collect()
}
