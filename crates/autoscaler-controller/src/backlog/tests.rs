//! That each pod is in one place, and that who waits is told.

use super::*;
use serde_json::{Value, json};

fn pod(name: &str, node: Option<&str>, change: Value) -> Pod {
    let mut pod = json!({
        "metadata": { "namespace": "shop", "name": name, "uid": name, "labels": { "app": "web" } },
        "spec": {
            "nodeName": node,
            "containers": [{ "name": "web", "resources": { "requests": { "cpu": "100m" } } }],
        },
        "status": { "phase": "Pending" },
    });
    overlay(&mut pod, change);
    serde_json::from_value(pod).expect("it has the shape of a Pod")
}

fn overlay(object: &mut Value, change: Value) {
    if let Value::Object(fields) = change {
        for (key, value) in fields {
            overlay(&mut object[key], value);
        }
    } else {
        *object = change;
    }
}

fn refused() -> Value {
    json!({ "status": { "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "lastTransitionTime": "1970-01-01T00:01:40Z",
    }]}})
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

/// Returns the words for how each pod stands, with its name.
fn standings(backlog: &mut Backlog, seconds: i64) -> Vec<(String, &'static str)> {
    let pods = backlog.pods(&Volumes::default(), Duration::from_secs(30), at(seconds));
    let word = |standing| match standing {
        Standing::Waiting(_) => "waiting",
        Standing::Ignored(ignored) => ignored.word(),
        Standing::Unreadable(flaw) => flaw.word(),
    };
    pods.into_iter()
        .map(|pod| (pod.name.name.to_string(), word(pod.standing)))
        .collect()
}

fn one(name: &str, word: &'static str) -> Vec<(String, &'static str)> {
    vec![(name.to_owned(), word)]
}

/// SC-1: from its refusal to the end of the grace period a pod is ignored, then it waits; once bound, it is a resident.
#[test]
fn refused_pod_waits_after_its_grace_until_it_is_bound() {
    let mut backlog = Backlog::default();
    assert!(!backlog.take(&Event::Apply(pod("a", None, json!({})))));
    assert_eq!(standings(&mut backlog, 200), one("a", "not-unschedulable"));
    assert!(
        backlog.take(&Event::Apply(pod("a", None, refused()))),
        "it is told"
    );
    assert!(
        !backlog.take(&Event::Apply(pod("a", None, refused()))),
        "but once"
    );
    assert!(backlog.has_unschedulable());
    assert_eq!(standings(&mut backlog, 129), one("a", "within-grace"));
    assert_eq!(backlog.due_at(Duration::from_secs(30), at(129)), Some(at(130)));
    assert_eq!(standings(&mut backlog, 130), one("a", "waiting"));
    assert_eq!(backlog.due_at(Duration::from_secs(30), at(130)), None);
    assert_eq!(backlog.residents("n", &Volumes::default()), []);
    assert!(backlog.take(&Event::Apply(pod("a", Some("n"), refused()))));
    assert_eq!(standings(&mut backlog, 200), []);
    let residents = backlog.residents("n", &Volumes::default());
    let requests: Vec<i64> = residents.iter().map(|one| one.demand.requests.cpu_m).collect();
    assert_eq!(requests, [100]);
}

/// SC-4: who is on his way out is there until he is gone; who has ended is not.
#[test]
fn pod_that_ends_leaves_its_node() {
    let mut backlog = Backlog::default();
    let leaving = json!({ "metadata": { "deletionTimestamp": "2026-01-24T08:00:00Z" } });
    backlog.take(&Event::Apply(pod("a", Some("n"), json!({}))));
    backlog.take(&Event::Apply(pod("b", Some("n"), json!({}))));
    backlog.take(&Event::Apply(pod("a", Some("n"), leaving)));
    let terminating = |backlog: &mut Backlog| {
        let residents = backlog.residents("n", &Volumes::default());
        residents.iter().map(|one| one.is_terminating).collect::<Vec<_>>()
    };
    assert_eq!(terminating(&mut backlog), [true, false]);
    backlog.take(&Event::Delete(pod("a", Some("n"), json!({}))));
    assert_eq!(terminating(&mut backlog), [false]);
    let ended = json!({ "status": { "phase": "Succeeded" } });
    backlog.take(&Event::Apply(pod("b", Some("n"), ended)));
    assert_eq!(terminating(&mut backlog), Vec::<bool>::new());
}

/// SC-1: a new list is the whole truth once it is complete, and not before.
#[test]
fn new_list_replaces_what_was_known() {
    let mut backlog = Backlog::default();
    backlog.take(&Event::Apply(pod("a", None, refused())));
    backlog.take(&Event::Init);
    backlog.take(&Event::InitApply(pod("b", None, refused())));
    assert_eq!(standings(&mut backlog, 200), one("a", "waiting"));
    assert!(backlog.take(&Event::InitDone));
    assert_eq!(standings(&mut backlog, 200), one("b", "waiting"));
}

/// SC-2: a claim that comes after its pod counts, because volumes are looked at anew for each plan.
#[test]
fn claim_that_comes_later_counts() {
    let mut backlog = Backlog::default();
    let mut change = refused();
    change["spec"] =
        json!({ "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": "data" } }] });
    assert!(!backlog.has_claims());
    backlog.take(&Event::Apply(pod("a", None, change)));
    assert!(backlog.has_claims());
    assert_eq!(standings(&mut backlog, 200), one("a", "claim-unusable"));
    let mut volumes = Volumes::default();
    let object = |kind: Value| kind;
    let claim = object(json!({
        "metadata": { "namespace": "shop", "name": "data" }, "spec": { "volumeName": "v" },
    }));
    let volume = object(json!({ "metadata": { "name": "v" }, "spec": {} }));
    volumes.add_claim(
        serde_json::from_value::<k8s_openapi::api::core::v1::PersistentVolumeClaim>(claim).unwrap(),
    );
    volumes
        .add_volume(serde_json::from_value::<k8s_openapi::api::core::v1::PersistentVolume>(volume).unwrap());
    let pods = backlog.pods(&volumes, Duration::ZERO, at(200));
    assert!(matches!(pods[0].standing, Standing::Waiting(_)));
}

/// NS-30: while pods come and go, little room stands empty for them.
#[test]
fn room_for_guests_follows_their_number() {
    let mut backlog = Backlog::default();
    let mut check = |event| {
        backlog.take(&event);
        let Some(guests) = backlog.there.nodes.get("n1") else {
            return;
        };
        let (room, count) = (guests.capacity(), guests.len());
        assert!(room <= count + 2 * room::PLACES, "{room} places for {count} pods");
    };
    let pods: Vec<Pod> = (0..100)
        .map(|number| pod(&format!("p{number}"), Some("n1"), json!({})))
        .collect();
    for _ in 0..2 {
        pods.iter().for_each(|pod| check(Event::Apply(pod.clone())));
        pods.iter().for_each(|pod| check(Event::Delete(pod.clone())));
    }
    assert!(backlog.there.nodes.is_empty(), "each was found again");
}
