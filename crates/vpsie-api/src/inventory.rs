//! What else VPSie can tell and do, in traits apart from [`VpsieApi`](crate::VpsieApi).

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{
    CallError, Datacenter, EffectError, GroupUuid, Listing, PendingVm, Plan, PlanCategory, PlanQuery,
    Project, SshKey, Tag, Vm, VmStatus, VmUuid, VolumeHost,
};

/// Reads what the account has and what it could have. Changes nothing.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Inventory: Send + Sync {
    /// Lists the virtual machines; workers of clusters are not known to be among them.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn vms(&self) -> Result<Listing<Vm>, CallError>;

    /// Reads one virtual machine.
    ///
    /// # Errors
    /// [`CallError::Absent`] or [`CallError::NotFound`] when there is none, or any other.
    async fn vm(&self, vm: &VmUuid) -> Result<Vm, CallError>;

    /// Asks the hypervisor about one virtual machine.
    ///
    /// # Errors
    /// [`CallError::Absent`] or [`CallError::NotFound`] when there is none, or any other.
    async fn vm_status(&self, vm: &VmUuid) -> Result<VmStatus, CallError>;

    /// Lists the virtual machines that are still being made.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn pending_vms(&self) -> Result<Listing<PendingVm>, CallError>;

    /// Lists the machines that a volume can attach to, workers of clusters among them.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn volume_hosts(&self) -> Result<Listing<VolumeHost>, CallError>;

    /// Lists the categories of plans.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn plan_categories(&self) -> Result<Listing<PlanCategory>, CallError>;

    /// Lists the plans of a category with their prices.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn plans(&self, query: &PlanQuery) -> Result<Listing<Plan>, CallError>;

    /// Lists the data centres, those given up included.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn datacenters(&self) -> Result<Listing<Datacenter>, CallError>;

    /// Lists the SSH keys, without their text.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn ssh_keys(&self) -> Result<Listing<SshKey>, CallError>;

    /// Lists the projects.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn projects(&self) -> Result<Listing<Project>, CallError>;

    /// Lists the tags, by the kind of what carries them.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with an object.
    async fn tags(&self) -> Result<BTreeMap<String, Vec<Tag>>, CallError>;
}

/// Deletes node groups. A trait of its own, so that few can be given it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DeleteGroup: Send + Sync {
    /// Asks for the removal of a node group, and tells VPSie why in a note.
    ///
    /// What becomes of machines that are still in it is not known: empty it first.
    ///
    /// # Errors
    /// Says whether the group may be going all the same.
    async fn delete_group(&self, group: &GroupUuid, note: &str) -> Result<(), EffectError>;
}
