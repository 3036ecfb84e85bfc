//! One look at both sides that changes nothing: what the operator would see now, read once.

use crate::baseline::{Stored, read_all};
use crate::kept::Node;
use crate::poll::{Absences, Poller, Polls};
use crate::resources::{self, NodeGroup, keys};
use crate::settings::Settings;
use crate::trouble::Troubles;
use crate::watches::Unreadable;
use crate::world::{ClaimObject, Index, World, wanted};
use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::{self, ConfigMap};
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use vpsie_api::VpsieApi;

/// How many objects one page of a list holds: five hundred Nodes are about five megabytes.
pub(crate) const PAGE: u32 = 500;
/// Longest wait for one list or object; a person waits for the answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Everything that one look saw.
pub struct Observation {
    now: DateTime<Utc>,
    settings: Settings,
    groups: Vec<Arc<NodeGroup>>,
    claims: Vec<ClaimObject>,
    nodes: Vec<Arc<Node>>,
    polls: Polls,
    stored: Stored,
    without_candidate: Absences<String>,
    troubles: Troubles,
}

/// Why Kubernetes could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// A kind is not known to the API server.
    #[error(
        "{what} are not known to the API server; apply the resource definitions: `autoscaler crd | kubectl apply -f -`"
    )]
    NotInstalled {
        /// What was asked for.
        what: &'static str,
    },
    /// The API server forbids it.
    #[error(
        "the API server forbids you to {verb} {what}; ask for that right, or use the kubeconfig of somebody who has it"
    )]
    Forbidden {
        /// The missing verb.
        verb: &'static str,
        /// What was asked for.
        what: &'static str,
    },
    /// The API server could not be asked.
    #[error("the {what} could not be read; check the kubeconfig and that the API server is reachable")]
    Unreachable {
        /// What was asked for.
        what: &'static str,
        /// What the client says.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time.
    #[error("the API server did not answer within 30 seconds when asked for {what}; try again")]
    TimedOut {
        /// What was asked for.
        what: &'static str,
    },
}

// === impl Observation ===

impl Observation {
    /// Lists the three kinds, gets the stored baselines, and polls VPSie once.
    ///
    /// # Guarantees
    /// Reads only. It needs the verb list on `nodegroups`, `vpsienodes` and `nodes`, and get on the ConfigMap of
    /// baselines; of VPSie it asks what one poll of the operator asks. What VPSie does not answer is kept as the
    /// answer of its cluster, as the operator keeps it.
    ///
    /// # Errors
    ///
    /// Says what could not be read in Kubernetes, and which right is missing.
    pub async fn make(
        client: &Client,
        vpsie: Arc<dyn VpsieApi>,
        settings: Settings,
        now: DateTime<Utc>,
    ) -> Result<Self, ObservationError> {
        let groups: Vec<Arc<NodeGroup>> = list(client, "nodegroups").await?;
        let objects: Vec<Arc<resources::VPSieNode>> = list(client, "vpsienodes").await?;
        let nodes: Vec<Arc<v1::Node>> = list(client, "nodes").await?;
        let nodes = nodes
            .into_iter()
            .map(|node| Arc::new(Arc::unwrap_or_clone(node).into()))
            .collect();
        let claims: Vec<ClaimObject> = objects
            .into_iter()
            .map(|object| ClaimObject::new(Arc::new(object.as_ref().into())))
            .collect();
        let stored = stored(client, &settings.namespace).await?;
        let mut polls = Polls::new(settings.absence_spacing);
        let mut poller = Poller::new(vpsie);
        poller.start(now, &wanted(&groups, &claims));
        poller.finish().await;
        poller.take_in(&mut polls);
        Ok(Self {
            without_candidate: Absences::spaced(settings.candidate_spacing),
            troubles: Troubles::default(),
            now,
            settings,
            groups,
            claims,
            nodes,
            polls,
            stored,
        })
    }

    /// Returns what was seen, as the operator looks at it.
    pub fn world(&self) -> World<'_> {
        World {
            now: self.now,
            settings: &self.settings,
            groups: self.groups.clone(),
            claims: self.claims.clone(),
            nodes: self.nodes.clone(),
            // What cannot be read ends an observation as a whole.
            unreadable: Unreadable::default(),
            polls: &self.polls,
            baselines: &self.stored.baselines,
            firsts: &self.stored.firsts,
            tombstones: &self.stored.tombstones,
            without_candidate: &self.without_candidate,
            endpoints: Arc::default(),
            troubles: &self.troubles,
            credentials: None,
            growth: OnceLock::new(),
            index: Index::default(),
            skew: None,
            is_hand_over: false,
            began_at: None,
        }
        .in_order()
    }
}

/// Lists all objects of a kind, page by page; one that cannot be read is left out, as the watches leave it out.
async fn list<K>(client: &Client, what: &'static str) -> Result<Vec<Arc<K>>, ObservationError>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let api = Api::<DeserializeGuard<K>>::all(client.clone());
    let mut all = Vec::new();
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let found = within(what, "list", api.list(&page)).await?;
        for guard in found.items {
            match guard.0 {
                Ok(object) => all.push(Arc::new(object)),
                Err(error) => {
                    let name = error.metadata.name.unwrap_or_default();
                    tracing::warn!(
                        what,
                        name,
                        error = error.error,
                        "the object cannot be read and is left out"
                    );
                }
            }
        }
        match found.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => return Ok(all),
        }
    }
}

async fn stored(client: &Client, namespace: &str) -> Result<Stored, ObservationError> {
    let api = Api::<ConfigMap>::namespaced(client.clone(), namespace);
    let what = "the ConfigMap vpsie-autoscaler-baselines";
    let map = within(what, "get", api.get_opt(keys::CONFIG_MAP_BASELINES)).await?;
    Ok(map.map(|map| read_stored(&map)).unwrap_or_default())
}

fn read_stored(map: &ConfigMap) -> Stored {
    let (stored, errors) = read_all(map);
    for error in errors {
        tracing::warn!(%error, name = map.name_any(), "an entry cannot be read and is left out");
    }
    stored
}

/// Waits for an answer of the API server, not too long, and says what is wrong without one.
pub(crate) async fn within<T>(
    what: &'static str,
    verb: &'static str,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, ObservationError> {
    let answer = tokio::time::timeout(ANSWER_LIMIT, call).await;
    answer
        .map_err(|_| ObservationError::TimedOut { what })?
        .map_err(|source| {
            let code = if let kube::Error::Api(status) = &source {
                status.code
            } else {
                0
            };
            match code {
                403 => ObservationError::Forbidden { verb, what },
                404 => ObservationError::NotInstalled { what },
                _ => ObservationError::Unreachable {
                    what,
                    source: Box::new(source),
                },
            }
        })
}
