//! Whatever is put in and taken out, a roll is what an ordered map would be.

use super::*;
use crate::evaluate::Rules;
use crate::fleet::Fleet;
use crate::testing::{at, node};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// States of five Nodes.
fn states() -> Vec<Arc<NodeState>> {
    let mut fleet = Fleet::default();
    for number in 0..5 {
        fleet.put_node(node(&format!("n{number}")));
    }
    let changes = fleet.settle(&Rules::default(), at(0)).changes;
    changes.into_values().filter_map(|change| change.now).collect()
}

proptest! {
    /// NS-5, NS-13: whatever came and went, each subject is there once, in its order, with its newest state.
    #[test]
    fn roll_is_an_ordered_map(steps in proptest::collection::vec((0..5_usize, 0..4_u64), 0..40)) {
        let states = states();
        let (mut roll, mut model) = (Roll::default(), BTreeMap::new());
        for (number, version) in steps {
            let subject = &states[number].subject;
            prop_assert_eq!(roll.has(subject), model.contains_key(subject));
            if version == 0 {
                prop_assert_eq!(roll.remove(subject), model.remove(subject));
            } else {
                let state = NodeState { evaluation_count: version, ..NodeState::clone(&states[number]) };
                let state = Arc::new(state);
                prop_assert_eq!(roll.put(Arc::clone(&state)), model.insert(subject, state));
            }
            prop_assert_eq!(roll.iter().collect::<Vec<_>>(), model.values().collect::<Vec<_>>());
            prop_assert_eq!((roll.len(), roll.is_empty()), (model.len(), model.is_empty()));
            for state in &states {
                prop_assert_eq!(roll.get(&state.subject), model.get(&state.subject));
            }
        }
    }
}
