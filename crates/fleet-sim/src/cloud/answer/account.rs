//! Answers about VMs, plans, datacentres, SSH keys, projects, tags and tokens.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response, header};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{data, json_body};
use crate::cloud::behaviour::TotalForm;
use crate::cloud::handle::with_status;
use crate::cloud::json;
use crate::cloud::world::World;

/// The categories of plans.
const CATEGORIES: [(&str, &str); 2] = [("cat-1", "Shared CPU"), ("cat-2", "Compute Optimized")];

/// What a plan request must name.
const PLAN_FIELDS: [&str; 3] = ["dcIdentifier", "osIdentifier", "planCatIdentifier"];

// === impl World: VMs ===

impl World {
    pub(super) fn vms(&self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        // All VMs are in one project; another one is empty.
        let project = query(request, "projectId");
        let is_ours = |wanted: &str| wanted == json::PROJECT.to_string() || wanted == self.project_uuid();
        let shown = if project.as_deref().is_none_or(is_ours) {
            self.shown_vms(now)
        } else {
            Vec::new()
        };
        let vms = shown.iter().map(|vm| vm.vm(&self.behaviour)).collect();
        self.list(vms)
    }

    pub(super) fn vm(&self, uuid: &str, now: DateTime<Utc>) -> Response<Bytes> {
        let shown = self.shown_vms(now);
        let found = shown.iter().find(|vm| vm.is(uuid));
        let Some(found) = found else {
            return data(&json!(false));
        };
        let reply = json!({"error": false, "data": found.alone(&self.behaviour), "total": 1});
        with_status(200, reply.to_string())
    }

    pub(super) fn vm_status(&self, uuid: &str, now: DateTime<Utc>) -> Response<Bytes> {
        let shown = self.shown_vms(now);
        let found = shown.iter().find(|vm| vm.is(uuid));
        data(&found.map_or(json!(false), |vm| vm.status(now)))
    }

    pub(super) fn pending_vms(&self, now: DateTime<Utc>) -> Response<Bytes> {
        let pending = self.account.vms.iter().filter(|vm| vm.made_at > now);
        let pending: Value = pending
            .map(|vm| json::pending(vm, &self.offers[&vm.spec.size]))
            .collect();
        data(&pending)
    }

    pub(super) fn volume_hosts(&self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        let hosts = self.shown_volume_hosts(now);
        let hosts = hosts
            .iter()
            .map(|host| host.volume_host(&self.behaviour))
            .collect();
        self.page(hosts, request)
    }
}

// === impl World: the account ===

impl World {
    pub(super) fn plan_categories(&self) -> Response<Bytes> {
        let categories: Value = CATEGORIES
            .iter()
            .map(|(identifier, name)| json!({"identifier": identifier, "name": name}))
            .collect();
        data(&categories)
    }

    /// Lists the plans of a category, asked for by a form.
    pub(super) fn plans(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let fields = form_body(request);
        let asked = |name: &str| fields[name].as_str().filter(|text| !text.is_empty());
        let complete = is_form(request) && PLAN_FIELDS.iter().all(|name| asked(name).is_some());
        if !complete {
            return self.refuse("dcIdentifier, osIdentifier and planCatIdentifier are required, as a form");
        }
        let known = self.account.datacenters.iter();
        let is_known = known
            .map(|known| Some(known.identifier.as_str()))
            .any(|known| known == asked("dcIdentifier"));
        let category = CATEGORIES
            .iter()
            .find(|(identifier, _)| Some(*identifier) == asked("planCatIdentifier"));
        let plans = self
            .offers
            .values()
            .filter(|size| is_known && category.is_some_and(|(_, name)| *name == size.category));
        let plans: Value = plans
            .enumerate()
            .map(|(place, size)| json::plan(size, json::monthly(size, self.behaviour.prices, place)))
            .collect();
        data(&plans)
    }

    pub(super) fn datacenters(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let datacenters = self.account.datacenters.iter().enumerate();
        let datacenters = datacenters.map(|(place, known)| json::datacenter(known, place == 0));
        self.page(datacenters.collect(), request)
    }

    pub(super) fn ssh_keys(&self, now: DateTime<Utc>) -> Response<Bytes> {
        let keys = self.account.ssh_keys.iter();
        self.list(keys.map(|key| json::ssh_key(key, long_ago(now))).collect())
    }

    pub(super) fn ssh_key(&self, uuid: &str, now: DateTime<Utc>) -> Response<Bytes> {
        let found = self.account.ssh_keys.iter().find(|key| key.uuid == uuid);
        data(&found.map_or(json!(false), |key| json::ssh_key(key, long_ago(now))))
    }

    pub(super) fn projects(&self, now: DateTime<Utc>) -> Response<Bytes> {
        let projects = self.account.projects.iter().enumerate();
        let rows: Vec<Value> = projects
            .map(|(place, project)| json::project(project, long_ago(now), place == 0))
            .collect();
        data(&json!({"count": rows.len(), "rows": rows}))
    }

    pub(super) fn project(&self, uuid: &str, now: DateTime<Utc>) -> Response<Bytes> {
        let mut projects = self.account.projects.iter().enumerate();
        let found = projects.find(|(_, project)| project.uuid == uuid);
        data(&found.map_or(json!(false), |(place, project)| {
            json::project(project, long_ago(now), place == 0)
        }))
    }

    pub(super) fn tags(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let entity = query(request, "entity");
        let identifier = query(request, "identifier");
        let key = self
            .account
            .ssh_keys
            .iter()
            .find(|key| Some(&key.uuid) == identifier.as_ref());
        let vm = self
            .account
            .vms
            .iter()
            .find(|vm| Some(&vm.uuid) == identifier.as_ref());
        let number = key.map(|key| key.number).or(vm.map(|vm| vm.number));
        let wanted = self.account.tags.iter().filter(|tag| {
            entity.as_ref().is_none_or(|entity| &tag.entity == entity)
                && (identifier.is_none() || number == Some(tag.entity_id))
        });
        data(&json::tags(wanted))
    }

    /// Mints a personal token that is accepted from now on.
    pub(super) fn mint_token(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        if json_body(request)["accessTokenName"].as_str().is_none() {
            return self.refuse("accessTokenName is required");
        }
        match self.access.mint() {
            Some(token) => data(&json!({"accessToken": token})),
            None => self.refuse("limit reached"),
        }
    }

    fn project_uuid(&self) -> &str {
        self.account.projects.first().map_or("", |project| &project.uuid)
    }

    /// Answers with a whole list.
    fn list(&self, items: Vec<Value>) -> Response<Bytes> {
        let total = items.len();
        self.list_of(items, total)
    }

    /// Answers with the part of a list that `offset` and `limit` ask for; a limit of 0 is none.
    fn page(&self, items: Vec<Value>, request: &Request<Bytes>) -> Response<Bytes> {
        let number = |name: &str| query(request, name).and_then(|text| text.parse::<usize>().ok());
        let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let total = items.len();
        let items = items.into_iter().skip(number("offset").unwrap_or(0)).take(limit);
        self.list_of(items.collect(), total)
    }

    fn list_of(&self, items: Vec<Value>, total: usize) -> Response<Bytes> {
        let mut reply = json!({"error": false, "data": items});
        match self.behaviour.totals {
            TotalForm::Number => reply["total"] = json!(total),
            TotalForm::List => reply["total"] = json!([{"count": total}]),
            TotalForm::Absent => {}
        }
        with_status(200, reply.to_string())
    }
}

// === helpers ===

/// Says when the keys and projects of the account were made; nothing depends on it.
fn long_ago(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(365)
}

fn query(request: &Request<Bytes>, name: &str) -> Option<String> {
    let text = request.uri().query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

pub(super) fn is_form(request: &Request<Bytes>) -> bool {
    let content = request.headers().get(header::CONTENT_TYPE);
    let content = content.and_then(|value| value.to_str().ok());
    content.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

pub(super) fn form_body(request: &Request<Bytes>) -> Value {
    let pairs = form_urlencoded::parse(request.body());
    pairs
        .map(|(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
