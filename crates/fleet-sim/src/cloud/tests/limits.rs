//! A cloud that is served for days keeps its memory.

use crate::cloud::access::TOKENS_KEPT;
use crate::cloud::call::{Call, CallKind};
use crate::cloud::testing::SmallCloud;
use crate::cloud::world::{ANSWERS_KEPT, CALLS_KEPT};

#[tokio::test(start_paused = true)]
async fn calls_are_forgotten_and_still_counted() {
    let world = SmallCloud::new();
    for _ in 0..=CALLS_KEPT {
        world.cloud.world().remember(Call {
            at: world.cloud.clock().now(),
            kind: CallKind::Cluster,
            path: String::new(),
            status: None,
        });
    }
    assert_eq!(world.cloud.calls().len(), CALLS_KEPT / 2 + 1);
    assert_eq!(world.cloud.calls_of(CallKind::Cluster), CALLS_KEPT + 1);
}

#[tokio::test(start_paused = true)]
async fn answers_of_many_paths_do_not_pile_up() {
    let world = SmallCloud::new();
    for number in 0..=ANSWERS_KEPT {
        world.ask("GET", &format!("/apps/v2/elsewhere/{number}"), "");
    }
    assert!(world.cloud.world().answers.len() <= ANSWERS_KEPT);
}

#[tokio::test(start_paused = true)]
async fn tokens_do_not_pile_up() {
    let world = SmallCloud::new();
    let mint = || {
        let path = "/apps/v2/profile/security/access/token";
        world.ask("POST", path, r#"{"accessTokenName":"ci"}"#).0
    };
    let minted = (0..=TOKENS_KEPT).filter(|_| mint() == 200).count();
    assert_eq!(minted, TOKENS_KEPT - 1, "one was there before");
}
