//! Lists, together with how long VPSie says they are.

/// Holds the entries of a list and the length that VPSie reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// What was listed, in VPSie's order.
    pub entries: Vec<T>,
    /// How many there are in all, if VPSie says so.
    pub total: Option<u64>,
}

impl<T> Listing<T> {
    /// Tells whether VPSie reports more entries than it has listed.
    ///
    /// Absence from a truncated list means nothing. Not every list has a total, so a list
    /// that is not known to be truncated may be so all the same.
    pub fn is_truncated(&self) -> bool {
        self.total
            .is_some_and(|total| u64::try_from(self.entries.len()).is_ok_and(|length| length < total))
    }
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            total: None,
        }
    }
}

impl<T> IntoIterator for Listing<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_truncated_only_when_more_is_reported() {
        for (total, expected) in [(None, false), (Some(1), false), (Some(2), false), (Some(3), true)] {
            let entries = vec!["a", "b"];
            assert_eq!(Listing { entries, total }.is_truncated(), expected, "{total:?}");
        }
    }
}
