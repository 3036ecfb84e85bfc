//! Places for connections: so many altogether, and so many for one address, so that none takes them from a probe.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most connections at once: two probes, a few Prometheus servers and some persons need a tenth. Others wait.
const MOST: usize = 128;
/// Most connections of one address at once. More are closed, so that it takes four pods to fill every place.
const MOST_OF_ONE: usize = 32;

/// Keeps count of the connections of each address; never of more than there are places.
type Taken = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// The places of one listener.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    taken: Taken,
}

/// The place of one connection, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    peer: IpAddr,
    taken: Taken,
    _permit: OwnedSemaphorePermit,
}

// === impl Places ===

impl Places {
    pub(crate) fn new() -> Self {
        Self {
            free: Arc::new(Semaphore::new(MOST)),
            taken: Taken::default(),
        }
    }

    /// Waits until there is room for one more connection of anybody.
    pub(crate) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Gives the room to an address, unless it has its share already.
    pub(crate) fn take(&self, room: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let mut taken = locked(&self.taken);
        let count = taken.entry(peer).or_default();
        if *count >= MOST_OF_ONE {
            return None;
        }
        *count += 1;
        Some(Place {
            peer,
            taken: Arc::clone(&self.taken),
            _permit: room,
        })
    }
}

// === impl Place ===

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = locked(&self.taken);
        if let Some(count) = taken.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}

/// A count is whole even when whoever held the lock has panicked.
fn locked(taken: &Taken) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn address_gets_its_share_back_and_leaves_no_trace() {
        let places = Places::new();
        let peer = IpAddr::from([10, 0, 0, 1]);
        let mut held = Vec::new();
        for _ in 0..MOST_OF_ONE {
            let room = places.room().await.expect("there is room");
            held.push(places.take(room, peer).expect("within its share"));
        }
        let room = places.room().await.expect("there is room");
        assert!(places.take(room, peer).is_none(), "it has its share");
        let room = places.room().await.expect("there is room");
        let other = places.take(room, IpAddr::from([10, 0, 0, 2]));
        assert!(other.is_some(), "others have theirs");
        held.pop();
        let room = places.room().await.expect("there is room");
        assert!(places.take(room, peer).is_some());
        drop((held, other));
        assert!(locked(&places.taken).is_empty());
        assert_eq!(places.free.available_permits(), MOST);
    }
}
