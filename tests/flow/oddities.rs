//! Facts about Nodes that are incomplete or contradict each other: each is a state with a warning, and stops nothing.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, keys};
use kit::fleet::Fleet;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use node_state::store::Reader;
use node_state::{Scope, Topic};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::states::{change_node, hashes, state};
use super::{bought, ready_web, strangers};

/// Longer than changes are collected, and shorter than the time between two polls.
const A_MOMENT: Duration = Duration::from_millis(500);

/// Returns a worker that no NodeGroup has.
fn stranger(fleet: &Fleet, reader: &Reader) -> String {
    let mut names = strangers(fleet).into_iter();
    let name = names.find(|name| state(reader, name).scope == Scope::Unmanaged);
    name.expect("a worker of nobody")
}

/// Lists the names of what is wrong with a Node, once its newest change was looked at.
async fn wrong(reader: &Reader, node: &str) -> Vec<&'static str> {
    sleep(A_MOMENT).await;
    let state = state(reader, node);
    let names: Vec<&str> = state.warnings.iter().map(|warning| warning.name()).collect();
    let condition = state.conditions.get(&Topic::Warning);
    let condition = condition.expect("there is one for each topic");
    assert_eq!(condition.reason, *names.first().unwrap_or(&"AsExpected"));
    names
}

fn labels(labels: &Value) -> Value {
    json!({ "metadata": { "labels": labels } })
}

/// Checks that a bad fact has cost nothing, and that another process sees the same states.
async fn check_harmless(fleet: &mut Fleet, reader: &Reader) {
    let stored = fleet.polls(2).await;
    assert!(stored.counts("web", 1, 1), "{stored}");
    assert_eq!((bought(&fleet.cloud).len(), fleet.cloud.removals().len()), (1, 0));
    let before = hashes(reader);
    fleet.stop().await;
    fleet.start().await;
    assert_eq!(hashes(&fleet.states().await), before, "from the same facts");
}

/// Bad input, NS-27: labels that contradict each other or name nobody are a warning on the state of their Node, for as long
/// as they are there.
#[tokio::test(start_paused = true)]
async fn labels_that_make_no_sense_are_a_warning() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.polls(3).await;
    let reader = fleet.states().await;
    let node = stranger(&fleet, &reader);
    let zones = [
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/zone",
    ];
    let nothing = json!({ zones[0]: null, zones[1]: null, keys::LABEL_NODE_GROUP: null });
    let cases = [
        (
            json!({ zones[0]: "ams", zones[1]: "hel" }),
            vec!["ZonesContradict"],
        ),
        (json!({ keys::LABEL_NODE_GROUP: "gone" }), vec!["GroupMissing"]),
        (nothing, vec![]),
        (
            json!({ keys::LABEL_NODE_GROUP: "gone", zones[0]: "ams", zones[1]: "hel" }),
            vec!["GroupMissing", "ZonesContradict"],
        ),
    ];
    let mut seen = Vec::new();
    for (change, expected) in cases {
        change_node(&fleet, &node, &labels(&change)).await;
        let found = wrong(&reader, &node).await;
        let is_there = expected.iter().all(|name| found.contains(name));
        assert!(
            is_there && (found.is_empty() == expected.is_empty()),
            "{change}: {found:?}"
        );
        seen.push(found);
    }
    assert_eq!(seen.last().map(Vec::len), Some(2));
    check_harmless(&mut fleet, &reader).await;
}

/// Makes a NodeGroup `shop` that nobody gave to the autoscaler, in a namespace.
async fn foreign_group(fleet: &Fleet, namespace: &str) -> Api<NodeGroup> {
    let mut group = fleet.node_group("shop", 57, 0);
    group.metadata.namespace = Some(namespace.to_owned());
    group.metadata.labels = None;
    let groups: Api<NodeGroup> = Api::namespaced(fleet.nodes().into_client(), namespace);
    let created = groups.create(&PostParams::default(), &group).await;
    created.expect("a person may make a NodeGroup");
    groups
}

/// Returns the namespace of the NodeGroup that a Node is of.
fn shop(reader: &Reader, node: &str) -> String {
    let group = state(reader, node).node_group.clone();
    group.map(|group| group.namespace.to_string()).unwrap_or_default()
}

/// Bad input, NS-9, NS-10: of two NodeGroups that claim one Node the first has it, with a warning; deleted while it has the
/// Node, the other one has it, and then nobody, with a warning.
#[tokio::test(start_paused = true)]
async fn node_of_two_groups_is_of_the_first_that_is_there() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.polls(3).await;
    let reader = fleet.states().await;
    let node = stranger(&fleet, &reader);
    let first = foreign_group(&fleet, "default").await;
    let second = foreign_group(&fleet, "kube-public").await;
    change_node(&fleet, &node, &labels(&json!({ keys::LABEL_NODE_GROUP: "shop" }))).await;
    assert!(wrong(&reader, &node).await.contains(&"SeveralGroups"));
    assert_eq!(shop(&reader, &node), "default", "the first by its namespace");
    check_harmless(&mut fleet, &reader).await;

    let reader = fleet.states().await;
    let gone = first.delete("shop", &DeleteParams::default()).await;
    gone.expect("a person may delete it");
    assert!(!wrong(&reader, &node).await.contains(&"SeveralGroups"));
    assert_eq!(shop(&reader, &node), "kube-public");
    let gone = second.delete("shop", &DeleteParams::default()).await;
    gone.expect("a person may delete it");
    assert_eq!(wrong(&reader, &node).await, ["GroupMissing"]);
    assert_eq!(state(&reader, &node).scope, Scope::Unmanaged);
    check_harmless(&mut fleet, &reader).await;
}
