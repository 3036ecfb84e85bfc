//! Which call an HTTP request is, told from its method and path alone.

use chrono::{DateTime, Utc};
use http::Method;
use serde::Deserialize;

/// Names the calls that the simulated cloud understands.
///
/// Scenario files name them in snake case, such as `add_worker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Deletes a node group (K5).
    DeleteGroup,
    /// Adds a worker to a group (K6).
    AddWorker,
    /// Removes a named worker (K8).
    RemoveWorker,
    /// Lists node sizes (K11).
    Offers,
    /// Lists VMs (V1).
    Vms,
    /// Shows one VM (V2).
    Vm,
    /// Shows what the hypervisor says of a VM (V3).
    VmStatus,
    /// Lists VMs that are still being made (V4).
    PendingVms,
    /// Lists the machines that a volume can attach to, workers among them (V19).
    VolumeHosts,
    /// Lists plan categories (P1).
    PlanCategories,
    /// Lists the plans of a category (P2).
    Plans,
    /// Lists datacentres.
    Datacenters,
    /// Lists SSH keys.
    SshKeys,
    /// Shows one SSH key.
    SshKey,
    /// Lists projects.
    Projects,
    /// Shows one project.
    Project,
    /// Lists tags.
    Tags,
    /// Mints a personal token.
    MintToken,
    /// Anything else, answered with 404.
    Unknown,
}

// === impl CallKind ===

impl CallKind {
    /// Reports whether the answer holds a list that can be stale or cut.
    pub(crate) fn lists(self) -> bool {
        match self {
            Self::Clusters
            | Self::Cluster
            | Self::NodeGroups
            | Self::Offers
            | Self::Vms
            | Self::PendingVms
            | Self::VolumeHosts
            | Self::PlanCategories
            | Self::Plans
            | Self::Datacenters
            | Self::SshKeys
            | Self::Projects => true,
            Self::Authenticate
            | Self::CreateGroup
            | Self::DeleteGroup
            | Self::AddWorker
            | Self::RemoveWorker
            | Self::Vm
            | Self::VmStatus
            | Self::SshKey
            | Self::Project
            | Self::Tags
            | Self::MintToken
            | Self::Unknown => false,
        }
    }
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
    DeleteGroup(String),
    AddWorker { cluster: String, group: String },
    RemoveWorker(String),
    Offers,
    Vms,
    Vm(String),
    VmStatus(String),
    PendingVms,
    VolumeHosts,
    PlanCategories,
    Plans,
    Datacenters,
    SshKeys,
    SshKey(String),
    Projects,
    Project(String),
    Tags,
    MintToken,
    Unknown,
}

/// Where nearly everything lives.
const APPS: &str = "/apps/v2";
/// Where plan categories live, and where some clients look for VMs.
const API: &str = "/api/v2";

// === impl Route ===

impl Route {
    /// Finds the call of a method and a path; `aliases` are further prefixes under which everything answers.
    pub(super) fn of(method: &Method, path: &str, aliases: &[String]) -> Self {
        let method = method.as_str();
        if let Some(rest) = below(path, APPS) {
            return Self::under_apps(method, &rest).unwrap_or(Self::Unknown);
        }
        if let Some(rest) = below(path, API) {
            return Self::under_api(method, &rest).unwrap_or(Self::Unknown);
        }
        aliases
            .iter()
            .find_map(|alias| below(path, alias))
            .and_then(|rest| Self::under_apps(method, &rest).or_else(|| Self::under_api(method, &rest)))
            .unwrap_or(Self::Unknown)
    }

    fn under_apps(method: &str, segments: &[&str]) -> Option<Self> {
        Self::clusters_call(method, segments)
            .or_else(|| Self::vm_call(method, segments))
            .or_else(|| Self::account_call(method, segments))
    }

    fn under_api(method: &str, segments: &[&str]) -> Option<Self> {
        match (method, segments) {
            ("GET", ["plans", "category"]) => Some(Self::PlanCategories),
            // Pending VMs are known under the other prefix only.
            ("GET", ["vm", "pending"]) => None,
            _ => Self::vm_call(method, segments),
        }
    }

    fn clusters_call(method: &str, segments: &[&str]) -> Option<Self> {
        let call = match (method, segments) {
            ("POST", ["auth", "from", "api"]) => Self::Authenticate,
            ("GET", ["k8s", "cluster", "all"]) => Self::Clusters,
            ("GET", ["k8s", "cluster", "byId", cluster]) => Self::Cluster((*cluster).to_owned()),
            ("GET", ["k8s", "node", "groups", "byClusterId", cluster]) => {
                Self::NodeGroups((*cluster).to_owned())
            }
            ("POST", ["k8s", "cluster", "add", "group"]) => Self::CreateGroup,
            ("DELETE", ["k8s", "cluster", "delete", "group", group]) => {
                Self::DeleteGroup((*group).to_owned())
            }
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
            _ => return None,
        };
        Some(call)
    }

    fn vm_call(method: &str, segments: &[&str]) -> Option<Self> {
        let call = match (method, segments) {
            ("GET", ["vm"]) => Self::Vms,
            ("GET", ["vm", "pending"]) => Self::PendingVms,
            ("GET", ["vm", vm]) => Self::Vm((*vm).to_owned()),
            ("GET", ["vm", "status", vm]) => Self::VmStatus((*vm).to_owned()),
            _ => return None,
        };
        Some(call)
    }

    fn account_call(method: &str, segments: &[&str]) -> Option<Self> {
        let call = match (method, segments) {
            ("GET", ["storages", "vms"]) => Self::VolumeHosts,
            ("POST", ["resources"]) => Self::Plans,
            ("GET", ["datacenter"]) => Self::Datacenters,
            ("GET", ["sshkeys"]) => Self::SshKeys,
            ("GET", ["sshkey", key]) => Self::SshKey((*key).to_owned()),
            ("GET", ["projects"]) => Self::Projects,
            ("GET", ["projects", project]) => Self::Project((*project).to_owned()),
            ("GET", ["tags"]) => Self::Tags,
            ("POST", ["profile", "security", "access", "token"]) => Self::MintToken,
            _ => return None,
        };
        Some(call)
    }

    pub(super) fn kind(&self) -> CallKind {
        match self {
            Self::Authenticate => CallKind::Authenticate,
            Self::Clusters => CallKind::Clusters,
            Self::Cluster(_) => CallKind::Cluster,
            Self::NodeGroups(_) => CallKind::NodeGroups,
            Self::CreateGroup => CallKind::CreateGroup,
            Self::DeleteGroup(_) => CallKind::DeleteGroup,
            Self::AddWorker { .. } => CallKind::AddWorker,
            Self::RemoveWorker(_) => CallKind::RemoveWorker,
            Self::Offers => CallKind::Offers,
            Self::Vms => CallKind::Vms,
            Self::Vm(_) => CallKind::Vm,
            Self::VmStatus(_) => CallKind::VmStatus,
            Self::PendingVms => CallKind::PendingVms,
            Self::VolumeHosts => CallKind::VolumeHosts,
            Self::PlanCategories => CallKind::PlanCategories,
            Self::Plans => CallKind::Plans,
            Self::Datacenters => CallKind::Datacenters,
            Self::SshKeys => CallKind::SshKeys,
            Self::SshKey(_) => CallKind::SshKey,
            Self::Projects => CallKind::Projects,
            Self::Project(_) => CallKind::Project,
            Self::Tags => CallKind::Tags,
            Self::MintToken => CallKind::MintToken,
            Self::Unknown => CallKind::Unknown,
        }
    }
}

// === helpers ===

/// Returns the segments of a path below a prefix.
fn below<'a>(path: &'a str, prefix: &str) -> Option<Vec<&'a str>> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    Some(rest.strip_prefix('/')?.split('/').collect())
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
                "DELETE",
                "/apps/v2/k8s/cluster/delete/group/g1",
                CallKind::DeleteGroup,
            ),
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
            ("GET", "/apps/v2/vm", CallKind::Vms),
            ("GET", "/apps/v2/vm/v1", CallKind::Vm),
            ("GET", "/apps/v2/vm/status/v1", CallKind::VmStatus),
            ("GET", "/apps/v2/vm/pending", CallKind::PendingVms),
            ("GET", "/api/v2/vm", CallKind::Vms),
            ("GET", "/api/v2/vm/v1", CallKind::Vm),
            ("GET", "/api/v2/vm/status/v1", CallKind::VmStatus),
            ("GET", "/api/v2/vm/pending", CallKind::Unknown),
            ("GET", "/apps/v2/storages/vms", CallKind::VolumeHosts),
            ("GET", "/api/v2/plans/category", CallKind::PlanCategories),
            ("GET", "/apps/v2/plans/category", CallKind::Unknown),
            ("POST", "/apps/v2/resources", CallKind::Plans),
            ("GET", "/apps/v2/datacenter", CallKind::Datacenters),
            ("GET", "/apps/v2/sshkeys", CallKind::SshKeys),
            ("GET", "/apps/v2/sshkey/k1", CallKind::SshKey),
            ("GET", "/apps/v2/projects", CallKind::Projects),
            ("GET", "/apps/v2/projects/p1", CallKind::Project),
            ("GET", "/apps/v2/tags", CallKind::Tags),
            (
                "POST",
                "/apps/v2/profile/security/access/token",
                CallKind::MintToken,
            ),
            ("GET", "/apps/v2x/vm", CallKind::Unknown),
            ("DELETE", "/apps/v2/vm", CallKind::Unknown),
            ("DELETE", "/apps/v2/k8s/cluster/byId/c1/reduce", CallKind::Unknown),
            ("GET", "/v2/k8s/cluster/all", CallKind::Unknown),
            ("POST", "/apps/v2/k8s/cluster/all", CallKind::Unknown),
        ];
        for (method, path, expected) in cases {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(Route::of(&method, path, &[]).kind(), expected, "{method} {path}");
        }
    }

    #[test]
    fn alias_answers_like_both_prefixes() {
        let aliases = ["/v2/".to_owned()];
        let of = |path: &str| Route::of(&Method::GET, path, &aliases).kind();
        assert_eq!(of("/v2/k8s/cluster/all"), CallKind::Clusters);
        assert_eq!(of("/v2/plans/category"), CallKind::PlanCategories);
        assert_eq!(of("/apps/v2/k8s/cluster/all"), CallKind::Clusters);
        assert_eq!(of("/v3/k8s/cluster/all"), CallKind::Unknown);
    }
}
