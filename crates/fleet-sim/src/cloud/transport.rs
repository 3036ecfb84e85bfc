//! The way into the cloud from the same process, through the client's transport seam.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use vpsie_api::{Transport, TransportError};

use super::Cloud;
use super::handle::Handled;

/// Sends requests to a simulated cloud without a socket.
struct InProcess(Cloud);

// === impl Cloud ===

impl Cloud {
    /// Returns a transport that reaches this cloud in process, with a small virtual latency.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(InProcess(self.clone()))
    }
}

// === impl InProcess ===

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (there, back, time_out) = {
            let mut world = self.0.world();
            let latency = world.behaviour.latency;
            let there = world.chance.delay(latency) / 2;
            (there, world.chance.delay(latency) / 2, world.behaviour.time_out)
        };
        self.0.clock.sleep(there).await;
        let handled = self.0.handle(&request);
        self.0.clock.sleep(back).await;
        match handled {
            Handled::Reply(reply) => Ok(reply),
            Handled::ConnectionLost => Err(TransportError::ConnectionLost(
                "the connection was reset".to_owned(),
            )),
            Handled::TimedOut => {
                self.0.clock.sleep(time_out).await;
                Err(TransportError::TimedOut)
            }
        }
    }
}
