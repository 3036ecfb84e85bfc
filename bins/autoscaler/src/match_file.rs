//! `match`: matching on a snapshot from a file.

use crate::args::{MatchOptions, MatchOutput};
use crate::exit::Failure;
use crate::input;
use crate::output;
use anyhow::Context;
use node_match::file::{self, Output};
use node_match::match_fleet;

/// Reads a snapshot, matches it and prints the answer.
pub(crate) fn run(options: &MatchOptions) -> Result<(), Failure> {
    let Some(path) = &options.from else {
        let schema = serde_json::to_string_pretty(&file::schema()).map_err(Failure::defect)?;
        output::print(&schema);
        return Ok(());
    };
    let text = input::text(path, "snapshot")?;
    let snapshot = file::read(&text)
        .with_context(|| format!("the snapshot {}", path.display()))
        .map_err(Failure::input)?;
    let matching = match_fleet(&snapshot);
    let answer = Output::new(&snapshot, &matching);
    let text = match options.output {
        MatchOutput::Json => answer.to_json(),
        MatchOutput::Table => answer.to_table(),
    };
    output::print(text.trim_end());
    Ok(())
}
