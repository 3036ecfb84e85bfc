//! How often somebody may ask.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Mutex;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{DefaultDirectRateLimiter, NotUntil, Quota, RateLimiter};
use http::StatusCode;

use super::Limits;
use super::problem::Problem;

/// Clients that are counted one by one; past that all new ones wait until the first have been quiet for a while.
const MOST_CLIENTS: usize = 4096;

/// Counts the requests of each client.
type OfClients = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>;

/// Counts requests.
#[derive(Debug)]
pub(crate) struct Quotas {
    requests: OfClients,
    refreshes: DefaultDirectRateLimiter,
    clock: DefaultClock,
    /// Whether somebody tidies the counts up at the moment.
    tidying: Mutex<()>,
}

// === impl Quotas ===

impl Quotas {
    pub(super) fn new(limits: &Limits) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let rate = limits.requests_per_second;
        let requests =
            Quota::per_second(at_least_one(rate)).allow_burst(at_least_one(rate.saturating_mul(3)));
        Self {
            requests: RateLimiter::hashmap(requests),
            refreshes: RateLimiter::direct(Quota::per_minute(at_least_one(limits.refreshes_per_minute))),
            clock: DefaultClock::default(),
            tidying: Mutex::new(()),
        }
    }

    /// Counts a request of a client, unless it has had its share.
    pub(super) fn ask(&self, client: IpAddr) -> Result<(), Problem> {
        if self.requests.len() >= MOST_CLIENTS {
            self.tidy_up()?;
        }
        self.requests
            .check_key(&client)
            .map_err(|until| self.too_many(&until, "this address asks too often"))
    }

    /// Counts a refresh, of whomever (EP-26).
    pub(super) fn refresh(&self) -> Result<(), Problem> {
        self.refreshes
            .check()
            .map_err(|until| self.too_many(&until, "discovery was read anew too often"))
    }

    fn tidy_up(&self) -> Result<(), Problem> {
        if let Ok(_guard) = self.tidying.try_lock() {
            self.requests.retain_recent();
        }
        if self.requests.len() < MOST_CLIENTS {
            return Ok(());
        }
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many clients ask at once");
        Err(problem.retry_after(1))
    }

    fn too_many(&self, until: &NotUntil<<DefaultClock as Clock>::Instant>, what: &str) -> Problem {
        let wait = until.wait_time_from(self.clock.now());
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = seconds.max(1);
        let detail = format!("{what}; come again in {seconds} s");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use http::header;

    /// EP-26: five refreshes are taken, and the sixth is told when to come again.
    #[test]
    fn sixth_refresh_in_a_minute_is_too_many() {
        let quotas = Quotas::new(&Limits::default());
        for _ in 0..5 {
            assert_eq!(quotas.refresh(), Ok(()));
        }
        let refused = quotas.refresh().unwrap_err().into_response();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let wait: u64 = refused.headers()[header::RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=12).contains(&wait), "{wait}");
    }

    #[test]
    fn one_client_takes_nothing_from_another() {
        let quotas = Quotas::new(&Limits::default());
        let (greedy, modest) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let refused = (0..1000).find(|_| quotas.ask(greedy).is_err());
        assert!(refused.is_some_and(|asked| asked >= 60), "{refused:?}");
        assert_eq!(quotas.ask(modest), Ok(()));
    }

    #[test]
    fn clients_that_are_counted_have_a_limit() {
        let quotas = Quotas::new(&Limits::default());
        let number = |number: u32| IpAddr::from(number.to_be_bytes());
        let most = u32::try_from(MOST_CLIENTS).unwrap();
        let refused = (0..2 * most).filter(|client| quotas.ask(number(*client)).is_err());
        assert!(refused.count() > 0, "some must wait");
        assert!(quotas.requests.len() <= MOST_CLIENTS);
    }
}
