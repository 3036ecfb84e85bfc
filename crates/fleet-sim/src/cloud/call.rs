//! Which call an HTTP request is, told from its method and path alone.

use chrono::{DateTime, Utc};
use http::Method;

/// Names the calls that the simulated cloud understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
    /// Exchanges client credentials for a token.
    Authenticate,
    /// Lists clusters (K1).
    Clusters,
    /// Shows one cluster with its nodes (K2).
    Cluster,
    /// Lists the node groups of a cluster (K3).
    NodeGroups,
    /// Creates a node group (K4).
    CreateGroup,
    /// Adds a worker to a group (K6).
    AddWorker,
    /// Removes a named worker (K8).
    RemoveWorker,
    /// Lists node sizes (K11).
    Offers,
    /// Anything else, answered with 404.
    Unknown,
}

/// Records one call that reached the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// Which call it was.
    pub kind: CallKind,
    /// The path that was asked for.
    pub path: String,
    /// The status that was answered; none when the caller got no answer.
    pub status: Option<u16>,
}

/// Holds a call with what its path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Authenticate,
    Clusters,
    Cluster(String),
    NodeGroups(String),
    CreateGroup,
    AddWorker { cluster: String, group: String },
    RemoveWorker(String),
    Offers,
    Unknown,
}

const PREFIX: &str = "/apps/v2";

// === impl Route ===

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let Some(rest) = path.strip_prefix(PREFIX) else {
            return Self::Unknown;
        };
        let segments: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("POST", ["auth", "from", "api"]) => Self::Authenticate,
            ("GET", ["k8s", "cluster", "all"]) => Self::Clusters,
            ("GET", ["k8s", "cluster", "byId", cluster]) => Self::Cluster((*cluster).to_owned()),
            ("GET", ["k8s", "node", "groups", "byClusterId", cluster]) => {
                Self::NodeGroups((*cluster).to_owned())
            }
            ("POST", ["k8s", "cluster", "add", "group"]) => Self::CreateGroup,
            ("POST", ["k8s", "cluster", "byId", cluster, "add", "slave", "group", group]) => {
                Self::AddWorker {
                    cluster: (*cluster).to_owned(),
                    group: (*group).to_owned(),
                }
            }
            ("DELETE", ["k8s", "cluster", "byId", cluster, "delete", "slave"]) => {
                Self::RemoveWorker((*cluster).to_owned())
            }
            ("POST", ["k8s", "offers"]) => Self::Offers,
            _ => Self::Unknown,
        }
    }

    pub(super) fn kind(&self) -> CallKind {
        match self {
            Self::Authenticate => CallKind::Authenticate,
            Self::Clusters => CallKind::Clusters,
            Self::Cluster(_) => CallKind::Cluster,
            Self::NodeGroups(_) => CallKind::NodeGroups,
            Self::CreateGroup => CallKind::CreateGroup,
            Self::AddWorker { .. } => CallKind::AddWorker,
            Self::RemoveWorker(_) => CallKind::RemoveWorker,
            Self::Offers => CallKind::Offers,
            Self::Unknown => CallKind::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_routes_are_known() {
        let cases = [
            ("GET", "/apps/v2/k8s/cluster/all", CallKind::Clusters),
            ("GET", "/apps/v2/k8s/cluster/byId/c1", CallKind::Cluster),
            (
                "GET",
                "/apps/v2/k8s/node/groups/byClusterId/c1",
                CallKind::NodeGroups,
            ),
            ("POST", "/apps/v2/k8s/cluster/add/group", CallKind::CreateGroup),
            (
                "POST",
                "/apps/v2/k8s/cluster/byId/c1/add/slave/group/412",
                CallKind::AddWorker,
            ),
            (
                "DELETE",
                "/apps/v2/k8s/cluster/byId/c1/delete/slave",
                CallKind::RemoveWorker,
            ),
            ("POST", "/apps/v2/k8s/offers", CallKind::Offers),
            ("POST", "/apps/v2/auth/from/api", CallKind::Authenticate),
            ("DELETE", "/apps/v2/k8s/cluster/byId/c1/reduce", CallKind::Unknown),
            ("GET", "/v2/k8s/cluster/all", CallKind::Unknown),
            ("POST", "/apps/v2/k8s/cluster/all", CallKind::Unknown),
        ];
        for (method, path, expected) in cases {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(Route::of(&method, path).kind(), expected, "{method} {path}");
        }
    }
}
