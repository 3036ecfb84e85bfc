//! Reads the nouns of virtual machines; passwords stay in the body of the answer.

use std::time::Duration;

use super::{PendingVm, Vm, VmFlags, VmStatus, VolumeHost, VolumeHostKind};
use crate::fields::{Fields, Flaw};
use crate::{DatacenterId, PendingVmId, PlanId, ProjectNumber, SizeNumber, VmNumber, VmUuid};

/// Where a machine's addresses may stand, private ones first.
const ADDRESSES: [&str; 5] = ["private_ip", "default_ip", "ip", "publicIp", "default_ipv6"];

impl Vm {
    /// Reads an entry of V1.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            identifier: identifier(fields)?,
            number: fields.id(&["id"]).map(VmNumber::new),
            hostname: fields.text(&["hostname"]),
            addresses: fields.texts(&ADDRESSES),
            cpu: fields.number(&["cpu"]),
            ram_mb: fields.number(&["ram"]),
            disk_gb: fields.number(&["ssd", "disk"]),
            traffic_gb: fields.number(&["traffic"]),
            is_on: fields.flag(&["power"]),
            flags: VmFlags {
                is_active: fields.flag(&["is_active"]),
                is_deleted: fields.flag(&["is_deleted"]),
                is_terminated: fields.flag(&["is_terminated"]),
                is_suspended: fields.flag(&["is_suspended"]),
                is_locked: fields.flag(&["is_locked"]),
            },
            size: fields.id(&["boxsize_id"]).map(SizeNumber::new),
            project: project(fields),
            datacenter: fields.text(&["dcIdentifier"]).map(DatacenterId::new),
            region: fields.text(&["state"]),
            os_family: fields.text(&["category"]),
            os_name: fields.text(&["fullname"]),
            kind: fields.text(&["vmType"]),
            created: fields.time(&["created_on"]),
            updated: fields.time(&["last_updated"]),
            dropped: fields.time(&["dropped_on"]),
        })
    }

    /// Reads V2, where the machine lies in `vmData`; some say that it lies bare.
    pub(crate) fn decode_alone(fields: &Fields<'_>) -> Result<Self, Flaw> {
        match fields.object("vmData") {
            Some(machine) => Self::decode(&machine),
            None => Self::decode(fields),
        }
    }
}

impl VmStatus {
    /// Reads V3, the word `ballon` as VPSie writes it.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            status: fields.text(&["status"]),
            uptime: fields.number(&["uptime"]).map(Duration::from_secs),
            balloon_bytes: fields.number(&["ballon", "balloon"]),
            cpu: fields.number(&["cpu"]),
            disk: fields.number(&["disk"]),
            disk_read_bytes: fields.number(&["diskread"]),
            disk_written_bytes: fields.number(&["diskwrite"]),
            process: fields.text(&["pid"]),
            machine: fields.text(&["running-machine"]),
            emulator: fields.text(&["running-qemu"]),
            os_name: fields.text(&["fullname"]),
        })
    }
}

impl PendingVm {
    /// Reads an entry of V4; the order lies in `data`.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        let order = fields.object("data").unwrap_or_default();
        let identifier = fields.text(&["id", "identifier"]).ok_or(Flaw::Missing("id"))?;
        Ok(Self {
            identifier: PendingVmId::new(identifier),
            hostname: order.text(&["hostname"]),
            plan: order.text(&["resourceIdentifier"]).map(PlanId::new),
            datacenter: order.text(&["dcIdentifier"]).map(DatacenterId::new),
            project: project(&order),
            tags: order.texts(&["tags"]),
            is_running: fields.flag(&["running"]),
            kind: fields.text(&["type"]),
        })
    }
}

impl VolumeHost {
    /// Reads an entry of V19.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        let kind = fields.text(&["type"]).unwrap_or_default();
        Ok(Self {
            identifier: identifier(fields)?,
            hostname: fields.text(&["hostname"]),
            addresses: fields.texts(&ADDRESSES),
            disk_gb: fields.number(&["ssd", "disk"]),
            datacenter: fields.text(&["dcIdentifier"]).map(DatacenterId::new),
            region: fields.text(&["state"]),
            kind: match kind.to_ascii_lowercase().as_str() {
                "vm" => VolumeHostKind::Vm,
                "k8s" => VolumeHostKind::Kubernetes,
                _ => VolumeHostKind::Other(kind),
            },
            os_family: fields.text(&["category"]),
            os_name: fields.text(&["fullname"]),
        })
    }
}

fn identifier(fields: &Fields<'_>) -> Result<VmUuid, Flaw> {
    let identifier = fields.text(&["identifier"]).ok_or(Flaw::Missing("identifier"))?;
    Ok(VmUuid::new(identifier))
}

/// Reads the project, under both names and as number or text.
fn project(fields: &Fields<'_>) -> Option<ProjectNumber> {
    fields.id(&["project_id", "projectId"]).map(ProjectNumber::new)
}
