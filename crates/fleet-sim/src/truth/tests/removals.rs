//! Removals that somebody wanted, and those that nobody did.

use serde_json::json;

use super::{CLEAN, Story, check};
use crate::truth::{Counts, examine};

#[tokio::test(start_paused = true)]
async fn removal_needs_a_claim_that_gave_up() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.world.remove(&machines[0]);
    check(
        &story.report(),
        Counts {
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
    story.claims[0]["metadata"]["deletionTimestamp"] = json!("2026-01-24T09:00:00Z");
    check(&story.report(), CLEAN, true);
    let gone = story.claims.remove(0);
    let report = examine(&story.world.cloud, &story.claims, &story.nodes(), &[gone]);
    check(
        &report,
        Counts {
            claims: 1,
            matched: 1,
            ..CLEAN
        },
        true,
    );
}

#[tokio::test(start_paused = true)]
async fn removal_of_the_wrong_machine_is_found_though_a_claim_gave_up() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims[0]["metadata"]["deletionTimestamp"] = json!("2026-01-24T09:00:00Z");
    story.world.remove(&machines[1]);
    check(
        &story.report(),
        Counts {
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn removal_of_a_foreign_machine_is_always_wrong() {
    let (mut story, _) = Story::of_two_claims().await;
    let foreign = story
        .world
        .cloud
        .add_foreign_machine(&story.world.cluster, Some(story.world.group));
    story.world.settle().await;
    story.world.remove(&foreign);
    let gone = story.claim(3, &foreign);
    let nodes = story.nodes();
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[gone]);
    check(
        &report,
        Counts {
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
    story.claims.clear();
}

#[tokio::test(start_paused = true)]
async fn removal_by_a_persons_hand_is_nobodys_fault() {
    let (story, machines) = Story::of_two_claims().await;
    story.world.cloud.remove_by_hand(&machines[0]);
    check(&story.report(), CLEAN, true);
}

#[tokio::test(start_paused = true)]
async fn machine_that_an_open_claim_waits_for_must_not_be_removed() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.forget(0);
    story.world.remove(&machines[0]);
    let report = story.report();
    check(
        &report,
        Counts {
            matched: 1,
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
    assert!(
        report.wrongly_removed[0]
            .sentence
            .ends_with("nobody had given it up"),
        "{report:#?}"
    );
    story.claims[0]["metadata"]["deletionTimestamp"] = json!("2026-01-24T09:00:00Z");
    check(&story.report(), Counts { matched: 1, ..CLEAN }, true);
}

#[tokio::test(start_paused = true)]
async fn claim_of_another_group_cannot_give_a_machine_up() {
    let (mut story, machines) = Story::of_two_claims().await;
    let mut gone = story.claims.remove(0);
    gone["spec"]["vpsieGroupID"] = json!(story.world.group + 1);
    story.world.remove(&machines[0]);
    let report = examine(&story.world.cloud, &story.claims, &story.nodes(), &[gone]);
    check(
        &report,
        Counts {
            claims: 1,
            matched: 1,
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
}
