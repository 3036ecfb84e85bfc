//! The JSON of an entry, letter by letter.

use rust_decimal::Decimal;

use crate::audit::{Draft, Ending};
use crate::{Health, State};

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_242_200 + seconds, 0).unwrap()
}

fn snapshot() -> Snapshot {
    Snapshot {
        lifecycle_state: State::Active,
        health_status: Health::Healthy,
        workload_count: 3,
        requested_cpu_m: 1500,
        requested_memory_mb: 512,
        workloads_ever: 7,
        age_minutes: Some(45),
        initialized_age_minutes: None,
        ending: Ending::default(),
    }
}

#[track_caller]
fn check(entry: &Entry, expected: &str) {
    let json = serde_json::to_string(entry).unwrap();
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), *entry);
}

/// LC-30, LC-35: the names of a rejection and of its snapshot.
#[test]
fn rejection_has_its_json_names() {
    let draft = Draft::new(
        Action::NodeDecommission,
        Outcome::Rejected,
        Decider::ScaleDownPolicy,
        "workload_pods",
    )
    .node("worker-1")
    .message("Node has 3 workload pods")
    .snapshot(snapshot())
    .repeats(5);
    check(
        &draft.stamped(at(0)),
        concat!(
            r#"{"timestamp":"2026-01-24T08:10:00Z","action":"node_decommission","node":"worker-1","#,
            r#""reason":"workload_pods","message":"Node has 3 workload pods","state_snapshot":{"#,
            r#""lifecycle_state":"active","health_status":"healthy","workload_count":3,"requested_cpu_m":1500,"#,
            r#""requested_memory_mb":512,"workloads_ever":7,"age_minutes":45},"#,
            r#""decision_by":"scale_down_policy","result":"rejected","repeats":5}"#,
        ),
    );
}

/// LC-30, LC-35: the names of a success, with the cost as an exact text.
#[test]
fn success_adds_cost_and_workload_times() {
    let ending = Ending {
        hourly_cost: Some(Decimal::new(329, 4)),
        first_workload_at: Some(at(60)),
        last_workload_at: Some(at(120)),
        idle_minutes: Some(31),
    };
    let snapshot = Snapshot {
        initialized_age_minutes: Some(44),
        ending,
        ..snapshot()
    };
    let draft = Draft::new(
        Action::WorkloadMigrate,
        Outcome::Failed,
        Author::Observation,
        "evicted",
    )
    .node("worker-1")
    .group("kube-system/workers")
    .workload("shop/web-1")
    .snapshot(snapshot)
    .error("timed out")
    .count(2);
    check(
        &draft.stamped(at(0)),
        concat!(
            r#"{"timestamp":"2026-01-24T08:10:00Z","action":"workload_migrate","node":"worker-1","#,
            r#""group":"kube-system/workers","workload":"shop/web-1","reason":"evicted","state_snapshot":{"#,
            r#""lifecycle_state":"active","health_status":"healthy","workload_count":3,"requested_cpu_m":1500,"#,
            r#""requested_memory_mb":512,"workloads_ever":7,"age_minutes":45,"initialized_age_minutes":44,"#,
            r#""hourly_cost":"0.0329","first_workload_at":"2026-01-24T08:11:00Z","#,
            r#""last_workload_at":"2026-01-24T08:12:00Z","idle_minutes":31},"#,
            r#""decision_by":"observation","result":"failed","error":"timed out","count":2}"#,
        ),
    );
}

/// LC-30: an entry about no node says so, and fields of a newer version are no obstacle.
#[test]
fn entry_of_a_newer_version_is_read() {
    let draft = Draft::new(
        Action::ScaleUp,
        Outcome::Success,
        Author::ScaleUpPolicy,
        "unschedulable_pods",
    );
    let entry = draft.stamped(at(0));
    check(
        &entry,
        concat!(
            r#"{"timestamp":"2026-01-24T08:10:00Z","action":"scale_up","node":null,"reason":"unschedulable_pods","#,
            r#""state_snapshot":null,"decision_by":"scale_up_policy","result":"success"}"#,
        ),
    );
    let newer = serde_json::to_string(&entry)
        .unwrap()
        .replace(r#""node""#, r#""mood":"good","node""#);
    assert_eq!(serde_json::from_str::<Entry>(&newer).unwrap(), entry);
}

/// LC-30: the words.
#[test]
fn words_of_entries_are_stable() {
    let actions: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    let expected = [
        "node_decommission",
        "node_provision",
        "workload_migrate",
        "scale_up",
        "scale_down",
        "lifecycle_transition",
        "audit_dropped",
    ];
    assert_eq!(actions, expected);
    let results: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    assert_eq!(results, ["success", "rejected", "failed"]);
}

/// LC-24: whoever may remove machines is named the same in the log.
#[test]
fn deciders_keep_their_names_in_the_log() {
    for decider in Decider::ALL {
        assert_eq!(Author::from(*decider).as_str(), decider.as_str());
    }
}

/// No error text can fill the disk, and none is cut inside a letter.
#[test]
fn long_text_is_cut_between_letters() {
    let draft = Draft::new(
        Action::NodeProvision,
        Outcome::Failed,
        Author::MinNodes,
        "refused",
    )
    .error("ä".repeat(5000));
    let error = draft.stamped(at(0)).error.unwrap();
    assert!(error.len() <= 4096 && error.len() > 4090, "{}", error.len());
    assert!(error.ends_with("ä…"));
    let fits = "x".repeat(4096);
    let draft = Draft::new(
        Action::NodeProvision,
        Outcome::Failed,
        Author::MinNodes,
        "refused",
    )
    .error(fits.clone());
    assert_eq!(draft.stamped(at(0)).error, Some(fits));
}
