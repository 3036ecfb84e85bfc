//! Records that are wrong, and those that only look so.

use serde_json::{Value, json};

use super::{CLEAN, Story, check};
use crate::truth::{Counts, examine};

#[tokio::test(start_paused = true)]
async fn foreign_machine_is_nobodys() {
    let (mut story, _) = Story::of_two_claims().await;
    let foreign = story
        .world
        .cloud
        .add_foreign_machine(&story.world.cluster, Some(story.world.group));
    story.world.settle().await;
    story.claims[0] = story.claim(1, &foreign);
    // The Node carries our labels, too, and the machine that was bought is left alone.
    check(
        &story.report(),
        Counts {
            matched: 1,
            mismatched: 2,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn control_plane_is_nobodys() {
    let (mut story, _) = Story::of_two_claims().await;
    story.forget(0);
    let manager = story.world.cloud.machines()[0].node_name();
    story.claims[0]["status"]["nodeName"] = json!(manager);
    let report = story.report();
    check(
        &report,
        Counts {
            matched: 1,
            mismatched: 2,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn machine_of_another_group_is_a_mismatch() {
    let (mut story, _) = Story::of_two_claims().await;
    let other_group = story
        .world
        .cloud
        .add_group(&story.world.cluster, "GRP-Professional-1d2e", 58);
    let other = story.world.buy_in(other_group, "uid-3");
    story.world.settle().await;
    story.claims[0] = story.claim(1, &other);
    let mut third = story.claim(3, &other);
    third["spec"]["vpsieGroupID"] = json!(other_group);
    third["metadata"]["uid"] = json!("uid-3");
    third["spec"]["vpsieNodeIdentifier"] = Value::Null;
    third["status"] = json!({});
    story.claims.push(third);
    let report = story.report();
    check(
        &report,
        Counts {
            claims: 3,
            matched: 1,
            mismatched: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
    let expected = format!("which was made for group {other_group}");
    assert!(report.mismatched[0].sentence.contains(&expected), "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn machine_recorded_twice_is_a_mismatch_of_both() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims[1] = story.claim(2, &machines[0]);
    check(
        &story.report(),
        Counts {
            matched: 0,
            mismatched: 2,
            leaked: 1,
            labels_missing: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn node_of_another_machine_is_a_mismatch() {
    let (mut story, _) = Story::of_two_claims().await;
    let stolen = story.claims[1]["status"]["nodeName"].clone();
    let nodes = story.nodes();
    story.claims[0]["status"]["nodeName"] = stolen;
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[]);
    check(
        &report,
        Counts {
            matched: 1,
            mismatched: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn identifier_and_number_of_two_machines_are_a_mismatch() {
    let (mut story, machines) = Story::of_two_claims().await;
    let number = story.world.cloud.machine(&machines[0]).unwrap().number;
    story.claims[0]["spec"]["vpsieInstanceID"] = json!(number);
    check(&story.report(), CLEAN, true);
    story.claims[0]["spec"]["vpsieInstanceID"] = json!(number + 1);
    check(
        &story.report(),
        Counts {
            matched: 1,
            mismatched: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn swapped_machines_of_one_group_are_told_but_no_fault() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims = vec![story.claim(1, &machines[1]), story.claim(2, &machines[0])];
    check(&story.report(), Counts { swapped: 2, ..CLEAN }, true);
}

#[tokio::test(start_paused = true)]
async fn failed_claims_are_listed_but_break_nothing() {
    let (mut story, _) = Story::of_two_claims().await;
    story.claims[0]["status"]["phase"] = json!("Failed");
    story.claims[0]["status"]["lastError"] = json!("DiscoveryTimeout");
    let report = story.report();
    check(&report, Counts { failed: 1, ..CLEAN }, true);
    assert_eq!(report.failed[0].sentence, "failed: DiscoveryTimeout");
}

#[tokio::test(start_paused = true)]
async fn report_prints_in_camel_case() {
    let (story, _) = Story::of_two_claims().await;
    let printed = serde_json::to_value(story.report().counts()).unwrap();
    let keys: Vec<&String> = printed.as_object().unwrap().keys().collect();
    let expected = [
        "boughtTwice",
        "claims",
        "failed",
        "labelsMissing",
        "leaked",
        "matched",
        "mismatched",
        "swapped",
        "wronglyRemoved",
    ];
    assert_eq!(keys, expected);
}

#[tokio::test(start_paused = true)]
async fn node_labelled_for_the_wrong_claim_is_a_mismatch() {
    let (mut story, _) = Story::of_two_claims().await;
    let mut nodes = story.nodes();
    for node in &mut nodes {
        let owner = &mut node["metadata"]["labels"]["autoscaler.vpsie.com/vpsienode"];
        if *owner == json!("web-1") {
            *owner = json!("web-2");
        }
    }
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[]);
    check(
        &report,
        Counts {
            mismatched: 1,
            labels_missing: 1,
            ..CLEAN
        },
        false,
    );
    story.forget(0);
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[]);
    check(
        &report,
        Counts {
            matched: 1,
            mismatched: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn record_of_a_machine_that_never_was_is_a_mismatch() {
    let (mut story, _) = Story::of_two_claims().await;
    let nodes = story.nodes();
    // The Node is labelled for the claim, which records something else: the second finding.
    story.claims[0]["spec"]["vpsieNodeIdentifier"] = json!("00000000-0000-11f0-8000-000000000000");
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[]);
    check(
        &report,
        Counts {
            matched: 1,
            mismatched: 2,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn claim_without_a_group_belongs_where_its_own_request_asked() {
    let (mut story, _) = Story::of_two_claims().await;
    for claim in &mut story.claims {
        claim["spec"]["vpsieGroupID"] = json!(0);
    }
    check(&story.report(), CLEAN, true);
}
