//! Machines of our group that nothing explains: told until they are gone or adopted, and left alone.

use autoscaler_controller::resources::{Phase, VPSieNode, keys};
use kit::fleet::{Fleet, Stored};
use kube::ResourceExt;
use node_lifecycle::audit::Filter;
use prometheus_client::encoding::text::encode;

use super::telemetry::events;
use super::{bought, ready_web};

/// Leaked: a machine that turns up in our group, and that nothing explains, is told on the NodeGroup until it is gone; a
/// second one beside it is told by an Event and an entry of its own.
#[tokio::test(start_paused = true)]
async fn machine_that_nobody_asked_for_is_told_until_it_is_gone() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    let leaked = |stored: &Stored| stored.group_condition("web", "MachinesLeaked");
    fleet.polls(3).await;
    assert_eq!(leaked(&fleet.stored().await), None);
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    let uuid = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    let told = fleet.until("it is told", |stored| leaked(stored).is_some()).await;
    let mut metrics = String::new();
    encode(&mut metrics, &fleet.metrics.registry()).expect("a String takes everything");
    let gauge = "vpsie_autoscaler_leaked_machines{";
    let shown: Vec<&str> = metrics.lines().filter(|line| line.starts_with(gauge)).collect();
    assert!(
        matches!(shown.as_slice(), [one] if one.ends_with(" 1")),
        "{shown:?}"
    );
    let condition = leaked(&told).unwrap();
    assert_eq!(condition.reason.as_deref(), Some("LeakedMachine"));
    let machines = fleet.cloud.machines();
    let hostname = &machines
        .iter()
        .find(|machine| machine.uuid == uuid)
        .unwrap()
        .hostname;
    let message = condition.message.unwrap_or_default();
    assert!(message.contains(hostname), "{message} does not name {hostname}");
    fleet.polls(6).await;
    let once = ("NodeGroup Warning".to_owned(), 1);
    assert_eq!(
        said_of_leaks(&fleet).await,
        std::slice::from_ref(&once),
        "it is said once"
    );
    assert_eq!(bought(&fleet.cloud).len(), 2, "nothing is bought for it");
    let is_alive = |uuid: &str| {
        fleet
            .cloud
            .machines()
            .iter()
            .any(|it| it.uuid == uuid && it.is_alive())
    };
    assert!(is_alive(&uuid), "it is left alone");
    let second = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    fleet
        .until("so is the second one", |_| told_leaks(&fleet).len() == 2)
        .await;
    fleet.cloud.remove_by_hand(&uuid);
    fleet.polls(12).await;
    assert_eq!(
        said_of_leaks(&fleet).await,
        [once.clone(), once],
        "who is left is not told again"
    );
    assert_eq!(told_leaks(&fleet).len(), 2);
    fleet.cloud.remove_by_hand(&second);
    fleet
        .until("both are gone", |stored| leaked(stored).is_none())
        .await;
}

/// Lists the Events about leaked machines, with how often each was seen.
async fn said_of_leaks(fleet: &Fleet) -> Vec<(String, i32)> {
    let events = events(fleet).await.into_iter();
    events
        .filter(|(_, _, reason, _)| reason == "LeakedMachine")
        .map(|(kind, type_, _, count)| (format!("{kind} {type_}"), count))
        .collect()
}

/// Lists what the audit log has of leaked machines.
fn told_leaks(fleet: &Fleet) -> Vec<String> {
    let mut entries = fleet.audit.select(&Filter::default());
    entries.retain(|entry| entry.reason == "LeakedMachine");
    entries.iter().filter_map(|entry| entry.error.clone()).collect()
}

/// Describes a VPSieNode by which a person gives the group `web` a machine that runs already.
fn adopting(fleet: &Fleet, machine: &str) -> VPSieNode {
    let mut claim = fleet.vpsie_node("web-adopted", "web");
    claim.spec.vpsie_node_identifier = Some(machine.to_owned());
    claim
}

/// Leaked: a person adopts a machine by a VPSieNode that names it; it is labelled, nothing is bought, and its end is
/// like any other.
#[tokio::test(start_paused = true)]
async fn leaked_machine_is_adopted_by_a_vpsie_node_that_names_it() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    let leaked = |stored: &Stored| stored.group_condition("web", "MachinesLeaked");
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    let uuid = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    fleet.until("it is told", |stored| leaked(stored).is_some()).await;
    fleet.create(&adopting(&fleet, &uuid)).await;
    let stored = fleet
        .until("it is adopted", |stored| {
            leaked(stored).is_none() && stored.counts("web", 3, 3)
        })
        .await;
    let adopted = stored.claim("web-adopted").expect("it is stored");
    assert_eq!(adopted.phase(), Phase::Ready);
    let name = fleet.cloud.machine(&uuid).expect("it runs").node_name();
    let node = stored.node(&name).expect("its Node has joined");
    assert_eq!(
        node.labels().get(keys::LABEL_VPSIE_NODE).map(String::as_str),
        Some("web-adopted")
    );
    assert_eq!(fleet.cloud.ledger().len(), 2, "nothing is bought for it");
    fleet.delete::<VPSieNode>("web-adopted").await;
    fleet
        .until("it is removed", |stored| stored.claim("web-adopted").is_none())
        .await;
    let removals = fleet.cloud.removals().into_iter();
    let removed: Vec<String> = removals.map(|removal| removal.machine).collect();
    assert_eq!(removed, [uuid]);
}
