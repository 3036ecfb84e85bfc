//! Every reason word of our conditions, each defined once; `docs/operating.md` says of each what to do.

use node_match::{AmbiguousReason, ConflictReason, NotParticipatingReason, UnexplainedReason, WaitingReason};
use std::fmt;

/// Declares the words, each with the variant that stands for it in code.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident,)*) => {
        /// Says in one stable word why a condition is as it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the word that is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }
    };
}

reasons! {
    // --- NodeGroup ---

    /// As many nodes as `minNodes` are Ready.
    AtMinimumCapacity,
    /// Fewer nodes than `minNodes` are Ready.
    Reconciling,
    /// The condition follows from the counts beside it.
    Counted,
    /// The spec cannot be carried out as it is.
    ValidationFailed,
    /// VPSie has no cluster of this identifier, or does not show it to this token.
    ClusterNotFound,
    /// VPSie no longer lists the group of a NodeGroup.
    ProviderGroupNotFound,
    /// VPSie does not answer, or answers with an error.
    VPSieAPIError,
    /// VPSie has machines of the group that no VPSieNode asked for.
    LeakedMachine,
    /// The Secret with the credentials of VPSie cannot be used as it is.
    SecretUnusable,
    /// An object on which it depends is there and cannot be read.
    ObjectUnreadable,
    /// A member is on its way to its Node, or on its way out.
    SizeChanging,
    /// Pods wait that no Node takes.
    PodsWait,
    /// An annotation forbids that members go by themselves.
    ScaleDownDisabled,
    /// It is outside the hours in which members may go by themselves.
    OutsideHours,
    /// The hours in which members may go by themselves cannot be read.
    HoursUnreadable,
    /// The number of members changed a short time ago.
    CoolingDown,
    /// It is above a threshold, but not for long enough.
    Stabilising,
    /// It has its maximum.
    AtMaximumCapacity,
    /// Another change comes first.
    NotFirst,
    /// With one member less it would be above a threshold, and grow again.
    NeededByThreshold,
    /// No member is idle.
    NoneIdle,
    /// It was made for pods, has no node, and no pod needs it.
    Unused,

    // --- VPSieNode: what it waits for before a machine is asked for ---

    /// Its finalizer is not written yet.
    WaitingForFinalizer,
    /// Its NodeGroup is missing, not managed, or being deleted.
    NodeGroupMissing,
    /// Its group at VPSie has no number yet.
    WaitingForProviderGroup,
    /// Two complete replies of VPSie are not there yet.
    WaitingForBaseline,
    /// The wait after a refused or unsent request is not over.
    BackingOff,
    /// Machines of another group are still being discovered.
    WaitingForOtherGroup,
    /// The pods that it was made for need no new node any longer.
    NotNeeded,
    /// What was there before the request cannot be written down, so nothing is asked.
    BaselineNotStored,

    // --- VPSieNode: what came of the request ---

    /// A machine is asked for and awaited.
    Provisioning,
    /// The machine is discovered.
    Provisioned,
    /// Nobody can tell which machine is its own.
    Ambiguous,
    /// Records contradict each other.
    Conflict,
    /// VPSie refused the last request.
    VPSieRefused,
    /// The last request did not reach VPSie.
    VPSieNotReached,
    /// The record of the request was edited and cannot be read.
    IntentUnreadable,
    /// No machine was discovered in time.
    DiscoveryTimeout,
    /// Its machine takes far longer than those of its NodeGroup before it.
    Overdue,
    /// What seems to be its machine was not started in time.
    MachineNotRunning,
    /// The machine came after its VPSieNode had Failed.
    LateMachine,
    /// Another new machine, which no VPSieNode explains, could as well be its own.
    Contested,

    // --- VPSieNode: its Node ---

    /// No Node of its machine is seen yet.
    WaitingForNode,
    /// Its Node is known and labelled.
    Joined,
    /// Its Node is Ready.
    Ready,
    /// Its Node is not Ready.
    NotReady,
    /// Its Node did not join, or was not Ready, in time.
    JoiningTimeout,
    /// Its Node is marked for another VPSieNode.
    NodeClaimedByAnother,
    /// Its Node is gone while its machine runs.
    NodeVanished,
    /// Its machine is gone at VPSie.
    MachineNotFound,

    // --- VPSieNode: its end ---

    /// The removal of its machine is asked for.
    Deleting,
    /// The last removal was refused or did not reach VPSie.
    VPSDeleteFailed,
    /// A machine may still appear for its open request.
    RequestOpen,
    /// VPSie reported no identifier for its machine, so that no removal can name it.
    IdentifierUnknown,
    /// The newest reply of VPSie is missing, old or incomplete.
    ReplyIncomplete,
    /// VPSie does not list its machine.
    NotListed,
    /// The recorded machine is of the control plane.
    ControlPlane,
    /// VPSie does not list its machine, yet its Node is Ready.
    NodeReady,
    /// Its Node takes no new pods since a moment; the gate is asked once more.
    Settling,
    /// This process has only just begun to look.
    JustStarted,
    /// VPSie refused a removal in the cluster for good.
    RemovalsStopped,

    // --- VPSieNode: why the decommission gate holds its machine, in the words of node-lifecycle ---

    /// Nobody knows the node.
    NodeNotFound,
    /// The node is protected.
    NotManagedNode,
    /// Node and machine are not proven to be one.
    IdentityUnproven,
    /// Its pods were not listed completely yet.
    WorkloadSyncInProgress,
    /// Its pods were listed, but only just.
    PostSyncGracePeriod,
    /// It has not been ready yet.
    StillStartingUp,
    /// Workload pods run on its Node.
    WorkloadPods,
    /// Without a workload pod, some of its Node is requested.
    WorkloadRequests,
    /// It has been ready for too short a time.
    ReadyNodeTooYoung,
    /// Nothing says for how long it has been ready or idle.
    TimestampMissing,
    /// It has been idle for too short a time.
    IdleTooShort,
    /// Its state is one from which nothing is removed.
    InvalidState,
    /// It failed and waits for a person.
    ManualCleanupRequired,
    /// Its group would have too few nodes.
    BelowMinNodes,
    /// Its group has workload pods and would have no node.
    LastNodeOfWorkload,
    /// Watched Services would have no ready endpoint.
    LastReadyEndpoint,

    // --- VPSieNode: its Node is broken, or its disk is nearly full ---

    /// Its disk is nearly full, so it left service.
    DiskPressure,
    /// Too many nodes of its group are broken or short of disk at once.
    TooManyAffected,

    // --- of both: what holds the next step up ---

    /// The clock of this host cannot be believed.
    ClockSkewed,

    /// The service account lacks a right.
    Forbidden,
    /// A write to Kubernetes failed and is tried again.
    KubernetesFailed,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Lists the words of matching that messages of conditions and labels of metrics repeat.
pub fn matching_words() -> impl Iterator<Item = &'static str> {
    let waiting = WaitingReason::ALL.iter().map(|reason| reason.as_str());
    let ambiguous = AmbiguousReason::ALL.iter().map(|reason| reason.as_str());
    let conflict = ConflictReason::ALL.iter().map(|reason| reason.as_str());
    let absent = NotParticipatingReason::ALL.iter().map(|reason| reason.as_str());
    let unexplained = UnexplainedReason::ALL.iter().map(|reason| reason.as_str());
    let verdicts = waiting.chain(ambiguous).chain(conflict).chain(absent);
    verdicts.chain(unexplained)
}
