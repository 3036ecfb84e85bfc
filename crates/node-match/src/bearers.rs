//! Who bears what: names and addresses that only one bears, and those that prove nothing.

use crate::words::{long, short};

/// Finds who bears a number, such as that of a name or an address.
#[derive(Debug, Default)]
pub(crate) struct Bearers {
    /// One entry per number: the first bearer, and a mark where there are several.
    firsts: Vec<u32>,
}

const NOBODY: u32 = u32::MAX;
const SEVERAL: u32 = 1 << 31;

// === impl Bearers ===

impl Bearers {
    /// Makes room for as many numbers.
    pub(crate) fn new(numbers: usize) -> Self {
        Self {
            firsts: vec![NOBODY; numbers],
        }
    }

    /// Adds a bearer; naming the same one again changes nothing.
    pub(crate) fn add(&mut self, number: usize, bearer: usize) {
        if number >= self.firsts.len() {
            self.firsts.resize(number + 1, NOBODY);
        }
        let first = &mut self.firsts[number];
        if *first == NOBODY {
            *first = short(bearer);
        } else if *first != short(bearer) {
            *first |= SEVERAL;
        }
    }

    /// Returns the one that was added first.
    pub(crate) fn first(&self, number: usize) -> Option<usize> {
        let first = *self.firsts.get(number)?;
        (first != NOBODY).then(|| long(first & !SEVERAL))
    }

    /// Returns the only one.
    pub(crate) fn only(&self, number: usize) -> Option<usize> {
        self.first(number).filter(|_| !self.are_several(number))
    }

    /// Tells whether there is more than one.
    pub(crate) fn are_several(&self, number: usize) -> bool {
        self.firsts
            .get(number)
            .is_some_and(|first| *first != NOBODY && first & SEVERAL != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R5: an address that two carry is no evidence for either.
    #[test]
    fn what_two_bear_has_no_only_bearer() {
        let mut bearers = Bearers::new(1);
        for (number, bearer) in [(0, 5), (0, 5), (2, 7), (2, 8), (2, 7)] {
            bearers.add(number, bearer);
        }
        let tell = |number| {
            (
                bearers.first(number),
                bearers.only(number),
                bearers.are_several(number),
            )
        };
        assert_eq!(tell(0), (Some(5), Some(5), false));
        assert_eq!(tell(1), (None, None, false));
        assert_eq!(tell(2), (Some(7), None, true));
        assert_eq!(tell(3), (None, None, false));
    }
}
