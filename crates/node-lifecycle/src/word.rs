//! Words: closed sets of stable names, read and written the same everywhere.

use thiserror::Error;

/// Says that a name is in no such set, or not yet in this version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{word}` is no {kind}; known are {known}")]
pub struct UnknownWord {
    /// What the name should have been, in words.
    pub kind: &'static str,
    /// The name that was read, cut to 64 characters.
    pub word: String,
    /// The names that exist, separated by commas.
    pub known: String,
}

/// Declares an enum whose variants have stable names, in text and in JSON. For our other crates, too; they need `serde`.
#[doc(hidden)]
#[macro_export]
macro_rules! words {
    ($(#[$outer:meta])* $name:ident, $kind:literal { $($(#[$inner:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$inner])* $variant,)*
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::word::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let mut known = Self::ALL.iter().copied();
                known.find(|known| known.as_str() == word).ok_or_else(|| {
                    $crate::word::unknown($kind, word, Self::ALL.iter().map(|known| known.as_str()))
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub use words;

/// Longest piece of an unknown word that an error repeats: longer is no word.
const SHOWN: usize = 64;

/// Makes the error about a word that is in no set.
#[doc(hidden)]
#[must_use]
pub fn unknown(kind: &'static str, word: &str, known: impl Iterator<Item = &'static str>) -> UnknownWord {
    UnknownWord {
        kind,
        word: word.chars().take(SHOWN).collect(),
        known: known.collect::<Vec<_>>().join(", "),
    }
}
