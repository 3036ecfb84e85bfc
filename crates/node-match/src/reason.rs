//! Every "not" has a name.

use std::fmt;

/// Declares an enum of reasons with stable kebab-case names.
macro_rules! reasons {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$inner])* $variant,)*
        }

        impl $name {
            /// Every reason, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

reasons! {
    /// Says what a claim is waiting for.
    WaitingReason {
        /// Nothing that could be its own has appeared yet.
        NoCandidates => "no-candidates",
        /// What seems to be its machine is not running yet.
        MachineNotRunning => "machine-not-running",
        /// The recorded machine is in no list; nothing weaker takes its place.
        RecordedMachineNotListed => "recorded-machine-not-listed",
        /// The recorded Node is not there; nothing weaker takes its place.
        RecordedNodeNotListed => "recorded-node-not-listed",
        /// What is linked to it may not be handed out; the candidates say why.
        CandidatesNotEligible => "candidates-not-eligible",
        /// What is linked to it belongs to another claim.
        ClaimedByAnother => "claimed-by-another",
        /// Something appeared, but nothing proves that it is new.
        NotProvablyNew => "not-provably-new",
        /// Only anonymous matching could help, and it is switched off.
        AnonymousSwitchedOff => "anonymous-switched-off",
    }
}

reasons! {
    /// Says why a claim cannot be told from others.
    AmbiguousReason {
        /// The cluster is being upgraded or locked (R2c).
        ClusterChanging => "cluster-changing",
        /// More machines appeared than were asked for (R7).
        SurplusMachines => "surplus-machines",
        /// It is unknown for which of several groups a machine was made (R7).
        GroupUnknown => "group-unknown",
        /// Another program asked for its machine; only a name or an address can link it (I7).
        TakenOver => "taken-over",
        /// More different baselines and machines are entangled than can be told apart in time.
        TooManyCandidates => "too-many-candidates",
    }
}

reasons! {
    /// Says which facts contradict each other.
    ConflictReason {
        /// What is recorded on the claim names different machines.
        RecordedMachinesDiffer => "recorded-machines-differ",
        /// The same machine is recorded on another claim.
        MachineRecordedTwice => "machine-recorded-twice",
        /// The same Node is recorded on another claim.
        NodeRecordedTwice => "node-recorded-twice",
        /// The recorded Node is tied to another machine than the recorded one.
        RecordedNodeOfAnotherMachine => "recorded-node-of-another-machine",
    }
}

reasons! {
    /// Says why a claim takes no part.
    NotParticipatingReason {
        /// No machine was asked for and nothing is recorded.
        NothingRequested => "nothing-requested",
        /// Another claim of the snapshot has the same uid.
        DuplicateUid => "duplicate-uid",
    }
}

reasons! {
    /// Says why a machine or Node may not be handed to a claim (R2).
    Obstacle {
        /// It is in the provider's hands but not running.
        NotRunning => "not-running",
        /// The provider marks it deleted.
        Deleted => "deleted",
        /// It is in another cluster: no link leaves one, so that no answer names it.
        OtherCluster => "other-cluster",
        /// It is in another node group.
        OtherGroup => "other-group",
        /// Its size contradicts the group's.
        SizeContradictsGroup => "size-contradicts-group",
        /// It belongs to the control plane.
        ControlPlane => "control-plane",
        /// It was there before the request.
        InBaseline => "in-baseline",
        /// It is older than the request.
        OlderThanRequest => "older-than-request",
        /// Nothing proves that it is new.
        NotProvablyNew => "not-provably-new",
        /// Another claim owns it.
        OwnedByAnother => "owned-by-another",
        /// The claim has a Node, or a label names one, that is not this machine's.
        NotTied => "not-tied",
        /// Its labels name another claim.
        LabelledForAnother => "labelled-for-another",
    }
}

reasons! {
    /// Says why no claim explains a machine or Node.
    UnexplainedReason {
        /// It belongs to the control plane.
        ControlPlane => "control-plane",
        /// The provider marks it deleted.
        Deleted => "deleted",
        /// Facts about it contradict each other; nothing may delete it.
        Conflict => "conflict",
        /// It came on top of what was asked for; only a person may delete it.
        Contested => "contested",
        /// It is a candidate of a claim that is not settled yet.
        Candidate => "candidate",
        /// It names a claim that is not in the snapshot, or one of several of that name.
        UnknownClaim => "unknown-claim",
        /// Nothing links it to any claim.
        Unlinked => "unlinked",
    }
}
