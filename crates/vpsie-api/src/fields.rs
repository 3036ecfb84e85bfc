//! Reads the fields of a JSON object leniently: VPSie mixes names, types and casing.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::Timestamp;

mod parse;
mod scalar;

pub(crate) use parse::{Interrupted, entries, fields};
pub(crate) use scalar::Scalar;

/// Holds one object; each reader takes the aliases of one field, the best first.
///
/// A value of an unexpected kind is as good as none: one odd field never costs a reply.
/// Values stay unread, in the body of the answer, until somebody asks for them. So a field
/// that nobody asks for, such as an initial password, is never anywhere else.
#[derive(Clone, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Returns the value of a field as it was written; of two the last.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let mut fields = self.0.iter().rev();
        fields.find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Returns a value that is no list and no object.
    pub(crate) fn scalar(&self, name: &str) -> Option<Scalar<'a>> {
        self.raw(name).and_then(Scalar::read)
    }

    /// Returns every field with its value as it was written.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// Reads text that is not empty; numbers count as text.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        self.first(names, |value| value.text())
    }

    /// Reads a whole number that is not negative, written as number or text.
    pub(crate) fn number<T: TryFrom<u64>>(&self, names: &[&str]) -> Option<T> {
        self.first(names, |value| {
            value.number().and_then(|number| T::try_from(number).ok())
        })
    }

    /// Reads the number of something that exists: 0 means that VPSie knows none.
    pub(crate) fn id(&self, names: &[&str]) -> Option<u64> {
        self.number(names).filter(|number| *number != 0)
    }

    /// Reads a truth, written as boolean, number or text.
    pub(crate) fn flag(&self, names: &[&str]) -> Option<bool> {
        self.first(names, |value| value.flag())
    }

    /// Reads a sum of money, digit by digit; a negative one is none.
    pub(crate) fn money(&self, names: &[&str]) -> Option<Decimal> {
        self.first(names, |value| value.money())
    }

    /// Reads a date.
    pub(crate) fn time(&self, names: &[&str]) -> Option<Timestamp> {
        self.first(names, |value| match value {
            Scalar::Text(text) => Timestamp::parse(&text),
            Scalar::Number(_) | Scalar::Flag(_) => None,
        })
    }

    /// Reads every text under every name, in order, each text once.
    pub(crate) fn texts(&self, names: &[&str]) -> Vec<String> {
        let mut texts = Vec::new();
        for value in names.iter().filter_map(|name| self.raw(name)) {
            let mut add = |text: Option<String>| {
                if let Some(text) = text.filter(|text| !texts.contains(text)) {
                    texts.push(text);
                }
            };
            match Scalar::read(value) {
                Some(value) => add(value.text()),
                None => parse::elements(value)
                    .into_iter()
                    .for_each(|value| add(Scalar::read(value).and_then(|value| value.text()))),
            }
        }
        texts
    }

    /// Hands over the objects of a list, one at a time; what is no object is left out.
    ///
    /// A value that is no list has none. A list that cannot be read to its end is a flaw: its
    /// last entries would look absent.
    pub(crate) fn for_each_object(
        &self,
        name: &'static str,
        mut take: impl FnMut(Fields<'a>),
    ) -> Result<(), Flaw> {
        let list = self.raw(name).map(|list| list.get().as_bytes());
        let Some(list) = list.filter(|list| list.starts_with(b"[")) else {
            return Ok(());
        };
        let taken = entries(list, |entry| {
            if let Ok(entry) = entry {
                take(entry);
            }
            Ok::<(), Flaw>(())
        });
        taken.map_err(|stop| stop.flaw_of(name))
    }

    /// Reads an object.
    pub(crate) fn object(&self, name: &str) -> Option<Fields<'a>> {
        fields(self.raw(name)?.get().as_bytes()).ok()
    }

    fn first<T>(&self, names: &[&str], read: impl Fn(Scalar<'a>) -> Option<T>) -> Option<T> {
        names.iter().filter_map(|name| self.scalar(name)).find_map(read)
    }
}

/// Says what makes an object useless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It lacks its key.
    Missing(&'static str),
    /// A part of it cannot be read.
    Unreadable(&'static str),
}

#[cfg(test)]
mod tests;
