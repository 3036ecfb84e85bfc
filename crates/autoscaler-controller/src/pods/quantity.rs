//! Quantities of Kubernetes as whole numbers. One that cannot be read counts as one unit, so that it is not nothing.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// Suffixes and their factors; those of two letters come first.
const SUFFIXES: [(&str, u64); 10] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
];

/// Reads an amount of CPU in thousandths of a core, rounded up.
pub(super) fn thousandths(quantity: &Quantity) -> u64 {
    read(&quantity.0).map_or(1, |value| whole(value.checked_mul(Decimal::ONE_THOUSAND)))
}

/// Reads an amount of memory in bytes, rounded up.
pub(super) fn bytes(quantity: &Quantity) -> u64 {
    read(&quantity.0).map_or(1, |value| whole(Some(value)))
}

fn read(text: &str) -> Option<Decimal> {
    if let Some(number) = text.strip_suffix('m') {
        return number.parse::<Decimal>().ok()?.checked_div(Decimal::ONE_THOUSAND);
    }
    let suffix = SUFFIXES
        .iter()
        .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)));
    match suffix {
        Some((number, factor)) => number.parse::<Decimal>().ok()?.checked_mul(Decimal::from(factor)),
        None if text.contains(['e', 'E']) => Decimal::from_scientific(text).ok(),
        None => text.parse().ok(),
    }
}

/// Rounds up; more than a number can hold is the most that it can.
fn whole(value: Option<Decimal>) -> u64 {
    value.map_or(u64::MAX, |value| value.ceil().to_u64().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LC-17: all forms in which Kubernetes writes amounts.
    #[test]
    fn quantities_are_read_in_all_their_forms() {
        let cpu = |text: &str| thousandths(&Quantity(text.to_owned()));
        let memory = |text: &str| bytes(&Quantity(text.to_owned()));
        assert_eq!(
            [cpu("250m"), cpu("2"), cpu("0.5"), cpu("1.0005"), cpu("0")],
            [250, 2000, 500, 1001, 0]
        );
        assert_eq!(
            [memory("64Mi"), memory("1G"), memory("1e3"), memory("1500m")],
            [64 << 20, 1_000_000_000, 1000, 2]
        );
        assert_eq!(
            [memory("1k"), memory("3Ki"), memory("2Ti")],
            [1000, 3072, 2 << 40]
        );
    }

    /// LC-17: what cannot be read is still something, and what is huge is still a number.
    #[test]
    fn quantity_that_cannot_be_read_is_not_nothing() {
        for text in ["", "many", "1Xi", "m"] {
            assert_eq!(bytes(&Quantity(text.to_owned())), 1, "{text}");
            assert_eq!(thousandths(&Quantity(text.to_owned())), 1, "{text}");
        }
        assert_eq!(bytes(&Quantity("99999999P".to_owned())), u64::MAX);
    }
}
