//! The objects of a live cluster, listed once.

use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::{Intake, IntakeError, KINDS, Kind};
use crate::observation::{ObservationError, PAGE, within};

/// Says why a live cluster could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Kubernetes could not be looked at.
    #[error(transparent)]
    Observation(#[from] ObservationError),
    /// The API server listed something that is none.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

/// Lists every kind that a plan looks at, page by page.
///
/// # Guarantees
/// Reads only. It needs the verb list on each of these kinds, and no other right.
///
/// # Errors
/// Says what could not be read, and which right is missing.
pub async fn take(client: &Client, intake: &mut Intake) -> Result<(), LiveError> {
    for kind in &KINDS {
        take_kind(client, kind, intake).await?;
    }
    Ok(())
}

async fn take_kind(client: &Client, kind: &Kind, intake: &mut Intake) -> Result<(), LiveError> {
    let api_version = match kind.group {
        "" => kind.version.to_owned(),
        group => format!("{group}/{}", kind.version),
    };
    let resource = ApiResource {
        group: kind.group.to_owned(),
        version: kind.version.to_owned(),
        api_version: api_version.clone(),
        kind: kind.name.to_owned(),
        plural: kind.plural.to_owned(),
    };
    let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let found = within(kind.plural, "list", api.list(&page)).await?;
        for object in found.items {
            intake.take(typed(object, &api_version, kind))?;
        }
        match found.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => return Ok(()),
        }
    }
}

/// Says of an object what it is, which a list says once for all; who wrote which field is not planned with.
fn typed(object: DynamicObject, api_version: &str, kind: &Kind) -> Value {
    let mut metadata = object.metadata;
    metadata.managed_fields = None;
    let mut value = object.data;
    if let Value::Object(fields) = &mut value {
        fields.insert("apiVersion".to_owned(), api_version.into());
        fields.insert("kind".to_owned(), kind.name.into());
        fields.insert("metadata".to_owned(), json!(metadata));
    }
    value
}
