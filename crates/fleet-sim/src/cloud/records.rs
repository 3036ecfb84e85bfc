//! What the cloud tells tests about itself: machines, the ledger of adds, and removals.

use chrono::{DateTime, Utc};

/// Says where a machine is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MachineState {
    /// Bought, but in no list yet.
    Accepted,
    /// Listed, but not running yet.
    Creating,
    /// Running.
    Running,
    /// Its removal was accepted; it is still listed.
    Removing,
    /// In no list any more.
    Gone,
}

/// Says what a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs the control plane.
    Manager,
    /// Runs workloads.
    Worker,
}

/// Describes one machine as it is at the time of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimMachine {
    /// The identifier (UUID) that VPSie calls by.
    pub uuid: String,
    /// The numeric id.
    pub number: u64,
    /// The cluster's identifier.
    pub cluster: String,
    /// The group's number, where it has one.
    pub group: Option<u64>,
    /// What it is for.
    pub role: Role,
    /// Its hostname in VPSie's casing; its Node has the lower-cased one.
    pub hostname: String,
    /// The private and the public address.
    pub addresses: Vec<String>,
    /// CPUs.
    pub cpu: u32,
    /// Memory in megabytes.
    pub ram_mb: u64,
    /// Disk in gigabytes.
    pub disk_gb: u64,
    /// The Kubernetes version it was made with, without a leading `v`.
    pub version: String,
    /// The provider id that its kubelet puts on the Node, if any.
    pub provider_id: Option<String>,
    /// Where it is in its life.
    pub state: MachineState,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it began to run.
    pub booted_at: Option<DateTime<Utc>>,
    /// When its kubelet began to register a Node.
    pub joined_at: Option<DateTime<Utc>>,
    /// When its Node became Ready.
    pub ready_at: Option<DateTime<Utc>>,
    /// When its removal was accepted.
    pub removal_requested_at: Option<DateTime<Utc>>,
    /// When it went away.
    pub removed_at: Option<DateTime<Utc>>,
    /// Whether its kubelet says nothing, although it runs.
    pub is_silent: bool,
    /// The posting that made it; none for machines that were there before or that a person added.
    pub made_by: Option<u64>,
}

/// Says what the caller of an add-worker request got back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostingReply {
    /// An acceptance.
    Accepted,
    /// A refusal, with its message.
    Refused {
        /// HTTP status.
        status: u16,
        /// The message of the reply.
        message: String,
    },
    /// An answer that says nothing about the effect, by its HTTP status.
    Unclear(u16),
    /// No answer at all.
    Lost,
}

/// Records one add-worker request that reached the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Its place in the ledger, counted from 1.
    pub number: u64,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// The cluster in its path.
    pub cluster: String,
    /// The group in its path; 0 when that was not a number.
    pub group: u64,
    /// Its `X-Request-ID` header.
    pub request_id: Option<String>,
    /// The identifier of the machine it made; none when it made nothing.
    pub machine: Option<String>,
    /// What the caller got back.
    pub reply: PostingReply,
}

/// Records one removal that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// When it was accepted.
    pub at: DateTime<Utc>,
    /// The cluster it was asked of.
    pub cluster: String,
    /// The machine that goes.
    pub machine: String,
    /// Whether the machine was already going.
    pub repeated: bool,
    /// Whether a person did it by hand, past the API.
    pub by_hand: bool,
}

// === impl SimMachine ===

impl SimMachine {
    /// Returns the name that its kubelet registers: the lower-cased hostname.
    pub fn node_name(&self) -> String {
        self.hostname.to_lowercase()
    }

    /// Reports whether it still costs money: anything but gone.
    pub fn is_alive(&self) -> bool {
        self.state != MachineState::Gone
    }
}
