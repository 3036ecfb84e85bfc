//! Every entry as a line of the log, so that whoever reads the log needs no store.

use node_lifecycle::audit::{Entry, Outcome};

/// What the lines are filtered by, such as `info,audit=off`.
pub const MIRROR_TARGET: &str = "audit";

/// Writes an entry to the log: what was done as info, what was refused as a warning, what went wrong as an error
/// (`LC-34`).
pub(crate) fn mirror(entry: &Entry) {
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: MIRROR_TARGET,
                action = %entry.action,
                node = entry.node,
                group = entry.group,
                workload = entry.workload,
                reason = entry.reason,
                decision_by = %entry.decision_by,
                result = %entry.result,
                sentence = entry.message,
                error = entry.error,
                count = entry.count,
                repeats = (entry.repeats > 0).then_some(entry.repeats),
                snapshot = snapshot(entry),
                request_id = entry.request_id,
                "recorded"
            )
        };
    }
    match entry.result {
        Outcome::Success => line!(info),
        Outcome::Rejected => line!(warn),
        Outcome::Failed => line!(error),
    }
}

fn snapshot(entry: &Entry) -> Option<String> {
    let snapshot = entry.state_snapshot.as_ref()?;
    serde_json::to_string(snapshot).ok()
}
