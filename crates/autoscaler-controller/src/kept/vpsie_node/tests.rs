//! What is kept of a VPSieNode, and that nothing of it changes on the way.

use super::*;
use crate::resources::{Condition, NodeResources, VPSieNodeSpec, VPSieNodeStatus};
use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

fn stored(annotations: Value, more: Value) -> resources::VPSieNode {
    let mut object = json!({
        "metadata": {
            "name": "web-1", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 2,
            "creationTimestamp": "2026-01-24T08:00:00Z", "deletionTimestamp": "2026-01-24T09:00:00Z",
            "finalizers": ["vpsienode.autoscaler.vpsie.com/finalizer", "example.com/other"], "annotations": annotations,
        },
        "spec": {
            "vpsieInstanceID": 7, "instanceType": "small", "nodeGroupName": "web", "datacenterID": "d",
            "resourceIdentifier": "c", "kubernetesVersion": "v1.34.1", "nodeName": "n", "ipAddress": "10.0.0.1",
            "ipv6Address": "fd00::1", "vpsieGroupID": 9, "vpsieNodeIdentifier": "m",
        },
        "status": {
            "phase": "Ready", "nodeName": "n", "vpsieStatus": "running", "hostname": "h", "lastError": "e",
            "resources": { "cpu": 2, "memoryMB": 4096, "diskGB": 80, "bandwidthGB": 1 }, "observedGeneration": 2,
            "createdAt": "2026-01-24T08:00:01Z", "provisionedAt": "2026-01-24T08:00:02Z",
            "joinedAt": "2026-01-24T08:00:03Z", "readyAt": "2026-01-24T08:00:04Z",
            "terminatingAt": "2026-01-24T08:00:05Z", "deletedAt": "2026-01-24T08:00:06Z",
            "conditions": [
                {
                    "type": "VPSReady", "status": "True", "observedGeneration": 1, "reason": "Provisioned",
                    "lastTransitionTime": "2026-01-24T08:00:02Z", "message": "the machine is discovered",
                },
                { "type": "Odd", "status": "odd", "lastUpdateTime": "2026-01-24T08:00:07Z", "message": "" },
            ],
        },
    });
    for part in ["metadata", "spec"] {
        let part = (object[part].as_object_mut().unwrap(), &more[part]);
        part.0.extend(part.1.as_object().cloned().unwrap_or_default());
    }
    serde_json::from_value(object).unwrap()
}

/// NS-30: of a VPSieNode all stays but what is for others and what only VPSie needs to make a machine.
#[test]
fn only_what_is_read_of_a_vpsie_node_is_kept() {
    let owners = json!([{ "apiVersion": "v1", "kind": "NodeGroup", "name": "web", "uid": "u" }]);
    let written = json!({ "autoscaler.vpsie.com/lifecycle": "{}", "kubectl.kubernetes.io/last-applied-configuration": "{}" });
    let more = json!({
        "metadata": { "labels": { "team": "shop" }, "ownerReferences": owners },
        "spec": { "project": "p", "osImageID": "o", "sshKeyIDs": ["k"] },
    });
    let lean = stored(json!({ "autoscaler.vpsie.com/lifecycle": "{}" }), json!({}));
    assert_eq!(VPSieNode::from(stored(written, more)).whole(), lean);
    let kept = VPSieNode::from(stored(json!({ "note": "x" }), json!({})));
    assert!(kept.annotations().is_empty());
}

/// Bad input: a VPSieNode that says nothing is kept as one that says nothing.
#[test]
fn vpsie_node_without_words_is_kept() {
    let nothing = resources::VPSieNode::default();
    let kept = VPSieNode::from(&nothing);
    assert_eq!((kept.whole(), kept.phase()), (nothing, Phase::Pending));
    assert_eq!((kept.name_any(), kept.instance_id()), (String::new(), None));
    let empty = |conditions| resources::VPSieNode {
        status: Some(VPSieNodeStatus {
            conditions,
            ..VPSieNodeStatus::default()
        }),
        ..resources::VPSieNode::default()
    };
    for conditions in [None, Some(Vec::new())] {
        let stored = empty(conditions);
        assert_eq!(VPSieNode::from(&stored).whole(), stored);
    }
}

/// NS-30: a VPSieNode takes little more than what it says in words of its own.
#[test]
fn vpsie_node_is_small() {
    let size = size_of::<VPSieNode>();
    assert!(size <= 420, "{size}");
}

#[test]
fn vpsie_node_is_named_as_events_name_it() {
    let whole = stored(json!({}), json!({}));
    let named = VPSieNode::from(&whole).object_ref();
    assert_eq!(named, Resource::object_ref(&whole, &()));
}

// --- any object ---

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["", "True", "Ready", "Provisioned", "the Node is Ready"]);
    prop_oneof![word.prop_map(str::to_owned), ".{0,12}", "[aß京𝄞]{200}"]
}

fn time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    of((0_i64..4_000_000_000).prop_filter_map("a time", |seconds| DateTime::from_timestamp(seconds, 0)))
}

prop_compose! {
    fn condition()(
        texts in (text(), text(), of(text()), of(text())), observed_generation in of(any::<i64>()), times in (time(), time()),
    ) -> Condition {
        let (type_, status, reason, message) = texts;
        let (last_transition_time, last_update_time) = times;
        Condition { type_, status, observed_generation, last_transition_time, last_update_time, reason, message }
    }
}

prop_compose! {
    fn status()(
        phase in of(prop_oneof![
            prop::sample::select(Phase::ALL.to_vec()),
            Just(Phase::Unrecognised(String::new())), Just(Phase::Unrecognised("Odd".to_owned())),
        ]),
        texts in (of(text()), of(text()), of(text()), of(text())),
        size in of((any::<i64>(), any::<i64>(), any::<i64>(), of(any::<i64>()))),
        times in (time(), time(), time(), time(), time(), time()),
        conditions in of(prop::collection::vec(condition(), 0..5)),
        observed_generation in of(any::<i64>()),
    ) -> VPSieNodeStatus {
        let (node_name, vpsie_status, hostname, last_error) = texts;
        let (created_at, provisioned_at, joined_at, ready_at, terminating_at, deleted_at) = times;
        let resources = size.map(|(cpu, memory_mb, disk_gb, bandwidth_gb)| NodeResources { cpu, memory_mb, disk_gb, bandwidth_gb });
        VPSieNodeStatus {
            phase, node_name, vpsie_status, hostname, resources, created_at, provisioned_at, joined_at, ready_at,
            terminating_at, deleted_at, conditions, last_error, observed_generation,
        }
    }
}

prop_compose! {
    fn spec()(
        required in (text(), text(), text(), text(), text()), optional in (of(text()), of(text()), of(text()), of(text())),
        vpsie_instance_id in any::<i64>(), vpsie_group_id in of(any::<i64>()),
    ) -> VPSieNodeSpec {
        let (instance_type, node_group_name, datacenter_id, resource_identifier, kubernetes_version) = required;
        let (node_name, ip_address, ipv6_address, vpsie_node_identifier) = optional;
        VPSieNodeSpec {
            vpsie_instance_id, instance_type, node_group_name, datacenter_id, resource_identifier, kubernetes_version,
            node_name, ip_address, ipv6_address, vpsie_group_id, vpsie_node_identifier, ..VPSieNodeSpec::default()
        }
    }
}

prop_compose! {
    fn metadata()(
        texts in (of(text()), of(text()), of(text()), of(text())), generation in of(any::<i64>()),
        finalizers in prop::collection::vec(text(), 0..3),
        annotations in prop::collection::btree_map(text().prop_map(|text| format!("{}/{text}", keys::GROUP)), text(), 0..4),
    ) -> ObjectMeta {
        let (name, namespace, uid, resource_version) = texts;
        ObjectMeta {
            name, namespace, uid, resource_version, generation,
            finalizers: Some(finalizers).filter(|finalizers| !finalizers.is_empty()),
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            ..ObjectMeta::default()
        }
    }
}

proptest! {
    /// NS-30: whatever a VPSieNode says, put together again it says the same, and another that differs is another.
    #[test]
    fn vpsie_node_is_put_together_as_it_was(
        metadata in metadata(), spec in spec(), status in of(status()), other in of(status()),
    ) {
        let stored = resources::VPSieNode { metadata, spec, status };
        let kept = VPSieNode::from(&stored);
        prop_assert_eq!(&kept.whole(), &stored);
        let changed = resources::VPSieNode { status: other, ..stored.clone() };
        prop_assert_eq!(VPSieNode::from(&changed) == kept, changed == stored);
    }
}
