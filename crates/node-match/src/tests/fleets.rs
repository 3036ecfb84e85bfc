//! Generated fleets: small pools, so that names, addresses and ids collide all the time.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};

use crate::testing::{CLUSTER, GROUP, at};
use crate::{
    Baseline, Claim, Cluster, ClusterShape, EvidenceKind, Group, Machine, Node, ReportedAt, Snapshot, Text,
};

pub(super) const OTHER_CLUSTER: &str = "cluster-b";
const OTHER_GROUP: u64 = 7;

/// Makes a runner of a law; `FLEETS=1000000` tries it on as many fleets instead of `usual`.
///
/// # Panics
/// When the variable is set to something that is no number.
pub(super) fn runner(usual: u32) -> TestRunner {
    let asked = std::env::var("FLEETS").ok();
    let fleets = asked.map_or(usual, |text| text.parse().expect("FLEETS is a number"));
    TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(fleets)
    })
}

/// Generates whole snapshots.
pub(super) fn fleets() -> impl Strategy<Value = Snapshot<'static>> {
    let parts = (
        vec(claims(), 0..8),
        vec(machines(), 0..9),
        vec(nodes(), 0..8),
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.1),
        (0..40i64, weighted(0.3, 0..3u32), weighted(0.3, 0..3u32)),
        vec(baselines(), 3),
        (weighted(0.08, second_groups()), weighted(0.08, second_clusters())),
    );
    parts.prop_map(
        |(claims, machines, nodes, anonymous, locked, (now, ours, theirs), baselines, again)| {
            let mut snapshot = Snapshot::new(at(now));
            snapshot.settings.anonymous = anonymous;
            snapshot.clusters = vec![Cluster {
                id: CLUSTER.into(),
                shape: ClusterShape {
                    version: Some("1.30".to_owned()),
                    locked: Some(locked),
                    managers: None,
                },
            }];
            snapshot.groups = [(GROUP, 2, ours), (OTHER_GROUP, 4, theirs)]
                .map(|(id, cpu, count)| group(id, cpu, count))
                .to_vec();
            snapshot.groups.extend(again.0);
            snapshot.clusters.extend(again.1);
            let baselines: Vec<Arc<Baseline>> = baselines.into_iter().map(Arc::new).collect();
            snapshot.claims = claims
                .into_iter()
                .enumerate()
                .map(|(index, (mut claim, baseline))| {
                    claim.uid = format!("uid-{index}").into();
                    claim.baseline = baseline.map(|number| Arc::clone(&baselines[number]));
                    claim
                })
                .collect();
            snapshot.machines = machines;
            snapshot.nodes = numbered(nodes);
            for (node, machine) in snapshot.nodes.iter_mut().zip(&snapshot.machines) {
                // Left to chance, hardly any provider id would name a machine that is there.
                if let (Some(provider_id), Some(identifier)) = (&mut node.provider_id, &machine.identifier) {
                    *provider_id = format!("vpsie://hel/{identifier}").into();
                }
            }
            snapshot
        },
    )
}

/// Numbers the Nodes; Kubernetes allows no two of one name.
fn numbered(nodes: Vec<Node<'static>>) -> Vec<Node<'static>> {
    let mut names = BTreeSet::new();
    let mut nodes: Vec<Node<'static>> = nodes
        .into_iter()
        .filter(|node| names.insert(node.name.clone()))
        .collect();
    for (index, node) in nodes.iter_mut().enumerate() {
        node.uid = format!("node-{index}").into();
    }
    nodes
}

fn group(id: u64, cpu: u32, nodes_count: Option<u32>) -> Group<'static> {
    Group {
        cluster: CLUSTER.into(),
        id,
        cpu: Some(cpu),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        nodes_count,
    }
}

/// Generates a second description of a group, which may differ from the first.
fn second_groups() -> impl Strategy<Value = Group<'static>> {
    let groups = (
        groups(),
        weighted(0.8, select(vec![2u32, 4])),
        weighted(0.5, 0..3u32),
    );
    groups.prop_map(|(id, cpu, count)| Group {
        cpu,
        ..group(id, 2, count)
    })
}

/// Generates a second report of the cluster, which may differ from the first.
fn second_clusters() -> impl Strategy<Value = Cluster<'static>> {
    let shapes = (
        weighted(0.7, select(vec!["1.30", "1.31"])),
        weighted(0.7, prop::bool::weighted(0.2)),
    );
    shapes.prop_map(|(version, locked)| Cluster {
        id: CLUSTER.into(),
        shape: ClusterShape {
            version: version.map(str::to_owned),
            locked,
            managers: None,
        },
    })
}

fn names() -> impl Strategy<Value = String> {
    select(vec![
        "web",
        "web-1",
        "web-10",
        "db",
        "db-1",
        "hel",
        "hel-kubernetes",
        "my-node",
    ])
    .prop_map(str::to_owned)
}

fn hostnames() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (names(), select(vec!["", "-k8s", ".local", "_2", "0", "-10-x"])).prop_map(|(name, end)| name + end),
        4 => (0..8u32).prop_map(|number| format!("Hel-Kubernetes-49ab-slave-{number}")),
        1 => Just("hel-kubernetes-49ab-master-1".to_owned()),
    ]
}

fn addresses() -> impl Strategy<Value = Vec<String>> {
    let forms = |number: u32| {
        prop_oneof![
            4 => Just(format!("10.0.0.{number}")),
            1 => Just(format!(" 10.0.0.{number}/24")),
            1 => Just(format!("::ffff:10.0.0.{number}")),
            1 => Just(format!("2001:DB8::{number}/64")),
            1 => Just("127.0.0.1".to_owned()),
            1 => Just("fe80::1".to_owned()),
        ]
    };
    vec((0..10u32).prop_flat_map(forms), 0..3)
}

fn owned(texts: Vec<String>) -> Vec<Text<'static>> {
    texts.into_iter().map(Text::Owned).collect()
}

fn clusters() -> impl Strategy<Value = String> {
    prop_oneof![14 => Just(CLUSTER.to_owned()), 1 => Just(OTHER_CLUSTER.to_owned())]
}

fn groups() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(GROUP), 1 => Just(OTHER_GROUP)]
}

fn baselines() -> impl Strategy<Value = Baseline> {
    let keys: Vec<String> = (1..9)
        .flat_map(|id| [id.to_string(), format!("machine-{id}")])
        .collect();
    (prop::bool::weighted(0.8), subsequence(keys, 0..5), any::<bool>()).prop_map(
        |(complete, keys, counted)| {
            let baseline = Baseline::new(complete, keys.iter().map(String::as_str));
            let baseline = if counted {
                baseline.with_nodes_count(GROUP, 1)
            } else {
                baseline
            };
            baseline.with_shape(ClusterShape {
                locked: Some(false),
                ..ClusterShape::default()
            })
        },
    )
}

fn identifiers() -> impl Strategy<Value = String> {
    (1..7u32).prop_map(|number| format!("machine-{number}"))
}

pub(super) fn claims() -> impl Strategy<Value = (Claim<'static>, Option<usize>)> {
    let asked = (
        names(),
        prop_oneof![Just("a"), Just("a"), Just("b")],
        clusters(),
        weighted(0.95, groups()),
        prop::bool::weighted(0.85),
        weighted(0.95, -20..20i64),
        weighted(0.8, 0..3usize),
    );
    let recorded = (
        weighted(0.16, 0..9u64),
        weighted(0.16, identifiers()),
        weighted(0.04, identifiers()),
        weighted(0.2, hostnames().prop_map(|name| name.to_lowercase())),
        weighted(0.1, hostnames()),
        prop_oneof![5 => Just(Vec::new()), 1 => addresses()],
        prop::bool::weighted(0.05),
    );
    (asked, recorded).prop_map(|(asked, recorded)| {
        let (name, namespace, cluster, group, creation_requested, requested_at, baseline) = asked;
        let (instance_id, identifier, provided, node_name, hostname, addresses, taken_over) = recorded;
        let claim = Claim {
            namespace: namespace.to_owned().into(),
            name: name.into(),
            cluster: cluster.into(),
            group,
            creation_requested,
            requested_at: requested_at.map(at),
            taken_over,
            instance_id,
            identifier: identifier.map(Text::Owned),
            provider_id: provided.map(|identifier| format!("vpsie://{identifier}").into()),
            node_name: node_name.map(Text::Owned),
            hostname: hostname.map(Text::Owned),
            addresses: owned(addresses),
            recorded_by: Some(EvidenceKind::Anonymous),
            ..Claim::default()
        };
        (claim, baseline)
    })
}

pub(super) fn machines() -> impl Strategy<Value = Machine<'static>> {
    let identity = (
        prop_oneof![4 => Just(0u8), 1 => Just(1u8)],
        weighted(0.9, 0..9u64),
        weighted(0.8, identifiers()),
        clusters(),
        weighted(0.15, groups()),
        weighted(0.85, hostnames()),
        addresses(),
    );
    let state = (
        prop_oneof![8 => Just(None), 8 => Just(Some("Running")), 3 => Just(Some("installing"))],
        prop::bool::weighted(0.05),
        weighted(0.03, Just("master".to_owned())),
        weighted(0.7, (-30..30i64, prop::bool::weighted(0.8))),
        weighted(0.5, prop_oneof![5 => Just(2u32), 1 => Just(4u32)]),
    );
    (identity, state).prop_map(|(identity, state)| {
        let (list, id, identifier, cluster, group, hostname, addresses) = identity;
        let (status, is_deleted, role, created, cpu) = state;
        Machine {
            list,
            id,
            identifier: identifier.map(Text::Owned),
            cluster: cluster.into(),
            group,
            hostname: hostname.map(Text::Owned),
            addresses: owned(addresses),
            status: status.map(Text::Borrowed),
            is_deleted,
            role: role.map(Text::Owned),
            created_at: created.map(|(minutes, zoned)| ReportedAt {
                at: at(minutes),
                zoned,
            }),
            cpu,
            ram_mb: cpu.map(|_| 4096),
            disk_gb: cpu.map(|_| 80),
        }
    })
}

pub(super) fn nodes() -> impl Strategy<Value = Node<'static>> {
    let identity = (
        hostnames().prop_map(|name| name.to_lowercase()),
        weighted(0.2, hostnames()),
        addresses(),
        weighted(
            0.4,
            prop_oneof![identifiers(), (1..9u32).prop_map(|id| id.to_string())],
        ),
    );
    let state = (
        weighted(0.9, -10..30i64),
        prop::bool::weighted(0.04),
        weighted(0.2, names()),
        weighted(0.05, (0..6u32).prop_map(|claim| format!("uid-{claim}"))),
        weighted(0.5, (select(vec![2u32, 4]), select(vec![2000u64, 3900]))),
    );
    (identity, state).prop_map(|(identity, state)| {
        let (name, hostname, addresses, provided) = identity;
        let (created, control_plane, claim_label, claim_uid, size) = state;
        Node {
            uid: Text::default(),
            name: name.into(),
            hostname: hostname.map(Text::Owned),
            addresses: owned(addresses),
            provider_id: provided.map(|identifier| format!("vpsie://hel/{identifier}").into()),
            created_at: created.map(at),
            control_plane,
            claim_label: claim_label.map(Text::Owned),
            claim_uid: claim_uid.map(Text::Owned),
            cpu: size.map(|(cpu, _)| cpu),
            ram_mb: size.map(|(_, ram)| ram),
        }
    })
}
