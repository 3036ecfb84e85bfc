//! Entries of the audit log as a table for a person.

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
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(records.iter().map(row));
    let mut widths = [0; HEADINGS.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
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
        entry.node.as_deref().map_or_else(|| "-".to_owned(), plain),
        entry.decision_by.to_string(),
        plain(&entry.reason),
        plain(message.trim()),
    ]
}

/// Leaves out what would move the cursor: texts come from clouds and clusters.
fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
