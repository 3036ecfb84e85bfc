//! Words that objects repeat by the thousand: kept, they take no memory of their own.

use super::DO_NOT_DISRUPT;
use crate::decide::{
    BLOCKED, CONTESTED, ERROR, IS_DISCOVERED, IS_KNOWN, IS_READY, LATE_MACHINE, NODE_JOINED, NODE_READY,
    VPS_READY,
};
use crate::intent::{IS_TAKEN, REQUESTED};
use crate::reason::Reason;
use crate::resources::keys;
use std::sync::LazyLock;

/// What is neither a reason nor a word of Kubernetes that is a reason of ours, too.
const OTHERS: [&str; 32] = [
    keys::TRUE,
    "True",
    "False",
    "Unknown",
    // --- conditions, and what they say while all is well ---
    BLOCKED,
    CONTESTED,
    ERROR,
    LATE_MACHINE,
    NODE_JOINED,
    NODE_READY,
    REQUESTED,
    VPS_READY,
    IS_DISCOVERED,
    IS_KNOWN,
    IS_READY,
    IS_TAKEN,
    // --- keys of annotations and labels, and a finalizer ---
    DO_NOT_DISRUPT,
    keys::ANNOTATION_CREATION_INTENT,
    keys::ANNOTATION_CREATION_REASON,
    keys::ANNOTATION_CREATION_REQUESTED,
    keys::ANNOTATION_DRAIN,
    keys::ANNOTATION_LIFECYCLE,
    keys::ANNOTATION_NODE_GROUP_NAMESPACE,
    keys::ANNOTATION_PLANNED_FOR,
    keys::ANNOTATION_REMOVAL_INTENT,
    keys::ANNOTATION_VPSIE_NODE_UID,
    keys::FINALIZER_VPSIE_NODE,
    keys::LABEL_DATACENTER,
    keys::LABEL_MANAGED,
    keys::LABEL_NODE_GROUP,
    keys::LABEL_VPSIE_NODE,
    "kubernetes.io/hostname",
];

/// All of them in order, each once.
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
    let mut words: Vec<_> = reasons.chain(OTHERS).collect();
    words.sort_unstable();
    words.dedup();
    words
});

/// Returns the number of a word; nothing for any other text.
pub(super) fn number(text: &str) -> Option<u32> {
    let found = WORDS.binary_search(&text).ok()?;
    u32::try_from(found).ok()
}

/// Returns the word of a number.
pub(super) fn word(number: u32) -> Option<&'static str> {
    WORDS.get(usize::try_from(number).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_is_found_by_its_number() {
        for expected in OTHERS.into_iter().chain(["Provisioned"]) {
            assert_eq!(number(expected).and_then(word), Some(expected));
        }
        for unknown in ["", "True ", "autoscaler.vpsie.com/"] {
            assert_eq!(number(unknown), None);
        }
        assert_eq!(word(u32::MAX), None);
    }
}
