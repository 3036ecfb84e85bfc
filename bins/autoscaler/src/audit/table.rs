//! Entries of the audit log as a table for a person.

use crate::output;
use node_lifecycle::audit::Record;

const HEADINGS: [&str; 7] = [
    "TIME",
    "ACTION",
    "RESULT",
    "NODE",
    "DECIDED BY",
    "REASON",
    "MESSAGE",
];

/// Writes a line of headings and one for each entry.
pub(super) fn table(records: &[Record]) -> String {
    output::table(HEADINGS, records.iter().map(row))
}

fn row(record: &Record) -> [String; HEADINGS.len()] {
    let entry = record.entry();
    let texts = [&entry.message, &entry.error].into_iter().flatten();
    let mut message = texts.cloned().collect::<Vec<_>>().join("; ");
    if let Some(count) = entry.count {
        message.push_str(&format!(" ({count})"));
    }
    if entry.repeats > 0 {
        message.push_str(&format!(" (and {} times before)", entry.repeats));
    }
    let time = entry.timestamp.format("%Y-%m-%dT%H:%M:%SZ");
    [
        time.to_string(),
        entry.action.to_string(),
        entry.result.to_string(),
        entry.node.clone().unwrap_or_else(|| "-".to_owned()),
        entry.decision_by.to_string(),
        entry.reason.clone(),
        message.trim().to_owned(),
    ]
}
