//! What really happened, computed from which POST made which machine and from the objects as stored.
//!
//! Nothing here reads the operator's annotations: an operator that believes its own mistakes is found out.

mod claim;
mod facts;
mod labels;
mod purchases;
mod records;
mod removals;
mod report;

#[cfg(test)]
mod tests;

pub use self::report::{Counts, Expected, Extras, Finding, Objects, Report, Taint};

use serde_json::Value;

use self::facts::Facts;
use crate::cloud::Cloud;

/// Examines a world in which Nodes must carry only the autoscaler's own labels.
///
/// `ever` holds the last version of every VPSieNode that ever existed; those of `vpsie_nodes` may be left out.
/// Ask when the world has settled: a Node that joined a second ago lacks its labels with good reason.
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
    let facts = Facts::gather(cloud, objects);
    let mut report = Report {
        claims: facts.claims.len(),
        ..Report::default()
    };
    records::examine(&facts, &mut report);
    purchases::examine(&facts, &mut report);
    labels::examine(&facts, expected, &mut report);
    removals::examine(&facts, &mut report);
    report
}
