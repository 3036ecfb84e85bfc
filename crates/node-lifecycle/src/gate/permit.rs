//! The permit: leave to remove one machine, once and soon.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::word::words;
use crate::{Decider, State};

/// Names exactly what a decision is about: the record, the Node and the machine, as they were when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The uid of the VPSieNode.
    pub vpsie_node_uid: String,
    /// Its resourceVersion. To write an intent changes it, so the gate is asked once more after that.
    pub resource_version: String,
    /// The uid of the Node, if there is one.
    pub node_uid: Option<String>,
    /// The identifier of the cluster at the provider.
    pub cluster: String,
    /// The identifier of the machine in that cluster.
    pub machine: String,
}

words! {
    /// Says why the gate let a node go: the `reason` of an entry about a removal that was allowed.
    Ground, "ground" {
        /// It was ready for long enough and never used.
        NeverUsed => "never_used",
        /// It was used, and idle for long enough.
        IdleLongEnough => "idle_long_enough",
        /// It was draining and is empty.
        Drained => "drained",
        /// It is broken and empty.
        Broken => "broken",
    }
}

/// Is leave to remove one machine (`LC-24`).
///
/// Only [`Gate::decide`](super::Gate::decide) makes one, and to redeem it uses it up.
///
/// # Examples
/// Nobody else can make one:
/// ```compile_fail,E0451
/// use chrono::DateTime;
/// use node_lifecycle::Decider;
/// use node_lifecycle::gate::{Binding, Ground, Permit};
///
/// fn forge(binding: Binding) -> Permit {
///     Permit { binding, decided_by: Decider::Manual, ground: Ground::Broken, expires_at: DateTime::UNIX_EPOCH }
/// }
/// ```
/// nor by the function of the gate:
/// ```compile_fail,E0624
/// use chrono::DateTime;
/// use node_lifecycle::Decider;
/// use node_lifecycle::gate::{Binding, Ground, Permit};
///
/// fn forge(binding: &Binding) -> Permit {
///     Permit::new(binding, Decider::Manual, Ground::Broken, DateTime::UNIX_EPOCH)
/// }
/// ```
/// nor by copying it:
/// ```compile_fail,E0308
/// fn copy(permit: &node_lifecycle::gate::Permit) -> node_lifecycle::gate::Permit {
///     permit.clone()
/// }
/// ```
/// nor out of nothing, or of what was stored:
/// ```compile_fail,E0277
/// fn read(text: &str) -> serde_json::Result<node_lifecycle::gate::Permit> {
///     serde_json::from_str(text)
/// }
/// ```
/// ```compile_fail,E0277
/// fn nothing() -> node_lifecycle::gate::Permit {
///     std::iter::empty::<node_lifecycle::gate::Permit>().next().unwrap_or_default()
/// }
/// ```
/// nor use it twice:
/// ```compile_fail,E0382
/// use chrono::DateTime;
/// use node_lifecycle::gate::{Binding, Permit};
///
/// fn twice(permit: Permit, found: &Binding) {
///     let _ = permit.redeem(found, DateTime::UNIX_EPOCH);
///     let _ = permit.redeem(found, DateTime::UNIX_EPOCH);
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit that is not redeemed removes nothing"]
pub struct Permit {
    binding: Binding,
    decided_by: Decider,
    ground: Ground,
    expires_at: DateTime<Utc>,
}

/// Is a permit that was used up: this machine is to be removed now, and no other.
///
/// # Examples
/// Nothing else becomes one:
/// ```compile_fail,E0451
/// use node_lifecycle::Decider;
/// use node_lifecycle::gate::{Binding, Ground, Removal};
///
/// fn forge(binding: Binding) -> Removal {
///     Removal { binding, decided_by: Decider::Manual, ground: Ground::Broken }
/// }
/// ```
/// not even one of another machine, or the same again:
/// ```compile_fail,E0451
/// use node_lifecycle::gate::{Binding, Removal};
///
/// fn turn(leave: Removal, binding: Binding) -> Removal {
///     Removal { binding, ..leave }
/// }
/// ```
/// ```compile_fail,E0308
/// fn copy(leave: &node_lifecycle::gate::Removal) -> node_lifecycle::gate::Removal {
///     leave.clone()
/// }
/// ```
/// ```compile_fail,E0277
/// fn read(text: &str) -> serde_json::Result<node_lifecycle::gate::Removal> {
///     serde_json::from_str(text)
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the machine is still there"]
pub struct Removal {
    binding: Binding,
    decided_by: Decider,
    ground: Ground,
}

/// Says why a permit is void. It is used up all the same: ask the gate again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Void {
    /// It is too old.
    #[error("the permit to remove the machine has expired; the gate is asked again")]
    Expired,
    /// The VPSieNode is another one, or was written since.
    #[error("the VPSieNode changed since the permit was made; the gate is asked again")]
    VpsieNodeChanged,
    /// The Node is another one.
    #[error("the Node changed since the permit was made; the gate is asked again")]
    NodeChanged,
    /// The machine is another one.
    #[error("the machine changed since the permit was made; the gate is asked again")]
    MachineChanged,
}

// === impl Ground ===

impl Ground {
    /// Returns why a node in this state may go; nothing where none may.
    pub(super) const fn of(state: State) -> Option<Self> {
        match state {
            State::Ready => Some(Self::NeverUsed),
            State::Active | State::Idle => Some(Self::IdleLongEnough),
            State::Draining => Some(Self::Drained),
            State::Unhealthy => Some(Self::Broken),
            State::Provisioning | State::Initializing | State::Decommissioned => None,
        }
    }
}

// === impl Permit ===

impl Permit {
    pub(super) fn new(
        binding: &Binding,
        decided_by: Decider,
        ground: Ground,
        expires_at: DateTime<Utc>,
    ) -> Self {
        Self {
            binding: binding.clone(),
            decided_by,
            ground,
            expires_at,
        }
    }

    /// Returns what it is for.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Returns on whose decision it was made.
    #[must_use]
    pub const fn decided_by(&self) -> Decider {
        self.decided_by
    }

    /// Returns why it may go.
    #[must_use]
    pub const fn ground(&self) -> Ground {
        self.ground
    }

    /// Returns when it ends.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// Uses it up, for what was found right before the removal.
    ///
    /// # Errors
    ///
    /// Says why it is void: it is too old, or what was found is not what it was made for.
    pub fn redeem(self, found: &Binding, now: DateTime<Utc>) -> Result<Removal, Void> {
        if now >= self.expires_at {
            return Err(Void::Expired);
        }
        let Binding {
            vpsie_node_uid,
            resource_version,
            node_uid,
            cluster,
            machine,
        } = &self.binding;
        if (vpsie_node_uid, resource_version) != (&found.vpsie_node_uid, &found.resource_version) {
            return Err(Void::VpsieNodeChanged);
        }
        if *node_uid != found.node_uid {
            return Err(Void::NodeChanged);
        }
        if (cluster, machine) != (&found.cluster, &found.machine) {
            return Err(Void::MachineChanged);
        }
        Ok(Removal {
            binding: self.binding,
            decided_by: self.decided_by,
            ground: self.ground,
        })
    }
}

// === impl Removal ===

impl Removal {
    /// Returns the identifier of the cluster to remove it from.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.binding.cluster
    }

    /// Returns the identifier of the machine to remove.
    #[must_use]
    pub fn machine(&self) -> &str {
        &self.binding.machine
    }

    /// Returns what the permit was for.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Returns on whose decision it goes.
    #[must_use]
    pub const fn decided_by(&self) -> Decider {
        self.decided_by
    }

    /// Returns why it may go.
    #[must_use]
    pub const fn ground(&self) -> Ground {
        self.ground
    }
}
