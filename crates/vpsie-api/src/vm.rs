//! Virtual machines: as VPSie lists them, as it makes them, and as the hypervisor sees them.

use std::time::Duration;

use crate::{DatacenterId, PendingVmId, PlanId, ProjectNumber, SizeNumber, Timestamp, VmNumber, VmUuid};

mod decode;

/// Describes a virtual machine. Its initial password is never read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vm {
    /// The key of every call.
    pub identifier: VmUuid,
    /// The numeric id, which no call takes; 0 is read as none.
    pub number: Option<VmNumber>,
    /// The host name, in VPSie's casing.
    pub hostname: Option<String>,
    /// Every address reported, private ones first, unchecked.
    pub addresses: Vec<String>,
    /// Processor cores.
    pub cpu: Option<u32>,
    /// Memory in MB, as advertised.
    pub ram_mb: Option<u64>,
    /// Disk in GB.
    pub disk_gb: Option<u64>,
    /// Traffic of a month in GB.
    pub traffic_gb: Option<u64>,
    /// Whether it is switched on.
    pub is_on: Option<bool>,
    /// What VPSie reports about its life, flag by flag; see [`Vm::lifecycle`].
    pub flags: VmFlags,
    /// The size it was made with.
    pub size: Option<SizeNumber>,
    /// The project it belongs to.
    pub project: Option<ProjectNumber>,
    /// Where it is.
    pub datacenter: Option<DatacenterId>,
    /// The region of the data centre; VPSie calls it `state`, which says nothing of the machine.
    pub region: Option<String>,
    /// The family of its operating system.
    pub os_family: Option<String>,
    /// The name of its operating system.
    pub os_name: Option<String>,
    /// The kind of machine, in VPSie's words.
    pub kind: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
    /// When it was dropped.
    pub dropped: Option<Timestamp>,
}

/// Holds what VPSie reports about the life of a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VmFlags {
    /// Whether it is active.
    pub is_active: Option<bool>,
    /// Whether it is deleted.
    pub is_deleted: Option<bool>,
    /// Whether it is terminated.
    pub is_terminated: Option<bool>,
    /// Whether it is suspended.
    pub is_suspended: Option<bool>,
    /// Whether it is locked.
    pub is_locked: Option<bool>,
}

/// Names where a machine is in its life. VPSie has no such field: it follows from the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VmLifecycle {
    /// Gone.
    Deleted,
    /// On its way out.
    Terminated,
    /// Stopped by VPSie.
    Suspended,
    /// Locked against changes.
    Locked,
    /// In use.
    Active,
    /// Not in use.
    Inactive,
    /// VPSie reports no flag that says.
    Unknown,
}

impl Vm {
    /// Tells where the machine is in its life; the flag that weighs most decides.
    pub fn lifecycle(&self) -> VmLifecycle {
        let flags = self.flags;
        [
            (flags.is_deleted, VmLifecycle::Deleted),
            (flags.is_terminated, VmLifecycle::Terminated),
            (flags.is_suspended, VmLifecycle::Suspended),
            (flags.is_locked, VmLifecycle::Locked),
            (flags.is_active, VmLifecycle::Active),
            (flags.is_active.map(|active| !active), VmLifecycle::Inactive),
        ]
        .into_iter()
        .find(|(flag, _)| *flag == Some(true))
        .map_or(VmLifecycle::Unknown, |(_, lifecycle)| lifecycle)
    }
}

/// Describes what the hypervisor says of a machine. Everything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmStatus {
    /// The state in the hypervisor's words, presumably `running` or `stopped`.
    pub status: Option<String>,
    /// How long it has been running.
    pub uptime: Option<Duration>,
    /// Memory that it has now, in bytes.
    pub balloon_bytes: Option<u64>,
    /// Processor load, in a unit that VPSie does not tell.
    pub cpu: Option<u64>,
    /// Disk in use, in a unit that VPSie does not tell.
    pub disk: Option<u64>,
    /// Bytes read from disk.
    pub disk_read_bytes: Option<u64>,
    /// Bytes written to disk.
    pub disk_written_bytes: Option<u64>,
    /// The process on the hypervisor.
    pub process: Option<String>,
    /// The kind of emulated machine.
    pub machine: Option<String>,
    /// The version of the emulator.
    pub emulator: Option<String>,
    /// The name of its operating system.
    pub os_name: Option<String>,
}

/// Describes a machine that is still being made. Its password is never read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingVm {
    /// Names the request, not the machine to come.
    pub identifier: PendingVmId,
    /// The host name it shall have: all that the machine to come can be known by.
    pub hostname: Option<String>,
    /// The plan it was ordered by.
    pub plan: Option<PlanId>,
    /// Where it shall be.
    pub datacenter: Option<DatacenterId>,
    /// The project it shall belong to.
    pub project: Option<ProjectNumber>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether VPSie is at work on it.
    pub is_running: Option<bool>,
    /// The kind of request, in VPSie's words.
    pub kind: Option<String>,
}

/// Describes a machine that a volume can attach to: a virtual machine or a worker.
///
/// This list is known to hold the workers of managed clusters with a UUID of theirs. That
/// it is the one that removing a worker takes is not proven, so it is a [`VmUuid`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeHost {
    /// The key that attaching a volume takes.
    pub identifier: VmUuid,
    /// The host name, in VPSie's casing.
    pub hostname: Option<String>,
    /// Every address reported, private ones first, unchecked.
    pub addresses: Vec<String>,
    /// Disk in GB.
    pub disk_gb: Option<u64>,
    /// Where it is.
    pub datacenter: Option<DatacenterId>,
    /// The region of the data centre.
    pub region: Option<String>,
    /// What it is.
    pub kind: VolumeHostKind,
    /// The family of its operating system.
    pub os_family: Option<String>,
    /// The name of its operating system.
    pub os_name: Option<String>,
}

/// Names what a volume can attach to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeHostKind {
    /// A virtual machine of its own.
    Vm,
    /// A worker of a managed cluster.
    Kubernetes,
    /// Something else, in VPSie's words; empty when it does not say.
    Other(String),
}
