//! Our definitions on a real API server, served before a test goes on.

use std::fmt::Debug;
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, all_crds};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ListParams, Patch, PatchParams};
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::NAMESPACE;

/// How long a new definition may take to be served; it takes a second on an idle machine.
const ESTABLISH_LIMIT: Duration = Duration::from_secs(60);

/// Applies our definitions to a real API server and waits until it serves them.
///
/// # Panics
/// Panics when it refuses one or takes too long.
pub async fn install_definitions(client: &Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for definition in all_crds() {
        let name = definition.name_any();
        let params = PatchParams::apply("system-tests");
        let applied = api.patch(&name, &params, &Patch::Apply(&definition)).await;
        applied.expect("the definition is valid");
        let established = await_condition(api.clone(), &name, conditions::is_crd_established());
        let established = tokio::time::timeout(ESTABLISH_LIMIT, established).await;
        established.expect("in time").expect("established");
    }
    let served = async {
        await_served::<NodeGroup>(client).await;
        await_served::<VPSieNode>(client).await;
    };
    let served = tokio::time::timeout(ESTABLISH_LIMIT, served).await;
    served.expect("the definitions are served in time");
}

/// Waits until a kind can be listed: a definition is established before its storage is ready.
async fn await_served<K>(client: &Client)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), NAMESPACE);
    while api.list_metadata(&ListParams::default()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
