//! The cloud over real HTTP, for tests of the wire.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::Cloud;
use super::behaviour::Delay;
use super::handle::Handled;

/// No request of this API comes near; a larger one is a mistake of the caller.
const BODY_LIMIT: usize = 1 << 20;

/// How long calls that are under way may still take once the cloud is told to stop.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves the cloud on a listener until the future is dropped.
///
/// # Errors
/// When the listener fails.
pub async fn serve(cloud: Cloud, listener: TcpListener) -> io::Result<()> {
    serve_until(cloud, listener, std::future::pending()).await
}

/// Serves the cloud on a listener until `stop` is done and the calls under way are answered.
///
/// A call that is never answered, or not within three seconds, ends with its connection.
///
/// # Errors
/// When the listener fails.
pub async fn serve_until(
    cloud: Cloud,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (told, mut heard) = tokio::sync::watch::channel(false);
    let stop = async move {
        stop.await;
        // Whoever listened may be gone already.
        let _ = told.send(true);
    };
    let app = Router::new().fallback(move |connection, request| answer(cloud.clone(), connection, request));
    let service = app.into_make_service_with_connect_info::<Cut>();
    let served = axum::serve(CuttableListener(listener), service).with_graceful_shutdown(stop);
    let farewell = async move {
        if heard.wait_for(|told| *told).await.is_err() {
            // Nobody will tell any more: the server ends by itself or never.
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        ended = served => ended,
        () = farewell => Ok(()),
    }
}

async fn answer(cloud: Cloud, ConnectInfo(cut): ConnectInfo<Cut>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let mut reply = Response::new(Body::empty());
        *reply.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return reply;
    };
    let (there, back) = {
        let mut world = cloud.world();
        let delay = world.behaviour.answer_delay;
        // Chance is asked only where there is a choice, so that serving alone changes no world.
        let delay = if delay == Delay::none() {
            Duration::ZERO
        } else {
            world.chance.delay(delay)
        };
        (delay / 2, delay - delay / 2)
    };
    cloud.clock().sleep(there).await;
    let handled = cloud.handle(&Request::from_parts(head, body));
    cloud.clock().sleep(back).await;
    match handled {
        Handled::Reply(reply) => reply.map(Body::from),
        Handled::ConnectionLost => cut.now(),
        Handled::TimedOut => {
            // Longer than any client waits; its own limit is what a test looks at.
            let limit = cloud.world().behaviour.time_out * 2;
            cloud.clock().sleep(limit).await;
            cut.now()
        }
    }
}

/// Cuts one connection, so that its caller sees neither status nor body.
#[derive(Clone)]
struct Cut(Arc<AtomicBool>);

struct CuttableListener(TcpListener);

struct CuttableStream {
    stream: TcpStream,
    cut: Cut,
}

// === impl Cut ===

impl Cut {
    fn now(&self) -> Response<Body> {
        self.0.store(true, Ordering::Release);
        // Writing this answer is what fails and closes the connection.
        Response::new(Body::from(Bytes::new()))
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().cut.clone()
    }
}

// === impl CuttableListener ===

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (
            CuttableStream {
                stream,
                cut: Cut(Arc::default()),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

// === impl CuttableStream ===

impl AsyncRead for CuttableStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.cut.check()?;
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
