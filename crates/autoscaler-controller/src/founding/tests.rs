//! What NodeGroups that are made for pods are, and by what they are known again.

use super::*;
use crate::resources::{AutoscalerConfigSpec, GlobalSettings, NodeGroupDefaults};
use crate::testing::{at, group};
use fleet_plan::group::{Group, GroupName};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

fn config(defaults: NodeGroupDefaults) -> AutoscalerConfig {
    let spec = AutoscalerConfigSpec {
        node_group_defaults: Some(defaults),
        global_settings: None,
    };
    AutoscalerConfig::new(keys::CONFIG_NAME, spec)
}

fn founder(defaults: NodeGroupDefaults) -> Option<Founder> {
    let web = group("web").but(|group| group.spec.project = "shop".to_owned());
    let config = config(defaults);
    let made = Founder::of(Some(&config), std::iter::once(&web.0));
    made.ok().flatten()
}

/// Makes a NodeGroup as the API server stores it.
fn stored() -> NodeGroup {
    let new = NewGroup {
        group: Group {
            name: GroupName {
                namespace: "default".into(),
                name: "size-9".into(),
            },
            size: Some(9),
            taints: vec![taint::Taint {
                key: "gpu".into(),
                value: "".into(),
                effect: taint::Effect::NoSchedule,
            }],
            ..Group::default()
        },
        labels: [("gpu".into(), "a100".into())].into(),
        pods: Vec::new(),
    };
    let defaults = NodeGroupDefaults {
        min_nodes: Some(2),
        labels: Some([("team".to_owned(), "x".to_owned())].into()),
        ..NodeGroupDefaults::default()
    };
    let mut made = founder(defaults).expect("it is allowed").make(&new, None, at(0));
    made.metadata.generation = Some(1);
    made.metadata.creation_timestamp = Some(time(at(1)));
    made
}

fn time(at: DateTime<Utc>) -> Time {
    let time = serde_json::to_value(at).expect("a time");
    serde_json::from_value(time).expect("a time of Kubernetes")
}

/// SC-10: it may go to zero, whatever the defaults say, and shrinks; what they leave out is as in all NodeGroups.
#[test]
fn made_group_is_what_the_plan_and_the_defaults_say() {
    let made = stored();
    let expected = NodeGroupSpec {
        min_nodes: 0,
        max_nodes: 10,
        datacenter_id: "dc1".to_owned(),
        resource_identifier: crate::testing::CLUSTER.to_owned(),
        project: "shop".to_owned(),
        offering_ids: vec!["9".to_owned()],
        kube_size_id: Some(9),
        kubernetes_version: "v1.34.1".to_owned(),
        labels: Some(
            [("gpu", "a100"), ("team", "x")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        ),
        taints: Some(vec![Taint {
            key: "gpu".to_owned(),
            effect: "NoSchedule".to_owned(),
            ..Taint::default()
        }]),
        scale_down_policy: Some(shrinking()),
        ..NodeGroupSpec::default()
    };
    assert_eq!(made.spec, expected);
    assert!(made.is_managed());
    assert!(is_as_made(&made));
}

/// SC-10: what a person has changed, unmarked or copied is not ours any longer.
#[test]
fn only_what_is_as_we_made_it_is_ours() {
    type Change = fn(&mut NodeGroup);
    let changes: [(&str, Change); 7] = [
        ("its spec was changed", |group| {
            group.metadata.generation = Some(2)
        }),
        ("nobody knows whether it was", |group| {
            group.metadata.generation = None
        }),
        ("it has no mark", |group| {
            group.labels_mut().remove(keys::LABEL_MADE_FOR_PODS);
        }),
        ("it is a copy under another name", |group| {
            group.metadata.name = Some("size-8".to_owned());
        }),
        ("it is a copy in another namespace", |group| {
            group.metadata.namespace = Some("other".to_owned());
        }),
        ("it was made again later, as from a backup", |group| {
            group.metadata.creation_timestamp = Some(time(at(301)));
        }),
        ("what was written cannot be read", |group| {
            let annotations = group.annotations_mut();
            annotations.insert(keys::ANNOTATION_MADE.to_owned(), "yesterday".to_owned());
        }),
    ];
    for (what, change) in changes {
        let mut group = stored();
        change(&mut group);
        assert!(!is_as_made(&group), "{what}");
    }
}

/// SC-10: off without settings, and where they say so; nothing is made where nobody says of which cluster.
#[test]
fn nothing_is_made_unless_it_is_known_where() {
    let groups = |clusters: &[&str]| -> Vec<NodeGroup> {
        let groups = clusters.iter().map(|cluster| {
            let group = group("web").but(|group| group.spec.resource_identifier = (*cluster).to_owned());
            group.0
        });
        groups.collect()
    };
    let usual = || config(NodeGroupDefaults::default());
    let mut off = usual();
    off.spec.global_settings = Some(GlobalSettings {
        enable_dynamic_node_group_creation: Some(false),
        ..GlobalSettings::default()
    });
    let named = config(NodeGroupDefaults {
        resource_identifier: Some("c".to_owned()),
        ..NodeGroupDefaults::default()
    });
    for (config, clusters, expected) in [
        (Some(&usual()), &["a", "a"][..], Ok(Some("a"))),
        (Some(&usual()), &["a", "b"], Err(Gap::Cluster)),
        (Some(&usual()), &[], Err(Gap::Datacenter)),
        (Some(&named), &["a", "b"], Ok(Some("c"))),
        (Some(&off), &["a"], Ok(None)),
        (None, &["a"], Ok(None)),
    ] {
        let groups = groups(clusters);
        let founder = Founder::of(config, groups.iter());
        let cluster = founder
            .as_ref()
            .map(|found| found.as_ref().map(|one| &*one.cluster));
        assert_eq!(cluster.map_err(|gap| *gap), expected, "{clusters:?}");
    }
    let odd = |change: fn(&mut NodeGroup)| group("odd").but(change).0;
    let newer = odd(|group| group.spec.kubernetes_version = "v9.9.9".to_owned());
    let gap = Founder::of(Some(&usual()), [&group("web").0, &newer].into_iter()).err();
    assert_eq!(gap, Some(Gap::Version));
    let tainted = config(NodeGroupDefaults {
        taints: Some(vec![Taint::default()]),
        ..NodeGroupDefaults::default()
    });
    let gap = Founder::of(Some(&tainted), [&group("web").0].into_iter()).err();
    assert_eq!(gap, Some(Gap::Taints));
}
