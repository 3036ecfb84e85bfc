//! The VPSie HTTP API, typed: requests and replies as values, and one client that sends them.

mod api;
mod call;
mod client;
mod credentials;
mod envelope;
mod error;
mod fields;
mod http_transport;
mod id;
mod k8s;
mod offer;
mod refusal;
mod request;
mod scrub;
mod settings;
mod timestamp;
mod transport;

#[cfg(feature = "mock")]
pub use api::{MockRemoveWorker, MockVpsieApi};
pub use api::{RemoveWorker, VpsieApi};
pub use call::Call;
pub use client::Client;
pub use credentials::Credentials;
pub use error::{CallError, EffectError, NextStep};
pub use http_transport::{HttpTransport, TransportSettings};
pub use id::{
    ClusterId, DatacenterId, GroupNumber, GroupUuid, NodeNumber, NodeUuid, RequestId, RequestIdError,
    SizeNumber,
};
pub use k8s::{Accepted, Cluster, ClusterNode, ClusterSummary, CreateGroup, NodeGroup};
pub use offer::Offer;
pub use refusal::RefusalReason;
pub use settings::{Now, Settings, SettingsError};
pub use timestamp::Timestamp;
pub use transport::{Transport, TransportError};
