//! Every label, annotation, finalizer and Secret key that we read or write, each defined once.

/// Names the API group of our custom resources.
pub const GROUP: &str = "autoscaler.vpsie.com";

/// Names the only version of our custom resources.
pub const VERSION: &str = "v1alpha1";

// --- labels that we write ---

/// Labels NodeGroups (opt-in), VPSieNodes and Nodes that are ours; the value is [`TRUE`].
pub const LABEL_MANAGED: &str = "autoscaler.vpsie.com/managed";
/// Labels VPSieNodes and Nodes with the name of their NodeGroup.
pub const LABEL_NODE_GROUP: &str = "autoscaler.vpsie.com/nodegroup";
/// Labels Nodes with the name of their VPSieNode: the claim.
pub const LABEL_VPSIE_NODE: &str = "autoscaler.vpsie.com/vpsienode";
/// Labels VPSieNodes and Nodes with their data centre.
pub const LABEL_DATACENTER: &str = "autoscaler.vpsie.com/datacenter";

/// Labels NodeGroups that we made for pods which no other could host; the value is [`TRUE`] (`SC-10`).
pub const LABEL_MADE_FOR_PODS: &str = "autoscaler.vpsie.com/made-for-pods";

// --- annotations that we write ---

/// Annotates NodeGroups that we made with their namespace, name and the time: a copy of one is not ours (`SC-10`).
pub const ANNOTATION_MADE: &str = "autoscaler.vpsie.com/made";

/// Annotates Nodes with the uid of their VPSieNode, which a label of its name cannot tell from a namesake.
pub const ANNOTATION_VPSIE_NODE_UID: &str = "autoscaler.vpsie.com/vpsienode-uid";
/// Annotates Nodes with the namespace of their NodeGroup and VPSieNode.
pub const ANNOTATION_NODE_GROUP_NAMESPACE: &str = "autoscaler.vpsie.com/nodegroup-namespace";
/// Annotates VPSieNodes with [`TRUE`] once the intent to ask VPSie for a machine is written.
pub const ANNOTATION_CREATION_REQUESTED: &str = "autoscaler.vpsie.com/creation-requested";
/// Annotates VPSieNodes with the intent: JSON of request time, baseline, outcome and evidence.
pub const ANNOTATION_CREATION_INTENT: &str = "autoscaler.vpsie.com/creation-intent";
/// Annotates VPSieNodes with the intent to remove their machine: JSON like that of the creation.
pub const ANNOTATION_REMOVAL_INTENT: &str = "autoscaler.vpsie.com/removal-intent";
/// Annotates NodeGroups with the intent to create their group at VPSie: JSON like that of the creation.
pub const ANNOTATION_GROUP_INTENT: &str = "autoscaler.vpsie.com/group-intent";
/// Annotates VPSieNodes with their life: JSON of state, stamps and counts.
pub const ANNOTATION_LIFECYCLE: &str = "autoscaler.vpsie.com/lifecycle";
/// Annotates VPSieNodes with the pods that they were made for, as `namespace/name`, divided by commas.
pub const ANNOTATION_PLANNED_FOR: &str = "autoscaler.vpsie.com/planned-for";
/// Annotates VPSieNodes with the reason they were made for; we write [`BY_USE`], and the Go autoscaler on Nodes `metrics`,
/// `manual`, `rebalance` or `initial`.
pub const ANNOTATION_CREATION_REASON: &str = "autoscaler.vpsie.com/creation-reason";
/// Annotates Nodes with the drain mark: since when, by whom and why.
pub const ANNOTATION_DRAIN: &str = "autoscaler.vpsie.com/drain";

// --- keys that people write and we read ---

/// Annotates Nodes that must never be removed; counts when the value is [`TRUE`].
pub const ANNOTATION_PROTECTED: &str = "autoscaler.vpsie.com/protected";
/// Labels Nodes that must never be removed; counts when the value is [`TRUE`].
pub const LABEL_SCALE_DOWN_DISABLED: &str = "autoscaler.vpsie.com/scale-down-disabled";
/// Annotates NodeGroups and Nodes that must not shrink; counts when the value is [`DISABLED`].
pub const ANNOTATION_SCALE_DOWN: &str = "autoscaler.vpsie.com/scale-down";
/// Annotates NodeGroups whose broken nodes may be removed by themselves; counts when the value is [`ENABLED`].
pub const ANNOTATION_UNHEALTHY_CLEANUP: &str = "autoscaler.vpsie.com/unhealthy-cleanup";
/// Annotates NodeGroups and Nodes with the hours in which they may shrink, `HH:MM-HH:MM Area/City`.
pub const ANNOTATION_SCALE_DOWN_ALLOWED_HOURS: &str = "autoscaler.vpsie.com/scale-down-allowed-hours";

/// Names the VPSie cluster of a Node; read when the cluster is not configured.
pub const LABEL_CLUSTER_ID: &str = "vpsie.com/cluster-id";
/// Names the VPSie data centre of a Node; read when it is not configured.
pub const LABEL_DATACENTER_ID: &str = "vpsie.com/datacenter-id";
/// Names the VPSie project of a Node; read when it is not configured.
pub const LABEL_PROJECT_ID: &str = "vpsie.com/project-id";

// --- keys of the Go autoscaler that may be found on objects ---

/// Labels Nodes with their offering; declared by the Go autoscaler and never written.
pub const LABEL_OFFERING: &str = "autoscaler.vpsie.com/offering";
/// Annotates Nodes with the number of their machine; declared by the Go autoscaler and never written.
pub const ANNOTATION_VPS_ID: &str = "autoscaler.vpsie.com/vps-id";
/// Annotates Nodes with the start of a drain by the Go autoscaler.
pub const ANNOTATION_DRAIN_START_TIME: &str = "autoscaler.vpsie.com/drain-start-time";
/// Annotates Nodes with the state of a drain by the Go autoscaler.
pub const ANNOTATION_DRAIN_STATUS: &str = "autoscaler.vpsie.com/drain-status";

// --- values ---

/// Is the value of labels and annotations that say yes.
pub const TRUE: &str = "true";
/// Is the value of [`ANNOTATION_CREATION_REASON`] of what was made because a threshold of its NodeGroup was passed (`SC-7`).
pub const BY_USE: &str = "metrics";
/// Is the value of [`ANNOTATION_SCALE_DOWN`] that counts.
pub const DISABLED: &str = "disabled";
/// Is the value of [`ANNOTATION_UNHEALTHY_CLEANUP`] that counts.
pub const ENABLED: &str = "enabled";

// --- finalizers ---

/// Keeps a NodeGroup until its VPSieNodes and its provider group are settled.
pub const FINALIZER_NODE_GROUP: &str = "nodegroup.autoscaler.vpsie.com/finalizer";
/// Keeps a VPSieNode until the absence of its machine is proven.
pub const FINALIZER_VPSIE_NODE: &str = "vpsienode.autoscaler.vpsie.com/finalizer";

// --- Secret ---

/// Is the usual name of the Secret with the credentials.
pub const SECRET_NAME: &str = "vpsie-secret";
/// Is the usual namespace of the Secret with the credentials.
pub const SECRET_NAMESPACE: &str = "kube-system";
/// Holds a ready token in the Secret; the other way is [`SECRET_CLIENT_ID`] with [`SECRET_CLIENT_SECRET`].
pub const SECRET_TOKEN: &str = "token";
/// Holds the OAuth client id in the Secret.
pub const SECRET_CLIENT_ID: &str = "clientId";
/// Holds the OAuth client secret in the Secret.
pub const SECRET_CLIENT_SECRET: &str = "clientSecret";
/// Holds the base URL of the VPSie API in the Secret.
pub const SECRET_URL: &str = "url";
/// Holds the identifier of the VPSie cluster in the Secret; optional.
pub const SECRET_RESOURCE_IDENTIFIER: &str = "resourceIdentifier";
/// Holds the data centre in the Secret; optional.
pub const SECRET_DATACENTER_ID: &str = "datacenterId";
/// Holds the project in the Secret; optional.
pub const SECRET_PROJECT_ID: &str = "projectId";

// --- objects of our own ---

/// Names the ConfigMap with baselines and tombstones, in the operator's namespace.
pub const CONFIG_MAP_BASELINES: &str = "vpsie-autoscaler-baselines";
/// Names the Lease of the leader, as the Go autoscaler does, so that the two never act at once.
pub const LEASE_NAME: &str = "vpsie-autoscaler-leader";
/// Names the only AutoscalerConfig that counts.
pub const CONFIG_NAME: &str = "default";
