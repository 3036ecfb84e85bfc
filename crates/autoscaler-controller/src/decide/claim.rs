//! The life of one VPSieNode, one function per phase.

use super::draft::Draft;
use super::request::Turn;
use super::{ending, marks};
use crate::command::{Batch, Command, Kind, MachineRecord, Request, Target};
use crate::convert::provider_group;
use crate::intent::Outcome;
use crate::poll::ClusterView;
use crate::resources::{NodeGroup, NodeResources, Phase, VPSieNode, VPSieNodeStatus, find_condition};
use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use node_match::{Link, Match, MergedMachine, Verdict, WaitingReason};
use std::net::IpAddr;
use std::sync::Arc;
use vpsie_api::ClusterId;

/// Condition: VPSie made the machine and it runs.
pub const VPS_READY: &str = "VPSReady";
/// Condition: the machine has a Node.
pub const NODE_JOINED: &str = "NodeJoined";
/// Condition: the Node is Ready.
pub const NODE_READY: &str = "NodeReady";
/// Condition: something needs a person.
pub const ERROR: &str = "Error";

/// One VPSieNode with all that a decision about it needs.
pub struct View<'w> {
    /// The observation that the VPSieNode is part of.
    pub world: &'w World<'w>,
    /// The VPSieNode and its request.
    pub claim: &'w ClaimObject,
    /// What matching says of it.
    pub verdict: Option<&'w Verdict<'w>>,
    /// Whether it may ask for a machine now; `None` when it does not want one.
    pub turn: Option<Turn>,
    /// Its NodeGroup.
    pub group: Option<&'w Arc<NodeGroup>>,
    /// What VPSie answered last of its cluster.
    pub cluster: Option<&'w ClusterView>,
    /// The VPSieNode at the version that is decided on.
    pub target: Target,
}

// === impl View ===

impl<'w> View<'w> {
    /// Gathers what a decision about a VPSieNode needs.
    pub fn new(
        world: &'w World<'w>,
        claim: &'w ClaimObject,
        verdict: Option<&'w Verdict<'w>>,
        turn: Option<Turn>,
    ) -> Self {
        let object = &claim.object;
        let group = world.group_of(object);
        let cluster = world.cluster(&object.spec.resource_identifier);
        Self {
            world,
            claim,
            verdict,
            turn,
            group,
            cluster,
            target: Target::of(object.as_ref()),
        }
    }

    /// Returns the stored object.
    pub fn object(&self) -> &'w VPSieNode {
        &self.claim.object
    }

    /// Returns what is matched to it.
    pub fn found(&self) -> Option<&'w Match<'w>> {
        self.verdict?.matched()
    }

    /// Returns the Kubernetes Node that is matched to it.
    pub fn node(&self) -> Option<&'w Arc<Node>> {
        let uid = &self.found()?.node?.uid;
        self.world
            .nodes
            .iter()
            .find(|node| node.metadata.uid.as_ref() == Some(uid))
    }

    /// Starts its new status.
    pub fn draft(&self) -> Draft<VPSieNodeStatus> {
        Draft::of_claim(self.object(), self.world.now)
    }

    /// Starts a batch with its finalizer, which comes before anything else.
    fn batch(&self) -> Batch {
        let mut batch = Batch::about(self.object());
        if !Kind::VpsieNode.is_kept(self.object()) {
            batch.push(Kind::VpsieNode.keep(self.object()));
        }
        batch
    }
}

/// Decides what to do about one VPSieNode.
pub fn decide(view: &View<'_>) -> Batch {
    if view.claim.is_deleted() {
        return ending::decide(view);
    }
    let mut batch = view.batch();
    let mut draft = view.draft();
    match view.object().phase() {
        Phase::Pending => pending(view, &mut batch, &mut draft),
        Phase::Provisioning => provisioning(view, &mut batch, &mut draft),
        Phase::Provisioned | Phase::Joining => joining(view, &mut batch, &mut draft),
        Phase::Ready => ready(view, &mut batch, &mut draft),
        Phase::Failed => failed(view, &mut batch, &mut draft),
        // Neither is written by us on an object that nobody deletes, so nothing is concluded from it.
        Phase::Terminating | Phase::Deleting | Phase::Unrecognised(_) => {}
    }
    batch.commands.extend(draft.finish(&view.target));
    batch
}

fn pending(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    draft.status.phase = Some(Phase::Pending);
    if view.claim.may_have_machine() {
        draft.status.phase = Some(Phase::Provisioning);
        draft.status.created_at = draft.status.created_at.or(view.claim.requested.requested_at());
        return;
    }
    ask(view, batch, draft);
}

/// Asks for a machine if it is this VPSieNode's turn, and says what it waits for otherwise.
fn ask(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    match view.turn {
        Some(Turn::Now { group, attempt }) => {
            let cluster = ClusterId::new(view.object().spec.resource_identifier.as_str());
            batch.push(Command::RequestMachine(Request {
                target: view.target.clone(),
                cluster,
                group,
                attempt,
            }));
            draft.status.phase = Some(Phase::Provisioning);
            draft.status.created_at = Some(draft.stamp());
            say_waiting(draft, WaitingReason::NoCandidates);
        }
        Some(Turn::Wait(reason)) => {
            let reply = view.cluster.and_then(ClusterView::error);
            let message = match reply {
                Some(error) => format!("{}; {error}", reason.sentence()),
                None => reason.sentence().to_owned(),
            };
            draft.condition(VPS_READY, false, reason.as_str(), message);
        }
        None => {}
    }
}

fn provisioning(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    if !view.claim.may_have_machine() {
        say_refusal(view, draft);
        return ask(view, batch, draft);
    }
    draft.clear(ERROR);
    if let Some((found, machine)) = view
        .found()
        .and_then(|found| Some((found, found.machine.as_ref()?)))
    {
        record(view, batch, draft, found, machine);
        draft.status.phase = Some(Phase::Provisioned);
        draft.status.provisioned_at = Some(draft.stamp());
        draft.condition(VPS_READY, true, "Provisioned", "the machine is discovered");
        return;
    }
    match view.verdict {
        Some(Verdict::TimedOut { .. }) => fail(
            draft,
            "DiscoveryTimeout",
            "no machine appeared in time; look for it in the VPSie console, then delete this VPSieNode",
        ),
        Some(Verdict::Waiting { reason, .. }) => {
            say_waiting(draft, *reason);
        }
        Some(Verdict::Ambiguous { reason, .. }) => {
            draft.condition(
                VPS_READY,
                false,
                "Ambiguous",
                format!("nobody can tell which machine is its own: {reason}"),
            );
        }
        Some(Verdict::Conflict { reason, .. }) => {
            draft.condition(
                ERROR,
                true,
                "Conflict",
                format!("records contradict each other: {reason}"),
            );
        }
        Some(Verdict::Matched(_) | Verdict::NotParticipating { .. }) | None => {}
    }
}

fn say_waiting(draft: &mut Draft<VPSieNodeStatus>, reason: WaitingReason) {
    draft.condition(
        VPS_READY,
        false,
        "Provisioning",
        format!("waiting for the machine: {reason}"),
    );
}

/// Says why the last request had no effect.
fn say_refusal(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) {
    let Some(intent) = view.claim.requested.intent() else {
        return;
    };
    let reason = match intent.outcome {
        Outcome::Refused => "VPSieRefused",
        Outcome::NotSent => "VPSieNotReached",
        Outcome::Open | Outcome::Accepted | Outcome::Unknown => return,
    };
    let error = intent
        .error
        .clone()
        .unwrap_or_else(|| "the last request had no effect".to_owned());
    draft.status.last_error = Some(error.clone());
    draft.condition(ERROR, true, reason, error);
}

/// Records a discovered machine (`D2`, `D3`).
pub fn record(
    view: &View<'_>,
    batch: &mut Batch,
    draft: &mut Draft<VPSieNodeStatus>,
    found: &Match<'_>,
    machine: &MergedMachine<'_>,
) {
    let addresses: Vec<IpAddr> = machine
        .addresses()
        .iter()
        .filter_map(|text| text.trim().parse().ok())
        .collect();
    let first =
        |is_wanted: fn(&IpAddr) -> bool| addresses.iter().find(|ip| is_wanted(ip)).map(IpAddr::to_string);
    let links = found.evidence.iter();
    let intent = view.claim.requested.intent().cloned().map(|mut intent| {
        intent.evidence = links
            .clone()
            .map(|link| format!("{} by {}: {}", link.link, link.kind, link.detail))
            .collect();
        let kind = links
            .clone()
            .find(|link| link.link == Link::ClaimMachine)
            .map(|link| link.kind);
        intent.recorded_by = kind.map(|kind| kind.to_string());
        intent
    });
    let record = MachineRecord {
        instance_id: machine.id(),
        identifier: machine.identifier().map(str::to_owned),
        group: provider_group(view.object(), view.world),
        ip_address: first(IpAddr::is_ipv4),
        ipv6_address: first(IpAddr::is_ipv6),
        intent,
    };
    batch.push(Command::RecordMachine(view.target.clone(), Box::new(record)));
    describe(draft, machine);
}

/// Copies what VPSie says of the machine into the status.
fn describe(draft: &mut Draft<VPSieNodeStatus>, machine: &MergedMachine<'_>) {
    let report = |size: fn(&node_match::Machine) -> Option<u64>| {
        machine
            .reports()
            .iter()
            .find_map(|report| size(report))
            .and_then(|size| i64::try_from(size).ok())
    };
    let cpu = report(|machine| machine.cpu.map(u64::from));
    if let (Some(cpu), Some(memory_mb), Some(disk_gb)) = (cpu, report(|m| m.ram_mb), report(|m| m.disk_gb)) {
        draft.status.resources = Some(NodeResources {
            cpu,
            memory_mb,
            disk_gb,
            bandwidth_gb: None,
        });
    }
    draft.status.hostname = machine
        .hostname()
        .map(str::to_lowercase)
        .or(draft.status.hostname.take());
    draft.status.vpsie_status = machine
        .status()
        .map(str::to_owned)
        .or(draft.status.vpsie_status.take());
}

fn joining(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    if is_gone(view) {
        return fail(
            draft,
            "MachineNotFound",
            "VPSie no longer lists the machine; delete this VPSieNode",
        );
    }
    if let Some(Verdict::Conflict { reason, .. }) = view.verdict {
        draft.condition(
            ERROR,
            true,
            "Conflict",
            format!("records contradict each other: {reason}"),
        );
        return;
    }
    let Some(node) = view.node() else {
        draft.condition(
            NODE_JOINED,
            false,
            "WaitingForNode",
            "no Node of this machine is seen yet",
        );
        if waited_since(view)
            .is_some_and(|since| view.world.now - since > view.world.settings.joining_timeout)
        {
            fail(
                draft,
                "JoiningTimeout",
                "the machine runs but its Node did not join in time; delete this VPSieNode",
            );
        }
        return;
    };
    if join(view, batch, draft, node) {
        draft.status.phase = Some(if draft.status.ready_at.is_some() && is_ready(node) {
            Phase::Ready
        } else {
            Phase::Joining
        });
    }
}

/// Returns since when a Node is awaited: since the machine runs, or since its Node vanished.
fn waited_since(view: &View<'_>) -> Option<DateTime<Utc>> {
    let status = view.object().status.as_ref()?;
    let vanished = find_condition(status.conditions.as_deref(), NODE_JOINED)
        .filter(|condition| !condition.is_true())
        .and_then(|condition| condition.last_transition_time);
    status.provisioned_at.max(vanished)
}

/// Marks the Node for its VPSieNode and takes over its state; tells whether the Node is its own.
fn join(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>, node: &Arc<Node>) -> bool {
    if let Some(other) = marks::claimed_by_another(node, view.object()) {
        let message = format!(
            "Node {} is marked for VPSieNode {other} and is left alone",
            node.name_any()
        );
        draft.condition(ERROR, true, "NodeClaimedByAnother", message);
        return false;
    }
    draft.clear(ERROR);
    draft.status.last_error = None;
    if let Some(marks) = marks::missing(node, view.object(), view.group.map(AsRef::as_ref)) {
        batch.push(Command::LabelNode(Target::of(node.as_ref()), marks));
    }
    draft.status.node_name = Some(node.name_any());
    draft.status.joined_at = draft.status.joined_at.or(Some(draft.stamp()));
    draft.condition(
        NODE_JOINED,
        true,
        "Joined",
        "the Node of the machine is known and labelled",
    );
    if is_ready(node) {
        draft.status.ready_at = draft.status.ready_at.or(Some(draft.stamp()));
        draft.condition(NODE_READY, true, "Ready", "the Node is Ready");
    } else {
        draft.condition(NODE_READY, false, "NotReady", "the Node is not Ready");
    }
    true
}

fn ready(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    if is_gone(view) {
        return fail(
            draft,
            "MachineNotFound",
            "VPSie no longer lists the machine; delete this VPSieNode",
        );
    }
    match view.node() {
        Some(node) => {
            join(view, batch, draft, node);
        }
        None if is_node_listed(view) => {}
        None => {
            draft.status.phase = Some(Phase::Joining);
            draft.condition(
                NODE_JOINED,
                false,
                "NodeVanished",
                "the Node is gone while its machine runs",
            );
            draft.condition(
                NODE_READY,
                false,
                "NodeVanished",
                "the Node is gone while its machine runs",
            );
        }
    }
}

/// Tells whether the recorded Node still exists, whatever matching says of it.
fn is_node_listed(view: &View<'_>) -> bool {
    let name = view
        .object()
        .status
        .as_ref()
        .and_then(|status| status.node_name.as_deref());
    view.world
        .nodes
        .iter()
        .any(|node| Some(node.name_any().as_str()) == name)
}

fn failed(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    let late = view
        .found()
        .and_then(|found| Some((found, found.machine.as_ref()?)));
    if let Some((found, machine)) = late
        && !view.claim.has_machine()
    {
        record(view, batch, draft, found, machine);
        draft.condition(
            "LateMachine",
            true,
            "LateMachine",
            "the machine came late; deleting this VPSieNode removes it",
        );
    }
}

fn fail(draft: &mut Draft<VPSieNodeStatus>, reason: &str, message: &str) {
    draft.status.phase = Some(Phase::Failed);
    draft.status.last_error = Some(message.to_owned());
    draft.condition(ERROR, true, reason, message);
}

fn is_gone(view: &View<'_>) -> bool {
    let machine = view.claim.machine();
    machine.is_some_and(|machine| view.cluster.is_some_and(|cluster| cluster.is_gone(&machine)))
}

fn is_ready(node: &Node) -> bool {
    let conditions = node
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref())
        .unwrap_or_default();
    conditions
        .iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
