//! Our own rate limit: who may send now, who waits, and for whom there is always room.
//!
//! ```text
//!                  shared     additions   removals
//!   reads        ──── x
//!   additions    ──── x ─────────── x
//!   removals     ──── x ─────────── x ─────── x
//! ```
//! The limit is split into three parts, about 8 : 1 : 1. A request takes from the first of
//! its parts that has something left, so however much is polled, a machine can be removed.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{Call, Settings, SettingsError};

/// Out of so many calls of a part, one may come at any time; the others trickle in.
const BURST_SHARE: u32 = 4;

/// Out of so many calls, one is kept for additions and one for removals.
const RESERVED_SHARE: u32 = 10;

/// Says which parts of the limit a request may take from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Reads,
    Additions,
    Removals,
}

/// Keeps the time for the limits, real or paused.
#[derive(Clone)]
struct SinceStart(Instant);

/// Counts what was taken from one part.
struct Taking(Arc<InMemoryState>);

/// Looks at the same count and takes nothing.
struct Looking(Arc<InMemoryState>);

/// Limits one part.
type Limiter<S> = RateLimiter<NotKeyed, S, SinceStart, NoOpMiddleware<Duration>>;

/// One part: whoever takes from it, and whoever only looks whether something is left.
struct Part {
    taking: Limiter<Taking>,
    looking: Limiter<Looking>,
}

/// Lets requests through at a limited rate.
///
/// # Guarantees
/// In no minute there are more requests than allowed. Within a lane it is first come, first
/// served, and only the first in line has a timer.
pub(super) struct Lanes {
    parts: [Part; 3],
    lines: [Mutex<()>; 3],
}

// === impl Lane ===

impl Lane {
    /// The exchange of a token goes first, since a removal may be waiting for it.
    const fn of(call: Call) -> Self {
        match call {
            Call::ListClusters
            | Call::GetCluster
            | Call::ListNodeGroups
            | Call::ListOffers
            | Call::ListVms
            | Call::GetVm
            | Call::GetVmStatus
            | Call::ListPendingVms
            | Call::ListVolumeHosts
            | Call::ListPlanCategories
            | Call::ListPlans
            | Call::ListDatacenters
            | Call::ListSshKeys
            | Call::ListProjects
            | Call::ListTags => Self::Reads,
            Call::CreateGroup | Call::AddWorker => Self::Additions,
            Call::RemoveWorker | Call::DeleteGroup | Call::Authenticate => Self::Removals,
        }
    }
}

// === impl SinceStart ===

impl Clock for SinceStart {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

// === impl Taking ===

impl StateStore for Taking {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.measure_and_replace(key, decide)
    }
}

// === impl Looking ===

impl StateStore for Looking {
    type Key = NotKeyed;

    /// Decides like the other, and replaces nothing: to the state every decision is a refusal.
    fn measure_and_replace<T, F, E>(&self, key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let refuse = |taken| Err::<(T, Nanos), _>(decide(taken).map(|(outcome, _)| outcome));
        self.0.measure_and_replace(key, refuse).or_else(|decided| decided)
    }
}

// === impl Lanes ===

impl Lanes {
    /// Shares out the limit.
    pub(super) fn new(calls_per_minute: u32) -> Result<Self, SettingsError> {
        let too_few = SettingsError::CallsPerMinute {
            calls: calls_per_minute,
        };
        if calls_per_minute < Settings::FEWEST_CALLS_PER_MINUTE {
            return Err(too_few);
        }
        // A part of two is one call now and one a minute; a smaller part cannot work.
        let reserved = (calls_per_minute / RESERVED_SHARE).max(2);
        let clock = SinceStart(Instant::now());
        let part = |calls| part(calls, &clock).ok_or_else(|| too_few.clone());
        Ok(Self {
            parts: [
                part(calls_per_minute - 2 * reserved)?,
                part(reserved)?,
                part(reserved)?,
            ],
            lines: Default::default(),
        })
    }

    /// Waits for room, but not beyond `latest`. Whoever does not pass takes nothing.
    ///
    /// # Errors
    /// When there will be no room in time: how long it would take, as far as is known.
    pub(super) async fn pass(&self, call: Call, latest: Instant) -> Result<(), Duration> {
        let lane = Lane::of(call) as usize;
        let too_late = || Err(self.room_left(lane).err().unwrap_or_default());
        let Ok(_first_in_line) = timeout_at(latest, self.lines[lane].lock()).await else {
            return too_late();
        };
        loop {
            // A busy machine may wake us late.
            if Instant::now() > latest {
                return too_late();
            }
            let Err(wait) = self.room(lane) else {
                return Ok(());
            };
            if Instant::now() + wait > latest {
                return Err(wait);
            }
            sleep(wait).await;
        }
    }

    /// Waits until there is room, and takes none of it: whoever comes first may still take it.
    pub(super) async fn await_room(&self, call: Call) {
        let lane = Lane::of(call) as usize;
        while let Err(wait) = self.room_left(lane) {
            sleep(wait).await;
        }
    }

    /// Takes from the first part that has something left, else says when one will have.
    fn room(&self, lane: usize) -> Result<(), Duration> {
        first(self.parts[..=lane].iter().map(|part| &part.taking))
    }

    /// Tells whether some part has something left, else says when one will have.
    fn room_left(&self, lane: usize) -> Result<(), Duration> {
        first(self.parts[..=lane].iter().map(|part| &part.looking))
    }
}

/// Asks one part after the other until one has something left, else says how long the shortest wait is.
fn first<'l, S>(parts: impl Iterator<Item = &'l Limiter<S>>) -> Result<(), Duration>
where
    S: StateStore<Key = NotKeyed> + 'l,
{
    let mut shortest = Duration::MAX;
    for part in parts {
        match part.check() {
            Ok(()) => return Ok(()),
            Err(full) => shortest = shortest.min(full.wait_time_from(part.clock().now())),
        }
    }
    Err(shortest)
}

/// Limits a part so that what may come at once and what trickles in over a minute make up
/// the limit together.
fn part(calls: u32, clock: &SinceStart) -> Option<Part> {
    let burst = NonZeroU32::new((calls / BURST_SHARE).max(1))?;
    let rate = NonZeroU32::new(calls - burst.get())?;
    let quota = Quota::per_minute(rate).allow_burst(burst);
    let taken = Arc::<InMemoryState>::default();
    Some(Part {
        taking: RateLimiter::new(quota, Taking(Arc::clone(&taken)), clock.clone()),
        looking: RateLimiter::new(quota, Looking(taken), clock.clone()),
    })
}

#[cfg(test)]
mod tests;
