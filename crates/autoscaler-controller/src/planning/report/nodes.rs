//! Why each Node stays: what is certain of the object alone, and else that nobody has looked.
//!
//! The operator lets a node go only after it has watched it for a while, and VPSie has listed its machine. Objects have
//! no past and know no machine, so nothing here says that a Node would go.

use kube::ResourceExt;

use super::{MustStay, NodeLine, StayWord};
use crate::convert::is_control_plane;
use crate::decide::has_opted_out;
use crate::planning::Objects;

/// Lists every Node by name.
pub(super) fn lines(objects: &Objects) -> Vec<NodeLine> {
    let managed = objects.managed_nodes();
    let mut lines: Vec<NodeLine> = objects
        .nodes
        .iter()
        .map(|node| {
            let name = node.name_any();
            let reason = if is_control_plane(node) {
                StayWord::ControlPlane
            } else if !managed.contains(name.as_str()) {
                StayWord::NotManaged
            } else if has_opted_out(node) {
                StayWord::Protected
            } else {
                StayWord::RemovalNotPlanned
            };
            NodeLine {
                node: name,
                must_stay: vec![MustStay {
                    reason,
                    detail: detail(reason).to_owned(),
                }],
            }
        })
        .collect();
    lines.sort_by(|one, other| one.node.cmp(&other.node));
    lines
}

const fn detail(reason: StayWord) -> &'static str {
    match reason {
        StayWord::ControlPlane => "it is of the control plane",
        StayWord::Protected => "an annotation or a label of it protects it",
        StayWord::NotManaged => "no NodeGroup of the autoscaler has it",
        StayWord::RemovalNotPlanned => {
            "which nodes go is not planned from objects alone; the conditions of its NodeGroup say it"
        }
    }
}
