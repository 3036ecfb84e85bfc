//! Members of group `web` in service: `web-1` has machine `m1` and Node `n1`.

use super::verdicts::{found, tied};
use super::{ClaimBuilder, NAMESPACE, TestWorld, claim, node};
use crate::kept::Node;
use crate::resources::{Phase, keys};
use node_lifecycle::State;
use node_match::{Machine, Verdict};

/// Makes a member that is in service since a day, whose life came to this state half an hour ago.
pub(crate) fn member(name: &str, state: State) -> ClaimBuilder {
    claim(name)
        .in_phase(Phase::Ready)
        .machine(&name.replace("web-", "m"))
        .created(-86_400)
        .lived(state)
}

/// Makes the Node of a member, with its marks.
pub(crate) fn own_node(name: &str) -> Node {
    let mut own = node(&name.replace("web-", "n"));
    own.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), name.to_owned())].into();
    let uid = format!("{NAMESPACE}/{name}");
    own.metadata.annotations = [(keys::ANNOTATION_VPSIE_NODE_UID.to_owned(), uid)].into();
    own
}

/// Says that machine and Node of a member are its own, and are tied by an address.
pub(crate) fn own(name: &str) -> Verdict<'static> {
    let Verdict::Matched(one) = tied() else {
        unreachable!("tied() is a match");
    };
    let machine = Machine {
        identifier: Some(name.replace("web-", "m").into()),
        ..Machine::default()
    };
    found(Some(machine), Some(&name.replace("web-", "n")), one.evidence)
}

// === impl TestWorld ===

impl TestWorld {
    /// Adds a member with its Node.
    pub(crate) fn member(self, member: ClaimBuilder, node: Node) -> Self {
        let name = member.0.metadata.name.clone().unwrap_or_default();
        self.claim(member).node(node).verdict(&name, own(&name))
    }
}
