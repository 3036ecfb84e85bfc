//! What belongs to the account beside clusters: VMs, datacentres, SSH keys, projects and tags.

use std::net::Ipv4Addr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::specs::ClusterSpec;
use super::world::World;

/// Describes a datacentre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatacenterSpec {
    /// The identifier by which clusters name it.
    pub identifier: String,
    /// The name.
    pub name: String,
    /// The state or region it lies in; VMs report it as their `state`.
    pub state: String,
    /// The country.
    pub country: String,
    /// Whether machines can be made there.
    pub is_active: bool,
}

/// Describes a VM that belongs to no cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmSpec {
    /// The hostname.
    pub hostname: String,
    /// The number of its size.
    pub size: u64,
    /// The identifier of its datacentre.
    pub datacenter: String,
    /// What it does.
    pub state: VmState,
    /// How long it is among the pending ones before it is among the VMs.
    pub pending_for: Duration,
}

/// Says what a VM does, which the API tells by flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VmState {
    /// Switched on.
    Running,
    /// Switched off.
    Stopped,
    /// Suspended by VPSie.
    Suspended,
    /// Switched on and locked.
    Locked,
    /// Terminated; still listed.
    Terminated,
    /// Deleted; still listed.
    Deleted,
}

/// Describes an SSH key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKeySpec {
    /// The name.
    pub name: String,
    /// The key; the API calls this text `private_key`.
    pub key: String,
}

/// Describes a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSpec {
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
}

/// Describes a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSpec {
    /// What is tagged, such as `boxes` or `ssh_keys`.
    pub entity: String,
    /// The number of the tagged thing.
    pub entity_id: u64,
    /// The tag itself.
    pub name: String,
}

/// Keeps one VM.
pub(super) struct Vm {
    pub(super) number: u64,
    pub(super) uuid: String,
    pub(super) spec: VmSpec,
    pub(super) public_address: String,
    pub(super) created_at: DateTime<Utc>,
    /// When it stops being pending.
    pub(super) made_at: DateTime<Utc>,
}

/// Keeps an SSH key or a project with its number and identifier.
pub(super) struct Numbered<T> {
    pub(super) number: u64,
    pub(super) uuid: String,
    pub(super) spec: T,
}

/// Keeps what belongs to the account.
pub(super) struct Account {
    pub(super) datacenters: Vec<DatacenterSpec>,
    pub(super) vms: Vec<Vm>,
    pub(super) ssh_keys: Vec<Numbered<SshKeySpec>>,
    pub(super) projects: Vec<Numbered<ProjectSpec>>,
    pub(super) tags: Vec<TagSpec>,
}

const FIRST_VM: u64 = 81_001;
/// 198.51.100.0/24 is set apart for documentation.
const FIRST_VM_ADDRESS: u32 = 0xc633_6414;

// === impl DatacenterSpec ===

impl DatacenterSpec {
    /// Describes the datacentre in which `ClusterSpec::named` puts clusters.
    pub fn helsinki() -> Self {
        Self {
            identifier: ClusterSpec::named("").datacenter,
            name: "Helsinki".to_owned(),
            state: "Uusimaa".to_owned(),
            country: "Finland".to_owned(),
            is_active: true,
        }
    }
}

// === impl VmSpec ===

impl VmSpec {
    /// Describes a running VM of the smallest size.
    pub fn named(hostname: &str) -> Self {
        let home = ClusterSpec::named("");
        Self {
            hostname: hostname.to_owned(),
            size: home.size,
            datacenter: home.datacenter,
            state: VmState::Running,
            pending_for: Duration::ZERO,
        }
    }
}

// === impl VmState ===

impl VmState {
    pub(super) fn is_on(self) -> bool {
        match self {
            Self::Running | Self::Locked => true,
            Self::Stopped | Self::Suspended | Self::Terminated | Self::Deleted => false,
        }
    }

    pub(super) fn is_active(self) -> bool {
        match self {
            Self::Running | Self::Stopped | Self::Locked => true,
            Self::Suspended | Self::Terminated | Self::Deleted => false,
        }
    }
}

// === impl Account ===

impl Account {
    /// Makes an account with one datacentre, one project and one key; their identifiers are not drawn.
    pub(super) fn new() -> Self {
        Self {
            datacenters: vec![DatacenterSpec::helsinki()],
            vms: Vec::new(),
            ssh_keys: vec![Numbered {
                number: 3,
                uuid: "7f4c6daa-f8f3-11f0-9b1e-0050569c68dc".to_owned(),
                spec: SshKeySpec {
                    name: "ops".to_owned(),
                    key: "ssh-ed25519 AAAA-simulated".to_owned(),
                },
            }],
            projects: vec![Numbered {
                number: 9,
                uuid: "6e3b5c99-f8f3-11f0-9b1e-0050569c68dc".to_owned(),
                spec: ProjectSpec {
                    name: "Default".to_owned(),
                    description: String::new(),
                },
            }],
            tags: Vec::new(),
        }
    }

    /// Adds a datacentre, replacing the one of the same identifier.
    pub(super) fn add_datacenter(&mut self, spec: DatacenterSpec) {
        self.datacenters
            .retain(|known| known.identifier != spec.identifier);
        self.datacenters.push(spec);
    }

    /// Makes sure that a cluster's datacentre can be found, by the code that begins the cluster's name.
    pub(super) fn know_datacenter_of(&mut self, cluster: &ClusterSpec) {
        let identifier = &cluster.datacenter;
        if self
            .datacenters
            .iter()
            .any(|known| &known.identifier == identifier)
        {
            return;
        }
        let code = cluster.name.split('-').next().unwrap_or_default();
        self.datacenters.push(DatacenterSpec {
            identifier: identifier.clone(),
            name: code.to_owned(),
            state: String::new(),
            country: String::new(),
            is_active: true,
        });
    }
}

// === impl World ===

impl World {
    pub(super) fn add_vm(&mut self, spec: VmSpec, now: DateTime<Utc>) -> String {
        assert!(
            self.offers.contains_key(&spec.size),
            "add_vm: no offer has this size"
        );
        let uuid = self.chance.uuid();
        let place = self.account.vms.len();
        let address = FIRST_VM_ADDRESS + u32::try_from(place).unwrap_or(0);
        let wait = chrono::Duration::from_std(spec.pending_for).unwrap_or(chrono::Duration::MAX);
        self.account.vms.push(Vm {
            number: FIRST_VM + place as u64,
            uuid: uuid.clone(),
            made_at: now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC),
            spec,
            public_address: Ipv4Addr::from(address).to_string(),
            created_at: now,
        });
        uuid
    }

    pub(super) fn add_ssh_key(&mut self, spec: SshKeySpec) -> String {
        let uuid = self.chance.uuid();
        let number = self.account.ssh_keys.last().map_or(1, |last| last.number + 1);
        self.account.ssh_keys.push(Numbered {
            number,
            uuid: uuid.clone(),
            spec,
        });
        uuid
    }

    pub(super) fn add_project(&mut self, spec: ProjectSpec) -> String {
        let uuid = self.chance.uuid();
        let number = self.account.projects.last().map_or(1, |last| last.number + 1);
        self.account.projects.push(Numbered {
            number,
            uuid: uuid.clone(),
            spec,
        });
        uuid
    }
}
