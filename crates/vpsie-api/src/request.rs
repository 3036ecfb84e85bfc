//! Each call as an HTTP request value. No socket.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use url::Url;

use crate::family::{Bases, Family};
use crate::{Call, CallError, ClusterId, CreateGroup, DatacenterId, GroupNumber, NodeUuid, RequestId};

mod inventory;

pub(crate) use inventory::PAGE;

/// The header that carries a [`RequestId`], ours or VPSie's.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Holds one call: method, path below the base URL, body.
pub(crate) struct Request {
    pub(crate) call: Call,
    method: Method,
    family: Family,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Body>,
    request_id: Option<RequestId>,
}

struct Body {
    content_type: &'static str,
    bytes: Bytes,
}

impl Body {
    fn form(text: String) -> Self {
        Self {
            content_type: "application/x-www-form-urlencoded",
            bytes: text.into(),
        }
    }
}

/// Leaves the body out: it may hold the client secret.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("call", &self.call)
            .field("segments", &self.segments)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// K1: lists the clusters.
    pub(crate) fn clusters() -> Self {
        Self::new(Call::ListClusters, Method::GET, &["k8s", "cluster", "all"])
    }

    /// K2: reads one cluster.
    pub(crate) fn cluster(cluster: &ClusterId) -> Self {
        Self::new(
            Call::GetCluster,
            Method::GET,
            &["k8s", "cluster", "byId", cluster.as_str()],
        )
    }

    /// K3: lists the node groups of a cluster.
    pub(crate) fn node_groups(cluster: &ClusterId) -> Self {
        let path = ["k8s", "node", "groups", "byClusterId", cluster.as_str()];
        Self::new(Call::ListNodeGroups, Method::GET, &path)
    }

    /// K4: creates a node group.
    pub(crate) fn create_group(group: &CreateGroup) -> Self {
        let path = ["k8s", "cluster", "add", "group"];
        Self::new(Call::CreateGroup, Method::POST, &path).json(&json!({
            "clusterIdentifier": group.cluster,
            "groupName": group.name,
            "KubeSizeID": group.size,
        }))
    }

    /// K6: adds a worker. VPSie expects no body.
    pub(crate) fn add_worker(cluster: &ClusterId, group: GroupNumber, id: &RequestId) -> Self {
        let group = group.to_string();
        let path = [
            "k8s",
            "cluster",
            "byId",
            cluster.as_str(),
            "add",
            "slave",
            "group",
            group.as_str(),
        ];
        let request = Self::new(Call::AddWorker, Method::POST, &path);
        Self {
            request_id: Some(id.clone()),
            ..request
        }
    }

    /// K8: removes a named worker. The body of this DELETE names the victim.
    pub(crate) fn remove_worker(cluster: &ClusterId, node: &NodeUuid) -> Self {
        let path = ["k8s", "cluster", "byId", cluster.as_str(), "delete", "slave"];
        Self::new(Call::RemoveWorker, Method::DELETE, &path).json(&json!({ "identifier": node }))
    }

    /// K11: lists the machine sizes of a data centre.
    pub(crate) fn offers(datacenter: &DatacenterId) -> Self {
        Self::new(Call::ListOffers, Method::POST, &["k8s", "offers"])
            .json(&json!({ "dcIdentifier": datacenter }))
    }

    /// Exchanges a client id and secret for a token, as JSON.
    pub(crate) fn authenticate_json(id: &str, secret: &str) -> Self {
        Self::authenticate().json(&json!({ "clientId": id, "clientSecret": secret }))
    }

    /// Exchanges a client id and secret for a token, as a form.
    pub(crate) fn authenticate_form(id: &str, secret: &str) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("clientId", id)
            .append_pair("clientSecret", secret)
            .finish();
        Self {
            body: Some(Body::form(form)),
            ..Self::authenticate()
        }
    }

    fn authenticate() -> Self {
        let request = Self::new(Call::Authenticate, Method::POST, &["auth", "from", "api"]);
        Self {
            family: Family::Authentication,
            ..request
        }
    }

    fn new(call: Call, method: Method, path: &[&str]) -> Self {
        let segments = path.iter().map(|segment| (*segment).to_owned()).collect();
        Self {
            call,
            method,
            family: Family::Kubernetes,
            segments,
            query: Vec::new(),
            body: None,
            request_id: None,
        }
    }

    fn json(self, body: &Value) -> Self {
        let body = Body {
            content_type: "application/json",
            bytes: body.to_string().into(),
        };
        Self {
            body: Some(body),
            ..self
        }
    }

    /// Addresses the request.
    pub(crate) fn to_http(
        &self,
        bases: &Bases,
        user_agent: &HeaderValue,
        authorization: Option<(HeaderName, HeaderValue)>,
    ) -> Result<http::Request<Bytes>, CallError> {
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(self.url(bases.of(self.family))?.as_str())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, user_agent);
        if let Some((name, value)) = authorization {
            request = request.header(name, value);
        }
        if let Some(id) = &self.request_id {
            request = request.header(REQUEST_ID, id.as_str());
        }
        if self.method == Method::POST && self.body.is_none() {
            // The HTTP library would leave it out, and some gateways insist on it.
            request = request.header(CONTENT_LENGTH, 0);
        }
        let mut bytes = Bytes::new();
        if let Some(body) = &self.body {
            request = request.header(CONTENT_TYPE, body.content_type);
            bytes = body.bytes.clone();
        }
        request
            .body(bytes)
            .map_err(|error| self.not_sent(&error.to_string()))
    }

    /// Appends the path. An identifier that a path would swallow names another call.
    fn url(&self, base: &Url) -> Result<Url, CallError> {
        if self
            .segments
            .iter()
            .any(|segment| matches!(segment.as_str(), "" | "." | ".."))
        {
            return Err(self.not_sent("an identifier is empty or consists of dots"));
        }
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| self.not_sent("the base URL cannot carry a path"))?
            .pop_if_empty()
            .extend(&self.segments);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    fn not_sent(&self, reason: &str) -> CallError {
        CallError::NotSent {
            call: self.call,
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
