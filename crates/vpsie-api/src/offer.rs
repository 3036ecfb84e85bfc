//! Machine sizes that a data centre offers for workers.

use crate::fields::{Fields, Flaw, Interrupted, entries, fields};
use crate::{Price, SizeNumber};

/// Describes one size that can be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The number to order it by.
    pub number: SizeNumber,
    /// What VPSie calls it.
    pub name: Option<String>,
    /// Processor cores.
    pub cpu: Option<u32>,
    /// Memory in MB, as advertised; the operating system sees less.
    pub ram_mb: Option<u64>,
    /// Disk in GB.
    pub disk_gb: Option<u64>,
    /// What it costs.
    pub price: Price,
}

/// Says why a text is no list of offers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffersError {
    /// It is no JSON list, nor an answer of VPSie that holds one.
    #[error("it is no JSON list of offers; write the `data` of the answer to POST /k8s/offers")]
    NotAList,
    /// An entry cannot be read.
    #[error("entry {index} of the offers {problem}; correct or remove it")]
    Entry {
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it.
        problem: String,
    },
}

impl Offer {
    /// Reads a list of offers from JSON: the `data` of an answer, or the whole answer.
    ///
    /// # Errors
    /// When it is no list, or an entry has no number.
    ///
    /// # Examples
    /// ```
    /// let offers = vpsie_api::Offer::read_list(br#"[{"id": 57, "cpu": 2, "ram": 4096}]"#).unwrap();
    /// assert_eq!(offers[0].cpu, Some(2));
    /// ```
    pub fn read_list(json: &[u8]) -> Result<Vec<Self>, OffersError> {
        let answer = fields(json).ok();
        let data = answer.as_ref().and_then(|answer| answer.raw("data"));
        let list = data.map_or(json, |data| data.get().as_bytes());
        let mut offers = Vec::new();
        let taken = entries(list, |entry| {
            let index = offers.len();
            let flawed = |problem: String| OffersError::Entry { index, problem };
            let entry = entry.map_err(|_| flawed("is no object".to_owned()))?;
            let offer = Self::decode(&entry).map_err(|flaw| match flaw {
                Flaw::Missing(key) => flawed(format!("has no `{key}`")),
                Flaw::Unreadable(part) => flawed(format!("cannot be read to its end in `{part}`")),
            })?;
            offers.push(offer);
            Ok(())
        });
        match taken {
            Ok(()) => Ok(offers),
            Err(Interrupted::By(error)) => Err(error),
            Err(Interrupted::NotAList) => Err(OffersError::NotAList),
        }
    }

    /// Reads an entry of K11, the names of which are unverified.
    pub(crate) fn decode(fields: &Fields<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            number: SizeNumber::new(fields.id(&["id"]).ok_or(Flaw::Missing("id"))?),
            name: fields.text(&["name", "nickname"]),
            cpu: fields.number(&["cpu"]),
            ram_mb: fields.number(&["ram"]),
            disk_gb: fields.number(&["disk", "ssd"]),
            price: Price::decode(fields),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SC-5: the list and the answer that holds it say the same; what is no list, or has no number, is refused.
    #[test]
    fn offers_are_read_from_a_list_or_an_answer() {
        let list = br#"[{"id": 57, "name": "Advanced", "hourly_price": 0.0329}]"#;
        let answer = br#"{"error": false, "data": [{"id": 57, "name": "Advanced", "hourly_price": 0.0329}]}"#;
        let read = Offer::read_list(list).expect("a list");
        assert_eq!(read[0].number, SizeNumber::new(57));
        assert_eq!(Offer::read_list(answer), Ok(read));
        assert_eq!(Offer::read_list(b"[]"), Ok(Vec::new()));
        let no_number = OffersError::Entry {
            index: 1,
            problem: "has no `id`".to_owned(),
        };
        assert_eq!(Offer::read_list(br#"[{"id": 1}, {"cpu": 2}]"#), Err(no_number));
        let no_object = OffersError::Entry {
            index: 0,
            problem: "is no object".to_owned(),
        };
        assert_eq!(Offer::read_list(b"[1]"), Err(no_object));
        for text in ["", "nonsense", "{}", "[{]", r#"{"data": false}"#] {
            assert_eq!(
                Offer::read_list(text.as_bytes()),
                Err(OffersError::NotAList),
                "{text}"
            );
        }
    }
}
