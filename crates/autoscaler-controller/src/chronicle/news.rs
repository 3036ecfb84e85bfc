//! Every reason word of our Kubernetes Events that is not one of a condition; `docs/operating.md` says what to do.

use std::fmt;

/// Declares the words, each with what `docs/operating.md` says of it.
macro_rules! news {
    ($($variant:ident, $kind:ident, $action:literal, $meaning:literal, $advice:literal;)*) => {
        /// Says in one stable word what has happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum News {
            $(#[doc = concat!("Tells: ", $meaning, ".")] $variant,)*
        }

        impl News {
            /// Every word, in the order of a life.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the word that is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }

            /// Tells whether a person should look.
            #[must_use]
            pub const fn is_warning(self) -> bool {
                match self {
                    $(Self::$variant => Kind::$kind.is_warning(),)*
                }
            }

            /// Returns what was being done, in one word.
            #[must_use]
            pub const fn action(self) -> &'static str {
                match self {
                    $(Self::$variant => $action,)*
                }
            }

            /// Says what the word means, in words for `docs/operating.md`.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }

            /// Says what a person can do, in words for `docs/operating.md`.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$variant => $advice,)*
                }
            }
        }
    };
}

/// The two types of an Event.
#[derive(Clone, Copy)]
enum Kind {
    Normal,
    Warning,
}

// === impl Kind ===

impl Kind {
    const fn is_warning(self) -> bool {
        match self {
            Self::Normal => false,
            Self::Warning => true,
        }
    }
}

news! {
    NodeGroupMade, Normal, "Create",
        "the NodeGroup was made for pods that no other can host",
        "nothing; change its spec to keep it for good";
    NodeGroupRemoved, Normal, "Remove",
        "the NodeGroup was made for pods, had no node, and no pod needed it for its `cooldownSeconds`",
        "nothing";
    NodeGroupsNotMade, Warning, "Create",
        "no NodeGroup can host pods that wait, and none can be made for them although `enableDynamicNodeGroupCreation` allows it, or the API server refuses it; the Event is of the AutoscalerConfig and says why",
        "do what it says, such as to write what it names into `nodeGroupDefaults`, or set `enableDynamicNodeGroupCreation: false`";
    SettingsOutOfRange, Warning, "Read",
        "a number of the AutoscalerConfig is less than it may be; the Event is of the AutoscalerConfig and says what counts instead",
        "write a number that may be; the present definition of the kind refuses others, so install it (`deploy/crd.yaml`)";
    ScalingUp, Normal, "Scale",
        "VPSieNodes were made for the NodeGroup",
        "nothing";
    TriggeredScaleUp, Normal, "Scale",
        "a VPSieNode is made for the pod; the Event names it and its NodeGroup",
        "nothing; the pod is bound once the node is Ready";
    NotTriggerScaleUp, Warning, "Scale",
        "no NodeGroup helps the pod; the Event names the reason for each NodeGroup, and what would help",
        "do what the Event says would help";
    VPSieNodeGroupCreated, Normal, "Create",
        "VPSie has made the group of the NodeGroup, and its number is known",
        "nothing";
    MachineRequested, Normal, "Request",
        "VPSie took the request for a machine",
        "nothing";
    RequestOutcomeUnknown, Warning, "Request",
        "nobody knows whether the request for a machine made one, for its answer was lost or VPSie failed; it is never repeated",
        "nothing until the discovery timeout, for a machine that was made is found like any other; then see `DiscoveryTimeout`";
    MachineDiscovered, Normal, "Discover",
        "the machine is recorded on the VPSieNode; the Event names the evidence",
        "nothing";
    NodeJoined, Normal, "Join",
        "the Node of the machine has appeared",
        "nothing";
    BecameReady, Normal, "Join",
        "the Node is Ready for the first time",
        "nothing";
    Claimed, Normal, "Label",
        "labels, annotations and taints of its VPSieNode are on the Node",
        "nothing";
    RemovalRequested, Normal, "Remove",
        "VPSie took the request to remove the machine",
        "nothing";
    MachineRemoved, Normal, "Remove",
        "the machine is gone at VPSie, and so is its VPSieNode",
        "nothing";
    MachineNotRemoved, Warning, "Remove",
        "a VPSieNode is gone, and no removal by the autoscaler was proven to have ended its machine: somebody took the finalizer off, or removed the machine by hand",
        "look in the VPSie console whether the machine that the Event names is still there; it costs money until it is removed, or adopted by a VPSieNode that names it";
    Released, Warning, "Remove",
        "a VPSieNode is gone whose request for a machine was open: none came in time, and three complete replies showed none",
        "nothing; a machine that comes after all is taken for that of the request for a day, then told as `LeakedMachine`: remove or adopt it";
}

impl fmt::Display for News {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
