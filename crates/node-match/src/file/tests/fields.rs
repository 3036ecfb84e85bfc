//! Every field of the file reaches the fact that it stands for.

use chrono::{DateTime, TimeDelta, Utc};

use crate::file::read;
use crate::{
    Baseline, Claim, Cluster, ClusterShape, EvidenceKind, Group, Machine, Node, ReportedAt, Settings,
    Snapshot, Text,
};

const EVERYTHING: &str = r#"{
  "now": "2026-01-24T08:10:00Z",
  "settings": { "discoveryTimeoutSeconds": 60, "clockSkewSeconds": 7, "anonymous": false },
  "nodesCluster": "x",
  "clusters": [{ "id": "x", "version": "v1.33.1", "locked": true, "managers": 3 }],
  "groups": [{ "cluster": "x", "id": 412, "cpu": 2, "ramMb": 4096, "diskGb": 80, "nodesCount": 5 }],
  "claims": [{ "uid": "c1", "namespace": "kube-system", "name": "web", "cluster": "x", "group": 412,
               "creationRequested": true, "requestedAt": "2026-01-24T08:05:00Z",
               "baseline": ["2a7e"], "baselineComplete": false,
               "baselineShape": { "version": "v1.33.0", "locked": false, "managers": 1 },
               "baselineNodesCounts": { "412": 4 }, "takenOver": true, "instanceId": 71003, "identifier": "4c1f",
               "providerID": "vpsie://4c1f", "nodeName": "n", "hostname": "h", "addresses": ["10.0.0.4"],
               "recordedBy": "hostname-pattern" }],
  "machines": [{ "list": 1, "id": 71003, "identifier": "4c1f", "cluster": "x", "group": 412, "hostname": "h",
                 "addresses": ["10.0.0.4"], "status": "running", "isDeleted": true, "role": "slave",
                 "createdAt": "2026-01-24 08:06:00", "cpu": 2, "ramMb": 4096, "diskGb": 80 }],
  "nodes": [{ "uid": "n1", "name": "n", "hostname": "h", "addresses": ["10.0.0.4"], "providerID": "vpsie://4c1f",
              "createdAt": "2026-01-24T08:07:30Z", "controlPlane": true,
              "labels": { "autoscaler.vpsie.com/vpsienode": "web" },
              "annotations": { "autoscaler.vpsie.com/vpsienode-uid": "c1" }, "cpu": 2, "ramMb": 4096 }]
}"#;

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-01-24T{time}Z").parse().unwrap()
}

fn shape(version: &str, locked: bool, managers: u32) -> ClusterShape {
    ClusterShape {
        version: Some(version.to_owned()),
        locked: Some(locked),
        managers: Some(managers),
    }
}

fn text(text: &'static str) -> Option<Text<'static>> {
    Some(text.into())
}

fn everything() -> Snapshot<'static> {
    Snapshot {
        now: at("08:10:00"),
        settings: Settings {
            discovery_timeout: TimeDelta::seconds(60),
            clock_skew: TimeDelta::seconds(7),
            anonymous: false,
        },
        nodes_cluster: text("x"),
        clusters: vec![Cluster {
            id: "x".into(),
            shape: shape("v1.33.1", true, 3),
        }],
        groups: vec![Group {
            cluster: "x".into(),
            id: 412,
            cpu: Some(2),
            ram_mb: Some(4096),
            disk_gb: Some(80),
            nodes_count: Some(5),
        }],
        claims: vec![the_claim()],
        machines: vec![the_machine()],
        nodes: vec![the_node()],
    }
}

fn the_claim() -> Claim<'static> {
    let baseline = Baseline::new(false, ["2a7e"])
        .with_shape(shape("v1.33.0", false, 1))
        .with_nodes_count(412, 4);
    Claim {
        uid: "c1".into(),
        namespace: "kube-system".into(),
        name: "web".into(),
        cluster: "x".into(),
        group: Some(412),
        creation_requested: true,
        requested_at: Some(at("08:05:00")),
        baseline: Some(baseline.into()),
        taken_over: true,
        instance_id: Some(71003),
        identifier: text("4c1f"),
        provider_id: text("vpsie://4c1f"),
        node_name: text("n"),
        hostname: text("h"),
        addresses: vec!["10.0.0.4".into()],
        recorded_by: Some(EvidenceKind::HostnamePattern),
    }
}

fn the_machine() -> Machine<'static> {
    Machine {
        list: 1,
        id: Some(71003),
        identifier: text("4c1f"),
        cluster: "x".into(),
        group: Some(412),
        hostname: text("h"),
        addresses: vec!["10.0.0.4".into()],
        status: text("running"),
        is_deleted: true,
        role: text("slave"),
        created_at: Some(ReportedAt {
            at: at("08:06:00"),
            zoned: false,
        }),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
    }
}

fn the_node() -> Node<'static> {
    Node {
        uid: "n1".into(),
        name: "n".into(),
        hostname: text("h"),
        addresses: vec!["10.0.0.4".into()],
        provider_id: text("vpsie://4c1f"),
        created_at: Some(at("08:07:30")),
        control_plane: true,
        claim_label: text("web"),
        claim_uid: text("c1"),
        cpu: Some(2),
        ram_mb: Some(4096),
    }
}

#[test]
fn every_field_reaches_its_fact() {
    assert_eq!(read(EVERYTHING).unwrap(), everything());
}

/// A baseline without a key still says something when it is complete, or knows the shape or the counts.
#[test]
fn baseline_without_keys_counts_when_it_says_anything() {
    let baseline = |fields: &str| {
        let claim = format!(r#"{{ "uid": "c", "name": "a", "cluster": "x" {fields} }}"#);
        let snapshot = read(&format!(
            r#"{{ "now": "2026-01-24T08:10:00Z", "claims": [{claim}] }}"#
        ));
        snapshot.unwrap().claims[0].baseline.as_deref().cloned()
    };
    assert_eq!(baseline(""), None);
    assert_eq!(baseline(r#", "baseline": [], "baselineComplete": false"#), None);
    let complete = baseline(r#", "baseline": [], "baselineComplete": true"#);
    assert_eq!(complete, Some(Baseline::new(true, [])));
    let keyed = baseline(r#", "baseline": ["k"]"#);
    assert_eq!(keyed, Some(Baseline::new(true, ["k"])));
    let shaped = baseline(r#", "baselineShape": { "managers": 1 }"#);
    let managers = ClusterShape {
        managers: Some(1),
        ..ClusterShape::default()
    };
    assert_eq!(shaped, Some(Baseline::new(false, []).with_shape(managers)));
    let counted = baseline(r#", "baselineNodesCounts": { "7": 1 }"#);
    assert_eq!(counted, Some(Baseline::new(false, []).with_nodes_count(7, 1)));
}

/// R2c: either label of the control plane makes a Node one of it.
#[test]
fn label_of_the_control_plane_counts_like_the_field() {
    for (label, expected) in [
        ("node-role.kubernetes.io/control-plane", true),
        ("node-role.kubernetes.io/master", true),
        ("node-role.kubernetes.io/worker", false),
    ] {
        let snapshot = read(&format!(
            r#"{{ "now": "2026-01-24T08:10:00Z", "nodes": [{{ "name": "n", "labels": {{ "{label}": "" }} }}] }}"#
        ));
        assert_eq!(snapshot.unwrap().nodes[0].control_plane, expected, "{label}");
    }
}

#[test]
fn every_kind_of_evidence_is_found_by_its_name() {
    for kind in EvidenceKind::ALL {
        assert_eq!(EvidenceKind::from_name(kind.as_str()), Some(kind));
    }
    assert_eq!(EvidenceKind::from_name("guess"), None);
}
