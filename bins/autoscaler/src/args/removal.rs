//! Arguments of `run` that say when a node goes: the graces of the gate, and the brakes on what happens by itself.

use autoscaler_controller::{Brakes, Gate, Graces, UnhealthyAfter};
use chrono::TimeDelta;
use clap::Args;

/// Options of the decommission gate.
#[derive(Debug, Args)]
#[command(next_help_heading = "Decommission gate")]
pub(crate) struct GateOptions {
    /// Seconds for which a node that was never used stays Ready before the autoscaler may take it by itself.
    #[arg(long, default_value_t = 1800, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub(crate) ready_grace_seconds: u32,
    /// Seconds for which a node stays idle before the autoscaler may take it by itself.
    #[arg(long, default_value_t = 1800, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub(crate) idle_grace_seconds: u32,
    /// Seconds for which a node that was never used stays Ready before a person may have it.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub(crate) ready_grace_manual_seconds: u32,
    /// Seconds for which a node stays idle before a person may have it.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub(crate) idle_grace_manual_seconds: u32,
    /// Seconds for which a node that was found again without a record rests once its pods were listed.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub(crate) post_sync_grace_seconds: u32,
    /// Seconds past its due end and its grace period for which a pod on a broken node still counts.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub(crate) stuck_pod_grace_seconds: u32,
    /// Seconds for which a Node takes no new pods before they are looked at once more and its machine goes.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) settle_seconds: u32,
    /// Seconds after a start, or a change of the leader, in which nothing is removed.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub(crate) first_removal_seconds: u32,
}

// === impl GateOptions ===

impl GateOptions {
    /// Makes the gate; the grace of consolidation, which removes nothing yet, has its default.
    pub(crate) fn gate(&self) -> Gate {
        let seconds = |value: u32| TimeDelta::seconds(value.into());
        let graces = Graces {
            ready: seconds(self.ready_grace_seconds),
            idle_scale_down: seconds(self.idle_grace_seconds),
            ready_manual: seconds(self.ready_grace_manual_seconds),
            idle_manual: seconds(self.idle_grace_manual_seconds),
            post_sync: seconds(self.post_sync_grace_seconds),
            stuck_pod: seconds(self.stuck_pod_grace_seconds),
            ..Graces::default()
        };
        Gate::new(graces).expect("the parser lets nothing through that the gate refuses")
    }
}

/// Options of what happens by itself to nodes that are broken or short of disk.
#[derive(Debug, Args)]
#[command(next_help_heading = "Broken nodes and full disks")]
pub(crate) struct BrakeOptions {
    /// Seconds for which a Node is not Ready before it counts as broken.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
    pub(crate) unhealthy_after_seconds: u32,
    /// How often in a row, once in a poll interval, a Node is seen not Ready before it counts as broken.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(crate) unhealthy_after_observations: u32,
    /// How often in a row, once in a poll interval, a broken node or a full disk is seen before anything is done by
    /// itself.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(3..=1000))]
    pub(crate) brake_observations: u32,
    /// How many nodes of a NodeGroup may be broken or short of disk without holding anything, whatever its size.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) brake_nodes: u32,
    /// Which share of a NodeGroup, in percent, may be broken or short of disk without holding anything. More nodes, and a
    /// larger share, hold all that is done by itself.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) brake_share_percent: u32,
}

// === impl BrakeOptions ===

impl BrakeOptions {
    /// Returns when a Node that is not Ready counts as broken (`LC-11`).
    pub(crate) fn unhealthy_after(&self) -> UnhealthyAfter {
        let duration = TimeDelta::seconds(self.unhealthy_after_seconds.into());
        let limits = UnhealthyAfter::new(self.unhealthy_after_observations, duration);
        limits.expect("the parser lets nothing through that makes no sense")
    }

    /// Returns what holds all that is done by itself (`LC-13a`).
    pub(crate) const fn brakes(&self) -> Brakes {
        Brakes {
            observations: self.brake_observations,
            nodes: self.brake_nodes,
            share_percent: self.brake_share_percent,
        }
    }
}
