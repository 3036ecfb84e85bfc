//! Which NodeGroup would grow by what is requested of it, whoever waits.

use serde_json::{Value, json};

use super::{GROUP, NODE, POD, World, pod, world};
use crate::planned;

/// Fills the two Nodes: of the first so much is requested, of the second 1200 thousandths, of 1900 each.
fn filled(cpu: &str) -> World {
    let cpu = cpu.to_owned();
    world().but(POD, |pod| {
        pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!(cpu)
    })
}

/// Names the pods of each growth.
fn grown(world: &World) -> Vec<usize> {
    let plan = planned(&world.0);
    let growth = plan["scaleUp"].as_array().expect("a list").iter();
    let pods = growth.map(|one| one["pods"].as_array().expect("a list").len());
    pods.collect()
}

/// SC-7, LC-43: what pods request is above a threshold for as long as the group has not changed, so it gets one node, and
/// loses none.
#[test]
fn busy_group_would_grow() {
    let busy = filled("1841m");
    let plan = planned(&busy.0);
    let expected = json!([{
        "nodeGroup": "kube-system/workers", "size": 57, "count": 1, "pricePerHour": 0.0329, "pods": [],
        "because":
            "pods request 80 % of its CPU and 0 % of its memory, which is above a threshold of its scaleUpPolicy",
        "runnerUp": null,
    }]);
    assert_eq!(plan["scaleUp"], expected);
    assert!(
        busy.reasons("n1")
            .iter()
            .any(|(word, _)| word == "needed-by-threshold")
    );
    assert!(grown(&filled("1840m")).is_empty(), "80 % are not above 80 %");
}

/// LC-43: the window counts from the last change of size, where that is written down.
#[test]
fn window_counts_from_the_last_change() {
    let changed = |at: &str| {
        let at = at.to_owned();
        filled("1900m").but(GROUP, |group| group["status"]["lastScaleTime"] = json!(at))
    };
    assert!(grown(&changed("2026-11-21T19:59:01Z")).is_empty());
    assert_eq!(grown(&changed("2026-11-21T19:59:00Z")), [0]);
}

/// SC-6, SC-7: nothing grows by its use that may not grow, or that grows for pods anyway; `false` and `0` are what they are.
#[test]
fn busy_group_that_may_not_grow_stays() {
    let all: [fn(&mut Value); 6] = [
        |group| group["spec"]["scaleUpPolicy"] = json!({"enabled": false}),
        |group| group["spec"]["scaleUpPolicy"] = json!({"cpuThreshold": 100}),
        |group| group["spec"]["maxNodes"] = json!(2),
        |group| group["spec"]["kubeSizeID"] = json!(99),
        |group| group["metadata"]["labels"] = json!({}),
        |group| group["metadata"]["deletionTimestamp"] = json!("2026-11-21T19:00:00Z"),
    ];
    for change in all {
        assert!(grown(&filled("1900m").but(GROUP, change)).is_empty());
    }
    let always = |group: &mut Value| group["spec"]["scaleUpPolicy"] = json!({"cpuThreshold": 0});
    assert_eq!(grown(&world().but(GROUP, always)), [0]);
    let limit = |most| {
        filled("1900m").with(json!({
            "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "AutoscalerConfig",
            "metadata": {"name": "default"}, "spec": {"globalSettings": {"maxClusterWorkers": most}},
        }))
    };
    assert!(grown(&limit(2)).is_empty());
    assert_eq!(grown(&limit(3)), [0]);
    let mut waiting = pod("big", "", "1800m");
    waiting["spec"]["nodeName"] = Value::Null;
    waiting["status"] = json!({
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
    });
    assert_eq!(grown(&filled("1900m").with(waiting)), [1], "for the pod alone");
}

/// LC-40: a node that takes no pods counts for nothing, and what has to leave it counts.
#[test]
fn cordoned_node_has_no_room() {
    let calm = filled("400m");
    assert!(grown(&calm).is_empty());
    let cordoned = calm.but(NODE, |node| node["spec"] = json!({"unschedulable": true}));
    assert_eq!(grown(&cordoned), [0]);
}
