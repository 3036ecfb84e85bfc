//! From a scenario to a cloud.

use std::collections::BTreeMap;

use super::Scenario;
use super::file::{At, CategoryPart, ClusterPart, File, SizePart, VmPart, WhatPart};
use crate::clock::SimClock;
use crate::cloud::{
    Cloud, ClusterSpec, DatacenterSpec, Happening, OfferSpec, ProjectSpec, SshKeySpec, TagSpec, VmSpec,
};

/// Holds the identifiers behind the names of clusters and groups.
#[derive(Default)]
struct Names {
    clusters: BTreeMap<String, String>,
    groups: BTreeMap<(String, String), u64>,
}

// === impl Scenario ===

impl Scenario {
    /// Builds the cloud, with its faults planted and everything that will happen planned from now on.
    pub fn build(&self, clock: SimClock, seed: u64) -> Cloud {
        let cloud = Cloud::new(clock, seed);
        let file = &self.file;
        let credentials = self.credentials();
        cloud.accept_only_token(&credentials.token);
        cloud.accept_only_client(&credentials.client_id, &credentials.client_secret);
        // Behaviour comes first: it decides on what machines that are there from the start look like.
        cloud.behaviour(|behaviour| file.behaviour.apply(behaviour));
        furnish(&cloud, file);
        let names = add_clusters(&cloud, file);
        for fault in &file.faults {
            cloud.fault(fault.fault());
        }
        for happening in &file.happenings {
            cloud.plan(happening.after.0, names.happening(&happening.what));
        }
        cloud
    }
}

/// Adds what the clusters need and what belongs to the account.
fn furnish(cloud: &Cloud, file: &File) {
    if !file.sizes.is_empty() {
        cloud.replace_offers(file.sizes.iter().map(offer).collect());
    }
    for part in &file.datacenters {
        cloud.add_datacenter(DatacenterSpec {
            identifier: part.identifier.clone(),
            name: part.name.clone(),
            state: part.state.clone(),
            country: part.country.clone(),
            is_active: part.is_active,
        });
    }
    for part in &file.vms {
        cloud.add_vm(vm(file, part));
    }
    for part in &file.ssh_keys {
        cloud.add_ssh_key(SshKeySpec {
            name: part.name.clone(),
            key: part.key.clone(),
        });
    }
    for part in &file.projects {
        cloud.add_project(ProjectSpec {
            name: part.name.clone(),
            description: part.description.clone(),
        });
    }
    for part in &file.tags {
        cloud.add_tag(TagSpec {
            entity: part.entity.clone(),
            entity_id: part.entity_id,
            name: part.name.clone(),
        });
    }
}

fn add_clusters(cloud: &Cloud, file: &File) -> Names {
    let mut names = Names::default();
    for part in &file.clusters {
        let uuid = cloud.add_cluster(cluster(file, part));
        for group in &part.groups {
            let number = cloud.add_group(&uuid, &group.name.value, group.size.value);
            for _ in 0..count(group.workers.as_ref()) {
                cloud.add_settled_worker(&uuid, number);
            }
            let name = (part.name.value.clone(), group.name.value.clone());
            names.groups.insert(name, number);
        }
        names.clusters.insert(part.name.value.clone(), uuid);
    }
    names
}

fn offer(part: &SizePart) -> OfferSpec {
    let category = match part.category {
        CategoryPart::SharedCpu => "Shared CPU",
        CategoryPart::ComputeOptimized => "Compute Optimized",
    };
    OfferSpec {
        number: part.number.value,
        name: part.name.clone(),
        cpu: part.cpu.value,
        ram_mb: part.ram_mb.value,
        disk_gb: part.disk_gb.value,
        monthly_price_cents: part.price.0,
        category: category.to_owned(),
    }
}

fn cluster(file: &File, part: &ClusterPart) -> ClusterSpec {
    let usual = ClusterSpec::named(&part.name.value);
    ClusterSpec {
        managers: part.managers.value,
        workers_without_group: count(part.workers_without_group.as_ref()),
        version: part.version.clone().unwrap_or(usual.version),
        datacenter: part.datacenter.clone().unwrap_or(usual.datacenter),
        locked: part.locked,
        size: size(file, part.size.as_ref()),
        name: usual.name,
    }
}

fn vm(file: &File, part: &VmPart) -> VmSpec {
    let usual = VmSpec::named(&part.hostname);
    VmSpec {
        size: size(file, part.size.as_ref()),
        datacenter: part.datacenter.clone().unwrap_or(usual.datacenter),
        state: part.state.unwrap_or(usual.state),
        pending_for: part.pending_for.map_or(usual.pending_for, |wait| wait.0),
        hostname: usual.hostname,
    }
}

/// Returns the number of a size; without one it is the first of the file, or else of the standard ones.
fn size(file: &File, named: Option<&At<u64>>) -> u64 {
    let first = file.sizes.first().map(|size| size.number.value);
    let usual = first.unwrap_or_else(|| OfferSpec::standard()[0].number);
    named.map_or(usual, |size| size.value)
}

fn count(part: Option<&At<u32>>) -> u32 {
    part.map_or(0, |count| count.value)
}

// === impl Names ===

impl Names {
    fn happening(&self, what: &WhatPart) -> Happening {
        match what {
            WhatPart::Upgrade {
                cluster,
                version,
                pace,
            } => Happening::Upgrade {
                cluster: self.cluster(cluster),
                version: version.clone(),
                pace: pace.0,
            },
            WhatPart::AddMachine { cluster, group } => Happening::AddMachine {
                cluster: self.cluster(cluster),
                group: self.group(cluster, group.as_ref()),
            },
            WhatPart::RemoveMachine {
                cluster,
                group,
                which,
            } => Happening::RemoveMachine {
                cluster: self.cluster(cluster),
                group: self.group(cluster, group.as_ref()),
                which: *which,
            },
            WhatPart::Lock { cluster } => self.lock(cluster, true),
            WhatPart::Unlock { cluster } => self.lock(cluster, false),
            WhatPart::Behave(change) => Happening::Behave(change.clone()),
            WhatPart::Fault(fault) => Happening::Fault(fault.fault()),
            WhatPart::AcceptOnlyToken(token) => Happening::AcceptOnlyToken(token.value.clone()),
        }
    }

    fn lock(&self, cluster: &At<String>, locked: bool) -> Happening {
        Happening::Lock {
            cluster: self.cluster(cluster),
            locked,
        }
    }

    fn cluster(&self, name: &At<String>) -> String {
        let found = self.clusters.get(&name.value);
        found
            .expect("the check found every cluster that is named")
            .clone()
    }

    fn group(&self, cluster: &At<String>, group: Option<&At<String>>) -> Option<u64> {
        let group = group?;
        let found = self.groups.get(&(cluster.value.clone(), group.value.clone()));
        Some(*found.expect("the check found every group that is named"))
    }
}
