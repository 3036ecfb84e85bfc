//! Lengths of time and other small values as scenario files write them.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::Delay;

/// Is a length of time, such as `500ms`, `90s` or `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

/// Is a length of time that may begin with `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skew(chrono::Duration);

/// Is a number of workers, or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkerCap(Option<u32>);

/// Is a status that an answer can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u16);

/// Is how often a fault happens: a number, or `for_ever`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times(pub(crate) Option<u32>);

/// Is a sum of money in hundredths, written like `24` or `24.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price(pub(crate) u32);

/// Longer than anything that a simulation waits for, and short enough for every date.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

// === reading ===

fn span(text: &str) -> Result<Duration, String> {
    let mistake = || format!("`{text}` is no length of time; write it like 500ms, 90s, 5m or 1h30m");
    let mut rest = text;
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let digits = rest
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().map_err(|_| mistake())?;
        rest = &rest[digits..];
        let letters = rest
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = UNITS.iter().find(|(name, _)| *name == &rest[..letters]);
        let (_, factor) = unit.ok_or_else(mistake)?;
        rest = &rest[letters..];
        sum = number
            .checked_mul(*factor)
            .and_then(|part| sum.checked_add(part))
            .ok_or_else(mistake)?;
    }
    let span = Duration::from_millis(sum);
    if text.is_empty() {
        Err(mistake())
    } else if span > LONGEST {
        Err(format!("`{text}` is longer than a year; use less"))
    } else {
        Ok(span)
    }
}

fn skew(text: &str) -> Result<chrono::Duration, String> {
    let (is_behind, length) = match text.strip_prefix('-') {
        Some(length) => (true, length),
        None => (false, text),
    };
    let length = chrono::Duration::from_std(span(length)?).expect("a year fits");
    Ok(if is_behind { -length } else { length })
}

fn delay(text: &str) -> Result<Delay, String> {
    let Some((least, most)) = text.split_once("..") else {
        return Ok(Delay::exactly(span(text)?));
    };
    let (least, most) = (span(least)?, span(most)?);
    if least > most {
        return Err(format!(
            "`{text}` ends before it begins; write the shorter time first"
        ));
    }
    Ok(Delay { least, most })
}

fn worker_cap(text: &str) -> Result<Option<u32>, String> {
    match text {
        "none" => Ok(None),
        number => number
            .parse()
            .map(Some)
            .map_err(|_| format!("`{number}` is no cap; write a number or none")),
    }
}

fn status(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (200..=599).contains(number));
    number.ok_or_else(|| format!("`{text}` is no status of an answer; write a number from 200 to 599"))
}

fn times(text: &str) -> Result<Option<u32>, String> {
    match text {
        "for_ever" => Ok(None),
        number => number
            .parse()
            .ok()
            .filter(|times| *times > 0)
            .map(Some)
            .ok_or_else(|| format!("`{number}` is no number of times; write 1 or more, or for_ever")),
    }
}

fn price(text: &str) -> Result<u32, String> {
    let mistake = || format!("`{text}` is no price; write it like 24 or 24.50");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(part) || part.len() > 2 {
        return Err(mistake());
    }
    let cents: u32 = format!("{part:0<2}").parse().map_err(|_| mistake())?;
    let whole: u32 = whole.parse().map_err(|_| mistake())?;
    whole
        .checked_mul(100)
        .and_then(|sum| sum.checked_add(cents))
        .ok_or_else(mistake)
}

// === the border to serde ===

/// Reads a text, or a number as its digits, through a function that says what is wrong.
struct Read<T>(fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Read<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        self.0(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Read(span)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Skew {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Read(skew)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Read(delay))
    }
}

impl<'de> Deserialize<'de> for WorkerCap {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Read(worker_cap)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Read(status)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Read(times)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Read(price)).map(Self)
    }
}

impl From<Status> for u16 {
    fn from(status: Status) -> Self {
        status.0
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.0
    }
}

impl From<Skew> for chrono::Duration {
    fn from(skew: Skew) -> Self {
        skew.0
    }
}

impl From<WorkerCap> for Option<u32> {
    fn from(cap: WorkerCap) -> Self {
        cap.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_units() {
        let cases = [
            ("500ms", Some(500)),
            ("90s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("1d", Some(86_400_000)),
            ("0s", Some(0)),
            ("", None),
            ("90", None),
            ("s", None),
            ("-5s", None),
            ("5 s", None),
            ("1y", None),
            ("9999999999999999999999s", None),
            ("400d", None),
        ];
        for (text, expected) in cases {
            assert_eq!(span(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn skew_goes_both_ways() {
        assert_eq!(skew("-90s"), Ok(chrono::Duration::seconds(-90)));
        assert_eq!(skew("5m"), Ok(chrono::Duration::minutes(5)));
        assert!(skew("--5m").is_err());
    }

    #[test]
    fn delay_is_one_length_or_two() {
        assert_eq!(delay("20s"), Ok(Delay::between_seconds(20, 20)));
        assert_eq!(delay("5s..2m"), Ok(Delay::between_seconds(5, 120)));
        for wrong in ["40s..5s", "5s..", "..5s", "5..9"] {
            assert!(delay(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn status_is_that_of_an_answer() {
        assert_eq!(status("503"), Ok(503));
        for wrong in ["100", "600", "-1", "ok", ""] {
            assert!(status(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_a_number_or_for_ever() {
        assert_eq!(times("for_ever"), Ok(None));
        assert_eq!(times("3"), Ok(Some(3)));
        assert!(times("0").is_err());
    }

    #[test]
    fn price_is_exact() {
        let cases = [
            ("24", Some(2400)),
            ("24.5", Some(2450)),
            ("24.05", Some(2405)),
            ("0.99", Some(99)),
            ("24.005", None),
            ("-1", None),
            (".5", None),
            ("99999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(price(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn cap_is_a_number_or_none() {
        assert_eq!(worker_cap("none"), Ok(None));
        assert_eq!(worker_cap("3"), Ok(Some(3)));
        assert!(worker_cap("-1").is_err());
    }
}
