//! The border to planning: what Kubernetes says of pods, Nodes and volumes, as the values of `fleet-plan`.
//!
//! Only what the scheduler's filters look at is kept, and equal texts and demands are kept once.

mod call;
pub mod capacity;
mod demand;
mod dynamic;
mod group;
mod intake;
pub mod live;
mod node;
mod objects;
pub mod report;
mod requests;
mod selectors;
mod standing;
#[cfg(test)]
mod tests;
mod volumes;

use fleet_plan::labels::Labels;
use fleet_plan::{Demands, Name, Names};
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;

pub use call::Call;
pub(crate) use dynamic::told;
pub use dynamic::{Gap, NewGroups};
pub use group::{Size, Surroundings, is_coming};
pub use intake::{Intake, IntakeError, KINDS, Kind};
pub use node::NodeFlaw;
pub use objects::{Broken, Busy, Objects, Offers, Survey};
pub use report::Report;
pub(crate) use requests::requested;
pub use standing::{Patience, is_pending, residence};
pub use volumes::Volumes;

/// Reads objects of Kubernetes into values of `fleet-plan`.
///
/// # Examples
/// ```
/// use autoscaler_controller::planning::{Reader, Volumes};
/// use k8s_openapi::api::core::v1::Pod;
///
/// let pod: Pod = serde_json::from_value(serde_json::json!({
///     "metadata": {"namespace": "shop", "name": "web-1"},
///     "spec": {"containers": [{"name": "web", "resources": {"requests": {"cpu": "250m"}}}]},
/// }))
/// .unwrap();
/// let demand = Reader::default().demand(&pod, &Volumes::default()).unwrap();
/// assert_eq!(demand.requests.cpu_m, 250);
/// ```
#[derive(Debug, Default)]
pub struct Reader {
    names: Names,
    demands: Demands,
}

// === impl Reader ===

impl Reader {
    /// Returns a text that is shared with all that was read.
    pub fn name(&mut self, text: &str) -> Name {
        self.names.get(text)
    }

    /// Reads the name and the labels of a namespace.
    pub fn namespace(&mut self, namespace: &Namespace) -> (Name, Labels) {
        let labels = selectors::labels(namespace.labels(), &mut self.names);
        (self.names.get(&namespace.name_any()), labels)
    }

    /// Forgets texts and demands that nobody holds any longer.
    pub fn forget_unused(&mut self) {
        self.demands.forget_unused();
        self.names.forget_unused();
    }
}
