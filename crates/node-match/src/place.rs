//! An index kept small: of the many that a pass keeps, most are of things that are there or not.

use std::num::NonZeroU32;

/// Holds an index in four bytes; where it may be absent, its absence costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(NonZeroU32);

// === impl Place ===

impl Place {
    pub(crate) fn new(index: usize) -> Self {
        let number = u32::try_from(index).ok();
        let number = number.and_then(|number| NonZeroU32::MIN.checked_add(number));
        Self(number.expect("no machine has the memory for a snapshot of 2^32 things"))
    }

    pub(crate) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    /// R9: an index is found again, and one that may be absent is no larger.
    #[test]
    fn index_is_found_again() {
        assert_eq!(
            [0, 1, 4_000_000_000].map(|index| Place::new(index).index()),
            [0, 1, 4_000_000_000]
        );
        assert_eq!(size_of::<Option<Place>>(), 4);
    }
}
