//! What each call does and answers, once it got through.

mod account;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use serde_json::{Value, json};

use self::account::{form_body, is_form};
use super::behaviour::{AddReply, AuthEncoding, AuthReply};
use super::call::Route;
use super::fault::FaultEffect;
use super::handle::{unauthorized, with_status};
use super::json;
use super::records::{Posting, PostingReply, Role};
use super::world::{Purchase, World};

const CLUSTER_GONE: &str = "kubernetes not found";
const WORKER_LIMIT: &str = "Worker nodes count exceeds the allowed limit";

// === impl World ===

impl World {
    /// Carries out a call and answers it.
    pub(super) fn answer(
        &mut self,
        route: &Route,
        request: &Request<Bytes>,
        machine_fault: Option<FaultEffect>,
        now: DateTime<Utc>,
    ) -> Response<Bytes> {
        match route {
            Route::Authenticate => self.authenticate(request, now),
            Route::Clusters => data(&self.cluster_summaries(now)),
            Route::Cluster(uuid) => data(
                &self
                    .cluster(uuid)
                    .map_or(json!(false), |found| self.cluster_detail(found, now)),
            ),
            Route::NodeGroups(uuid) => data(&self.node_groups(uuid, now)),
            Route::CreateGroup => self.create_group(request, now),
            Route::DeleteGroup(group) => self.delete_group(group, request, now),
            Route::AddWorker { cluster, group } => {
                self.post(cluster, group, request, now);
                self.buy(cluster, machine_fault, now)
            }
            Route::RemoveWorker(cluster) => self.remove_worker(cluster, request, now),
            Route::Offers => self.list_offers(request),
            Route::Vms => self.vms(request, now),
            Route::Vm(uuid) => self.vm(uuid, now),
            Route::VmStatus(uuid) => self.vm_status(uuid, now),
            Route::PendingVms => self.pending_vms(now),
            Route::VolumeHosts => self.volume_hosts(request, now),
            Route::PlanCategories => self.plan_categories(),
            Route::Plans => self.plans(request),
            Route::Datacenters => self.datacenters(request),
            Route::SshKeys => self.ssh_keys(now),
            Route::SshKey(uuid) => self.ssh_key(uuid, now),
            Route::Projects => self.projects(now),
            Route::Project(uuid) => self.project(uuid, now),
            Route::Tags => self.tags(request),
            Route::MintToken => self.mint_token(request),
            Route::Unknown => with_status(404, failure(404, "Not found")),
        }
    }

    /// Opens the ledger's record of an add; it has made nothing yet.
    pub(super) fn post(&mut self, cluster: &str, group: &str, request: &Request<Bytes>, now: DateTime<Utc>) {
        let id = request
            .headers()
            .get("x-request-id")
            .and_then(|value| value.to_str().ok());
        self.postings.push(Posting {
            number: self.postings.len() as u64 + 1,
            at: now,
            cluster: cluster.to_owned(),
            group: group.parse().unwrap_or(0),
            request_id: id.map(str::to_owned),
            machine: None,
            reply: PostingReply::Lost,
        });
    }

    fn cluster_summaries(&self, now: DateTime<Utc>) -> Value {
        self.clusters
            .iter()
            .map(|cluster| self.cluster_summary(cluster, now))
            .collect()
    }

    fn node_groups(&self, uuid: &str, now: DateTime<Utc>) -> Value {
        if self.cluster(uuid).is_none() {
            return json!(false);
        }
        let groups = self.groups.values().filter(|group| group.cluster == uuid);
        groups.map(|group| self.node_group(group, now)).collect()
    }

    /// Carries out the posting that was opened last.
    fn buy(&mut self, cluster: &str, fault: Option<FaultEffect>, now: DateTime<Utc>) -> Response<Bytes> {
        let posting = self.postings.last().expect("the posting was opened just before");
        let (number, group) = (posting.number, posting.group);
        if self.cluster(cluster).is_none() {
            return self.refuse(CLUSTER_GONE);
        }
        if self
            .groups
            .get(&group)
            .is_none_or(|found| found.cluster != cluster || found.deleted_at.is_some())
        {
            return self.refuse("Group not found");
        }
        let workers = self
            .alive_in(cluster, now)
            .filter(|machine| machine.role == Role::Worker)
            .count();
        if self
            .behaviour
            .worker_cap
            .is_some_and(|cap| workers >= cap as usize)
        {
            return self.refuse(WORKER_LIMIT);
        }
        let purchase = Purchase {
            posting: number,
            fault,
        };
        let uuid = self.add_worker(cluster, Some(group), now, Some(purchase));
        self.postings
            .last_mut()
            .expect("the posting was opened just before")
            .machine = Some(uuid.clone());
        match self.behaviour.add_reply {
            AddReply::True => data(&json!(true)),
            AddReply::Object => {
                let made = self.machines.values().find(|machine| machine.uuid == uuid);
                let hostname = made.expect("the machine was made just now").hostname.clone();
                data(&json!({"id": 0, "identifier": uuid, "status": "provisioning", "hostname": hostname}))
            }
        }
    }

    fn create_group(&mut self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        let body = json_body(request);
        let (Some(cluster), Some(name), Some(size)) = (
            body["clusterIdentifier"].as_str(),
            body["groupName"].as_str(),
            body["KubeSizeID"].as_u64(),
        ) else {
            return self.refuse("clusterIdentifier, groupName and KubeSizeID are required");
        };
        if self.cluster(cluster).is_none() {
            return self.refuse(CLUSTER_GONE);
        }
        if !self.offers.contains_key(&size) {
            return self.refuse("Size not found");
        }
        let same = self
            .groups
            .values()
            .find(|group| group.cluster == cluster && group.size == size && group.deleted_at.is_none());
        if let Some(same) = same {
            let name = &same.name;
            return self.refuse(&format!(
                "Group {name} has same selected Size, please select another size"
            ));
        }
        self.add_group(cluster, name, size, now);
        data(&json!(true))
    }

    /// Deletes a group without machines; what VPSie does with others is not known.
    fn delete_group(&mut self, uuid: &str, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        if !json_body(request)["deleteStatistic"].is_object() {
            // VPSie is known to break when a field of a deletion is missing, not to say so.
            return with_status(500, failure(500, "lost in the clouds"));
        }
        let found = self
            .groups
            .values()
            .find(|group| group.uuid == uuid && group.deleted_at.is_none());
        let Some(number) = found.map(|group| group.number) else {
            return with_status(404, failure(404, "Not found"));
        };
        let mut machines = self.machines.values();
        if machines.any(|machine| machine.group == Some(number) && machine.is_alive(now)) {
            return self.refuse("Group has nodes");
        }
        if let Some(group) = self.groups.get_mut(&number) {
            group.deleted_at = Some(now);
        }
        data(&json!(true))
    }

    /// Removes the worker that the body names; a master or an unknown machine is refused.
    fn remove_worker(
        &mut self,
        cluster: &str,
        request: &Request<Bytes>,
        now: DateTime<Utc>,
    ) -> Response<Bytes> {
        if self.cluster(cluster).is_none() {
            return self.refuse(CLUSTER_GONE);
        }
        let body = json_body(request);
        let Some(uuid) = body["identifier"].as_str() else {
            return self.refuse("identifier is required");
        };
        let Some(machine) = self.alive_in(cluster, now).find(|machine| machine.uuid == uuid) else {
            return with_status(404, failure(404, "Not found"));
        };
        if machine.role == Role::Manager {
            return self.refuse("Node is not a worker");
        }
        self.remove(uuid, now, false);
        data(&json!(true))
    }

    fn list_offers(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let body = json_body(request);
        let Some(datacenter) = body["dcIdentifier"].as_str() else {
            return self.refuse("dcIdentifier is required");
        };
        let known = self
            .clusters
            .iter()
            .any(|cluster| cluster.spec.datacenter == datacenter);
        let offers = self.offers.values().filter(|_| known).enumerate();
        let offers: Value = offers
            .map(|(place, size)| json::offer(size, self.behaviour.prices, place))
            .collect();
        data(&offers)
    }

    fn authenticate(&mut self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        let is_form = is_form(request);
        let understood = match self.behaviour.auth_encoding {
            AuthEncoding::Both => true,
            AuthEncoding::Json => !is_form,
            AuthEncoding::Form => is_form,
        };
        if !understood {
            return with_status(400, failure(400, "clientId and clientSecret are required"));
        }
        let body = if is_form {
            form_body(request)
        } else {
            json_body(request)
        };
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let expires = now + self.behaviour.token_life;
        let Some(token) = self
            .access
            .exchange(text("clientId"), text("clientSecret"), now, expires)
        else {
            return unauthorized();
        };
        let access = json!({"token": token, "expires": json::zoned(expires)});
        let refresh = json!({"token": "never-used", "expires": json::zoned(expires)});
        let reply = match self.behaviour.auth_reply {
            AuthReply::Flat => json!({"accessToken": access, "refreshToken": refresh}),
            AuthReply::Nested => json!({"error": false, "token": {"access": access, "refresh": refresh}}),
        };
        with_status(200, reply.to_string())
    }

    fn refuse(&self, message: &str) -> Response<Bytes> {
        let status = self.behaviour.refusal_status;
        with_status(status, failure(if status == 200 { 400 } else { status }, message))
    }
}

// === helpers ===

fn data(value: &Value) -> Response<Bytes> {
    with_status(200, json!({"error": false, "data": value}).to_string())
}

fn failure(code: u16, message: &str) -> String {
    json!({"error": true, "code": code, "message": message}).to_string()
}

fn json_body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap_or_default()
}
