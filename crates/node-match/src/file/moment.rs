//! Moments in a file, and what to write where there is none.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

pub(super) fn required<'de, D: Deserializer<'de>>(source: D) -> Result<DateTime<Utc>, D::Error> {
    parsed(&String::deserialize(source)?)
}

pub(super) fn optional<'de, D: Deserializer<'de>>(source: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(source)?;
    text.as_deref().map(parsed).transpose()
}

fn parsed<E: serde::de::Error>(text: &str) -> Result<DateTime<Utc>, E> {
    text.parse().map_err(|_| {
        E::custom(format_args!(
            "`{text}` is no moment, write RFC 3339 with a zone, such as `2026-01-24T08:10:00Z`"
        ))
    })
}
