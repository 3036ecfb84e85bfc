//! A real control plane of one test's own: started, asked, and gone without a trace.
//!
//! ```text
//! Binaries::find ──▶ Credentials::write ──▶ etcd ──▶ kube-apiserver ──▶ /readyz ──▶ client, kubeconfig
//! (or skip loudly)   (temporary folder)     (socket)  (free port)       (limit)         │ on demand
//!                                                                                       ▼
//!                                                            kube-scheduler, kube-controller-manager
//! ```
//!
//! Without controllers nothing makes service accounts, collects garbage or empties a namespace that is
//! being deleted. Admission of service accounts is off for that reason.

mod arguments;
mod audit;
mod binaries;
mod credentials;
mod error;
mod identity;
mod process;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

pub use audit::{Asked, Right};
pub use binaries::Binaries;
use credentials::Credentials;
pub use error::ControlPlaneError;
pub use identity::Identity;
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

/// Runs one etcd and one kube-apiserver, and what was added to them, until it is dropped.
#[derive(Debug)]
pub struct ControlPlane {
    config: Config,
    kubeconfig: PathBuf,
    binaries: Binaries,
    // Dropped in this order: each server before what it asks, all before their folder.
    added: Vec<Process>,
    _api_server: Process,
    _etcd: Process,
    folder: TempDir,
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
        let binaries = binaries::find_or_skip(test, binaries::SERVERS)?;
        Some(started(Self::start_with(&binaries).await))
    }

    /// Starts a control plane with a scheduler and these controllers, or returns nothing after saying
    /// loudly that `test` is skipped.
    ///
    /// The controllers are named as kube-controller-manager names them, such as `disruption-controller`.
    ///
    /// # Panics
    /// Panics when a program does not start, and, with `REQUIRE_REAL=1`, when one is missing.
    pub async fn start_whole_or_skip(test: &str, controllers: &[&str]) -> Option<Self> {
        let binaries = binaries::find_or_skip(test, binaries::ALL)?;
        let control_plane = started(Self::start_with(&binaries).await);
        let scheduled = started(control_plane.with_scheduler());
        Some(started(scheduled.with_controllers(controllers)))
    }

    /// Adds a kube-scheduler, which binds pods to Nodes.
    ///
    /// # Errors
    /// Returns [`ControlPlaneError`] when it cannot be started.
    pub fn with_scheduler(self) -> Result<Self, ControlPlaneError> {
        let arguments = arguments::scheduler(&self.kubeconfig);
        self.with("kube-scheduler", &arguments)
    }

    /// Adds a kube-controller-manager with these controllers and no others.
    ///
    /// # Errors
    /// Returns [`ControlPlaneError`] when it cannot be started.
    pub fn with_controllers(self, controllers: &[&str]) -> Result<Self, ControlPlaneError> {
        let arguments = arguments::controller_manager(&self.kubeconfig, controllers);
        self.with("kube-controller-manager", &arguments)
    }

    fn with(mut self, program: &str, arguments: &[String]) -> Result<Self, ControlPlaneError> {
        let program = self.binaries.program(program);
        let process = Process::spawn(self.folder.path(), &program, arguments)?;
        self.added.push(process);
        Ok(self)
    }

    /// Fails when a program that was added has ended, with its last words.
    ///
    /// # Errors
    /// Returns [`ControlPlaneError::Ended`].
    pub fn check_added(&mut self) -> Result<(), ControlPlaneError> {
        self.added.iter_mut().try_for_each(Process::check_running)
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
        audit::write_policy(folder.path())?;
        let etcd = binaries.program("etcd");
        let mut etcd = Process::spawn(folder.path(), &etcd, &arguments::etcd(folder.path()))?;
        for _ in 0..PORT_ATTEMPTS {
            let port = next_port()?;
            let command_line = arguments::api_server(folder.path(), &credentials, port);
            let api_server = binaries.program("kube-apiserver");
            let mut api_server = Process::spawn(folder.path(), &api_server, &command_line)?;
            let kubeconfig = credentials.write_kubeconfig(port)?;
            let config = config_from(&kubeconfig).await?;
            match wait_until_ready(&config, &mut etcd, &mut api_server).await {
                Ok(()) => {
                    return Ok(Self {
                        config,
                        kubeconfig,
                        binaries: binaries.clone(),
                        added: Vec::new(),
                        _api_server: api_server,
                        _etcd: etcd,
                        folder,
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

/// Starts a real control plane with a scheduler and the controllers named, or ends the test after
/// saying loudly that it is skipped.
///
/// # Examples
/// ```
/// # async fn a_test() {
/// let control_plane = kit::whole_control_plane!("disruption-controller");
/// let client = control_plane.client();
/// # }
/// ```
#[macro_export]
macro_rules! whole_control_plane {
    ($($controller:literal),+) => {{
        let test = ::std::thread::current().name().unwrap_or("a test").to_owned();
        let started = $crate::control_plane::ControlPlane::start_whole_or_skip(&test, &[$($controller),+]);
        match started.await {
            ::core::option::Option::Some(control_plane) => control_plane,
            ::core::option::Option::None => return,
        }
    }};
}

fn started(outcome: Result<ControlPlane, ControlPlaneError>) -> ControlPlane {
    match outcome {
        Ok(control_plane) => control_plane,
        Err(error) => panic!("the control plane did not start: {}", error.with_causes()),
    }
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
        let Some(binaries) = binaries::find_or_skip("port_that_somebody_else_has", binaries::SERVERS) else {
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
