//! Access to a control plane as a service account, with the rights that RBAC gives it and no others.

use std::path::PathBuf;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::config::AuthInfo;
use kube::{Api, Client, Config};
use serde_json::json;

use super::ControlPlane;
use super::credentials::write;

/// How long a token is valid: longer than any test.
const TOKEN_SECONDS: i64 = 3600;

/// Acts as one service account.
#[derive(Clone, Debug)]
pub struct Identity {
    token: String,
    config: Config,
    kubeconfig: PathBuf,
}

// === impl Identity ===

impl Identity {
    /// Makes a client of the service account.
    ///
    /// # Panics
    /// Panics outside a tokio runtime.
    pub fn client(&self) -> Client {
        Client::try_from(self.config.clone()).expect("the administrator's settings worked, but for the token")
    }

    /// Returns the token that it shows.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the kubeconfig file of the service account.
    pub fn kubeconfig(&self) -> &std::path::Path {
        &self.kubeconfig
    }
}

// === impl ControlPlane ===

impl ControlPlane {
    /// Asks for a token of a service account that exists.
    ///
    /// # Panics
    /// Panics when the API server gives none.
    pub async fn service_account(&self, namespace: &str, name: &str) -> Identity {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client(), namespace);
        let request = TokenRequest {
            spec: TokenRequestSpec {
                expiration_seconds: Some(TOKEN_SECONDS),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let answer = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .expect("the service account exists");
        let token = answer.status.expect("the API server signs tokens").token;
        let mut config = self.config();
        let kubeconfig = self.folder.path().join(format!("{namespace}-{name}.kubeconfig"));
        // JSON is YAML, and quotes paths safely.
        let content = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {
                "server": config.cluster_url.to_string(),
                "certificate-authority": self.folder.path().join("authority.crt"),
            }}],
            "users": [{"name": name, "user": {"token": &token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
            "current-context": "test",
        });
        write(&kubeconfig, &content.to_string()).expect("the folder of the control plane can be written");
        config.auth_info = AuthInfo {
            token: Some(token.clone().into()),
            ..AuthInfo::default()
        };
        Identity {
            token,
            config,
            kubeconfig,
        }
    }
}
