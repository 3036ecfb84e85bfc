//! The hours in which a NodeGroup or a Node may shrink, `HH:MM-HH:MM Area/City` (`SC-18`).

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

/// Tells whether a time is within the hours; nothing when they cannot be read.
///
/// They are of the zone that they name, else of UTC, and may go over midnight. The end is not part of them; where both are
/// the same, that is the whole day.
pub(super) fn allow(hours: &str, now: DateTime<Utc>) -> Option<bool> {
    let (from, to) = hours.split_once('-')?;
    let to = to.trim();
    let (to, zone) = to.split_once(char::is_whitespace).unwrap_or((to, "UTC"));
    let zone: Tz = zone.trim().parse().ok()?;
    let read = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let (from, to, now) = (read(from)?, read(to)?, now.with_timezone(&zone).time());
    Some(if from < to {
        from <= now && now < to
    } else {
        from <= now || now < to
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    /// An annotation that cannot be read allows nothing.
    #[test]
    fn hours_have_a_zone_and_may_go_over_midnight() {
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let table = [
            ("01:00-02:00", 59, Some(false)),
            ("01:00-02:00", 60, Some(true)),
            ("01:00-02:00", 119, Some(true)),
            ("01:00-02:00", 120, Some(false)),
            ("22:00 - 01:00", 59, Some(true)),
            ("22:00-01:00", 60, Some(false)),
            ("22:00-01:00", 1320, Some(true)),
            ("00:00-00:00", 700, Some(true)),
            ("02:00-03:00 Europe/Berlin", 60, Some(true)),
            ("01:00-02:00 Europe/Berlin", 60, Some(false)),
            // In January New York is five hours behind, and in July four.
            ("20:00-21:00 America/New_York", 60, Some(true)),
            ("21:00 - 22:00  America/New_York", 181 * 1440 + 60, Some(true)),
            ("01:00-02:00 UTC", 60, Some(true)),
            ("01:00-02:00 Europe/Nowhere", 60, None),
            ("01:00-02:00 +01:00", 60, None),
            ("25:00-02:00", 60, None),
            ("01:00", 60, None),
            ("", 60, None),
        ];
        for (hours, minutes, expected) in table {
            assert_eq!(allow(hours, at(minutes)), expected, "{hours} at {minutes}");
        }
    }
}
