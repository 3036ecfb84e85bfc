//! The manifests of `deploy/`, read from the checkout and applied as a person applies them.

use std::path::Path;

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, ValidationDirective};
use serde_json::Value;

use crate::control_plane::{ControlPlane, Identity};

/// The namespace of the autoscaler's own objects.
pub const NAMESPACE: &str = "kube-system";
/// The name of its service account and of its roles.
pub const NAME: &str = "vpsie-autoscaler";

/// Reads all documents of one file of `deploy/`.
///
/// # Panics
/// Panics when there is no such file or it is not YAML.
pub fn documents(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Applies objects of any kind; a field that the API server does not know is refused.
///
/// # Panics
/// Panics when the API server refuses one.
pub async fn apply(client: &Client, objects: &[Value]) {
    for object in objects {
        if let Err(error) = try_apply(client, object).await {
            panic!("it is refused: {error}\n{object}");
        }
    }
}

/// Applies one object of any kind; a field that the API server does not know is refused.
///
/// # Errors
/// Returns what the API server says.
///
/// # Panics
/// Panics when the object has no kind or no name.
pub async fn try_apply(client: &Client, object: &Value) -> Result<DynamicObject, kube::Error> {
    let object: DynamicObject = serde_json::from_value(object.clone()).expect("an object of Kubernetes");
    let types = object.types.clone().expect("it names its kind");
    let kind = GroupVersionKind::try_from(types).expect("it names its API version");
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let name = object.metadata.name.clone().expect("it has a name");
    let params = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply("system-tests").force()
    };
    api.patch(&name, &params, &Patch::Apply(&object)).await
}

/// Gives the operator its service account with the rights of `deploy/rbac.yaml`, and acts as it.
///
/// # Panics
/// Panics when the API server refuses them.
pub async fn operator(control_plane: &ControlPlane) -> Identity {
    apply(&control_plane.client(), &documents("rbac.yaml")).await;
    control_plane.service_account(NAMESPACE, NAME).await
}
