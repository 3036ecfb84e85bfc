//! The flow of the whole operator, in memory and with a paused clock.
//!
//! ```text
//!   NodeGroup ─▶ provider group ─▶ VPSieNodes ─▶ intent, POST ─▶ machines ─▶ Nodes ─▶ labels, statuses ─▶ the end
//! ```

mod audit;
mod bad_input;
mod broken;
mod clocks;
mod edited;
mod endings;
mod endpoints;
mod founding;
mod given_up;
mod growth;
mod kept;
mod leaked;
mod lives;
mod moments;
mod oddities;
mod parallel;
mod reasons;
mod records;
mod refusals;
mod requests;
mod scenarios;
mod settling;
mod shop;
mod states;
mod strangers;
mod takeover;
mod telemetry;
mod thresholds;
mod time_limits;
mod troubles;
mod unmade;
mod unreadable;
mod unseen;
mod variants;

use std::collections::BTreeMap;

use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode, keys};
use fleet_sim::Cloud;
use fleet_sim::cloud::{CallKind, SimMachine};
use http::Method;
use k8s_openapi::api::core::v1::Taint;
use kit::fleet::{DATACENTER, Fleet, NAMESPACE, Stored};
use kit::wire::{Sent, Side};
use kube::ResourceExt;
use serde_json::Value;

/// Names of the managers and of the workers that were there before.
fn strangers(fleet: &Fleet) -> Vec<String> {
    let machines = fleet.cloud.machines().into_iter();
    let mut names: Vec<String> = machines
        .filter(|machine| machine.made_by.is_none())
        .map(|machine| machine.node_name())
        .collect();
    names.sort();
    names
}

/// Lists the machines that requests made and that still cost money.
fn bought(cloud: &Cloud) -> Vec<SimMachine> {
    let machines = cloud.machines().into_iter();
    machines
        .filter(|machine| machine.made_by.is_some() && machine.is_alive())
        .collect()
}

/// Describes the group of the main story, with a label and a taint of its own.
fn web(fleet: &Fleet, minimum: i32) -> NodeGroup {
    let mut group = fleet.node_group("web", 57, minimum);
    group.spec.labels = Some(BTreeMap::from([("tier".to_owned(), "web".to_owned())]));
    group.spec.taints = Some(vec![Taint {
        key: "dedicated".to_owned(),
        value: Some("web".to_owned()),
        effect: "NoSchedule".to_owned(),
        time_added: None,
    }]);
    group
}

/// Starts the operator, creates the NodeGroup `web` with one node and waits until VPSie has taken the request for it.
async fn ask_for_web(fleet: &mut Fleet) {
    fleet.start().await;
    fleet.create(&web(fleet, 1)).await;
    fleet
        .until("the request", |_| fleet.cloud.ledger().len() == 1)
        .await;
}

/// Holds the write that says that the removal of a machine is about to be asked for, and waits until it comes.
async fn hold_removal(fleet: &Fleet) {
    fleet
        .wire
        .hold(|sent| sent.body.to_string().contains("removal-intent"));
    fleet.wire.is_held().await;
}

/// Starts the operator, creates the NodeGroup `web` and waits until all of its nodes are Ready.
async fn ready_web(fleet: &mut Fleet, minimum: i32) -> Stored {
    fleet.start().await;
    fleet.create(&web(fleet, minimum)).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", minimum, minimum))
        .await
}

/// The main job, from a NodeGroup to its end. D1 to D3, L1 to L4, M3, S1 to S3.
#[tokio::test(start_paused = true)]
async fn a_node_group_lives_and_leaves_nothing_behind() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 2).await;

    check_provider_group(&fleet, &stored);
    let names: Vec<String> = stored.claims.iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["web-1", "web-2"], "slots are numbered from 1");
    for claim in &stored.claims {
        check_record(&fleet, claim);
        check_node(&stored, claim);
    }
    check_order_of_requests(&fleet.wire.sent());
    check_labelled_in_one_request(&fleet, &stored);
    let report = fleet.truth().await;
    assert_eq!((report.matched, report.is_clean()), (2, true), "{report:?}");

    replace_one(&fleet, &stored).await;
    end(&fleet).await;
}

/// A person deletes a VPSieNode: its machine and its Node go, and another takes its place.
async fn replace_one(fleet: &Fleet, stored: &Stored) {
    let gone = stored.claim("web-1").expect("it is Ready");
    let (uid, node) = (
        gone.uid(),
        gone.status.as_ref().and_then(|status| status.node_name.clone()),
    );
    let machine = gone.spec.vpsie_node_identifier.clone().expect("it is discovered");
    fleet.delete::<VPSieNode>("web-1").await;
    let node = node.expect("it has joined");
    let stored = fleet
        .until("web-1 is replaced", |stored| {
            stored.counts("web", 2, 2) && stored.claims.iter().all(|claim| claim.uid() != uid)
        })
        .await;
    assert!(
        stored.node(&node).is_none(),
        "the Node of a removed machine is gone"
    );
    assert!(!fleet.cloud.machine(&machine).expect("it was").is_alive());
    assert_eq!(bought(&fleet.cloud).len(), 2);
    let report = fleet.truth().await;
    assert_eq!((report.matched, report.is_clean()), (2, true), "{report:?}");
}

/// A person deletes the NodeGroup: everything that was bought goes, and nothing else.
async fn end(fleet: &Fleet) {
    fleet.delete::<NodeGroup>("web").await;
    let stored = fleet
        .until("everything is given back", |stored| {
            stored.groups.is_empty() && stored.claims.is_empty()
        })
        .await;
    let left: Vec<String> = stored.nodes.iter().map(ResourceExt::name_any).collect();
    assert_eq!(left, strangers(fleet));
    assert_eq!(bought(&fleet.cloud), []);
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}");
}

fn check_provider_group(fleet: &Fleet, stored: &Stored) {
    let groups = fleet.cloud.groups(&fleet.cluster);
    let found: Vec<(&str, u64)> = groups
        .iter()
        .map(|group| (group.name.as_str(), group.size))
        .collect();
    assert_eq!(found, [("web", 57)], "made once, named after the NodeGroup");
    let recorded = stored
        .group("web")
        .status
        .as_ref()
        .and_then(|status| status.vpsie_group_id);
    assert_eq!(recorded, i64::try_from(groups[0].number).ok());
}

/// D2, D3, M3: what is recorded of the machine is what the cloud knows of it.
fn check_record(fleet: &Fleet, claim: &VPSieNode) {
    let spec = &claim.spec;
    let identifier = spec.vpsie_node_identifier.as_deref().expect("it is discovered");
    let machine = fleet.cloud.machine(identifier).expect("it exists");
    assert_eq!(u64::try_from(spec.vpsie_instance_id), Ok(machine.number));
    let address = spec
        .ip_address
        .clone()
        .expect("the machine runs and reports its addresses");
    assert!(
        machine.addresses.contains(&address),
        "{address} is none of {:?}",
        machine.addresses
    );
    let status = claim.status.as_ref().expect("it has a status");
    assert_eq!(status.hostname, Some(machine.node_name()));
    assert_eq!(status.node_name, Some(machine.node_name()));
    assert_eq!(claim.phase(), Phase::Ready);
    assert_eq!(claim.finalizers(), [keys::FINALIZER_VPSIE_NODE]);
}

/// L1 to L3: our labels and annotations, and what the group asks for.
fn check_node(stored: &Stored, claim: &VPSieNode) {
    let status = claim.status.as_ref().expect("it has a status");
    let node = status.node_name.as_deref().and_then(|name| stored.node(name));
    let node = node.expect("its Node exists");
    let name = claim.name_any();
    let expected = [
        (keys::LABEL_MANAGED, "true"),
        (keys::LABEL_NODE_GROUP, "web"),
        (keys::LABEL_VPSIE_NODE, name.as_str()),
        (keys::LABEL_DATACENTER, DATACENTER),
        ("tier", "web"),
    ];
    for (key, value) in expected {
        assert_eq!(node.labels().get(key).map(String::as_str), Some(value), "{key}");
    }
    let annotations = node.annotations();
    assert_eq!(
        annotations.get(keys::ANNOTATION_VPSIE_NODE_UID),
        claim.metadata.uid.as_ref()
    );
    assert_eq!(
        annotations
            .get(keys::ANNOTATION_NODE_GROUP_NAMESPACE)
            .map(String::as_str),
        Some(NAMESPACE)
    );
    let taints = node
        .spec
        .as_ref()
        .and_then(|spec| spec.taints.as_deref())
        .unwrap_or_default();
    assert!(
        taints
            .iter()
            .any(|taint| taint.key == "dedicated" && taint.effect == "NoSchedule")
    );
}

/// I1: before each request for a worker its intent is written under a version and read back.
fn check_order_of_requests(sent: &[Sent]) {
    let calls: Vec<&Sent> = sent
        .iter()
        .filter(|call| call.is_effect() || names_claim(call))
        .collect();
    let adds: Vec<usize> = (0..calls.len()).filter(|place| calls[*place].is_add()).collect();
    assert_eq!(adds.len(), 2);
    for place in adds {
        let [write, read, ..] = calls[place - 2..] else {
            unreachable!("two calls come before")
        };
        assert_eq!(
            (&write.method, &read.method),
            (&Method::PATCH, &Method::GET),
            "{write:?} {read:?}"
        );
        assert_eq!(write.path, read.path, "what was written is read back");
        let metadata = &write.body["metadata"];
        assert!(
            metadata["resourceVersion"].is_string(),
            "the write has a precondition"
        );
        let annotations = &metadata["annotations"];
        assert_eq!(annotations[keys::ANNOTATION_CREATION_REQUESTED], "true");
        let intent = annotations[keys::ANNOTATION_CREATION_INTENT]
            .as_str()
            .expect("the intent");
        let intent: Value = serde_json::from_str(intent).expect("it is JSON");
        assert_eq!(intent["outcome"], "open");
        assert!(intent["baseline"].is_string(), "it refers to its baseline");
    }
}

fn names_claim(call: &Sent) -> bool {
    call.is_about("vpsienodes") && !call.path.ends_with("vpsienodes")
}

/// L4: one request, with a precondition, brings a Node everything.
fn check_labelled_in_one_request(fleet: &Fleet, stored: &Stored) {
    for claim in &stored.claims {
        let name = claim.status.as_ref().and_then(|status| status.node_name.clone());
        let path = format!("/api/v1/nodes/{}", name.expect("it has joined"));
        let sent = fleet.wire.sent();
        let writes: Vec<&Sent> = sent
            .iter()
            .filter(|call| call.to == Side::Kubernetes && call.is_effect() && call.path == path)
            .collect();
        assert_eq!(writes.len(), 1, "{writes:?}");
        assert!(writes[0].body["metadata"]["resourceVersion"].is_string());
    }
}

/// D8: three calls per poll, however many VPSieNodes there are.
#[tokio::test(start_paused = true)]
async fn a_poll_is_three_calls_whatever_the_number_of_nodes() {
    let mut fleet = Fleet::in_memory(2);
    ready_web(&mut fleet, 12).await;
    let polls = fleet.cloud.calls_of(CallKind::Cluster);
    for kind in [CallKind::Clusters, CallKind::NodeGroups] {
        let calls = fleet.cloud.calls_of(kind);
        assert!(
            calls.abs_diff(polls) <= 1,
            "{calls} of {kind:?} and {polls} polls"
        );
    }
    let effects = fleet.cloud.calls_of(CallKind::AddWorker) + fleet.cloud.calls_of(CallKind::CreateGroup);
    assert!(
        fleet.cloud.calls().len() <= polls * 3 + effects + 3,
        "and nothing else is asked"
    );
    let calls = fleet.cloud.calls();
    let times: Vec<_> = calls
        .iter()
        .filter(|call| call.kind == CallKind::Cluster)
        .map(|call| call.at)
        .collect();
    let interval = chrono::TimeDelta::from_std(fleet.settings.poll_interval).expect("it is short");
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] > interval / 2),
        "polls keep their distance"
    );
}

/// D9, R7: bursts in two groups at once; every machine goes to a VPSieNode of the group it was asked for.
#[tokio::test(start_paused = true)]
async fn two_groups_grow_at_once_and_keep_apart() {
    for seed in 1..=4 {
        let mut fleet = Fleet::in_memory(seed);
        fleet.start().await;
        fleet.create(&fleet.node_group("web", 57, 3)).await;
        fleet.create(&fleet.node_group("batch", 58, 4)).await;
        let stored = fleet
            .until("both are Ready", |stored| {
                stored.counts("web", 3, 3) && stored.counts("batch", 4, 4)
            })
            .await;
        for claim in &stored.claims {
            let identifier = claim
                .spec
                .vpsie_node_identifier
                .as_deref()
                .expect("it is discovered");
            let machine = fleet.cloud.machine(identifier).expect("it exists");
            assert_eq!(
                claim.spec.vpsie_group_id,
                machine.group.and_then(|group| i64::try_from(group).ok())
            );
        }
        let report = fleet.truth().await;
        assert_eq!(
            (report.matched, report.is_clean()),
            (7, true),
            "seed {seed}: {report:?}"
        );
        assert_eq!(fleet.cloud.ledger().len(), 7, "seed {seed}");
    }
}
