//! A simulated world for the autoscaler: a cloud, kubelets, a Kubernetes API in memory and one clock.
//!
//! ```text
//!   the operator under test
//!      │ vpsie_api::Transport                      │ kube::Client
//!      │ (or HTTP over loopback)                   │ (in memory, or a real API server)
//!      ▼                                           ▼
//!   cloud: machines appear, boot, vanish  ──▶  kubelets: Nodes register, turn Ready, go Unknown
//!      │ ledger: which POST made which machine
//!      ▼
//!   truth: what really happened, never asked of the operator
//! ```
//!
//! Everything follows one [`SimClock`], which follows tokio's time; with tokio's clock paused an hour takes
//! milliseconds. The same seed and the same calls lead to the same world.

pub mod clock;
pub mod cloud;
pub mod kube_api;
pub mod kubelet;
pub mod scenario;
pub mod scheduler;
pub mod truth;

pub use clock::SimClock;
pub use cloud::Cloud;
pub use kube_api::KubeApi;
