//! Names, help, and series that end with what they are about.

use super::labels::GroupLabels;
use super::{Description, Metrics};
use crate::testing::{group, world};
use node_match::{Matching, Unexplained};
use prometheus_client::encoding::text::encode;
use std::collections::BTreeSet;

fn text(metrics: &Metrics) -> String {
    let mut text = String::new();
    encode(&mut text, &metrics.registry()).expect("a String takes everything");
    text
}

/// one name each, with help, in the words of Prometheus.
#[test]
fn every_metric_has_a_name_of_its_own_and_help() {
    let metrics = Metrics::default();
    let names: BTreeSet<&str> = metrics.descriptions().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names.len(), metrics.descriptions().len(), "no name twice");
    for Description { name, kind, help } in metrics.descriptions() {
        assert!(name.starts_with("vpsie_autoscaler_"), "{name}");
        assert!(help.len() > 10 && !help.ends_with('.'), "{name}: {help:?}");
        let is_counted = kind != "gauge" && name.ends_with("_total");
        assert!(!is_counted, "{name}: the library adds it");
        let is_duration = name.contains("duration");
        assert_eq!(is_duration, kind == "histogram", "{name} is a {kind}");
        let is_time = is_duration || name.contains("offset");
        assert_eq!(is_time, name.ends_with("_seconds"), "{name} says its unit");
    }
}

/// NS-28: the series of a NodeGroup go with it.
#[test]
fn series_of_a_node_group_disappear_with_it() {
    let metrics = Metrics::default();
    let show = |groups: &[&str]| {
        let test = groups
            .iter()
            .fold(world(), |world, name| world.group(group(name)));
        let matching = Matching {
            claims: Vec::new(),
            unexplained: Unexplained {
                machines: Vec::new(),
                nodes: Vec::new(),
            },
        };
        let world = test.observe();
        metrics.show(&world, &matching, &test.states());
    };
    show(&["web", "batch"]);
    assert!(text(&metrics).contains("nodegroup=\"batch\""));
    show(&["web"]);
    let left = text(&metrics);
    assert!(left.contains("nodegroup=\"web\""), "{left}");
    assert!(!left.contains("batch"), "{left}");
    for phase in crate::resources::Phase::ALL {
        assert!(
            left.contains(&format!("phase=\"{phase}\"")),
            "no {phase} in {left}"
        );
    }
}

/// A label that comes from an object has a limit.
#[test]
fn text_of_an_object_is_cut() {
    let labels = GroupLabels {
        nodegroup: "ä".repeat(1_000).into(),
        namespace: "default".into(),
    };
    assert_eq!(format!("{labels:?}").matches('ä').count(), 128);
}
