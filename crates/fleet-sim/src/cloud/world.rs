//! The state behind the cloud and the few ways in which it grows.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};

use super::access::Access;
use super::account::Account;
use super::behaviour::Behaviour;
use super::call::{Call, CallKind};
use super::chance::Chance;
use super::fault::{FaultEffect, Faults};
use super::machine::Machine;
use super::records::{Posting, Removal, Role};
use super::schedule::Schedule;
use super::specs::{ClusterSpec, GroupSpec, OfferSpec};

/// Keeps one cluster with its counters.
pub(super) struct SimCluster {
    pub(super) uuid: String,
    pub(super) number: u64,
    pub(super) spec: ClusterSpec,
    pub(super) created_at: DateTime<Utc>,
    next_private_address: u32,
}

/// Keeps everything; the lock around it makes each call one step.
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) behaviour: Behaviour,
    pub(super) faults: Faults,
    pub(super) access: Access,
    pub(super) account: Account,
    pub(super) clusters: Vec<SimCluster>,
    pub(super) offers: BTreeMap<u64, OfferSpec>,
    pub(super) groups: BTreeMap<u64, GroupSpec>,
    pub(super) machines: BTreeMap<u64, Machine>,
    pub(super) postings: Vec<Posting>,
    pub(super) removals: Vec<Removal>,
    /// The last calls, at most [`CALLS_KEPT`] of them.
    pub(super) calls: Vec<Call>,
    pub(super) calls_counted: BTreeMap<CallKind, usize>,
    /// The last whole answer per path, for stale lists.
    pub(super) answers: BTreeMap<String, Bytes>,
    pub(super) schedule: Schedule,
    hostnames: BTreeSet<String>,
    last_created: Option<DateTime<Utc>>,
}

/// Names the posting that buys a machine and the fault that its machine is born with.
pub(super) struct Purchase {
    pub(super) posting: u64,
    pub(super) fault: Option<FaultEffect>,
}

const FIRST_MACHINE: u64 = 71_001;
const FIRST_GROUP: u64 = 412;
const FIRST_CLUSTER: u64 = 140;
/// More calls than any test makes; a cloud that is served for days forgets the older half.
pub(super) const CALLS_KEPT: usize = 100_000;
/// More lists than one client asks for; whoever asks for more gets no stale answers for a while.
pub(super) const ANSWERS_KEPT: usize = 1_000;
/// Four digits make 65,536 names; so many draws fail only when nearly all of them are taken.
const HOSTNAME_DRAWS: u32 = 200;
/// How long before the start of the simulation the first machines were made.
const AGE_OF_FIRST_MACHINES: Duration = Duration::days(4);

// === impl World ===

impl World {
    pub(super) fn seeded(seed: u64) -> Self {
        Self {
            chance: Chance::seeded(seed),
            behaviour: Behaviour::default(),
            faults: Faults::default(),
            access: Access::new(),
            account: Account::new(),
            clusters: Vec::new(),
            offers: OfferSpec::standard()
                .into_iter()
                .map(|offer| (offer.number, offer))
                .collect(),
            groups: BTreeMap::new(),
            machines: BTreeMap::new(),
            postings: Vec::new(),
            removals: Vec::new(),
            calls: Vec::new(),
            calls_counted: BTreeMap::new(),
            answers: BTreeMap::new(),
            schedule: Schedule::default(),
            hostnames: BTreeSet::new(),
            last_created: None,
        }
    }

    pub(super) fn cluster(&self, uuid: &str) -> Option<&SimCluster> {
        self.clusters.iter().find(|cluster| cluster.uuid == uuid)
    }

    pub(super) fn cluster_mut(&mut self, uuid: &str) -> Option<&mut SimCluster> {
        self.clusters.iter_mut().find(|cluster| cluster.uuid == uuid)
    }

    /// Lists the machines of a cluster that are alive, in the order they were made.
    pub(super) fn alive_in<'a>(
        &'a self,
        cluster: &'a str,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = &'a Machine> {
        self.machines
            .values()
            .filter(move |machine| machine.cluster == cluster && machine.is_alive(now))
    }

    pub(super) fn add_cluster(&mut self, spec: ClusterSpec, now: DateTime<Utc>) -> String {
        assert!(
            self.offers.contains_key(&spec.size),
            "add_cluster: no offer has the cluster's size"
        );
        self.account.know_datacenter_of(&spec);
        let uuid = self.chance.uuid();
        let (managers, workers, size) = (spec.managers, spec.workers_without_group, spec.size);
        let created_at = now - AGE_OF_FIRST_MACHINES;
        let number = FIRST_CLUSTER + self.clusters.len() as u64;
        // Private addresses of two clusters overlap on purpose, as they do in separate networks.
        let cluster = SimCluster {
            uuid: uuid.clone(),
            number,
            spec,
            created_at,
            next_private_address: 0x0a00_0002,
        };
        self.clusters.push(cluster);
        for index in 0..managers + workers {
            let role = if index < managers {
                Role::Manager
            } else {
                Role::Worker
            };
            let mut machine = self.draft(&uuid, None, role, size);
            let born = created_at + Duration::minutes(i64::from(index));
            machine.be_settled_since(born);
            self.machines.insert(machine.number, machine);
        }
        uuid
    }

    pub(super) fn add_group(&mut self, cluster: &str, name: &str, size: u64, now: DateTime<Utc>) -> u64 {
        assert!(self.cluster(cluster).is_some(), "add_group: no such cluster");
        assert!(
            self.offers.contains_key(&size),
            "add_group: no offer has this size"
        );
        let number = FIRST_GROUP + self.groups.len() as u64;
        let uuid = self.chance.uuid();
        let group = GroupSpec {
            number,
            uuid,
            cluster: cluster.to_owned(),
            name: name.to_owned(),
            size,
            created_at: now,
            deleted_at: None,
        };
        self.groups.insert(number, group);
        number
    }

    /// Writes a call down.
    pub(super) fn remember(&mut self, call: Call) {
        if self.calls.len() >= CALLS_KEPT {
            self.calls.drain(..CALLS_KEPT / 2);
        }
        *self.calls_counted.entry(call.kind).or_default() += 1;
        self.calls.push(call);
    }

    /// Keeps an answer for a later stale one.
    pub(super) fn keep_answer(&mut self, path: &str, body: Bytes) {
        if self.answers.len() >= ANSWERS_KEPT && !self.answers.contains_key(path) {
            self.answers.clear();
        }
        self.answers.insert(path.to_owned(), body);
    }

    /// Makes a worker whose whole life is drawn now, and returns its identifier.
    pub(super) fn add_worker(
        &mut self,
        cluster: &str,
        group: Option<u64>,
        now: DateTime<Utc>,
        purchase: Option<Purchase>,
    ) -> String {
        self.add_machine(cluster, group, Role::Worker, now, purchase)
    }

    /// Makes a worker that runs since before the start of the simulation.
    pub(super) fn add_settled_worker(&mut self, cluster: &str, group: u64, now: DateTime<Utc>) -> String {
        let size = self.groups[&group].size;
        let mut machine = self.draft(cluster, Some(group), Role::Worker, size);
        machine.be_settled_since(now - AGE_OF_FIRST_MACHINES);
        let uuid = machine.uuid.clone();
        self.machines.insert(machine.number, machine);
        uuid
    }

    /// Makes a machine whose whole life is drawn now, and returns its identifier.
    pub(super) fn add_machine(
        &mut self,
        cluster: &str,
        group: Option<u64>,
        role: Role,
        now: DateTime<Utc>,
        purchase: Option<Purchase>,
    ) -> String {
        let cluster_size = self
            .cluster(cluster)
            .expect("the machine's cluster exists")
            .spec
            .size;
        let size = group.map_or(cluster_size, |number| self.groups[&number].size);
        let mut machine = self.draft(cluster, group, role, size);
        // Two machines of one instant still show the order in which they were asked for.
        let created_at = self
            .last_created
            .map_or(now, |last| now.max(last + Duration::milliseconds(1)));
        self.last_created = Some(created_at);
        let plan = self.behaviour.clone();
        let mut later = |from: DateTime<Utc>, delay| from + self.chance.delay(delay);
        let listed_at = later(created_at, plan.list_delay);
        let boots_at = later(listed_at, plan.boot_delay);
        let joins_at = later(boots_at, plan.join_delay);
        let ready_at = later(joins_at, plan.ready_delay);
        let fault = purchase.as_ref().and_then(|purchase| purchase.fault.as_ref());
        let boots = fault != Some(&FaultEffect::NeverBoots);
        let joins = boots && fault != Some(&FaultEffect::NeverJoins);
        machine.created_at = created_at;
        machine.listed_at = listed_at;
        machine.boots_at = boots.then_some(boots_at);
        machine.joins_at = joins.then_some(joins_at);
        machine.ready_at = joins.then_some(ready_at);
        machine.made_by = purchase.map(|purchase| purchase.posting);
        let uuid = machine.uuid.clone();
        self.machines.insert(machine.number, machine);
        uuid
    }

    /// Accepts the removal of a machine that exists; a repeated one changes nothing.
    pub(super) fn remove(&mut self, uuid: &str, now: DateTime<Utc>, by_hand: bool) {
        let delay = self.chance.delay(self.behaviour.removal_delay);
        let machine = self.machines.values_mut().find(|machine| machine.uuid == uuid);
        let machine = machine.expect("the machine to remove exists");
        let repeated = machine.removal_requested_at.is_some();
        if !repeated {
            machine.removal_requested_at = Some(now);
            machine.goes_at = Some(now + delay);
        }
        let (cluster, machine) = (machine.cluster.clone(), uuid.to_owned());
        self.removals.push(Removal {
            at: now,
            cluster,
            machine,
            repeated,
            by_hand,
        });
    }

    /// Drafts a machine with its names and addresses; its times are set by the caller.
    fn draft(&mut self, cluster: &str, group: Option<u64>, role: Role, size: u64) -> Machine {
        let number = FIRST_MACHINE + self.machines.len() as u64;
        let hostname = self.free_hostname(cluster, role, number);
        let uuid = self.chance.uuid();
        let offer = self.offers[&size].clone();
        let home = self.cluster_mut(cluster).expect("the machine's cluster exists");
        let private = home.next_private_address;
        let version = home.spec.version.clone();
        home.next_private_address += 1;
        // 198.18.0.0/15 is set apart for tests of networks.
        let public = 0xc612_0000 + u32::try_from(number - FIRST_MACHINE).unwrap_or(0) + 1;
        let provider_id = self
            .behaviour
            .sets_provider_ids
            .then(|| format!("vpsie://{uuid}"));
        Machine {
            uuid,
            number,
            cluster: cluster.to_owned(),
            group,
            role,
            hostname,
            private_address: std::net::Ipv4Addr::from(private).to_string(),
            public_address: std::net::Ipv4Addr::from(public).to_string(),
            cpu: offer.cpu,
            ram_mb: offer.ram_mb,
            disk_gb: offer.disk_gb,
            version,
            provider_id,
            created_at: DateTime::UNIX_EPOCH,
            listed_at: DateTime::UNIX_EPOCH,
            boots_at: None,
            joins_at: None,
            ready_at: None,
            removal_requested_at: None,
            goes_at: None,
            is_silent: false,
            made_by: None,
        }
    }

    /// Draws a hostname as VPSie does, one that no machine ever had.
    fn free_hostname(&mut self, cluster: &str, role: Role, number: u64) -> String {
        let name = self
            .cluster(cluster)
            .expect("the machine's cluster exists")
            .spec
            .name
            .clone();
        let word = match role {
            Role::Manager => "master",
            Role::Worker => "slave",
        };
        let drawn = (0..HOSTNAME_DRAWS)
            .map(|_| format!("{name}-{word}-{}", self.chance.suffix()))
            .find(|hostname| !self.hostnames.contains(hostname));
        // The number of a machine has five digits and belongs to it alone.
        let hostname = drawn.unwrap_or_else(|| format!("{name}-{word}-{number:05x}"));
        self.hostnames.insert(hostname.clone());
        hostname
    }
}
