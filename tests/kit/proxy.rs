//! A wire between a process and a server on this machine that can go silent, so that nothing passes and nobody is told, or
//! break, as when the server is gone.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Forwards connections until it is dropped.
pub struct Proxy {
    port: u16,
    is_cut: watch::Sender<bool>,
    is_broken: watch::Sender<bool>,
    task: JoinHandle<()>,
}

// === impl Proxy ===

impl Proxy {
    /// Starts to forward connections to a port of this machine.
    ///
    /// # Panics
    /// Panics when no port is free.
    pub async fn start(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let (is_cut, watched) = watch::channel(false);
        let (is_broken, breaks) = watch::channel(false);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (watched, mut breaks) = (watched.clone(), breaks.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        biased;
                        // Both ends are closed at once, and who connects meanwhile is let go.
                        _ = breaks.wait_for(|is_broken| *is_broken) => {}
                        _ = forward(near, target, watched) => {}
                    }
                });
            }
        });
        Self {
            port,
            is_cut,
            is_broken,
            task,
        }
    }

    /// Lets nothing pass any more, or lets it pass again; connections stay open either way.
    pub fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }

    /// Ends all connections and takes no new ones, or takes them again.
    pub fn break_off(&self, is_broken: bool) {
        self.is_broken.send_replace(is_broken);
    }

    /// Writes a kubeconfig that leads through the proxy, made from one that leads to its target.
    ///
    /// # Panics
    /// Panics when the file cannot be read or written.
    pub fn kubeconfig(&self, direct: &Path, target: u16) -> PathBuf {
        let text = std::fs::read_to_string(direct).expect("the kubeconfig can be read");
        let server = |port: u16| format!("https://127.0.0.1:{port}");
        assert!(text.contains(&server(target)), "the kubeconfig names its server");
        let path = direct.with_extension("through-proxy");
        let text = text.replace(&server(target), &server(self.port));
        std::fs::write(&path, text).expect("the folder of the kubeconfig can be written");
        path
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(near: TcpStream, target: u16, is_cut: watch::Receiver<bool>) -> io::Result<()> {
    pass(&is_cut).await;
    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        ended = copy(near_in, far_out, is_cut.clone()) => ended,
        ended = copy(far_in, near_out, is_cut) => ended,
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    is_cut: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        pass(&is_cut).await;
        if count == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..count]).await?;
    }
}

/// Waits until something may pass.
async fn pass(is_cut: &watch::Receiver<bool>) {
    let mut is_cut = is_cut.clone();
    if is_cut.wait_for(|is_cut| !is_cut).await.is_err() {
        // Without a proxy nothing passes ever again.
        std::future::pending::<()>().await;
    }
}
