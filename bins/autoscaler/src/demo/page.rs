//! The live page of the story, on a thread of its own: the clock of the story is virtual, and that of a browser is not.

use crate::args::{DemoOptions, DemoOutput, Speed};
use crate::exit::Failure;
use anyhow::Context;
use autoscaler_web::Server;
use autoscaler_web::api::{Access, Api, Limits, Series, Sources};
use std::net::SocketAddr;
use std::thread;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// An address that is taken for the page.
pub(super) struct Reserved {
    runtime: Runtime,
    server: Server,
    access: Access,
    address: SocketAddr,
}

/// A page that is shown until this is dropped.
pub(super) struct Shown(
    #[expect(dead_code, reason = "the server sees when it is dropped")] oneshot::Sender<()>,
);

// === impl Reserved ===

impl Reserved {
    /// Takes the address for the page; nothing where nobody looks: scripts read JSON, and the fastest story is over before
    /// a browser has opened.
    ///
    /// # Errors
    /// When the address is taken, or can be reached from other machines.
    pub(super) fn take(options: &DemoOptions) -> Result<Option<Self>, Failure> {
        let is_watched = options.output == DemoOutput::Text && options.speed != Speed::Max;
        let Some(address) = options.page.0.filter(|_| is_watched) else {
            return Ok(None);
        };
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::broken)?;
        let unusable = |error| Failure::input(anyhow::Error::new(error).context("--page"));
        let server = runtime.block_on(Server::bind(address)).map_err(unusable)?;
        let address = server.address().map_err(Failure::broken)?;
        let access = Access::at(address, false, None).map_err(Failure::input)?;
        Ok(Some(Self {
            runtime,
            server,
            access,
            address,
        }))
    }

    /// Returns where the page is.
    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Begins to show the page.
    pub(super) fn show(self, sources: Sources) -> anyhow::Result<Shown> {
        let (stop, stopped) = oneshot::channel();
        let api = Api::new(sources, self.access, Limits::default(), Series::default());
        let serve = self.server.serve(api, async { drop(stopped.await) });
        let runtime = self.runtime;
        let thread = thread::Builder::new().name("page".to_owned());
        // Nobody waits for this thread: the story is as long as without it, and ends as it would.
        let thread = thread.spawn(move || runtime.block_on(serve));
        thread.context("starting the thread of the live page")?;
        Ok(Shown(stop))
    }
}
