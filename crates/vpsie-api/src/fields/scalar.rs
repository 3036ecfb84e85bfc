//! One value that is text, number or truth, whichever of them VPSie chose to write.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// Holds a value; numbers as the text they were written as, so that none is rounded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// Text, without its quotes.
    Text(Cow<'a, str>),
    /// A number, as it was written.
    Number(&'a str),
    /// A truth.
    Flag(bool),
}

impl<'a> Scalar<'a> {
    /// Reads a value; null, lists and objects are none, nor is text that cannot be.
    pub(crate) fn read(value: &'a RawValue) -> Option<Self> {
        let written = value.get();
        match written.as_bytes().first()? {
            b'"' => text(written).map(Self::Text),
            b't' => Some(Self::Flag(true)),
            b'f' => Some(Self::Flag(false)),
            b'-' | b'0'..=b'9' => Some(Self::Number(written)),
            _ => None,
        }
    }

    /// Returns text that is not empty; numbers count as text.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Self::Number(number) => Some((*number).to_owned()),
            Self::Flag(_) => None,
        }
    }

    /// Returns a whole number that is not negative.
    pub(crate) fn number(&self) -> Option<u64> {
        let digits = self.digits()?;
        digits.parse().ok().or_else(|| whole(digits.parse().ok()?))
    }

    /// Returns a truth.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            Self::Text(_) | Self::Number(_) => self.number().map(|number| number != 0),
        }
    }

    /// Returns a sum of money that is not negative, exactly as written.
    pub(crate) fn money(&self) -> Option<Decimal> {
        let digits = self.digits()?;
        let money = Decimal::from_str_exact(digits).or_else(|_| Decimal::from_scientific(digits));
        money
            .ok()
            .filter(|money| money.is_zero() || money.is_sign_positive())
    }

    fn digits(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            Self::Number(number) => Some(number),
            Self::Flag(_) => None,
        }
    }
}

/// Takes the quotes off, and the escapes out where there are any.
fn text(written: &str) -> Option<Cow<'_, str>> {
    if written.contains('\\') {
        return serde_json::from_str(written).ok().map(Cow::Owned);
    }
    written.strip_prefix('"')?.strip_suffix('"').map(Cow::Borrowed)
}

/// Takes a whole number out of a floating one. Above 2^53 such numbers are not exact.
fn whole(number: f64) -> Option<u64> {
    let exact = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
    exact.then_some(number as u64)
}
