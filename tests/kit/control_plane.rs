//! A real etcd and kube-apiserver of one test's own: started, asked, and gone without a trace.
//!
//! ```text
//! Binaries::find ──▶ Credentials::write ──▶ etcd ──▶ kube-apiserver ──▶ /readyz ──▶ client, kubeconfig
//! (or skip loudly)   (temporary folder)     (socket)  (free port)       (limit)
//! ```
//!
//! There is no controller manager: nothing makes service accounts, collects garbage or empties a
//! namespace that is being deleted. Admission of service accounts is off for that reason.

mod arguments;
mod binaries;
mod credentials;
mod error;
mod process;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

pub use binaries::Binaries;
use credentials::Credentials;
pub use error::ControlPlaneError;
use process::Process;

/// How long the API server may take. Alone it needs a few seconds; the limit allows for two cores
/// that are also compiling.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// How long one question about readiness may take: a stranger on our port may never answer, and the
/// server that could not have it says so at once.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// The pause between two questions about readiness.
const PROBE_PAUSE: Duration = Duration::from_millis(100);

/// How often another port is tried when somebody took the free one between our look and the server's.
const PORT_ATTEMPTS: u32 = 5;

/// Runs one etcd and one kube-apiserver until it is dropped.
#[derive(Debug)]
pub struct ControlPlane {
    config: Config,
    kubeconfig: PathBuf,
    // Dropped in this order: the server before its store, both before their folder.
    _api_server: Process,
    _etcd: Process,
    _folder: TempDir,
}

// === impl ControlPlane ===

impl ControlPlane {
    /// Starts a control plane with the binaries at hand and waits until it is ready.
    ///
    /// # Errors
    /// Returns [`ControlPlaneError`] when the binaries are missing or a process does not get ready;
    /// the text then ends with what the process logged last.
    pub async fn start() -> Result<Self, ControlPlaneError> {
        Self::start_with(&Binaries::find()?).await
    }

    /// Starts a control plane, or returns nothing after saying loudly that `test` is skipped.
    ///
    /// Tests use it through [`real_control_plane!`](crate::real_control_plane), which fills in the name.
    ///
    /// # Panics
    /// Panics when the control plane cannot start, and, with `REQUIRE_REAL=1`, when its binaries are
    /// missing.
    pub async fn start_or_skip(test: &str) -> Option<Self> {
        let binaries = binaries::find_or_skip(test)?;
        match Self::start_with(&binaries).await {
            Ok(control_plane) => Some(control_plane),
            Err(error) => panic!("the control plane did not start: {}", error.with_causes()),
        }
    }

    /// Starts a control plane with these binaries and waits until it is ready.
    ///
    /// # Errors
    /// Returns [`ControlPlaneError`] when a process does not get ready; the text then ends with what
    /// that process logged last.
    pub async fn start_with(binaries: &Binaries) -> Result<Self, ControlPlaneError> {
        Self::start_on(binaries, free_port).await
    }

    /// Takes the port from `next_port`, again when somebody else got it first.
    async fn start_on(
        binaries: &Binaries,
        mut next_port: impl FnMut() -> Result<u16, ControlPlaneError>,
    ) -> Result<Self, ControlPlaneError> {
        let folder = tempfile::Builder::new()
            .prefix("control-plane-")
            .tempdir()
            .map_err(ControlPlaneError::Folder)?;
        let credentials = Credentials::write(folder.path())?;
        let mut etcd = Process::spawn(folder.path(), &binaries.etcd(), &arguments::etcd(folder.path()))?;
        for _ in 0..PORT_ATTEMPTS {
            let port = next_port()?;
            let command_line = arguments::api_server(folder.path(), &credentials, port);
            let mut api_server = Process::spawn(folder.path(), &binaries.api_server(), &command_line)?;
            let kubeconfig = credentials.write_kubeconfig(port)?;
            let config = config_from(&kubeconfig).await?;
            match wait_until_ready(&config, &mut etcd, &mut api_server).await {
                Ok(()) => {
                    return Ok(Self {
                        config,
                        kubeconfig,
                        _api_server: api_server,
                        _etcd: etcd,
                        _folder: folder,
                    });
                }
                Err(ControlPlaneError::Ended { log, .. }) if log.contains("address already in use") => {}
                Err(error) => return Err(error),
            }
        }
        Err(ControlPlaneError::NoPort {
            attempts: PORT_ATTEMPTS,
        })
    }

    /// Makes a client that may do everything.
    ///
    /// # Panics
    /// Panics outside a tokio runtime.
    pub fn client(&self) -> Client {
        Client::try_from(self.config()).expect("the same settings already served the readiness questions")
    }

    /// Makes a client that acts as `user` in `groups`, with exactly the rights RBAC gives them.
    ///
    /// The API server adds `system:authenticated` to the groups. A service account is the user
    /// `system:serviceaccount:NAMESPACE:NAME`.
    ///
    /// # Panics
    /// Panics outside a tokio runtime, and when a name cannot be an HTTP header.
    pub fn client_for(&self, user: &str, groups: &[&str]) -> Client {
        let mut config = self.config();
        config.auth_info.impersonate = Some(user.to_owned());
        config.auth_info.impersonate_groups = Some(groups.iter().map(|&group| group.to_owned()).collect());
        Client::try_from(config).expect("user and group names are plain text")
    }

    /// Returns the settings of [`client`](Self::client), for clients with settings of their own.
    ///
    /// Retries are off: a test sees each answer as it comes.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// Returns the kubeconfig file of a user who may do everything.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

/// Starts a real control plane, or ends the test after saying loudly that it is skipped.
///
/// With `REQUIRE_REAL=1` a missing control plane fails the test instead. For `async` tests that
/// return nothing.
///
/// # Examples
/// ```
/// # async fn a_test() {
/// let control_plane = kit::real_control_plane!();
/// let client = control_plane.client();
/// # }
/// ```
#[macro_export]
macro_rules! real_control_plane {
    () => {{
        let test = ::std::thread::current().name().unwrap_or("a test").to_owned();
        match $crate::control_plane::ControlPlane::start_or_skip(&test).await {
            ::core::option::Option::Some(control_plane) => control_plane,
            ::core::option::Option::None => return,
        }
    }};
}

async fn config_from(kubeconfig: &Path) -> Result<Config, ControlPlaneError> {
    let unreadable = |source| ControlPlaneError::Client(Box::new(source));
    let file = Kubeconfig::read_from(kubeconfig).map_err(|source| unreadable(source.into()))?;
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .map_err(|source| unreadable(source.into()))?;
    config.default_retry = false;
    Ok(config)
}

async fn wait_until_ready(
    config: &Config,
    etcd: &mut Process,
    api_server: &mut Process,
) -> Result<(), ControlPlaneError> {
    let client =
        Client::try_from(config.clone()).map_err(|source| ControlPlaneError::Client(source.into()))?;
    let deadline = Instant::now() + READY_LIMIT;
    loop {
        if is_ready(&client).await {
            return Ok(());
        }
        etcd.check_running()?;
        api_server.check_running()?;
        if Instant::now() >= deadline {
            return Err(ControlPlaneError::NotReady {
                limit: READY_LIMIT,
                log: api_server.log_tail(),
            });
        }
        sleep(PROBE_PAUSE).await;
    }
}

/// The API server calls itself ready before it has made the namespace `default`, which tests need.
async fn is_ready(client: &Client) -> bool {
    for path in ["/readyz", "/api/v1/namespaces/default"] {
        let request = http::Request::get(path)
            .body(Vec::new())
            .expect("a constant path is a valid request");
        match timeout(PROBE_LIMIT, client.request_text(request)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return false,
        }
    }
    true
}

fn free_port() -> Result<u16, ControlPlaneError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(ControlPlaneError::Port)?;
    Ok(listener.local_addr().map_err(ControlPlaneError::Port)?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn port_that_somebody_else_has_is_given_up_for_another() {
        let Some(binaries) = binaries::find_or_skip("port_that_somebody_else_has") else {
            return;
        };
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let taken_port = taken.local_addr().expect("its number").port();
        let mut asked = 0;

        let control_plane = ControlPlane::start_on(&binaries, || {
            asked += 1;
            if asked == 1 { Ok(taken_port) } else { free_port() }
        });

        let control_plane = control_plane.await.expect("started on the second port");
        assert_eq!(asked, 2);
        assert_ne!(control_plane.config().cluster_url.port_u16(), Some(taken_port));
    }
}
