//! Requests for workers that go wrong: what is repeated, what never is, and what a person sees.

use std::collections::BTreeSet;
use std::time::Duration;

use autoscaler_controller::resources::keys;
use chrono::TimeDelta;
use fleet_sim::cloud::{CallKind, Delay, Fault, FaultEffect};
use fleet_sim::kube_api::{Verb, WriteRecord};
use http::Method;
use kit::fleet::{Fleet, Stored};
use kit::wire::Sent;
use kube::ResourceExt;

use super::{bought, web};

/// Starts the operator with the NodeGroup `web` of one node.
async fn start_web(fleet: &mut Fleet) {
    start(fleet, 1).await;
}

/// Starts the operator with the NodeGroup `web` of some nodes.
async fn start(fleet: &mut Fleet, minimum: i32) {
    fleet.start().await;
    fleet.create(&web(fleet, minimum)).await;
}

/// Reads the outcome that is recorded for the request of a VPSieNode.
fn outcome(stored: &Stored, name: &str) -> Option<String> {
    let text = stored
        .claim(name)?
        .annotations()
        .get(keys::ANNOTATION_CREATION_INTENT)?;
    let intent: serde_json::Value = serde_json::from_str(text).ok()?;
    intent["outcome"].as_str().map(str::to_owned)
}

/// I2: whatever is lost of an answer, the machine behind it is discovered and not bought again.
#[tokio::test(start_paused = true)]
async fn machine_behind_a_lost_answer_is_discovered_and_not_bought_twice() {
    for effect in [FaultEffect::LoseReplyAfterEffect, FaultEffect::Html502AfterEffect] {
        let mut fleet = Fleet::in_memory(1);
        fleet.cloud.fault(Fault::on(CallKind::AddWorker, effect.clone()));
        start_web(&mut fleet).await;
        let stored = fleet
            .until("web is Ready", |stored| stored.counts("web", 1, 1))
            .await;
        assert_eq!(
            outcome(&stored, "web-1").as_deref(),
            Some("unknown"),
            "{effect:?}"
        );
        assert_eq!(fleet.cloud.ledger().len(), 1, "{effect:?}");
        assert!(fleet.truth().await.is_clean(), "{effect:?}");
    }
}

/// I2: a clear refusal is shown, and repeated only after a wait that grows.
#[tokio::test(start_paused = true)]
async fn refused_request_waits_longer_each_time_and_says_why() {
    let mut fleet = Fleet::in_memory(1);
    fleet.cloud.behaviour(|behaviour| behaviour.worker_cap = Some(2));
    start_web(&mut fleet).await;
    let stored = fleet
        .until("three refusals", |_| fleet.cloud.ledger().len() >= 3)
        .await;
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("VPSieRefused"));
    let ready = stored.claim_condition("web-1", "VPSReady");
    let waits_for = ready.and_then(|ready| ready.reason.as_deref());
    assert_eq!(waits_for, Some("BackingOff"));
    let shown = stored
        .claim("web-1")
        .and_then(|claim| claim.status.clone()?.last_error);
    assert!(shown.is_some_and(|text| text.contains("Worker nodes count exceeds")));
    let times: Vec<_> = fleet.cloud.ledger().iter().map(|posting| posting.at).collect();
    // The wait counts from the intent, which is written a moment before the request arrives.
    assert!(times[1] - times[0] >= TimeDelta::seconds(29), "{times:?}");
    assert!(times[2] - times[1] >= TimeDelta::seconds(59), "{times:?}");

    fleet.cloud.behaviour(|behaviour| behaviour.worker_cap = None);
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(
        stored.claim_problem("web-1"),
        None,
        "an old refusal is no longer shown"
    );
    assert_eq!(
        stored
            .claim("web-1")
            .and_then(|claim| claim.status.clone()?.last_error),
        None
    );
    assert_eq!(bought(&fleet.cloud).len(), 1);
    assert!(fleet.truth().await.is_clean());
}

/// I2: what certainly did not arrive is asked again, after a wait.
#[tokio::test(start_paused = true)]
async fn request_that_was_not_taken_is_repeated_after_a_wait() {
    let rate_limited = FaultEffect::RateLimited { retry_after: None };
    for effect in [FaultEffect::Unauthorized, rate_limited] {
        let mut fleet = Fleet::in_memory(1);
        fleet.cloud.fault(Fault::on(CallKind::AddWorker, effect.clone()));
        start_web(&mut fleet).await;
        let stored = fleet
            .until("the first request is settled", |stored| {
                outcome(stored, "web-1").is_some_and(|outcome| outcome != "open")
            })
            .await;
        assert_eq!(
            outcome(&stored, "web-1").as_deref(),
            Some("not-sent"),
            "{effect:?}"
        );
        fleet
            .until("web is Ready", |stored| stored.counts("web", 1, 1))
            .await;
        let times: Vec<_> = fleet.cloud.ledger().iter().map(|posting| posting.at).collect();
        assert_eq!(times.len(), 2, "{effect:?}");
        assert!(
            times[1] - times[0] >= TimeDelta::seconds(29),
            "{effect:?} {times:?}"
        );
        assert!(fleet.truth().await.is_clean(), "{effect:?}");
    }
}

/// I1: when the intent cannot be written, or cannot be read back, nothing is asked of VPSie until a later try.
#[tokio::test(start_paused = true)]
async fn request_without_a_lasting_intent_does_not_leave() {
    use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};
    for verb in [Verb::Patch, Verb::Get] {
        let mut fleet = Fleet::in_memory(1);
        let failing = KubeFault::new(KubeFaultEffect::Status(500))
            .on(verb)
            .name("web-1");
        fleet.memory().fault(failing);
        start_web(&mut fleet).await;
        let stored = fleet
            .until("web is Ready", |stored| stored.counts("web", 1, 1))
            .await;
        assert_eq!(fleet.memory().faults_left(), 0, "{verb:?}: the fault has struck");
        let ledger = fleet.cloud.ledger();
        assert_eq!(ledger.len(), 1, "{verb:?}");
        let intent: serde_json::Value = stored
            .claim("web-1")
            .and_then(|claim| claim.annotations().get(keys::ANNOTATION_CREATION_INTENT))
            .and_then(|text| serde_json::from_str(text).ok())
            .expect("the intent");
        let attempts = if verb == Verb::Get { 2 } else { 1 };
        assert_eq!(
            intent["attempt"], attempts,
            "{verb:?}: a failed read-back is a try of its own"
        );
        assert!(fleet.truth().await.is_clean(), "{verb:?}");
    }
}

/// Starts the operator, creates the NodeGroup `web` and holds the write of its first intent.
async fn hold_first_intent(fleet: &mut Fleet) {
    fleet.start().await;
    fleet
        .wire
        .hold(|sent| sent.body.to_string().contains("creation-intent"));
    fleet.create(&web(fleet, 1)).await;
    fleet.wire.is_held().await;
}

/// I1: a watch that lags behind does not show yet which request refers to a baseline; it is kept all the same.
#[tokio::test(start_paused = true)]
async fn baseline_of_a_request_that_the_watch_does_not_show_is_kept() {
    let mut fleet = Fleet::in_memory(1);
    // Without zones only a baseline proves that a machine is new.
    fleet.cloud.behaviour(|behaviour| behaviour.zone_on_dates = false);
    hold_first_intent(&mut fleet).await;
    fleet
        .wire
        .hold(|sent| sent.method == Method::GET && sent.path.ends_with("/vpsienodes"));
    fleet.memory().cut_watches();
    fleet.wire.is_held().await;
    fleet.wire.release();
    fleet
        .until("the machine is listed", |_| bought(&fleet.cloud).len() == 1)
        .await;
    tokio::time::sleep(Duration::from_secs(240)).await;
    fleet.wire.release();
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(stored.phases(), ["Ready"]);
    assert_eq!(fleet.cloud.ledger().len(), 1, "nothing was asked for again");
}

/// I1: a request leaves within five seconds of its intent or not at all; that is written down, and it is made anew.
#[tokio::test(start_paused = true)]
async fn request_whose_intent_has_grown_old_never_leaves() {
    let mut fleet = Fleet::in_memory(1);
    hold_first_intent(&mut fleet).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    fleet.wire.release();
    let stored = fleet
        .until("it is given up", |stored| {
            stored.claim_problem("web-1").as_deref() == Some("VPSieNotReached")
        })
        .await;
    assert_eq!(outcome(&stored, "web-1").as_deref(), Some("not-sent"));
    assert_eq!(fleet.cloud.ledger().len(), 0);
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(fleet.cloud.ledger().len(), 1);
}

/// I1, I2: what came of a purchase is written down although the object changes, or its write fails, meanwhile.
#[tokio::test(start_paused = true)]
async fn outcome_of_a_purchase_is_written_again_from_a_fresh_read() {
    use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};
    let effects = [
        KubeFaultEffect::Conflict,
        KubeFaultEffect::Status(500),
        KubeFaultEffect::LoseReply,
    ];
    for effect in effects {
        let mut fleet = Fleet::in_memory(1);
        hold_first_intent(&mut fleet).await;
        // The held write is that of the intent. That of the outcome goes with the status, and, when that fails, alone.
        let fault = || KubeFault::new(effect).on(Verb::Patch).name("web-1");
        fleet.memory().fault(fault().subresource("status"));
        fleet.memory().fault(fault().subresource("").after(1));
        fleet.wire.release();
        let stored = fleet
            .until("the request is settled", |stored| {
                outcome(stored, "web-1").is_some_and(|outcome| outcome != "open")
            })
            .await;
        assert_eq!(
            fleet.memory().faults_left(),
            0,
            "{effect:?}: the fault has struck"
        );
        assert_eq!(
            outcome(&stored, "web-1").as_deref(),
            Some("accepted"),
            "{effect:?}"
        );
        assert_eq!(fleet.cloud.ledger().len(), 1, "{effect:?}");
    }
}

/// I1, M3: what is written of a VPSieNode and its Node, from its creation to Ready; more of it would hold up larger fleets.
#[tokio::test(start_paused = true)]
async fn vpsie_node_becomes_ready_with_eight_writes() {
    let mut fleet = Fleet::in_memory(1);
    start_web(&mut fleet).await;
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    let node = stored
        .claim("web-1")
        .and_then(|claim| claim.status.clone()?.node_name);
    let node = node.expect("its Node is recorded");
    let sent = fleet.wire.sent();
    let written = sent.iter().filter(|sent| {
        sent.is_effect()
            && (sent.is_about("vpsienodes") || (sent.is_about("nodes") && sent.path.ends_with(&node)))
    });
    let told: Vec<String> = written.map(written_parts).collect();
    let ready = told.iter().position(|told| told == "status Ready");
    let until_ready = ready.map(|ready| told[..=ready].to_vec()).unwrap_or_default();
    let expected = [
        "lifecycle finalizers spec",
        "creation-intent creation-requested",
        "status Provisioning",
        "creation-intent lifecycle spec",
        "status Provisioned",
        "spec",
        "labels",
        "status Ready",
    ];
    assert_eq!(until_ready, expected);
}

/// Names what a write carries: annotations of ours, finalizers, labels of a Node, the spec, a phase.
fn written_parts(sent: &Sent) -> String {
    let body = &sent.body;
    if let Some(phase) = body["status"]["phase"].as_str() {
        return format!("status {phase}");
    }
    if sent.is_about("nodes") {
        return "labels".to_owned();
    }
    let annotations = body["metadata"]["annotations"].as_object();
    let keys = annotations.into_iter().flat_map(|keys| keys.keys());
    let mut parts: Vec<&str> = keys.filter_map(|key| key.rsplit('/').next()).collect();
    for (part, value) in [
        ("finalizers", &body["metadata"]["finalizers"]),
        ("spec", &body["spec"]),
    ] {
        if !value.is_null() {
            parts.push(part);
        }
    }
    parts.join(" ")
}

/// L1: Nodes get their labels at once, however many machines wait to be asked for.
#[tokio::test(start_paused = true)]
async fn node_is_labelled_while_requests_wait_for_the_rate_limit() {
    let mut fleet = Fleet::in_memory(1);
    // The first Nodes join while the last machines are asked for.
    fleet.cloud.behaviour(|behaviour| {
        behaviour.boot_delay = Delay::exactly(Duration::from_secs(1));
        behaviour.join_delay = Delay::exactly(Duration::from_secs(20));
    });
    start(&mut fleet, 60).await;
    let stored = fleet
        .until("all are Ready", |stored| stored.counts("web", 60, 60))
        .await;
    let names = stored
        .claims
        .iter()
        .filter_map(|claim| claim.status.as_ref()?.node_name.clone());
    let names: BTreeSet<String> = names.collect();
    let writes = fleet.memory().writes();
    let of_nodes = || {
        writes
            .iter()
            .filter(|write| write.resource == "nodes" && write.changed)
    };
    let made = of_nodes().filter(|write| write.verb == Verb::Create && names.contains(&write.name));
    let waits: Vec<i64> = made
        .filter_map(|made| {
            let is_label = |write: &&WriteRecord| write.verb == Verb::Patch && write.subresource.is_empty();
            let mut labels = of_nodes()
                .filter(is_label)
                .filter(|write| write.name == made.name);
            Some((labels.next()?.at - made.at).num_milliseconds())
        })
        .collect();
    assert_eq!(waits.len(), 60);
    assert!(waits.iter().all(|wait| *wait <= 250), "milliseconds: {waits:?}");
    let requests: Vec<_> = fleet.cloud.ledger().iter().map(|posting| posting.at).collect();
    let took = requests[59] - requests[0];
    assert!(took > TimeDelta::seconds(30), "the rate limit was felt: {took}");
}
