//! Random Nodes and pods, the same ones at every run.

use serde_json::{Map, Value, json};

use crate::late;
use crate::storage::{CLAIMS, RUNTIME, claim_name};

/// Namespaces with the value of their label `team`.
pub(crate) const NAMESPACES: [(&str, &str); 2] = [("shop", "sales"), ("bank", "money")];

const HOST: &str = "kubernetes.io/hostname";

/// Gives numbers that look random: the generator `xorshift64*`.
pub(crate) struct Random(u64);

// === impl Random ===

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).expect("31 bits") % bound
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

pub(crate) fn node_name(world: u64, number: usize) -> String {
    format!("w{world}-n{number}")
}

/// Makes a Node; labels are missing on some.
pub(crate) fn node(world: u64, number: usize, random: &mut Random) -> Value {
    let name = node_name(world, number);
    let mut labels = json!({HOST: name});
    if random.percent(85) {
        let zone = random.one(&["a", "b", "c"]);
        labels["zone"] = json!(zone);
        if random.percent(70) {
            labels["topology.kubernetes.io/zone"] = json!(zone);
        }
    }
    if random.percent(60) {
        labels["disk"] = json!(random.one(&["ssd", "hdd"]));
    }
    if random.percent(70) {
        labels["cores"] = json!(random.one(&["2", "4", "8", "many"]));
    }
    let mut taints = Vec::new();
    if random.percent(30) {
        let effect = random.one(&["NoSchedule", "NoExecute", "PreferNoSchedule"]);
        taints.push(
            json!({"key": random.one(&["gpu", "old"]), "value": random.one(&["x", "y"]), "effect": effect}),
        );
    }
    let room = json!({
        "cpu": random.one(&["1", "1900m", "4"]),
        "memory": random.one(&["1Gi", "2Gi", "4000Mi"]),
        "pods": random.one(&["3", "5", "20"]),
        "ephemeral-storage": "1Gi",
        "example.com/gpu": random.one(&["0", "1", "2"]),
    });
    json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints},
        "status": {"allocatable": room, "capacity": room, "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// Makes a pod that fits on one Node alone, once the scheduler knows that as it is.
pub(crate) fn sentinel(node: &str) -> Value {
    json!({
        "metadata": {"name": format!("sentinel-{node}"), "namespace": "shop"},
        "spec": {
            "nodeSelector": {HOST: node, "settled": "yes"},
            "tolerations": [{"operator": "Exists"}],
            "automountServiceAccountToken": false,
            "containers": [{"name": "c", "image": "c"}],
        },
    })
}

/// Makes a pod that asks for a few of all the things that a pod can ask for.
pub(crate) fn pod(name: &str, random: &mut Random) -> Value {
    let mut spec = json!({"automountServiceAccountToken": false, "containers": containers(random)});
    if random.percent(20) {
        let sidecar = random.percent(50).then_some("Always");
        let requests = json!({"requests": {"cpu": random.one(&["200m", "1500m"])}});
        spec["initContainers"] =
            json!([{"name": "i", "image": "i", "resources": requests, "restartPolicy": sidecar}]);
    } else if random.percent(15) {
        // As much as the containers may ask for together, or more.
        spec["resources"] = json!({"requests": {"cpu": random.one(&["700m", "1200m"])}});
        if random.percent(50) {
            spec["resources"]["requests"]["memory"] = json!(random.one(&["600Mi", "1100Mi"]));
        }
    }
    if random.percent(15) {
        spec["runtimeClassName"] = json!(RUNTIME);
    }
    if random.percent(25) {
        spec["volumes"] = volumes(random);
    } else if random.percent(20) {
        let source = json!({"claimName": late::claim_name(random.one(&late::CLASSES), name)});
        spec["volumes"] = json!([{"name": "late", "persistentVolumeClaim": source}]);
    }
    if random.percent(15) {
        spec["nodeSelector"] = json!({"zone": random.one(&["a", "b"])});
    }
    if random.percent(45) {
        let mut toleration = json!({"key": random.one(&["gpu", "old"])});
        if random.percent(50) {
            toleration["operator"] = json!("Exists");
        } else {
            toleration["value"] = json!(random.one(&["x", "y"]));
        }
        if random.percent(40) {
            toleration["effect"] = json!(random.one(&["NoSchedule", "NoExecute"]));
        }
        spec["tolerations"] = json!([toleration]);
    }
    let mut affinity = Map::new();
    if random.percent(25) {
        affinity.insert("nodeAffinity".to_owned(), required(node_terms(random)));
    }
    if random.percent(20) {
        affinity.insert("podAffinity".to_owned(), required(pod_terms(random)));
    }
    if random.percent(25) {
        affinity.insert("podAntiAffinity".to_owned(), required(pod_terms(random)));
    }
    spec["affinity"] = Value::Object(affinity);
    if random.percent(35) {
        spec["topologySpreadConstraints"] = spreads(random);
    }
    let labels = json!({"app": random.one(&["a", "b", "c"]), "rev": random.one(&["1", "2"])});
    json!({
        "metadata": {"name": name, "namespace": random.one(&["shop", "bank"]), "labels": labels},
        "spec": spec,
    })
}

/// Makes one or two volumes by claims that other pods may use, too.
fn volumes(random: &mut Random) -> Value {
    let first = random.below(CLAIMS);
    let mut claims = vec![first];
    if random.percent(30) {
        claims.push((first + 1 + random.below(CLAIMS - 1)) % CLAIMS);
    }
    let volume = |number: &usize| {
        let source = json!({"claimName": claim_name(*number)});
        json!({"name": format!("v{number}"), "persistentVolumeClaim": source})
    };
    claims.iter().map(volume).collect()
}

fn required(terms: Value) -> Value {
    json!({"requiredDuringSchedulingIgnoredDuringExecution": terms})
}

fn containers(random: &mut Random) -> Value {
    let mut requests = json!({
        "cpu": random.one(&["0", "50m", "100m", "0.3", "700m"]),
        "memory": random.one(&["0", "64Mi", "200M", "600Mi"]),
    });
    if random.percent(15) {
        requests["ephemeral-storage"] = json!(random.one(&["100Mi", "600Mi"]));
    }
    let mut limits = json!({});
    if random.percent(12) {
        requests["example.com/gpu"] = json!("1");
        limits = json!({"example.com/gpu": "1"});
    }
    let mut ports = Vec::new();
    if random.percent(15) {
        let port = if random.percent(50) { 8080 } else { 8081 };
        let mut one =
            json!({"containerPort": port, "hostPort": port, "protocol": random.one(&["TCP", "UDP"])});
        if random.percent(50) {
            one["hostIP"] = json!(random.one(&["10.0.0.1", "10.0.0.2", "0.0.0.0"]));
        }
        ports.push(one);
    }
    let resources = json!({"requests": requests, "limits": limits});
    json!([{"name": "c", "image": "c", "resources": resources, "ports": ports}])
}

fn node_terms(random: &mut Random) -> Value {
    let mut terms = Vec::new();
    for _ in 0..=random.below(2) {
        if random.percent(15) {
            let name = node_name(random.below(10) as u64, random.below(6));
            let operator = random.one(&["In", "NotIn"]);
            terms.push(
                json!({"matchFields": [{"key": "metadata.name", "operator": operator, "values": [name]}]}),
            );
            continue;
        }
        let expressions: Vec<Value> = (0..=random.below(2)).map(|_| node_expression(random)).collect();
        terms.push(json!({"matchExpressions": expressions}));
    }
    json!({"nodeSelectorTerms": terms})
}

fn node_expression(random: &mut Random) -> Value {
    let (key, values) = match random.below(3) {
        0 => ("zone", ["a", "b"]),
        1 => ("disk", ["ssd", "hdd"]),
        _ => ("cores", ["4", "2"]),
    };
    match random.one(&["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]) {
        operator @ ("In" | "NotIn") => {
            json!({"key": key, "operator": operator, "values": [random.one(&values)]})
        }
        operator @ ("Gt" | "Lt") => {
            json!({"key": "cores", "operator": operator, "values": [random.one(&["2", "5"])]})
        }
        operator => json!({"key": key, "operator": operator}),
    }
}

fn selector(random: &mut Random) -> Value {
    if random.percent(50) {
        return json!({"matchLabels": {"app": random.one(&["a", "b", "c"])}});
    }
    let operator = random.one(&["In", "NotIn"]);
    json!({"matchExpressions": [{"key": "app", "operator": operator, "values": [random.one(&["a", "b", "c"]), "d"]}]})
}

fn pod_terms(random: &mut Random) -> Value {
    let mut terms = Vec::new();
    for _ in 0..=random.below(2) {
        let mut term =
            json!({"topologyKey": random.one(&["zone", HOST, "disk"]), "labelSelector": selector(random)});
        match random.below(6) {
            0 => term["namespaces"] = json!([random.one(&["shop", "bank"])]),
            1 => term["namespaceSelector"] = json!({}),
            2 => {
                term["namespaceSelector"] = json!({"matchLabels": {"team": random.one(&["sales", "money"])}})
            }
            _ => {}
        }
        match random.below(6) {
            0 => term["matchLabelKeys"] = json!(["rev"]),
            1 => term["mismatchLabelKeys"] = json!(["rev"]),
            _ => {}
        }
        terms.push(term);
    }
    json!(terms)
}

fn spreads(random: &mut Random) -> Value {
    let mut spreads = Vec::new();
    for key in ["zone", HOST] {
        if random.percent(40) {
            continue;
        }
        let mut spread = json!({
            "topologyKey": key,
            "maxSkew": random.below(2) + 1,
            "whenUnsatisfiable": if random.percent(85) { "DoNotSchedule" } else { "ScheduleAnyway" },
            "labelSelector": selector(random),
        });
        if random.percent(25) && spread["whenUnsatisfiable"] == "DoNotSchedule" {
            spread["minDomains"] = json!(random.below(4) + 1);
        }
        if random.percent(30) {
            spread["nodeAffinityPolicy"] = json!(random.one(&["Honor", "Ignore"]));
        }
        if random.percent(40) {
            spread["nodeTaintsPolicy"] = json!(random.one(&["Honor", "Ignore"]));
        }
        if random.percent(25) {
            spread["matchLabelKeys"] = json!(["rev"]);
        }
        spreads.push(spread);
    }
    json!(spreads)
}
