//! What the server holds: objects, one global version, and a bounded history of changes.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::builtin::{self, Kind, ResourceKey};
use super::fault::KubeFault;
use super::patch::ownership::{Applied, Manager};
use super::record::{Bounded, WriteRecord};
use super::status_error::ApiError;

const WRITES_KEPT: usize = 200_000;
const DELETED_KEPT: usize = 100_000;
const HISTORY_KEPT: usize = 20_000;
/// The letters of generated names: no vowels, so that no words come out.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Namespace (empty when cluster-wide) and name.
pub(super) type ObjectKey = (String, String);

/// Everything the server holds.
#[derive(Debug)]
pub(super) struct State {
    pub(super) version: u64,
    pub(super) kinds: Vec<Arc<Kind>>,
    pub(super) faults: Vec<KubeFault>,
    pub(super) writes: Bounded<WriteRecord>,
    pub(super) deleted: Bounded<Value>,
    shelves: BTreeMap<ResourceKey, Shelf>,
    random: ChaCha8Rng,
    history_kept: usize,
    /// By uid, so that a new object of an old name starts without owners.
    applied: BTreeMap<String, Applied>,
}

/// All objects of one resource and how they changed.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) objects: BTreeMap<ObjectKey, Arc<Value>>,
    pub(super) changes: VecDeque<Change>,
    /// Changes up to this version are forgotten.
    pub(super) forgotten: u64,
    /// How often the watches of this resource were cut; a watch that began before ends.
    pub(super) cuts: u64,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) key: ObjectKey,
    /// Absent when the object was made by this change.
    pub(super) before: Option<Arc<Value>>,
    pub(super) after: Arc<Value>,
    /// Whether `after` is the last version of an object that is gone.
    pub(super) gone: bool,
}

// === impl State ===

impl State {
    pub(super) fn starting_at(now: DateTime<Utc>, seed: u64) -> State {
        let mut state = State {
            version: 1,
            kinds: builtin::kinds().into_iter().map(Arc::new).collect(),
            faults: Vec::new(),
            writes: Bounded::holding(WRITES_KEPT),
            deleted: Bounded::holding(DELETED_KEPT),
            shelves: BTreeMap::new(),
            random: ChaCha8Rng::seed_from_u64(seed),
            history_kept: HISTORY_KEPT,
            applied: BTreeMap::new(),
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            state.add_namespace(name, now);
        }
        state
    }

    fn add_namespace(&mut self, name: &str, now: DateTime<Utc>) {
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "uid": self.new_uid(),
                "creationTimestamp": timestamp(now),
                "labels": {"kubernetes.io/metadata.name": name},
            },
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        });
        self.put(&namespaces(), (String::new(), name.to_owned()), namespace);
    }

    /// Finds the served version of a kind; absent when it is not installed.
    pub(super) fn kind(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        self.kinds
            .iter()
            .find(|kind| kind.is(group, plural) && kind.version == version)
            .cloned()
    }

    pub(super) fn shelf(&mut self, key: &ResourceKey) -> &mut Shelf {
        self.shelves.entry(key.clone()).or_default()
    }

    pub(super) fn get(&self, resource: &ResourceKey, key: &ObjectKey) -> Option<Arc<Value>> {
        self.shelves.get(resource)?.objects.get(key).cloned()
    }

    /// Stores an object under the next version, which it returns in the object.
    pub(super) fn put(&mut self, resource: &ResourceKey, key: ObjectKey, mut object: Value) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let object = Arc::new(object);
        let before = self.shelf(resource).objects.insert(key.clone(), object.clone());
        self.note(
            resource,
            Change {
                version: self.version,
                key,
                before,
                after: object.clone(),
                gone: false,
            },
        );
        object
    }

    /// Removes an object; `last` is what it looked like, its version becomes that of the removal.
    pub(super) fn remove(&mut self, resource: &ResourceKey, key: &ObjectKey, mut last: Value) -> Arc<Value> {
        self.version += 1;
        last["metadata"]["resourceVersion"] = self.version.to_string().into();
        let last = Arc::new(last);
        let before = self.shelf(resource).objects.remove(key);
        self.deleted.push((*last).clone());
        self.applied
            .remove(last["metadata"]["uid"].as_str().unwrap_or(""));
        self.note(
            resource,
            Change {
                version: self.version,
                key: key.clone(),
                before,
                after: last.clone(),
                gone: true,
            },
        );
        last
    }

    /// What each manager applied last to the object with this uid.
    pub(super) fn applied(&self, uid: &Value) -> Applied {
        self.applied
            .get(uid.as_str().unwrap_or(""))
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn note_applied(&mut self, uid: &Value, manager: Manager, body: Value) {
        let uid = uid.as_str().unwrap_or("").to_owned();
        self.applied.entry(uid).or_default().insert(manager, body);
    }

    fn note(&mut self, resource: &ResourceKey, change: Change) {
        let kept = self.history_kept;
        let shelf = self.shelf(resource);
        shelf.changes.push_back(change);
        shelf.forget_beyond(kept);
    }

    pub(super) fn objects(&self, resource: &str) -> Vec<Value> {
        self.shelves(resource)
            .flat_map(|shelf| shelf.objects.values())
            .map(|object| (**object).clone())
            .collect()
    }

    /// Returns the shelves of a resource: several when groups share its plural name and none of them is named.
    pub(super) fn shelves<'s>(&'s self, resource: &'s str) -> impl Iterator<Item = &'s Shelf> {
        let (plural, group) = resource
            .split_once('.')
            .map_or((resource, None), |(name, rest)| (name, Some(rest)));
        let asked =
            move |key: &ResourceKey| key.plural == plural && group.is_none_or(|group| group == key.group);
        let shelves = self.shelves.iter().filter(move |(key, _)| asked(key));
        shelves.map(|(_, shelf)| shelf)
    }

    pub(super) fn keep_history(&mut self, changes: usize) {
        self.history_kept = changes;
        for shelf in self.shelves.values_mut() {
            shelf.forget_beyond(changes);
        }
    }

    /// Forgets all changes, also for resources that had none: their watches count from the global version.
    pub(super) fn compact(&mut self) {
        let version = self.version;
        let keys: Vec<ResourceKey> = self.kinds.iter().map(|kind| kind.key.clone()).collect();
        for key in keys {
            let shelf = self.shelf(&key);
            shelf.changes.clear();
            shelf.forgotten = version;
        }
    }

    /// Begins the history of a resource that was not served so far; what was before is too old for its watches.
    pub(super) fn begin_history(&mut self, resource: &ResourceKey) {
        self.shelf(resource).forgotten = self.version;
    }

    /// Ends the open watches of one resource, or of all.
    pub(super) fn cut_watches(&mut self, resource: Option<&ResourceKey>) {
        for (key, shelf) in &mut self.shelves {
            if resource.is_none_or(|wanted| wanted == key) {
                shelf.cuts += 1;
            }
        }
    }

    /// Makes up a uid in the form of a random UUID.
    pub(super) fn new_uid(&mut self) -> String {
        let high = self.random.next_u64();
        let low = self.random.next_u64();
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// Makes up the end of a generated name.
    pub(super) fn new_suffix(&mut self) -> String {
        let letters = NAME_LETTERS.len() as u64;
        (0..5)
            .map(|_| char::from(NAME_LETTERS[(self.random.next_u64() % letters) as usize]))
            .collect()
    }
}

// === impl Shelf ===

impl Shelf {
    /// Returns the objects as they were at a version, after one of them or from the first on.
    ///
    /// # Errors
    /// When what happened since is forgotten in part.
    pub(super) fn as_of(
        &self,
        version: u64,
        after: Option<&ObjectKey>,
    ) -> Result<BTreeMap<&ObjectKey, &Value>, ApiError> {
        if self.forgotten > version {
            return Err(ApiError::expired(version, self.forgotten));
        }
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let objects = self.objects.range((from, Bound::Unbounded));
        let mut objects: BTreeMap<&ObjectKey, &Value> =
            objects.map(|(key, object)| (key, &**object)).collect();
        let later = self.changes.iter().rev();
        for change in later.take_while(|change| change.version > version) {
            if after.is_some_and(|after| change.key <= *after) {
                continue;
            }
            match &change.before {
                Some(before) => objects.insert(&change.key, before),
                None => objects.remove(&change.key),
            };
        }
        Ok(objects)
    }

    fn forget_beyond(&mut self, kept: usize) {
        while self.changes.len() > kept {
            if let Some(change) = self.changes.pop_front() {
                self.forgotten = change.version;
            }
        }
    }
}

/// Names the place of the Namespaces.
pub(super) fn namespaces() -> ResourceKey {
    ResourceKey {
        group: String::new(),
        plural: "namespaces".to_owned(),
    }
}

/// Writes a time as `metadata` carries it.
pub(super) fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
