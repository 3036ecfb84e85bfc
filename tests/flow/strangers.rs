//! What is not ours: Nodes, machines and masters that nobody asked us for are never touched.

use std::collections::BTreeMap;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::cloud::{CallKind, Role};
use kit::fleet::{Fleet, Stored};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::reasons::said;
use super::telemetry::events;
use super::{bought, ready_web, strangers, web};

/// Returns the Nodes of machines that nobody asked us for, without what their kubelets write.
fn foreign_nodes(fleet: &Fleet, stored: &Stored) -> BTreeMap<String, Value> {
    let names = strangers(fleet);
    let nodes = names.iter().filter_map(|name| stored.node(name));
    nodes
        .map(|node| {
            let marks = json!([node.metadata.labels, node.metadata.annotations, node.spec]);
            (node.name_any(), marks)
        })
        .collect()
}

/// N1: Nodes and machines that were there before stay as they are to the end.
#[tokio::test(start_paused = true)]
async fn foreign_machines_and_nodes_are_never_touched() {
    let mut fleet = Fleet::in_memory(1);
    let before = fleet
        .until("the first kubelets", |stored| stored.nodes.len() == 3)
        .await;
    ready_web(&mut fleet, 2).await;
    fleet.polls(3).await;
    fleet.delete::<NodeGroup>("web").await;
    let after = fleet
        .until("everything is given back", |stored| stored.groups.is_empty())
        .await;
    assert_eq!(foreign_nodes(&fleet, &after), foreign_nodes(&fleet, &before));
    assert_eq!(bought(&fleet.cloud), []);
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}");
}

/// N1: machines that a person adds later, to our group or to none, are neither labelled nor removed.
#[tokio::test(start_paused = true)]
async fn machines_that_a_person_adds_are_neither_labelled_nor_removed() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    fleet.cloud.add_foreign_machine(&fleet.cluster, None);
    fleet
        .until("they have joined", |stored| stored.nodes.len() == 7)
        .await;
    fleet.polls(6).await;
    fleet.delete::<NodeGroup>("web").await;
    let stored = fleet
        .until("what is ours is gone", |stored| stored.groups.is_empty())
        .await;
    let nodes = foreign_nodes(&fleet, &stored);
    assert_eq!(nodes.len(), 5);
    for (name, marks) in nodes {
        assert!(
            !marks.to_string().contains(keys::GROUP),
            "{name} carries our marks: {marks}"
        );
        assert!(
            !marks.to_string().contains("unschedulable"),
            "{name} is cordoned: {marks}"
        );
    }
    let foreign = fleet
        .cloud
        .machines()
        .into_iter()
        .filter(|machine| machine.made_by.is_none());
    assert!(foreign.into_iter().all(|machine| machine.is_alive()));
    let report = fleet.truth().await;
    assert!(
        report.wrongly_removed.is_empty() && report.mismatched.is_empty(),
        "{report:?}"
    );
}

/// R7: while somebody else adds machines of the same group, nobody can tell whose is whose, and nothing is taken.
#[tokio::test(start_paused = true)]
async fn foreign_machine_in_our_group_makes_the_open_requests_ambiguous() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    fleet
        .until("the request", |_| fleet.cloud.ledger().len() == 1)
        .await;
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    let foreign = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    let is_ambiguous = |stored: &Stored| {
        let ready = stored.claim_condition("web-1", "VPSReady");
        ready.is_some_and(|ready| ready.reason.as_deref() == Some("Ambiguous"))
    };
    fleet.until("nobody can tell", is_ambiguous).await;
    let stored = fleet.polls(60).await;
    let recorded = stored
        .claim("web-1")
        .and_then(|claim| claim.spec.vpsie_node_identifier.clone());
    assert_eq!(recorded, None, "neither is taken");
    fleet.delete::<NodeGroup>("web").await;
    fleet.polls(30).await;
    assert!(
        fleet
            .cloud
            .machine(&foreign)
            .is_some_and(|machine| machine.is_alive())
    );
    let report = fleet.truth().await;
    assert!(report.wrongly_removed.is_empty(), "{report:?}");
}

fn is_contested(stored: &Stored) -> bool {
    let condition = stored.claim_condition("web-1", "Contested");
    condition.is_some_and(|one| one.is_true() && one.reason.as_deref() == Some("Contested"))
}

/// R7: a surplus machine makes a match that rests on counting doubtful; that is said, and only a person ends it.
#[tokio::test(start_paused = true)]
async fn contested_machine_is_told_of_and_goes_by_hand_only() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    let stored = fleet
        .until("its machine", |stored| {
            let claim = stored.claim("web-1");
            claim.is_some_and(|claim| claim.spec.vpsie_node_identifier.is_some())
        })
        .await;
    assert!(!is_contested(&stored));
    let own = stored
        .claim("web-1")
        .and_then(|claim| claim.spec.vpsie_node_identifier.clone());
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    let foreign = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    fleet.until("it is said", is_contested).await;
    assert!(said(&fleet, "web-1").contains("Contested"));
    fleet.polls(60).await;
    assert_eq!(fleet.cloud.removals(), [], "nothing goes by itself");
    fleet.delete::<VPSieNode>("web-1").await;
    fleet
        .until("the end that a person asked for", |_| {
            fleet.cloud.removals().len() == 1
        })
        .await;
    let removed: Vec<String> = fleet
        .cloud
        .removals()
        .into_iter()
        .map(|removal| removal.machine)
        .collect();
    assert_eq!(Some(removed), own.map(|own| vec![own]));
    assert!(
        fleet
            .cloud
            .machine(&foreign)
            .is_some_and(|machine| machine.is_alive())
    );
}

/// R7: once the surplus machine is gone, the match is like any other.
#[tokio::test(start_paused = true)]
async fn match_is_contested_only_while_the_surplus_is_there() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    let foreign = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    fleet.until("it is said", is_contested).await;
    fleet.cloud.remove_by_hand(&foreign);
    fleet.until("it is over", |stored| !is_contested(stored)).await;
}

/// R2c: a record that names a machine of the control plane removes nothing, and says so.
#[tokio::test(start_paused = true)]
async fn masters_are_never_removed() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let machines = fleet.cloud.machines();
    let master = machines
        .iter()
        .find(|machine| machine.role == Role::Manager)
        .expect("a manager");
    let wrong = json!({ "spec": { "vpsieNodeIdentifier": master.uuid, "vpsieInstanceID": master.number } });
    let claims = fleet.api::<VPSieNode>();
    let patched = claims
        .patch("web-1", &PatchParams::default(), &Patch::Merge(wrong))
        .await;
    patched.expect("a person may write it");
    fleet.delete::<VPSieNode>("web-1").await;
    let stored = fleet.polls(60).await;
    assert!(
        stored.claim("web-1").is_some(),
        "it is kept for a person to look at"
    );
    let problem = stored.claim_problem("web-1");
    assert_eq!(problem.as_deref(), Some("ControlPlane"), "and says why");
    assert_eq!(
        fleet.cloud.calls_of(CallKind::RemoveWorker),
        0,
        "it is not even asked for"
    );
    let node = stored.node(&master.node_name()).expect("the master's Node");
    assert!(node.labels().keys().all(|key| !key.contains(keys::GROUP)));
}

/// L5: a Node that became another's between look and write is left alone and reported, and makes nothing Ready until
/// somebody gives it back.
#[tokio::test(start_paused = true)]
async fn node_claimed_meanwhile_by_another_is_left_alone() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.wire.hold(|sent| sent.is_about("nodes") && sent.is_effect());
    fleet.create(&web(&fleet, 1)).await;
    fleet.wire.is_held().await;
    let sent = fleet.wire.sent();
    let name = sent
        .last()
        .and_then(|held| held.path.rsplit('/').next())
        .expect("the held labelling");
    let taken = json!({ "metadata": { "labels": { keys::LABEL_VPSIE_NODE: "other-1" } } });
    let nodes = fleet.nodes();
    nodes
        .patch(name, &PatchParams::default(), &Patch::Merge(&taken))
        .await
        .expect("labelled");
    fleet.wire.release();
    let stored = fleet.polls(3).await;
    let node = stored.node(name).expect("it exists");
    assert_eq!(
        node.labels().get(keys::LABEL_VPSIE_NODE).map(String::as_str),
        Some("other-1")
    );
    assert!(
        !node.labels().contains_key(keys::LABEL_NODE_GROUP),
        "no label of ours: {:?}",
        node.labels()
    );
    assert!(
        !stored.counts("web", 1, 1),
        "a Node of another makes nothing Ready"
    );
    let problem = stored.claim_problem("web-1");
    assert_eq!(problem.as_deref(), Some("NodeClaimedByAnother"));
    let error = stored.claim_condition("web-1", "Error");
    let message = error.and_then(|error| error.message.clone()).unwrap_or_default();
    let says = format!("Node {name} is marked for VPSieNode other-1 and is left alone");
    assert!(message.starts_with(&says), "{message}");
    let told = events(&fleet).await.into_iter();
    let told = told.filter(|(_, _, reason, _)| reason == "NodeClaimedByAnother");
    let told: Vec<(String, i32)> = told
        .map(|(kind, type_, _, count)| (format!("{kind} {type_}"), count))
        .collect();
    assert_eq!(told, [("VPSieNode Warning".to_owned(), 1)], "it is said once");

    let given_back = json!({ "metadata": { "labels": { keys::LABEL_VPSIE_NODE: null } } });
    let patch = Patch::Merge(&given_back);
    let patched = nodes.patch(name, &PatchParams::default(), &patch).await;
    patched.expect("a person may take a label off");
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(stored.claim_problem("web-1"), None);
    assert!(fleet.truth().await.is_clean());
}

/// L5: a Node that its kubelet wrote meanwhile is labelled from a fresh read, in the same pass.
#[tokio::test(start_paused = true)]
async fn node_written_meanwhile_is_labelled_from_a_fresh_read() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.wire.hold(|sent| sent.is_about("nodes") && sent.is_effect());
    fleet.create(&web(&fleet, 1)).await;
    fleet.wire.is_held().await;
    let sent = fleet.wire.sent();
    let name = sent
        .last()
        .and_then(|held| held.path.rsplit('/').next())
        .expect("the held labelling");
    let taint = json!({ "key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule" });
    let written = json!({ "spec": { "taints": [taint] } });
    let nodes = fleet.nodes();
    nodes
        .patch(name, &PatchParams::default(), &Patch::Merge(&written))
        .await
        .expect("written");
    fleet.wire.release();
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    let taints = stored
        .node(name)
        .and_then(|node| node.spec.clone()?.taints)
        .unwrap_or_default();
    let keys: Vec<&str> = taints.iter().map(|taint| taint.key.as_str()).collect();
    assert!(
        keys.contains(&"node.kubernetes.io/memory-pressure"),
        "the taint of another stays: {keys:?}"
    );
    assert!(keys.contains(&"dedicated"), "{keys:?}");
    assert!(fleet.truth().await.is_clean());
}
