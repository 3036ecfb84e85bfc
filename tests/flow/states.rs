//! The states of nodes while the operator works: evaluated once per change, and read by all.

use std::collections::{BTreeMap, BTreeSet};

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};
use kit::fleet::{Fleet, NAMESPACE};
use kit::wire::Sent;
use kube::api::{DeleteParams, Patch, PatchParams};
use node_state::store::{Filter, Reader, Subscription, Update};
use node_state::{GroupKey, NodeState, Scope, StateHash, Subject};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use super::lives::run_pod;
use super::{ready_web, strangers, web};

/// Longer than changes are collected before they are evaluated, and shorter than the time between two polls.
const A_MOMENT: Duration = Duration::from_millis(500);

fn group() -> GroupKey {
    GroupKey::new(NAMESPACE, "web")
}

/// Returns the Node of a VPSieNode.
async fn node_of(fleet: &Fleet, claim: &str) -> String {
    let stored = fleet.stored().await;
    let status = stored.claim(claim).and_then(|claim| claim.status.clone());
    status.and_then(|status| status.node_name).expect("it has joined")
}

/// Changes a Node as a person does.
pub(super) async fn change_node(fleet: &Fleet, name: &str, change: &Value) {
    let patched = fleet
        .nodes()
        .patch(name, &PatchParams::default(), &Patch::Merge(change))
        .await;
    patched.expect("a person may change a Node");
}

async fn change_group(fleet: &Fleet, change: &Value) {
    let patched = fleet
        .api::<NodeGroup>()
        .patch("web", &PatchParams::default(), &Patch::Merge(change))
        .await;
    patched.expect("a person may change a NodeGroup");
}

/// Subscribes and takes what there is.
async fn listen(reader: &Reader, filter: Filter) -> Subscription {
    let mut told = reader.subscribe("test", filter);
    drop(told.next().await);
    told
}

pub(super) fn hashes(reader: &Reader) -> BTreeMap<Subject, StateHash> {
    let states = reader.all().into_iter();
    states
        .map(|state| (state.subject.clone(), state.state_hash))
        .collect()
}

pub(super) fn state(reader: &Reader, node: &str) -> Arc<NodeState> {
    reader.get(&Subject::node(node)).expect("it has a state")
}

/// NS-6: at the start everything is evaluated, each once, before the first effect.
#[tokio::test(start_paused = true)]
async fn everything_is_evaluated_before_the_first_effect() {
    let mut fleet = Fleet::in_memory(1);
    fleet
        .until("the strangers are there", |stored| {
            stored.nodes.len() == strangers(&fleet).len()
        })
        .await;
    fleet.create(&web(&fleet, 1)).await;
    fleet.start().await;
    fleet.states().await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    let evaluations = fleet.evaluations.take();
    let strangers = strangers(&fleet);
    let first: Vec<String> = evaluations
        .iter()
        .take_while(|evaluation| evaluation.effects == 0)
        .map(|evaluation| evaluation.name.clone())
        .collect();
    assert_eq!(first, strangers, "each once, and nothing was done before");
    let later: Vec<_> = evaluations.iter().skip(first.len()).collect();
    assert!(later.iter().all(|evaluation| evaluation.effects > 0), "{later:?}");
}

/// NS-20, S1, S2: the counts of a NodeGroup are those of the states.
#[tokio::test(start_paused = true)]
async fn status_has_the_counts_of_the_states() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 2).await;
    let snapshot = fleet.states().await.snapshot();
    let counts = snapshot.count_owned(&group());
    assert_eq!((counts.current, counts.ready, counts.wanted), (2, 2, 2));
    let status = stored.group("web").status.as_ref().expect("it has a status");
    assert_eq!(
        (status.current_nodes, status.ready_nodes, status.desired_nodes),
        (Some(2), Some(2), Some(2))
    );
    let summary = snapshot.summary(&group()).expect("the group is there");
    assert_eq!(
        (summary.total(), summary.completion()),
        (2, 100),
        "{:?}",
        snapshot.by_group(&group()).collect::<Vec<_>>()
    );
}

/// NS-7: a Node that is deleted is gone from the states at once, and its group hears that it lost one.
#[tokio::test(start_paused = true)]
async fn deleted_node_is_told_to_nodes_and_groups() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let reader = fleet.states().await;
    let node = node_of(&fleet, "web-1").await;
    let mut told = listen(&reader, Filter::all()).await;
    fleet
        .nodes()
        .delete(&node, &DeleteParams::default())
        .await
        .expect("a person may delete a Node");
    let Some(Update::Changes {
        nodes,
        groups,
        snapshot,
    }) = told.next().await
    else {
        panic!("the deletion is told");
    };
    assert!(nodes[&Subject::node(&node)].now.is_none());
    assert!(
        snapshot.get(&Subject::node(&node)).is_none(),
        "it is gone by then"
    );
    assert!(groups[&group()].lost_a_node);
}

/// NS-8, NS-10: a Node that leaves its group is unmanaged, and the old group hears of it.
#[tokio::test(start_paused = true)]
async fn node_that_leaves_its_group_is_told_to_it() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let reader = fleet.states().await;
    let strangers = strangers(&fleet);
    let stranger = strangers
        .iter()
        .find(|name| state(&reader, name).scope == Scope::Unmanaged);
    let stranger = stranger.expect("a worker of nobody");
    let label = |value: Value| json!({ "metadata": { "labels": { keys::LABEL_NODE_GROUP: value } } });
    change_node(&fleet, stranger, &label(json!("web"))).await;
    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(state(&reader, stranger).node_group, Some(group()), "by its label");
    let mut told = listen(&reader, Filter::groups()).await;
    change_node(&fleet, stranger, &label(Value::Null)).await;
    let Some(Update::Changes { groups, .. }) = told.next().await else {
        panic!("the old group is told");
    };
    assert_eq!(groups.keys().collect::<Vec<_>>(), [&group()]);
    assert_eq!(state(&reader, stranger).scope, Scope::Unmanaged);
}

/// NS-9, NS-12: a change of a NodeGroup evaluates exactly its members; its pause is one, too.
#[tokio::test(start_paused = true)]
async fn change_of_a_group_evaluates_its_members() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    fleet.polls(2).await;
    let members = BTreeSet::from([node_of(&fleet, "web-1").await, node_of(&fleet, "web-2").await]);
    let reader = fleet.states().await;
    for (change, is_excluded) in [(Value::Null, true), (json!("true"), false)] {
        drop(fleet.evaluations.take());
        let change = json!({ "metadata": { "labels": { keys::LABEL_MANAGED: change } } });
        change_group(&fleet, &change).await;
        tokio::time::sleep(A_MOMENT).await;
        let evaluated = fleet.evaluations.names();
        assert_eq!(evaluated.len(), 2, "each once: {evaluated:?}");
        assert_eq!(evaluated.into_iter().collect::<BTreeSet<_>>(), members);
        for member in &members {
            assert_eq!(state(&reader, member).is_excluded, is_excluded);
        }
    }
}

/// NS-4, NS-22: where nothing changes, nothing is evaluated, published or written.
#[tokio::test(start_paused = true)]
async fn nothing_new_costs_nothing() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    fleet.polls(3).await;
    let reader = fleet.states().await;
    let (generation, writes) = (reader.snapshot().generation(), fleet.memory().write_count());
    drop(fleet.evaluations.take());
    fleet.polls(5).await;
    let evaluated = fleet.evaluations.names();
    assert_eq!(evaluated, Vec::<String>::new());
    assert_eq!(reader.snapshot().generation(), generation);
    assert_eq!(fleet.memory().write_count(), writes);
}

/// NS-22: a status that was refused for a conflict is written from what is read afresh.
#[tokio::test(start_paused = true)]
async fn status_is_written_again_after_a_conflict() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    let conflict = KubeFault::new(KubeFaultEffect::Conflict).on(Verb::Patch);
    let conflict = conflict.resource("nodegroups").subresource("status");
    fleet.memory().fault(conflict);
    fleet.delete::<VPSieNode>("web-1").await;
    fleet
        .until("web-1 is replaced", |stored| {
            stored.counts("web", 2, 2) && stored.claim("web-1").is_none()
        })
        .await;
    assert_eq!(fleet.memory().faults_left(), 0, "one write was refused");
}

/// NS-2, NS-12: however a watch ends, what changed meanwhile is evaluated once, and what did not is not.
#[tokio::test(start_paused = true)]
async fn cut_watches_miss_and_double_nothing() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    fleet.polls(3).await;
    let reader = fleet.states().await;
    let node = node_of(&fleet, "web-1").await;
    let mark = |value: &str| json!({ "metadata": { "annotations": { keys::ANNOTATION_PROTECTED: value } } });
    for code in [None, Some(410), Some(429), Some(500)] {
        for is_protected in [true, false] {
            drop(fleet.evaluations.take());
            if code == Some(410) {
                let gone = KubeFault::new(KubeFaultEffect::Gone410).on(Verb::Watch);
                fleet.memory().fault(gone.resource("nodes"));
                fleet.memory().compact();
            } else if let Some(code) = code {
                fleet.wire.refuse(reads_nodes, code);
            }
            fleet.memory().cut_watches();
            let value = if is_protected { "true" } else { "false" };
            change_node(&fleet, &node, &mark(value)).await;
            fleet.polls(3).await;
            fleet.wire.allow();
            fleet.polls(6).await;
            assert_eq!(
                state(&reader, &node).is_excluded,
                is_protected,
                "{code:?}: missed"
            );
            let evaluated = fleet.evaluations.names();
            assert_eq!(evaluated, [node.as_str()], "{code:?}: not exactly once");
        }
    }
}

fn reads_nodes(sent: &Sent) -> bool {
    sent.is_about("nodes") && !sent.is_effect()
}

/// NS-27: after a restart the states and their hashes are the same.
#[tokio::test(start_paused = true)]
async fn restart_finds_the_same_states() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    fleet.polls(3).await;
    let before = hashes(&fleet.states().await);
    assert_eq!(before.len(), strangers(&fleet).len() + 2);
    fleet.stop().await;
    fleet.start().await;
    let reader = fleet.states().await;
    assert_eq!(hashes(&reader), before, "from the first generation on");
    fleet.polls(3).await;
    assert_eq!(hashes(&reader), before);
}

/// NS-15, NS-19: who subscribed is told until the operator stops, and then that it is over.
#[tokio::test(start_paused = true)]
async fn stop_ends_subscriptions() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let mut told = listen(&fleet.states().await, Filter::all()).await;
    fleet.stop().await;
    let end = tokio::time::timeout(Duration::from_secs(5), async {
        while told.next().await.is_some() {}
    });
    end.await.expect("the stream ends");
}

/// NS-18: a pod among others is in the state of its Node without a pass and without a poll.
#[tokio::test(start_paused = true)]
async fn pod_among_others_is_told_between_passes() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let node = node_of(&fleet, "web-1").await;
    run_pod(&fleet, "first").await;
    fleet.polls(2).await;
    let reader = fleet.states().await;
    assert_eq!(state(&reader, &node).workload.pods, 1);
    // Polls are ten seconds apart, and so are the looks of this test: in between no pass is due.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let passes = fleet.metrics.passes();
    run_pod(&fleet, "second").await;
    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(state(&reader, &node).workload.pods, 2);
    assert_eq!(fleet.metrics.passes(), passes, "no pass has seen it");
}
