//! What is kept of a watched object: a Node is twenty times as large as what is read of it here.

use super::lean::{Field, Watched};
use crate::kept;
use crate::resources::{NodeGroup, VPSieNode};
use k8s_openapi::api::core::v1::{Node, Pod};

/// Who wrote an object.
pub(super) const METADATA: Field = Field::parts("metadata", &[Field::whole("managedFields")]);

/// What a container does, as far as no scheduler asks.
const CONTAINER: &[Field] = &[
    Field::whole("args"),
    Field::whole("command"),
    Field::whole("env"),
    Field::whole("envFrom"),
    Field::whole("image"),
    Field::whole("imagePullPolicy"),
    Field::whole("lifecycle"),
    Field::whole("livenessProbe"),
    Field::whole("readinessProbe"),
    Field::whole("securityContext"),
    Field::whole("startupProbe"),
    Field::whole("terminationMessagePath"),
    Field::whole("terminationMessagePolicy"),
    Field::whole("volumeDevices"),
    Field::whole("volumeMounts"),
    Field::whole("workingDir"),
];

/// What a volume is made of, where it is on every Node alike.
const VOLUME: &[Field] = &[
    Field::whole("configMap"),
    Field::whole("downwardAPI"),
    Field::whole("emptyDir"),
    Field::whole("projected"),
    Field::whole("secret"),
];

/// What a pod is like inside.
pub(super) const POD_SPEC: &[Field] = &[
    Field::parts("containers", CONTAINER),
    Field::whole("dnsConfig"),
    Field::whole("dnsPolicy"),
    Field::whole("enableServiceLinks"),
    Field::whole("ephemeralContainers"),
    Field::whole("hostAliases"),
    Field::whole("imagePullSecrets"),
    Field::parts("initContainers", CONTAINER),
    Field::whole("securityContext"),
    Field::whole("serviceAccount"),
    Field::whole("serviceAccountName"),
    Field::parts("volumes", VOLUME),
];

/// What a kubelet reports of the containers of a pod, and where they are reached.
const POD_STATUS: &[Field] = &[
    Field::whole("containerStatuses"),
    Field::whole("ephemeralContainerStatuses"),
    Field::whole("hostIP"),
    Field::whole("hostIPs"),
    Field::whole("initContainerStatuses"),
    Field::whole("podIP"),
    Field::whole("podIPs"),
];

/// What a kubelet has on its disk.
const NODE_STATUS: &[Field] = &[
    Field::whole("config"),
    Field::whole("daemonEndpoints"),
    Field::whole("images"),
    Field::whole("runtimeHandlers"),
    Field::whole("volumesAttached"),
    Field::whole("volumesInUse"),
];

impl Watched for NodeGroup {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = Self;

    fn keep(self) -> Self {
        self
    }
}

impl Watched for VPSieNode {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = kept::VPSieNode;

    fn keep(self) -> kept::VPSieNode {
        self.into()
    }
}

impl Watched for Node {
    const SKIPPED: &'static [Field] = &[METADATA, Field::parts("status", NODE_STATUS)];

    type Kept = kept::Node;

    fn keep(self) -> kept::Node {
        self.into()
    }
}

/// A pod is not kept: what is skipped here is only what nobody reads on its way.
impl Watched for Pod {
    const SKIPPED: &'static [Field] = &[
        METADATA,
        Field::parts("spec", POD_SPEC),
        Field::parts("status", POD_STATUS),
    ];

    type Kept = Self;

    fn keep(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::{Reader, Volumes};
    use crate::pods::facts;
    use crate::watches::lean::Lean;
    use serde_json::json;

    /// LC-17: what is skipped of a pod is nothing that counts: neither whether it is workload, nor what it asks of a Node.
    #[test]
    fn what_is_skipped_of_a_pod_is_read_nowhere() {
        let container = json!({
            "name": "web", "image": "shop:1", "env": [{ "name": "A", "value": "b" }], "restartPolicy": "Always",
            "livenessProbe": { "httpGet": { "port": 80 } }, "ports": [{ "containerPort": 80, "hostPort": 80 }],
            "resources": { "requests": { "cpu": "100m", "memory": "1Gi", "vpsie.com/gpu": "1" } },
        });
        let pod = json!({
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "u", "labels": { "env": "shop" },
                "deletionTimestamp": "2026-01-24T08:00:00Z", "deletionGracePeriodSeconds": 5,
                "annotations": { "kubernetes.io/config.mirror": "m" }, "managedFields": [{ "manager": "kubelet" }],
                "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "d" }],
            },
            "spec": {
                "nodeName": "n", "containers": [container], "initContainers": [container], "dnsPolicy": "ClusterFirst",
                "nodeSelector": { "gpu": "yes" }, "overhead": { "cpu": "10m" }, "priority": 7,
                "securityContext": { "runAsUser": 1 }, "serviceAccountName": "web",
                "tolerations": [{ "key": "gpu", "operator": "Exists" }],
                "topologySpreadConstraints": [{ "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule" }],
                "volumes": [{ "name": "configuration", "configMap": { "name": "web" } }],
            },
            "status": { "phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [] },
        });
        let whole: Pod = serde_json::from_value(pod.clone()).unwrap();
        let Lean(lean): Lean<Pod> = serde_json::from_value(pod).unwrap();
        let lean = lean.unwrap();
        assert_eq!(facts(&lean), facts(&whole));
        let demand = |pod| Reader::default().demand(pod, &Volumes::default()).unwrap();
        assert_eq!(demand(&lean), demand(&whole));
        let (spec, status) = (lean.spec.unwrap(), lean.status.unwrap());
        let (container, volume) = (&spec.containers[0], &spec.volumes.unwrap()[0]);
        assert_eq!(
            (&container.env, &container.liveness_probe, &container.image),
            (&None, &None, &None)
        );
        assert_eq!((&volume.config_map, &status.container_statuses), (&None, &None));
        assert_eq!(lean.metadata.managed_fields, None);
    }
}
