//! Machines bought twice, in vain, or lost from sight.

use super::{CLEAN, Story, check};
use crate::truth::{Counts, examine};

#[tokio::test(start_paused = true)]
async fn second_accepted_request_of_one_claim_is_bought_twice() {
    let (story, _) = Story::of_two_claims().await;
    story.world.buy("uid-1");
    check(
        &story.report(),
        Counts {
            bought_twice: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn refused_request_buys_nothing() {
    let (story, _) = Story::of_two_claims().await;
    story
        .world
        .cloud
        .behaviour(|behaviour| behaviour.worker_cap = Some(2));
    story.world.post(story.world.group, "uid-1");
    check(&story.report(), CLEAN, true);
}

#[tokio::test(start_paused = true)]
async fn request_of_nobody_is_bought_in_vain() {
    let (story, _) = Story::of_two_claims().await;
    story.world.buy("uid-nobody");
    check(
        &story.report(),
        Counts {
            bought_twice: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn machine_of_an_open_claim_is_not_leaked_until_the_claim_is_gone() {
    let (mut story, _) = Story::of_two_claims().await;
    story.forget(0);
    check(&story.report(), Counts { matched: 1, ..CLEAN }, true);
    let gone = story.claims.remove(0);
    let report = examine(&story.world.cloud, &story.claims, &story.nodes(), &[gone]);
    check(
        &report,
        Counts {
            claims: 1,
            matched: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn open_claim_that_bought_nothing_explains_no_machine() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims[0] = story.claim(3, &machines[0]);
    story.forget(0);
    let gone = story.claim(1, &machines[0]);
    let report = examine(&story.world.cloud, &story.claims, &story.nodes(), &[gone]);
    check(
        &report,
        Counts {
            matched: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}
