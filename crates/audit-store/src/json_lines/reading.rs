//! Reads a file of JSON lines, one line at a time.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use node_lifecycle::audit::{Anchor, Filter, Hash, Head, Record, Stored, Verified, Verifier};
use serde::{Deserialize, Serialize};

use super::{failed, io};
use crate::{Cause, Selection, StoreError};

/// Longest line: the texts of an entry have limits, and even escaped they are far below it.
const LINE_LIMIT: u64 = 1 << 20;

/// Is the line that pruning leaves, before all entries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnchorLine {
    pub(super) anchor: Anchor,
}

/// Is what a line says.
#[derive(Debug)]
pub(super) enum Line {
    Anchor(Anchor),
    Entry(Stored),
}

/// Reads the lines of a file that are complete.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    number: u64,
    /// Bytes of the complete lines so far.
    length: u64,
}

// === impl Lines ===

impl Lines {
    /// Opens a file to read it from its beginning.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| io("reading", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 16, file),
            buffer: Vec::new(),
            number: 0,
            length: 0,
        })
    }

    /// Returns the next complete line; what has no line feed was torn, or is being written.
    fn text(&mut self) -> Result<Option<&str>, StoreError> {
        self.buffer.clear();
        let mut limited = self.reader.by_ref().take(LINE_LIMIT);
        let read = limited.read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|error| io("reading", &self.path, error))?;
        self.number += 1;
        if self.buffer.last() != Some(&b'\n') {
            return if is_torn(&self.buffer) && (read as u64) < LINE_LIMIT {
                Ok(None)
            } else {
                Err(self.corrupt("the line does not end, and is not the beginning of an entry".into()))
            };
        }
        self.length += read as u64;
        let line = &self.buffer[..read - 1];
        match std::str::from_utf8(line) {
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(self.corrupt(error.into())),
        }
    }

    /// Returns what the next complete line says.
    pub(super) fn next(&mut self) -> Result<Option<Line>, StoreError> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let line = match Stored::from_line(text) {
            Ok(stored) => Ok(Line::Entry(stored)),
            Err(error) => match serde_json::from_str::<AnchorLine>(text) {
                Ok(line) => Ok(Line::Anchor(line.anchor)),
                Err(_) => Err(error),
            },
        };
        line.map(Some).map_err(|error| self.corrupt(error.into()))
    }

    /// Returns the anchors, which stand before the entries, and checks that the file is an audit log at all.
    pub(super) fn anchors(mut self) -> Result<Vec<Anchor>, StoreError> {
        let mut anchors = Vec::new();
        while let Some(Line::Anchor(anchor)) = self.next()? {
            anchors.push(anchor);
        }
        Ok(anchors)
    }

    /// Says that the line just read cannot be.
    fn corrupt(&self, source: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
        let text = format!("line {}: {source}", self.number);
        failed("reading", &self.path, Cause::Corrupt, Some(text.into()))
    }
}

/// Tells whether a text without line feed may be what is left of an entry; nothing else is ever cut off.
fn is_torn(text: &[u8]) -> bool {
    const BEGINNING: &[u8] = br#"{"term":"#;
    text.starts_with(BEGINNING) || BEGINNING.starts_with(text)
}

/// Returns the newest entry's place, and how many bytes all complete lines have.
pub(super) fn newest(path: &Path) -> Result<(Option<Head>, u64), StoreError> {
    let mut lines = Lines::open(path)?;
    let mut newest = None;
    while let Some(line) = lines.next()? {
        newest = match line {
            Line::Anchor(_) => newest,
            Line::Entry(stored) => Some(stored.link.head()),
        };
    }
    Ok((newest, lines.length))
}

/// Returns what a filter asks for.
pub(super) fn select(path: &Path, filter: &Filter) -> Result<Selection, StoreError> {
    let mut lines = Lines::open(path)?;
    let mut found = VecDeque::new();
    while let Some(line) = lines.next()? {
        let record = match line {
            Line::Anchor(_) => continue,
            Line::Entry(stored) => Record::read(stored),
        };
        if record
            .as_ref()
            .is_ok_and(|record| !filter.matches(record.entry()))
        {
            continue;
        }
        if filter.limit > 0 && found.len() == filter.limit {
            found.pop_front();
        }
        found.push_back(record);
    }
    Ok(found.into_iter().collect())
}

/// Looks for what was altered or removed.
pub(super) fn verify(path: &Path, head: Option<Hash>) -> Result<Verified, StoreError> {
    let mut verifier = Verifier::new(Lines::open(path)?.anchors()?, head);
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next()? {
        match line {
            Line::Anchor(_) => {}
            Line::Entry(stored) => verifier.check(&stored),
        }
    }
    Ok(verifier.finish())
}
