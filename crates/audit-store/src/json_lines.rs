//! A store that is a file of JSON lines: the simplest to read, the slowest to ask.

mod file;
mod reading;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Filter, Hash, Head, Record, Verified};

use crate::{Access, AuditStore, Cause, Selection, StoreError};
use file::Writer;
use reading::Lines;

/// Keeps the log in a file of JSON lines (`LC-37`).
///
/// # Guarantees
/// A batch is acknowledged after `fdatasync`. A last line without its line feed was never acknowledged and is left out;
/// whoever opens the file to write cuts it off. Only one process at a time can write. Every question reads the whole
/// file.
#[derive(Debug, Clone)]
pub struct JsonLines {
    path: PathBuf,
    writer: Arc<Mutex<Option<Writer>>>,
}

// === impl JsonLines ===

impl JsonLines {
    /// Opens a file; one that is not there is made when it is to be written.
    ///
    /// # Errors
    ///
    /// Says whether it is missing, damaged, not to be written, or written by another process.
    pub async fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        let path = path.to_owned();
        blocking(move || {
            let writer = match access {
                Access::Write => Some(Writer::open(&path)?),
                Access::Read => {
                    Lines::open(&path)?.anchors()?;
                    None
                }
            };
            let writer = Arc::new(Mutex::new(writer));
            Ok(Self { path, writer })
        })
        .await
    }

    /// Does something with the file for writing, away from the threads that must not wait.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (writer, path) = (Arc::clone(&self.writer), self.path.clone());
        blocking(move || {
            // A panic elsewhere leaves the writer whole: its length is only moved after a batch is on the disk.
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            match writer.as_mut() {
                Some(writer) => work(writer),
                None => Err(failed("writing", &path, Cause::Unwritable, None)),
            }
        })
        .await
    }
}

#[async_trait]
impl AuditStore for JsonLines {
    async fn append(&self, batch: &[Arc<Record>]) -> Result<(), StoreError> {
        let batch = batch.to_vec();
        self.write(move |writer| writer.append(&batch)).await
    }

    async fn select(&self, filter: &Filter) -> Result<Selection, StoreError> {
        let (path, filter) = (self.path.clone(), filter.clone());
        blocking(move || reading::select(&path, &filter)).await
    }

    async fn head(&self) -> Result<Option<Head>, StoreError> {
        let path = self.path.clone();
        blocking(move || Ok(reading::newest(&path)?.0)).await
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.write(move |writer| writer.prune(before)).await
    }

    async fn verify(&self, head: Option<Hash>) -> Result<Verified, StoreError> {
        let path = self.path.clone();
        blocking(move || reading::verify(&path, head)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(StoreError {
            doing: "using",
            store: "jsonl".to_owned(),
            cause: Cause::Other,
            source: Some(Box::new(stopped)),
        }),
    }
}

/// Makes an error about a file.
fn failed(
    doing: &'static str,
    path: &Path,
    cause: Cause,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    let store = format!("jsonl:{}", path.display());
    StoreError {
        doing,
        store,
        cause,
        source,
    }
}

/// Says what an error of the operating system means for a file.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds are those of the standard library, and more may come"
)]
fn io(doing: &'static str, path: &Path, error: std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    let cause = match error.kind() {
        ErrorKind::NotFound if doing == "writing" => Cause::Unwritable,
        ErrorKind::NotFound => Cause::Missing,
        ErrorKind::IsADirectory if doing == "reading" => Cause::Corrupt,
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::IsADirectory
        | ErrorKind::NotADirectory => Cause::Unwritable,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Cause::Full,
        ErrorKind::InvalidData => Cause::Corrupt,
        _ => Cause::Other,
    };
    failed(doing, path, cause, Some(Box::new(error)))
}
