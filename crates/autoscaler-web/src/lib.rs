//! What Prometheus, a probe, a program and a person see of the autoscaler. It decides nothing.
//!
//! ```text
//!  registries ─▶ /metrics                            ┐
//!  health     ─▶ /healthz  /livez  /readyz           ├── Site ─┐
//!                                                    ┘         ├──▶ Server: a listener, limits, a graceful stop
//!  sources    ─▶ /api/nodes  /api/groups  /api/audit ┐         │
//!                /api/decisions  /api/instances …    ├── Api ──┘
//!                /api/stream: what changes           ┘
//! ```
//!
//! This crate knows no controller and no Kubernetes: it is given values to show, functions to ask, and somebody who
//! knows tokens.

pub mod api;
pub mod health;

mod metrics;
mod page;
mod pages;
mod places;
mod server;
mod site;

pub use api::Api;
pub use health::{Health, Status};
pub use pages::Pages;
pub use server::{ListenError, Server};
pub use site::Site;
