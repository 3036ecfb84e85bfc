//! Objects written by the Go autoscaler mean the same to us, and lose nothing on the way through our types.

#[path = "compat/server.rs"]
mod server;

use autoscaler_controller::resources::{AutoscalerConfig, NodeGroup, Phase, VPSieNode};
use autoscaler_controller::resources::{all_crds, crds_yaml, keys};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

const NODE_GROUPS: &[&str] = &[
    include_str!("compat/node_group_full.yaml"),
    include_str!("compat/node_group_minimal.yaml"),
    include_str!("compat/node_group_off.yaml"),
    include_str!("compat/node_group_empty_blocks.yaml"),
];
const VPSIE_NODES: &[&str] = &[include_str!("compat/vpsie_nodes.yaml")];
const CONFIGS: &[&str] = &[
    include_str!("compat/autoscaler_config_full.yaml"),
    include_str!("compat/autoscaler_config_minimal.yaml"),
];

/// Reads all documents of some files.
fn documents(files: &[&str]) -> Vec<Value> {
    let parse = |text: &&str| serde_saphyr::from_multiple::<Value>(text).expect("the file is YAML");
    files.iter().flat_map(parse).collect()
}

fn parse<T: DeserializeOwned>(files: &[&str]) -> Vec<T> {
    let documents = documents(files).into_iter();
    documents
        .map(|document| serde_json::from_value(document).expect("our type accepts it"))
        .collect()
}

#[track_caller]
fn check_round_trip<T: DeserializeOwned + Serialize>(files: &[&str], expected_documents: usize) {
    let stored = documents(files);
    assert_eq!(stored.len(), expected_documents, "every document is read");
    for object in stored {
        let name = object["metadata"]["name"].clone();
        let ours: T = serde_json::from_value(object.clone()).expect("our type accepts it");
        let written = serde_json::to_value(&ours).expect("our type can be written");
        assert_eq!(written, object, "{name} came back changed");
    }
}

/// N2: nothing is lost or added.
#[test]
fn stored_node_groups_come_back_unchanged() {
    check_round_trip::<NodeGroup>(NODE_GROUPS, 4);
}

/// N2: nothing is lost or added.
#[test]
fn stored_vpsie_nodes_come_back_unchanged() {
    check_round_trip::<VPSieNode>(VPSIE_NODES, 9);
}

/// N2: nothing is lost or added.
#[test]
fn stored_configs_come_back_unchanged() {
    check_round_trip::<AutoscalerConfig>(CONFIGS, 2);
}

/// N2: the full objects are full, so that a field missing from our types cannot hide.
#[test]
fn full_objects_hold_every_field_of_the_schema() {
    let crds = all_crds();
    let cases = [(0, NODE_GROUPS), (1, VPSIE_NODES), (2, CONFIGS)];
    for (place, files) in cases {
        let schema = serde_json::to_value(&crds[place].spec.versions[0].schema).expect("a schema");
        for part in ["spec", "status"] {
            let mut known = Vec::new();
            schema_fields(&schema["openAPIV3Schema"]["properties"][part], part, &mut known);
            let mut used: Vec<String> = Vec::new();
            documents(files)
                .iter()
                .for_each(|object| object_fields(&object[part], part, &mut used));
            // Written by us alone: the Go autoscaler's conditions have no generation.
            known.retain(|field| !used.contains(field) && !field.ends_with("conditions.observedGeneration"));
            assert_eq!(known, Vec::<String>::new(), "fields that no stored {part} has");
        }
    }
}

fn schema_fields(schema: &Value, path: &str, fields: &mut Vec<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        schema_fields(field, &path, fields);
        schema_fields(&field["items"], &path, fields);
        fields.push(path);
    }
}

fn object_fields(value: &Value, path: &str, fields: &mut Vec<String>) {
    for item in value.as_array().into_iter().flatten() {
        object_fields(item, path, fields);
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        object_fields(field, &path, fields);
        fields.push(path);
    }
}

/// N2: every phase of the Go autoscaler is one of ours, in the order of a life.
#[test]
fn every_phase_is_read() {
    let nodes = parse::<VPSieNode>(VPSIE_NODES);
    let phases: Vec<Phase> = nodes.iter().map(VPSieNode::phase).collect();
    let mut expected = Phase::ALL.to_vec();
    expected.push(Phase::Pending);
    assert_eq!(phases, expected, "an empty phase is that of a fresh node");
}

/// An unknown phase is kept word for word: what is not understood is not acted on and not overwritten.
#[test]
fn unknown_or_missing_phase_is_read_and_kept() {
    let mut object = documents(VPSIE_NODES).remove(0);
    object["status"]["phase"] = json!("Hibernating");
    let node: VPSieNode = serde_json::from_value(object.clone()).expect("our type accepts it");
    assert_eq!(node.phase(), Phase::Unrecognised("Hibernating".to_owned()));
    assert_eq!(serde_json::to_value(&node).expect("it can be written"), object);

    object["status"] = json!({});
    let node: VPSieNode = serde_json::from_value(object.clone()).expect("our type accepts it");
    assert_eq!(node.phase(), Phase::Pending);
    assert_eq!(serde_json::to_value(&node).expect("it can be written"), object);
}

/// N2: texts that the first releases did not require are empty; one old object must not stop the watch of all.
#[test]
fn objects_of_the_first_releases_are_read() {
    let mut group = documents(NODE_GROUPS).remove(1);
    let mut node = documents(VPSIE_NODES).remove(0);
    for field in ["resourceIdentifier", "project", "kubernetesVersion"] {
        for object in [&mut group, &mut node] {
            object["spec"]
                .as_object_mut()
                .expect("a spec")
                .remove(field)
                .expect("it was there");
        }
    }
    let group: NodeGroup = serde_json::from_value(group).expect("our type accepts it");
    let node: VPSieNode = serde_json::from_value(node).expect("our type accepts it");
    assert_eq!(
        group.spec.resource_identifier + &group.spec.project + &group.spec.kubernetes_version,
        ""
    );
    assert_eq!(
        node.spec.resource_identifier + &node.spec.project + &node.spec.kubernetes_version,
        ""
    );
}

/// N2: `false` and `0` are what the user wrote, and are read as such.
#[test]
fn off_means_off() {
    let group = &parse::<NodeGroup>(NODE_GROUPS)[2].spec;
    assert!(!group.allows_mixed_instances());
    assert!(!group.scale_up().is_enabled());
    assert!(!group.scale_down().is_enabled());
    assert_eq!(group.scale_down().cooldown().as_secs(), 0);
    assert_eq!(group.scale_down().stabilization_window().as_secs(), 0);
    assert_eq!(group.scale_down().cpu_threshold_percent(), 0);
    assert_eq!(group.scale_up().memory_threshold_percent(), 0);
    let cost = group.cost_optimization.as_ref().expect("it is written");
    assert!(!cost.is_enabled());
    assert_eq!(cost.least_monthly_savings().to_bits(), 0.0_f64.to_bits());
    let spot = group.spot_config.as_ref().expect("it is written");
    assert!(!spot.falls_back_to_on_demand());
    assert_eq!(spot.max_spot_percent(), 0);
    let config = &parse::<AutoscalerConfig>(CONFIGS)[0].spec;
    assert_eq!(config.defaults().least_nodes(), 0);
    assert_eq!(config.settings().cluster_worker_limit(), None);
    assert!(!config.settings().creates_node_groups());
}

/// N2: an absent field means what the Go autoscaler's schema would have filled in.
#[test]
fn absent_fields_mean_the_defaults_of_the_go_autoscaler() {
    for group in parse::<NodeGroup>(&[NODE_GROUPS[1], NODE_GROUPS[3]]) {
        let (up, down) = (group.spec.scale_up(), group.spec.scale_down());
        assert!(group.spec.allows_mixed_instances() && up.is_enabled() && down.is_enabled());
        assert_eq!(
            (up.cpu_threshold_percent(), up.memory_threshold_percent()),
            (80, 80)
        );
        assert_eq!(
            (down.cpu_threshold_percent(), down.memory_threshold_percent()),
            (50, 50)
        );
        assert_eq!(up.stabilization_window().as_secs(), 60);
        assert_eq!(down.stabilization_window().as_secs(), 600);
        assert_eq!(down.cooldown().as_secs(), 600);
    }
    let config = &parse::<AutoscalerConfig>(CONFIGS)[1].spec;
    assert_eq!(
        (config.defaults().least_nodes(), config.defaults().most_nodes()),
        (1, 10)
    );
    assert_eq!(config.defaults().namespace_name(), "default");
    let settings = config.settings();
    assert_eq!(settings.scale_up_cooldown().as_secs(), 60);
    assert_eq!(settings.scale_down_cooldown().as_secs(), 300);
    assert_eq!(
        (settings.concurrent_scale_ups(), settings.concurrent_scale_downs()),
        (1, 1)
    );
    assert_eq!(settings.cluster_worker_limit(), Some(10));
    assert_eq!(settings.unschedulable_pod_grace_period().as_secs(), 30);
    assert!(settings.creates_node_groups() && !settings.rebalances());
    assert_eq!(settings.node_ready_timeout().as_secs(), 600);
    assert_eq!(settings.pod_eviction_timeout().as_secs(), 120);
}

/// N2: the names that manifests, dashboards and `kubectl` use.
#[test]
fn kinds_keep_their_names() {
    let expected = [
        ("NodeGroup", "nodegroups", "Namespaced", vec!["ng", "ngs"]),
        ("VPSieNode", "vpsienodes", "Namespaced", vec!["vn", "vns"]),
        ("AutoscalerConfig", "autoscalerconfigs", "Cluster", vec!["asc"]),
    ];
    for (crd, (kind, plural, scope, short_names)) in all_crds().iter().zip(expected) {
        let spec = &crd.spec;
        assert_eq!(
            crd.metadata.name.as_deref(),
            Some(&*format!("{plural}.{}", keys::GROUP))
        );
        assert_eq!(
            (&*spec.group, &*spec.names.kind, &*spec.names.plural),
            (keys::GROUP, kind, plural)
        );
        assert_eq!(spec.names.short_names.clone().unwrap_or_default(), short_names);
        assert_eq!(spec.scope, scope);
        assert_eq!(spec.versions.len(), 1);
        let version = &spec.versions[0];
        assert_eq!(
            (&*version.name, version.served, version.storage),
            (keys::VERSION, true, true)
        );
        let subresources = version.subresources.as_ref().expect("status is apart");
        assert!(subresources.status.is_some() && subresources.scale.is_none());
    }
}

/// N2: `kubectl get` prints the columns that people know.
#[test]
fn kinds_keep_their_columns() {
    let columns = all_crds().into_iter().map(|crd| {
        let columns = crd.spec.versions[0]
            .additional_printer_columns
            .clone()
            .unwrap_or_default();
        columns
            .into_iter()
            .map(|column| format!("{}={}", column.name, column.json_path))
            .collect::<Vec<_>>()
    });
    let expected = [
        "Min=.spec.minNodes Max=.spec.maxNodes Desired=.status.desiredNodes Current=.status.currentNodes \
         Ready=.status.readyNodes Age=.metadata.creationTimestamp",
        "VPS ID=.spec.vpsieInstanceID Node=.status.nodeName Phase=.status.phase \
         Instance Type=.spec.instanceType NodeGroup=.spec.nodeGroupName Age=.metadata.creationTimestamp",
        "MaxWorkers=.spec.globalSettings.maxClusterWorkers MinNodes=.spec.nodeGroupDefaults.minNodes \
         MaxNodes=.spec.nodeGroupDefaults.maxNodes \
         DynamicCreation=.spec.globalSettings.enableDynamicNodeGroupCreation Active=.status.active \
         Age=.metadata.creationTimestamp",
    ];
    assert_eq!(
        columns.map(|columns| columns.join(" ")).collect::<Vec<_>>(),
        expected
    );
}

/// N2: labels, annotations, finalizers and Secret keys are spelled as on the objects that are out there.
#[test]
fn keys_keep_their_spelling() {
    let ours = [
        (keys::LABEL_MANAGED, "managed"),
        (keys::LABEL_NODE_GROUP, "nodegroup"),
        (keys::LABEL_VPSIE_NODE, "vpsienode"),
        (keys::LABEL_DATACENTER, "datacenter"),
        (keys::LABEL_OFFERING, "offering"),
        (keys::LABEL_SCALE_DOWN_DISABLED, "scale-down-disabled"),
        (keys::ANNOTATION_VPSIE_NODE_UID, "vpsienode-uid"),
        (keys::ANNOTATION_NODE_GROUP_NAMESPACE, "nodegroup-namespace"),
        (keys::ANNOTATION_CREATION_REQUESTED, "creation-requested"),
        (keys::ANNOTATION_CREATION_INTENT, "creation-intent"),
        (keys::ANNOTATION_REMOVAL_INTENT, "removal-intent"),
        (keys::ANNOTATION_GROUP_INTENT, "group-intent"),
        (keys::ANNOTATION_CREATION_REASON, "creation-reason"),
        (keys::ANNOTATION_LIFECYCLE, "lifecycle"),
        (keys::ANNOTATION_DRAIN, "drain"),
        (keys::ANNOTATION_DRAIN_START_TIME, "drain-start-time"),
        (keys::ANNOTATION_DRAIN_STATUS, "drain-status"),
        (keys::ANNOTATION_PROTECTED, "protected"),
        (keys::ANNOTATION_SCALE_DOWN, "scale-down"),
        (
            keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS,
            "scale-down-allowed-hours",
        ),
        (keys::ANNOTATION_VPS_ID, "vps-id"),
    ];
    for (key, name) in ours {
        assert_eq!(key, format!("autoscaler.vpsie.com/{name}"));
    }
    let whole = [
        (
            keys::FINALIZER_NODE_GROUP,
            "nodegroup.autoscaler.vpsie.com/finalizer",
        ),
        (
            keys::FINALIZER_VPSIE_NODE,
            "vpsienode.autoscaler.vpsie.com/finalizer",
        ),
        (keys::LABEL_CLUSTER_ID, "vpsie.com/cluster-id"),
        (keys::LABEL_DATACENTER_ID, "vpsie.com/datacenter-id"),
        (keys::LABEL_PROJECT_ID, "vpsie.com/project-id"),
        (keys::SECRET_NAMESPACE, "kube-system"),
        (keys::SECRET_NAME, "vpsie-secret"),
        (keys::SECRET_TOKEN, "token"),
        (keys::SECRET_CLIENT_ID, "clientId"),
        (keys::SECRET_CLIENT_SECRET, "clientSecret"),
        (keys::SECRET_URL, "url"),
        (keys::SECRET_RESOURCE_IDENTIFIER, "resourceIdentifier"),
        (keys::SECRET_DATACENTER_ID, "datacenterId"),
        (keys::SECRET_PROJECT_ID, "projectId"),
        (keys::LEASE_NAME, "vpsie-autoscaler-leader"),
        (keys::CONFIG_MAP_BASELINES, "vpsie-autoscaler-baselines"),
    ];
    for (key, name) in whole {
        assert_eq!(key, name);
    }
}

/// A default in the schema is what turned "off" on again in the Go autoscaler.
#[test]
fn schemas_have_no_defaults() {
    fn count(value: &Value) -> usize {
        let here = value.as_object().map_or(0, |map| {
            usize::from(map.contains_key("type") && map.contains_key("default"))
        });
        let fields = value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, field)| count(field));
        let items = value.as_array().into_iter().flatten().map(count);
        here + fields.sum::<usize>() + items.sum::<usize>()
    }
    assert_eq!(
        count(&json!({"properties": {"enabled": {"type": "boolean", "default": true}}})),
        1
    );
    let crds = serde_json::to_value(all_crds()).expect("definitions can be written");
    assert_eq!(count(&crds), 0);
}

/// The file that people apply is the one that the types say.
#[test]
fn printed_definitions_are_up_to_date() {
    let committed = include_str!("../deploy/crd.yaml");
    let first_difference = committed
        .lines()
        .zip(crds_yaml().lines().map(str::to_owned).collect::<Vec<_>>());
    let place = first_difference
        .enumerate()
        .find(|(_, (old, new))| old != new)
        .map(|(line, _)| line + 1);
    assert!(
        committed == crds_yaml(),
        "deploy/crd.yaml is stale (line {place:?}); run: autoscaler crd > deploy/crd.yaml"
    );
}
