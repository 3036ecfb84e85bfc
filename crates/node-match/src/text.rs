//! A text that was observed.

use std::borrow::Cow;

/// Is a text that was observed: borrowed where whoever observed it keeps it, else its own.
pub type Text<'s> = Cow<'s, str>;
