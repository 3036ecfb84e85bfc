//! Everything that can happen without a call, as a client sees it come about.

use serde_json::json;

use crate::client::Served;

/// Serves a cluster of one manager and two workers in the group `web`, to which one thing happens in a minute.
async fn with(what: &str) -> Served {
    Served::scenario(&format!(
        "clusters: [{{name: hel, groups: [{{name: web, size: 57, workers: 2}}, {{name: big, size: 58}}]}}]\n\
         behaviour: {{list_delay: 1s, boot_delay: 1s, removal_delay: 1s}}\n\
         happenings: [{{after: 1m, what: {what}}}]"
    ))
    .await
}

#[tokio::test(start_paused = true)]
async fn upgrade_replaces_managers_one_by_one() {
    let world = with("{upgrade: {cluster: hel, version: 1.35.0, pace: 1m}}").await;
    let old = world.hostnames().await;
    assert_eq!(world.summary().await["lock"], json!(0));
    world.later(61).await;
    let summary = world.summary().await;
    assert_eq!(
        (&summary["lock"], &summary["kube_version"]),
        (&json!(1), &json!("1.35.0"))
    );
    world.later(9).await;
    let both = world.hostnames().await;
    assert_eq!(
        (both.len(), &both[..3]),
        (4, old.as_slice()),
        "the new manager comes before the old one goes"
    );
    assert!(both[3].contains("-master-"), "{both:?}");
    world.later(60).await;
    assert_eq!(
        world.hostnames().await,
        [&both[1], &both[2], &both[3]].map(String::clone)
    );
    assert_eq!(world.summary().await["lock"], json!(1));
    world.later(60).await;
    let summary = world.summary().await;
    assert_eq!(
        (&summary["lock"], &summary["managerCount"]),
        (&json!(0), &json!(1))
    );
    let versions: Vec<String> = world
        .cloud
        .machines()
        .into_iter()
        .map(|machine| machine.version)
        .collect();
    assert_eq!(versions, ["1.34.1", "1.34.1", "1.34.1", "1.35.0"]);
}

#[tokio::test(start_paused = true)]
async fn person_adds_a_machine_that_no_posting_made() {
    for (group, expected) in [("", None), (", group: big", Some(413))] {
        let world = with(&format!("{{add_machine: {{cluster: hel{group}}}}}")).await;
        assert_eq!(world.hostnames().await.len(), 3);
        world.later(70).await;
        assert_eq!(world.hostnames().await.len(), 4);
        let machine = world.cloud.machines().pop().unwrap();
        assert_eq!((machine.group, machine.made_by), (expected, None));
        assert_eq!(world.cloud.ledger(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn person_removes_the_machine_that_was_picked() {
    for (which, gone) in [("", 2), (", which: newest", 2), (", which: oldest", 1)] {
        let world = with(&format!("{{remove_machine: {{cluster: hel{which}}}}}")).await;
        let before = world.hostnames().await;
        world.later(70).await;
        let after = world.hostnames().await;
        let left: Vec<&String> = before.iter().filter(|name| !after.contains(name)).collect();
        assert_eq!(left, [&before[gone]], "{which}");
        assert!(world.cloud.removals()[0].by_hand);
    }
}

#[tokio::test(start_paused = true)]
async fn machine_on_its_way_out_is_not_picked_again() {
    let world = Served::scenario(
        "{clusters: [{name: hel, workers_without_group: 2}], behaviour: {removal_delay: 10m},\n\
         happenings: [{after: 1m, what: {remove_machine: {cluster: hel}}},\n\
         {after: 2m, what: {remove_machine: {cluster: hel}}}]}",
    )
    .await;
    world.later(13 * 60).await;
    assert_eq!(world.hostnames().await.len(), 1, "both workers are gone");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_from_an_empty_group() {
    let world = with("{remove_machine: {cluster: hel, group: big}}").await;
    world.later(70).await;
    assert_eq!(world.hostnames().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn lock_closes_and_opens() {
    let world = with("{lock: {cluster: hel}}").await;
    world.later(61).await;
    assert_eq!(world.summary().await["lock"], json!(1));
    let world = Served::scenario(
        "{clusters: [{name: hel, locked: true}], happenings: [{after: 1m, what: {unlock: {cluster: hel}}}]}",
    )
    .await;
    assert_eq!(world.summary().await["lock"], json!(1));
    world.later(61).await;
    assert_eq!(world.summary().await["lock"], json!(0));
}

#[tokio::test(start_paused = true)]
async fn behaviour_changes_and_changes_back() {
    let world = Served::scenario(
        "clusters: [{name: hel, groups: [{name: web, size: 57}]}]\nbehaviour: {worker_cap: 1}\n\
         happenings: [{after: 1m, what: {behave: {worker_cap: none, add_reply: object}}}]",
    )
    .await;
    assert_eq!(world.add(412).await.data(), json!(true));
    let refusal = world.add(412).await;
    assert_eq!(
        refusal.json()["message"],
        json!("Worker nodes count exceeds the allowed limit")
    );
    world.later(61).await;
    assert_eq!(world.add(412).await.data()["status"], json!("provisioning"));
}

#[tokio::test(start_paused = true)]
async fn fault_waits_for_its_call_from_its_time_on() {
    let world = with("{fault: {call: clusters, effect: html_502}}").await;
    let statuses = async || world.get("/apps/v2/k8s/cluster/all").await.status;
    assert_eq!(statuses().await, 200);
    world.later(61).await;
    assert_eq!((statuses().await, statuses().await), (502, 200));
}

#[tokio::test(start_paused = true)]
async fn replaced_token_shuts_the_old_one_out() {
    let mut world = with("{accept_only_token: the-new-one}").await;
    world.later(61).await;
    assert_eq!(world.get("/apps/v2/k8s/cluster/all").await.status, 401);
    "the-new-one".clone_into(&mut world.token);
    assert_eq!(world.get("/apps/v2/k8s/cluster/all").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn things_happen_in_time_though_nobody_calls() {
    let world = with("{add_machine: {cluster: hel}}").await;
    world.later(86_400).await;
    assert_eq!(world.hostnames().await.len(), 4);
    let machine = world.cloud.machines().pop().unwrap();
    let born = world.cloud.clock().now() - machine.created_at;
    assert_eq!(born.num_seconds(), 86_400 - 60);
}
