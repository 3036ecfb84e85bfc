//! What the clock of a server shows, read off the header `Date` of its answers.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, header};
use tokio::time::Instant;

/// The resolution of the header: it is cut to whole seconds.
const RESOLUTION: Duration = Duration::from_secs(1);

/// Remembers what the clock of a server showed in one answer, and when that was.
///
/// *When* is told by a clock that nobody can set, so the time of day of this machine may be wrong, or be corrected
/// meanwhile, without any harm to what is known of the server's.
///
/// # Guarantees
/// The server's clock is known to the length of the round trip and one second more: the header is cut to whole seconds,
/// and nothing tells when on the way it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    date: DateTime<Utc>,
    sent: Instant,
    received: Instant,
}

impl ServerTime {
    /// Reads the answer that has just arrived to a request that was sent at this moment.
    ///
    /// An answer without a readable date tells nothing, and neither does one from a cache on the way, which has an
    /// `Age`: its date is that of another answer.
    ///
    /// # Examples
    /// ```
    /// use tokio::time::Instant;
    /// use vpsie_api::ServerTime;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// let sent = Instant::now();
    /// assert_eq!(ServerTime::read(&headers, sent), None);
    /// headers.insert("date", "Sat, 24 Jan 2026 10:00:00 GMT".parse().expect("plain ASCII"));
    /// let told = ServerTime::read(&headers, sent).expect("it has a date");
    /// assert!(told.now().start().to_rfc3339().starts_with("2026-01-24T10:00:0"));
    /// ```
    pub fn read(headers: &HeaderMap, sent: Instant) -> Option<Self> {
        if headers.contains_key(header::AGE) {
            return None;
        }
        let text = headers.get(header::DATE)?.to_str().ok()?;
        let seconds = httpdate::parse_http_date(text)
            .ok()?
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()?
            .as_secs();
        Some(Self {
            date: DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?,
            sent,
            received: Instant::now(),
        })
    }

    /// Returns the least and the most that the server's clock can show now.
    pub fn now(&self) -> RangeInclusive<DateTime<Utc>> {
        let least = after(self.date, self.received.elapsed());
        least..=after(self.date, self.sent.elapsed().saturating_add(RESOLUTION))
    }

    /// Returns how long ago the answer arrived.
    pub fn age(&self) -> Duration {
        self.received.elapsed()
    }
}

/// Adds a duration to a date, up to the last date that there is.
fn after(date: DateTime<Utc>, elapsed: Duration) -> DateTime<Utc> {
    let elapsed = TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX);
    date.checked_add_signed(elapsed)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sat, 24 Jan 2026 10:00:00 GMT";

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter();
        lines
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The date may have been written at any moment of the round trip, and goes on by a clock that nobody sets.
    #[tokio::test(start_paused = true)]
    async fn clock_of_a_server_is_known_to_the_round_trip_and_a_second() {
        let sent = Instant::now();
        tokio::time::advance(Duration::from_secs(3)).await;
        let told = ServerTime::read(&headers(&[("date", DATE)]), sent).unwrap();
        assert_eq!(
            told.now(),
            at("2026-01-24T10:00:00Z")..=at("2026-01-24T10:00:04Z")
        );
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(
            told.now(),
            at("2026-01-24T10:01:00Z")..=at("2026-01-24T10:01:04Z")
        );
        assert_eq!(told.age(), Duration::from_secs(60));
    }

    #[test]
    fn answer_without_a_date_of_its_own_tells_nothing() {
        let silent: [&[_]; 5] = [
            &[],
            &[("date", "yesterday")],
            &[("date", "Sat, 24 Jan 2026 10:00:00 CET")],
            &[("date", "2026-01-24T10:00:00Z")],
            &[("date", DATE), ("age", "7")],
        ];
        for lines in silent {
            assert_eq!(
                ServerTime::read(&headers(lines), Instant::now()),
                None,
                "{lines:?}"
            );
        }
    }

    /// A server may send anything; the end of time is no reason to stop.
    #[test]
    fn absurd_dates_are_survived() {
        for date in ["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            let told = ServerTime::read(&headers(&[("date", date)]), Instant::now()).unwrap();
            assert!(told.now().start() <= told.now().end());
        }
        assert_eq!(
            after(DateTime::<Utc>::MAX_UTC, RESOLUTION),
            DateTime::<Utc>::MAX_UTC
        );
    }
}
