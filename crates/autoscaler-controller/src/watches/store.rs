//! The objects of one watch, in order of namespace and name.

use super::followed::{Place, lock};
use crate::kept::Kept;
use kube::runtime::watcher::Event;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Keeps the objects of a kind as its watch tells of them.
///
/// An object that is there takes eight bytes here, and a new version of it the place of the old one.
#[derive(Debug)]
pub(super) struct Store<K> {
    lists: Mutex<Lists<K>>,
    /// Whether the first list is complete.
    listed: watch::Sender<bool>,
}

#[derive(Debug)]
struct Lists<K> {
    there: Vec<Arc<K>>,
    /// What a new list has brought so far; it counts once it is complete.
    arriving: Vec<Arc<K>>,
}

// === impl Store ===

impl<K> Default for Store<K> {
    fn default() -> Self {
        Self {
            lists: Mutex::new(Lists {
                there: Vec::new(),
                arriving: Vec::new(),
            }),
            listed: watch::Sender::new(false),
        }
    }
}

impl<K: Kept> Store<K> {
    /// Takes an event of the watch in.
    pub(super) fn take(&self, event: Event<K>) {
        let lists = &mut *lock(&self.lists);
        match event {
            Event::Init => lists.arriving = Vec::new(),
            Event::InitApply(object) => lists.arriving.push(Arc::new(object)),
            Event::InitDone => {
                let mut arrived = std::mem::take(&mut lists.arriving);
                // Where two pages of a list have an object, the later one counts.
                arrived.reverse();
                arrived.sort_by(|one, other| place(one).cmp(&place(other)));
                arrived.dedup_by(|later, earlier| place(later) == place(earlier));
                arrived.shrink_to_fit();
                lists.there = arrived;
                self.listed.send_replace(true);
            }
            Event::Apply(object) => match find(&lists.there, object.identity().place()) {
                Ok(found) => lists.there[found] = Arc::new(object),
                Err(free) => lists.there.insert(free, Arc::new(object)),
            },
            Event::Delete(object) => {
                if let Ok(found) = find(&lists.there, object.identity().place()) {
                    lists.there.remove(found);
                }
            }
        }
    }

    /// Waits for the first list; tells whether it came.
    pub(super) async fn is_listed(&self) -> bool {
        let mut listed = self.listed.subscribe();
        listed.wait_for(|is_listed| *is_listed).await.is_ok()
    }

    /// Returns all objects in order of namespace and name.
    pub(super) fn all(&self) -> Vec<Arc<K>> {
        lock(&self.lists).there.clone()
    }

    /// Returns the object of a place.
    pub(super) fn find(&self, (namespace, name): &Place) -> Option<Arc<K>> {
        let there = &lock(&self.lists).there;
        let found = find(there, (namespace, name)).ok()?;
        there.get(found).cloned()
    }
}

fn place<K: Kept>(object: &Arc<K>) -> (&str, &str) {
    object.identity().place()
}

/// Returns where an object is, or where it would be.
fn find<K: Kept>(there: &[Arc<K>], wanted: (&str, &str)) -> Result<usize, usize> {
    there.binary_search_by(|object| place(object).cmp(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::Node;
    use futures::FutureExt as _;

    fn node(name: &str, version: &str) -> Node {
        let mut node = Node::default();
        node.metadata.name = Some(name.into());
        node.metadata.resource_version = Some(version.into());
        node
    }

    fn told(events: impl IntoIterator<Item = Event<Node>>) -> Store<Node> {
        let store = Store::default();
        events.into_iter().for_each(|event| store.take(event));
        store
    }

    fn known(store: &Store<Node>) -> Vec<String> {
        let known = store.all().into_iter();
        let known = known.map(|node| {
            let identity = node.identity();
            format!("{} {}", identity.name, identity.resource_version)
        });
        known.collect()
    }

    /// A list counts once it is complete, and then nothing but it: in order of names, the later of two versions.
    #[test]
    fn list_counts_once_it_is_complete() {
        let store = told([Event::Apply(node("old", "1")), Event::Init]);
        for (name, version) in [("b", "1"), ("a", "1"), ("b", "2")] {
            store.take(Event::InitApply(node(name, version)));
        }
        assert_eq!(known(&store), ["old 1"]);
        assert_eq!(store.is_listed().now_or_never(), None);
        store.take(Event::InitDone);
        assert_eq!(known(&store), ["a 1", "b 2"]);
        assert_eq!(store.is_listed().now_or_never(), Some(true));
    }

    /// What was cut off in the middle of a list is not in the next one.
    #[test]
    fn list_begins_anew() {
        let lists = [Event::Init, Event::InitApply(node("a", "1")), Event::Init];
        let store = told(lists);
        store.take(Event::InitApply(node("b", "2")));
        store.take(Event::InitDone);
        assert_eq!(known(&store), ["b 2"]);
    }

    #[test]
    fn events_replace_and_remove() {
        let store = told(["b", "c", "a", "b"].map(|name| Event::Apply(node(name, "1"))));
        store.take(Event::Apply(node("b", "2")));
        store.take(Event::Delete(node("c", "3")));
        store.take(Event::Delete(node("nobody", "3")));
        assert_eq!(known(&store), ["a 1", "b 2"]);
        let found = |name: &str| store.find(&(String::new(), name.to_owned())).is_some();
        assert_eq!(["a", "b", "c"].map(found), [true, true, false]);
    }
}
