//! Removing workers: by name, asynchronous, never a master.

use std::time::Duration;

use serde_json::json;

use crate::cloud::testing::SmallCloud;
use crate::cloud::{Delay, MachineState};

#[tokio::test(start_paused = true)]
async fn removed_worker_is_listed_a_while_longer_and_then_gone() {
    let world = SmallCloud::new();
    let (kept, gone) = (world.buy("uid-1"), world.buy("uid-2"));
    world.settle().await;
    world
        .cloud
        .behaviour(|behaviour| behaviour.removal_delay = Delay::exactly(Duration::from_secs(20)));
    assert_eq!(world.remove(&gone), (200, json!({"error": false, "data": true})));
    let state = |uuid: &str| world.cloud.machine(uuid).unwrap().state;
    assert_eq!((state(&gone), world.listed().len()), (MachineState::Removing, 3));
    world.cloud.clock().sleep(Duration::from_secs(20)).await;
    assert_eq!((state(&gone), world.listed().len()), (MachineState::Gone, 2));
    assert_eq!(state(&kept), MachineState::Running);
    let removals = world.cloud.removals();
    assert_eq!(removals.len(), 1);
    assert_eq!(
        (&removals[0].machine, removals[0].repeated, removals[0].by_hand),
        (&gone, false, false)
    );
}

#[tokio::test(start_paused = true)]
async fn repeated_removal_is_accepted_and_changes_nothing() {
    let world = SmallCloud::new();
    let gone = world.buy("uid-1");
    world.settle().await;
    world.remove(&gone);
    let first = world.cloud.machine(&gone).unwrap().removal_requested_at;
    world.cloud.clock().sleep(Duration::from_secs(2)).await;
    assert_eq!(world.remove(&gone).0, 200);
    assert_eq!(world.cloud.machine(&gone).unwrap().removal_requested_at, first);
    assert_eq!(
        world
            .cloud
            .removals()
            .iter()
            .map(|removal| removal.repeated)
            .collect::<Vec<_>>(),
        [false, true]
    );
}

#[tokio::test(start_paused = true)]
async fn master_cannot_be_removed() {
    let world = SmallCloud::new();
    let master = world.cloud.machines()[0].clone();
    let expected = json!({"error": true, "code": 400, "message": "Node is not a worker"});
    assert_eq!(world.remove(&master.uuid), (400, expected));
    world.settle().await;
    assert_eq!(
        world.cloud.machine(&master.uuid).unwrap().state,
        MachineState::Running
    );
    assert!(world.cloud.removals().is_empty());
}

#[tokio::test(start_paused = true)]
async fn machine_that_is_not_there_cannot_be_removed() {
    let world = SmallCloud::new();
    let gone = world.buy("uid-1");
    world.settle().await;
    world.remove(&gone);
    world.settle().await;
    let not_found = (404, json!({"error": true, "code": 404, "message": "Not found"}));
    assert_eq!(world.remove(&gone), not_found);
    assert_eq!(world.remove("nobody"), not_found);
}

#[tokio::test(start_paused = true)]
async fn shrinking_without_a_name_is_not_offered() {
    let world = SmallCloud::new();
    world.buy("uid-1");
    let path = format!("/apps/v2/k8s/cluster/byId/{}/reduce", world.cluster);
    assert_eq!(world.ask("DELETE", &path, "").0, 404);
    assert_eq!(
        world
            .ask("DELETE", &format!("{path}/slave"), r#"{"groupId":412}"#)
            .0,
        404
    );
}

#[tokio::test(start_paused = true)]
async fn machine_removed_before_it_joins_never_joins() {
    let world = SmallCloud::new();
    world.cloud.behaviour(|behaviour| {
        behaviour.removal_delay = Delay::none();
        behaviour.join_delay = Delay::exactly(Duration::from_secs(300));
    });
    let uuid = world.buy("uid-1");
    world.cloud.clock().sleep(Duration::from_secs(200)).await;
    world.remove(&uuid);
    world.settle().await;
    let machine = world.cloud.machine(&uuid).unwrap();
    assert_eq!((machine.state, machine.joined_at), (MachineState::Gone, None));
}
