//! Who holds a stream: so many altogether, and so many of one address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;

use super::Limits;
use super::problem::Problem;
use super::series::Series;

/// The streams that are open.
#[derive(Debug)]
pub(crate) struct Clients {
    most: usize,
    most_of_one: usize,
    open: Open,
    series: Series,
}

/// One open stream, forgotten when it is dropped.
#[derive(Debug)]
pub(crate) struct Client {
    address: IpAddr,
    open: Open,
    series: Series,
}

/// Counts the streams of each address that has one.
type Open = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

// === impl Clients ===

impl Clients {
    pub(super) fn new(limits: &Limits, series: Series) -> Self {
        Self {
            most: limits.streams,
            most_of_one: limits.streams_of_one,
            open: Open::default(),
            series,
        }
    }

    /// Opens a stream for an address, unless there are too many.
    pub(super) fn open(&self, address: IpAddr) -> Result<Client, Problem> {
        let mut open = locked(&self.open);
        let of_all: usize = open.values().sum();
        let of_one = open.get(&address).copied().unwrap_or_default();
        if of_all >= self.most || of_one >= self.most_of_one {
            let detail =
                format!("{of_all} streams are open, {of_one} of them for this address; close one, or poll");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(10));
        }
        open.insert(address, of_one + 1);
        self.series.streams(of_all + 1);
        drop(open);
        Ok(Client {
            address,
            open: Arc::clone(&self.open),
            series: self.series.clone(),
        })
    }
}

// === impl Client ===

impl Drop for Client {
    fn drop(&mut self) {
        let mut open = locked(&self.open);
        match open.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => {
                open.remove(&self.address);
            }
        }
        self.series.streams(open.values().sum());
    }
}

/// A count is whole even when whoever held the lock has panicked.
fn locked(open: &Open) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_have_a_limit_for_one_address_and_for_all() {
        let limits = Limits {
            streams: 3,
            streams_of_one: 2,
            ..Limits::default()
        };
        let clients = Clients::new(&limits, Series::default());
        let address = |last| IpAddr::from([10, 0, 0, last]);
        let held = [1, 1, 2].map(|last| clients.open(address(last)).unwrap());
        assert!(clients.open(address(3)).is_err(), "all are taken");
        let [first, second, third] = held;
        drop(third);
        assert!(clients.open(address(1)).is_err(), "it has its share");
        drop(clients.open(address(3)).unwrap());
        let count = || locked(&clients.open).values().sum::<usize>();
        assert_eq!(count(), 2);
        drop((first, second));
        assert!(locked(&clients.open).is_empty());
    }
}
