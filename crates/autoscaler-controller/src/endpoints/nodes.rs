//! What is known of Nodes, handed on to discovery: one more consumer of node states (`NS-23`).

use std::collections::BTreeMap;
use std::sync::Weak;

use endpoint_discovery::NodeFacts;
use node_state::store::{Filter, Reader, Update};
use node_state::{Change, NodeState, Subject};
use tokio::sync::watch;

use super::Watched;

/// How the consumer is called in metrics and logs.
const NAME: &str = "endpoints";

/// Follows node states through all terms. While another replica leads nothing is known of Nodes here.
pub(super) async fn follow(watched: Weak<Watched>, mut states: watch::Receiver<Option<Reader>>) {
    loop {
        let reader = states.borrow_and_update().clone();
        if let Some(reader) = reader {
            let mut known = BTreeMap::new();
            let mut subscription = reader.subscribe(NAME, Filter::nodes());
            drop(reader);
            while let Some(update) = subscription.next().await {
                let is_news = take(&mut known, update);
                if is_news && !hand_on(&watched, &known) {
                    return;
                }
            }
        }
        if !hand_on(&watched, &BTreeMap::new()) || states.changed().await.is_err() {
            return;
        }
    }
}

/// Takes in an update, and tells whether anything that matters here is different.
fn take(known: &mut BTreeMap<String, NodeFacts>, update: Update) -> bool {
    match update {
        Update::Snapshot { snapshot, .. } => {
            let all = snapshot.all().filter_map(|state| facts(state));
            let all = all.collect();
            let is_news = *known != all;
            *known = all;
            is_news
        }
        Update::Changes { nodes, .. } => {
            let mut is_news = false;
            for (subject, change) in nodes {
                is_news |= take_one(known, &subject, &change);
            }
            is_news
        }
    }
}

fn take_one(known: &mut BTreeMap<String, NodeFacts>, subject: &Subject, change: &Change) -> bool {
    let Subject::Node(name) = subject else {
        return false;
    };
    let now = change.now.as_deref().and_then(facts);
    let before = known.get(&**name);
    if before == now.as_ref().map(|(_, facts)| facts) {
        return false;
    }
    match now {
        Some((name, facts)) => drop(known.insert(name, facts)),
        None => drop(known.remove(&**name)),
    }
    true
}

/// Takes out of the state of a Node what discovery knows of it; nothing of a VPSieNode that has none.
fn facts(state: &NodeState) -> Option<(String, NodeFacts)> {
    let Subject::Node(name) = &state.subject else {
        return None;
    };
    let facts = NodeFacts {
        lifecycle_state: state.lifecycle_state.as_str().to_owned(),
        node_group: state.node_group.as_ref().map(ToString::to_string),
        zone: state.zone.as_deref().map(str::to_owned),
    };
    Some((name.to_string(), facts))
}

/// Tells discovery; false once nobody watches any longer.
fn hand_on(watched: &Weak<Watched>, known: &BTreeMap<String, NodeFacts>) -> bool {
    let Some(watched) = watched.upgrade() else {
        return false;
    };
    watched
        .discovery
        .update_inputs(|inputs| inputs.nodes.clone_from(known));
    true
}
