//! The stored phases of the Go autoscaler, each with a machine and a Node of its own: where each of them ends.

use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode, keys};
use autoscaler_controller::{Gate, Graces};
use chrono::TimeDelta;
use fleet_sim::cloud::SimMachine;
use kit::fleet::{DATACENTER, Fleet, NAMESPACE, Stored};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::{NODE_GROUPS, VPSIE_NODES, documents, store, untyped};

/// The phases in which the machine is known, and the name of the VPSieNode.
const WITH_MACHINE: &[&str] = &[
    "workers-provisioned",
    "workers-joining",
    "workers-ready",
    "workers-terminating",
    "workers-deleting",
];

/// The one of which only an address is known, with the id 0.
const BY_ADDRESS: &str = "workers-provisioning";

/// Those that were deleted before.
const DELETED: &[&str] = &["workers-terminating", "workers-deleting"];

/// Those for which nothing was asked yet.
const UNASKED: &[&str] = &["workers-pending", "workers-fresh"];

/// Moves a stored group with empty blocks to the cluster of the simulated VPSie.
fn at_home(fleet: &Fleet, minimum: usize) -> Value {
    let mut group = documents(NODE_GROUPS)
        .into_iter()
        .find(|group| group["metadata"]["name"] == "empty-blocks")
        .expect("it is stored");
    group["metadata"]["name"] = json!("workers");
    group["metadata"]["labels"] = json!({ keys::LABEL_MANAGED: "true" });
    group["spec"]["minNodes"] = json!(minimum);
    group["spec"]["maxNodes"] = json!(minimum + 4);
    group["spec"]["resourceIdentifier"] = json!(fleet.cluster);
    group["spec"]["datacenterID"] = json!(DATACENTER);
    group["spec"]["offeringIDs"] = json!(["57"]);
    group["spec"]["kubeSizeID"] = json!(57);
    group
}

/// Writes into a stored VPSieNode what it would have said of this machine.
fn tell(claim: &mut Value, machine: &SimMachine) {
    let name = claim["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let address = machine.addresses.last().expect("it has addresses");
    let spec = claim["spec"].as_object_mut().expect("a spec");
    if name == BY_ADDRESS {
        spec.insert("ipAddress".to_owned(), json!(address));
        return;
    }
    spec.insert("vpsieInstanceID".to_owned(), json!(machine.number));
    spec.insert("vpsieNodeIdentifier".to_owned(), json!(machine.uuid));
    spec.insert("ipAddress".to_owned(), json!(address));
    spec.insert("nodeName".to_owned(), json!(machine.node_name()));
    spec.remove("ipv6Address");
    let status = claim["status"].as_object_mut().expect("a status");
    for key in ["nodeName", "hostname"] {
        if status.contains_key(key) {
            status.insert(key.to_owned(), json!(machine.node_name()));
        }
    }
}

/// Tells whether the deleted ones are gone and all others Ready, but for the failed one.
///
/// One more may have been made meanwhile: who is deleted waits for another in its place while there is room for one.
fn is_over(stored: &Stored) -> bool {
    let is_ready = |name: &str| {
        stored
            .claim(name)
            .is_some_and(|claim| claim.phase() == Phase::Ready)
    };
    let stays = |name: &&&str| !DELETED.contains(name);
    DELETED.iter().all(|name| stored.claim(name).is_none())
        && is_ready(BY_ADDRESS)
        && UNASKED.iter().all(|name| is_ready(name))
        && WITH_MACHINE.iter().filter(stays).all(|name| is_ready(name))
}

/// Checks that whoever stays has the machine that it had, and that machine's Node.
fn check_identities(stored: &Stored, machines: &BTreeMap<String, SimMachine>) {
    for (name, machine) in machines {
        let Some(claim) = stored.claim(name) else {
            continue;
        };
        assert_eq!(
            claim.spec.vpsie_node_identifier.as_ref(),
            Some(&machine.uuid),
            "{name}"
        );
        let node = claim.status.as_ref().and_then(|status| status.node_name.clone());
        assert_eq!(node, Some(machine.node_name()), "{name}");
        let labels = stored
            .node(&machine.node_name())
            .expect("its Node")
            .labels()
            .clone();
        assert_eq!(labels.get(keys::LABEL_VPSIE_NODE), Some(name), "{name}");
    }
}

/// Checks that of the stored ones only those asked that had not asked before, each once.
fn check_requests(fleet: &Fleet, uids: &BTreeMap<String, String>) {
    let ledger = fleet.cloud.ledger();
    let asked = |uid: &String| {
        ledger
            .iter()
            .filter(|posting| posting.request_id.as_ref() == Some(uid))
            .count()
    };
    for (name, uid) in uids {
        let wanted = usize::from(UNASKED.contains(&name.as_str()));
        assert_eq!(asked(uid), wanted, "{name}: {ledger:?}");
    }
    assert!(
        ledger.len() <= UNASKED.len() + 1,
        "one more in place of a deleted one: {ledger:?}"
    );
}

/// N2, I7: with VPSie there, each stored phase goes on to its end with the machine that it has: nothing that was asked
/// for is asked for again, and the machines of the deleted ones are removed, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn every_stored_phase_goes_on_with_its_own_machine() {
    let control_plane = kit::real_control_plane!();
    let mut fleet = Fleet::on(&control_plane).await;
    let graces = Graces {
        post_sync: TimeDelta::seconds(1),
        ..Graces::default()
    };
    fleet.settings.gate = Gate::new(graces).expect("a second is a grace");
    let number = fleet.cloud.add_group(&fleet.cluster, "workers", 57);
    let stays = WITH_MACHINE.len() - DELETED.len() + 1;
    let groups = untyped::<NodeGroup>(&control_plane);
    let group = at_home(&fleet, stays + UNASKED.len());
    let owner = store(&groups, &group, None).await;
    let mut machines: BTreeMap<String, SimMachine> = BTreeMap::new();
    let mut uids: BTreeMap<String, String> = BTreeMap::new();
    for mut claim in documents(VPSIE_NODES) {
        let name = claim["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        claim["spec"]["resourceIdentifier"] = json!(fleet.cluster);
        claim["spec"]["vpsieGroupID"] = json!(number);
        if WITH_MACHINE.contains(&name.as_str()) || name == BY_ADDRESS {
            let uuid = fleet.cloud.add_settled_worker(&fleet.cluster, number);
            let machine = fleet.cloud.machine(&uuid).expect("it was just added");
            tell(&mut claim, &machine);
            machines.insert(name.clone(), machine);
        }
        let claims = untyped::<VPSieNode>(&control_plane);
        uids.insert(name, store(&claims, &claim, Some(&owner)).await);
    }
    fleet.start().await;
    let stored = fleet.until("each has come to its end", is_over).await;

    check_identities(&stored, &machines);
    let failed = stored.claim("workers-failed").expect("it waits for a person");
    assert_eq!(failed.phase(), Phase::Failed);
    let removed: BTreeSet<String> = fleet
        .cloud
        .removals()
        .into_iter()
        .map(|removal| removal.machine)
        .collect();
    let wanted: BTreeSet<String> = DELETED.iter().map(|name| machines[*name].uuid.clone()).collect();
    assert_eq!(removed, wanted, "theirs and no other");
    check_requests(&fleet, &uids);
    let spec = &untyped::<NodeGroup>(&control_plane)
        .get("workers")
        .await
        .expect("it is there")
        .data["spec"];
    assert_eq!(*spec, group["spec"], "empty blocks stay empty");
    assert_eq!(
        NAMESPACE,
        stored
            .group("workers")
            .meta()
            .namespace
            .as_deref()
            .unwrap_or_default()
    );
    fleet.stop().await;
}
