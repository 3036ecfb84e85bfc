//! The hand-over between one writer and its readers: a pointer to the newest, and an inbox for each subscriber.
//!
//! It knows nothing of nodes. What waits in an inbox is a pile `P`; what the pointer points to is an `S`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use super::sync::{Mutex, Pointer};

/// Hands every new `S` over to readers and subscribers.
#[derive(Debug)]
pub(super) struct Desk<S, P> {
    current: Pointer<S>,
    /// Held while the pointer is swapped and the inboxes are filled, so that who subscribes sees either both or neither.
    inboxes: Mutex<Inboxes<P>>,
}

#[derive(Debug)]
struct Inboxes<P> {
    next_number: u64,
    by_number: BTreeMap<u64, Arc<Inbox<P>>>,
    is_closed: bool,
}

/// Is where things wait for one subscriber.
#[derive(Debug)]
pub(super) struct Inbox<P> {
    number: u64,
    content: Mutex<Content<P>>,
}

#[derive(Debug)]
struct Content<P> {
    pile: P,
    /// Who waits for the pile to hold something.
    waker: Option<Waker>,
    is_closed: bool,
}

/// Takes a lock. Nobody can panic while he holds one of ours, so what it guards is whole.
macro_rules! lock {
    ($mutex:expr) => {
        $mutex.lock().unwrap_or_else(PoisonError::into_inner)
    };
}

// === impl Desk ===

impl<S, P> Desk<S, P> {
    pub(super) fn new(first: Arc<S>) -> Self {
        Self {
            current: Pointer::new(first),
            inboxes: Mutex::new(Inboxes {
                next_number: 0,
                by_number: BTreeMap::new(),
                is_closed: false,
            }),
        }
    }

    /// Returns the newest, without a lock.
    pub(super) fn current(&self) -> Arc<S> {
        self.current.load()
    }

    /// Puts the newest in place, then tells every subscriber; `put` says whether there is something to wake one for.
    pub(super) fn publish(&self, next: Arc<S>, mut put: impl FnMut(&mut P) -> bool) {
        let mut wakers = Vec::new();
        {
            let inboxes = lock!(self.inboxes);
            self.current.store(next);
            for inbox in inboxes.by_number.values() {
                let mut content = lock!(inbox.content);
                if put(&mut content.pile) {
                    wakers.extend(content.waker.take());
                }
            }
        }
        // Waking runs code of others, so no lock is held.
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Begins a subscription with a pile that knows the newest. Nothing that comes after it is missed.
    pub(super) fn subscribe(&self, begin: impl FnOnce(Arc<S>) -> P) -> Arc<Inbox<P>> {
        let mut inboxes = lock!(self.inboxes);
        let inbox = Arc::new(Inbox {
            number: inboxes.next_number,
            content: Mutex::new(Content {
                pile: begin(self.current.load()),
                waker: None,
                is_closed: inboxes.is_closed,
            }),
        });
        inboxes.next_number += 1;
        if !inboxes.is_closed {
            inboxes.by_number.insert(inbox.number, Arc::clone(&inbox));
        }
        inbox
    }

    /// Ends a subscription.
    pub(super) fn leave(&self, inbox: &Inbox<P>) {
        lock!(self.inboxes).by_number.remove(&inbox.number);
    }

    /// Ends every subscription after what waits for it.
    pub(super) fn close(&self) {
        let mut wakers = Vec::new();
        {
            let mut inboxes = lock!(self.inboxes);
            inboxes.is_closed = true;
            for inbox in std::mem::take(&mut inboxes.by_number).into_values() {
                let mut content = lock!(inbox.content);
                content.is_closed = true;
                wakers.extend(content.waker.take());
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Looks at every pile, in the order of the subscriptions.
    pub(super) fn look<T>(&self, look: impl Fn(&P) -> T) -> Vec<T> {
        let inboxes = lock!(self.inboxes);
        let inboxes = inboxes.by_number.values();
        inboxes.map(|inbox| look(&lock!(inbox.content).pile)).collect()
    }
}

// === impl Inbox ===

impl<P> Inbox<P> {
    /// Takes what waits; once nothing does, notes whom to wake, or says that nothing will come any more.
    pub(super) fn poll<T>(
        &self,
        context: &Context<'_>,
        take: impl FnOnce(&mut P) -> Option<T>,
    ) -> Poll<Option<T>> {
        let mut content = lock!(self.content);
        if let Some(taken) = take(&mut content.pile) {
            return Poll::Ready(Some(taken));
        }
        if content.is_closed {
            return Poll::Ready(None);
        }
        content.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
