//! What the page says that waits, and what it no longer says.

use serde_json::{Value, json};

use super::browser::Browser;
use super::world::World;

/// Nodes and entries as the API tells of them.
const TOLD: &str = "
    const { waiting } = await import('/page/waiting.js');
    const node = (name, more = {}) => ({
      name, joined: false, node_group: 'default/web', vpsie_node: `default/${name}`, phase: 'pending', message: 'it has no Node',
      lifecycle_state: 'provisioning', details: { moments: { state_since: `2026-01-24T08:00:0${name.at(-1)}Z` } }, ...more });
    const entry = (action, result, reason, more = {}) => ({ action, result, reason, timestamp: '2026-01-24T08:00:00Z', ...more });
    const said = (nodes, entries) => waiting(nodes, entries).map(({ word, who, why, at }) => [word, who, why, at].join(' | '));
";

/// Runs a script on what is told; nothing without a browser.
async fn said(test: &str, script: &str) -> Option<Value> {
    let browser = Browser::start_or_skip(test)?;
    let world = World::new().await;
    browser.go(&format!("http://{}/", world.address));
    Some(browser.run(&format!("{TOLD} {script}")))
}

/// Few nodes have a row each, many that wait for the same have one together, and what is nobody's waits for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_wait_for_the_same_share_a_row() {
    let script = "const many = ['w-3', 'w-1', 'w-2', 'w-4'].map((name) => node(name));
        const others = [node('b-2', { node_group: 'default/batch' }), node('b-1', { message: '' })];
        const none = [node('n1', { phase: 'available' }), node('n2', { node_group: null, vpsie_node: null })];
        return said([...many, ...others, ...none], []);";
    let Some(rows) = said("nodes_that_wait_for_the_same_share_a_row", script).await else {
        return;
    };
    let expected = json!([
        "pending | b-1 | its life is provisioning | 2026-01-24T08:00:01Z",
        "pending | b-2 | it has no Node | 2026-01-24T08:00:02Z",
        "pending | 4 nodes | it has no Node | 2026-01-24T08:00:01Z",
    ]);
    assert_eq!(rows, expected);
}

/// LC-38: what was refused or failed is said, newest first and once; not after it succeeded, nor when its node is gone.
#[tokio::test(flavor = "multi_thread")]
async fn what_succeeded_since_is_not_said_to_wait() {
    let script = "const newest = [
          entry('node_decommission', 'success', 'removed', { node: 'w-1', request_id: 'r1' }),
          entry('node_provision', 'success', 'discovered', { node: 'w-2', request_id: 'r2' }),
          entry('scale_up', 'failed', 'max_nodes', { group: 'default/web', error: 'it has as many as it may' }),
          entry('node_decommission', 'rejected', 'workload_pods', { node: 'n1', request_id: 'r1' }),
          entry('node_decommission', 'rejected', 'workload_pods', { node: 'n2', request_id: 'r2', message: 'Workload pods run' }),
          entry('node_decommission', 'rejected', 'workload_pods', { node: 'n2', request_id: 'r2', message: 'Workload pods ran' }),
          entry('node_provision', 'failed', 'outcome_unknown', { node: 'w-2', request_id: 'r2' }),
          entry('scale_up', 'success', 'slots_free', { group: 'default/web' }),
        ];
        return said([], newest);";
    let Some(rows) = said("what_succeeded_since_is_not_said_to_wait", script).await else {
        return;
    };
    let expected = json!([
        "failed | default/web | scale up: max nodes, it has as many as it may | 2026-01-24T08:00:00Z",
        "rejected | n2 | node decommission: Workload pods run | 2026-01-24T08:00:00Z",
    ]);
    assert_eq!(rows, expected);
}

/// SC-7: a NodeGroup that is above a threshold and does not grow says why, where everybody sees it; no other says that.
#[tokio::test(flavor = "multi_thread")]
async fn group_that_is_held_back_says_why() {
    let script = "const { groupCard } = await import('/page/cards.js');
        const group = (told) => ({ key: 'default/web', name: 'web', namespace: 'default', assessment: 'completed',
          by_phase: { available: 1 }, details: { min_nodes: 1, max_nodes: 1, desired_nodes: 1, told } });
        const card = (told) => groupCard({ group: group(told), samples: [], now: 0 }).querySelector('.says')?.textContent ?? null;
        const held = { type: 'ScaleUp', status: 'False', reason: 'AtMaximumCapacity', message: 'it has maxNodes', since: null };
        return [card([]), card([held]), card([{ ...held, status: 'True' }]), card([{ ...held, type: 'ScaleDown' }])];";
    let Some(cards) = said("group_that_is_held_back_says_why", script).await else {
        return;
    };
    let expected = json!([
        null,
        "Does not grow (AtMaximumCapacity): it has maxNodes",
        null,
        null
    ]);
    assert_eq!(cards, expected);
}
