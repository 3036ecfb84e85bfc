//! Labels and taints that a Node must carry.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CLEAN, Story, check};
use crate::truth::{Counts, Expected, Extras, Objects, Taint, examine, examine_expecting};

/// L1, L2, L3: every label and taint is looked for.
#[tokio::test(start_paused = true)]
async fn missing_and_wrong_marks_are_named() {
    let (story, _) = Story::of_two_claims().await;
    let mut nodes = story.nodes();
    let first = nodes
        .iter_mut()
        .find(|node| node["metadata"]["labels"]["autoscaler.vpsie.com/vpsienode"] == "web-1");
    let labels = first.unwrap()["metadata"]["labels"].as_object_mut().unwrap();
    labels.remove("autoscaler.vpsie.com/managed");
    labels.insert("autoscaler.vpsie.com/datacenter".to_owned(), json!("elsewhere"));
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[]);
    check(
        &report,
        Counts {
            labels_missing: 1,
            ..CLEAN
        },
        false,
    );
    assert_eq!(
        report.labels_missing[0].sentence,
        "label autoscaler.vpsie.com/managed is missing; label autoscaler.vpsie.com/datacenter is elsewhere, not dc-1"
    );
}

/// L3: the group's own labels and taints.
#[tokio::test(start_paused = true)]
async fn extras_of_the_group_are_looked_for() {
    let (story, _) = Story::of_two_claims().await;
    let taint = Taint {
        key: "gpu".to_owned(),
        value: "yes".to_owned(),
        effect: "NoSchedule".to_owned(),
    };
    let labels = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
    let expected = Expected {
        groups: BTreeMap::from([(
            "web".to_owned(),
            Extras {
                labels,
                taints: vec![taint],
            },
        )]),
    };
    let mut nodes = story.nodes();
    let look = |nodes: &[Value]| {
        let objects = Objects {
            vpsie_nodes: &story.claims,
            nodes,
            ever: &[],
        };
        examine_expecting(&story.world.cloud, &objects, &expected)
    };
    check(
        &look(&nodes),
        Counts {
            labels_missing: 2,
            ..CLEAN
        },
        false,
    );
    for node in &mut nodes {
        node["metadata"]["labels"]["tier"] = json!("web");
        node["spec"]["taints"] = json!([{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]);
    }
    check(&look(&nodes), CLEAN, true);
}
