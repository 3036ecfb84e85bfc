//! The requests that read what the account has: machines, plans, data centres and the like.

use http::Method;

use super::{Body, Request};
use crate::{Call, Family, GroupUuid, PlanQuery, VmUuid};

/// Entries of one page; what VPSie's own storage driver asks for.
pub(crate) const PAGE: usize = 1000;

impl Request {
    /// K5: deletes a node group, by its UUID.
    pub(crate) fn delete_group(group: &GroupUuid, note: &str) -> Self {
        let path = ["k8s", "cluster", "delete", "group", group.as_str()];
        Self::new(Call::DeleteGroup, Method::DELETE, &path).json(&serde_json::json!({
            "deleteStatistic": { "reason": "autoscaler", "note": note },
        }))
    }

    /// V1: lists the virtual machines. Nobody pages this list.
    pub(crate) fn vms() -> Self {
        Self::get(Call::ListVms, Family::Vms, &["vm"])
    }

    /// V2: reads one virtual machine.
    pub(crate) fn vm(vm: &VmUuid) -> Self {
        Self::get(Call::GetVm, Family::Vms, &["vm", vm.as_str()])
    }

    /// V3: asks the hypervisor about one virtual machine.
    pub(crate) fn vm_status(vm: &VmUuid) -> Self {
        Self::get(Call::GetVmStatus, Family::Vms, &["vm", "status", vm.as_str()])
    }

    /// V4: lists the virtual machines that are still being made.
    pub(crate) fn pending_vms() -> Self {
        Self::get(Call::ListPendingVms, Family::PendingVms, &["vm", "pending"])
    }

    /// V19: lists a page of the machines that a volume can attach to.
    pub(crate) fn volume_hosts(offset: usize) -> Self {
        Self::get(Call::ListVolumeHosts, Family::Storages, &["storages", "vms"]).page(offset)
    }

    /// P1: lists the categories of plans.
    pub(crate) fn plan_categories() -> Self {
        Self::get(
            Call::ListPlanCategories,
            Family::PlanCategories,
            &["plans", "category"],
        )
    }

    /// P2: lists the plans of a category. VPSie wants a form, and two of its fields to hold
    /// their own names.
    pub(crate) fn plans(query: &PlanQuery) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("dcIdentifier", query.datacenter.as_str())
            .append_pair("osIdentifier", query.image.as_str())
            .append_pair("planCatIdentifier", query.category.as_str())
            .append_pair("name", "query")
            .append_pair("description", "query")
            .append_pair("isCustom", "0")
            .finish();
        let request = Self::new(Call::ListPlans, Method::POST, &["resources"]);
        Self {
            family: Family::Plans,
            body: Some(Body::form(form)),
            ..request
        }
    }

    /// Lists a page of the data centres.
    pub(crate) fn datacenters(offset: usize) -> Self {
        Self::get(Call::ListDatacenters, Family::Account, &["datacenter"]).page(offset)
    }

    /// Lists the SSH keys.
    pub(crate) fn ssh_keys() -> Self {
        Self::get(Call::ListSshKeys, Family::Account, &["sshkeys"])
    }

    /// Lists the projects.
    pub(crate) fn projects() -> Self {
        Self::get(Call::ListProjects, Family::Account, &["projects"])
    }

    /// Lists the tags.
    pub(crate) fn tags() -> Self {
        Self::get(Call::ListTags, Family::Account, &["tags"])
    }

    fn get(call: Call, family: Family, path: &[&str]) -> Self {
        let request = Self::new(call, Method::GET, path);
        Self { family, ..request }
    }

    /// Asks for a page. The offset counts entries, not pages.
    fn page(self, offset: usize) -> Self {
        let query = vec![("offset", offset.to_string()), ("limit", PAGE.to_string())];
        Self { query, ..self }
    }
}
