//! The way to Kubernetes and to VPSie, the same for every command that needs a cluster.

use crate::args::AccessOptions;
use crate::exit::Failure;
use anyhow::Context;
use autoscaler_controller::credentials::{self, Access, CredentialsError};
use kube::config::{KubeConfigOptions, Kubeconfig};
use std::sync::Arc;
use std::time::Duration;
use vpsie_api::{CallError, HttpTransport, SettingsError, TransportSettings};

/// Makes the client of the Kubernetes cluster; nothing is sent yet.
pub(crate) async fn kubernetes(options: &AccessOptions) -> Result<kube::Client, Failure> {
    connected(options).await.map_err(Failure::kubernetes)
}

/// Reads the Secret with the credentials of VPSie.
pub(crate) async fn secret(options: &AccessOptions, kubernetes: &kube::Client) -> Result<Access, Failure> {
    let access = credentials::read(
        kubernetes,
        &options.vpsie_secret_namespace,
        &options.vpsie_secret_name,
    )
    .await;
    access.map_err(|error| match error {
        CredentialsError::Unreadable { .. } => Failure::kubernetes(error),
        CredentialsError::Missing { .. }
        | CredentialsError::Forbidden { .. }
        | CredentialsError::Incomplete { .. }
        | CredentialsError::NotText { .. } => Failure::credentials(error),
    })
}

async fn connected(options: &AccessOptions) -> anyhow::Result<kube::Client> {
    let mut config = match &options.kubeconfig {
        Some(path) => {
            let file =
                Kubeconfig::read_from(path).with_context(|| format!("the kubeconfig {}", path.display()))?;
            kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                .await
                .context("the kubeconfig")?
        }
        None => kube::Config::infer()
            .await
            .context("no cluster is configured; use --kubeconfig")?,
    };
    // The client's own retries can hold one call for minutes; every pass decides anew instead.
    config.default_retry = false;
    kube::Client::try_from(config).context("connecting to Kubernetes")
}

/// Makes the client of VPSie, of which a request takes at most so long; nothing is sent yet.
pub(crate) fn vpsie(
    options: &AccessOptions,
    access: Access,
    request_timeout: Duration,
) -> Result<vpsie_api::Client, Failure> {
    let mut settings = vpsie_api::Settings {
        calls_per_minute: options.vpsie_calls_per_minute,
        ..vpsie_api::Settings::default()
    };
    let is_of_flag = options.vpsie_url.is_some();
    let unusable = |error| unusable(error, is_of_flag);
    if let Some(url) = options.vpsie_url.clone().or(access.url) {
        settings.base_url = url;
    }
    let transport = HttpTransport::new(TransportSettings {
        timeout: request_timeout,
        allow_plain_http_to_loopback: options.allow_plain_http_to_loopback,
        ..TransportSettings::default()
    });
    let transport = transport.map_err(unusable)?;
    transport.check_base_url(&settings.base_url).map_err(unusable)?;
    vpsie_api::Client::new(settings, access.credentials, Arc::new(transport)).map_err(unusable)
}

/// Says whose fault it is that no client of VPSie can be made, before anybody was asked.
fn unusable(error: SettingsError, is_url_of_flag: bool) -> Failure {
    match error {
        SettingsError::BaseUrl { .. } if is_url_of_flag => {
            Failure::input(anyhow::Error::new(error).context("--vpsie-url"))
        }
        SettingsError::BaseUrl { .. } => {
            Failure::credentials(anyhow::Error::new(error).context("the key `url` of the Secret"))
        }
        SettingsError::EmptyCredential { .. } | SettingsError::TokenNotPrintable => {
            Failure::credentials(error)
        }
        SettingsError::CallsPerMinute { .. } => Failure::input(error),
        SettingsError::PathPrefix { .. } | SettingsError::UserAgent => Failure::defect(error),
        SettingsError::Tls { .. } => Failure::vpsie(error),
    }
}

/// Tells wrong credentials from a VPSie that does not answer.
pub(crate) fn refused(error: CallError) -> Failure {
    if matches!(
        error,
        CallError::Unauthorized { .. } | CallError::Forbidden { .. }
    ) {
        Failure::credentials(error)
    } else {
        Failure::vpsie(error)
    }
}
