//! Long lists by the thousand, with no more room than they need: places are gained and given back a few at a time.
//!
//! Doubled, as a list grows by itself, most lists of busy Nodes would soon be half empty for good.

/// Places that a list gains or gives back at once.
pub(crate) const PLACES: usize = 4;

/// Puts an item in its place.
pub(crate) fn insert<T>(list: &mut Vec<T>, place: usize, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(PLACES);
    }
    list.insert(place, item);
}

/// Takes the item of a place out.
pub(crate) fn remove<T>(list: &mut Vec<T>, place: usize) -> T {
    let item = list.remove(place);
    if list.capacity() > list.len() + 2 * PLACES {
        list.shrink_to(list.len() + PLACES);
    }
    item
}
