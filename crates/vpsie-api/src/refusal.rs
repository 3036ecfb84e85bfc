//! The messages by which VPSie is known to say no.

/// Names why VPSie refuses, as far as its message is known.
///
/// There is no catalogue of error numbers, so the words are all there is. They are
/// matched case-insensitively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalReason {
    /// The cluster may not have more workers.
    WorkerLimit,
    /// The plan, the quota or the subscription does not allow it.
    PlanLimit,
    /// The cluster has a group of this size already.
    DuplicateSize,
    /// There is no such cluster.
    ClusterNotFound,
    /// There is no such route or thing.
    NotFound,
    /// The token is missing, wrong or expired.
    NotAuthenticated,
    /// The account password is missing or wrong.
    WrongPassword,
    /// VPSie's general apology, which says nothing about what was done.
    LostInTheClouds,
    /// Words that we do not know.
    Other,
}

/// Parts of messages and what they mean, the most telling first.
const KNOWN_PARTS: [(&str, RefusalReason); 10] = [
    ("worker nodes count exceeds", RefusalReason::WorkerLimit),
    ("has same selected size", RefusalReason::DuplicateSize),
    ("kubernetes not found", RefusalReason::ClusterNotFound),
    ("you entered the wrong password", RefusalReason::WrongPassword),
    ("quota exceeded", RefusalReason::PlanLimit),
    ("plan does not allow", RefusalReason::PlanLimit),
    ("maximum number of", RefusalReason::PlanLimit),
    ("limit reached", RefusalReason::PlanLimit),
    ("subscription does not allow", RefusalReason::PlanLimit),
    ("lost in the clouds", RefusalReason::LostInTheClouds),
];

/// Short messages that must be the whole message: as a part they could mean anything.
const KNOWN_WHOLES: [(&str, RefusalReason); 2] = [
    ("please authenticate", RefusalReason::NotAuthenticated),
    ("not found", RefusalReason::NotFound),
];

impl RefusalReason {
    /// Recognises a message.
    pub fn of(message: &str) -> Self {
        let message = message.to_lowercase();
        let whole = message.trim().trim_end_matches('.');
        let wholes = KNOWN_WHOLES.iter().filter(|(known, _)| whole == *known);
        let parts = KNOWN_PARTS.iter().filter(|(known, _)| message.contains(known));
        wholes
            .chain(parts)
            .map(|(_, reason)| *reason)
            .next()
            .unwrap_or(Self::Other)
    }

    /// Returns the reason as a metric label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::WorkerLimit => "worker_limit",
            Self::PlanLimit => "plan_limit",
            Self::DuplicateSize => "duplicate_size",
            Self::ClusterNotFound => "cluster_not_found",
            Self::NotFound => "not_found",
            Self::NotAuthenticated => "not_authenticated",
            Self::WrongPassword => "wrong_password",
            Self::LostInTheClouds => "lost_in_the_clouds",
            Self::Other => "other",
        }
    }

    /// Tells whether these words, whatever the HTTP status, prove that nothing was made.
    ///
    /// The general apology does not: it may come after the work has begun, and taking
    /// it for a no would buy a machine with every repetition.
    pub const fn excludes_an_effect(self) -> bool {
        match self {
            Self::WorkerLimit
            | Self::PlanLimit
            | Self::DuplicateSize
            | Self::ClusterNotFound
            | Self::NotFound
            | Self::NotAuthenticated
            | Self::WrongPassword => true,
            Self::LostInTheClouds | Self::Other => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_messages_are_recognised_whatever_their_case() {
        for (message, reason) in [
            (
                "Worker nodes count exceeds the allowed limit",
                RefusalReason::WorkerLimit,
            ),
            ("VM QUOTA EXCEEDED. Limit: 10, Used: 10", RefusalReason::PlanLimit),
            ("your plan does not allow this", RefusalReason::PlanLimit),
            ("Maximum number of servers", RefusalReason::PlanLimit),
            ("limit reached", RefusalReason::PlanLimit),
            ("Subscription does not allow", RefusalReason::PlanLimit),
            (
                "Group GRP-Advanced-c745 has same selected Size, please select another size",
                RefusalReason::DuplicateSize,
            ),
            ("Kubernetes not found", RefusalReason::ClusterNotFound),
            (" Not found. ", RefusalReason::NotFound),
            ("Please authenticate", RefusalReason::NotAuthenticated),
            ("You entered the wrong password", RefusalReason::WrongPassword),
            ("It got lost in the clouds", RefusalReason::LostInTheClouds),
            ("the new node was not found in time", RefusalReason::Other),
            ("", RefusalReason::Other),
        ] {
            assert_eq!(RefusalReason::of(message), reason, "{message:?}");
        }
    }

    #[test]
    fn general_apology_proves_nothing() {
        assert!(!RefusalReason::of("lost in the clouds").excludes_an_effect());
        assert!(!RefusalReason::of("something else").excludes_an_effect());
    }
}
