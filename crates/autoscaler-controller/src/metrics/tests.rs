//! Names, help, and series that end with what they are about.

use super::labels::GroupLabels;
use super::{Description, Metrics};
use crate::testing::{NAMESPACE, at, group, world};
use fleet_plan::policy::Held;
use node_match::{Matching, Unexplained};
use prometheus_client::encoding::text::encode;
use std::collections::BTreeSet;

fn text(metrics: &Metrics) -> String {
    let mut text = String::new();
    encode(&mut text, &metrics.registry()).expect("a String takes everything");
    text
}

fn nothing() -> Matching<'static> {
    Matching {
        claims: Vec::new(),
        unexplained: Unexplained {
            machines: Vec::new(),
            nodes: Vec::new(),
        },
    }
}

/// X-4: one name each, with help, in the words of Prometheus.
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
        let world = test.observe();
        metrics.show(&world, &nothing(), &test.states());
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

/// SC-7, NS-28: a NodeGroup that is above a threshold and does not grow is shown with why not, until it grows or is gone.
#[test]
fn group_that_is_held_back_is_shown_with_why() {
    let metrics = Metrics::default();
    let until = at(60);
    let show = |held: &[(&str, Held)]| {
        let mut test = world().group(group("web"));
        let held = held.iter().cloned();
        let places = held.map(|(name, held)| ((NAMESPACE.to_owned(), name.to_owned()), held));
        test.growth.thresholds.held = places.collect();
        metrics.show(&test.observe(), &nothing(), &test.states());
        let text = text(&metrics);
        let lines = text.lines().filter(|line| line.contains("scale_up_held{"));
        lines
            .map(|line| {
                line.rsplit_once("scale_up_held")
                    .map_or("", |(_, rest)| rest)
                    .to_owned()
            })
            .collect::<BTreeSet<String>>()
    };
    let line = |name: &str, reason: &str| {
        format!(r#"{{nodegroup="{name}",namespace="{NAMESPACE}",reason="{reason}"}} 1"#)
    };
    let shown = show(&[
        ("web", Held::AtMaximum { nodes: 3 }),
        ("batch", Held::CoolingDown { until }),
        ("calm", Held::WithinThreshold),
        ("off", Held::Disabled),
    ]);
    assert_eq!(
        shown,
        [line("web", "at-maximum"), line("batch", "cooling-down")].into()
    );
    let later = show(&[("web", Held::NotFirst)]);
    assert_eq!(later, [line("web", "not-first")].into());
    assert_eq!(show(&[]), BTreeSet::new());
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
