//! What an hour of a machine of each size costs, asked for once an hour and data centre; nothing waits for it.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use vpsie_api::{CallError, DatacenterId, Decimal, Offer, SizeNumber};

/// How long prices are believed: they change seldom, and nothing is decided from them.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// What VPSie said last of each data centre.
#[derive(Debug, Default)]
pub(crate) struct Prices(BTreeMap<DatacenterId, Known>);

#[derive(Debug)]
struct Known {
    asked_at: DateTime<Utc>,
    /// What an hour costs, by size.
    hourly: BTreeMap<SizeNumber, Decimal>,
}

// === impl Prices ===

impl Prices {
    /// Lists the data centres that are due to be asked, and notes that they are.
    ///
    /// One that did not answer is asked again an hour later.
    pub(crate) fn due(&mut self, wanted: BTreeSet<DatacenterId>, now: DateTime<Utc>) -> Vec<DatacenterId> {
        let is_due = |datacenter: &DatacenterId| {
            let known = self.0.get(datacenter);
            known.is_none_or(|known| (now - known.asked_at).abs() >= FRESH)
        };
        let due: Vec<DatacenterId> = wanted.into_iter().filter(is_due).collect();
        for datacenter in &due {
            let known = self.0.entry(datacenter.clone()).or_insert_with(|| Known {
                asked_at: now,
                hourly: BTreeMap::new(),
            });
            known.asked_at = now;
        }
        due
    }

    /// Takes in what a data centre offers; without an answer the last prices stand.
    pub(crate) fn take(&mut self, datacenter: &DatacenterId, answer: Result<Vec<Offer>, CallError>) {
        match answer {
            Ok(offers) => {
                let Some(known) = self.0.get_mut(datacenter) else {
                    return;
                };
                let priced = offers.iter();
                let priced = priced.filter_map(|offer| Some((offer.number, offer.price.per_hour()?)));
                known.hourly = priced.collect();
            }
            Err(error) => {
                tracing::info!(%datacenter, %error, "prices are not known; the audit log goes without them");
            }
        }
    }

    /// Returns what an hour of a machine of a size costs; nothing while VPSie has not said.
    pub(crate) fn hourly(&self, datacenter: &DatacenterId, size: SizeNumber) -> Option<Decimal> {
        self.0.get(datacenter)?.hourly.get(&size).copied()
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
        assert_eq!(prices.due(wanted(), at(59)), []);
        assert_eq!(prices.hourly(&here, SizeNumber::new(7)), None);
        let price = Decimal::new(329, 4);
        prices.take(&here, Ok(vec![offer(7, Some(price)), offer(8, None)]));
        assert_eq!(prices.hourly(&here, SizeNumber::new(7)), Some(price));
        assert_eq!(prices.hourly(&here, SizeNumber::new(8)), None);
        assert_eq!(prices.due(wanted(), at(60)), due);
        let call = vpsie_api::Call::ListOffers;
        prices.take(&here, Err(CallError::TimedOut { call }));
        assert_eq!(prices.hourly(&here, SizeNumber::new(7)), Some(price));
        assert_eq!(prices.due(BTreeSet::new(), at(121)), []);
    }
}
