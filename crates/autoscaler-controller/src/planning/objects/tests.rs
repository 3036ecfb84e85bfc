//! Whole clusters, read from objects.

use chrono::TimeDelta;
use fleet_plan::cluster::Standing;
use fleet_plan::{Outcome, plan};
use k8s_openapi::serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::resources::{self, Phase};
use crate::testing::{claim, group};

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn object<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it has its shape")
}

fn node(name: &str, labels: Value, cpu: &str) -> Node {
    object(json!({
        "metadata": {"name": name, "labels": labels},
        "status": {
            "allocatable": {"cpu": cpu, "memory": "4Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "Hostname", "address": format!("{name}.local")}, {"type": "InternalIP", "address": "10.0.0.1"}],
        },
    }))
}

fn waiting(name: &str, cpu: &str) -> Pod {
    object(json!({
        "metadata": {"namespace": "shop", "name": name},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]},
    }))
}

fn bound(name: &str, node: &str, cpu: &str) -> Pod {
    let mut pod = waiting(name, cpu);
    pod.spec.as_mut().expect("it has one").node_name = Some(node.to_owned());
    pod
}

/// A group of which one Node is Ready, and one is coming.
fn small() -> Objects {
    Objects {
        nodes: vec![node("n1", json!({}), "1900m")],
        pods: vec![bound("db-1", "n1", "1"), waiting("web-1", "1")],
        groups: vec![group("web").0],
        vpsie_nodes: vec![
            claim("web-1")
                .in_phase(Phase::Ready)
                .status(|status| status.node_name = Some("n1".to_owned()))
                .kept(),
            claim("web-2").in_phase(Phase::Provisioning).kept(),
        ],
        ..Objects::default()
    }
}

/// SC-4: Nodes with their pods, pods that wait, groups with what was learned and nodes that are coming make one value.
#[test]
fn objects_make_a_cluster() {
    let Survey { cluster, broken, .. } = small().survey(now());
    assert_eq!(broken, []);
    assert_eq!(cluster.nodes[0].pods.len(), 1);
    assert!(matches!(
        cluster.pods[..],
        [fleet_plan::cluster::Pod {
            standing: Standing::Waiting(_),
            ..
        }]
    ));
    let group = &cluster.groups[0];
    assert_eq!(
        (
            group.nodes,
            group.room.as_ref().map(|room| room.allocatable.cpu_m)
        ),
        (2, Some(1900))
    );
    assert_eq!(cluster.incoming.len(), 1);
    assert_eq!((cluster.workers, cluster.most_workers), (2, None));
    let outcome = plan(&cluster).pods[0].outcome.clone();
    assert_eq!(
        outcome,
        Outcome::Incoming(format!("{}/web-2", crate::testing::NAMESPACE).into())
    );
}

/// LC-41: a node is coming until its VPSieNode is Ready, from then on the Node is there; a Failed one is not coming.
#[test]
fn joining_node_counts_once() {
    let count = |phase: Phase, node: &str| {
        let mut objects = small();
        objects.vpsie_nodes[0] = claim("web-1")
            .in_phase(phase)
            .status(|status| status.node_name = Some(node.to_owned()))
            .kept();
        let cluster = objects.survey(now()).cluster;
        (cluster.incoming.len(), cluster.groups[0].nodes, cluster.workers)
    };
    assert_eq!(count(Phase::Joining, "n1"), (2, 2, 2));
    assert_eq!(count(Phase::Joining, "n9"), (2, 2, 3));
    assert_eq!(count(Phase::Failed, "n9"), (1, 2, 3));
}

/// SC-4: a Node is of the group of its VPSieNode, which a recorded name, a label, a hostname or an address tells.
#[test]
fn node_is_found_by_any_mark() {
    type Change = fn(&mut Objects, &mut resources::VPSieNode);
    fn recorded(claim: &mut resources::VPSieNode) -> &mut Option<String> {
        &mut claim.status.as_mut().expect("it has one").node_name
    }
    let marks: [Change; 5] = [
        |_, _| {},
        |_, claim| claim.spec.node_name = recorded(claim).take(),
        |objects, claim| {
            *recorded(claim) = None;
            objects.nodes[0] = node("n1", json!({keys::LABEL_VPSIE_NODE: "web-1"}), "1900m");
        },
        |_, claim| {
            let status = claim.status.as_mut().expect("it has one");
            (status.node_name, status.hostname) = (None, Some("N1.LOCAL".to_owned()));
        },
        |_, claim| {
            *recorded(claim) = None;
            claim.spec.ip_address = Some("10.0.0.1".to_owned());
        },
    ];
    for change in marks {
        let mut objects = small();
        let mut claim = objects.vpsie_nodes[0].whole();
        change(&mut objects, &mut claim);
        objects.vpsie_nodes[0] = claim.into();
        let cluster = objects.survey(now()).cluster;
        assert!(cluster.groups[0].room.is_some());
        assert_eq!(cluster.workers, 2);
    }
    let mut strange = small();
    strange.vpsie_nodes[0].status = None;
    let cluster = strange.survey(now()).cluster;
    assert_eq!((cluster.groups[0].room.clone(), cluster.workers), (None, 3));
}

/// SC-6: a Node that bears the label of a group and has no VPSieNode counts for the group, where the label is plain.
#[test]
fn labelled_node_without_a_vpsienode_counts() {
    let labelled = || Objects {
        nodes: vec![node("n1", json!({keys::LABEL_NODE_GROUP: "web"}), "2")],
        groups: vec![group("web").0],
        ..Objects::default()
    };
    assert_eq!(labelled().survey(now()).cluster.groups[0].nodes, 1);
    let mut two = labelled();
    two.groups.push(group("web").in_namespace("team").0);
    let counts = |objects: &Objects| {
        let groups = objects.survey(now()).cluster.groups;
        groups.iter().map(|group| group.nodes).collect::<Vec<_>>()
    };
    assert_eq!(counts(&two), [0, 0]);
    let annotations = &mut two.nodes[0].metadata.annotations;
    *annotations = [(
        keys::ANNOTATION_NODE_GROUP_NAMESPACE.to_owned(),
        "team".to_owned(),
    )]
    .into();
    assert_eq!(counts(&two), [0, 1]);
}

/// SC-6: Nodes of the control plane are no workers, and what they have teaches nothing about a group.
#[test]
fn control_plane_is_no_worker() {
    let mut objects = small();
    let labels = json!({"node-role.kubernetes.io/control-plane": "", keys::LABEL_NODE_GROUP: "web"});
    objects.nodes.push(node("master", labels, "1"));
    let cluster = objects.survey(now()).cluster;
    assert_eq!((cluster.workers, cluster.groups[0].nodes), (2, 2));
}

/// SC-1, SC-6: the settings named `default` hold, with the values of the table where they say nothing.
#[test]
fn settings_of_the_cluster_hold() {
    let with = |name: &str, settings: Value| {
        let mut objects = small();
        objects.configs.push(object(json!({
            "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "AutoscalerConfig",
            "metadata": {"name": name}, "spec": {"globalSettings": settings},
        })));
        objects.survey(now()).cluster.most_workers
    };
    assert_eq!(with("default", json!({"maxClusterWorkers": 3})), Some(3));
    assert_eq!(with("default", json!({"maxClusterWorkers": 0})), None);
    assert_eq!(with("default", json!({})), Some(10));
    assert_eq!(with("other", json!({"maxClusterWorkers": 3})), None);
}

/// SC-3: what cannot be read is named, and everything else is planned.
#[test]
fn broken_object_holds_up_nothing_else() {
    let mut objects = small();
    objects.nodes.push(node("n2", json!({}), "lots"));
    objects.nodes.push(node("n3", json!({}), "64"));
    objects.pods.push(bound("odd-1", "n3", "much"));
    objects.pods.push(waiting("odd-2", "more"));
    let broken = |kind: &str, name: &str| Broken {
        kind: kind.to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        node: None,
        problem: "spec: it is no object".to_owned(),
    };
    objects.broken = vec![broken("Pod", "odd-3"), broken("NodeGroup", "odd")];

    let survey = objects.survey(now());

    let told: Vec<String> = survey.broken.iter().map(ToString::to_string).collect();
    let no_number = "is no quantity; write a number such as `2`, `500m` or `64Mi`";
    let expected = [
        format!("Node n2: `lots` {no_number}"),
        "NodeGroup shop/odd: spec: it is no object".to_owned(),
        format!("Pod shop/odd-1: `much` {no_number}"),
        "Pod shop/odd-3: spec: it is no object".to_owned(),
    ];
    assert_eq!(told, expected);
    let plan = plan(&survey.cluster);
    let outcomes: Vec<String> = plan
        .pods
        .iter()
        .map(|answer| {
            let flaw = match &answer.outcome {
                Outcome::Unreadable(flaw) => flaw.word(),
                Outcome::Incoming(name) => name,
                Outcome::FitsNow(_) | Outcome::NewNode(..) | Outcome::Unhelpable(_) | Outcome::Ignored(_) => {
                    "another"
                }
            };
            format!("{} {flaw}", answer.pod)
        })
        .collect();
    let expected = [
        "shop/odd-2 pod-unreadable",
        "shop/odd-3 pod-unreadable",
        &format!("shop/web-1 {}/web-2", crate::testing::NAMESPACE),
    ];
    assert_eq!(outcomes, expected);
    let flaws: Vec<_> = survey
        .cluster
        .groups
        .iter()
        .map(|group| group.flaw.clone())
        .collect();
    assert_eq!(flaws, [None, Some("spec: it is no object".to_owned())]);
}

/// SC-2: a manifest that only names its class has the priority of the class.
#[test]
fn class_gives_the_priority() {
    let class = |name: &str, value: i32, is_usual: bool| -> PriorityClass {
        object(json!({"metadata": {"name": name}, "value": value, "globalDefault": is_usual}))
    };
    let mut objects = small();
    objects.priority_classes = vec![class("high", 100, false), class("usual", 5, true)];
    let mut named = waiting("web-2", "1");
    named.spec.as_mut().expect("it has one").priority_class_name = Some("high".to_owned());
    let mut written = waiting("web-3", "1");
    written.spec.as_mut().expect("it has one").priority = Some(0);
    objects.pods.extend([named, written]);
    let priorities: Vec<i32> = objects
        .survey(now())
        .cluster
        .pods
        .iter()
        .filter_map(|pod| match &pod.standing {
            Standing::Waiting(demand) => Some(demand.priority),
            Standing::Ignored(_) | Standing::Unreadable(_) => None,
        })
        .collect();
    assert_eq!(priorities, [5, 100, 0]);
}

/// SC-5: offers of a data centre go before those that are the same everywhere; a size that is not among them is told
/// from offers that nobody knows.
#[test]
fn offers_are_looked_up_by_data_centre() {
    let offer = |number| Offer {
        number: SizeNumber::new(number),
        name: None,
        cpu: None,
        ram_mb: None,
        disk_gb: None,
        price: vpsie_api::Price::default(),
    };
    let group = group("web").0;
    assert!(matches!(Offers::default().of(&group), Size::Unknown));
    let everywhere = Offers::everywhere(vec![offer(7)]);
    assert!(matches!(everywhere.of(&group), Size::Offered(_)));
    let mut here = Offers::everywhere(vec![offer(7)]);
    here.add("dc1", vec![offer(8)]);
    assert!(matches!(here.of(&group), Size::NotOffered));
}
