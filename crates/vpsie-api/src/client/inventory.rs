//! The calls that read what the account has, and the one that deletes a group.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::Client;
use crate::fields::{Fields, Flaw};
use crate::request::{PAGE, Request};
use crate::{
    CallError, Datacenter, DeleteGroup, EffectError, GroupUuid, Inventory, Listing, PendingVm, Plan,
    PlanCategory, PlanQuery, Project, SshKey, Tag, Vm, VmStatus, VmUuid, VolumeHost,
};

/// Most pages of one list; a server that never comes to an end is not followed further.
const MOST_PAGES: usize = 100;

impl Client {
    /// Reads a list at once.
    async fn list<T>(
        &self,
        request: &Request,
        decode: impl Fn(&Fields<'_>) -> Result<T, Flaw>,
    ) -> Result<Listing<T>, CallError> {
        self.read(request).await?.listing(decode)
    }

    /// Reads a list page by page, until a page is short or brings nothing new.
    ///
    /// A server may ignore the offset, and then every page is the first one.
    async fn pages<T, K: Ord>(
        &self,
        request: impl Fn(usize) -> Request,
        decode: impl Fn(&Fields<'_>) -> Result<T, Flaw>,
        key: impl Fn(&T) -> K,
    ) -> Result<Listing<T>, CallError> {
        let mut listing = Listing::default();
        let mut seen = BTreeSet::new();
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let page = self.read(&request(offset)).await?.listing(&decode)?;
            let length = page.entries.len();
            let known = seen.len();
            listing.total = page.total.or(listing.total);
            listing
                .entries
                .extend(page.entries.into_iter().filter(|entry| seen.insert(key(entry))));
            offset += length;
            if length < PAGE || seen.len() == known {
                break;
            }
        }
        Ok(listing)
    }
}

#[async_trait]
impl Inventory for Client {
    async fn vms(&self) -> Result<Listing<Vm>, CallError> {
        self.list(&Request::vms(), Vm::decode).await
    }

    async fn vm(&self, vm: &VmUuid) -> Result<Vm, CallError> {
        self.read(&Request::vm(vm)).await?.object(Vm::decode_alone)
    }

    async fn vm_status(&self, vm: &VmUuid) -> Result<VmStatus, CallError> {
        self.read(&Request::vm_status(vm)).await?.object(VmStatus::decode)
    }

    async fn pending_vms(&self) -> Result<Listing<PendingVm>, CallError> {
        self.list(&Request::pending_vms(), PendingVm::decode).await
    }

    async fn volume_hosts(&self) -> Result<Listing<VolumeHost>, CallError> {
        let key = |host: &VolumeHost| host.identifier.clone();
        self.pages(Request::volume_hosts, VolumeHost::decode, key).await
    }

    async fn plan_categories(&self) -> Result<Listing<PlanCategory>, CallError> {
        self.list(&Request::plan_categories(), PlanCategory::decode).await
    }

    async fn plans(&self, query: &PlanQuery) -> Result<Listing<Plan>, CallError> {
        self.list(&Request::plans(query), Plan::decode).await
    }

    async fn datacenters(&self) -> Result<Listing<Datacenter>, CallError> {
        let key = |datacenter: &Datacenter| datacenter.identifier.clone();
        self.pages(Request::datacenters, Datacenter::decode, key).await
    }

    async fn ssh_keys(&self) -> Result<Listing<SshKey>, CallError> {
        self.list(&Request::ssh_keys(), SshKey::decode).await
    }

    async fn projects(&self) -> Result<Listing<Project>, CallError> {
        self.read(&Request::projects()).await?.rows(Project::decode)
    }

    async fn tags(&self) -> Result<BTreeMap<String, Vec<Tag>>, CallError> {
        self.read(&Request::tags()).await?.object(Tag::decode_all)
    }
}

#[async_trait]
impl DeleteGroup for Client {
    async fn delete_group(&self, group: &GroupUuid, note: &str) -> Result<(), EffectError> {
        let reply = self.change(&Request::delete_group(group, note)).await?;
        reply.acceptance()?;
        Ok(())
    }
}
