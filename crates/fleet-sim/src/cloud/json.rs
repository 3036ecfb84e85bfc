//! The JSON of the API, written by hand from what is known of it.

mod account;
mod vm;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

pub(super) use self::account::*;
pub use self::vm::INITIAL_PASSWORD;
pub(super) use self::vm::pending;
use super::behaviour::{Behaviour, Casing};
use super::machine::Machine;
use super::records::Role;
use super::specs::GroupSpec;
use super::world::{SimCluster, World};

/// The user to whom everything belongs.
const USER: u64 = 6;
const DATACENTER: u64 = 3;
/// The hypervisor on which everything runs.
const HYPERVISOR: u64 = 12;
/// The number of the project in which everything is.
pub(super) const PROJECT: u64 = 9;

// === impl World ===

impl World {
    pub(super) fn cluster_summary(&self, cluster: &SimCluster, now: DateTime<Utc>) -> Value {
        let listed = || self.listed_in(&cluster.uuid, now);
        let managers = listed().filter(|machine| machine.role == Role::Manager).count();
        let size = &self.offers[&cluster.spec.size];
        json!({
            "cluster_name": cluster.spec.name, "identifier": cluster.uuid, "user_id": USER,
            "count": listed().count(), "kube_version": cluster.spec.version, "nickname": size.name,
            "cpu": size.cpu, "ram": size.ram_mb, "traffic": 4096, "color": "#2b7de9",
            "price": monthly(size, self.behaviour.prices, 0),
            "lock": i32::from(cluster.spec.locked), "created_by": "Jane Doe", "upgrade_version": "",
            "lb_id": null, "managerCount": managers, "slaveCount": listed().count() - managers,
            "created_on": zoned(cluster.created_at), "updated_on": zoned(now),
        })
    }

    pub(super) fn cluster_detail(&self, cluster: &SimCluster, now: DateTime<Utc>) -> Value {
        let size = &self.offers[&cluster.spec.size];
        let nodes: Vec<Value> = self
            .listed_in(&cluster.uuid, now)
            .map(|machine| node(machine, &self.behaviour, now))
            .collect();
        json!({
            "cluster_name": cluster.spec.name, "identifier": cluster.uuid, "count": nodes.len(),
            "created_on": zoned(cluster.created_at), "updated_on": zoned(now), "created_by": "Jane Doe",
            "nickname": size.name, "cpu": size.cpu, "ram": size.ram_mb, "traffic": 4096,
            "color": "#2b7de9", "price": monthly(size, self.behaviour.prices, 0), "nodes": nodes,
        })
    }

    pub(super) fn node_group(&self, group: &GroupSpec, now: DateTime<Utc>) -> Value {
        let size = &self.offers[&group.size];
        let cluster = self
            .cluster(&group.cluster)
            .expect("a group belongs to a cluster");
        let members = self
            .alive_in(&group.cluster, now)
            .filter(|machine| machine.group == Some(group.number));
        json!({
            "id": group.number, "group_name": group.name, "user_id": USER, "boxsize_id": group.size,
            "datacenter_id": DATACENTER, "ram": size.ram_mb, "cpu": size.cpu, "ssd": size.disk_gb,
            "traffic": 4096, "notes": null, "created_on": zoned(group.created_at), "last_updated": zoned(now),
            "dropped_on": group.deleted_at.map(zoned),
            "is_active": i32::from(group.deleted_at.is_none()),
            "is_deleted": i32::from(group.deleted_at.is_some()), "identifier": group.uuid, "project_id": PROJECT,
            "cluster_id": cluster.number, "nodes_count": members.count(),
            "dcIdentifier": cluster.spec.datacenter,
        })
    }

    /// Lists the workers of all clusters that the node lists show.
    fn listed_workers(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Machine> {
        self.machines
            .values()
            .filter(move |machine| machine.role == Role::Worker && machine.is_listed(now))
    }

    fn listed_in<'a>(&'a self, cluster: &'a str, now: DateTime<Utc>) -> impl Iterator<Item = &'a Machine> {
        self.alive_in(cluster, now)
            .filter(move |machine| machine.is_listed(now))
    }
}

// === helpers ===

fn node(machine: &Machine, behaviour: &Behaviour, now: DateTime<Utc>) -> Value {
    let addressed = behaviour.reports_addresses_early || machine.has_booted(now);
    let address = |text: &str| if addressed { json!(text) } else { json!("") };
    // The meaning of node_type is not known; these values are invented.
    let node_type = match machine.role {
        Role::Manager => 1,
        Role::Worker => 2,
    };
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set(
        "id",
        json!(if behaviour.reports_numbers {
            machine.number
        } else {
            0
        }),
    );
    set("user_id", json!(USER));
    set(
        "hostname",
        json!(cased(&machine.hostname, behaviour.node_hostnames)),
    );
    set("default_ip", address(&machine.public_address));
    set("private_ip", address(&machine.private_address));
    set("node_type", json!(node_type));
    // The hypervisor, in spite of its name.
    set("node_id", json!(HYPERVISOR));
    set("datacenter_id", json!(DATACENTER));
    if behaviour.reports_created_on {
        set(
            "created_on",
            json!(node_date(
                machine.created_at + behaviour.clock_skew,
                behaviour.zone_on_dates
            )),
        );
    }
    if behaviour.reports_identifiers {
        set("identifier", json!(machine.uuid));
    }
    if behaviour.reports_status {
        set("status", json!(status(machine, now)));
    }
    if behaviour.reports_roles {
        set(
            "role",
            json!(if machine.role == Role::Manager {
                "master"
            } else {
                "slave"
            }),
        );
    }
    if behaviour.reports_sizes {
        set("cpu", json!(machine.cpu));
        set("ram", json!(machine.ram_mb));
        set("disk", json!(machine.disk_gb));
    }
    Value::Object(fields)
}

fn status(machine: &Machine, now: DateTime<Utc>) -> &'static str {
    if machine.removal_requested_at.is_some() {
        "deleting"
    } else if machine.has_booted(now) {
        "running"
    } else {
        "provisioning"
    }
}

/// Writes a hostname in the casing that a list has.
fn cased(hostname: &str, casing: Casing) -> String {
    match casing {
        Casing::Kept => hostname.to_owned(),
        Casing::Lower => hostname.to_lowercase(),
        Casing::Upper => hostname.to_uppercase(),
    }
}

/// Writes a date as RFC 3339 with milliseconds.
pub(super) fn zoned(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn node_date(at: DateTime<Utc>, with_zone: bool) -> String {
    if with_zone {
        zoned(at)
    } else {
        at.format("%Y-%m-%d %H:%M:%S").to_string()
    }
}
