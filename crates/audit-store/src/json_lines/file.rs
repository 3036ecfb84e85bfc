//! Writes a file of JSON lines: whole batches, and the pruning of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Anchor, Head, Record};

use super::reading::{AnchorLine, Line, Lines, newest};
use super::{failed, io};
use crate::{Cause, StoreError};

/// Is a file that only this process writes.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    /// Bytes that were acknowledged.
    length: u64,
    head: Option<Head>,
}

// === impl Writer ===

impl Writer {
    /// Opens or makes the file, locks it, and cuts off a torn last line.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = made(path, false).map_err(|error| io("writing", path, error))?;
        lock(&file, path)?;
        let (head, length) = newest(path)?;
        let path = path.to_owned();
        Ok(Self {
            path,
            file,
            length,
            head,
        })
    }

    /// Appends a batch and waits until it is on the disk.
    pub(super) fn append(&mut self, batch: &[Arc<Record>]) -> Result<(), StoreError> {
        let known = self.known(batch)?;
        let fresh = batch.iter().filter(|record| !known.contains(&place(record)));
        let mut text = String::new();
        let mut head = self.head;
        for record in fresh {
            text.push_str(&record.stored().to_line());
            text.push('\n');
            head = Some(record.link().head());
        }
        self.write(text.as_bytes())
            .map_err(|error| io("writing", &self.path, error))?;
        self.length += text.len() as u64;
        self.head = head;
        Ok(())
    }

    /// Writes after what was acknowledged; what an earlier failure left behind it is cut off first.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.file.metadata()?.len() != self.length {
            self.file.set_len(self.length)?;
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    /// Returns which entries of a batch are stored already, and refuses those whose place is taken by others.
    fn known(&self, batch: &[Arc<Record>]) -> Result<BTreeSet<(u64, u64)>, StoreError> {
        let newest = self.head.map(|head| (head.term, head.sequence));
        let mut asked: BTreeMap<(u64, u64), &Record> = BTreeMap::new();
        asked.extend(
            batch
                .iter()
                .filter(|record| Some(place(record)) <= newest)
                .map(|record| (place(record), record.as_ref())),
        );
        let mut known = BTreeSet::new();
        if asked.is_empty() {
            return Ok(known);
        }
        let mut lines = Lines::open(&self.path)?;
        while let Some(line) = lines.next()? {
            let Line::Entry(stored) = line else { continue };
            let here = (stored.link.term, stored.link.sequence);
            if asked
                .get(&here)
                .is_some_and(|record| record.link() == &stored.link)
            {
                known.insert(here);
            }
        }
        if known.len() == asked.len() {
            return Ok(known);
        }
        Err(failed("writing", &self.path, Cause::Conflict, None))
    }

    /// Writes the file anew without what is old, and puts it in the place of the old one.
    pub(super) fn prune(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut cut = Cut::of(&self.path, before, self.head)?;
        if cut.removed == 0 {
            return Ok(0);
        }
        let beside = self.path.with_extension("pruning");
        let written = self.write_pruned(&beside, &mut cut);
        let (file, length) = written.inspect_err(|_| drop(std::fs::remove_file(&beside)))?;
        let swapped = std::fs::rename(&beside, &self.path).and_then(|()| sync_folder(&self.path));
        swapped.map_err(|error| io("pruning", &self.path, error))?;
        self.file = file;
        self.length = length;
        Ok(cut.removed)
    }

    fn write_pruned(&self, beside: &Path, cut: &mut Cut) -> Result<(File, u64), StoreError> {
        let wrong = |error| io("pruning", beside, error);
        let file = made(beside, true).map_err(wrong)?;
        lock(&file, beside)?;
        let mut writer = BufWriter::new(&file);
        for anchor in cut.anchors.values() {
            let line = serde_json::to_string(&AnchorLine { anchor: *anchor });
            let line = line.expect("an anchor has numbers and a hash");
            writeln!(writer, "{line}").map_err(wrong)?;
        }
        let mut lines = Lines::open(&self.path)?;
        while let Some(line) = lines.next()? {
            match line {
                Line::Entry(stored) if !cut.removes(stored.link.term, stored.link.sequence) => {
                    writeln!(writer, "{}", stored.to_line()).map_err(wrong)?;
                }
                Line::Entry(_) | Line::Anchor(_) => {}
            }
        }
        writer.flush().map_err(wrong)?;
        drop(writer);
        file.sync_all().map_err(wrong)?;
        let length = file.metadata().map_err(wrong)?.len();
        Ok((file, length))
    }
}

/// Is what a pruning removes: of each term everything up to its anchor.
struct Cut {
    anchors: BTreeMap<u64, Anchor>,
    removed: u64,
}

// === impl Cut ===

impl Cut {
    fn of(path: &Path, before: DateTime<Utc>, newest: Option<Head>) -> Result<Self, StoreError> {
        let mut anchors: BTreeMap<u64, Anchor> = BTreeMap::new();
        let mut ended = BTreeSet::new();
        let mut removed = 0;
        // What cannot be read is as old as the next of its term that can.
        let mut unread: (u64, u64) = (0, 0);
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next()? {
            let stored = match line {
                Line::Anchor(anchor) => {
                    anchors.insert(anchor.head.term, anchor);
                    continue;
                }
                Line::Entry(stored) => stored,
            };
            let head = stored.link.head();
            if unread.0 != head.term {
                unread = (head.term, 0);
            }
            let Ok(record) = Record::read(stored) else {
                unread.1 += 1;
                continue;
            };
            let stays = record.entry().timestamp >= before || Some(head) == newest;
            if stays || ended.contains(&head.term) {
                ended.insert(head.term);
                continue;
            }
            let gone = 1 + std::mem::take(&mut unread.1);
            let pruned = anchors.get(&head.term).map_or(0, |anchor| anchor.pruned) + gone;
            anchors.insert(head.term, Anchor { head, pruned });
            removed += gone;
        }
        Ok(Self { anchors, removed })
    }

    fn removes(&self, term: u64, sequence: u64) -> bool {
        let anchor = self.anchors.get(&term);
        anchor.is_some_and(|anchor| sequence <= anchor.head.sequence)
    }
}

/// Opens a file, or makes it.
fn made(path: &Path, anew: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .create(true)
        .truncate(anew)
        .read(true)
        .write(true)
        .open(path)
}

fn place(record: &Record) -> (u64, u64) {
    (record.link().term, record.link().sequence)
}

fn lock(file: &File, path: &Path) -> Result<(), StoreError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => failed("writing", path, Cause::Busy, None),
        TryLockError::Error(error) => io("writing", path, error),
    })
}

/// Makes a rename last.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
