//! Blocks of settings that NodeGroup and the defaults of AutoscalerConfig have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says when to add nodes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ScaleUpPolicy {
    /// How long the need must last before nodes are added; unset means 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub stabilization_window_seconds: Option<i32>,
    /// CPU use in percent above which nodes are added; unset means 80.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub cpu_threshold: Option<i32>,
    /// Memory use in percent above which nodes are added; unset means 80.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub memory_threshold: Option<i32>,
    /// Whether nodes are added at all; unset means true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Says when to remove nodes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ScaleDownPolicy {
    /// How long a node must be idle before it is removed; unset means 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub stabilization_window_seconds: Option<i32>,
    /// CPU use in percent below which a node is idle; unset means 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub cpu_threshold: Option<i32>,
    /// Memory use in percent below which a node is idle; unset means 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub memory_threshold: Option<i32>,
    /// Whether nodes are removed at all; unset means true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How long to wait after a change of size before a node is removed; unset means 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub cooldown_seconds: Option<i32>,
}

/// Says how spot machines are used.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SpotConfig {
    /// Whether spot machines are used; unset means false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Greatest share of spot machines in percent; unset means 80.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_spot_percentage: Option<i32>,
    /// Whether ordinary machines replace missing spot machines; unset means true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_to_on_demand: Option<bool>,
    /// Time to drain before an interruption; unset means "120s".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interruption_grace_period: Option<String>,
    /// Greatest accepted rate of interruptions in percent; unset means 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub allowed_interruption_rate: Option<i32>,
}

/// Says how nodes are distributed over data centres.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct MultiRegion {
    /// Whether nodes are distributed; unset means false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The data centres.
    #[serde(rename = "datacenterIDs", skip_serializing_if = "Option::is_none")]
    pub datacenter_ids: Option<Vec<String>>,
    /// `balanced`, `weighted` or `primary-backup`; unset means "balanced".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution_strategy: Option<String>,
    /// Weight of each data centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_distribution: Option<BTreeMap<String, i32>>,
    /// The first data centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_datacenter: Option<String>,
    /// Least number of nodes in each data centre; unset means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_nodes_per_region: Option<i32>,
}

/// Says how cheaper machines are looked for.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CostOptimization {
    /// Whether cheaper machines are looked for; unset means true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// `auto`, `manual`, `aggressive` or `conservative`; unset means "auto".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Time between two changes; unset means "24h".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimization_interval: Option<String>,
    // Kept as the number that was written, so that 10 does not become 10.0.
    /// Least savings in a month that are worth a change; unset means 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub min_monthly_savings: Option<serde_json::Number>,
    /// Greatest accepted loss of performance in percent; unset means 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_performance_impact: Option<i32>,
    /// Whether a person must agree; unset means false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_approval: Option<bool>,
}

// === impl ScaleUpPolicy ===

impl ScaleUpPolicy {
    /// Tells whether nodes are added; true when unset.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Returns how long the need must last; 60 seconds when unset.
    #[must_use]
    pub fn stabilization_window(&self) -> Duration {
        seconds(self.stabilization_window_seconds, 60)
    }

    /// Returns the CPU use in percent above which nodes are added; 80 when unset.
    #[must_use]
    pub fn cpu_threshold_percent(&self) -> i32 {
        self.cpu_threshold.unwrap_or(80)
    }

    /// Returns the memory use in percent above which nodes are added; 80 when unset.
    #[must_use]
    pub fn memory_threshold_percent(&self) -> i32 {
        self.memory_threshold.unwrap_or(80)
    }
}

// === impl ScaleDownPolicy ===

impl ScaleDownPolicy {
    /// Tells whether nodes are removed; true when unset.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Returns how long a node must be idle; 600 seconds when unset.
    #[must_use]
    pub fn stabilization_window(&self) -> Duration {
        seconds(self.stabilization_window_seconds, 600)
    }

    /// Returns how long to wait after a change of size; 600 seconds when unset.
    #[must_use]
    pub fn cooldown(&self) -> Duration {
        seconds(self.cooldown_seconds, 600)
    }

    /// Returns the CPU use in percent below which a node is idle; 50 when unset.
    #[must_use]
    pub fn cpu_threshold_percent(&self) -> i32 {
        self.cpu_threshold.unwrap_or(50)
    }

    /// Returns the memory use in percent below which a node is idle; 50 when unset.
    #[must_use]
    pub fn memory_threshold_percent(&self) -> i32 {
        self.memory_threshold.unwrap_or(50)
    }
}

// === impl SpotConfig ===

impl SpotConfig {
    /// Tells whether spot machines are used; false when unset.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(false)
    }

    /// Returns the greatest share of spot machines in percent; 80 when unset.
    #[must_use]
    pub fn max_spot_percent(&self) -> i32 {
        self.max_spot_percentage.unwrap_or(80)
    }

    /// Tells whether ordinary machines replace missing spot machines; true when unset.
    #[must_use]
    pub fn falls_back_to_on_demand(&self) -> bool {
        self.fallback_to_on_demand.unwrap_or(true)
    }

    /// Returns the time to drain before an interruption, as written; "120s" when unset.
    #[must_use]
    pub fn grace_period_text(&self) -> &str {
        self.interruption_grace_period.as_deref().unwrap_or("120s")
    }

    /// Returns the greatest accepted rate of interruptions in percent; 20 when unset.
    #[must_use]
    pub fn allowed_interruption_percent(&self) -> i32 {
        self.allowed_interruption_rate.unwrap_or(20)
    }
}

// === impl MultiRegion ===

impl MultiRegion {
    /// Tells whether nodes are distributed; false when unset.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(false)
    }

    /// Returns the strategy as written; "balanced" when unset.
    #[must_use]
    pub fn strategy_text(&self) -> &str {
        self.distribution_strategy.as_deref().unwrap_or("balanced")
    }

    /// Returns the least number of nodes in each data centre; 1 when unset.
    #[must_use]
    pub fn min_nodes_in_each_region(&self) -> i32 {
        self.min_nodes_per_region.unwrap_or(1)
    }
}

// === impl CostOptimization ===

impl CostOptimization {
    /// Tells whether cheaper machines are looked for; true when unset.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Returns the strategy as written; "auto" when unset.
    #[must_use]
    pub fn strategy_text(&self) -> &str {
        self.strategy.as_deref().unwrap_or("auto")
    }

    /// Returns the time between two changes, as written; "24h" when unset.
    #[must_use]
    pub fn interval_text(&self) -> &str {
        self.optimization_interval.as_deref().unwrap_or("24h")
    }

    /// Returns the least savings in a month that are worth a change; 10 when unset.
    #[must_use]
    pub fn least_monthly_savings(&self) -> f64 {
        self.min_monthly_savings
            .as_ref()
            .and_then(serde_json::Number::as_f64)
            .unwrap_or(10.0)
    }

    /// Returns the greatest accepted loss of performance in percent; 5 when unset.
    #[must_use]
    pub fn max_performance_loss_percent(&self) -> i32 {
        self.max_performance_impact.unwrap_or(5)
    }

    /// Tells whether a person must agree; false when unset.
    #[must_use]
    pub fn requires_approval(&self) -> bool {
        self.require_approval.unwrap_or(false)
    }
}

/// Reads a number of seconds. A negative one, which the schema refuses, counts as none.
pub(super) fn seconds(written: Option<i32>, default: u32) -> Duration {
    let seconds = written.map_or(u64::from(default), |value| u64::try_from(value).unwrap_or(0));
    Duration::from_secs(seconds)
}
