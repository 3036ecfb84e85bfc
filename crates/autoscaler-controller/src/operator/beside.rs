//! Two halves of a pass at once: a plan for many pods takes as long as everything else.

use std::panic::resume_unwind;
use std::thread::scope;
use tracing::{Dispatch, Span, dispatcher};

/// Does two things and returns what came of both: where it is worth a thread, the first one on a thread of its own at the same
/// time.
///
/// What the thread logs goes where the caller's goes, in its span. A panic there is one here.
pub(super) fn beside<A: Send, B>(
    is_worth_it: bool,
    there: impl FnOnce() -> A + Send,
    here: impl FnOnce() -> B,
) -> (A, B) {
    if !is_worth_it {
        return (there(), here());
    }
    let (span, dispatch) = (Span::current(), dispatcher::get_default(Dispatch::clone));
    scope(|scope| {
        let there = scope.spawn(move || dispatcher::with_default(&dispatch, || span.in_scope(there)));
        let came_here = here();
        let came_there = there.join().unwrap_or_else(|panic| resume_unwind(panic));
        (came_there, came_here)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;

    /// Both are done at once: each waits for the other.
    #[test]
    fn both_are_done_at_once() {
        let barrier = Barrier::new(2);
        let wait = || barrier.wait().is_leader();
        let (there, here) = beside(true, wait, wait);
        assert_ne!(there, here);
    }

    /// A panic there ends the pass as one here does.
    #[test]
    fn panic_there_is_one_here() {
        let panic = catch_unwind(AssertUnwindSafe(|| beside(true, || panic!("there"), || 1)));
        let panic = panic.expect_err("it panics");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"there"));
    }
}
