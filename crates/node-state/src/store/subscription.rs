//! The consumer's end of a subscription.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::desk::{Desk, Inbox};
use super::pending::Pending;
use super::update::Update;
use crate::snapshot::Snapshot;

/// Receives what changes, for as long as it lives: dropping it ends the subscription (`NS-15`).
///
/// A consumer that is slow gets fewer and larger updates, and after too many changes the snapshot as a whole; nobody
/// waits for it.
///
/// It is had from a [`Reader`](super::Reader) only, so nobody can be a consumer without a store (`NS-25`):
///
/// ```compile_fail
/// let told = node_state::store::Subscription::default();
/// ```
#[derive(Debug)]
pub struct Subscription {
    desk: Arc<Desk<Snapshot, Pending>>,
    inbox: Arc<Inbox<Pending>>,
}

// === impl Subscription ===

impl Subscription {
    pub(super) const fn new(desk: Arc<Desk<Snapshot, Pending>>, inbox: Arc<Inbox<Pending>>) -> Self {
        Self { desk, inbox }
    }

    /// Waits for the next update, on any runtime; nothing once the store is gone and all was told.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Update> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Takes the next update if there is one, else lets the task be woken.
    pub fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<Update>> {
        self.inbox.poll(context, Pending::take)
    }

    /// Takes the next update if there is one.
    pub fn try_next(&mut self) -> Option<Update> {
        match self.poll_next(&Context::from_waker(Waker::noop())) {
            Poll::Ready(update) => update,
            Poll::Pending => None,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.desk.leave(&self.inbox);
    }
}
