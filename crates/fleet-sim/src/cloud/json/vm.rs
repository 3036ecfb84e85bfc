//! The JSON of VMs: in the list, alone, pending, as the hypervisor sees them, and as hosts of volumes.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{DATACENTER, HYPERVISOR, PROJECT, USER, cased, zoned};
use crate::cloud::account::{Vm, VmState};
use crate::cloud::behaviour::{Behaviour, PrivateAddressForm, ProjectForm};
use crate::cloud::machine::Machine;
use crate::cloud::specs::OfferSpec;
use crate::cloud::world::World;

/// The password that every VM of the simulated cloud was made with; it must never be logged or stored.
pub const INITIAL_PASSWORD: &str = "simulated-initial-password";

const IMAGE: &str = "Ubuntu 24.04";

/// Holds what the lists tell of one machine, be it a VM or a worker of a cluster.
pub(in crate::cloud) struct Shown<'a> {
    number: u64,
    uuid: String,
    hostname: &'a str,
    public_address: &'a str,
    private_address: Option<&'a str>,
    size: &'a OfferSpec,
    state: VmState,
    datacenter: &'a str,
    region: &'a str,
    created_at: DateTime<Utc>,
    is_of_cluster: bool,
}

// === impl World ===

impl World {
    /// Lists the VMs that are made, and the workers where they count as VMs.
    pub(in crate::cloud) fn shown_vms(&self, now: DateTime<Utc>) -> Vec<Shown<'_>> {
        let vms = self.account.vms.iter().filter(|vm| vm.made_at <= now);
        let mut shown: Vec<Shown<'_>> = vms.map(|vm| self.shown_vm(vm)).collect();
        if self.behaviour.workers_as_vms {
            let workers = self.listed_workers(now);
            shown.extend(workers.map(|machine| self.shown_worker(machine, machine.uuid.clone(), now)));
        }
        shown
    }

    /// Lists the machines that a volume can attach to.
    pub(in crate::cloud) fn shown_volume_hosts(&self, now: DateTime<Utc>) -> Vec<Shown<'_>> {
        let alive = |vm: &&Vm| vm.made_at <= now && vm.spec.state.is_active();
        let vms = self.account.vms.iter().filter(alive);
        let mut shown: Vec<Shown<'_>> = vms.map(|vm| self.shown_vm(vm)).collect();
        if self.behaviour.workers_as_volume_hosts {
            for machine in self.listed_workers(now) {
                let uuid = if self.behaviour.volume_hosts_share_identifiers {
                    machine.uuid.clone()
                } else {
                    other_identifier(&machine.uuid)
                };
                shown.push(self.shown_worker(machine, uuid, now));
            }
        }
        shown
    }

    fn shown_vm<'a>(&'a self, vm: &'a Vm) -> Shown<'a> {
        Shown {
            number: vm.number,
            uuid: vm.uuid.clone(),
            hostname: &vm.spec.hostname,
            public_address: &vm.public_address,
            private_address: None,
            size: &self.offers[&vm.spec.size],
            state: vm.spec.state,
            datacenter: &vm.spec.datacenter,
            region: self.region(&vm.spec.datacenter),
            created_at: vm.created_at,
            is_of_cluster: false,
        }
    }

    fn shown_worker<'a>(&'a self, machine: &'a Machine, uuid: String, now: DateTime<Utc>) -> Shown<'a> {
        let cluster = self
            .cluster(&machine.cluster)
            .expect("a machine belongs to a cluster");
        let is_addressed = self.behaviour.reports_addresses_early || machine.has_booted(now);
        let size = machine
            .group
            .map_or(cluster.spec.size, |group| self.groups[&group].size);
        Shown {
            number: machine.number,
            uuid,
            hostname: &machine.hostname,
            public_address: if is_addressed { &machine.public_address } else { "" },
            private_address: is_addressed.then_some(machine.private_address.as_str()),
            size: &self.offers[&size],
            state: if machine.has_booted(now) {
                VmState::Running
            } else {
                VmState::Stopped
            },
            datacenter: &cluster.spec.datacenter,
            region: self.region(&cluster.spec.datacenter),
            created_at: machine.created_at,
            is_of_cluster: true,
        }
    }

    fn region(&self, datacenter: &str) -> &str {
        let known = self.account.datacenters.iter();
        let mut found = known.filter(|known| known.identifier == datacenter);
        found.next().map_or("", |known| &known.state)
    }
}

// === impl Shown ===

impl Shown<'_> {
    pub(in crate::cloud) fn is(&self, uuid: &str) -> bool {
        self.uuid == uuid
    }

    /// Writes the VM as the list of VMs has it (V1).
    pub(in crate::cloud) fn vm(&self, behaviour: &Behaviour) -> Value {
        let flag = |state| i32::from(self.state == state);
        let created = zoned(self.created_at);
        let dropped = (self.state == VmState::Deleted).then(|| created.clone());
        let mut vm = json!({
            "id": self.number, "identifier": self.uuid, "user_id": USER, "boxsize_id": self.size.number,
            "boximage_id": 4, "datacenter_id": DATACENTER, "node_id": HYPERVISOR, "boxdiscount_id": null,
            "hostname": self.hostname, "default_ip": self.public_address, "default_ipv6": "",
            "private_ip": self.private_address.unwrap_or_default(), "cpu": self.size.cpu,
            "ram": self.size.ram_mb, "ssd": self.size.disk_gb, "traffic": 4096,
            "power": i32::from(self.state.is_on()), "is_active": i32::from(self.state.is_active()),
            "is_deleted": flag(VmState::Deleted), "is_suspended": flag(VmState::Suspended),
            "is_terminated": flag(VmState::Terminated), "is_locked": flag(VmState::Locked),
            "is_custom": 0, "is_autobackup": 0, "is_fip_available": 1, "is_bucket_available": 0,
            "notes": null, "created_on": created, "last_updated": created, "dropped_on": dropped,
            "firstname": "Jane", "lastname": "Doe", "username": "jane@example.com",
            "initial_password": INITIAL_PASSWORD, "state": self.region, "dcIdentifier": self.datacenter,
            "category": "ubuntu", "fullname": IMAGE, "vmDescription": "", "publicIp": null, "vmType": null,
        });
        let (name, project) = match behaviour.vm_projects {
            ProjectForm::Snake => ("project_id", json!(PROJECT)),
            ProjectForm::Camel => ("projectId", json!(PROJECT)),
            ProjectForm::CamelText => ("projectId", json!(PROJECT.to_string())),
        };
        vm[name] = project;
        vm
    }

    /// Writes the VM alone, with what surrounds it (V2).
    pub(in crate::cloud) fn alone(&self, behaviour: &Behaviour) -> Value {
        json!({
            "vmData": self.vm(behaviour), "imageCategories": [], "vmTags": [], "privateIpData": [],
            "floatingIpData": [],
        })
    }

    /// Writes what the hypervisor says of the VM (V3).
    pub(in crate::cloud) fn status(&self, now: DateTime<Utc>) -> Value {
        let is_on = self.state.is_on();
        let uptime = if is_on {
            (now - self.created_at).num_seconds()
        } else {
            0
        };
        json!({
            "cpu": 0, "ballon": self.size.ram_mb * 1024 * 1024, "uptime": uptime, "disk": 0, "pid": "1234",
            "running-machine": "pc", "running-qemu": "9.0", "status": if is_on { "running" } else { "stopped" },
            "diskread": "0", "diskwrite": "0", "fullname": IMAGE,
        })
    }

    /// Writes the machine as the list of volume hosts has it (V19), a shape of its own.
    pub(in crate::cloud) fn volume_host(&self, behaviour: &Behaviour) -> Value {
        let private = match (behaviour.volume_host_private_addresses, self.private_address) {
            (PrivateAddressForm::Null, _) => Value::Null,
            (PrivateAddressForm::Text, address) => json!(address.unwrap_or_default()),
            (PrivateAddressForm::List, address) => json!(address.into_iter().collect::<Vec<_>>()),
        };
        json!({
            "hostname": cased(self.hostname, behaviour.volume_host_hostnames), "identifier": self.uuid,
            "datacenter_id": DATACENTER, "default_ip": self.public_address, "default_ipv6": "",
            "private_ip": private, "ssd": self.size.disk_gb, "state": self.region, "is_fip_available": 1,
            "is_bucket_available": 0, "dcIdentifier": self.datacenter, "fullname": IMAGE, "category": "ubuntu",
            "type": if self.is_of_cluster { "k8s" } else { "vm" },
        })
    }
}

// === helpers ===

/// Writes a VM that is still being made (V4); here alone booleans are real ones.
pub(in crate::cloud) fn pending(vm: &Vm, size: &OfferSpec) -> Value {
    json!({
        "id": vm.uuid, "user": "jane@example.com", "user_id": USER,
        "data": {
            "resourceIdentifier": super::plan_identifier(size), "osIdentifier": "simulated-image",
            "dcIdentifier": vm.spec.datacenter, "hostname": vm.spec.hostname, "addPublicIpV4": true,
            "addPublicIpV6": false, "addPrivateIp": false, "backupEnabled": false, "tags": [],
            "projectId": PROJECT, "vmPassword": INITIAL_PASSWORD, "processId": vm.uuid,
            "sshKeyIdentifier": null, "scriptIdentifier": null, "isGeneratedPassword": true,
            "requestIp": "192.0.2.1", "isCreateFromLibrary": false,
        },
        "resourceData": super::plan(size, json!(super::monthly_number(size))), "datacenter": [],
        "osData": {"fullname": IMAGE}, "running": 1, "type": "vm",
    })
}

/// Makes another identifier of the same machine, always the same one.
fn other_identifier(uuid: &str) -> String {
    match uuid.split_once('-') {
        Some((first, rest)) => format!("{}-{rest}", first.chars().rev().collect::<String>()),
        None => uuid.chars().rev().collect(),
    }
}
