//! Dates as VPSie writes them: mostly RFC 3339, sometimes without a zone.

use chrono::{DateTime, NaiveDateTime, Utc};

/// Holds a moment, and whether VPSie said in which zone.
///
/// A date without a zone is read as UTC, which is a guess: nothing that must be
/// right may rest on it, so `zoned` travels along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// The moment, in UTC.
    pub at: DateTime<Utc>,
    /// Whether the text named its zone.
    pub zoned: bool,
}

impl Timestamp {
    /// Reads a date; an unreadable one is no date, never an error.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Self {
                at: at.with_timezone(&Utc),
                zoned: true,
            });
        }
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|naive| Self {
                at: naive.and_utc(),
                zoned: false,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(i64, bool)>) {
        let read = Timestamp::parse(text).map(|stamp| (stamp.at.timestamp(), stamp.zoned));
        assert_eq!(read, expected, "{text:?}");
    }

    #[test]
    fn dates_are_read_leniently() {
        check("2026-01-20T08:00:00.000Z", Some((1_768_896_000, true)));
        check("2026-01-20T10:00:00+02:00", Some((1_768_896_000, true)));
        check("2026-01-20 08:00:00", Some((1_768_896_000, false)));
        check(" 2026-01-20 08:00:00.5 ", Some((1_768_896_000, false)));
        check("2026-01-20T08:00:00", Some((1_768_896_000, false)));
    }

    #[test]
    fn unreadable_dates_are_none() {
        for text in [
            "",
            "0000-00-00 00:00:00",
            "yesterday",
            "2026-13-01 00:00:00",
            "2026-01-20",
        ] {
            check(text, None);
        }
    }
}
