//! The hand-over once more, on locks and threads of a checker that tries every interleaving.
//!
//! It is the code of `desk.rs` itself. Only the pointer is another: it swaps under a lock of its own, so that a reader
//! may see it before or after any other step. That `arc-swap` swaps as a whole is its own promise.

use std::sync::Arc;

use loom::future::block_on;
use loom::thread;

#[allow(
    clippy::duplicate_mod,
    reason = "the same code on other locks is what is checked"
)]
#[path = "desk.rs"]
mod desk;

use desk::Desk;

mod sync {
    //! The locks of the checker.

    use std::sync::{Arc, PoisonError};

    pub(super) use loom::sync::Mutex;

    #[derive(Debug)]
    pub(super) struct Pointer<T>(Mutex<Arc<T>>);

    impl<T> Pointer<T> {
        pub(super) fn new(first: Arc<T>) -> Self {
            Self(Mutex::new(first))
        }

        pub(super) fn load(&self) -> Arc<T> {
            Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        pub(super) fn store(&self, next: Arc<T>) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = next;
        }
    }
}

/// Is a pile of generations: the one at the beginning, and those since.
type Pile = Vec<u64>;

fn publish(desk: &Desk<u64, Pile>, generation: u64) {
    desk.publish(Arc::new(generation), |pile| {
        pile.push(generation);
        true
    });
}

/// Subscribes and takes until the hand-over ends or `last` came; returns everything that was taken, in order.
fn consume(desk: &Desk<u64, Pile>, last: u64) -> Pile {
    let inbox = desk.subscribe(|newest| vec![*newest]);
    let mut taken = Pile::new();
    while taken.last() != Some(&last) {
        let next = block_on(std::future::poll_fn(|context| {
            inbox.poll(context, |pile| (!pile.is_empty()).then(|| std::mem::take(pile)))
        }));
        let Some(next) = next else { break };
        taken.extend(next);
        assert!(
            *desk.current() >= taken[taken.len() - 1],
            "what is told can be read"
        );
    }
    desk.leave(&inbox);
    assert_eq!(
        desk.look(Vec::len).len(),
        0,
        "who has left is not known any longer"
    );
    taken
}

/// NS-13, NS-15: whenever a consumer subscribes, it gets the newest generation and then every later one, once, in order,
/// each after it can be read; and it is woken for each.
#[test]
fn subscriber_misses_nothing_in_any_interleaving() {
    loom::model(|| {
        let desk = Arc::new(Desk::new(Arc::new(0)));
        let consumer = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || consume(&desk, 2))
        };
        publish(&desk, 1);
        publish(&desk, 2);
        let taken = consumer.join().expect("the consumer ends");
        let expected: Pile = (taken[0]..=2).collect();
        assert_eq!(taken, expected);
    });
}

/// NS-19: whoever waits when the store ends is woken, and gets what was told before.
#[test]
fn end_reaches_whoever_waits_in_any_interleaving() {
    loom::model(|| {
        let desk = Arc::new(Desk::new(Arc::new(0)));
        let consumer = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || consume(&desk, u64::MAX))
        };
        publish(&desk, 1);
        desk.close();
        let taken = consumer.join().expect("the consumer ends");
        assert!([vec![0, 1], vec![1]].contains(&taken), "{taken:?}");
    });
}

/// NS-15, NS-16: who leaves at any moment takes nothing away from another.
#[test]
fn leaving_harms_nobody_in_any_interleaving() {
    loom::model(|| {
        let desk = Arc::new(Desk::new(Arc::new(0)));
        let leaver = desk.subscribe(|newest| vec![*newest]);
        let stays = desk.subscribe(|newest| vec![*newest]);
        let leaving = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.leave(&leaver))
        };
        publish(&desk, 1);
        leaving.join().expect("leaving ends");
        publish(&desk, 2);
        let context = std::task::Context::from_waker(std::task::Waker::noop());
        let taken = stays.poll(&context, |pile| Some(std::mem::take(pile)));
        assert_eq!(taken, std::task::Poll::Ready(Some(vec![0, 1, 2])));
        assert_eq!(desk.look(Vec::len).len(), 1);
    });
}
