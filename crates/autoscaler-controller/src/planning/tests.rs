//! That every field which the scheduler looks at arrives.

use fleet_plan::cluster::PodFlaw;
use fleet_plan::taint::Effect;
use fleet_plan::testing::{
    above, absent, any_of, below, demand, labels, node_term, none_of, present, resources, taint,
};
use fleet_plan::{Demand, Resources};
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::*;

fn pod(spec: Value) -> Pod {
    let pod =
        json!({"metadata": {"namespace": "shop", "name": "web-1", "labels": {"app": "web"}}, "spec": spec});
    serde_json::from_value(pod).expect("it has the shape of a Pod")
}

fn read(spec: Value) -> Result<Demand, PodFlaw> {
    let read = Reader::default().demand(&pod(spec), &Volumes::default());
    read.map(|demand| Demand::clone(&demand))
}

fn requests(spec: Value) -> Resources {
    read(spec).expect("it can be read").requests
}

fn container(requests: Value) -> Value {
    json!({"name": "c", "resources": {"requests": requests}})
}

/// SC-2: containers and sidecars run together; an init container runs beside the sidecars before it, and alone counts if larger.
#[test]
fn requests_are_those_of_what_runs_together() {
    let sidecar = |cpu: &str| {
        let mut sidecar = container(json!({"cpu": cpu}));
        sidecar["restartPolicy"] = json!("Always");
        sidecar
    };
    let containers = json!([
        container(json!({"cpu": "100m", "memory": "64Mi"})),
        container(json!({"cpu": "0.15"}))
    ]);
    let plain = json!({"containers": containers});
    assert_eq!(requests(plain), resources(250, 64 << 20));
    let with = |first: Value, second: Value| {
        requests(json!({"containers": containers, "initContainers": [first, second]}))
    };
    let first = container(json!({"cpu": "1"}));
    assert_eq!(with(first.clone(), sidecar("200m")).cpu_m, 1000);
    assert_eq!(with(sidecar("200m"), first).cpu_m, 1200);
    assert_eq!(with(sidecar("200m"), sidecar("600m")).cpu_m, 1050);
}

/// SC-2: what the pod names as a whole replaces the sum of its containers, and the overhead comes on top.
#[test]
fn requests_of_the_pod_and_its_overhead_count() {
    let spec = json!({
        "containers": [container(json!({"cpu": "100m", "memory": "1Gi", "example.com/gpu": "1"}))],
        "resources": {"requests": {"cpu": "2"}},
        "overhead": {"cpu": "50m", "memory": "1Mi", "ephemeral-storage": "10"},
    });
    let mut expected = resources(2050, (1 << 30) + (1 << 20)).with("example.com/gpu", 1);
    expected.storage_bytes = 10;
    assert_eq!(requests(spec), expected);
}

/// SC-2: node selector, affinity by label and name, tolerations and preferences arrive as they are meant.
#[test]
fn placement_arrives() {
    let spec = json!({
        "containers": [],
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}, {"operator": "Nonsense", "key": "x"}],
        "affinity": {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{
                "matchExpressions": [
                    {"key": "zone", "operator": "In", "values": ["a"]},
                    {"key": "old", "operator": "NotIn", "values": ["yes"]},
                    {"key": "cores", "operator": "Gt", "values": ["2"]},
                    {"key": "cores", "operator": "Lt", "values": ["9"]},
                    {"key": "rack", "operator": "Exists"},
                ],
                "matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}],
            }]},
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "preference": {"matchExpressions": [{"key": "b", "operator": "Exists"}]}},
                {"weight": 50, "preference": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
            ],
        }},
    });
    let mut term = node_term(vec![
        any_of("zone", &["a"]),
        none_of("old", &["yes"]),
        above("cores", 2),
        below("cores", 9),
        present("rack"),
    ]);
    term.names = vec![none_of("metadata.name", &["n1"])];
    let expected = demand("shop")
        .label("app", "web")
        .selects("disk", "ssd")
        .tolerates("gpu")
        .node_affinity(vec![term])
        .prefers(node_term(vec![present("a")]))
        .prefers(node_term(vec![present("b")]));
    assert_eq!(read(spec), Ok(expected));
}

/// SC-2: keys whose values must match, or must not, become part of the selector; the own namespace is the default.
#[test]
fn affinity_and_spread_arrive() {
    let term = |more: Value| {
        let mut term = json!({"topologyKey": "zone", "labelSelector": {"matchLabels": {"tier": "front"}}});
        term.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        term
    };
    let spec = json!({
        "containers": [],
        "affinity": {
            "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term(json!({"matchLabelKeys": ["app", "missing"]}))]},
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                term(json!({"mismatchLabelKeys": ["app"], "namespaces": ["bank"], "namespaceSelector": {}})),
            ]},
        },
        "topologySpreadConstraints": [
            {"topologyKey": "zone", "maxSkew": 2, "minDomains": 3, "whenUnsatisfiable": "DoNotSchedule",
             "nodeAffinityPolicy": "Ignore", "nodeTaintsPolicy": "Honor", "labelSelector": {}, "matchLabelKeys": ["app"]},
            {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"},
        ],
    });
    let demand = read(spec).expect("it can be read");
    let near = &demand.affinity[0];
    let requirements =
        |selector: &Option<fleet_plan::labels::Selector>| selector.clone().expect("it is there").0;
    assert_eq!(
        requirements(&near.selector),
        [any_of("tier", &["front"]), any_of("app", &["web"])]
    );
    assert_eq!(
        (
            near.namespaces.len(),
            &*near.namespaces[0],
            &near.namespace_selector
        ),
        (1, "shop", &None)
    );
    let far = &demand.anti_affinity[0];
    assert_eq!(
        requirements(&far.selector),
        [any_of("tier", &["front"]), none_of("app", &["web"])]
    );
    assert_eq!(
        (&*far.namespaces[0], requirements(&far.namespace_selector).len()),
        ("bank", 0)
    );
    let [spread] = &*demand.spread else {
        panic!("{:?}", demand.spread)
    };
    assert_eq!((spread.max_skew, spread.min_domains), (2, 3));
    assert!(!spread.honours_affinity && spread.honours_taints);
    assert_eq!(requirements(&spread.selector), [any_of("app", &["web"])]);
}

/// SC-2: ports of the Node are those of containers and sidecars.
#[test]
fn host_ports_arrive() {
    let spec = json!({
        "containers": [{"name": "c", "ports": [{"containerPort": 1}, {"containerPort": 80, "hostPort": 8080}]}],
        "initContainers": [
            {"name": "s", "restartPolicy": "Always", "ports": [{"containerPort": 53, "hostPort": 53, "protocol": "UDP", "hostIP": "10.0.0.1"}]},
            {"name": "i", "ports": [{"containerPort": 99, "hostPort": 99}]},
        ],
    });
    let ports = read(spec).expect("it can be read").ports;
    let ports: Vec<_> = ports
        .iter()
        .map(|port| (&*port.address, &*port.protocol, port.port))
        .collect();
    assert_eq!(ports, [("0.0.0.0", "TCP", 8080), ("10.0.0.1", "UDP", 53)]);
}

/// SC-3: what cannot be read, or met by anything, is named.
#[test]
fn flaws_of_a_pod_are_named() {
    let quantity = read(json!({"containers": [container(json!({"cpu": "many"}))]}));
    assert_eq!(
        quantity.expect_err("no number").detail(),
        "`many` is no quantity; write a number such as `2`, `500m` or `64Mi`"
    );
    let term = |expressions: Value| {
        json!({"containers": [], "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}}})
    };
    let both = read(term(
        json!([{"key": "a", "operator": "Exists"}, {"key": "a", "operator": "DoesNotExist"}]),
    ));
    assert_eq!(both, Err(PodFlaw::Contradictory("a".into())));
    let bound = read(term(json!([{"key": "a", "operator": "Gt", "values": ["x"]}])));
    assert_eq!(bound.expect_err("no number").word(), "pod-unreadable");
    let claim = read(
        json!({"containers": [], "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}),
    );
    assert_eq!(
        claim.expect_err("no claim").detail(),
        "the claim data is missing; make it"
    );
}

/// SC-2: a volume binds its pod to where it is; one that is still to be made goes where its class may make it.
#[test]
fn volumes_bind_pods_to_their_places() {
    let object = |value: Value| serde_json::from_value(value).expect("it has its shape");
    let mut volumes = Volumes::default();
    volumes.add_claim(
        serde_json::from_value(
            json!({"metadata": {"namespace": "shop", "name": "data"}, "spec": {"volumeName": "pv-1"}}),
        )
        .expect("a claim"),
    );
    volumes.add_claim(
        serde_json::from_value(
            json!({"metadata": {"namespace": "shop", "name": "logs"}, "spec": {"storageClassName": "late"}}),
        )
        .expect("a claim"),
    );
    volumes.add_volume(object(json!({
        "metadata": {"name": "pv-1", "labels": {"topology.kubernetes.io/zone": "a__b"}},
        "spec": {"csi": {"driver": "csi", "volumeHandle": "h1"},
                 "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "rack", "operator": "Exists"}]}]}}},
    })));
    volumes.add_class(
        serde_json::from_value(json!({
            "metadata": {"name": "late"}, "provisioner": "csi", "volumeBindingMode": "WaitForFirstConsumer",
            "allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]}],
        }))
        .expect("a class"),
    );
    let claims =
        ["data", "logs"].map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}}));
    let pod = pod(json!({"containers": [], "volumes": claims}));

    let read = Reader::default().demand(&pod, &volumes).expect("it can be read");

    let mut expected = demand("shop")
        .label("app", "web")
        .volume_at("data", node_term(vec![present("rack")]))
        .volume_at(
            "data",
            node_term(vec![any_of("topology.kubernetes.io/zone", &["a", "b"])]),
        )
        .volume_at("logs", node_term(vec![any_of("zone", &["a"])]))
        .attaches("csi", "h1")
        .attaches("csi", "shop/logs");
    // A Node that does not say where it is takes volumes of every place.
    let nowhere = [
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
    ];
    expected.placement.volumes[1]
        .terms
        .push(node_term(nowhere.map(absent).into()));
    assert_eq!(*read, expected);
}

/// SC-2: a claim that waits for its pod takes a volume that nobody has, or one that its class makes where it may.
#[test]
fn claim_that_waits_for_its_pod_gets_a_volume_on_its_node() {
    let class = |name: &str, provisioner: &str| {
        json!({"metadata": {"name": name}, "provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer",
               "allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]}]})
    };
    let volume = |name: &str, class: &str, owner: Option<&str>| {
        let on = json!([{"matchExpressions": [{"key": "disk", "operator": "In", "values": [name]}]}]);
        let owner = owner.map(|name| json!({"namespace": "shop", "name": name}));
        json!({"metadata": {"name": name}, "spec": {"storageClassName": class, "claimRef": owner,
               "nodeAffinity": {"required": {"nodeSelectorTerms": on}}}})
    };
    let anywhere = json!({"metadata": {"name": "far"}, "spec": {"storageClassName": "local"}});
    let on = |key: &str, value: &str| node_term(vec![any_of(key, &[value])]);
    let (made, local) = (
        class("made", "csi"),
        class("local", "kubernetes.io/no-provisioner"),
    );
    for (what, class, there, expected) in [
        ("the class makes one", &made, vec![], Ok(vec![on("zone", "a")])),
        (
            "one is there, too",
            &made,
            vec![volume("one", "made", None)],
            Ok(vec![on("zone", "a"), on("disk", "one")]),
        ),
        (
            "of two the class makes neither",
            &local,
            vec![volume("one", "local", None), volume("two", "local", Some("data"))],
            Ok(vec![on("disk", "one"), on("disk", "two")]),
        ),
        (
            "one is reached from anywhere",
            &local,
            vec![anywhere, volume("one", "local", None)],
            Ok(vec![]),
        ),
        (
            "none is left",
            &local,
            vec![volume("one", "made", None), volume("two", "local", Some("other"))],
            Err("no volume is left for the claim data, and its class makes none; make one"),
        ),
    ] {
        let claim = json!({"metadata": {"namespace": "shop", "name": "data"},
                           "spec": {"storageClassName": class["metadata"]["name"]}});
        let mut volumes = Volumes::default();
        volumes.add_claim(serde_json::from_value(claim).expect("a claim"));
        volumes.add_class(serde_json::from_value(class.clone()).expect("a class"));
        for volume in there {
            volumes.add_volume(serde_json::from_value(volume).expect("a volume"));
        }
        let spec = json!({"containers": [], "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]});
        let read = Reader::default().demand(&pod(spec), &volumes);
        let places = read.map(|demand| {
            let places = demand.placement.volumes.iter();
            places.flat_map(|place| place.terms.clone()).collect()
        });
        assert_eq!(
            places,
            expected.map_err(|detail| PodFlaw::Claim(detail.to_owned())),
            "{what}"
        );
    }
}

/// SC-2: a Node arrives with its amounts, taints, cordon, readiness and limits of drivers.
#[test]
fn node_arrives() {
    let written = serde_json::from_value(json!({
        "metadata": {"name": "n1", "labels": {"zone": "a"}},
        "spec": {"unschedulable": true, "taints": [{"key": "gpu", "value": "yes", "effect": "NoExecute"}]},
        "status": {
            "allocatable": {"cpu": "1900m", "memory": "1Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }));
    let drivers = serde_json::from_value(json!({
        "metadata": {"name": "n1"},
        "spec": {"drivers": [{"name": "csi", "nodeID": "n1", "allocatable": {"count": 8}}, {"name": "free", "nodeID": "n1"}]},
    }));
    let (written, drivers) = (written.expect("a Node"), drivers.expect("a CSINode"));

    let node = Reader::default()
        .node(&written, Some(&drivers))
        .expect("it can be read");

    assert_eq!(node.labels, labels(&[("zone", "a")]));
    let unschedulable = taint("node.kubernetes.io/unschedulable", "", Effect::NoSchedule);
    assert_eq!(
        node.taints,
        [taint("gpu", "yes", Effect::NoExecute), unschedulable]
    );
    assert!(node.is_ready);
    assert_eq!(
        (node.room.allocatable, node.room.pods),
        (resources(1900, 1 << 30), 110)
    );
    assert_eq!(node.room.attachments, [("csi".into(), 8)].into());
}
