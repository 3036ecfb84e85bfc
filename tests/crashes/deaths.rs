//! One story told again and again, with a death at its first effect, its second, and so on; and at what it died.

use std::collections::BTreeSet;

use kit::fleet::{Fleet, Stored};
use kit::log::Log;
use kit::wire::LAST_WORDS;
use tracing::subscriber::DefaultGuard;

/// No story of one node has as many effects; a sweep that comes here does not end by itself.
const MOST_EFFECTS: usize = 100;

/// The commands at which processes have died, as their own log tells.
pub(crate) struct Deaths {
    log: Log,
    _listening: DefaultGuard,
}

// === impl Deaths ===

impl Deaths {
    /// Listens to the last words of every process on this thread.
    pub(crate) fn listen() -> Self {
        let (log, _listening) = Log::listen(tracing::Level::INFO);
        Self { log, _listening }
    }

    /// Checks that a process has died at each of these commands.
    #[track_caller]
    pub(crate) fn check(&self, expected: &[&str]) {
        let log = self.log.text();
        let last_words = log.lines().filter(|line| line.contains(LAST_WORDS));
        let died_at: BTreeSet<&str> = last_words.filter_map(command).collect();
        let lacking: Vec<&&str> = expected.iter().filter(|one| !died_at.contains(**one)).collect();
        assert!(lacking.is_empty(), "nobody died at {lacking:?}: {died_at:?}");
    }
}

/// Returns the command that a line of the log was written in.
fn command(line: &str) -> Option<&str> {
    line.split_once("command=\"")?.1.split('"').next()
}

/// Tells a story with a death at the first effect, then at the second, until it has fewer effects than that.
pub(crate) async fn sweep(least: usize, mut story: impl AsyncFnMut(usize) -> bool) {
    for effect in 1..MOST_EFFECTS {
        if !story(effect).await {
            assert!(effect > least, "the story has more than {effect} effects");
            return;
        }
    }
    unreachable!("a story of one node has fewer effects");
}

/// Begins a story and waits until it is at rest, with one death on the way; tells whether the death came.
pub(crate) async fn tell(
    fleet: &mut Fleet,
    effect: usize,
    begin: impl AsyncFn(&Fleet),
    is_at_rest: impl Fn(&Fleet, &Stored) -> bool,
) -> bool {
    fleet.wire.die_at(effect);
    begin(fleet).await;
    let wire = fleet.wire.clone();
    let has_died = tokio::select! {
        () = wire.died() => true,
        _ = fleet.until("it is at rest", |stored| is_at_rest(fleet, stored)) => false,
    };
    if has_died {
        fleet.kill().await;
        fleet.start().await;
        fleet
            .until("it is at rest", |stored| is_at_rest(fleet, stored))
            .await;
    }
    has_died
}
