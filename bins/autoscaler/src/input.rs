//! Files that a person hands over: read as a whole, up to a limit.

use crate::exit::Failure;
use anyhow::Context;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest file that is read: a snapshot of 10,000 machines is about 10 MB, a dump of 10,000 pods about 100.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Reads a file, or standard input for `-`; `what` says what it should hold.
pub(crate) fn text(path: &Path, what: &str) -> Result<String, Failure> {
    read(path, what).map_err(Failure::input)
}

fn read(path: &Path, what: &str) -> anyhow::Result<String> {
    let reading = || format!("reading the {what} {}", path.display());
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(reading)?)
    };
    let mut bytes = Vec::new();
    source
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .with_context(reading)?;
    anyhow::ensure!(
        bytes.len() as u64 <= LARGEST,
        "the {what} {} is larger than 256 MiB; cut it down",
        path.display()
    );
    String::from_utf8(bytes)
        .with_context(reading)
        .with_context(|| format!("the {what} must be UTF-8 text"))
}
