//! Objects that the API server has and that cannot be read: they are left out, and it is remembered that they are there.

use super::followed::Place;
use super::lean::Lean;
use crate::kept::Kept;
use kube::core::error_boundary::InvalidObject;
use kube::runtime::watcher::Event;
use std::collections::BTreeMap;

/// Objects that cannot be read, by namespace and name, with their labels.
pub type Places = BTreeMap<Place, BTreeMap<String, String>>;

/// What the API server has and nobody can read, by kind: that it is missing among the others is no proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// NodeGroups.
    pub groups: Places,
    /// VPSieNodes.
    pub vpsie_nodes: Places,
    /// Nodes.
    pub nodes: Places,
}

/// The objects of one watch that cannot be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Sieve {
    places: Places,
    /// Those of a new list so far; they count once it is complete.
    arriving: Places,
}

// === impl Sieve ===

impl Sieve {
    /// Returns those that are there now.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Takes one event in and returns what the store is to hear of it: what it has of an object that can no longer be read
    /// is gone, and so is what was deleted, readable or not.
    pub(super) fn take<K: Kept>(
        &mut self,
        event: Event<Lean<K>>,
        stored: impl Fn(&Place) -> Option<K>,
    ) -> Option<Event<K>> {
        match event {
            Event::Init => {
                self.arriving.clear();
                Some(Event::Init)
            }
            Event::InitApply(Lean(Ok(object))) => Some(Event::InitApply(object)),
            Event::InitApply(Lean(Err(error))) => {
                let (place, labels) = left_out::<K>(error);
                self.arriving.insert(place, labels);
                None
            }
            Event::InitDone => {
                self.places = std::mem::take(&mut self.arriving);
                Some(Event::InitDone)
            }
            Event::Apply(Lean(Ok(object))) => {
                self.places.remove(&place(&object));
                Some(Event::Apply(object))
            }
            Event::Apply(Lean(Err(error))) => {
                let (place, labels) = left_out::<K>(error);
                let old = stored(&place).map(Event::Delete);
                self.places.insert(place, labels);
                old
            }
            Event::Delete(Lean(Ok(object))) => {
                self.places.remove(&place(&object));
                Some(Event::Delete(object))
            }
            Event::Delete(Lean(Err(error))) => {
                let place = place_of(&error);
                self.places.remove(&place);
                stored(&place).map(Event::Delete)
            }
        }
    }
}

fn place<K: Kept>(object: &K) -> Place {
    let (namespace, name) = object.identity().place();
    (namespace.to_owned(), name.to_owned())
}

fn place_of(error: &InvalidObject) -> Place {
    let metadata = &error.metadata;
    (
        metadata.namespace.clone().unwrap_or_default(),
        metadata.name.clone().unwrap_or_default(),
    )
}

/// Says once for each version that an object is left out: one bad object never stops the others.
fn left_out<K: Kept>(error: InvalidObject) -> (Place, BTreeMap<String, String>) {
    let place = place_of(&error);
    let (namespace, name) = &place;
    tracing::warn!(kind = %K::kind(), namespace, name, error = error.error, "the object cannot be read and is left out");
    (place, error.metadata.labels.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Node;
    use kube::ResourceExt as _;
    use serde_json::{Value, json};

    fn node(name: &str, is_readable: bool) -> Lean<Node> {
        let spec = if is_readable { json!({}) } else { json!("none") };
        let node: Value =
            json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name }, "spec": spec });
        serde_json::from_value(node).unwrap()
    }

    /// Lets a sieve hear an event, with a store that has these Nodes, and tells what the store hears.
    fn hear(sieve: &mut Sieve, event: Event<Lean<Node>>, stored: &[&str]) -> Option<String> {
        let find = |place: &Place| {
            let is_stored = stored.contains(&place.1.as_str());
            is_stored.then(|| node(&place.1, true).0.unwrap())
        };
        let heard = sieve.take(event, find)?;
        Some(match heard {
            Event::Apply(node) => format!("apply {}", node.name_any()),
            Event::Delete(node) => format!("delete {}", node.name_any()),
            Event::InitApply(node) => format!("list {}", node.name_any()),
            Event::Init => "begin".to_owned(),
            Event::InitDone => "end".to_owned(),
        })
    }

    fn names(sieve: &Sieve) -> Vec<&str> {
        sieve.places().keys().map(|(_, name)| name.as_str()).collect()
    }

    /// A list counts once it is complete: what it has and cannot be read takes the place of what was so before.
    #[test]
    fn list_replaces_what_could_not_be_read() {
        let mut sieve = Sieve::default();
        assert_eq!(hear(&mut sieve, Event::Apply(node("old", false)), &[]), None);
        assert_eq!(names(&sieve), ["old"]);
        assert_eq!(hear(&mut sieve, Event::Init, &[]).as_deref(), Some("begin"));
        assert_eq!(hear(&mut sieve, Event::InitApply(node("bad", false)), &[]), None);
        let good = hear(&mut sieve, Event::InitApply(node("good", true)), &[]);
        assert_eq!((good.as_deref(), names(&sieve)), (Some("list good"), vec!["old"]));
        assert_eq!(hear(&mut sieve, Event::InitDone, &[]).as_deref(), Some("end"));
        assert_eq!(names(&sieve), ["bad"]);
    }

    /// What can no longer be read is not shown as it was, and is there until it is deleted or mended.
    #[test]
    fn object_that_can_no_longer_be_read_leaves_the_store_and_is_remembered() {
        let mut sieve = Sieve::default();
        let spoilt = hear(&mut sieve, Event::Apply(node("n1", false)), &["n1"]);
        assert_eq!(
            (spoilt.as_deref(), names(&sieve)),
            (Some("delete n1"), vec!["n1"])
        );
        let mended = hear(&mut sieve, Event::Apply(node("n1", true)), &[]);
        assert_eq!((mended.as_deref(), names(&sieve).len()), (Some("apply n1"), 0));
        hear(&mut sieve, Event::Apply(node("n1", false)), &["n1"]);
        assert_eq!(hear(&mut sieve, Event::Delete(node("n1", false)), &[]), None);
        assert_eq!(names(&sieve).len(), 0);
        let gone = hear(&mut sieve, Event::Delete(node("n2", false)), &["n2"]);
        assert_eq!(
            gone.as_deref(),
            Some("delete n2"),
            "its deletion reaches the store"
        );
    }
}
