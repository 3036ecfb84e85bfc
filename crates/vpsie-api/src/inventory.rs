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
    /// Those of all projects: VPSie can filter, but nobody says whether by the number or the
    /// UUID, and a filter that is read wrongly makes machines look absent. Filter by
    /// [`Vm::project`].
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory};
    /// async fn print_vms(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     let vms = vpsie.vms().await?;
    ///     println!("truncated: {}", vms.is_truncated());
    ///     for vm in vms {
    ///         println!("{:?} is {:?}", vm.hostname, vm.lifecycle());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn vms(&self) -> Result<Listing<Vm>, CallError>;

    /// Reads one virtual machine.
    ///
    /// # Errors
    /// [`CallError::Absent`] or [`CallError::NotFound`] when there is none, or any other.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory, VmUuid};
    /// async fn print_vm(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     let id = VmUuid::new("5d2a4b88-f8f3-11f0-9b1e-0050569c68dc");
    ///     println!("{:?}", vpsie.vm(&id).await?.addresses);
    ///     Ok(())
    /// }
    /// ```
    async fn vm(&self, vm: &VmUuid) -> Result<Vm, CallError>;

    /// Asks the hypervisor about one virtual machine.
    ///
    /// # Errors
    /// [`CallError::Absent`] or [`CallError::NotFound`] when there is none, or any other.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory, VmUuid};
    /// async fn print_status(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     let id = VmUuid::new("5d2a4b88-f8f3-11f0-9b1e-0050569c68dc");
    ///     println!("up for {:?}", vpsie.vm_status(&id).await?.uptime);
    ///     Ok(())
    /// }
    /// ```
    async fn vm_status(&self, vm: &VmUuid) -> Result<VmStatus, CallError>;

    /// Lists the virtual machines that are still being made.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory};
    /// async fn print_pending(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     for vm in vpsie.pending_vms().await? {
    ///         println!("{:?} is being made", vm.hostname);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn pending_vms(&self) -> Result<Listing<PendingVm>, CallError>;

    /// Lists the machines that a volume can attach to, workers of clusters among them.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory, VolumeHostKind};
    /// async fn print_workers(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     for host in vpsie.volume_hosts().await? {
    ///         if host.kind == VolumeHostKind::Kubernetes {
    ///             println!("{:?} is {}", host.hostname, host.identifier);
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn volume_hosts(&self) -> Result<Listing<VolumeHost>, CallError>;

    /// Lists the categories of plans.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory};
    /// async fn print_categories(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     for category in vpsie.plan_categories().await? {
    ///         println!("{}: {:?}", category.identifier, category.name);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn plan_categories(&self) -> Result<Listing<PlanCategory>, CallError>;

    /// Lists the plans of a category with their prices.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, DatacenterId, ImageId, Inventory, PlanCategoryId, PlanQuery};
    /// async fn print_plans(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     let query = PlanQuery {
    ///         datacenter: DatacenterId::new("55f06b85-c9ee-11e3-9845-005056aa8af7"),
    ///         image: ImageId::new("the-uuid-of-an-image"),
    ///         category: PlanCategoryId::new("cat-1"),
    ///     };
    ///     for plan in vpsie.plans(&query).await? {
    ///         println!("{:?}: {:?} a month", plan.name, plan.price.per_month());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn plans(&self, query: &PlanQuery) -> Result<Listing<Plan>, CallError>;

    /// Lists the data centres, those given up included.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory};
    /// async fn print_datacenters(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     for datacenter in vpsie.datacenters().await? {
    ///         println!("{}: {:?}", datacenter.identifier, datacenter.name);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn datacenters(&self) -> Result<Listing<Datacenter>, CallError>;

    /// Lists the SSH keys, without their text.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory};
    /// async fn print_keys(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     for key in vpsie.ssh_keys().await? {
    ///         println!("{}: {:?}", key.identifier, key.name);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn ssh_keys(&self) -> Result<Listing<SshKey>, CallError>;

    /// Lists the projects.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory};
    /// async fn print_projects(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     for project in vpsie.projects().await? {
    ///         println!("{}: {:?}", project.identifier, project.name);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn projects(&self) -> Result<Listing<Project>, CallError>;

    /// Lists the tags, by the kind of what carries them.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with an object.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, Inventory};
    /// async fn print_tags(vpsie: &dyn Inventory) -> Result<(), CallError> {
    ///     for (kind, tags) in vpsie.tags().await? {
    ///         println!("{} tags on {kind}", tags.len());
    ///     }
    ///     Ok(())
    /// }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{DeleteGroup, EffectError, GroupUuid};
    /// async fn delete(vpsie: &dyn DeleteGroup) -> Result<(), EffectError> {
    ///     let group = GroupUuid::new("3b0d2e66-f8f3-11f0-9b1e-0050569c68dc");
    ///     vpsie.delete_group(&group, "no longer needed").await?;
    ///     Ok(())
    /// }
    /// ```
    async fn delete_group(&self, group: &GroupUuid, note: &str) -> Result<(), EffectError>;
}
