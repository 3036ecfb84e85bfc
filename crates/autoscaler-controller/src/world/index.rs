//! Where the objects of a world are, so that no question walks through all of them.

use super::ClaimObject;
use crate::kept::{Kept, Node};
use crate::resources::{NodeGroup, keys};
use std::sync::Arc;

/// Where the objects of a world are. NodeGroups, VPSieNodes and Nodes themselves are in order of namespace and name; this is
/// for what else is asked of them.
#[derive(Debug, Default)]
pub struct Index {
    /// NodeGroups by cluster and name.
    pub(super) namesakes: Order,
    /// VPSieNodes by namespace and NodeGroup.
    pub(super) members: Order,
    /// Nodes by uid.
    pub(super) uids: Order,
    /// Nodes by the VPSieNode that their label names.
    pub(super) labels: Order,
}

/// The numbers of objects in order of a key of theirs, by which they are found. It holds no copies of the keys.
#[derive(Debug, Default)]
pub(super) struct Order(Box<[u32]>);

/// By what objects are found.
type Key<'k> = (&'k str, &'k str);

/// Reads the key of an object; what has none is not found.
type KeyOf<T> = fn(&T) -> Option<Key<'_>>;

// === impl Index ===

impl Index {
    pub(super) fn of(groups: &[Arc<NodeGroup>], claims: &[ClaimObject], nodes: &[Arc<Node>]) -> Self {
        Self {
            namesakes: Order::of(groups, namesake),
            members: Order::of(claims, member),
            uids: Order::of(nodes, uid),
            labels: Order::of(nodes, label),
        }
    }
}

// === impl Order ===

impl Order {
    fn of<T>(objects: &[T], key: KeyOf<T>) -> Self {
        let numbered = (0..).zip(objects);
        let mut numbers: Vec<u32> = numbered
            .filter(|(_, object)| key(object).is_some())
            .map(|(number, _)| number)
            .collect();
        numbers.sort_by_key(|number| at(objects, *number).and_then(key));
        Self(numbers.into())
    }

    /// Returns the objects with a key, in the order in which they are.
    pub(super) fn find<'o, T>(
        &self,
        objects: &'o [T],
        key: KeyOf<T>,
        wanted: Key<'_>,
    ) -> impl DoubleEndedIterator<Item = &'o T> + use<'_, 'o, T> {
        let key_at = |number: &u32| at(objects, *number).and_then(key);
        let start = self.0.partition_point(|number| key_at(number) < Some(wanted));
        let end = self.0.partition_point(|number| key_at(number) <= Some(wanted));
        let found = self.0.get(start..end).unwrap_or_default();
        found.iter().filter_map(|number| at(objects, *number))
    }
}

fn at<T>(objects: &[T], number: u32) -> Option<&T> {
    objects.get(usize::try_from(number).ok()?)
}

/// Returns the namespace and the name.
pub(super) fn place<K: Kept>(object: &K) -> Key<'_> {
    object.identity().place()
}

pub(super) fn namesake(group: &Arc<NodeGroup>) -> Option<Key<'_>> {
    let (_, name) = place(group.as_ref());
    Some((&group.spec.resource_identifier, name))
}

pub(super) fn member(claim: &ClaimObject) -> Option<Key<'_>> {
    let (namespace, _) = place(claim.object.as_ref());
    Some((namespace, claim.object.spec.node_group_name()))
}

pub(super) fn uid(node: &Arc<Node>) -> Option<Key<'_>> {
    Some(("", node.metadata.uid.as_deref().unwrap_or_default()))
}

pub(super) fn label(node: &Arc<Node>) -> Option<Key<'_>> {
    Some(("", node.labels().get(keys::LABEL_VPSIE_NODE)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Object = Option<(String, String)>;

    fn key(object: &Object) -> Option<Key<'_>> {
        object
            .as_ref()
            .map(|(space, name)| (space.as_str(), name.as_str()))
    }

    proptest! {
        /// What has a key is found, and nothing else, in the order in which it is.
        #[test]
        fn found_is_what_a_walk_finds(
            objects in prop::collection::vec(prop::option::weighted(0.9, ("[ab]?", "[a-c]?")), 0..20),
            wanted in ("[ab]?", "[a-c]?"),
        ) {
            let objects: Vec<Object> = objects;
            let wanted = (wanted.0.as_str(), wanted.1.as_str());
            let order = Order::of(&objects, key);
            let found: Vec<*const Object> = order.find(&objects, key, wanted).map(std::ptr::from_ref).collect();
            let walked = objects.iter().filter(|object| key(object) == Some(wanted));
            prop_assert_eq!(found, walked.map(std::ptr::from_ref).collect::<Vec<_>>());
        }
    }
}
