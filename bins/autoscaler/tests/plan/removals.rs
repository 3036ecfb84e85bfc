//! Which Nodes would go, and every reason why one stays, each from objects that differ in one thing.

#[path = "removals/pods.rs"]
mod pods;
#[path = "removals/thresholds.rs"]
mod thresholds;

use serde_json::{Value, json};

use super::planned;

/// Changes one of the objects.
type Change = fn(&mut Value);

fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name, "creationTimestamp": "2026-11-20T20:00:00Z",
            "labels": {"kubernetes.io/hostname": name},
        },
        "status": {
            "allocatable": {"cpu": "1900m", "memory": "3300Mi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

fn vpsie_node(name: &str, node: &str) -> Value {
    json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "VPSieNode",
        "metadata": {"name": name, "namespace": "kube-system", "creationTimestamp": "2026-11-20T20:00:00Z"},
        "spec": {"vpsieInstanceID": 1001, "instanceType": "x", "nodeGroupName": "workers", "datacenterID": "hel"},
        "status": {"phase": "Ready", "hostname": node, "readyAt": "2026-11-20T20:05:00Z"},
    })
}

fn pod(name: &str, node: &str, cpu: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "shop", "uid": name, "labels": {"app": "web"}, "annotations": {},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "r", "controller": true},
            ],
        },
        "spec": {"nodeName": node, "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"phase": "Running", "startTime": "2026-11-20T21:00:00Z"},
    })
}

/// Is a cluster of two Nodes, of which `n1` could go: its one pod fits on `n2`, which is busy.
#[derive(Clone)]
struct World(Vec<Value>);

const GROUP: usize = 0;
const NODE: usize = 1;
const CLAIM: usize = 2;
const POD: usize = 3;

fn world() -> World {
    let group = json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "NodeGroup",
        "metadata": {
            "name": "workers", "namespace": "kube-system", "labels": {"autoscaler.vpsie.com/managed": "true"},
            "annotations": {},
        },
        "spec": {"minNodes": 1, "maxNodes": 9, "datacenterID": "hel", "offeringIDs": ["x"], "kubeSizeID": 57},
        "status": {},
    });
    World(vec![
        group,
        node("n1"),
        vpsie_node("w1", "n1"),
        pod("web-1", "n1", "500m"),
        node("n2"),
        vpsie_node("w2", "n2"),
        pod("web-2", "n2", "1200m"),
    ])
}

impl World {
    fn but(mut self, index: usize, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.0[index]);
        self
    }

    fn with(mut self, object: Value) -> Self {
        self.0.push(object);
        self
    }

    fn annotated(self, index: usize, key: &str, value: &str) -> Self {
        self.but(index, |object| {
            object["metadata"]["annotations"][key] = json!(value)
        })
    }

    /// Names the Nodes that go.
    fn going(&self) -> Vec<String> {
        let plan = planned(&self.0);
        let lines = plan["scaleDown"].as_array().expect("a list").iter();
        lines
            .map(|line| line["node"].as_str().expect("a name").to_owned())
            .collect()
    }

    /// Lists the reasons for which a Node stays, with their details.
    fn reasons(&self, name: &str) -> Vec<(String, String)> {
        let plan = planned(&self.0);
        let lines = plan["nodes"].as_array().expect("a list");
        let all: Vec<&Value> = lines.iter().map(|line| &line["node"]).collect();
        assert!(
            all.contains(&&json!("n1")) && all.contains(&&json!("n2")),
            "{all:?}"
        );
        let line = lines
            .iter()
            .find(|line| line["node"] == name)
            .expect("every Node is listed");
        let stays = line["mustStay"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        stays
            .map(|stay| (text(&stay["reason"]), text(&stay["detail"])))
            .collect()
    }

    #[track_caller]
    fn check(&self, words: &[&str]) {
        let reasons = self.reasons("n1");
        let found: Vec<&str> = reasons.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(found, words, "{reasons:?}");
    }

    /// Checks the only reason for which `n1` stays.
    #[track_caller]
    fn check_detail(&self, word: &str, detail: &str) {
        assert_eq!(self.reasons("n1"), [(word.to_owned(), detail.to_owned())]);
    }
}

/// SC-11, SC-20: a Node whose pods fit elsewhere goes, with where they go and what is saved; a file has no lifecycle record,
/// and a hostname is proof enough. A group without a policy has that of the table.
#[test]
fn node_that_nothing_needs_goes() {
    let plan = planned(&world().0);
    let expected = json!([{
        "node": "n1", "action": "remove",
        "moves": [{"pod": "shop/web-1", "to": "n2"}],
        "savesPerHour": 0.0329,
    }]);
    assert_eq!(plan["scaleDown"], expected);
    assert_eq!(plan["nodes"][0], json!({"node": "n1", "mustStay": []}));
    assert_eq!(
        plan["nodes"][1]["mustStay"][0]["reason"],
        "utilisation-above-threshold"
    );
}

/// SC-12: what a person writes on a NodeGroup, a Node or a pod keeps a Node.
#[test]
fn wishes_of_people_keep_a_node() {
    let ours = |key: &str| format!("autoscaler.vpsie.com/{key}");
    let table = [
        (NODE, ours("protected"), "true", "protected"),
        (NODE, ours("scale-down"), "disabled", "policy-disabled"),
        (GROUP, ours("scale-down"), "disabled", "policy-disabled"),
        (
            NODE,
            "karpenter.sh/do-not-disrupt".to_owned(),
            "true",
            "do-not-disrupt",
        ),
        (
            POD,
            "karpenter.sh/do-not-disrupt".to_owned(),
            "true",
            "do-not-disrupt",
        ),
        (
            POD,
            "cluster-autoscaler.kubernetes.io/safe-to-evict".to_owned(),
            "false",
            "safe-to-evict-false",
        ),
    ];
    for (index, key, value, word) in table {
        world().annotated(index, &key, value).check(&[word]);
        world().annotated(index, &key, "no").check(&[]);
    }
    let off = |group: &mut Value| group["spec"]["scaleDownPolicy"] = json!({"enabled": false});
    world().but(GROUP, off).check(&["policy-disabled"]);
    let on = |group: &mut Value| group["spec"]["scaleDownPolicy"] = json!({});
    world().but(GROUP, on).check(&[]);
    let label = |node: &mut Value| {
        node["metadata"]["labels"]["autoscaler.vpsie.com/scale-down-disabled"] = json!("true")
    };
    world().but(NODE, label).check(&["protected"]);
}

/// SC-18: allowed hours are of the zone that they name, else of UTC; what cannot be read blocks. It is 20:00 in UTC.
#[test]
fn allowed_hours_have_a_zone() {
    let table: [(&str, &[&str]); 7] = [
        ("19:00-21:00", &[]),
        ("21:00-22:00", &["allowed-hours"]),
        ("21:00-22:00 Europe/Berlin", &[]),
        ("19:00-21:00 Europe/Berlin", &["allowed-hours"]),
        ("14:30-15:30 America/New_York", &[]),
        ("19:00-21:00 Europe/Nowhere", &["allowed-hours"]),
        ("at night", &["allowed-hours"]),
    ];
    for (hours, words) in table {
        for index in [GROUP, NODE] {
            let key = "autoscaler.vpsie.com/scale-down-allowed-hours";
            world().annotated(index, key, hours).check(words);
        }
    }
}

/// SC-12, LC-18: a Node that became ready or idle a short time ago stays, and so does one of a group that changed.
#[test]
fn recent_changes_keep_a_node() {
    let ready = |at: &str| {
        let at = at.to_owned();
        world().but(CLAIM, |claim| claim["status"]["readyAt"] = json!(at))
    };
    ready("2026-11-21T19:30:00Z").check(&[]);
    ready("2026-11-21T19:30:01Z")
        .check_detail("too-young", "it has been ready for too short a time: 1 s remain");
    let unknown = |object: &mut Value| {
        drop(
            object["metadata"]
                .as_object_mut()
                .expect("an object")
                .remove("creationTimestamp"),
        )
    };
    let timeless = ready("").but(CLAIM, |claim| {
        claim["status"] = json!({"phase": "Ready", "hostname": "n1"})
    });
    timeless.clone().check(&[]);
    timeless
        .but(CLAIM, unknown)
        .but(NODE, unknown)
        .check(&["timestamp-missing"]);
    let status = |field: &'static str, at: &'static str| {
        world().but(GROUP, |group| group["status"][field] = json!(at))
    };
    status("lastScaleTime", "2026-11-21T19:50:00Z").check(&[]);
    status("lastScaleTime", "2026-11-21T19:51:00Z").check(&["stabilising"]);
    status("lastScaleDownTime", "2026-11-21T19:51:00Z").check(&["cool-down"]);
    let made = |claim: &mut Value| claim["metadata"]["creationTimestamp"] = json!("2026-11-21T19:55:00Z");
    world().but(5, made).check(&["cool-down"]);
    let moved = |pod: &mut Value| pod["status"]["startTime"] = json!("2026-11-21T19:46:00Z");
    world().but(POD, moved).check_detail(
        "recent-movement",
        "shop/web-1 started a short time ago: 1 min remain",
    );
}

/// SC-12, LC-19: a lifecycle record counts where there is one.
#[test]
fn lifecycle_record_counts() {
    let idle = |since: &str| {
        let record = json!({
            "state": "idle", "health": "healthy", "enteredAt": since, "lastWorkloadAt": since,
            "initializedAt": "2026-11-20T20:05:00Z", "pods": {"ever": 3},
        });
        let mut empty = world().annotated(CLAIM, "autoscaler.vpsie.com/lifecycle", &record.to_string());
        empty.0.remove(POD);
        empty
    };
    idle("2026-11-21T19:30:00Z").check(&[]);
    idle("2026-11-21T19:31:00Z").check(&["idle-too-short"]);
}

/// LC-42: pods that wait and nodes that come keep every Node.
#[test]
fn demand_and_coming_nodes_keep_every_node() {
    let waiting = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "big", "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "64"}}}]},
        "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]},
    });
    world()
        .with(waiting)
        .check_detail("unschedulable-demand", "pods wait: 1, first shop/big");
    let mut coming = vpsie_node("w3", "n3");
    coming["status"] = json!({"phase": "Provisioning"});
    world()
        .with(coming.clone())
        .check_detail("incoming-capacity", "nodes are coming: 1, first kube-system/w3");
    coming["status"] = json!({"phase": "Failed"});
    world().with(coming).check(&[]);
}

/// LC-41: a Node whose VPSieNode is not Ready yet is coming, for the plan as for the operator.
#[test]
fn joining_node_is_coming() {
    let joining = world().but(CLAIM, |claim| claim["status"]["phase"] = json!("Joining"));
    joining.check(&["incoming-capacity", "not-ready"]);
    let terminating = world().but(CLAIM, |claim| claim["status"]["phase"] = json!("Terminating"));
    terminating.check(&["leaving"]);
    // With one Node that serves, what pods request of it would be above the usual threshold of growth.
    let calm = world().but(GROUP, |group| {
        group["spec"]["scaleUpPolicy"] = json!({"cpuThreshold": 100})
    });
    let not_ready = calm.but(NODE, |node| node["status"]["conditions"] = json!([]));
    not_ready.check(&["not-ready"]);
}

/// LC-14: a Node of the control plane, one without a VPSieNode, and one of an unmanaged group stay, whatever else is.
#[test]
fn protected_nodes_have_one_reason() {
    let role: Change = |node| node["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = json!("");
    world().but(NODE, role).check(&["control-plane"]);
    let strange = |claim: &mut Value| claim["status"]["hostname"] = json!("n9");
    world().but(CLAIM, strange).check(&["not-managed"]);
    let unmanaged = |group: &mut Value| group["metadata"]["labels"] = json!({});
    world().but(GROUP, unmanaged).check(&["not-managed"]);
}

/// LC-23, SC-18: the group floor is judged after those that go; `maxConcurrentScaleDowns` says how many do.
#[test]
fn floor_and_greatest_number_hold() {
    let least = |count: i64| move |group: &mut Value| group["spec"]["minNodes"] = json!(count);
    world().but(GROUP, least(2)).check(&["at-minimum"]);
    let three = || world().with(node("n0")).with(vpsie_node("w0", "n0"));
    assert_eq!(three().going(), ["n0"], "the empty one goes first");
    three().check(&["one-at-a-time"]);
    let most = |count: i64| {
        json!({
            "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "AutoscalerConfig", "metadata": {"name": "default"},
            "spec": {"globalSettings": {"maxConcurrentScaleDowns": count}},
        })
    };
    assert_eq!(three().with(most(2)).going(), ["n0", "n1"]);
    three().with(most(2)).but(GROUP, least(2)).check(&["at-minimum"]);
}
