//! One request for the health of one instance, over a connection of its own.

use std::net::SocketAddr;

use http::{Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::host;
use crate::score::Quality;

/// The path that is asked.
const PATH: &str = "/health";

/// Why an instance is not well by its own account.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProbeError {
    #[error("connecting to the health port failed")]
    Connect(#[from] std::io::Error),
    #[error("the health port does not speak HTTP")]
    Http(#[from] hyper::Error),
    #[error("the health endpoint answered {0}")]
    Status(http::StatusCode),
    #[error("the answer of the health endpoint could not be read to its end")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the request for the health could not be built")]
    Request(#[from] http::Error),
}

/// Asks, and reads the quality that the body tells, if it is JSON that tells one.
///
/// No redirect is followed: it is not a success. The connection ends with the question.
pub(super) async fn ask(place: SocketAddr, body_limit: usize) -> Result<Option<Quality>, ProbeError> {
    let stream = TcpStream::connect(place).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let asking = async {
        let request = Request::get(PATH)
            .header(header::HOST, host(place))
            .header(header::CONNECTION, "close")
            .body(Empty::<&[u8]>::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        if !status.is_success() {
            return Err(ProbeError::Status(status));
        }
        let body = Limited::new(response.into_body(), body_limit).collect().await;
        Ok(quality(&body.map_err(ProbeError::Body)?.to_bytes()))
    };
    // The connection is driven here and not by a task of its own, so that nothing is left when this is dropped.
    let mut connection = std::pin::pin!(connection);
    let mut asking = std::pin::pin!(asking);
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        // It may end before the answer is taken out of its buffer.
        ended = &mut connection => match ended {
            Ok(()) => asking.await,
            Err(error) => Err(error.into()),
        },
    }
}

fn quality(body: &[u8]) -> Option<Quality> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("quality")?.as_f64().and_then(Quality::new)
}
