//! Follows the Secret while the operator runs, so that a new token needs no restart.

use super::{Access, read};
use kube::Client;
use std::sync::Arc;
use std::time::Duration;

/// How soon a change of the Secret is noticed; one small read of the Kubernetes API each.
const INTERVAL: Duration = Duration::from_secs(60);

/// Names the Secret that is followed, and what of it is in use.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
    /// The URL that the Secret named when the client of VPSie was made.
    pub url: Option<String>,
    /// Whether somebody has named the URL elsewhere, so that the one in the Secret does not matter.
    pub url_is_fixed: bool,
}

impl Followed {
    fn names_another_url(&self, access: &Access) -> bool {
        !self.url_is_fixed && access.url != self.url
    }
}

/// Reads the Secret every minute and hands new credentials to the client of VPSie. Never ends.
///
/// # Guarantees
/// Whatever goes wrong, the credentials in use stay. They also stay when the Secret names
/// another URL: the client's URL is fixed, and the new credentials are not for the old one.
/// Both are said in the log, every minute, until the process is restarted.
pub async fn follow(kubernetes: Client, followed: Followed, vpsie: Arc<vpsie_api::Client>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let access = match read(&kubernetes, &followed.namespace, &followed.name).await {
            Ok(access) => access,
            Err(error) => {
                tracing::warn!(%error, "the credentials of VPSie stay as they are");
                continue;
            }
        };
        if followed.names_another_url(&access) {
            tracing::warn!(
                namespace = followed.namespace,
                secret = followed.name,
                "the Secret names another URL of VPSie; restart the autoscaler to use it and the credentials \
                 beside it, until then the old ones stay in use"
            );
            continue;
        }
        match vpsie.replace_credentials(access.credentials) {
            Ok(true) => tracing::info!("the credentials of VPSie have changed and are in use"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the credentials of VPSie stay as they are"),
        }
    }
}
