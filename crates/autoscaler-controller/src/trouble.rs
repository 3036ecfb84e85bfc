//! What Kubernetes did not let us do, kept until it does: a person reads it on the object that it holds up.

use crate::act::ActError;
use crate::reason::Reason;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// First wait after a failed write; most failures are over by then.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait: a right that was granted is used within a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Why the commands about an object were not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The word of the condition.
    pub reason: Reason,
    /// Its sentence; the same failure has the same sentence, so that it is written once.
    pub message: String,
}

/// The troubles of the last passes, by the subject of their batch.
#[derive(Debug, Default)]
pub struct Troubles {
    all: BTreeMap<String, (Trouble, Wait)>,
}

/// When it is tried again.
#[derive(Clone, Copy, Debug)]
struct Wait {
    last: Duration,
    until: Instant,
}

// === impl Trouble ===

impl Trouble {
    /// Makes one of a failed command, if it is one that a person should see on the object.
    pub fn of(command: &'static str, error: &ActError) -> Option<Self> {
        let (reason, message) = if matches!(error, ActError::Forbidden { .. }) {
            (Reason::Forbidden, error.to_string())
        } else if let ActError::Baseline(cause) = error {
            (Reason::BaselineNotStored, format!("{error}: {cause}"))
        } else if matches!(error, ActError::Kubernetes { .. }) {
            let message = format!("{command} failed: {error}; it is tried again");
            (Reason::KubernetesFailed, message)
        } else {
            return None;
        };
        Some(Self { reason, message })
    }
}

// === impl Troubles ===

impl Troubles {
    /// Returns what holds up the object of a batch.
    pub fn of(&self, subject: &str) -> Option<&Trouble> {
        self.all.get(subject).map(|(trouble, _)| trouble)
    }

    /// Tells whether the batch about an object must wait after a failure (`E2`).
    pub fn is_waiting(&self, subject: &str) -> bool {
        self.all
            .get(subject)
            .is_some_and(|(_, wait)| Instant::now() < wait.until)
    }

    /// Forgets the objects about which nothing is to be done any more.
    pub fn keep_only(&mut self, subjects: &BTreeSet<&str>) {
        self.all.retain(|subject, _| subjects.contains(subject.as_str()));
    }

    /// Notes that a batch was carried out.
    pub fn is_over(&mut self, subject: &str) {
        self.all.remove(subject);
    }

    /// Notes a failure, and when the batch is tried again.
    pub fn note(&mut self, subject: &str, trouble: Trouble) {
        let last = self.all.get(subject).map(|(_, wait)| wait.last * 2);
        let wait = last.unwrap_or(FIRST_WAIT).min(LONGEST_WAIT);
        let until = Instant::now() + wait;
        self.all
            .insert(subject.to_owned(), (trouble, Wait { last: wait, until }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::BaselineError;

    /// E1: what lasts until a person does something has a word and a sentence; what is over by itself has none.
    #[test]
    fn failure_that_a_person_should_see_has_its_word() {
        let told = |error: &ActError| {
            let trouble = Trouble::of("request-machine", error)?;
            Some((trouble.reason.as_str(), trouble.message))
        };
        let (word, message) = told(&BaselineError::TooLarge { names: 20_000 }.into()).unwrap();
        assert_eq!(word, "BaselineNotStored");
        assert!(
            message.contains("baseline-too-large") && message.contains("20000"),
            "{message}"
        );
        let forbidden = ActError::Forbidden {
            verb: "patch",
            resource: "nodes".to_owned(),
        };
        let (word, message) = told(&forbidden).unwrap();
        assert_eq!(word, "Forbidden");
        assert!(message.contains("patch on nodes"), "{message}");
        for error in [ActError::Conflict, ActError::NotLeading, ActError::ClusterPaused] {
            assert_eq!(told(&error), None, "{error}");
        }
    }
}
