//! What each data centre offers and what it costs, asked for once an hour and data centre.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use vpsie_api::{CallError, DatacenterId, Decimal, Offer, SizeNumber};

/// How long offers are believed: they change seldom.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// When a data centre is asked again that did not answer.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// What VPSie said last of each data centre.
#[derive(Debug, Default)]
pub(crate) struct Prices(BTreeMap<DatacenterId, Known>);

#[derive(Debug)]
struct Known {
    asked_at: DateTime<Utc>,
    /// Whether the last question brought an answer, be it an error; none while it is awaited.
    has_failed: Option<bool>,
    /// The last offers; none before there were any.
    offers: Option<BTreeMap<SizeNumber, Offer>>,
}

// === impl Prices ===

impl Prices {
    /// Lists the data centres that are due to be asked, and notes that they are.
    ///
    /// One that did not answer is asked again a minute later.
    pub(crate) fn due(&mut self, wanted: BTreeSet<DatacenterId>, now: DateTime<Utc>) -> Vec<DatacenterId> {
        let is_due = |datacenter: &DatacenterId| {
            let known = self.0.get(datacenter);
            known.is_none_or(|known| (now - known.asked_at).abs() >= known.lasts())
        };
        let due: Vec<DatacenterId> = wanted.into_iter().filter(is_due).collect();
        for datacenter in &due {
            let known = self.0.entry(datacenter.clone()).or_insert_with(|| Known {
                asked_at: now,
                has_failed: None,
                offers: None,
            });
            (known.asked_at, known.has_failed) = (now, None);
        }
        due
    }

    /// Takes in what a data centre offers; without an answer the last offers stand.
    pub(crate) fn take(&mut self, datacenter: &DatacenterId, answer: Result<Vec<Offer>, CallError>) {
        let Some(known) = self.0.get_mut(datacenter) else {
            return;
        };
        known.has_failed = Some(answer.is_err());
        match answer {
            Ok(offers) => {
                let offers = offers.into_iter();
                known.offers = Some(offers.map(|offer| (offer.number, offer)).collect());
            }
            Err(error) => {
                tracing::info!(%datacenter, %error, "offers are not known; prices are unknown, and sizes that no Node shows");
            }
        }
    }

    /// Returns what an hour of a machine of a size costs; nothing while VPSie has not said.
    pub(crate) fn hourly(&self, datacenter: &DatacenterId, size: SizeNumber) -> Option<Decimal> {
        self.offers(datacenter)?.get(&size)?.price.per_hour()
    }

    /// Returns what a data centre offers, by size; nothing while VPSie has not said.
    pub(crate) fn offers(&self, datacenter: &DatacenterId) -> Option<&BTreeMap<SizeNumber, Offer>> {
        self.0.get(datacenter)?.offers.as_ref()
    }

    /// Tells whether the first answer is still to come.
    pub(crate) fn are_awaited(&self, datacenter: &DatacenterId) -> bool {
        let known = self.0.get(datacenter);
        known.is_some_and(|known| known.offers.is_none() && known.has_failed.is_none())
    }
}

// === impl Known ===

impl Known {
    fn lasts(&self) -> TimeDelta {
        if self.has_failed == Some(true) {
            AGAIN
        } else {
            FRESH
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vpsie_api::Price;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn offer(size: u64, hourly: Option<Decimal>) -> Offer {
        Offer {
            number: SizeNumber::new(size),
            name: None,
            cpu: None,
            ram_mb: None,
            disk_gb: None,
            price: Price {
                monthly: None,
                hourly,
            },
        }
    }

    /// LC-35, D8: one call an hour for a data centre, whether or not it is answered, and a price that is not told is none.
    #[test]
    fn prices_are_asked_for_once_an_hour() {
        let here = DatacenterId::new("here");
        let due = [here.clone()];
        let wanted = || BTreeSet::from(due.clone());
        let mut prices = Prices::default();
        assert_eq!(prices.due(wanted(), at(0)), due);
        assert!(prices.are_awaited(&here));
        assert_eq!(prices.due(wanted(), at(59)), []);
        assert_eq!(prices.hourly(&here, SizeNumber::new(7)), None);
        let price = Decimal::new(329, 4);
        prices.take(&here, Ok(vec![offer(7, Some(price)), offer(8, None)]));
        assert!(!prices.are_awaited(&here));
        assert_eq!(prices.hourly(&here, SizeNumber::new(7)), Some(price));
        assert_eq!(prices.hourly(&here, SizeNumber::new(8)), None);
        assert_eq!(prices.due(wanted(), at(60)), due);
        let call = vpsie_api::Call::ListOffers;
        prices.take(&here, Err(CallError::TimedOut { call }));
        assert_eq!(prices.hourly(&here, SizeNumber::new(7)), Some(price));
        assert_eq!(prices.due(wanted(), at(60)), []);
        assert_eq!(prices.due(wanted(), at(61)), due, "an error is asked again soon");
        assert_eq!(prices.due(BTreeSet::new(), at(181)), []);
    }
}
