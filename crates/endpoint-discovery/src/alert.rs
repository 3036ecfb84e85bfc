//! Who should hear of an instance that is not well, and how often (EP-21).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::identity::InstanceId;
use crate::instance::Instance;
use crate::score::Status;

/// Says that an instance is below the threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Its id.
    pub instance: String,
    /// Its score.
    pub score: u8,
    /// The score that it should have.
    pub threshold: u8,
}

/// Remembers which alerts were raised, so that each is heard once in a while and not all the time.
#[derive(Clone, Debug)]
pub struct Alerts {
    threshold: u8,
    quiet: TimeDelta,
    raised: BTreeMap<InstanceId, DateTime<Utc>>,
}

/// Says how well a whole Service is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The average score; nothing when no instance has one.
    pub average: Option<f64>,
    /// The ids of what is degraded, in their order.
    pub degraded: Vec<String>,
}

// === impl Alerts ===

impl Default for Alerts {
    /// Below 70 points, once in five minutes for each instance.
    fn default() -> Self {
        Self::new(70, TimeDelta::minutes(5))
    }
}

impl Alerts {
    /// Raises alerts for scores below a threshold, and none twice within the quiet time.
    pub fn new(threshold: u8, quiet: TimeDelta) -> Self {
        Self {
            threshold,
            quiet,
            raised: BTreeMap::new(),
        }
    }

    /// Lists the alerts that are due, in the order of ids, and remembers them.
    ///
    /// One that is still booting is not ready by nature, and not told. An instance that recovers and falls again within the quiet time is not told again. One that is gone is
    /// forgotten once its quiet time is over, so that the memory of alerts does not grow.
    pub fn due<'a>(
        &mut self,
        instances: impl IntoIterator<Item = &'a Arc<Instance>>,
        now: DateTime<Utc>,
    ) -> Vec<Alert> {
        let quiet = self.quiet;
        self.raised.retain(|_, raised| now - *raised < quiet);
        let mut due = Vec::new();
        for instance in instances {
            let is_low = |score: &u8| *score < self.threshold && instance.status != Status::Booting;
            let Some(score) = instance.health.score.filter(is_low) else {
                continue;
            };
            if self.raised.contains_key(&instance.id) {
                continue;
            }
            self.raised.insert(instance.id.clone(), now);
            due.push(Alert {
                instance: instance.id.to_string(),
                score,
                threshold: self.threshold,
            });
        }
        due
    }
}

// === impl Summary ===

impl Summary {
    /// Sums up all instances of a Service.
    pub fn of<'a>(instances: impl IntoIterator<Item = &'a Arc<Instance>>) -> Self {
        let mut degraded = Vec::new();
        let (mut sum, mut count) = (0_u64, 0_u64);
        for instance in instances {
            if instance.status == Status::Degraded {
                degraded.push(instance.id.to_string());
            }
            if let Some(score) = instance.health.score {
                sum += u64::from(score);
                count += 1;
            }
        }
        let average = (count > 0).then(|| sum as f64 / count as f64);
        Self { average, degraded }
    }
}

#[cfg(test)]
mod tests;
