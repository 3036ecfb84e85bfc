//! `match`: matching on a snapshot from a file.

use crate::args::{MatchOptions, MatchOutput};
use crate::exit::Failure;
use crate::output;
use anyhow::Context;
use node_match::file::{self, Output};
use node_match::match_fleet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest snapshot that is read: a cluster of 10,000 machines is about 10 MB.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Reads a snapshot, matches it and prints the answer.
pub(crate) fn run(options: &MatchOptions) -> Result<(), Failure> {
    let Some(path) = &options.from else {
        let schema = serde_json::to_string_pretty(&file::schema()).map_err(Failure::defect)?;
        output::print(&schema);
        return Ok(());
    };
    let text = read(path).map_err(Failure::input)?;
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

fn read(path: &Path) -> anyhow::Result<String> {
    let what = || format!("reading the snapshot {}", path.display());
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(what)?)
    };
    let mut bytes = Vec::new();
    source
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .with_context(what)?;
    anyhow::ensure!(
        bytes.len() as u64 <= LARGEST,
        "the snapshot {} is larger than 256 MiB; cut it down",
        path.display()
    );
    String::from_utf8(bytes)
        .with_context(what)
        .context("the snapshot must be UTF-8 text")
}
