//! What matching is told of an observation.

use super::*;
use crate::intent::Outcome;
use crate::kept::Pairs;
use crate::resources::Phase;
use crate::testing::{at, claim, cluster_id, group, intent, node, reply, tombstone, world};
use crate::tombstone::Tombstone;
use k8s_openapi::api::core::v1::Taint;
use node_match::Baseline;
use std::sync::Arc;
use vpsie_api::{Call, CallError, ClusterSummary, NodeNumber, Price, Timestamp};

#[test]
fn capacity_is_read_in_the_forms_that_kubelets_report() {
    let memory = [
        ("4025848Ki", Some(3931)),
        ("4096Mi", Some(4096)),
        ("4Gi", Some(4096)),
        ("4294967296", Some(4096)),
        ("much", None),
    ];
    for (text, expected) in memory {
        assert_eq!(megabytes(text), expected, "{text}");
    }
    let cpu = [("2", Some(2)), ("1930m", Some(1)), ("many", None)];
    for (text, expected) in cpu {
        assert_eq!(whole_cpus(text), expected, "{text}");
    }
}

/// R2: everything that VPSie reports of a machine, a group and a cluster reaches matching, and deleted groups do not.
#[test]
fn reply_of_vpsie_is_carried_over() {
    let mut reply = reply(-10, &["m1"]);
    reply.cluster.version = Some("1.34.1".to_owned());
    reply.summary = Some(ClusterSummary {
        identifier: cluster_id(),
        name: None,
        version: Some("1.33.0".to_owned()),
        locked: Some(true),
        node_count: None,
        manager_count: Some(3),
        worker_count: None,
        price: Price::default(),
        created: None,
    });
    let machine = &mut reply.cluster.nodes[0];
    machine.number = Some(NodeNumber::new(71_003));
    machine.addresses = vec!["10.0.0.4".to_owned()];
    machine.status = Some("running".to_owned());
    machine.role = Some("slave".to_owned());
    machine.created = Some(Timestamp {
        at: at(-60),
        zoned: true,
    });
    let mut deleted = reply.groups[0].clone();
    deleted.is_deleted = true;
    reply.groups.push(deleted);
    reply.groups[0].nodes_count = Some(1);

    let world = world().answered(Ok(reply));
    let observed = world.observe();
    let snapshot = snapshot(&observed);
    let expected = Machine {
        list: 0,
        id: Some(71_003),
        identifier: Some("m1".into()),
        cluster: "c1".into(),
        group: None,
        hostname: Some("hel-kubernetes-49ab-slave-m1".into()),
        addresses: vec!["10.0.0.4".into()],
        status: Some("running".into()),
        is_deleted: false,
        role: Some("slave".into()),
        created_at: Some(ReportedAt {
            at: at(-60),
            zoned: true,
        }),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
    };
    assert_eq!(snapshot.machines, [expected]);
    let expected = Group {
        cluster: "c1".into(),
        id: 412,
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        nodes_count: Some(1),
    };
    assert_eq!(snapshot.groups, [expected]);
    let shape = node_match::ClusterShape {
        version: Some("1.34.1".to_owned()),
        locked: Some(true),
        managers: Some(3),
    };
    let id = "c1".into();
    assert_eq!(snapshot.clusters, [Cluster { id, shape }]);
}

/// A cluster whose newest poll failed has no machines: what it had earlier may be gone.
#[test]
fn failed_poll_carries_nothing_over() {
    let error = CallError::TimedOut {
        call: Call::GetCluster,
    };
    let world = world().polled(&["m1"]).answered(Err(error));
    let observed = world.observe();
    let snapshot = snapshot(&observed);
    assert_eq!((snapshot.clusters.len(), snapshot.machines.len()), (0, 0));
}

#[test]
fn settings_and_time_are_carried_over() {
    let mut world = world();
    world.settings.anonymous = false;
    world.settings.discovery_timeout = chrono::TimeDelta::minutes(1);
    world.settings.clock_skew = chrono::TimeDelta::seconds(1);
    let observed = world.observe();
    let snapshot = snapshot(&observed);
    let expected = node_match::Settings {
        discovery_timeout: chrono::TimeDelta::minutes(1),
        clock_skew: chrono::TimeDelta::seconds(1),
        anonymous: false,
    };
    assert_eq!((snapshot.now, snapshot.settings), (at(0), expected));
}

/// I1, R0: a claim brings its request, its baseline and everything that is recorded.
#[test]
fn recorded_facts_are_carried_over() {
    let mut asked = intent(Outcome::Accepted, -60);
    asked.recorded_by = Some("anonymous".to_owned());
    let recorded = claim("web-1")
        .asked(&asked)
        .machine("m1")
        .but(|claim| {
            claim.spec.vpsie_instance_id = 71_003;
            claim.spec.ip_address = Some("10.0.0.4".to_owned());
            claim.spec.ipv6_address = Some("2001:db8::4".to_owned());
            claim.spec.node_name = Some("of-spec".to_owned());
        })
        .status(|status| {
            status.node_name = Some("n1".to_owned());
            status.hostname = Some("web-1-k8s".to_owned());
        });
    let mut world = world().group(group("web")).claim(recorded);
    let baseline = Arc::new(Baseline::new(true, ["m0"]));
    world.baselines.insert("b1".to_owned(), Arc::clone(&baseline));
    let expected = Claim {
        uid: "kube-system/web-1".into(),
        namespace: "kube-system".into(),
        name: "web-1".into(),
        cluster: "c1".into(),
        group: Some(412),
        creation_requested: true,
        requested_at: Some(at(-60)),
        baseline: Some(baseline),
        taken_over: false,
        instance_id: Some(71_003),
        identifier: Some("m1".into()),
        provider_id: None,
        node_name: Some("n1".into()),
        hostname: Some("web-1-k8s".into()),
        addresses: vec!["10.0.0.4".into(), "2001:db8::4".into()],
        recorded_by: Some(EvidenceKind::Anonymous),
    };
    assert_eq!(snapshot(&world.observe()).claims, [expected]);
}

/// I2, I7: who takes part, since when, and whether anonymously.
#[test]
fn part_of_a_claim_follows_from_its_request() {
    let asked = |outcome| claim("web-1").asked(&intent(outcome, -60));
    let taken_over = claim("web-1")
        .in_phase(Phase::Provisioning)
        .status(|status| status.created_at = Some(at(-90)));
    let unreadable = claim("web-1").annotated(keys::ANNOTATION_CREATION_INTENT, "{");
    let table = [
        (claim("web-1"), false, None, false),
        (asked(Outcome::Refused), false, None, false),
        (asked(Outcome::NotSent), false, None, false),
        (asked(Outcome::Open), true, Some(at(-60)), false),
        (asked(Outcome::Unknown), true, Some(at(-60)), false),
        (taken_over, true, Some(at(-90)), true),
        (unreadable, true, None, true),
    ];
    for (claim, requested, since, taken_over) in table {
        let world = world().claim(claim);
        let observed = world.observe();
        let claim = snapshot(&observed).claims.remove(0);
        assert_eq!(
            (claim.creation_requested, claim.requested_at, claim.taken_over),
            (requested, since, taken_over),
            "{claim:?}"
        );
        assert_eq!(
            (claim.identifier, claim.instance_id, claim.baseline),
            (None, None, None)
        );
    }
}

/// The number of a VPSieNode's provider group: its own before its NodeGroup's, and 0 is none.
#[test]
fn number_of_the_provider_group_is_its_own_or_its_groups() {
    let number = |own: Option<i64>, of_group: i64| {
        let claim = claim("web-1").but(|claim| claim.spec.vpsie_group_id = own);
        let world = world().group(group("web").number(of_group)).claim(claim);
        let world = world.observe();
        provider_group(&world.claims[0].object, &world)
    };
    assert_eq!(number(Some(7), 412), Some(7));
    assert_eq!(number(None, 412), Some(412));
    assert_eq!(number(Some(0), 412), Some(412));
    assert_eq!(number(Some(-1), 0), None);
}

/// M1, M2: a Node brings its names, addresses, marks and size.
#[test]
fn node_is_carried_over() {
    let mut object = node("n1");
    let labels = [
        ("kubernetes.io/hostname", "label-host"),
        (keys::LABEL_VPSIE_NODE, "web-1"),
    ];
    object.metadata.labels = labels.into_iter().collect();
    let uid = (keys::ANNOTATION_VPSIE_NODE_UID.to_owned(), "u1".to_owned());
    object.metadata.annotations = [uid].into();
    object.spec.provider_id = Some("vpsie://dc/c1/m1".into());
    let status = object.status.get_or_insert_default();
    let addresses = [
        ("Hostname", "host"),
        ("InternalIP", "10.0.0.4"),
        ("ExternalIP", "198.51.100.12"),
        ("ExternalDNS", "n1.example.com"),
    ];
    status.addresses = addresses.into_iter().collect();
    let capacity = [("cpu", "2"), ("memory", "4096Mi")];
    status.capacity = capacity.into_iter().collect();
    let mut expected = node_match::Node {
        uid: "kube-system/n1".into(),
        name: "n1".into(),
        hostname: Some("host".into()),
        addresses: vec!["10.0.0.4".into(), "198.51.100.12".into()],
        provider_id: Some("vpsie://dc/c1/m1".into()),
        created_at: None,
        control_plane: false,
        claim_label: Some("web-1".into()),
        claim_uid: Some("u1".into()),
        cpu: Some(2),
        ram_mb: Some(4096),
    };
    let check = |object: &Node, expected: &node_match::Node<'_>| {
        let world = world().node(object.clone());
        assert_eq!(snapshot(&world.observe()).nodes, std::slice::from_ref(expected));
    };
    check(&object, &expected);
    object.status.get_or_insert_default().addresses = Pairs::default();
    expected.hostname = Some("label-host".into());
    expected.addresses = Vec::new();
    check(&object, &expected);
}

/// R2c: the control plane is told by role label or taint, never by name.
#[test]
fn control_plane_is_told_by_label_or_taint() {
    assert!(!is_control_plane(&node("hel-kubernetes-49ab-master-01aa")));
    for role in [
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
    ] {
        let mut labelled = node("n1");
        labelled.metadata.labels = [(role.to_owned(), String::new())].into();
        assert!(is_control_plane(&labelled), "label {role}");
        let mut tainted = node("n1");
        let taint = Taint {
            key: role.to_owned(),
            effect: "NoSchedule".to_owned(),
            ..Taint::default()
        };
        tainted.spec.taints = [taint].into();
        assert!(is_control_plane(&tainted), "taint {role}");
    }
}

/// Says what matching gives to web-1, when two new machines appear and one of its slots was released before.
fn matched_beside(tombstones: &[Tombstone]) -> &'static str {
    let baseline = Arc::new(Baseline::new(true, ["m0"]));
    let mut world = world()
        .group(group("web"))
        .claim(claim("web-1").asked(&intent(Outcome::Accepted, -60)))
        .polled(&["m0", "m1", "m2"]);
    world.baselines.insert("b1".to_owned(), baseline);
    for stone in tombstones {
        world.tombstones.insert(stone.uid.clone(), stone.clone());
    }
    let observed = world.observe();
    let snapshot = snapshot(&observed);
    let matching = node_match::match_fleet(&snapshot);
    let verdict = matching.verdict("kube-system/web-1");
    verdict.map_or("none", node_match::Verdict::as_str)
}

/// I6, R7: a released request explains a machine that comes late, for a day, and never takes one from the living.
#[test]
fn released_request_keeps_its_seat_for_a_day() {
    assert_eq!(matched_beside(&[]), "ambiguous", "one machine too many");
    assert_eq!(matched_beside(&[tombstone("u1", -60)]), "matched");
    let many = [tombstone("u1", -60), tombstone("u2", -60), tombstone("u3", -60)];
    assert_eq!(matched_beside(&many), "matched", "the living come first");
    assert_eq!(matched_beside(&[tombstone("u1", -86_400)]), "ambiguous");
    let still_there = tombstone("kube-system/web-1", -60);
    assert_eq!(
        matched_beside(&[still_there]),
        "ambiguous",
        "one request, one seat"
    );
}
