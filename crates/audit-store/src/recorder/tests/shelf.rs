//! A store that fails as it is told.

use node_lifecycle::audit::{Hash, Head, Record, Verified};

use crate::Selection;

use super::*;

/// Holds entries for any number of recorders; clones are the same shelf.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    records: Vec<Arc<Record>>,
    failing: Option<Cause>,
    loses_an_answer: bool,
    hangs: bool,
    conflicts: usize,
    opened: usize,
    pruned: Vec<DateTime<Utc>>,
    never_ends_pruning: bool,
}

// === impl Shelf ===

impl Shelf {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub(super) fn fail(&self, cause: Option<Cause>) {
        self.inside().failing = cause;
    }

    pub(super) fn lose_an_answer(&self) {
        self.inside().loses_an_answer = true;
    }

    pub(super) fn hang(&self) {
        self.inside().hangs = true;
    }

    pub(super) fn never_end_pruning(&self) {
        self.inside().never_ends_pruning = true;
    }

    pub(super) fn empty(&self) {
        self.inside().records.clear();
    }

    pub(super) fn records(&self) -> Vec<Arc<Record>> {
        self.inside().records.clone()
    }

    pub(super) fn places(&self) -> Vec<(u64, u64)> {
        let place = |record: &Arc<Record>| (record.link().term, record.link().sequence);
        self.records().iter().map(place).collect()
    }

    pub(super) fn conflicts(&self) -> usize {
        self.inside().conflicts
    }

    pub(super) fn opened(&self) -> usize {
        self.inside().opened
    }

    pub(super) fn pruned(&self) -> Vec<DateTime<Utc>> {
        self.inside().pruned.clone()
    }

    fn well(&self) -> Result<(), StoreError> {
        self.inside().failing.map_or(Ok(()), |cause| Err(error(cause)))
    }
}

fn error(cause: Cause) -> StoreError {
    StoreError {
        doing: "using",
        store: "shelf".to_owned(),
        cause,
        source: None,
    }
}

#[async_trait]
impl Opener for Shelf {
    async fn open(&self) -> Result<Box<dyn AuditStore>, StoreError> {
        self.inside().opened += 1;
        if self.inside().hangs {
            std::future::pending::<()>().await;
        }
        self.well()?;
        Ok(Box::new(self.clone()))
    }

    fn name(&self) -> String {
        "shelf".to_owned()
    }
}

#[async_trait]
impl AuditStore for Shelf {
    async fn append(&self, batch: &[Arc<Record>]) -> Result<(), StoreError> {
        self.well()?;
        let mut inside = self.inside();
        for record in batch {
            let taken = inside.records.iter().find(|stored| {
                (stored.link().term, stored.link().sequence) == (record.link().term, record.link().sequence)
            });
            match taken {
                None => inside.records.push(Arc::clone(record)),
                Some(stored) if stored.link() == record.link() => {}
                Some(_) => {
                    inside.conflicts += 1;
                    return Err(error(Cause::Conflict));
                }
            }
        }
        if std::mem::take(&mut inside.loses_an_answer) {
            return Err(error(Cause::Unreachable));
        }
        Ok(())
    }

    async fn select(&self, filter: &Filter) -> Result<Selection, StoreError> {
        self.well()?;
        let records = self.records();
        let skipped = records.len().saturating_sub(filter.limit);
        let newest = records.iter().skip(skipped);
        Ok(newest
            .map(|record| Record::read(record.stored().clone()))
            .collect())
    }

    async fn head(&self) -> Result<Option<Head>, StoreError> {
        self.well()?;
        Ok(self.records().last().map(|record| record.link().head()))
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.inside().pruned.push(before);
        if self.inside().never_ends_pruning {
            std::future::pending::<()>().await;
        }
        Ok(0)
    }

    async fn verify(&self, _head: Option<Hash>) -> Result<Verified, StoreError> {
        unreachable!("a recorder verifies nothing")
    }
}
