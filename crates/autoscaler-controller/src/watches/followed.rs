//! One watched kind: its objects, and which of them changed since somebody asked.

use super::store::Store;
use super::unreadable::{Places, Sieve};
use crate::kept::Kept;
use kube::runtime::watcher::Event;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A namespace, empty where there is none, and a name in it.
pub type Place = (String, String);

/// Most objects that are named one by one; a replica that stands by asks for none, and its memory must not grow.
const MOST_MARKS: usize = 10_000;

/// Names the objects of one kind that changed since they were last asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marked {
    /// These.
    Some(BTreeSet<Place>),
    /// Any of them: a new list has arrived, or they are too many to name.
    All,
}

/// What changed of one kind since it was last asked for, as it is now.
#[derive(Clone, Debug)]
pub enum News<K> {
    /// These objects; nothing where one is gone.
    Some(Vec<(Place, Option<Arc<K>>)>),
    /// All that there are: any other one is gone.
    All(Vec<Arc<K>>),
}

/// The objects of one kind as its watch keeps them.
pub(super) struct Followed<K> {
    store: Arc<Store<K>>,
    marked: Arc<Mutex<Marked>>,
    sieve: Arc<Mutex<Sieve>>,
}

// === impl Marked ===

impl Default for Marked {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Marked {
    /// Notes that an object changed.
    pub(crate) fn add(&mut self, place: Place) {
        let Self::Some(places) = self else { return };
        places.insert(place);
        if places.len() > MOST_MARKS {
            *self = Self::All;
        }
    }

    /// Notes all that somebody else noted.
    pub(super) fn add_all(&mut self, other: Self) {
        match other {
            Self::Some(places) => places.into_iter().for_each(|place| self.add(place)),
            Self::All => *self = Self::All,
        }
    }

    /// Tells whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Some(places) => places.is_empty(),
            Self::All => false,
        }
    }
}

// === impl News ===

impl<K: Kept> News<K> {
    /// Splits it into the places of what is gone and the objects that are there.
    ///
    /// Of a whole list, what was known before and is not in it is gone.
    pub(crate) fn split(self, known: impl Iterator<Item = Place>) -> (Vec<Place>, Vec<Arc<K>>) {
        let (mut gone, mut there) = (Vec::new(), Vec::new());
        match self {
            Self::Some(places) => {
                for (place, object) in places {
                    match object {
                        Some(object) => there.push(object),
                        None => gone.push(place),
                    }
                }
            }
            Self::All(objects) => {
                let listed: BTreeSet<Place> = objects.iter().map(|object| place(&**object)).collect();
                gone.extend(known.filter(|place| !listed.contains(place)));
                there = objects;
            }
        }
        (gone, there)
    }
}

fn place<K: Kept>(object: &K) -> Place {
    let (namespace, name) = object.identity().place();
    (namespace.to_owned(), name.to_owned())
}

// === impl Followed ===

impl<K: Kept> Followed<K> {
    pub(super) fn new(store: Arc<Store<K>>, marked: Arc<Mutex<Marked>>, sieve: Arc<Mutex<Sieve>>) -> Self {
        Self { store, marked, sieve }
    }

    /// Returns what is there and cannot be read.
    pub(super) fn unreadable(&self) -> Places {
        lock(&self.sieve).places().clone()
    }

    /// Waits for the first list; tells whether it came.
    pub(super) async fn is_listed(&self) -> bool {
        self.store.is_listed().await
    }

    /// Returns all objects in order of namespace and name.
    pub(super) fn sorted(&self) -> Vec<Arc<K>> {
        self.store.all()
    }

    /// Returns the object of a place.
    pub(super) fn find(&self, place: &Place) -> Option<Arc<K>> {
        self.store.find(place)
    }

    /// Returns what changed since the last call.
    pub(super) fn news(&self) -> News<K> {
        // Marks are taken before the objects are read: what changes in between is marked again.
        let marked = std::mem::take(&mut *lock(&self.marked));
        match marked {
            Marked::All => News::All(self.sorted()),
            Marked::Some(places) => News::Some(
                places
                    .into_iter()
                    .map(|place| {
                        let object = self.store.find(&place);
                        (place, object)
                    })
                    .collect(),
            ),
        }
    }

    pub(super) fn is_marked(&self) -> bool {
        !lock(&self.marked).is_empty()
    }

    pub(super) fn mark_all(&self) {
        *lock(&self.marked) = Marked::All;
    }
}

/// Returns which objects an event of a watch is about.
pub(super) fn told_of<K: Kept>(event: &Event<K>) -> Marked {
    match event {
        Event::Apply(object) | Event::Delete(object) => Marked::Some([place(object)].into()),
        Event::InitDone => Marked::All,
        // Until the list is complete, it is not to be seen.
        Event::Init | Event::InitApply(_) => Marked::default(),
    }
}

/// No assignment can stop half-way, so a panic elsewhere leaves what is locked sound.
pub(super) fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::Node;

    fn node(name: &str) -> Arc<Node> {
        let mut node = Node::default();
        node.metadata.name = Some(name.into());
        Arc::new(node)
    }

    fn at(name: &str) -> Place {
        (String::new(), name.to_owned())
    }

    /// NS-26: marks that nobody asks for have a limit, past which all counts as marked.
    #[test]
    fn marks_have_a_limit() {
        let mut marked = Marked::default();
        assert!(marked.is_empty());
        for number in 0..MOST_MARKS {
            marked.add(at(&format!("n{number}")));
        }
        assert!(matches!(&marked, Marked::Some(places) if places.len() == MOST_MARKS));
        marked.add(at("n1"));
        assert_ne!(marked, Marked::All, "it was there already");
        marked.add(at("one more"));
        assert_eq!(marked, Marked::All);
    }

    /// NS-7: an object that a list lacks, or that was not found under its name, is gone.
    #[test]
    fn news_say_what_is_gone() {
        let known = || [at("a"), at("b"), at("c")].into_iter();
        let names = |there: &[Arc<Node>]| there.iter().map(|node| node.name_any()).collect::<Vec<_>>();
        let (gone, there) = News::All(vec![node("b"), node("d")]).split(known());
        assert_eq!(
            (gone, names(&there)),
            (vec![at("a"), at("c")], vec!["b".to_owned(), "d".to_owned()])
        );
        let some = News::Some(vec![(at("a"), None), (at("b"), Some(node("b")))]);
        let (gone, there) = some.split(known());
        assert_eq!((gone, names(&there)), (vec![at("a")], vec!["b".to_owned()]));
    }

    /// NS-6: a list that arrives counts once it is complete; single events name their object.
    #[test]
    fn events_are_marked() {
        let mut marked = Marked::default();
        let list = [Event::Init, Event::InitApply(Node::clone(&node("a")))];
        list.iter().for_each(|event| marked.add_all(told_of(event)));
        assert!(marked.is_empty());
        marked.add_all(told_of(&Event::Delete(Node::clone(&node("a")))));
        assert_eq!(marked, Marked::Some([at("a")].into()));
        marked.add_all(told_of(&Event::<Node>::InitDone));
        assert_eq!(marked, Marked::All);
    }
}
