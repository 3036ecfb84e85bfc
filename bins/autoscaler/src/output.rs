//! What goes to the two outputs: results to the first, messages and logs to the second.

use std::io::{self, Write};

/// Prints a result. A reader that went away, as `head` does, is no failure.
pub(crate) fn print(text: &str) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// Prints a message for a person.
pub(crate) fn complain(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Writes a line of headings and one for each row, in columns.
pub(crate) fn table<const COLUMNS: usize>(
    headings: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let rows = rows.into_iter().map(|row| row.map(|cell| plain(&cell)));
    let rows: Vec<[String; COLUMNS]> = std::iter::once(headings.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; COLUMNS];
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

/// Leaves out what would move the cursor: texts come from clouds and clusters.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
