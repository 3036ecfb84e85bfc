//! Follows the Secret while the operator runs, so that a new token needs no restart.

use super::{Access, CredentialsError, read};
use kube::Client;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// Says whether the Secret can be used as it is now; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<Mutex<Option<String>>>);

// === impl Standing ===

impl Standing {
    /// Returns why the Secret cannot be used, so that what was read before stays in use; nothing while all is well.
    pub fn problem(&self) -> Option<String> {
        self.get().clone()
    }

    /// Notes that the Secret can be used.
    fn recover(&self) {
        *self.get() = None;
    }

    /// Notes why the Secret cannot be used, and says so in the log.
    fn complain(&self, problem: String) {
        tracing::warn!(problem, "the credentials of VPSie stay as they are");
        *self.get() = Some(problem);
    }

    /// No assignment can stop half-way, so a panic elsewhere leaves it sound.
    fn get(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Followed ===

impl Followed {
    fn names_another_url(&self, access: &Access) -> bool {
        !self.url_is_fixed && access.url != self.url
    }
}

/// Reads the Secret every minute and hands new credentials to the client of VPSie. Never ends.
///
/// # Guarantees
/// Whatever goes wrong, the credentials in use stay: what runs needs them, and VPSie tells when they are no longer
/// any good. They also stay when the Secret names another URL: the client's URL is fixed, and the new credentials are
/// not for the old one. Both are said in the log, every minute, and by the standing, until it is mended. A Secret that
/// could not be asked for leaves the standing as it was.
pub async fn follow(
    kubernetes: Client,
    followed: Followed,
    vpsie: Arc<vpsie_api::Client>,
    standing: Standing,
) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let access = match read(&kubernetes, &followed.namespace, &followed.name).await {
            Ok(access) => access,
            Err(error @ CredentialsError::Unreadable { .. }) => {
                tracing::warn!(%error, "the credentials of VPSie stay as they are");
                continue;
            }
            Err(error) => {
                standing.complain(error.to_string());
                continue;
            }
        };
        if followed.names_another_url(&access) {
            let Followed { namespace, name, .. } = &followed;
            standing.complain(format!(
                "the Secret {namespace}/{name} names another URL of VPSie; restart the autoscaler to use it and the \
                 credentials beside it"
            ));
            continue;
        }
        match vpsie.replace_credentials(access.credentials) {
            Ok(has_changed) => {
                standing.recover();
                if has_changed {
                    tracing::info!("the credentials of VPSie have changed and are in use");
                }
            }
            Err(error) => standing.complain(error.to_string()),
        }
    }
}
