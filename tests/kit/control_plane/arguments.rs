//! The command lines of the programs of a control plane.

use std::path::Path;

use super::audit;
use super::credentials::Credentials;

/// etcd listens on sockets in its own folder only, so that it needs no ports. The addresses it
/// advertises stay at their defaults: a member that is alone dials nobody.
pub(super) fn etcd(folder: &Path) -> Vec<String> {
    let folder = folder.display();
    vec![
        format!("--data-dir={folder}/etcd"),
        format!("--listen-client-urls=unix://{folder}/etcd.sock"),
        "--advertise-client-urls=http://localhost:2379".to_owned(),
        format!("--listen-peer-urls=unix://{folder}/peer.sock"),
        "--unsafe-no-fsync".to_owned(),
    ]
}

/// Switches on what a cluster has (RBAC, certificates, signed tokens), and off what needs a network
/// card or controllers.
pub(super) fn api_server(folder: &Path, credentials: &Credentials, port: u16) -> Vec<String> {
    vec![
        format!("--etcd-servers=unix://{}/etcd.sock", folder.display()),
        format!("--cert-dir={}", folder.display()),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        // The default is the address of the first network card, which a sandbox may not have.
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--tls-cert-file={}", credentials.serving_certificate().display()),
        format!("--tls-private-key-file={}", credentials.serving_key().display()),
        format!("--client-ca-file={}", credentials.authority().display()),
        "--anonymous-auth=false".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!(
            "--service-account-key-file={}",
            credentials.service_account_public_key().display()
        ),
        format!(
            "--service-account-signing-key-file={}",
            credentials.service_account_key().display()
        ),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        format!("--audit-policy-file={}", audit::policy_file(folder).display()),
        format!("--audit-log-path={}", audit::log_file(folder).display()),
        "--profiling=false".to_owned(),
    ]
}

/// Serves nothing and leads alone; what it does is seen in the objects.
pub(super) fn scheduler(kubeconfig: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ]
}

/// Runs only the controllers named; the others would speak for kubelets and clouds that are not there.
pub(super) fn controller_manager(kubeconfig: &Path, controllers: &[&str]) -> Vec<String> {
    let mut arguments = scheduler(kubeconfig);
    arguments.push(format!("--controllers={}", controllers.join(",")));
    arguments
}
