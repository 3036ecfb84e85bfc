//! Conditions in the shape of `metav1.Condition`, lenient towards those of the Go autoscaler.

use chrono::{DateTime, SubsecRound as _, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

// Ours always carry a reason and an observed generation; those of the Go autoscaler may lack both, and carry a
// `lastUpdateTime` that we keep but never write.
/// States one thing that is true, false or unknown of an object.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What the condition is about.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Generation of the spec that the condition is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When the status last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<DateTime<Utc>>,
    /// When the Go autoscaler last wrote the condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<DateTime<Utc>>,
    /// Why, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Names the three values of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody knows.
    Unknown,
}

// === impl ConditionStatus ===

impl ConditionStatus {
    /// Returns the word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

// === impl Condition ===

impl Condition {
    /// Makes a condition that has not been stored yet; [`set_condition`] gives it its time.
    #[must_use]
    pub fn new(
        type_: &str,
        status: ConditionStatus,
        reason: &str,
        message: impl Into<String>,
        observed_generation: Option<i64>,
    ) -> Self {
        Self {
            type_: type_.to_owned(),
            status: status.as_str().to_owned(),
            observed_generation,
            last_transition_time: None,
            last_update_time: None,
            reason: Some(reason.to_owned()),
            message: Some(message.into()),
        }
    }

    /// Tells whether the condition holds.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == ConditionStatus::True.as_str()
    }
}

/// Finds the condition of one type.
#[must_use]
pub fn find_condition<'a>(conditions: Option<&'a [Condition]>, type_: &str) -> Option<&'a Condition> {
    conditions?.iter().find(|condition| condition.type_ == type_)
}

/// Puts a condition in the place of the one of its type, or at the end.
///
/// # Guarantees
/// The time of the last transition stays while the status stays. Times are whole seconds, as Kubernetes stores
/// them. Setting the same condition again changes nothing. Other conditions stay as and where they are.
pub fn set_condition(conditions: &mut Option<Vec<Condition>>, mut condition: Condition, now: DateTime<Utc>) {
    let conditions = conditions.get_or_insert_default();
    let place = conditions
        .iter()
        .position(|stored| stored.type_ == condition.type_);
    let stored = place.map(|place| &conditions[place]);
    let since = stored.filter(|stored| stored.status == condition.status);
    let since = since.and_then(|stored| stored.last_transition_time);
    condition.last_transition_time = Some(since.unwrap_or_else(|| now.trunc_subsecs(0)));
    match place {
        Some(place) => conditions[place] = condition,
        None => conditions.push(condition),
    }
}

#[cfg(test)]
mod tests;
