//! The objects of one watch: a new complete list takes the place of the old one at once, or not at all (EP-10).

use std::collections::BTreeMap;

use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt as _};

/// Keeps the objects of one watch by their names. All are of one namespace.
#[derive(Debug)]
pub(super) struct Shelf<K> {
    /// What the API server last told completely, and all changes since.
    complete: Option<BTreeMap<String, K>>,
    /// A new list that is not complete yet.
    filling: BTreeMap<String, K>,
}

// === impl Shelf ===

impl<K: Resource> Shelf<K> {
    pub(super) fn new() -> Self {
        Self {
            complete: None,
            filling: BTreeMap::new(),
        }
    }

    /// Takes an event in, and tells whether what is complete may have changed.
    pub(super) fn take(&mut self, event: Event<K>) -> bool {
        match event {
            Event::Init => {
                self.filling.clear();
                false
            }
            Event::InitApply(object) => {
                self.filling.insert(object.name_any(), object);
                false
            }
            Event::InitDone => {
                self.complete = Some(std::mem::take(&mut self.filling));
                true
            }
            Event::Apply(object) => {
                let name = object.name_any();
                self.complete.as_mut().is_some_and(|objects| {
                    objects.insert(name, object);
                    true
                })
            }
            Event::Delete(object) => {
                let objects = self.complete.as_mut();
                objects.is_some_and(|objects| objects.remove(&object.name_any()).is_some())
            }
        }
    }

    /// Shows the objects, once there was a complete list.
    pub(super) fn objects(&self) -> Option<&BTreeMap<String, K>> {
        self.complete.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;

    fn named(name: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.metadata.name = Some(name.to_owned());
        object
    }

    fn names(shelf: &Shelf<ConfigMap>) -> Option<Vec<&str>> {
        shelf
            .objects()
            .map(|objects| objects.keys().map(String::as_str).collect())
    }

    /// EP-10: while a new list comes in, the old one stands; whatever the new one lacks is gone after it.
    #[test]
    fn new_list_replaces_the_old_one_at_once() {
        let mut shelf = Shelf::new();
        assert!(!shelf.take(Event::Init));
        assert!(!shelf.take(Event::InitApply(named("a"))));
        assert_eq!(names(&shelf), None);
        assert!(shelf.take(Event::InitDone));
        assert!(shelf.take(Event::Apply(named("b"))));
        assert_eq!(names(&shelf), Some(vec!["a", "b"]));
        assert!(!shelf.take(Event::Init));
        assert!(!shelf.take(Event::InitApply(named("b"))));
        assert_eq!(
            names(&shelf),
            Some(vec!["a", "b"]),
            "no moment without the old ones"
        );
        // The list was cut off, and another begins.
        shelf.take(Event::Init);
        shelf.take(Event::InitApply(named("c")));
        assert!(shelf.take(Event::InitDone));
        assert_eq!(names(&shelf), Some(vec!["c"]));
        assert!(shelf.take(Event::Delete(named("c"))));
        assert_eq!(
            names(&shelf),
            Some(vec![]),
            "empty because the API server says so"
        );
        assert!(!shelf.take(Event::Delete(named("c"))));
    }
}
