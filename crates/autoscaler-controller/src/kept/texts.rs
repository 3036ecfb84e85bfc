//! Texts in a row, each there or not, in two pieces of memory.

use super::words;
use std::fmt;

/// Texts by their place in a row.
///
/// A text takes its bytes and four more; a [word](words) and what is not there take only the four. To change one, all
/// are put together anew.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Texts {
    /// All that are no words, one behind the other.
    text: Box<str>,
    places: Box<[Place]>,
}

/// Where a text ends, or which word it is, or that there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place(u32);

/// A [`Place`], read.
enum Read {
    Nothing,
    Word(u32),
    End(usize),
}

// === impl Place ===

impl Place {
    const NOTHING: Self = Self(u32::MAX);
    /// From here on numbers stand for words. No object has texts of half the bytes: a store takes some megabytes.
    const FIRST_WORD: u32 = 1 << 31;

    /// Puts a text behind others.
    fn behind(others: &mut String, text: Option<&str>) -> Self {
        let Some(text) = text else {
            return Self::NOTHING;
        };
        if let Some(word) = words::number(text) {
            return Self(Self::FIRST_WORD + word);
        }
        others.push_str(text);
        let end = u32::try_from(others.len()).unwrap_or(u32::MAX);
        Self(end.min(Self::FIRST_WORD - 1))
    }

    const fn read(self) -> Read {
        match self {
            Self::NOTHING => Read::Nothing,
            Self(end) if end < Self::FIRST_WORD => Read::End(end as usize),
            Self(word) => Read::Word(word - Self::FIRST_WORD),
        }
    }

    const fn end(self) -> Option<usize> {
        match self.read() {
            Read::End(end) => Some(end),
            Read::Nothing | Read::Word(_) => None,
        }
    }
}

// === impl Texts ===

impl Texts {
    /// Returns the text of a place; nothing where none is there, which an empty one is.
    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let before = self.places.get(..place)?;
        let ends = before.iter().rev().find_map(|place| place.end());
        self.text_at(ends.unwrap_or_default(), *self.places.get(place)?)
    }

    /// Lists the texts.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.places.iter().map(move |place| {
            let text = self.text_at(start, *place);
            start = place.end().unwrap_or(start);
            text
        })
    }

    /// Counts the places.
    pub(super) const fn len(&self) -> usize {
        self.places.len()
    }

    fn text_at(&self, start: usize, place: Place) -> Option<&str> {
        match place.read() {
            Read::Nothing => None,
            Read::Word(word) => words::word(word),
            Read::End(end) => self.text.get(start..end),
        }
    }
}

impl<'t> FromIterator<Option<&'t str>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<&'t str>>>(texts: I) -> Self {
        let mut text = String::new();
        let texts = texts.into_iter();
        let places = texts.map(|one| Place::behind(&mut text, one)).collect();
        Self {
            places,
            text: text.into_boxed_str(),
        }
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text takes its bytes, a word none, and what is not there differs from what is empty.
    #[test]
    fn words_take_no_bytes() {
        let texts: Texts = [Some("web-1"), Some("True"), None, Some(""), Some("ß")]
            .into_iter()
            .collect();
        assert_eq!((&*texts.text, texts.len()), ("web-1ß", 5));
        assert_eq!((texts.get(2), texts.get(3), texts.get(5)), (None, Some(""), None));
    }

    proptest! {
        /// What is put in a row is there as it was: missing, empty, long, a word, of letters of several bytes.
        #[test]
        fn texts_are_as_they_were(written in proptest::collection::vec(
            proptest::option::of(prop_oneof![".{0,9}", "[aß京𝄞]{0,300}", Just("True".to_owned()), Just(String::new())]), 0..30,
        )) {
            let texts: Texts = written.iter().map(Option::as_deref).collect();
            let listed: Vec<Option<&str>> = texts.iter().collect();
            let found: Vec<Option<&str>> = (0..written.len()).map(|place| texts.get(place)).collect();
            let written: Vec<Option<&str>> = written.iter().map(Option::as_deref).collect();
            prop_assert_eq!((&listed, &found), (&written, &written));
        }
    }
}
