//! One listener: so many connections, so much time for each, and a graceful stop.

use crate::pages::Pages;
use crate::places::Places;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

/// How long a client may take to send the head of a request, or leave its connection idle.
const HEAD_LIMIT: Duration = Duration::from_secs(5);
/// Largest head of a request with room for every usual header; the least that the library allows is 8 KiB.
const LARGEST_HEAD: usize = 16 << 10;
/// How long one connection is kept, so that a client that does not read its answer holds its place no longer.
const LONGEST_CONNECTION: Duration = Duration::from_secs(300);
/// How long a client may take nothing of an answer before its connection is cut.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// How long answers under way may still take once the server is told to stop.
const FAREWELL: Duration = Duration::from_secs(3);
/// Wait after a connection that could not be accepted: the process has no file descriptor left, or the client is gone.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// A listener that shows [`Pages`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

/// Who sent a request: every request carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; use a free port of an address of this machine")]
pub struct ListenError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

// === impl Server ===

impl Server {
    /// Takes the address; port 0 takes a free one. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the address is taken or not of this machine.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| ListenError { address, source })?;
        Ok(Self { listener })
    }

    /// Returns the address that was taken.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` is done and the answers under way are sent, for which they have three seconds.
    pub async fn serve(self, pages: impl Into<Pages>, stop: impl Future<Output = ()>) {
        let places = Places::new();
        let (told, hear) = watch::channel(false);
        let mut connections = JoinSet::new();
        let Pages(routes) = pages.into();
        let mut stop = pin!(stop);
        loop {
            let accepted = async {
                let room = places.room().await;
                (room, self.listener.accept().await)
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                (room, accepted) = accepted => match accepted {
                    Ok((stream, peer)) => {
                        let Some(place) = room.and_then(|room| places.take(room, peer.ip())) else {
                            tracing::debug!(%peer, "an address with too many connections gets no more");
                            continue;
                        };
                        let connection = converse(stream, peer.ip(), routes.clone(), hear.clone());
                        connections.spawn(async move {
                            connection.await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
                    }
                },
            }
        }
        drop(self.listener);
        told.send_replace(true);
        while connections.join_next().await.is_some() {}
    }
}

/// Answers the requests of one connection, until it ends, its time is over, or the server stops.
async fn converse(stream: TcpStream, peer: IpAddr, routes: Router, mut stop: watch::Receiver<bool>) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_LIMIT));
    let routes = TowerToHyperService::new(routes);
    let routes = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(Box::pin(stream)), routes);
    let mut connection = pin!(connection);
    let is_over = async {
        tokio::select! {
            _ = stop.wait_for(|told| *told) => {}
            () = tokio::time::sleep(LONGEST_CONNECTION) => {}
        }
    };
    tokio::select! {
        ended = connection.as_mut() => return said(ended),
        () = is_over => {}
    }
    connection.as_mut().graceful_shutdown();
    if let Ok(ended) = tokio::time::timeout(FAREWELL, connection).await {
        said(ended);
    }
}

/// What a client does wrong is its own affair, but helps whoever debugs it.
fn said(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
