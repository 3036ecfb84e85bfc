//! What is read out of objects that leave something open, each reading with its test.

use serde_json::{Value, json};

use super::{NOW, file, planned, told};

fn group(name: &str, size: i64, max: i64) -> Value {
    json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "NodeGroup",
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"autoscaler.vpsie.com/managed": "true"}},
        "spec": {"minNodes": 0, "maxNodes": max, "datacenterID": "hel", "offeringIDs": ["x"], "kubeSizeID": size},
    })
}

fn vpsie_node(name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "VPSieNode",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"vpsieInstanceID": 0, "instanceType": "x", "nodeGroupName": "workers", "datacenterID": "hel"},
        "status": {"phase": phase},
    })
}

fn pod(name: &str, cpu: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]},
    });
    change(&mut pod);
    pod
}

fn config(settings: &Value) -> Value {
    json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "AutoscalerConfig",
        "metadata": {"name": "default"}, "spec": {"globalSettings": settings},
    })
}

/// Tells of each pod its outcome, and the first word that explains it.
fn outcomes(plan: &Value) -> Vec<String> {
    let pods = plan["pods"].as_array().expect("a list").iter();
    pods.map(|line| {
        let words = [
            &line["outcome"],
            &line["on"],
            &line["reason"],
            &line["misfits"][0]["reason"],
        ];
        let words: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        words.join(" ")
    })
    .collect()
}

/// SC-4: without a Ready Node a new one has what is offered less at most 20 %, and 110 pods; with one, what that has.
#[test]
fn capacity_is_learned_else_offered() {
    let small = pod("a", "1600m", |_| {});
    let workers = group("workers", 57, 3);
    let plan = planned(&[workers.clone(), small.clone()]);
    assert_eq!(outcomes(&plan), ["new-node kube-system/workers#1"]);
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "n1", "labels": {"autoscaler.vpsie.com/nodegroup": "workers"}},
        "status": {"allocatable": {"cpu": "1500m", "memory": "3Gi", "pods": "110"}, "conditions": [{"type": "Ready", "status": "True"}]},
    });
    assert_eq!(
        outcomes(&planned(&[workers, small, node])),
        ["unhelpable insufficient-cpu"]
    );
}

/// SC-6: a group whose size is not among the offers is never bought from; without any offers none is.
#[test]
fn size_that_is_not_offered_is_not_bought() {
    let waiting = pod("a", "1", |_| {});
    let plan = planned(&[group("old", 12, 3), waiting.clone()]);
    assert_eq!(outcomes(&plan), ["unhelpable unknown-size"]);
    let documents = format!("{}\n{}", group("workers", 57, 3), waiting);
    let (result, _) = told(&["plan", "--from", "-"], &documents);
    let plan = serde_json::from_str(&result).expect("one JSON object");
    assert_eq!(outcomes(&plan), ["unhelpable unknown-size"]);
}

/// SC-5: the cheapest is what costs least in all for the pods taken; the price of all nodes is told.
#[test]
fn cheapest_of_all_is_bought() {
    let pods = [
        pod("a", "900m", |_| {}),
        pod("b", "900m", |_| {}),
        pod("c", "100m", |_| {}),
    ];
    let groups = [group("advanced", 57, 9), group("basic", 58, 9)];
    let plan = planned(&[&groups[..], &pods[..]].concat());
    let growth = &plan["scaleUp"][0];
    let told = (&growth["nodeGroup"], &growth["count"], &growth["pricePerHour"]);
    assert_eq!(told, (&json!("kube-system/advanced"), &json!(1), &json!(0.0329)));
}

/// SC-2: instance type is the name of the offer, the zone is the data centre, and labels of the group override both.
#[test]
fn labels_of_new_nodes_are_implied() {
    let asks = |key: &str, value: &str| {
        let selector = json!({key: value});
        pod("a", "1", |pod| pod["spec"]["nodeSelector"] = selector)
    };
    let workers = group("workers", 57, 3);
    for (key, value) in [
        ("node.kubernetes.io/instance-type", "Advanced"),
        ("topology.kubernetes.io/zone", "hel"),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
    ] {
        let plan = planned(&[workers.clone(), asks(key, value)]);
        assert_eq!(outcomes(&plan), ["new-node kube-system/workers#1"], "{key}");
    }
    let mut labelled = workers;
    labelled["spec"]["labels"] = json!({"topology.kubernetes.io/zone": "rack-7"});
    let asking = asks("topology.kubernetes.io/zone", "hel");
    assert_eq!(
        outcomes(&planned(&[labelled, asking])),
        ["unhelpable node-selector"]
    );
}

/// LC-41: a node without an id is coming, and a Failed one is not; both count towards the maximum.
#[test]
fn coming_node_is_used_and_a_failed_one_is_not() {
    let with = |phase: &str, max| {
        let objects = [
            group("workers", 57, max),
            vpsie_node("workers-1", phase),
            pod("a", "1", |_| {}),
        ];
        outcomes(&planned(&objects))
    };
    assert_eq!(with("Provisioning", 1), ["incoming workers-1"]);
    assert_eq!(with("Pending", 1), ["incoming workers-1"]);
    assert_eq!(with("Failed", 2), ["new-node kube-system/workers#1"]);
    assert_eq!(with("Failed", 1), ["unhelpable group-at-maximum"]);
}

/// SC-1, SC-6: the settings of the cluster hold; what they do not say is the default of the table; without any, pods
/// wait for 30 s and workers have no limit.
#[test]
fn settings_hold_or_the_defaults_do() {
    let young = |pod: &mut Value| {
        pod["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-11-21T19:59:31Z");
    };
    let with = |settings: Option<Value>| {
        let mut objects = vec![group("workers", 57, 20), pod("a", "1", young)];
        objects.extend((0..11).map(|number| pod(&format!("b{number:02}"), "1800m", |_| {})));
        objects.extend(settings.as_ref().map(config));
        let plan = planned(&objects);
        let bought = plan["scaleUp"][0]["count"].as_u64();
        (outcomes(&plan)[0].clone(), bought)
    };
    let young = "ignored within-grace".to_owned();
    assert_eq!(with(None), (young.clone(), Some(11)));
    assert_eq!(with(Some(json!({}))), (young.clone(), Some(10)));
    let none = json!({"maxClusterWorkers": 0, "unschedulablePodGracePeriodSeconds": 0});
    assert_eq!(
        with(Some(none)),
        ("new-node kube-system/workers#12".to_owned(), Some(12))
    );
    assert_eq!(with(Some(json!({"maxClusterWorkers": 2}))), (young, Some(2)));
}

/// SC-7: a policy that is switched off buys nothing for pods, and says so.
#[test]
fn policy_that_is_off_is_told() {
    let mut off = group("workers", 57, 3);
    off["spec"]["scaleUpPolicy"] = json!({"enabled": false});
    let plan = planned(&[off, pod("a", "1", |_| {})]);
    assert_eq!(outcomes(&plan), ["unhelpable scale-up-disabled"]);
}

/// SC-3: what is no pod or group is named with what is wrong, and the others are planned.
#[test]
fn broken_objects_are_named_and_the_others_planned() {
    let mut broken = group("broken", 57, 3);
    broken["spec"]["minNodes"] = json!("many");
    let odd = pod("b", "1", |pod| pod["spec"]["containers"] = json!("none"));
    let plan = planned(&[
        group("workers", 57, 3),
        broken,
        pod("a", "1", |_| {}),
        odd,
        pod("c", "99", |_| {}),
    ]);
    assert_eq!(
        outcomes(&plan),
        [
            "new-node kube-system/workers#1",
            "unhelpable pod-unreadable",
            "unhelpable group-unreadable"
        ]
    );
    assert!(plan["pods"][1]["wouldHelp"].to_string().contains("invalid type"));
    assert!(
        plan["pods"][2]["misfits"][0]["needs"]
            .to_string()
            .contains("many")
    );
}

/// SC-10: with an AutoscalerConfig a pod that no group can host leads to a group of the cheapest size that takes it, of
/// the same name each time; without one, or where it is switched off, to none.
#[test]
fn group_is_made_only_where_the_settings_allow_it() {
    let with = |settings: Option<Value>| {
        let mut objects = vec![group("workers", 58, 3), pod("a", "1800m", |_| {})];
        objects.extend(settings.as_ref().map(config));
        planned(&objects)
    };
    for off in [None, Some(json!({"enableDynamicNodeGroupCreation": false}))] {
        let plan = with(off);
        assert_eq!(outcomes(&plan), ["unhelpable insufficient-cpu"]);
        assert_eq!(plan["scaleUp"], json!([]));
    }
    let plan = with(Some(json!({})));
    assert_eq!(outcomes(&plan), ["new-node default/size-57#1"]);
    let growth = &plan["scaleUp"][0];
    let told = (
        &growth["nodeGroup"],
        &growth["newNodeGroup"],
        &growth["pricePerHour"],
    );
    assert_eq!(told, (&json!("default/size-57"), &json!(true), &json!(0.0329)));
}

/// SC-10: where the settings allow such groups, but none can be made, that is said of pods that no group helps, and of no other.
#[test]
fn what_keeps_groups_from_being_made_is_said() {
    let mut settings = config(&json!({}));
    settings["spec"]["nodeGroupDefaults"] = json!({"taints": [{"key": "own", "effect": "NoSchedule"}]});
    let offers = file("offers.json");
    let with = |command: &[&str], settings: &Value, cpu: &str| {
        let objects = [group("workers", 57, 3), pod("a", cpu, |_| {}), settings.clone()];
        let documents = objects.map(|object| object.to_string()).join("\n");
        let more = ["--from", "-", "--offers", &offers];
        told(&[command, &more[..], &NOW[..]].concat(), &documents)
    };
    let why =
        "no NodeGroup can be made for pods that none can host: nodeGroupDefaults has `taints`; take them out";
    let explain = ["explain", "pod", "shop/a"];
    assert!(with(&explain, &settings, "64").0.contains(why));
    assert!(with(&["plan"], &settings, "64").1.contains(why));
    for (settings, cpu) in [(&settings, "1"), (&config(&json!({})), "64")] {
        assert!(!with(&explain, settings, cpu).0.contains(why));
        assert!(!with(&["plan"], settings, cpu).1.contains(why));
    }
}

/// SC-10: no NodeGroup is made in a namespace that is not among those which the files tell of, and that is said.
#[test]
fn namespace_that_is_missing_is_said() {
    let mut settings = config(&json!({}));
    settings["spec"]["nodeGroupDefaults"] = json!({
        "namespace": "apps", "datacenterID": "dc", "resourceIdentifier": "c", "kubernetesVersion": "v1.34.1",
    });
    let offers = file("offers.json");
    let with = |namespaces: &[&str]| {
        let namespace =
            |name: &&str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let objects = [pod("a", "1", |_| {}), settings.clone()].into_iter();
        let documents: Vec<String> = objects
            .chain(namespaces.iter().map(namespace))
            .map(|object| object.to_string())
            .collect();
        let command = ["plan", "--output", "json", "--from", "-", "--offers", &offers];
        let (printed, complaints) = told(&[&command[..], &NOW[..]].concat(), &documents.join("\n"));
        let report: Value = serde_json::from_str(&printed).expect("a plan");
        let made = report["scaleUp"].as_array().expect("a list").len();
        (
            made,
            complaints.contains("the namespace that nodeGroupDefaults names does not exist"),
        )
    };
    assert_eq!(with(&["shop", "web"]), (0, true));
    assert_eq!(with(&["shop", "apps"]), (1, false));
    assert_eq!(with(&[]), (1, false), "nobody tells of namespaces");
}

/// Bad input: a number of the settings that makes no sense is named beside the plan, with what counts instead.
#[test]
fn number_of_the_settings_that_makes_no_sense_is_said() {
    let offers = file("offers.json");
    let complaints = |settings: &Value| {
        let objects = [group("workers", 57, 3), pod("a", "1", |_| {}), config(settings)];
        let documents = objects.map(|object| object.to_string()).join("\n");
        let command = ["plan", "--from", "-", "--offers", &offers];
        told(&[&command[..], &NOW[..]].concat(), &documents).1
    };
    let odd = complaints(&json!({"maxConcurrentScaleUps": 0, "maxClusterWorkers": -1}));
    for words in [
        "warning: AutoscalerConfig default: `maxConcurrentScaleUps` of globalSettings is 0, and the least is 1; 1 counts",
        "`maxClusterWorkers` of globalSettings is -1, and the least is 0; no worker is added",
    ] {
        assert!(odd.contains(words), "{odd}");
    }
    assert!(!complaints(&json!({"maxConcurrentScaleUps": 1})).contains("the least is"));
}

fn annotated(mut object: Value, key: &str, value: &str) -> Value {
    object["metadata"]["annotations"] = json!({ (format!("autoscaler.vpsie.com/{key}")): value });
    object
}

/// SC-4: a pod keeps the node that was made for it, as the operator wrote on its VPSieNode.
#[test]
fn promise_on_a_vpsienode_is_kept() {
    let second = annotated(vpsie_node("workers-2", "Provisioning"), "planned-for", "shop/a");
    let plan = planned(&[
        group("workers", 57, 2),
        vpsie_node("workers-1", "Provisioning"),
        second,
        pod("a", "1500m", |_| {}),
        pod("b", "1500m", |_| {}),
    ]);
    assert_eq!(outcomes(&plan), ["incoming workers-2", "incoming workers-1"]);
}

/// SC-9: after a refusal of VPSie nothing is asked of the group for a while, and what it refused is not coming.
#[test]
fn refusal_pauses_its_group_alone() {
    let refused = |asked: &str| {
        let intent = json!({"requestedAt": asked, "outcome": "refused", "attempt": 3, "error": "no balance"});
        let refused = annotated(
            vpsie_node("workers-1", "Pending"),
            "creation-intent",
            &intent.to_string(),
        );
        let plan = planned(&[group("workers", 57, 2), refused.clone(), pod("a", "1", |_| {})]);
        let other = planned(&[
            group("workers", 57, 2),
            group("z", 57, 2),
            refused,
            pod("a", "1", |_| {}),
        ]);
        (outcomes(&plan), outcomes(&other))
    };
    let paused = (
        vec!["unhelpable group-paused".to_owned()],
        vec!["new-node kube-system/z#1".to_owned()],
    );
    assert_eq!(refused("2026-11-21T19:59:00Z"), paused);
    let coming = vec!["incoming workers-1".to_owned()];
    assert_eq!(refused("2026-11-21T19:00:00Z"), (coming.clone(), coming));
}

/// I4, SC-6: a plan fills the minimum as the operator does: one replacement of those that failed, none of what is there.
#[test]
fn minimum_is_filled_as_the_operator_does() {
    let bought = |phases: &[&str]| {
        let mut least = group("workers", 57, 9);
        least["spec"]["minNodes"] = json!(2);
        let mut objects = vec![least];
        let claims = phases.iter().enumerate();
        objects.extend(claims.map(|(number, phase)| vpsie_node(&format!("workers-{number}"), phase)));
        planned(&objects)["scaleUp"][0]["count"].as_u64()
    };
    assert_eq!(bought(&[]), Some(2));
    assert_eq!(bought(&["Ready"]), Some(1));
    assert_eq!(bought(&["Ready", "Provisioning"]), None);
    assert_eq!(bought(&["Failed", "Failed"]), Some(1));
}
