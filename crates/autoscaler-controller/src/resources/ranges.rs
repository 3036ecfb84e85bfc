//! Numbers of the AutoscalerConfig that make no sense, and what counts in their place.
//!
//! The definition of the kind refuses them, so they come from files, or were stored under an older definition.

use super::{AutoscalerConfigSpec, GlobalSettings};

/// A number that is less than it may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("`{field}` of {block} is {written}, and the least is {least}; {counts}")]
pub struct OutOfRange {
    block: &'static str,
    field: &'static str,
    written: i32,
    least: i32,
    counts: &'static str,
}

// === impl AutoscalerConfigSpec ===

impl AutoscalerConfigSpec {
    /// Lists the numbers that are less than they may be, in the order of the fields.
    #[must_use]
    pub fn out_of_range(&self) -> Vec<OutOfRange> {
        let settings = self.global_settings.iter().flat_map(of_settings);
        let defaults = self.node_group_defaults.iter();
        let defaults = defaults.flat_map(|defaults| {
            [
                ("minNodes", defaults.min_nodes, 0, "it changes nothing"),
                ("maxNodes", defaults.max_nodes, 1, "none is made"),
            ]
            .map(|row| ("nodeGroupDefaults", row))
        });
        let rows = settings.chain(defaults);
        let rows = rows.filter_map(|(block, (field, written, least, counts))| {
            let written = written.filter(|written| *written < least)?;
            Some(OutOfRange {
                block,
                field,
                written,
                least,
                counts,
            })
        });
        rows.collect()
    }
}

/// A field, what is written, the least, and what counts instead of less.
type Row = (&'static str, Option<i32>, i32, &'static str);

fn of_settings(settings: &GlobalSettings) -> [(&'static str, Row); 8] {
    let GlobalSettings {
        scale_up_cooldown_seconds,
        scale_down_cooldown_seconds,
        max_concurrent_scale_ups,
        max_concurrent_scale_downs,
        max_cluster_workers,
        unschedulable_pod_grace_period_seconds,
        enable_dynamic_node_group_creation: _,
        enable_rebalancing: _,
        node_ready_timeout_seconds,
        pod_eviction_timeout_seconds,
    } = settings;
    let none = "0 counts";
    [
        ("scaleUpCooldownSeconds", *scale_up_cooldown_seconds, 0, none),
        ("scaleDownCooldownSeconds", *scale_down_cooldown_seconds, 0, none),
        ("maxConcurrentScaleUps", *max_concurrent_scale_ups, 1, "1 counts"),
        (
            "maxConcurrentScaleDowns",
            *max_concurrent_scale_downs,
            1,
            "1 counts",
        ),
        (
            "maxClusterWorkers",
            *max_cluster_workers,
            0,
            "no worker is added for pods, or because of a threshold",
        ),
        (
            "unschedulablePodGracePeriodSeconds",
            *unschedulable_pod_grace_period_seconds,
            0,
            none,
        ),
        (
            "nodeReadyTimeoutSeconds",
            *node_ready_timeout_seconds,
            60,
            "60 counts",
        ),
        (
            "podEvictionTimeoutSeconds",
            *pod_eviction_timeout_seconds,
            0,
            none,
        ),
    ]
    .map(|row| ("globalSettings", row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::AutoscalerConfig;
    use kube::CustomResourceExt as _;
    use serde_json::{Value, json};

    /// Returns the least number of each field of a block, as the definition says.
    fn least(block: &str) -> Vec<(String, i64)> {
        let crd = serde_json::to_value(AutoscalerConfig::crd()).expect("a definition is JSON");
        let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        let fields = spec["properties"][block]["properties"].as_object();
        let fields = fields.expect("it has fields").iter();
        let least = |schema: &Value| schema["minimum"].as_f64().map(|least| least as i64);
        let fields = fields.filter(|(name, _)| *name != "kubeSizeID");
        fields
            .filter_map(|(name, schema)| Some((name.clone(), least(schema)?)))
            .collect()
    }

    fn told(spec: Value) -> Vec<String> {
        let spec: AutoscalerConfigSpec = serde_json::from_value(spec).expect("it has its shape");
        spec.out_of_range().iter().map(ToString::to_string).collect()
    }

    /// Bad input: every number that the definition limits is told when it is less, and what counts instead; none that fits is.
    #[test]
    fn number_below_its_least_is_told() {
        for block in ["globalSettings", "nodeGroupDefaults"] {
            let fields = least(block);
            assert!(!fields.is_empty(), "{block} has numbers");
            for (field, least) in fields {
                assert_eq!(told(json!({ block: { &field: least } })), [""; 0], "{field}");
                let told = told(json!({ block: { &field: least - 1 } }));
                let words = format!(
                    "`{field}` of {block} is {}, and the least is {least}; ",
                    least - 1
                );
                assert!(told.len() == 1 && told[0].starts_with(&words), "{told:?}");
            }
        }
        assert_eq!(told(json!({})), [""; 0]);
    }

    /// Bad input: what is said to count in the place of a number does.
    #[test]
    fn what_is_said_to_count_counts() {
        let odd: GlobalSettings = serde_json::from_value(json!({
            "scaleUpCooldownSeconds": -1, "scaleDownCooldownSeconds": -1, "maxConcurrentScaleUps": 0,
            "maxConcurrentScaleDowns": -3, "maxClusterWorkers": -1, "unschedulablePodGracePeriodSeconds": -1,
            "nodeReadyTimeoutSeconds": 59, "podEvictionTimeoutSeconds": -1,
        }))
        .expect("it has its shape");
        let seconds = [
            odd.scale_up_cooldown(),
            odd.scale_down_cooldown(),
            odd.unschedulable_pod_grace_period(),
            odd.node_ready_timeout(),
            odd.pod_eviction_timeout(),
        ];
        assert_eq!(seconds.map(|one| one.as_secs()), [0, 0, 0, 60, 0]);
        assert_eq!((odd.concurrent_scale_ups(), odd.concurrent_scale_downs()), (1, 1));
        assert_eq!(
            odd.cluster_worker_limit(),
            Some(0),
            "which is no limit where it is written"
        );
    }
}
