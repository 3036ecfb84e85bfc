//! What objects say, as facts.

use super::*;
use crate::resources::Phase;
use crate::testing::{at, claim, drained, group, node, told, world};
use node_lifecycle::State;

fn labelled(labels: &[(&str, &str)]) -> Node {
    let mut node = node("n1");
    let labels = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    node.metadata.labels = labels.collect();
    node
}

/// NS-1: what a Node tells.
#[test]
fn node_is_read() {
    let mut full = labelled(&[
        (keys::LABEL_NODE_GROUP, "web"),
        (keys::LABEL_SCALE_DOWN_DISABLED, "true"),
    ]);
    drained(&mut full, -60);
    let annotations = &mut full.metadata.annotations;
    annotations.insert(
        keys::ANNOTATION_NODE_GROUP_NAMESPACE.to_owned(),
        "shop".to_owned(),
    );
    annotations.insert(keys::ANNOTATION_VPSIE_NODE_UID.to_owned(), "u1".to_owned());
    let status = full.status.get_or_insert_default();
    status.kubelet_version = Some("v1.34.1".into());
    let full = told(full, "DiskPressure", "True");
    let expected = NodeFacts {
        name: "n1".into(),
        uid: "kube-system/n1".into(),
        resource_version: "1".into(),
        group_label: Some("web".into()),
        group_namespace: Some("shop".into()),
        marked_for: Some("u1".into()),
        ready: Some(Readiness {
            is_ready: Some(true),
            ..Readiness::default()
        }),
        disk_pressure: Some(Pressure::default()),
        kubelet_version: Some("v1.34.1".into()),
        drain_marked: Some(Mark { since: Some(at(-60)) }),
        has_opted_out: true,
        ..NodeFacts::default()
    };
    assert_eq!(of_node(&full), expected);
    assert!(of_node(&labelled(&[("node-role.kubernetes.io/control-plane", "")])).is_of_control_plane);
}

/// Bad input: a Node that tells nothing is read nevertheless, and a silent kubelet is no answer.
#[test]
fn node_without_words_is_read() {
    let silent = of_node(&Node::default());
    assert_eq!(silent, NodeFacts::default());
    let unknown = told(node("n1"), "Ready", "Unknown");
    assert_eq!(of_node(&unknown).ready.map(|ready| ready.is_ready), Some(None));
}

/// NS-1: the labels of Kubernetes tell the zone, else our own label of the data centre does.
#[test]
fn zone_is_told_by_kubernetes_first() {
    let [zone, old] = ZONES;
    let ours = keys::LABEL_DATACENTER;
    let cases = [
        (vec![(zone, "a"), (old, "b"), (ours, "c")], vec!["a", "b"]),
        (vec![(zone, ""), (old, "b")], vec!["b"]),
        (vec![(ours, "c")], vec!["c"]),
        (vec![], vec![]),
    ];
    for (labels, expected) in cases {
        assert_eq!(*of_node(&labelled(&labels)).zones, *expected, "{labels:?}");
    }
}

/// NS-1, LC-29: a VPSieNode is read with its recorded life; a phase of somebody else is none.
#[test]
fn vpsie_node_is_read() {
    let stored = claim("web-1").in_phase(Phase::Ready).lived(State::Idle).deleted();
    let stored = stored.status(|status| status.node_name = Some("n1".to_owned()));
    let facts = of_owner(&stored.build(), &Lives::default());
    assert_eq!((facts.group.as_ref(), facts.node.as_deref()), ("web", Some("n1")));
    assert_eq!(facts.phase, Some(node_lifecycle::Phase::Ready));
    assert_eq!(facts.life.map(|life| life.state), Some(State::Idle));
    assert_eq!((facts.failure, facts.deleted_at), (None, Some(at(0))));
    let foreign = claim("web-2").in_phase(Phase::Unrecognised("Resting".to_owned()));
    let foreign = of_owner(&foreign.build(), &Lives::default());
    assert_eq!((foreign.phase, foreign.life), (None, None));
    assert_eq!(foreign.state(at(0)), State::Ready, "it may be in service");
    let failed = of_owner(&claim("web-3").in_phase(Phase::Failed).build(), &Lives::default());
    assert_eq!(failed.failure.as_deref(), Some("Failed"));
}

/// NS-23: the life in memory is ahead of its record.
#[test]
fn life_in_memory_comes_first() {
    let mut world = world().claim(claim("web-1").in_phase(Phase::Ready).lived(State::Idle));
    world.claims[0] = claim("web-1").in_phase(Phase::Ready).lived(State::Active).build();
    world.look();
    let older = claim("web-1").in_phase(Phase::Ready).lived(State::Idle).build();
    let state = |claim: &ClaimObject, lives: &Lives| of_owner(claim, lives).life.map(|life| life.state);
    assert_eq!(state(&older, &Lives::default()), Some(State::Idle));
    assert_eq!(state(&older, &world.lives), Some(State::Active));
}

/// NS-9: a NodeGroup that nobody gave to the autoscaler is paused; it selects nothing by labels.
#[test]
fn node_group_is_read() {
    let facts = of_group(&group("web").0);
    let expected = GroupFacts {
        key: GroupKey::new("kube-system", "web"),
        selector: None,
        is_paused: false,
        version: Some("v1.34.1".into()),
        is_ending: false,
    };
    assert_eq!(facts, expected);
    assert!(of_group(&group("web").unmanaged().0).is_paused);
    assert!(of_group(&group("web").deleted().0).is_ending);
    let wordless = group("web").but(|group| group.spec.kubernetes_version.clear());
    assert_eq!(of_group(&wordless.0).version, None);
}
