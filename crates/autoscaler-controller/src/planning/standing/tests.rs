//! Which pods are planned for, and why not the others.

use fleet_plan::testing::{demand, resources};
use serde_json::{Value, json};

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1_000_000 + seconds)
}

fn time(seconds: i64) -> Value {
    json!(at(seconds).to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

/// Makes a pod that the scheduler found no Node for, an hour ago, and changes it.
fn pod(change: impl FnOnce(&mut Value)) -> WrittenPod {
    let mut pod = json!({
        "metadata": {"namespace": "shop", "name": "web-1", "creationTimestamp": time(-7200)},
        "spec": {"containers": [{"name": "web", "resources": {"requests": {"cpu": "1"}}}]},
        "status": {"phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": time(-3600),
        }]},
    });
    change(&mut pod);
    serde_json::from_value(pod).expect("it has the shape of a Pod")
}

fn standing(pod: &WrittenPod) -> Standing {
    let patience = Patience {
        now: at(0),
        grace: Duration::from_secs(30),
    };
    Reader::default().pod(pod, &Volumes::default(), patience).standing
}

fn condition(pod: &mut Value) -> &mut Value {
    &mut pod["status"]["conditions"][0]
}

/// SC-1: a pod is planned for when the default scheduler calls it unschedulable, and for no other word.
#[test]
fn unschedulable_pod_waits() {
    let read = standing(&pod(|_| {}));
    assert_eq!(read, Standing::Waiting(demand("shop").cpu(1000).into()));
}

/// SC-1: everything that keeps a pod out of planning is told apart, the most lasting reason first.
#[test]
fn ignored_pods_say_why() {
    type Change = fn(&mut Value);
    let cases: [(Change, Ignored); 9] = [
        (|pod| pod["status"] = json!({}), Ignored::NotUnschedulable),
        (
            |pod| condition(pod)["status"] = json!("True"),
            Ignored::NotUnschedulable,
        ),
        (
            |pod| condition(pod)["reason"] = json!("SchedulerError"),
            Ignored::NotUnschedulable,
        ),
        (
            |pod| pod["spec"]["schedulingGates"] = json!([{"name": "quota"}]),
            Ignored::SchedulingGated,
        ),
        (
            |pod| pod["spec"]["schedulerName"] = json!("volcano"),
            Ignored::OtherScheduler,
        ),
        (
            |pod| {
                pod["metadata"]["ownerReferences"] =
                    json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "logs", "uid": "1"}]);
            },
            Ignored::DaemonSet,
        ),
        (
            |pod| pod["metadata"]["deletionTimestamp"] = time(0),
            Ignored::Terminating,
        ),
        (
            |pod| condition(pod)["lastTransitionTime"] = time(-29),
            Ignored::WithinGrace,
        ),
        (
            |pod| condition(pod)["lastTransitionTime"] = time(60),
            Ignored::WithinGrace,
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(standing(&pod(change)), Standing::Ignored(expected));
    }
}

/// SC-1: the grace period is over at its end; it counts from the word of the scheduler, else from the creation, and a
/// pod without any time has waited.
#[test]
fn grace_period_counts_from_the_word_of_the_scheduler() {
    let over = |change: fn(&mut Value)| matches!(standing(&pod(change)), Standing::Waiting(_));
    assert!(over(|pod| condition(pod)["lastTransitionTime"] = time(-30)));
    assert!(over(|pod| condition(pod)["lastTransitionTime"] = json!(null)));
    assert!(!over(|pod| {
        condition(pod)["lastTransitionTime"] = json!(null);
        pod["metadata"]["creationTimestamp"] = time(-29);
    }));
    assert!(over(|pod| {
        condition(pod)["lastTransitionTime"] = json!(null);
        pod["metadata"]["creationTimestamp"] = json!(null);
    }));
}

/// SC-3: a pod that waits and cannot be read is named with what is wrong.
#[test]
fn pod_that_cannot_be_read_says_so() {
    let broken = pod(|pod| pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("many"));
    let Standing::Unreadable(flaw) = standing(&broken) else {
        panic!("it was read")
    };
    assert_eq!(flaw.word(), "pod-unreadable");
    let claim = pod(|pod| {
        pod["spec"]["volumes"] = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
    });
    assert!(matches!(
        standing(&claim),
        Standing::Unreadable(PodFlaw::Claim(_))
    ));
}

/// SC-4: a pod is on its Node until it has ended; whether it could be placed anew does not matter for what it takes.
#[test]
fn resident_counts_until_it_has_ended() {
    let bound = |phase: &str| {
        pod(|pod| {
            pod["spec"]["nodeName"] = json!("n1");
            pod["status"]["phase"] = json!(phase);
            pod["spec"]["volumes"] = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
        })
    };
    for (phase, expected) in [("Running", Some("n1")), ("Succeeded", None), ("Failed", None)] {
        assert_eq!(residence(&bound(phase)), expected, "{phase}");
        assert!(!is_pending(&bound(phase)), "{phase}");
    }
    assert!(is_pending(&pod(|_| {})));
    assert!(!is_pending(&pod(|pod| pod["status"]["phase"] = json!("Failed"))));
    let mut leaving = bound("Running");
    leaving.metadata.deletion_timestamp = leaving.metadata.creation_timestamp.clone();
    let read = Reader::default().resident(&leaving, &Volumes::default());
    let resident = read.expect("the missing claim does not matter");
    assert!(resident.is_terminating);
    assert_eq!(resident.demand.requests, resources(1000, 0));
}

/// SC-2: what a DaemonSet puts on a new Node is what its template asks for, in its own namespace.
#[test]
fn daemon_is_read_from_its_template() {
    let set = json!({
        "metadata": {"namespace": "kube-system", "name": "logs"},
        "spec": {"selector": {}, "template": {
            "metadata": {"labels": {"app": "logs"}},
            "spec": {"containers": [{"name": "logs", "resources": {"requests": {"cpu": "50m"}}}], "nodeSelector": {"disk": "ssd"}},
        }},
    });
    let set = serde_json::from_value(set).expect("it has the shape of a DaemonSet");
    let read = Reader::default().daemon(&set).expect("it can be read");
    let expected = demand("kube-system")
        .label("app", "logs")
        .cpu(50)
        .selects("disk", "ssd");
    assert_eq!(*read, expected);
}
