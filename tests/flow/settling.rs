//! The five seconds in which a Node takes no new pods before its machine goes, and what may happen in them.

use std::time::Duration;

use autoscaler_controller::resources::NodeGroup;
use chrono::{DateTime, Utc};
use fleet_sim::kube_api::{Verb, WriteRecord};
use kit::fleet::Fleet;
use serde_json::Value;

use super::scenarios::{cordoned, shrink, until_gone};
use super::{hold_removal, ready_web};

/// Lists what was written of cordons of all Nodes, in order.
fn cordons(fleet: &Fleet) -> Vec<Value> {
    let sent = fleet.wire.sent();
    let writes = sent.iter().filter(|sent| sent.is_about("nodes"));
    let cordons = writes.filter_map(|write| write.body["spec"].get("unschedulable"));
    cordons.cloned().collect()
}

/// LC-25: a machine goes five seconds after its Node was cordoned, however seldom VPSie is asked.
#[tokio::test(start_paused = true)]
async fn idle_node_is_cordoned_once_however_seldom_vpsie_is_asked() {
    let mut fleet = Fleet::in_memory(1);
    fleet.settings.poll_interval = Duration::from_secs(300);
    ready_web(&mut fleet, 1).await;
    shrink(&fleet).await;
    until_gone(&fleet).await;
    assert_eq!(cordons(&fleet), [Value::Bool(true)]);
    assert_eq!(fleet.cloud.removals().len(), 1);
}

/// LC-25a, LC-29: a new process that does not remove anything yet leaves the Node cordoned that is to go.
#[tokio::test(start_paused = true)]
async fn cordon_outlasts_a_restart() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    shrink(&fleet).await;
    // The Node is cordoned and settled; the process dies before its machine is asked to go.
    hold_removal(&fleet).await;
    fleet.kill().await;
    assert_eq!(cordoned(&fleet.stored().await), ["web-1"]);
    fleet.start().await;
    until_gone(&fleet).await;
    assert_eq!(cordons(&fleet), [Value::Bool(true)]);
}

/// LC-25: the five seconds count from the write that cordons the Node, however long after the decision it comes.
#[tokio::test(start_paused = true)]
async fn settling_begins_when_the_node_is_cordoned() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    fleet
        .wire
        .hold(|sent| sent.path.ends_with("/web-1/status") && sent.body.to_string().contains("Settling"));
    fleet.delete::<NodeGroup>("web").await;
    fleet.wire.is_held().await;
    // Both cordons are decided on, and the second comes once everything about the first VPSieNode is done.
    tokio::time::sleep(Duration::from_secs(4)).await;
    fleet.wire.release();
    fleet
        .until("both are removed", |_| fleet.cloud.removals().len() == 2)
        .await;
    for removal in fleet.cloud.removals() {
        let machine = fleet.cloud.machine(&removal.machine).expect("it was");
        let waited = removal.at - cordoned_at(&fleet, &machine.node_name());
        assert!(waited >= fleet.settings.settle, "{waited}");
    }
}

/// Returns when the last write to a Node itself came: that is its cordon.
fn cordoned_at(fleet: &Fleet, node: &str) -> DateTime<Utc> {
    let writes = fleet.memory().writes();
    let is_of_node = |write: &&WriteRecord| {
        (write.verb, write.resource.as_str()) == (Verb::Patch, "nodes") && write.subresource.is_empty()
    };
    let mut written = writes
        .iter()
        .filter(is_of_node)
        .filter(|write| write.name == node);
    written.next_back().expect("it was cordoned").at
}
