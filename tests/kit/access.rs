//! What a process of `run` needs to reach VPSie: the Secret, and an address that answers; and how it is told to stop.

use std::process::Command;

use fleet_sim::Cloud;
use fleet_sim::cloud::serve;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client};
use tokio::net::TcpListener;

use crate::deploy::NAMESPACE;

/// The name of the Secret that `run` reads unless told otherwise.
pub const SECRET: &str = "vpsie-secret";

/// Replaces the Secret by one with these entries.
///
/// # Panics
/// Panics when the API server refuses it.
pub async fn write_secret(client: &Client, entries: &[(&str, &str)]) {
    let api = Api::<Secret>::namespaced(client.clone(), NAMESPACE);
    drop(api.delete(SECRET, &DeleteParams::default()).await);
    let mut secret = Secret::default();
    secret.metadata.name = Some(SECRET.to_owned());
    let entries = entries.iter();
    let data = entries.map(|(key, value)| ((*key).to_owned(), ByteString((*value).into())));
    secret.data = Some(data.collect());
    let created = api.create(&PostParams::default(), &secret).await;
    created.expect("the Secret is accepted");
}

/// Takes a port of this machine, and returns it with the base URL of a VPSie there; nothing answers yet.
///
/// # Panics
/// Panics when there is no port to be had.
pub async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its number").port();
    (listener, format!("http://127.0.0.1:{port}/apps/v2"))
}

/// Serves a simulated VPSie until the test ends, and returns its base URL.
///
/// # Panics
/// Panics when there is no port to be had.
pub async fn serve_cloud(cloud: &Cloud) -> String {
    let (listener, url) = listen().await;
    tokio::spawn(serve(cloud.clone(), listener));
    url
}

/// Sends a signal such as `-TERM` to a process that the test has started.
///
/// # Panics
/// Panics when there is no such process.
pub fn signal(process: Option<u32>, name: &str) {
    let id = process.expect("it runs").to_string();
    let told = Command::new("kill").args([name, &id]).status();
    assert!(told.expect("kill runs").success());
}
