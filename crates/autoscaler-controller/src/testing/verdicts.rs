//! Verdicts made by hand.

use super::{CLUSTER, at};
use node_match::{
    AmbiguousReason, Claim, ConflictReason, Detail, Evidence, EvidenceKind, Link, Machine, Match,
    MergedMachine, Node, Snapshot, Verdict, WaitingReason, match_fleet,
};

/// Says that nothing could be its own yet.
pub(crate) fn waiting() -> Verdict<'static> {
    Verdict::Waiting {
        reason: WaitingReason::NoCandidates,
        candidates: Vec::new(),
    }
}

/// Says that nothing came in time.
pub(crate) fn timed_out() -> Verdict<'static> {
    Verdict::TimedOut {
        candidates: Vec::new(),
    }
}

/// Says that nobody can tell.
pub(crate) fn ambiguous() -> Verdict<'static> {
    Verdict::Ambiguous {
        reason: AmbiguousReason::SurplusMachines,
        candidates: Vec::new(),
    }
}

/// Says that records contradict each other.
pub(crate) fn conflict() -> Verdict<'static> {
    Verdict::Conflict {
        reason: ConflictReason::MachineRecordedTwice,
        candidates: Vec::new(),
    }
}

/// Says that a machine, a Node or both are its own.
pub(crate) fn found(
    machine: Option<Machine<'static>>,
    node: Option<&str>,
    evidence: Vec<Evidence<'static>>,
) -> Verdict<'static> {
    Verdict::Matched(Match {
        machine: machine.map(merged),
        node: node.map(named),
        withheld: None,
        evidence,
        contested: false,
    })
}

/// Says that this machine is its own and has no Node, or one that it may not have.
pub(crate) fn without_node(machine: &str, withheld: Option<&str>) -> Verdict<'static> {
    let machine = Machine {
        identifier: Some(machine.to_owned().into()),
        ..Machine::default()
    };
    Verdict::Matched(Match {
        machine: Some(merged(machine)),
        node: None,
        withheld: withheld.map(named),
        evidence: Vec::new(),
        contested: false,
    })
}

fn named(node: &str) -> &'static Node<'static> {
    Box::leak(Box::new(Node {
        uid: format!("{}/{node}", super::NAMESPACE).into(),
        name: node.to_owned().into(),
        ..Node::default()
    }))
}

/// Says that machine `m1` and Node `n1` are its own, and are tied by an address.
pub(crate) fn tied() -> Verdict<'static> {
    let machine = Machine {
        identifier: Some("m1".into()),
        ..Machine::default()
    };
    let tie = Evidence {
        link: Link::MachineNode,
        kind: EvidenceKind::Address,
        detail: Detail::Number(1),
    };
    found(Some(machine), Some("n1"), vec![tie])
}

/// Makes a merged machine of one report; only a matching can.
fn merged(machine: Machine<'static>) -> MergedMachine<'static> {
    let mut snapshot = Snapshot::new(at(0));
    snapshot.claims.push(Claim {
        uid: "any".into(),
        cluster: CLUSTER.into(),
        ..Claim::default()
    });
    snapshot.machines.push(Machine {
        cluster: CLUSTER.into(),
        ..machine
    });
    let matching = match_fleet(Box::leak(Box::new(snapshot)));
    matching.unexplained.machines[0].machine.clone()
}
