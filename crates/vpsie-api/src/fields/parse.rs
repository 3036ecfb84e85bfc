//! Takes objects and lists apart without reading what is in them.
//!
//! Nothing here recurses, and no more than one entry of a list is held at a time: a body that
//! is hostile costs no more than one that is large.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Fields, Flaw};

/// Most fields of one object: VPSie's largest has about seventy.
const MOST_FIELDS: usize = 1000;

/// Most entries of one list: ten times the largest account there could be. Each of them takes
/// VPSie some hundred bytes, so the limit of the body is reached first.
const MOST_ENTRIES: usize = 100_000;

/// Says that a value is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAnObject;

/// Says why a list could not be taken apart to its end.
pub(crate) enum Interrupted<E> {
    /// It is no list, or too long a one.
    NotAList,
    /// Whoever took the entries had enough.
    By(E),
}

/// Takes an object apart.
pub(crate) fn fields(json: &[u8]) -> Result<Fields<'_>, NotAnObject> {
    // Checked at once, the text need not be checked again word by word.
    let json = str::from_utf8(json).map_err(|_| NotAnObject)?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let fields = deserializer
        .deserialize_map(AnyEntry { fields: 16 })
        .map_err(|_| NotAnObject)?;
    deserializer.end().map_err(|_| NotAnObject)?;
    fields
}

/// Hands over the entries of a list, one at a time, objects or not.
pub(crate) fn entries<'a, E>(
    json: &'a [u8],
    take: impl FnMut(Result<Fields<'a>, NotAnObject>) -> Result<(), E>,
) -> Result<(), Interrupted<E>> {
    let json = str::from_utf8(json).map_err(|_| Interrupted::NotAList)?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let mut stopped = None;
    let list = List {
        take,
        stopped: &mut stopped,
    };
    let result = deserializer
        .deserialize_seq(list)
        .and_then(|()| deserializer.end());
    match (result, stopped) {
        (_, Some(error)) => Err(Interrupted::By(error)),
        (Err(_), None) => Err(Interrupted::NotAList),
        (Ok(()), None) => Ok(()),
    }
}

/// Returns the values of a short list as they were written; none when it is no list.
pub(super) fn elements(value: &RawValue) -> Vec<&RawValue> {
    struct Elements;

    impl<'de> Visitor<'de> for Elements {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = list.next_element()? {
                if values.len() == MOST_FIELDS {
                    return Err(A::Error::custom("too many values"));
                }
                values.push(value);
            }
            Ok(values)
        }
    }

    if !value.get().starts_with('[') {
        return Vec::new();
    }
    let mut deserializer = serde_json::Deserializer::from_str(value.get());
    deserializer.deserialize_seq(Elements).unwrap_or_default()
}

/// The name of a field, borrowed unless it holds escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the fields of an object; anything else is passed over.
struct AnyEntry {
    /// As many fields as there will probably be.
    fields: usize,
}

impl<'de> DeserializeSeed<'de> for AnyEntry {
    type Value = Result<Fields<'de>, NotAnObject>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyEntry {
    type Value = Result<Fields<'de>, NotAnObject>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(self.fields);
        while let Some((Name(name), value)) = object.next_entry()? {
            if fields.len() == MOST_FIELDS {
                return Err(A::Error::custom("too many fields"));
            }
            fields.push((name, value));
        }
        Ok(Ok(Fields(fields)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Err(NotAnObject))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Err(NotAnObject))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Err(NotAnObject))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Err(NotAnObject))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Err(NotAnObject))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err(NotAnObject))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Err(NotAnObject))
    }
}

/// Hands over the entries of a list until somebody has had enough.
struct List<'s, F, E> {
    take: F,
    stopped: &'s mut Option<E>,
}

impl<'de, F, E> Visitor<'de> for List<'_, F, E>
where
    F: FnMut(Result<Fields<'de>, NotAnObject>) -> Result<(), E>,
{
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut taken = 0;
        // The entries of a list are alike, so each has about as many fields as the one before.
        let mut fields = 16;
        while let Some(entry) = list.next_element_seed(AnyEntry { fields })? {
            fields = entry.as_ref().map_or(0, |entry| entry.0.len());
            if taken == MOST_ENTRIES {
                return Err(A::Error::custom("too many entries"));
            }
            taken += 1;
            if let Err(error) = (self.take)(entry) {
                *self.stopped = Some(error);
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

impl Interrupted<Flaw> {
    /// Says what is wrong with the part that the list was.
    pub(crate) fn flaw_of(self, part: &'static str) -> Flaw {
        match self {
            Self::NotAList => Flaw::Unreadable(part),
            Self::By(flaw) => flaw,
        }
    }
}
