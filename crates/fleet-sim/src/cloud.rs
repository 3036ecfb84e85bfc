//! The simulated VPSie: clusters, groups, machines, and the API that a client sees of them.
//!
//! JSON is built by hand from what is known of the API, never from a client's own types, so that a wrong
//! decoder cannot agree with itself. Machines are named as VPSie names them; the add request carries no name.

mod access;
mod account;
mod answer;
mod behaviour;
mod call;
mod chance;
mod fault;
mod handle;
mod json;
mod machine;
mod records;
mod schedule;
mod server;
mod specs;
pub(crate) mod text;
mod transport;
mod world;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

pub use self::access::{CLIENT_ID, CLIENT_SECRET, TOKEN};
pub use self::account::{DatacenterSpec, ProjectSpec, SshKeySpec, TagSpec, VmSpec, VmState};
pub use self::behaviour::{
    AddReply, AuthEncoding, AuthReply, Behaviour, BehaviourChange, Casing, Delay, PriceForm,
    PrivateAddressForm, ProjectForm, TotalForm,
};
pub use self::call::{Call, CallKind};
pub use self::fault::{Fault, FaultEffect};
pub use self::handle::Handled;
pub use self::json::INITIAL_PASSWORD;
pub use self::records::{MachineState, Posting, PostingReply, Removal, Role, SimMachine};
pub use self::schedule::{Happening, Which};
pub use self::server::{serve, serve_until};
pub use self::specs::{ClusterSpec, GroupSpec, OfferSpec};
use self::world::World;
use crate::clock::SimClock;

/// Handles one simulated cloud; clones share it.
#[derive(Clone)]
pub struct Cloud {
    clock: SimClock,
    world: Arc<Mutex<World>>,
}

// === impl Cloud: building the world ===

impl Cloud {
    /// Makes an empty cloud; the same seed draws the same delays, names and identifiers.
    ///
    /// It accepts the token [`TOKEN`] and the client [`CLIENT_ID`] with [`CLIENT_SECRET`].
    pub fn new(clock: SimClock, seed: u64) -> Self {
        Self {
            clock,
            world: Arc::new(Mutex::new(World::seeded(seed))),
        }
    }

    /// Returns the clock of this world.
    pub fn clock(&self) -> SimClock {
        self.clock
    }

    /// Adds a cluster with its managers and first workers, all running; returns its identifier.
    pub fn add_cluster(&self, spec: ClusterSpec) -> String {
        let now = self.clock.now();
        self.world().add_cluster(spec, now)
    }

    /// Changes a cluster as a person does: its version, its lock.
    ///
    /// # Panics
    /// When there is no such cluster.
    pub fn change_cluster(&self, cluster: &str, change: impl FnOnce(&mut ClusterSpec)) {
        change(
            &mut self
                .world()
                .cluster_mut(cluster)
                .expect("change_cluster: no such cluster")
                .spec,
        );
    }

    /// Adds a node size to the list of offers, replacing the one of the same number.
    pub fn add_offer(&self, offer: OfferSpec) {
        self.world().offers.insert(offer.number, offer);
    }

    /// Replaces all node sizes.
    ///
    /// # Panics
    /// When a cluster or a group has a size that is gone.
    pub fn replace_offers(&self, offers: Vec<OfferSpec>) {
        let mut world = self.world();
        world.offers = offers.into_iter().map(|offer| (offer.number, offer)).collect();
        let clusters = world.clusters.iter().map(|cluster| cluster.spec.size);
        let used = clusters.chain(world.groups.values().map(|group| group.size));
        for size in used {
            assert!(
                world.offers.contains_key(&size),
                "replace_offers: size {size} is in use"
            );
        }
    }

    /// Adds a node group to a cluster as a person does; returns its number.
    ///
    /// # Panics
    /// When the cluster or the size does not exist.
    pub fn add_group(&self, cluster: &str, name: &str, size: u64) -> u64 {
        let now = self.clock.now();
        self.world().add_group(cluster, name, size, now)
    }

    /// Adds a worker of a group that runs since long ago; returns its identifier.
    ///
    /// # Panics
    /// When the cluster or the group does not exist.
    pub fn add_settled_worker(&self, cluster: &str, group: u64) -> String {
        let now = self.clock.now();
        self.world().add_settled_worker(cluster, group, now)
    }

    /// Adds a VM that belongs to no cluster; returns its identifier.
    ///
    /// # Panics
    /// When the size does not exist.
    pub fn add_vm(&self, spec: VmSpec) -> String {
        let now = self.clock.now();
        self.world().add_vm(spec, now)
    }

    /// Adds a datacentre, replacing the one of the same identifier.
    pub fn add_datacenter(&self, spec: DatacenterSpec) {
        self.world().account.add_datacenter(spec);
    }

    /// Adds an SSH key; returns its identifier.
    pub fn add_ssh_key(&self, spec: SshKeySpec) -> String {
        self.world().add_ssh_key(spec)
    }

    /// Adds a project; returns its identifier.
    pub fn add_project(&self, spec: ProjectSpec) -> String {
        self.world().add_project(spec)
    }

    /// Adds a tag.
    pub fn add_tag(&self, spec: TagSpec) {
        self.world().account.tags.push(spec);
    }

    /// Adds a machine as a person does in the panel, with no posting; returns its identifier.
    ///
    /// # Panics
    /// When the cluster or the group does not exist.
    pub fn add_foreign_machine(&self, cluster: &str, group: Option<u64>) -> String {
        let now = self.clock.now();
        self.world().add_worker(cluster, group, now, None)
    }

    /// Removes a machine as a person does in the panel, past the API.
    ///
    /// # Panics
    /// When there is no such machine.
    pub fn remove_by_hand(&self, uuid: &str) {
        let now = self.clock.now();
        self.world().remove(uuid, now, true);
    }

    /// Lets the kubelet of a running machine fall silent, or speak again. VPSie knows nothing of it.
    ///
    /// # Panics
    /// When there is no such machine.
    pub fn silence(&self, uuid: &str, is_silent: bool) {
        let mut world = self.world();
        let machine = world.machines.values_mut().find(|machine| machine.uuid == uuid);
        machine.expect("the machine exists").is_silent = is_silent;
    }

    /// Changes how the cloud behaves from now on.
    pub fn behaviour(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.world().behaviour);
    }

    /// Plants a fault.
    pub fn fault(&self, fault: Fault) {
        self.world().faults.plant(fault);
    }

    /// Forgets every fault that was planted.
    pub fn mend(&self) {
        self.world().faults.clear();
    }

    /// Replaces the accepted personal tokens; exchanged tokens stop working too.
    pub fn accept_only_token(&self, token: &str) {
        self.world().access.accept_only_token(token);
    }

    /// Replaces the accepted client credentials; exchanged tokens stop working.
    pub fn accept_only_client(&self, id: &str, secret: &str) {
        self.world().access.accept_only_client(id, secret);
    }

    /// Plans something to happen `after` so much time from now.
    pub fn plan(&self, after: std::time::Duration, happening: Happening) {
        let wait = chrono::Duration::from_std(after).unwrap_or(chrono::Duration::MAX);
        let at = self.clock.now().checked_add_signed(wait);
        self.world()
            .schedule
            .plan(at.unwrap_or(DateTime::<Utc>::MAX_UTC), happening);
    }

    /// Opens the world, once everything that is due has happened.
    fn world(&self) -> MutexGuard<'_, World> {
        let now = self.clock.now();
        // A panicking test must not hide its own message behind a poisoned lock.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.catch_up(now);
        world
    }
}

// === impl Cloud: what tests may know ===

impl Cloud {
    /// Returns the clusters with their identifiers, in the order they were added.
    pub fn clusters(&self) -> Vec<(String, ClusterSpec)> {
        let world = self.world();
        let clusters = world.clusters.iter();
        clusters
            .map(|cluster| (cluster.uuid.clone(), cluster.spec.clone()))
            .collect()
    }

    /// Returns every add-worker request that arrived, in order.
    pub fn ledger(&self) -> Vec<Posting> {
        self.world().postings.clone()
    }

    /// Returns every machine that ever was, oldest first.
    pub fn machines(&self) -> Vec<SimMachine> {
        let now = self.clock.now();
        self.world()
            .machines
            .values()
            .map(|machine| machine.snapshot(now))
            .collect()
    }

    /// Returns one machine by its identifier.
    pub fn machine(&self, uuid: &str) -> Option<SimMachine> {
        self.machines().into_iter().find(|machine| machine.uuid == uuid)
    }

    /// Returns every accepted removal, in order.
    pub fn removals(&self) -> Vec<Removal> {
        self.world().removals.clone()
    }

    /// Returns the groups of a cluster, oldest first.
    pub fn groups(&self, cluster: &str) -> Vec<GroupSpec> {
        self.world()
            .groups
            .values()
            .filter(|group| group.cluster == cluster)
            .cloned()
            .collect()
    }

    /// Returns the specification of a cluster as it is now.
    pub fn cluster(&self, cluster: &str) -> Option<ClusterSpec> {
        self.world().cluster_mut(cluster).map(|found| found.spec.clone())
    }

    /// Returns the calls that arrived, in order; of more than 100,000 the older half is forgotten.
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// Counts the calls of one kind.
    pub fn calls_of(&self, kind: CallKind) -> usize {
        self.world().calls_counted.get(&kind).copied().unwrap_or(0)
    }

    /// Reports whether every planted fault has happened as often as it should.
    pub fn has_no_pending_faults(&self) -> bool {
        self.world().faults.is_empty()
    }

    /// Returns the earliest time at which something changes by itself, after `now`.
    pub fn next_change_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let world = self.world();
        world
            .machines
            .values()
            .flat_map(|machine| machine.changes())
            .chain(world.schedule.next())
            .filter(|at| *at > now)
            .min()
    }
}
