//! The evaluator of node states, replaced by one that remembers what it was asked (`NS-2`), and what came of it.

use std::sync::{Arc, Mutex, PoisonError};

use node_state::store::Reader;
use node_state::{Evaluator, Inputs, NodeState, Rules};
use tokio::sync::watch;

use super::Fleet;
use super::replicas::Replica;
use crate::wire::Wire;

/// Evaluates by the usual rules and remembers each evaluation; clones remember together.
#[derive(Clone, Default)]
pub struct Evaluations(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    wire: Wire,
    all: Vec<Evaluation>,
}

/// One evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The name of the Node, or of the VPSieNode that has none.
    pub name: String,
    /// How many effects the operator had had before it.
    pub effects: usize,
}

// === impl Evaluations ===

impl Evaluations {
    /// Returns the evaluations since the last call, in their order.
    pub fn take(&self) -> Vec<Evaluation> {
        std::mem::take(&mut self.kept().all)
    }

    /// Returns the names of what was evaluated since the last call, in their order.
    pub fn names(&self) -> Vec<String> {
        self.take()
            .into_iter()
            .map(|evaluation| evaluation.name)
            .collect()
    }

    /// Notes on which wire the operator acts.
    pub(super) fn watch(&self, wire: &Wire) {
        self.kept().wire = wire.clone();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Evaluator for Evaluations {
    fn evaluate(&self, inputs: &Inputs<'_>) -> NodeState {
        let mut kept = self.kept();
        let evaluation = Evaluation {
            name: inputs.subject.name().to_string(),
            effects: kept.wire.effects(),
        };
        kept.all.push(evaluation);
        drop(kept);
        Rules::default().evaluate(inputs)
    }
}

// === reading ===

impl Fleet {
    /// Waits until everything was evaluated, and returns where the states are read.
    ///
    /// # Panics
    /// Panics when no operator runs.
    pub async fn states(&self) -> Reader {
        let states = self.states.clone().expect("the operator was started");
        reader(states).await
    }
}

impl Replica {
    /// Returns where the states are read; nothing while another replica leads.
    pub fn states_now(&self) -> Option<Reader> {
        self.states.borrow().clone()
    }

    /// Waits until it has evaluated everything, and returns where the states are read.
    ///
    /// # Panics
    /// Panics when it ends before.
    pub async fn states(&self) -> Reader {
        reader(self.states.clone()).await
    }
}

async fn reader(mut states: watch::Receiver<Option<Reader>>) -> Reader {
    let first = states.wait_for(Option::is_some).await;
    let first = first.expect("the operator runs").clone();
    first.expect("it was waited for")
}
