//! Fast sorting by text, and where absent values go.

/// Sorts by a text, and what has equal texts by itself.
///
/// Names mostly start alike. What all of them start with is looked at once; the eight bytes behind it are
/// compared as one number, and only where they are equal the rest is read.
pub(crate) fn sort_by_text<'t, T: Ord + Copy>(items: &mut [T], text: impl Fn(T) -> &'t str) {
    if items.is_sorted_by(|left, right| text(*left) < text(*right)) {
        return;
    }
    let shared = shared_prefix(items.iter().map(|item| text(*item)));
    let mut keyed: Vec<(u64, T)> = items
        .iter()
        .map(|item| (leading(&text(*item).as_bytes()[shared..]), *item))
        .collect();
    keyed.sort_unstable_by(|(left_key, left), (right_key, right)| {
        left_key
            .cmp(right_key)
            .then_with(|| text(*left).cmp(text(*right)))
            .then_with(|| left.cmp(right))
    });
    for (place, (_, item)) in items.iter_mut().zip(keyed) {
        *place = item;
    }
}

/// Counts the bytes that all texts start with.
fn shared_prefix<'t>(mut texts: impl Iterator<Item = &'t str>) -> usize {
    let Some(first) = texts.next() else { return 0 };
    texts.fold(first.len(), |shared, text| {
        let (left, right) = (&first.as_bytes()[..shared], text.as_bytes());
        if right.starts_with(left) {
            return shared;
        }
        left.iter()
            .zip(right)
            .take_while(|(left, right)| left == right)
            .count()
    })
}

/// Reads up to eight bytes as a number that sorts like them.
fn leading(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    let len = bytes.len().min(eight.len());
    eight[..len].copy_from_slice(&bytes[..len]);
    u64::from_be_bytes(eight)
}

/// Orders `None` behind every `Some`.
pub(crate) fn absent_last<T: Ord>(value: Option<T>) -> (bool, Option<T>) {
    (value.is_none(), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R8: where all texts are equal, the rest decides.
    #[test]
    fn equal_texts_are_sorted_by_the_rest() {
        let mut items = [("a", 2), ("a", 1)];
        sort_by_text(&mut items, |(text, _)| text);
        assert_eq!(items, [("a", 1), ("a", 2)]);
    }

    proptest! {
        /// R8: the short way sorts like the long one.
        #[test]
        fn short_way_sorts_like_the_long_one(
            prefix in "[ab]{0,9}",
            texts in proptest::collection::vec(("[abü]{0,12}", 0..3u8), 0..20),
        ) {
            let texts: Vec<(String, u8)> =
                texts.into_iter().map(|(text, number)| (format!("{prefix}{text}"), number)).collect();
            let mut items: Vec<(&str, u8)> = texts.iter().map(|(text, number)| (text.as_str(), *number)).collect();
            let mut expected = items.clone();
            expected.sort();
            sort_by_text(&mut items, |(text, _)| text);
            prop_assert_eq!(items, expected);
        }
    }
}
