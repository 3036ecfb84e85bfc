//! What the watch of pods leaves in memory.

use super::*;
use serde_json::{Value, json};

fn pod(uid: &str, node: Option<&str>, change: impl FnOnce(&mut Value)) -> Pod {
    let mut pod = json!({
        "metadata": { "name": uid, "namespace": "shop", "uid": uid },
        "spec": { "nodeName": node, "containers": [
            { "name": "a", "resources": { "requests": { "cpu": "250m", "memory": "64Mi" } } },
            { "name": "b", "resources": { "requests": { "cpu": "1" } } },
        ] },
        "status": { "phase": "Running" },
    });
    change(&mut pod);
    serde_json::from_value(pod).expect("a pod")
}

fn running(uid: &str, node: &str) -> Pod {
    pod(uid, Some(node), |_| {})
}

/// Names the pods on a Node, of those with these uids.
fn uids<'u>(index: &PodIndex, node: &str, known: &[&'u str]) -> Vec<&'u str> {
    let name = |uid: PodUid| {
        *known
            .iter()
            .find(|known| PodUid::of(known) == uid)
            .expect("it is known")
    };
    let mut names: Vec<&str> = index.on(node).map(|pod| name(pod.uid)).collect();
    names.sort_unstable();
    names
}

/// LC-9, LC-17: DaemonSet, mirror, finished and unbound pods are no workload; a terminating one still is.
#[test]
fn only_workload_pods_are_kept() {
    let owned_by = |kind: &str| json!([{ "apiVersion": "apps/v1", "kind": kind, "name": "o", "uid": "o" }]);
    let mirror = json!({ "kubernetes.io/config.mirror": "x" });
    let pods = [
        pod("plain", Some("n1"), |_| {}),
        pod("of-set", Some("n1"), |pod| {
            pod["metadata"]["ownerReferences"] = owned_by("ReplicaSet")
        }),
        pod("leaving", Some("n1"), |pod| {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z")
        }),
        pod("daemon", Some("n1"), |pod| {
            pod["metadata"]["ownerReferences"] = owned_by("DaemonSet")
        }),
        pod("mirror", Some("n1"), |pod| {
            pod["metadata"]["annotations"] = mirror
        }),
        pod("done", Some("n1"), |pod| {
            pod["status"]["phase"] = json!("Succeeded")
        }),
        pod("dead", Some("n1"), |pod| pod["status"]["phase"] = json!("Failed")),
        pod("unbound", None, |_| {}),
    ];
    let mut index = PodIndex::default();
    for pod in pods {
        index.take(Event::Apply(pod));
    }
    let workload = ["leaving", "of-set", "plain"];
    assert_eq!(uids(&index, "n1", &workload), workload);
    assert_eq!(index.on("").count(), 0);
}

/// LC-8, LC-9: a pass is due when the first workload pod comes and when the last one leaves, not in between.
#[test]
fn only_the_first_and_the_last_pod_of_a_node_are_news() {
    let mut index = PodIndex::default();
    assert!(index.take(Event::Apply(running("a", "n1"))));
    assert!(
        !index.take(Event::Apply(running("a", "n1"))),
        "it was there already"
    );
    assert!(!index.take(Event::Apply(running("b", "n1"))));
    assert!(index.take(Event::Apply(running("c", "n2"))));
    assert!(!index.take(Event::Delete(running("b", "n1"))));
    let done = pod("a", Some("n1"), |pod| pod["status"]["phase"] = json!("Succeeded"));
    assert!(index.take(Event::Apply(done.clone())));
    assert!(!index.take(Event::Delete(done)), "it is gone already");
    assert_eq!(
        index.nodes.keys().collect::<Vec<_>>(),
        ["n2"],
        "an empty Node leaves no trace"
    );
}

/// LC-10: a list that arrives anew replaces what was known once it is complete, and not before.
#[test]
fn new_list_counts_once_it_is_complete() {
    let mut index = PodIndex::default();
    index.take(Event::Apply(running("a", "n1")));
    let events = [
        Event::Init,
        Event::InitApply(running("b", "n1")),
        Event::InitApply(running("c", "n2")),
    ];
    for event in events {
        assert!(!index.take(event));
    }
    assert_eq!(uids(&index, "n1", &["a"]), ["a"]);
    assert!(index.take(Event::InitDone));
    assert_eq!(uids(&index, "n1", &["b"]), ["b"]);
    assert_eq!(uids(&index, "n2", &["c"]), ["c"]);
}

/// LC-17: what is requested is what the scheduler sets aside.
#[test]
fn requests_are_summed_as_the_scheduler_does() {
    let of = |change: fn(&mut Value)| {
        let facts = facts(&pod("a", Some("n1"), change));
        (facts.requested_cpu_m, facts.requested_memory_bytes)
    };
    assert_eq!(of(|_| {}), (1250, 64 << 20));
    let with_init = |pod: &mut Value| {
        pod["spec"]["initContainers"] = json!([
            { "name": "first", "resources": { "requests": { "cpu": "3" } } },
            { "name": "side", "restartPolicy": "Always", "resources": { "requests": { "memory": "1Mi" } } },
        ]);
        pod["spec"]["overhead"] = json!({ "cpu": "10m" });
    };
    assert_eq!(of(with_init), (3010, 65 << 20));
    let as_a_whole = |pod: &mut Value| {
        pod["spec"]["resources"] = json!({ "requests": { "cpu": "2" } });
    };
    assert_eq!(of(as_a_whole), (2000, 64 << 20));
}

/// LC-17: what cannot be read is still something, and what is huge is still a number.
#[test]
fn quantity_that_cannot_be_read_is_not_nothing() {
    let of = |memory: &str| {
        let pod = pod("a", Some("n1"), |pod| {
            let memory = json!({ "requests": { "cpu": "250m", "memory": memory } });
            pod["spec"]["containers"][0]["resources"] = memory;
        });
        let facts = facts(&pod);
        (facts.requested_cpu_m, facts.requested_memory_bytes)
    };
    for text in ["", "many", "1Xi", "m"] {
        assert_eq!(of(text), (1, 1), "{text}");
    }
    assert_eq!(of("99999999P"), (1250, i64::MAX.unsigned_abs()));
}

/// LC-17: when a pod should have ended; a grace that it does not name is the usual one.
#[test]
fn end_of_a_terminating_pod_is_read() {
    let leaving = |grace: Value| {
        let pod = pod("a", Some("n1"), |pod| {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            pod["metadata"]["deletionGracePeriodSeconds"] = grace;
        });
        let removal = facts(&pod).removal.expect("it is leaving");
        (removal.due_at.to_rfc3339(), removal.grace.num_seconds())
    };
    assert_eq!(leaving(json!(90)), ("2026-01-01T00:00:00+00:00".to_owned(), 90));
    assert_eq!(leaving(Value::Null).1, 30);
    assert_eq!(facts(&running("a", "n1")).removal, None);
}

/// NS-12: every change of a Node's pods is noted for its state, and a new list only where it differs.
#[test]
fn nodes_whose_pods_changed_are_noted() {
    let mut index = PodIndex::default();
    let touched = |index: &mut PodIndex| match index.take_touched() {
        Marked::Some(nodes) => nodes.into_iter().map(|(_, node)| node).collect::<Vec<_>>(),
        Marked::All => vec!["all".to_owned()],
    };
    for pod in [running("a", "n1"), running("b", "n1"), running("c", "n2")] {
        index.take(Event::Apply(pod));
    }
    assert_eq!(touched(&mut index), ["n1", "n2"]);
    index.take(Event::Apply(running("b", "n1")));
    index.take(Event::Delete(running("x", "n3")));
    assert!(!index.is_touched(), "nothing is different");
    index.take(Event::Delete(running("b", "n1")));
    assert_eq!(touched(&mut index), ["n1"], "one of several");
    for event in [
        Event::Init,
        Event::InitApply(running("a", "n1")),
        Event::InitApply(running("d", "n2")),
        Event::InitApply(running("e", "n3")),
        Event::InitDone,
    ] {
        index.take(event);
    }
    assert_eq!(touched(&mut index), ["n2", "n3"]);
}

/// NS-30: while pods come and go, little room stands empty for them.
#[test]
fn room_for_pods_follows_their_number() {
    let mut index = PodIndex::default();
    let mut check = |event| {
        index.take(event);
        let Some(pods) = index.nodes.get("n1") else { return };
        let (room, count) = (pods.capacity(), pods.len());
        assert!(room <= count + 2 * room::PLACES, "{room} places for {count} pods");
    };
    let pods: Vec<Pod> = (0..100)
        .map(|number| running(&format!("p{number}"), "n1"))
        .collect();
    for _ in 0..2 {
        pods.iter().for_each(|pod| check(Event::Apply(pod.clone())));
        pods.iter().for_each(|pod| check(Event::Delete(pod.clone())));
    }
}
