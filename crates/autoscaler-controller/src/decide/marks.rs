//! What a Node must carry for its VPSieNode, and what of it is missing (`L1` to `L4`).

use crate::command::NodeMarks;
use crate::convert::is_control_plane;
use crate::kept::{Node, Pairs, VPSieNode};
use crate::resources::{NodeGroup, keys};
use k8s_openapi::api::core::v1::Taint;
use std::collections::BTreeMap;

/// Returns the marks to write, or `None` when the Node has all of them.
pub(crate) fn missing(node: &Node, claim: &VPSieNode, group: Option<&NodeGroup>) -> Option<NodeMarks> {
    let labels = lacking(node.labels(), labels(claim, group));
    let annotations = lacking(node.annotations(), annotations(claim));
    let group_taints = group
        .and_then(|group| group.spec.taints.clone())
        .unwrap_or_default();
    let taints = with_taints(node, &group_taints);
    let is_complete = labels.is_empty() && annotations.is_empty() && taints.is_none();
    (!is_complete).then(|| NodeMarks {
        claim: claim.name_any(),
        claim_uid: claim.uid().unwrap_or_default(),
        labels,
        annotations,
        group_taints,
        taints,
    })
}

/// Returns the VPSieNode that a Node is marked for, when it is another one than this.
pub(crate) fn claimed_by_another<'n>(node: &'n Node, claim: &VPSieNode) -> Option<&'n str> {
    let name = node.labels().get(keys::LABEL_VPSIE_NODE)?;
    let uid = node.annotations().get(keys::ANNOTATION_VPSIE_NODE_UID);
    let is_ours = name == claim.name_any() && uid.is_none_or(|uid| Some(uid) == claim.metadata.uid());
    (!is_ours).then_some(name)
}

/// Tells whether a worker's Node is marked for a VPSieNode by name and uid.
///
/// The Go autoscaler wrote no uid; there the recorded name of the Node tells it from a namesake's.
pub(crate) fn is_marked_for(node: &Node, claim: &VPSieNode) -> bool {
    let status = claim.status.as_ref();
    let recorded = status.and_then(|status| status.node_name());
    let is_ours = match node.annotations().get(keys::ANNOTATION_VPSIE_NODE_UID) {
        Some(uid) => Some(uid) == claim.metadata.uid(),
        None => recorded.is_some() && recorded == node.metadata.name.as_deref(),
    };
    let label = node.labels().get(keys::LABEL_VPSIE_NODE);
    is_ours && label == claim.metadata.name() && !is_control_plane(node)
}

fn labels(claim: &VPSieNode, group: Option<&NodeGroup>) -> BTreeMap<String, String> {
    let mut labels = group
        .and_then(|group| group.spec.labels.clone())
        .unwrap_or_default();
    labels.extend(
        [
            (keys::LABEL_MANAGED, keys::TRUE.to_owned()),
            (keys::LABEL_NODE_GROUP, claim.spec.node_group_name().to_owned()),
            (keys::LABEL_VPSIE_NODE, claim.name_any()),
            (keys::LABEL_DATACENTER, claim.spec.datacenter_id().to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    labels
}

fn annotations(claim: &VPSieNode) -> BTreeMap<String, String> {
    [
        (keys::ANNOTATION_VPSIE_NODE_UID, claim.uid().unwrap_or_default()),
        (
            keys::ANNOTATION_NODE_GROUP_NAMESPACE,
            claim.namespace().unwrap_or_default(),
        ),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

fn lacking(present: &Pairs, mut wanted: BTreeMap<String, String>) -> BTreeMap<String, String> {
    wanted.retain(|key, value| present.get(key) != Some(value.as_str()));
    wanted
}

/// Returns the whole list of taints when a wanted one is missing: Kubernetes replaces the list as one.
pub(crate) fn with_taints(node: &Node, wanted: &[Taint]) -> Option<Vec<Taint>> {
    let mut taints = node.spec.taints.to_vec();
    let same = |a: &Taint, b: &Taint| a.key == b.key && a.effect == b.effect;
    let mut is_changed = false;
    for taint in wanted {
        match taints.iter_mut().find(|present| same(present, taint)) {
            Some(present) if present.value == taint.value => {}
            Some(present) => {
                present.value.clone_from(&taint.value);
                is_changed = true;
            }
            None => {
                taints.push(taint.clone());
                is_changed = true;
            }
        }
    }
    is_changed.then_some(taints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> VPSieNode {
        crate::testing::claim("workers-1").kept()
    }

    fn taint(key: &str, value: &str) -> Taint {
        Taint {
            key: key.into(),
            value: Some(value.into()),
            effect: "NoSchedule".into(),
            time_added: None,
        }
    }

    fn group() -> NodeGroup {
        let mut group = NodeGroup::default();
        group.spec.labels = Some(BTreeMap::from([("tier".into(), "gold".into())]));
        group.spec.taints = Some(vec![taint("gpu", "yes")]);
        group
    }

    /// L1, L2, L3: labels of ours and of the group, and the group's taints beside those of others.
    #[test]
    fn bare_node_lacks_labels_annotations_and_taints() {
        let mut node = Node::default();
        node.spec.taints = [taint("node.kubernetes.io/not-ready", "")].into();
        let marks = missing(&node, &claim(), Some(&group())).unwrap();
        let labels: Vec<_> = marks
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(
            labels,
            [
                "autoscaler.vpsie.com/datacenter=dc1",
                "autoscaler.vpsie.com/managed=true",
                "autoscaler.vpsie.com/nodegroup=workers",
                "autoscaler.vpsie.com/vpsienode=workers-1",
                "tier=gold"
            ]
        );
        assert_eq!(marks.annotations.len(), 2);
        let keys: Vec<_> = marks.taints.unwrap().into_iter().map(|taint| taint.key).collect();
        assert_eq!(keys, ["node.kubernetes.io/not-ready", "gpu"]);
    }

    #[test]
    fn marked_node_lacks_nothing() {
        let mut node = Node::default();
        let marks = missing(&node, &claim(), Some(&group())).unwrap();
        node.metadata.labels = marks.labels.into();
        node.metadata.annotations = marks.annotations.into();
        node.spec.taints = marks.taints.unwrap_or_default().into();
        assert_eq!(missing(&node, &claim(), Some(&group())), None);
    }

    /// L5: the uid tells a VPSieNode from an earlier one of its name.
    #[test]
    fn node_marked_for_a_namesake_is_claimed_by_another() {
        let mut node = Node::default();
        assert_eq!(claimed_by_another(&node, &claim()), None);
        let marks = missing(&node, &claim(), None).unwrap();
        node.metadata.labels = marks.labels.into();
        node.metadata.annotations = marks.annotations.into();
        assert_eq!(claimed_by_another(&node, &claim()), None);
        let namesake = crate::testing::claim("workers-1").but(|claim| claim.metadata.uid = Some("u2".into()));
        let namesake = namesake.kept();
        assert_eq!(claimed_by_another(&node, &namesake), Some("workers-1"));
    }
}
