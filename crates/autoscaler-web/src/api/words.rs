//! The closed sets of words in answers, as the description of the API lists them.

use node_lifecycle::audit::{Action, Author, Outcome};
use node_lifecycle::{Health, Phase, State};
use node_state::{Assessment, NodePhase, Status, Topic};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// Declares, for each set, the function that describes it.
macro_rules! described {
    ($($name:ident: $set:ty,)*) => {
        $(pub(super) fn $name() -> Object {
            one_of(<$set>::ALL.iter().map(|word| word.as_str()))
        })*
    };
}

described! {
    action: Action,
    assessment: Assessment,
    author: Author,
    health: Health,
    node_phase: NodePhase,
    outcome: Outcome,
    owner_phase: Phase,
    state: State,
    status: Status,
    topic: Topic,
}

/// Describes what an instance of a Service is good for, in the words of endpoint discovery.
pub(super) fn instance_status() -> Object {
    one_of(["ready", "degraded", "booting", "not-ready", "error", "unknown"].into_iter())
}

/// Describes what the score of an instance rests on, in the words of endpoint discovery.
pub(super) fn instance_basis() -> Object {
    one_of(["readiness-only", "probed"].into_iter())
}

/// Describes what becomes of a pod that is on no Node.
pub(super) fn pod_outcome() -> Object {
    one_of(super::pending::OUTCOMES.into_iter())
}

/// Describes a text that is one of these words.
pub(super) fn one_of(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}
