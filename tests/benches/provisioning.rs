//! A thousand VPSieNodes at once, in the simulated world: `cargo bench -p system-tests --bench provisioning [count]`.
//!
//! Counts calls and writes, and takes times from the simulated clock, so the figures do not depend on the machine.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode};
use chrono::{DateTime, TimeDelta, Utc};
use fleet_sim::cloud::CallKind;
use fleet_sim::kube_api::{Verb, WriteRecord};
use http::Method;
use kit::fleet::Fleet;
use kit::wire::Sent;
use kube::ResourceExt;
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

/// When a write about a VPSieNode came: the aim is about those in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Creation,
    FromPendingToReady,
    Afterwards,
}

/// Prints the writes about one VPSieNode, on itself and on its Node, by when they came.
async fn print_writes(fleet: &Fleet, before: usize, count: i32) {
    let stored = fleet.stored().await;
    let named = |claim: &VPSieNode| Some((node_name(claim)?, claim.name_any()));
    let claims: BTreeMap<String, String> = stored.claims.iter().filter_map(named).collect();
    let mut kinds: BTreeMap<(Stage, String), usize> = BTreeMap::new();
    let mut ready = BTreeSet::new();
    let sent = fleet.wire.sent();
    for call in sent.iter().filter(|call| call.is_effect()).skip(before) {
        let Some((claim, kind)) = subject(call, &claims) else {
            continue;
        };
        let stage = if call.method == Method::POST {
            Stage::Creation
        } else if ready.contains(&claim) {
            Stage::Afterwards
        } else {
            Stage::FromPendingToReady
        };
        if call.body["status"]["phase"] == "Ready" {
            ready.insert(claim);
        }
        *kinds.entry((stage, kind)).or_default() += 1;
    }
    println!(
        "writes for each VPSieNode: {:.2}",
        per(kinds.values().sum(), count)
    );
    for wanted in [Stage::Creation, Stage::FromPendingToReady, Stage::Afterwards] {
        let of_stage = kinds.iter().filter(|((stage, _), _)| *stage == wanted);
        let all = of_stage.clone().map(|(_, writes)| writes).sum();
        println!("  {wanted:?}: {:.2}", per(all, count));
        for ((_, kind), writes) in of_stage {
            println!("    {kind}: {:.2}", per(*writes, count));
        }
    }
}

/// Says which VPSieNode a write is about, and what it changes; `claims` are their names by those of their Nodes.
fn subject(call: &Sent, claims: &BTreeMap<String, String>) -> Option<(String, String)> {
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    if let Some(place) = parts.iter().position(|part| *part == "vpsienodes") {
        let made = call.body["metadata"]["name"].as_str();
        let claim = parts.get(place + 1).copied().or(made)?;
        let part = if parts.last() == Some(&"status") {
            "status"
        } else {
            "object"
        };
        let kind = format!("VPSieNode {part}, {}{}", call.method, changed(&call.body));
        return Some((claim.to_owned(), kind));
    }
    let claim = claims.get(*parts.last()?)?;
    Some((claim.clone(), format!("Node, {}", call.method)))
}

/// Names what a write carries: annotations of ours, finalizers, the spec, a phase.
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
    parts.extend(body["status"]["phase"].as_str());
    parts.iter().map(|part| format!(" {part}")).collect()
}

fn node_name(claim: &VPSieNode) -> Option<String> {
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
