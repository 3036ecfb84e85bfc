//! Quantities of Kubernetes, exact: read as the API server reads them, and printed as a person writes them.

use std::fmt;

/// Thousandths of the greatest whole quantity that Kubernetes knows; what is more counts as much.
const MOST: u128 = (i64::MAX as u128) * 1000;

/// Digits after the point that are read one by one; of the others only matters whether one is not zero.
const EXACT_DIGITS: usize = 15;

/// Suffixes with the power of two and the power of ten that they stand for; the longer ones come first.
const SUFFIXES: [(&str, u32, i32); 15] = [
    ("Ki", 10, 0),
    ("Mi", 20, 0),
    ("Gi", 30, 0),
    ("Ti", 40, 0),
    ("Pi", 50, 0),
    ("Ei", 60, 0),
    ("n", 0, -9),
    ("u", 0, -6),
    ("m", 0, -3),
    ("k", 0, 3),
    ("M", 0, 6),
    ("G", 0, 9),
    ("T", 0, 12),
    ("P", 0, 15),
    ("E", 0, 18),
];

/// Holds an amount in thousandths, rounded up, as the API server rounds each one that it stores.
///
/// # Examples
/// ```
/// use fleet_plan::Quantity;
///
/// assert_eq!(Quantity::parse("1.0005").map(Quantity::thousandths), Ok(1001));
/// assert_eq!(Quantity::parse("64Mi").map(Quantity::whole), Ok(64 << 20));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u128);

/// Says why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// It is not a number with one of the suffixes.
    #[error("`{0}` is no quantity; write a number such as `2`, `500m` or `64Mi`")]
    Unreadable(String),
    /// It is less than nothing.
    #[error("`{0}` is less than zero; write what is needed")]
    Negative(String),
}

// === impl Quantity ===

impl Quantity {
    /// Is nothing.
    pub const ZERO: Self = Self(0);

    /// Reads an amount.
    ///
    /// # Errors
    /// When the text is no quantity of Kubernetes, or below zero.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let unreadable = || QuantityError::Unreadable(text.to_owned());
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (power_of_two, power_of_ten) = factor(suffix).ok_or_else(unreadable)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return Err(unreadable());
        }
        let value = Self(thousandths(whole, fraction, power_of_two, power_of_ten));
        if text.starts_with('-') && value != Self::ZERO {
            return Err(QuantityError::Negative(text.to_owned()));
        }
        Ok(value)
    }

    /// Returns the amount in thousandths: what the scheduler counts of CPU.
    #[must_use]
    pub fn thousandths(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// Returns the amount in whole units, rounded up: what the scheduler counts of all else.
    #[must_use]
    pub fn whole(self) -> i64 {
        i64::try_from(self.0.div_ceil(1000)).unwrap_or(i64::MAX)
    }

    /// Adds another amount.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(MOST))
    }
}

/// Returns the powers of two and of ten that a suffix stands for.
fn factor(suffix: &str) -> Option<(u32, i32)> {
    if suffix.is_empty() {
        return Some((0, 0));
    }
    let known = SUFFIXES.iter().find(|(known, _, _)| *known == suffix);
    if let Some((_, power_of_two, power_of_ten)) = known {
        return Some((*power_of_two, *power_of_ten));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // An exponent beyond all bounds is cut to one that is beyond those of the amount, too.
    let exponent = exponent
        .parse()
        .unwrap_or(if exponent.starts_with('-') { -100 } else { 100 });
    Some((0, exponent.clamp(-100, 100)))
}

fn thousandths(whole: &str, fraction: &str, power_of_two: u32, power_of_ten: i32) -> u128 {
    let (exact, rest) = fraction.split_at(fraction.len().min(EXACT_DIGITS));
    let has_rest = rest.bytes().any(|digit| digit != b'0');
    let mut mantissa: u128 = 0;
    for digit in whole.bytes().chain(exact.bytes()) {
        mantissa = mantissa
            .saturating_mul(10)
            .saturating_add(u128::from(digit - b'0'));
    }
    let places = i32::try_from(exact.len()).unwrap_or(i32::MAX);
    let exponent = power_of_ten + 3 - places;
    let scaled = mantissa.saturating_mul(1 << power_of_two);
    let ten = |power: u32| 10_u128.checked_pow(power);
    let value = match u32::try_from(exponent) {
        Ok(power) if scaled == 0 => u128::from(power > 0 && has_rest),
        Ok(power) => ten(power)
            .and_then(|factor| scaled.checked_mul(factor))
            .unwrap_or(u128::MAX),
        Err(_) => {
            let divisor = ten(exponent.unsigned_abs());
            // What is left of a number that small is rounded up to the least there is.
            divisor.map_or(u128::from(scaled > 0), |divisor| scaled.div_ceil(divisor))
        }
    };
    let is_cut =
        has_rest && exponent < 0 && ten(exponent.unsigned_abs()).is_none_or(|d| scaled.is_multiple_of(d));
    value.saturating_add(u128::from(is_cut)).min(MOST)
}

/// Prints an amount of CPU as it is written in a manifest: `2` or `1900m`.
pub(crate) fn cpu_text(thousandths: i64) -> String {
    if thousandths % 1000 == 0 {
        (thousandths / 1000).to_string()
    } else {
        format!("{thousandths}m")
    }
}

/// Prints an amount of bytes with the greatest binary suffix that is exact: `8Gi`, `512Mi`, `1000`.
pub(crate) fn bytes_text(bytes: i64) -> String {
    for (suffix, power) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] {
        let unit = 1_i64 << power;
        if bytes != 0 && bytes % unit == 0 {
            return format!("{}{suffix}", bytes / unit);
        }
    }
    bytes.to_string()
}

// === impl Display ===

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&cpu_text(self.thousandths()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: i64) {
        assert_eq!(
            Quantity::parse(text).map(Quantity::thousandths),
            Ok(expected),
            "{text}"
        );
    }

    /// SC-2: every form in which Kubernetes writes amounts is read, and rounded up to thousandths.
    #[test]
    fn quantities_are_read_in_all_their_forms() {
        for (text, expected) in [
            ("0", 0),
            ("1", 1000),
            ("+1", 1000),
            ("-0", 0),
            ("250m", 250),
            ("0.5", 500),
            (".5", 500),
            ("5.", 5000),
            ("1.0005", 1001),
            ("1.0000000000000000000001", 1001),
            ("100u", 1),
            ("1500u", 2),
            ("1n", 1),
            ("2000000n", 2),
            ("1k", 1_000_000),
            ("1Ki", 1_024_000),
            ("1.5Gi", 1_610_612_736_000),
            ("1e3", 1_000_000),
            ("1E3", 1_000_000),
            ("1e-3", 1),
            ("1e-9", 1),
            ("12E", i64::MAX),
            ("1e99", i64::MAX),
        ] {
            check(text, expected);
        }
    }

    /// SC-2: whole units are rounded up, and what is more than Kubernetes can hold is the most that it can.
    #[test]
    fn whole_units_are_rounded_up_and_bounded() {
        let whole = |text: &str| Quantity::parse(text).map(Quantity::whole);
        assert_eq!(whole("1500m"), Ok(2));
        assert_eq!(whole("1E"), Ok(1_000_000_000_000_000_000));
        assert_eq!(whole("7Ei"), Ok(7 << 60));
        assert_eq!(whole("9Ei"), Ok(i64::MAX));
        assert_eq!(
            whole("99999999999999999999999999999999999999999999"),
            Ok(i64::MAX)
        );
    }

    /// SC-3: what is no quantity is an error that says what to write.
    #[test]
    fn text_that_is_no_quantity_is_refused() {
        for text in [
            "", "many", "1Xi", "m", "1 Gi", "1.2.3", ".", "1e", "1e+", "1mm", "0x10", "1eE",
        ] {
            assert_eq!(
                Quantity::parse(text),
                Err(QuantityError::Unreadable(text.to_owned()))
            );
        }
        assert_eq!(
            Quantity::parse("-1"),
            Err(QuantityError::Negative("-1".to_owned()))
        );
    }

    /// SC-3: amounts are told as a person writes them.
    #[test]
    fn amounts_are_printed_as_they_are_written() {
        assert_eq!(
            (cpu_text(8000), cpu_text(1900)),
            ("8".to_owned(), "1900m".to_owned())
        );
        let texts = [1 << 40, 3 << 30, 512 << 20, 1000, 0].map(bytes_text);
        assert_eq!(texts, ["1Ti", "3Gi", "512Mi", "1000", "0"]);
    }
}
