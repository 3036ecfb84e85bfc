//! Reasons to stay that the pods of a Node give.

use super::*;

/// SC-11: a busy Node stays, by the thresholds of its group; what DaemonSets request counts.
#[test]
fn busy_node_stays() {
    world()
        .but(POD, |pod| *pod = super::pod("web-1", "n1", "950m"))
        .but(6, |other| *other = super::pod("web-2", "n2", "100m"))
        .check(&["utilisation-above-threshold"]);
    let below = |percent: i64| {
        world().but(GROUP, move |group| {
            group["spec"]["scaleDownPolicy"] = json!({"cpuThreshold": percent})
        })
    };
    below(27).check(&[]);
    below(26).check_detail(
        "utilisation-above-threshold",
        "its pods request 26 % of its CPU, and below 26 % it could go",
    );
}

/// SC-12: who has no controller or a local volume stays, unless its owner frees it; DaemonSets and mirrors end with the Node.
#[test]
fn pods_that_would_be_lost_keep_their_node() {
    let unowned: Change = |pod| pod["metadata"]["ownerReferences"] = json!([]);
    let local: Change = |pod| {
        pod["spec"]["volumes"] =
            json!([{"name": "cache", "emptyDir": {}}, {"name": "logs", "hostPath": {"path": "/l"}}]);
    };
    let free = |world: World, key: &str, value: &str| {
        world.annotated(POD, &format!("cluster-autoscaler.kubernetes.io/{key}"), value)
    };
    world().but(POD, unowned).check(&["pod-without-controller"]);
    world().but(POD, local).check_detail(
        "local-storage",
        "shop/web-1 would lose its volume cache on the disk of the Node",
    );
    free(world().but(POD, unowned).but(POD, local), "safe-to-evict", "true").check(&[]);
    free(
        world().but(POD, local),
        "safe-to-evict-local-volumes",
        "cache, logs",
    )
    .check(&[]);
    free(world().but(POD, local), "safe-to-evict-local-volumes", "cache").check(&["local-storage"]);
    free(world().but(POD, unowned), "safe-to-evict-local-volumes", "cache")
        .check(&["pod-without-controller"]);
    let of_daemon_set: Change = |pod| {
        pod["metadata"]["ownerReferences"][0]["kind"] = json!("DaemonSet");
        pod["metadata"]["annotations"] = json!({"karpenter.sh/do-not-disrupt": "true"});
    };
    let kept = |pod: &mut Value| {
        of_daemon_set(pod);
        local(pod);
    };
    world().with(budget(0)).but(POD, kept).check(&[]);
    let mirror = |pod: &mut Value| {
        unowned(pod);
        pod["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    };
    world().but(POD, mirror).check(&[]);
    world()
        .but(POD, |pod| pod["metadata"]["namespace"] = json!("kube-system"))
        .check(&[]);
}

fn budget(allowed: i64) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "shop", "generation": 1},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": allowed, "observedGeneration": 1},
    })
}

/// SC-12: a budget that allows no disruption keeps a Node, one that allows one is enough for one; of one that nobody has
/// looked at nothing is allowed; two are more than Kubernetes evicts.
#[test]
fn budgets_keep_a_node() {
    world()
        .with(budget(0))
        .check_detail("pod-disruption-budget", "shop/web allows 0 disruptions");
    world().with(budget(1)).check(&[]);
    let two = world().with(budget(1)).with(pod("web-3", "n1", "10m"));
    two.check_detail(
        "pod-disruption-budget",
        "shop/web allows 1 disruptions, and 2 of its pods are here",
    );
    let changed = |change: Change| {
        let mut budget = budget(1);
        change(&mut budget);
        world().with(budget)
    };
    changed(|budget| budget["metadata"]["generation"] = json!(2)).check(&["pod-disruption-budget"]);
    changed(|budget| budget["status"] = Value::Null).check(&["pod-disruption-budget"]);
    changed(|budget| budget["metadata"]["namespace"] = json!("other")).check(&[]);
    changed(|budget| budget["spec"]["selector"] = json!({"matchLabels": {"app": "db"}})).check(&[]);
    changed(|budget| budget["spec"]["selector"] = json!({})).check(&[]);
    let mut second = budget(1);
    second["metadata"]["name"] = json!("all");
    world()
        .with(budget(1))
        .with(second)
        .check(&["pod-disruption-budget"]);
    changed(|budget| {
        budget["spec"]["selector"] = json!({"matchExpressions": [{"key": "a", "operator": "Near"}]})
    })
    .check(&["removal-not-planned"]);
    changed(|budget| budget["spec"] = json!("none")).check(&["removal-not-planned"]);
}

/// SC-12: the last ready endpoint of a Service keeps its Node.
#[test]
fn last_ready_endpoint_keeps_a_node() {
    let slice = |others: Value| {
        let mut endpoints =
            vec![json!({"addresses": ["10.0.0.1"], "nodeName": "n1", "conditions": {"ready": true}})];
        endpoints.extend(others.as_array().into_iter().flatten().cloned());
        world().with(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
            "endpoints": endpoints,
        }))
    };
    let other = |node: &str, conditions: Value| json!({"addresses": ["10.0.0.2"], "nodeName": node, "conditions": conditions});
    slice(json!([])).check_detail("last-ready-endpoint", "shop/web would have no ready endpoint");
    slice(json!([other("n2", json!({}))])).check(&[]);
    for (node, conditions) in [
        ("n2", json!({"ready": false})),
        ("n2", json!({"ready": true, "terminating": true})),
        ("n1", json!({"ready": true})),
        ("gone", json!({"ready": true})),
    ] {
        slice(json!([other(node, conditions)])).check(&["last-ready-endpoint"]);
    }
}

/// SC-11, SC-12: a pod that fits on no other Node keeps its own, and says what keeps it away.
#[test]
fn unmovable_pod_keeps_its_node() {
    let pinned = |pod: &mut Value| pod["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": "n1"});
    world().but(POD, pinned).check_detail(
        "unmovable-pod",
        "shop/web-1 fits on none of 1 other nodes: node-selector on 1",
    );
    world()
        .but(POD, |pod| *pod = super::pod("web-1", "n1", "800m"))
        .check_detail(
            "unmovable-pod",
            "shop/web-1 fits on none of 1 other nodes: insufficient-cpu on 1",
        );
}

/// SC-12: what cannot be read of a Node or of a pod on it keeps the Node, and is named.
#[test]
fn unreadable_objects_keep_their_node() {
    let odd = |pod: &mut Value| *pod = super::pod("web-1", "n1", "lots");
    world().but(POD, odd).check(&["removal-not-planned"]);
    let shapeless = |pod: &mut Value| pod["spec"]["containers"] = json!("none");
    world().but(POD, shapeless).check(&["removal-not-planned"]);
    let words = |index: usize, change: Change| {
        let reasons = world().but(index, change).reasons("n1");
        reasons.into_iter().map(|(word, _)| word).collect::<Vec<_>>()
    };
    assert!(
        words(NODE, |node| node["status"]["allocatable"]["cpu"] = json!("lots"))
            .contains(&"removal-not-planned".to_owned())
    );
    assert_eq!(
        words(NODE, |node| node["status"] = json!("none")),
        ["removal-not-planned"]
    );
}
