//! Each condition has its own place.

use super::*;
use crate::condition::{Since, Status};
use crate::testing::at;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn condition(message: &str) -> Condition {
    Condition {
        status: Status::True,
        reason: "Because",
        message: message.into(),
        since: Since::Told(at(0)),
    }
}

proptest! {
    /// NS-1: whatever is put in, in whatever order, it is what an ordered map would be.
    #[test]
    fn conditions_are_an_ordered_map(put in proptest::collection::vec((proptest::sample::select(Topic::ALL), "[a-c]"), 0..9)) {
        let (mut conditions, mut model) = (Conditions::default(), BTreeMap::new());
        for (topic, message) in put {
            let before = conditions.insert(topic, condition(&message));
            prop_assert_eq!(before, model.insert(topic, condition(&message)));
        }
        prop_assert_eq!(conditions.iter().collect::<Vec<_>>(), model.iter().collect::<Vec<_>>());
        prop_assert_eq!((conditions.len(), conditions.is_empty()), (model.len(), model.is_empty()));
        for topic in Topic::ALL {
            prop_assert_eq!(conditions.get(topic), model.get(topic));
        }
        prop_assert_eq!(format!("{conditions:?}"), format!("{model:?}"));
        prop_assert_eq!(model.into_iter().collect::<Conditions>(), conditions);
    }
}
