//! A thousand VPSieNodes at once, in the simulated world: `cargo bench -p system-tests --bench provisioning [count]`.
//!
//! Counts calls and writes, and takes times from the simulated clock, so the figures do not depend on the machine.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use autoscaler_controller::resources::NodeGroup;
use chrono::{DateTime, TimeDelta, Utc};
use fleet_sim::cloud::CallKind;
use fleet_sim::kube_api::{Verb, WriteRecord};
use kit::fleet::Fleet;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

/// Longest simulated time for all of them.
const LIMIT: TimeDelta = TimeDelta::hours(6);

/// What is taken down while the operator works.
#[derive(Default)]
struct Notes {
    seen: u64,
    appeared: BTreeMap<String, DateTime<Utc>>,
    labelled: BTreeMap<String, DateTime<Utc>>,
    /// Those that have appeared and bear no label yet.
    waiting: BTreeSet<String>,
}

// === impl Notes ===

impl Notes {
    /// Takes down when Nodes appeared, of what was written since the last time.
    fn take(&mut self, fleet: &Fleet) {
        let total = fleet.memory().write_count();
        if total == self.seen {
            return;
        }
        let new = fleet.memory().writes_after(self.seen);
        assert_eq!(
            u64::try_from(new.len()),
            Ok(total - self.seen),
            "writes were forgotten before they were read"
        );
        self.seen = total;
        for write in &new {
            self.note(write);
        }
    }

    fn note(&mut self, write: &WriteRecord) {
        if write.resource == "nodes" && write.verb == Verb::Create && write.changed {
            self.appeared.insert(write.name.clone(), write.at);
            self.waiting.insert(write.name.clone());
        }
    }

    /// Takes down which Nodes carry our label now.
    fn look(&mut self, fleet: &Fleet) {
        let now = fleet.clock.now();
        for name in std::mem::take(&mut self.waiting) {
            let node = fleet.memory().object("nodes", "", &name).unwrap_or_default();
            if node["metadata"]["labels"]["autoscaler.vpsie.com/vpsienode"].is_string() {
                self.labelled.insert(name, now);
            } else {
                self.waiting.insert(name);
            }
        }
    }
}

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime of one thread starts");
    runtime.block_on(measure(count.unwrap_or(1_000)));
}

async fn measure(count: i32) {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.create(&fleet.node_group("web", 57, 0)).await;
    fleet.polls(3).await;
    let writes_before = fleet.wire.effects();
    let began = fleet.clock.now();
    let wish = Patch::Merge(json!({ "spec": { "minNodes": count, "maxNodes": count } }));
    let (groups, parameters) = (fleet.api::<NodeGroup>(), PatchParams::default());
    let wished = groups.patch("web", &parameters, &wish).await;
    wished.expect("a person may ask for so many");
    let mut notes = Notes::default();
    let mut slept = 0_u32;
    loop {
        notes.take(&fleet);
        notes.look(&fleet);
        if slept.is_multiple_of(200) && fleet.stored().await.counts("web", count, count) {
            break;
        }
        assert!(fleet.clock.now() - began < LIMIT, "not all became Ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
        slept += 1;
    }
    println!(
        "VPSieNodes: {count}, all Ready after {} s",
        (fleet.clock.now() - began).num_seconds()
    );
    print_calls(&fleet);
    print_writes(&fleet, writes_before, count).await;
    print_labels(&notes);
}

/// Prints the calls of VPSie in one cycle: those of the poll, whatever the purchases.
fn print_calls(fleet: &Fleet) {
    let cycles = fleet.cloud.calls_of(CallKind::Cluster);
    let bought = fleet.cloud.calls_of(CallKind::AddWorker);
    let rest = fleet.cloud.calls().len() - bought;
    println!("calls of VPSie: {bought} purchases; {rest} others in {cycles} cycles");
}

/// Prints the writes about one VPSieNode, from its creation to Ready: on itself, and on its Node.
async fn print_writes(fleet: &Fleet, before: usize, count: i32) {
    let stored = fleet.stored().await;
    let nodes: BTreeSet<String> = stored.claims.iter().filter_map(node_name).collect();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let sent = fleet.wire.sent();
    for call in sent.iter().filter(|call| call.is_effect()).skip(before) {
        let mut parts = call.path.trim_matches('/').rsplit('/');
        let last = parts.next().unwrap_or_default();
        let kind = if call.is_about("vpsienodes") {
            let part = if last == "status" { "status" } else { "object" };
            format!("VPSieNode {part}, {}{}", call.method, changed(&call.body))
        } else if nodes.contains(last) {
            format!("Node, {}", call.method)
        } else {
            continue;
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let all: usize = kinds.values().sum();
    println!("writes for each VPSieNode: {:.2}", per(all, count));
    for (kind, writes) in kinds {
        println!("  {kind}: {:.2}", per(writes, count));
    }
}

/// Names the annotations of ours that a patch carries, or that it is about finalizers or the spec.
fn changed(body: &Value) -> String {
    let annotations = body["metadata"]["annotations"].as_object();
    let keys = annotations.into_iter().flat_map(|keys| keys.keys());
    let mut parts: Vec<&str> = keys.filter_map(|key| key.rsplit('/').next()).collect();
    if body["metadata"]["finalizers"].is_array() {
        parts.push("finalizers");
    }
    if body["spec"].is_object() {
        parts.push("spec");
    }
    parts.iter().map(|part| format!(" {part}")).collect()
}

fn node_name(claim: &autoscaler_controller::resources::VPSieNode) -> Option<String> {
    claim.status.as_ref().and_then(|status| status.node_name.clone())
}

fn per(number: usize, count: i32) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / f64::from(count)
}

/// Prints how long Nodes waited for their labels; 50 ms is how often it is looked.
fn print_labels(notes: &Notes) {
    let mut waits: Vec<i64> = notes
        .labelled
        .iter()
        .filter_map(|(name, at)| Some((*at - *notes.appeared.get(name)?).num_milliseconds()))
        .collect();
    waits.sort_unstable();
    let at = |part: usize| waits[(waits.len() - 1) * part / 100];
    println!(
        "from a Node to its labels: p50 {} ms, p90 {} ms, p99 {} ms, longest {} ms, of {}",
        at(50),
        at(90),
        at(99),
        at(100),
        waits.len()
    );
}
