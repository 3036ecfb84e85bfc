//! The process dies at every effect, and the next one goes on: nothing is bought twice.

use autoscaler_controller::resources::{NodeGroup, Phase, keys};
use fleet_sim::cloud::CallKind;
use kit::fleet::{Fleet, Stored};
use kit::wire::Sent;

/// No story of one node has as many effects; a sweep that comes here does not end by itself.
const MOST_EFFECTS: usize = 100;

/// Tells whether the group has come to rest: one Ready, beside at most one that failed.
fn is_settled(stored: &Stored) -> bool {
    let phases: Vec<Phase> = stored.claims.iter().map(|claim| claim.phase()).collect();
    let count = |wanted: &Phase| phases.iter().filter(|phase| *phase == wanted).count();
    let (ready, failed) = (count(&Phase::Ready), count(&Phase::Failed));
    failed <= 1 && phases.len() == 1 + failed && ready == 1 && counted(stored, 1 + failed)
}

/// Tells whether the NodeGroup says so too.
fn counted(stored: &Stored, members: usize) -> bool {
    i32::try_from(members).is_ok_and(|members| stored.counts("web", members, 1))
}

/// Runs the group `web` from its creation to rest, with one death on the way; tells whether the death came.
async fn provision(fleet: &mut Fleet, effect: usize) -> bool {
    fleet.start().await;
    fleet.wire.die_at(effect);
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let wire = fleet.wire.clone();
    let has_died = tokio::select! {
        () = wire.died() => true,
        _ = fleet.until("it is Ready", is_settled) => false,
    };
    if has_died {
        fleet.kill().await;
        fleet.start().await;
        fleet.until("it is at rest", is_settled).await;
    }
    has_died
}

/// What holds after any death: at most one purchase for each VPSieNode, and no machine that nobody explains.
async fn check(fleet: &Fleet, effect: usize) {
    let stored = fleet.stored().await;
    let report = fleet.truth().await;
    assert!(report.is_clean(), "effect {effect}: {report:?}");
    assert_eq!(
        fleet.cloud.groups(&fleet.cluster).len(),
        1,
        "effect {effect}: one provider group"
    );
    let ledger = fleet.cloud.ledger();
    let mut ids: Vec<_> = ledger.iter().map(|posting| posting.request_id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(
        ids.len(),
        ledger.len(),
        "effect {effect}: no VPSieNode asks twice: {ledger:?}"
    );
    assert!(
        stored.claims.len() <= 2,
        "effect {effect}: at most one replacement\n{stored}"
    );
}

/// I1 to I4: a death at any effect of provisioning ends in at most one replacement, and buys nothing twice.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_provisioning_buys_nothing_twice() {
    let mut disturbed = Vec::new();
    for effect in 1..MOST_EFFECTS {
        let mut fleet = Fleet::in_memory(1);
        let has_died = provision(&mut fleet, effect).await;
        check(&fleet, effect).await;
        let died_at = fleet.wire.sent();
        if has_died && !fleet.stored().await.counts("web", 1, 1) {
            let mut effects = died_at.into_iter().filter(Sent::is_effect);
            disturbed.push(effects.nth(effect - 1).expect("it died there"));
        }
        if !has_died {
            assert!(effect > 10, "the story has more than {effect} effects");
            // Only when the intent was written and its request had not left does anything else happen.
            let [intent] = &disturbed[..] else {
                unreachable!("other deaths left a trace: {disturbed:?}")
            };
            let annotations = &intent.body["metadata"]["annotations"];
            let written = annotations[keys::ANNOTATION_CREATION_INTENT].as_str();
            assert!(
                written.is_some_and(|text| text.contains(r#""outcome":"open""#)),
                "{intent:?}"
            );
            return;
        }
    }
    unreachable!("a story of one node has fewer effects");
}

/// I6, LC-25: a death at any effect of the end leaves no machine, no Node and no record behind.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_the_end_leaves_nothing_behind() {
    for effect in 1..MOST_EFFECTS {
        let mut fleet = Fleet::in_memory(1);
        fleet.start().await;
        fleet.create(&fleet.node_group("web", 57, 1)).await;
        fleet
            .until("it is Ready", |stored| stored.counts("web", 1, 1))
            .await;
        fleet.polls(1).await;
        fleet.wire.die_at(effect);
        fleet.delete::<NodeGroup>("web").await;
        let wire = fleet.wire.clone();
        let has_died = tokio::select! {
            () = wire.died() => true,
            _ = fleet.until("all is gone", |stored| stored.groups.is_empty()) => false,
        };
        if has_died {
            fleet.kill().await;
            fleet.start().await;
            fleet
                .until("all is gone", |stored| stored.groups.is_empty())
                .await;
        }
        let stored = fleet.stored().await;
        assert_eq!(
            (stored.claims.len(), stored.nodes.len()),
            (0, 3),
            "effect {effect}\n{stored}"
        );
        let alive = fleet
            .cloud
            .machines()
            .into_iter()
            .filter(|machine| machine.is_alive());
        assert_eq!(alive.count(), 3, "effect {effect}");
        assert!(fleet.truth().await.is_clean(), "effect {effect}");
        let removals = fleet.cloud.calls_of(CallKind::RemoveWorker);
        assert!(
            (1..=2).contains(&removals),
            "effect {effect}: {removals} removals asked for"
        );
        if !has_died {
            assert!(effect > 5, "the end has more than {effect} effects");
            return;
        }
    }
    unreachable!("the end of one node has fewer effects");
}
