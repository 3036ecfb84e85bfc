//! What an operator may tune, with the reason for each default.

use chrono::TimeDelta;
use node_lifecycle::UnhealthyAfter;
use std::time::Duration;

/// How the autoscaler behaves, apart from where its APIs are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Namespace of the autoscaler's own objects (the ConfigMap of baselines).
    pub namespace: String,
    /// Time between two polls of VPSie. Every cluster is asked once per poll, whatever its size.
    pub poll_interval: Duration,
    /// Longest time a machine may stay undiscovered after its request (`D1`, `P2`).
    pub discovery_timeout: TimeDelta,
    /// Longest time a known machine may need until its Node joins (`I4`).
    pub joining_timeout: TimeDelta,
    /// How far the clocks of VPSie, Kubernetes and this process may differ.
    pub clock_skew: TimeDelta,
    /// Longest time a request to VPSie may be under way: the time limit of the transport that carries it.
    ///
    /// A new leader waits so long, and five seconds more, before it concludes anything from an open intent.
    pub request_timeout: Duration,
    /// How far apart complete replies of VPSie must be to count as separate proof that a machine is gone.
    ///
    /// One slow or stale page of VPSie must not count three times. Only tests make it shorter.
    pub absence_spacing: TimeDelta,
    /// The same for the proof that an open request made nothing (`I6`).
    pub candidate_spacing: TimeDelta,
    /// When a Node that was Ready and is not any longer counts as broken (`LC-11`).
    ///
    /// Observations are at least as far apart as two polls.
    pub unhealthy_after: UnhealthyAfter,
    /// Whether machines that no name and no address links to a claim are matched at all (`R7`).
    pub anonymous: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: "kube-system".to_owned(),
            // Six polls a minute of three calls each leave most of VPSie's 100 calls a minute to effects.
            poll_interval: Duration::from_secs(10),
            discovery_timeout: TimeDelta::minutes(15),
            joining_timeout: TimeDelta::minutes(15),
            clock_skew: TimeDelta::minutes(2),
            request_timeout: Duration::from_secs(30),
            absence_spacing: TimeDelta::seconds(30),
            candidate_spacing: TimeDelta::minutes(1),
            unhealthy_after: UnhealthyAfter::default(),
            anonymous: true,
        }
    }
}
