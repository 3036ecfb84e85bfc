//! What a machine costs, in exact decimals.

use rust_decimal::Decimal;

use crate::fields::Fields;

/// Hours that VPSie's clients reckon for a month.
const HOURS_OF_A_MONTH: u32 = 730;

/// Holds the price of one machine. VPSie names no currency; it is said to be US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// For a month.
    pub monthly: Option<Decimal>,
    /// For an hour.
    pub hourly: Option<Decimal>,
}

impl Price {
    /// Reads the price of an entry.
    pub(crate) fn decode(fields: &Fields<'_>) -> Self {
        Self {
            monthly: fields.money(&["price"]),
            hourly: fields.money(&["hourly_price"]),
        }
    }

    /// Returns the price of a month, reckoned from that of an hour if need be.
    ///
    /// # Examples
    /// ```
    /// use vpsie_api::{Decimal, Price};
    ///
    /// let price = Price { monthly: None, hourly: Some(Decimal::new(329, 4)) };
    /// assert_eq!(price.per_month(), Some(Decimal::new(24017, 3)));
    /// ```
    pub fn per_month(&self) -> Option<Decimal> {
        self.monthly
            .or_else(|| self.hourly?.checked_mul(HOURS_OF_A_MONTH.into()))
    }

    /// Returns the price of an hour, reckoned from that of a month if need be.
    pub fn per_hour(&self) -> Option<Decimal> {
        self.hourly
            .or_else(|| self.monthly?.checked_div(HOURS_OF_A_MONTH.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Option<Decimal> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn missing_price_is_reckoned_from_the_other() {
        let hourly = Price {
            monthly: None,
            hourly: decimal("0.01"),
        };
        assert_eq!(
            (hourly.per_month(), hourly.per_hour()),
            (decimal("7.30"), decimal("0.01"))
        );
        let monthly = Price {
            monthly: decimal("7.30"),
            hourly: None,
        };
        assert_eq!(
            (monthly.per_month(), monthly.per_hour()),
            (decimal("7.3"), decimal("0.01"))
        );
        assert_eq!(Price::default().per_month(), None);
    }

    #[test]
    fn known_price_is_not_reckoned() {
        let both = Price {
            monthly: decimal("24"),
            hourly: decimal("0.5"),
        };
        assert_eq!(
            (both.per_month(), both.per_hour()),
            (decimal("24"), decimal("0.5"))
        );
    }

    #[test]
    fn price_beyond_all_bounds_is_none() {
        let absurd = Price {
            monthly: None,
            hourly: Some(Decimal::MAX),
        };
        assert_eq!(absurd.per_month(), None);
    }
}
