//! What real objects carry beyond what the simulation keeps, so that they arrive as large as in a real cluster.

use serde_json::{Value, json};

/// Images on a Node; a kubelet reports at most so many.
const IMAGES: usize = 50;

/// Adds to a Pod or a Node what a real one has, which nobody here needs.
pub(super) fn dress(resource: &str, object: &mut Value) {
    match resource {
        "pods" => dress_pod(object),
        "nodes" => dress_node(object),
        _ => {}
    }
}

fn dress_pod(pod: &mut Value) {
    pod["metadata"]["managedFields"] = managed_fields(&["kube-controller-manager", "kubelet"], 25);
    pod["metadata"]["annotations"] = json!({
        "cni.projectcalico.org/containerID": "6f".repeat(32), "cni.projectcalico.org/podIP": "10.244.17.203/32",
        "cni.projectcalico.org/podIPs": "10.244.17.203/32", "prometheus.io/port": "8080", "prometheus.io/scrape": "true",
        "kubectl.kubernetes.io/restartedAt": "2026-01-24T08:00:00Z",
    });
    pod["metadata"]["labels"] = json!({
        "app.kubernetes.io/name": "storefront", "app.kubernetes.io/instance": "storefront-production",
        "app.kubernetes.io/part-of": "shop", "pod-template-hash": "5d7c9b8f6d",
    });
    let environment: Vec<Value> = (0..12)
        .map(|number| json!({ "name": format!("SETTING_NUMBER_{number}"), "value": "https://storefront.shop.svc" }))
        .collect();
    if let Some(containers) = pod["spec"]["containers"].as_array_mut() {
        for container in containers {
            container["image"] = json!("registry.example.com/shop/storefront:2026.1.24-5d7c9b8f6d");
            container["env"] = json!(environment);
            container["livenessProbe"] = probe("/healthz");
            container["readinessProbe"] = probe("/readyz");
            container["ports"] = json!([{ "containerPort": 8080, "name": "http", "protocol": "TCP" }]);
            container["securityContext"] = json!({
                "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] }, "readOnlyRootFilesystem": true,
            });
            container["volumeMounts"] = json!([
                { "mountPath": "/etc/storefront", "name": "configuration", "readOnly": true },
                { "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "kube-api-access-x7k2p", "readOnly": true },
            ]);
            container["terminationMessagePath"] = json!("/dev/termination-log");
            container["terminationMessagePolicy"] = json!("File");
            container["imagePullPolicy"] = json!("IfNotPresent");
        }
    }
    dress_spec(&mut pod["spec"]);
    dress_status(&mut pod["status"]);
}

fn dress_spec(spec: &mut Value) {
    spec["volumes"] = json!([
        { "name": "configuration", "configMap": { "name": "storefront", "defaultMode": 420 } },
        { "name": "kube-api-access-x7k2p", "projected": { "defaultMode": 420, "sources": [
            { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
            { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
            { "downwardAPI": { "items": [
                { "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } },
            ] } },
        ] } },
    ]);
    let toleration = |key: &str| json!({ "effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300 });
    spec["tolerations"] = json!([
        toleration("node.kubernetes.io/not-ready"),
        toleration("node.kubernetes.io/unreachable"),
    ]);
    spec["dnsPolicy"] = json!("ClusterFirst");
    spec["enableServiceLinks"] = json!(true);
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
    spec["restartPolicy"] = json!("Always");
    spec["schedulerName"] = json!("default-scheduler");
    spec["securityContext"] = json!({ "fsGroup": 1000, "runAsNonRoot": true, "runAsUser": 1000 });
    spec["serviceAccountName"] = json!("storefront");
    spec["terminationGracePeriodSeconds"] = json!(30);
}

fn dress_status(status: &mut Value) {
    let condition = |kind: &str| json!({ "lastProbeTime": null, "lastTransitionTime": "2026-01-24T08:00:00Z", "status": "True", "type": kind });
    status["conditions"] = json!([
        condition("PodReadyToStartContainers"),
        condition("Initialized"),
        condition("Ready"),
        condition("ContainersReady"),
        condition("PodScheduled"),
    ]);
    status["containerStatuses"] = json!([{
        "containerID": format!("containerd://{}", "6f".repeat(32)), "name": "work", "ready": true, "restartCount": 0,
        "image": "registry.example.com/shop/storefront:2026.1.24-5d7c9b8f6d", "lastState": {}, "started": true,
        "imageID": format!("registry.example.com/shop/storefront@sha256:{}", "8a".repeat(32)),
        "state": { "running": { "startedAt": "2026-01-24T08:00:00Z" } },
    }]);
    status["hostIP"] = json!("10.0.3.17");
    status["podIP"] = json!("10.244.17.203");
    status["podIPs"] = json!([{ "ip": "10.244.17.203" }]);
    status["qosClass"] = json!("Burstable");
    status["startTime"] = json!("2026-01-24T08:00:00Z");
}

fn dress_node(node: &mut Value) {
    node["metadata"]["managedFields"] =
        managed_fields(&["kubelet", "kube-controller-manager", "calico-node"], 40);
    let annotations = &mut node["metadata"]["annotations"];
    for (key, value) in [
        (
            "csi.volume.kubernetes.io/nodeid",
            "{\"csi.vpsie.com\":\"8f14e45f-ceea-467f-a8f3-1b1c2d3e4f50\"}",
        ),
        (
            "kubeadm.alpha.kubernetes.io/cri-socket",
            "unix:///var/run/containerd/containerd.sock",
        ),
        ("node.alpha.kubernetes.io/ttl", "0"),
        ("projectcalico.org/IPv4Address", "10.0.3.17/24"),
        ("projectcalico.org/IPv4IPIPTunnelAddr", "10.244.17.192"),
        ("volumes.kubernetes.io/controller-managed-attach-detach", "true"),
    ] {
        annotations[key] = json!(value);
    }
    let labels = &mut node["metadata"]["labels"];
    for key in [
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
    ] {
        labels[key] = json!("helsinki-1");
    }
    node["spec"]["podCIDR"] = json!("10.244.17.0/24");
    node["spec"]["podCIDRs"] = json!(["10.244.17.0/24"]);
    if let Some(conditions) = node["status"]["conditions"].as_array_mut() {
        for condition in conditions {
            condition["message"] = json!("kubelet is posting ready status, and it has what it needs");
        }
    }
    let images: Vec<Value> = (0..IMAGES)
        .map(|number| {
            let name = format!("registry.example.com/shop/image-number-{number}");
            let digest = format!("{name}@sha256:{}", "8a".repeat(32));
            json!({ "names": [digest, format!("{name}:2026.1.24")], "sizeBytes": 104_857_600 })
        })
        .collect();
    node["status"]["images"] = json!(images);
    node["status"]["daemonEndpoints"] = json!({ "kubeletEndpoint": { "Port": 10250 } });
}

/// Makes what the API server notes of who wrote which field.
fn managed_fields(managers: &[&str], fields: usize) -> Value {
    let fields: serde_json::Map<String, Value> = (0..fields)
        .map(|number| {
            let field = format!("f:field-number-{number}");
            (
                field,
                json!({ ".": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {} }),
            )
        })
        .collect();
    let entry = |manager: &&str| {
        json!({
            "apiVersion": "v1", "fieldsType": "FieldsV1", "manager": manager, "operation": "Update",
            "time": "2026-01-24T08:00:00Z", "fieldsV1": { "f:metadata": fields, "f:status": {} },
        })
    };
    json!(managers.iter().map(entry).collect::<Vec<_>>())
}

fn probe(path: &str) -> Value {
    json!({
        "failureThreshold": 3, "httpGet": { "path": path, "port": "http", "scheme": "HTTP" }, "periodSeconds": 10,
        "successThreshold": 1, "timeoutSeconds": 1,
    })
}
