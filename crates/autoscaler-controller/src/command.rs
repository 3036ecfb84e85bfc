//! What a pass decided to do: one outside effect per command.

use crate::drain::Drain;
use crate::intent::Intent;
use crate::kept::{self, Identity, Kept};
use crate::removal::Case;
use crate::resources::{NodeGroup, NodeGroupStatus, VPSieNode, VPSieNodeStatus, keys};
use crate::target::Target;
use crate::tombstone::Tombstone;
use k8s_openapi::api::core::v1::Taint;
use kube::ResourceExt as _;
use node_lifecycle::Permit;
use node_lifecycle::audit::Draft;
use std::collections::BTreeMap;
use vpsie_api::{Call, ClusterId, CreateGroup, GroupNumber};

/// All commands about one object, carried out in order; the first failure skips the rest.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// What the batch is about, for logs: `VPSieNode kube-system/workers-1`.
    pub subject: String,
    /// Whose the object is, for logs.
    pub context: Context,
    /// The commands, in order.
    pub commands: Vec<Command>,
    /// What was decided, for the audit log.
    pub entries: Vec<Draft>,
}

/// What every log line about an object says besides its name (`E1`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Name of its NodeGroup.
    pub node_group: String,
    /// Identifier of its cluster at VPSie.
    pub cluster: String,
    /// Its uid, which is also the id of its request for a machine at VPSie.
    pub request_id: String,
}

/// An object that a batch can be about.
pub trait Subject: Kept {
    /// Returns the name of its NodeGroup and the identifier of its cluster.
    fn belongs_to(&self) -> (String, String);
}

/// One outside effect.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Puts the autoscaler's finalizer on an object; the list is written as one.
    AddFinalizer(Kind, Target, Vec<String>),
    /// Takes the autoscaler's finalizer off an object, which lets Kubernetes delete it.
    RemoveFinalizer(Kind, Target, Vec<String>),
    /// Asks VPSie for a node group; the number counts the requests, this one included.
    CreateProviderGroup(Target, CreateGroup, u32),
    /// Makes a NodeGroup for pods that no other can host, under the name of its size (`SC-10`).
    CreateNodeGroup(Box<NodeGroup>),
    /// Asks Kubernetes to delete a NodeGroup that was made for pods, if it is still as it was looked at and has no member.
    DeleteNodeGroup(Target),
    /// Creates a VPSieNode under the name of its slot.
    CreateVpsieNode(Box<VPSieNode>),
    /// Asks Kubernetes to delete a VPSieNode, because its NodeGroup is being deleted.
    DeleteVpsieNode(Target),
    /// Writes the intent, asks VPSie for a worker, and writes what came of it.
    RequestMachine(Request),
    /// Records the discovered machine on the VPSieNode.
    RecordMachine(Target, Box<MachineRecord>),
    /// Puts labels, annotations and taints on a Node in one request (`L4`).
    LabelNode(Target, NodeMarks),
    /// Stops the scheduler from using a Node, and says on it since when and why.
    DrainNode(Target, Drain),
    /// Lets the scheduler use a Node again whose machine does not go after all (`LC-25a`).
    ReturnNode(Target, Drain),
    /// Removes a machine at VPSie, if the gate still lets it go; the number counts the requests, this one included.
    RemoveMachine(Permit, Box<Case>, u32),
    /// Deletes the Node of a removed machine.
    DeleteNode(Target),
    /// Writes down that an open request is released, before its VPSieNode goes (`I6`).
    Bury(Box<Tombstone>),
    /// Writes the life of a VPSieNode into its annotation (`LC-29`).
    WriteLife(Target, String),
    /// Writes the status of a VPSieNode.
    WriteVpsieNodeStatus(Target, Box<StatusWrite<VPSieNodeStatus>>),
    /// Writes the status of a NodeGroup.
    WriteNodeGroupStatus(Target, Box<StatusWrite<NodeGroupStatus>>),
}

/// A status to write.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusWrite<S> {
    /// The whole status.
    pub status: S,
    /// Names of the fields that it no longer has.
    pub cleared: Vec<String>,
}

/// Which of our kinds a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A NodeGroup.
    NodeGroup,
    /// A VPSieNode.
    VpsieNode,
}

/// A request for one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The VPSieNode that the worker is for; without a uid where the pass that decides it makes it first.
    pub target: Target,
    /// The cluster at VPSie.
    pub cluster: ClusterId,
    /// The node group at VPSie.
    pub group: GroupNumber,
    /// How many requests this VPSieNode has made, this one included.
    pub attempt: u32,
    /// The life of the VPSieNode, where it is to be recorded: it is written with the intent.
    pub life: Option<String>,
    /// The status of the VPSieNode once the request was made; where VPSie took it, this write says so too.
    pub status: Option<Box<StatusWrite<VPSieNodeStatus>>>,
}

/// What is recorded of a discovered machine (`D2`, `D3`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineRecord {
    /// Numeric id; `None` where VPSie reports none.
    pub instance_id: Option<u64>,
    /// UUID that names the machine in a removal.
    pub identifier: Option<String>,
    /// Group of the request.
    pub group: Option<u64>,
    /// First IPv4 address.
    pub ip_address: Option<String>,
    /// First IPv6 address.
    pub ipv6_address: Option<String>,
    /// The intent with the evidence of the match, when the autoscaler made the request.
    pub intent: Option<Intent>,
    /// The life of the VPSieNode, where it is to be recorded (`LC-29`).
    pub life: Option<String>,
}

/// What a Node carries for its VPSieNode (`L1` to `L4`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeMarks {
    /// The VPSieNode that claims the Node.
    pub claim: String,
    /// Its uid, which tells it from an earlier one of its name.
    pub claim_uid: String,
    /// Labels to set.
    pub labels: BTreeMap<String, String>,
    /// Annotations to set.
    pub annotations: BTreeMap<String, String>,
    /// The taints of the group.
    pub group_taints: Vec<Taint>,
    /// All taints of the Node when some of the group's are missing; the list is replaced as one.
    pub taints: Option<Vec<Taint>>,
}

// === impl Kind ===

impl Kind {
    /// Returns the finalizer by which we keep objects of the kind.
    pub fn finalizer(self) -> &'static str {
        match self {
            Self::NodeGroup => keys::FINALIZER_NODE_GROUP,
            Self::VpsieNode => keys::FINALIZER_VPSIE_NODE,
        }
    }

    /// Tells whether an object has our finalizer.
    pub fn is_kept<K: Kept>(self, object: &K) -> bool {
        let mut finalizers = object.kept_by();
        finalizers.any(|finalizer| finalizer == self.finalizer())
    }

    /// Makes the command that puts our finalizer on an object.
    pub fn keep<K: Kept>(self, object: &K) -> Command {
        let finalizers = object.kept_by().chain([self.finalizer()]);
        let finalizers = finalizers.map(str::to_owned).collect();
        Command::AddFinalizer(self, Target::of(object), finalizers)
    }

    /// Makes the command that takes our finalizer off an object.
    pub fn release<K: Kept>(self, object: &K) -> Command {
        let others = object
            .kept_by()
            .filter(|finalizer| *finalizer != self.finalizer());
        let finalizers = others.map(str::to_owned).collect();
        Command::RemoveFinalizer(self, Target::of(object), finalizers)
    }
}

// === impl Subject ===

impl Subject for NodeGroup {
    fn belongs_to(&self) -> (String, String) {
        (self.name_any(), self.spec.resource_identifier.clone())
    }
}

impl Subject for kept::VPSieNode {
    fn belongs_to(&self) -> (String, String) {
        let spec = &self.spec;
        (
            spec.node_group_name().to_owned(),
            spec.resource_identifier().to_owned(),
        )
    }
}

// === impl Batch ===

impl Batch {
    /// Starts an empty batch about an object.
    pub fn about<K: Subject>(object: &K) -> Self {
        let Identity {
            namespace, name, uid, ..
        } = object.identity();
        let divider = if namespace.is_empty() { "" } else { "/" };
        let (node_group, cluster) = object.belongs_to();
        Self {
            subject: format!("{} {namespace}{divider}{name}", K::kind()),
            context: Context {
                node_group,
                cluster,
                request_id: uid.to_owned(),
            },
            commands: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Returns what it asks of VPSie, and so of the rate limit; a batch asks once at most.
    pub fn asks(&self) -> Option<Call> {
        self.commands.iter().find_map(Command::asks)
    }

    /// Names the VPSieNode that the same pass was to make before this request; tells whether it has.
    ///
    /// Every other batch is about what was seen.
    pub fn settle_target(&mut self, made: &[Target]) -> bool {
        let Some(request) = self.commands.iter_mut().find_map(Command::request) else {
            return true;
        };
        let target = &mut request.target;
        if !target.uid.is_empty() {
            return true;
        }
        let is_it = |made: &&Target| made.namespace == target.namespace && made.name == target.name;
        let Some(made) = made.iter().find(is_it) else {
            return false;
        };
        target.clone_from(made);
        self.context.request_id.clone_from(&made.uid);
        true
    }

    /// Adds the write of a status; with a request for a machine it goes along, to say what became of the request.
    pub fn push_status(&mut self, target: &Target, write: StatusWrite<VPSieNodeStatus>) {
        let write = Box::new(write);
        match self.commands.iter_mut().find_map(Command::request) {
            Some(request) => request.status = Some(write),
            None => self.push(Command::WriteVpsieNodeStatus(target.clone(), write)),
        }
    }

    /// Adds a command at the end.
    pub fn push(&mut self, command: Command) {
        self.commands.push(command);
    }
}

// === impl Command ===

impl Command {
    /// Returns where it takes the life of its VPSieNode along, if it writes on that object anyway.
    pub fn life(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::RequestMachine(request) => Some(&mut request.life),
            Self::RecordMachine(_, record) => Some(&mut record.life),
            Self::AddFinalizer(..)
            | Self::RemoveFinalizer(..)
            | Self::CreateProviderGroup(..)
            | Self::CreateNodeGroup(..)
            | Self::DeleteNodeGroup(..)
            | Self::CreateVpsieNode(..)
            | Self::DeleteVpsieNode(..)
            | Self::LabelNode(..)
            | Self::DrainNode(..)
            | Self::ReturnNode(..)
            | Self::RemoveMachine(..)
            | Self::DeleteNode(..)
            | Self::Bury(..)
            | Self::WriteLife(..)
            | Self::WriteVpsieNodeStatus(..)
            | Self::WriteNodeGroupStatus(..) => None,
        }
    }

    /// Returns the request for a machine, if it is one.
    fn request(&mut self) -> Option<&mut Request> {
        if let Self::RequestMachine(request) = self {
            Some(request)
        } else {
            None
        }
    }

    /// Returns the call of VPSie that is its effect; the effects of all others are in Kubernetes.
    pub fn asks(&self) -> Option<Call> {
        match self {
            Self::CreateProviderGroup(..) => Some(Call::CreateGroup),
            Self::RequestMachine(..) => Some(Call::AddWorker),
            Self::RemoveMachine(..) => Some(Call::RemoveWorker),
            Self::AddFinalizer(..)
            | Self::RemoveFinalizer(..)
            | Self::CreateNodeGroup(..)
            | Self::DeleteNodeGroup(..)
            | Self::CreateVpsieNode(..)
            | Self::DeleteVpsieNode(..)
            | Self::RecordMachine(..)
            | Self::LabelNode(..)
            | Self::DrainNode(..)
            | Self::ReturnNode(..)
            | Self::DeleteNode(..)
            | Self::Bury(..)
            | Self::WriteLife(..)
            | Self::WriteVpsieNodeStatus(..)
            | Self::WriteNodeGroupStatus(..) => None,
        }
    }

    /// Names the command in logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::AddFinalizer(..) => "add-finalizer",
            Self::RemoveFinalizer(..) => "remove-finalizer",
            Self::CreateProviderGroup(..) => "create-provider-group",
            Self::CreateNodeGroup(..) => "create-nodegroup",
            Self::DeleteNodeGroup(..) => "delete-nodegroup",
            Self::CreateVpsieNode(..) => "create-vpsienode",
            Self::DeleteVpsieNode(..) => "delete-vpsienode",
            Self::RequestMachine(..) => "request-machine",
            Self::RecordMachine(..) => "record-machine",
            Self::LabelNode(..) => "label-node",
            Self::DrainNode(..) => "drain-node",
            Self::ReturnNode(..) => "return-node",
            Self::RemoveMachine(..) => "remove-machine",
            Self::DeleteNode(..) => "delete-node",
            Self::Bury(..) => "bury-request",
            Self::WriteLife(..) => "write-life",
            Self::WriteVpsieNodeStatus(..) => "write-vpsienode-status",
            Self::WriteNodeGroupStatus(..) => "write-nodegroup-status",
        }
    }
}
