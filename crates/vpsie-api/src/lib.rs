//! The VPSie HTTP API, typed: requests and replies as values, and one client that sends them.
//!
//! Knows clusters, nodes, groups and sizes of managed Kubernetes as VPSie has them, virtual
//! machines, plans, prices and what else belongs to an account, and nothing of Kubernetes itself.
//!
//! ```text
//!   VpsieApi · RemoveWorker · Inventory · DeleteGroup      the traits to be written against
//!            │
//!         Client ──── Session               who is asking: a token, or tokens renewed
//!            │
//!   Request value ──▶ Transport ──▶ Reply value ──▶ Cluster, NodeGroup, Offer, …
//!   (no socket)          │          (no socket)
//!                        │               └────────▶ CallError    one variant per cause
//!                  HttpTransport                        │
//!                  or a script in memory           EffectError   may it have happened?
//! ```
//!
//! # The three outcomes of a failed change
//! A call that buys a machine must not be repeated on a guess. So a failed change says
//! what is known about its effect, see [`EffectError`]: *refused* and *not sent* prove that
//! nothing was made; after everything else the outcome is *unknown*, and the next step is
//! to look at what exists.
//!
//! # Limits
//! All callers of a client share one rate limit, a part of which is kept for removals; see
//! [`Settings::calls_per_minute`]. What only reads is repeated a few times, see [`Retry`];
//! what changes something never is. When VPSie fails again and again it is left alone for a
//! while, see [`BreakerSettings`]. A change that one of these holds back was *not sent*.
//!
//! # Leniency
//! Sources disagree about names and types of fields. Everything but the key of a list entry
//! is optional, numbers may be text, truths may be numbers, and a date that cannot be read
//! is no date. Text that is empty is none. Prices are decimals, read digit by digit.
//!
//! # What is never read
//! Initial passwords of machines, passwords of orders and the text of SSH keys stay in the body
//! of the answer: no type here has a place for them. There is no function that lets VPSie
//! choose which worker to remove, and none that deletes a virtual machine.
//!
//! # Examples
//! A transport that answers from a script stands in for VPSie:
//! ```
//! use std::sync::Arc;
//!
//! use vpsie_api::{
//!     Client, ClusterId, Credentials, EffectError, GroupNumber, NextStep, RefusalReason, RequestId,
//!     Settings, Transport, TransportError, VpsieApi,
//! };
//!
//! /// Answers every request alike.
//! struct Always(&'static str);
//!
//! #[async_trait::async_trait]
//! impl Transport for Always {
//!     async fn send(
//!         &self,
//!         request: http::Request<bytes::Bytes>,
//!     ) -> Result<http::Response<bytes::Bytes>, TransportError> {
//!         assert_eq!(request.headers()["vpsie-auth"], "my-token");
//!         Ok(http::Response::new(self.0.into()))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let answer = r#"{"error":true,"message":"Worker nodes count exceeds the allowed limit"}"#;
//! let token = Credentials::Token("my-token".to_owned().into());
//! let vpsie = Client::new(Settings::default(), token, Arc::new(Always(answer)))?;
//!
//! let cluster = ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc");
//! let request = RequestId::new("workers-1")?;
//! let error = vpsie.add_worker(&cluster, GroupNumber::new(412), &request).await.unwrap_err();
//!
//! assert!(matches!(error, EffectError::Refused(_)));
//! assert_eq!(error.refusal(), Some(RefusalReason::WorkerLimit));
//! assert_eq!(error.next_step(), NextStep::Never);
//! # Ok(())
//! # }
//! ```

mod account;
mod api;
mod call;
mod client;
mod credentials;
mod envelope;
mod error;
mod family;
mod fields;
mod http_transport;
mod id;
mod inventory;
mod k8s;
mod listing;
mod offer;
mod plan;
mod price;
mod refusal;
mod request;
mod scrub;
mod server_time;
mod settings;
mod state;
mod timestamp;
mod transport;
mod vm;

pub use account::{Datacenter, Project, SshKey, Tag};
#[cfg(feature = "mock")]
pub use api::{MockRemoveWorker, MockVpsieApi};
pub use api::{RemoveWorker, VpsieApi};
pub use call::Call;
pub use client::Client;
pub use credentials::Credentials;
pub use error::{CallError, EffectError, NextStep};
pub use family::{Family, PathPrefixes};
pub use http_transport::{HttpTransport, TransportSettings};
pub use id::{
    ClusterId, DatacenterId, GroupNumber, GroupUuid, ImageId, NodeNumber, NodeUuid, PendingVmId,
    PlanCategoryId, PlanId, ProjectId, ProjectNumber, RequestId, RequestIdError, SizeNumber, SshKeyId,
    VmNumber, VmUuid,
};
pub use inventory::{DeleteGroup, Inventory};
#[cfg(feature = "mock")]
pub use inventory::{MockDeleteGroup, MockInventory};
pub use k8s::{Accepted, Cluster, ClusterNode, ClusterSummary, CreateGroup, NodeGroup};
pub use listing::Listing;
pub use offer::{Offer, OffersError};
pub use plan::{Plan, PlanCategory, PlanQuery};
pub use price::Price;
pub use refusal::RefusalReason;
/// The decimal number of `rust_decimal`, in which prices are given.
pub use rust_decimal::Decimal;
pub use server_time::ServerTime;
pub use settings::{AuthHeader, BreakerSettings, Now, Retry, Settings, SettingsError};
pub use state::{BreakerState, ClientState};
pub use timestamp::Timestamp;
pub use transport::{Transport, TransportError};
pub use vm::{PendingVm, Vm, VmFlags, VmLifecycle, VmStatus, VolumeHost, VolumeHostKind};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
