//! What Prometheus, a probe and a person see of the autoscaler. Reads; changes nothing.
//!
//! ```text
//!  registry ──▶ /metrics                            ┐
//!  health   ──▶ /healthz  /livez  /readyz           ├── Site ──▶ Server: one listener, limits, a graceful stop
//!  (later: the HTTP API and the live page)          ┘
//! ```
//!
//! This crate knows no controller and no Kubernetes: it is given values to show and functions to ask.

pub mod health;

mod metrics;
mod places;
mod server;
mod site;

pub use health::{Health, Status};
pub use server::{ListenError, Server};
pub use site::Site;
