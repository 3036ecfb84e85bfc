//! What the facts and the state of a node take, and one generation of them.
//!
//! A process of its own with a single test, because the whole process is measured.

use std::hint::black_box;

use node_state::store::Store;
use node_state::testing::{at, group, node, owner};
use node_state::{Fleet, Rules};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Nodes of the cluster, a hundred in each NodeGroup.
const NODES: usize = 1_000;

/// What each of them may take, in bytes.
const MOST_BYTES: usize = 1_700;

/// Makes a uid as Kubernetes does.
fn uid(kind: u8, number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-{kind:012x}")
}

/// A cluster as the operator keeps it at rest: each Node is marked for its VPSieNode, which records it.
fn cluster() -> (Fleet, Store) {
    let (mut fleet, mut store) = (Fleet::default(), Store::new());
    for number in 0..NODES / 100 {
        fleet.put_group(group(&format!("group-{number}")));
    }
    for number in 0..NODES {
        let (name, group) = (format!("group-{number:06}"), format!("group-{}", number / 100));
        let mut claim = owner(&name, &group, Some(&name));
        claim.uid = uid(1, number).into();
        claim.version = Some("v1.33.2".into());
        fleet.put_owner(claim);
    }
    for number in 0..NODES {
        let (name, group) = (format!("group-{number:06}"), format!("group-{}", number / 100));
        let mut node = node(&name).of_group(&group);
        node.uid = uid(2, number).into();
        node.marked_for = Some(uid(1, number).into());
        fleet.put_node(node);
    }
    store.commit(&fleet.settle(&Rules::default(), at(0)));
    (fleet, store)
}

/// NS-30: a node takes little, from its facts to its place in a generation.
#[test]
fn node_takes_little() {
    let before = MEMORY.current_usage();
    let (fleet, store) = black_box(cluster());
    let each = (MEMORY.current_usage() - before) / NODES;
    assert_eq!(store.reader().count(), NODES);
    drop(fleet);
    println!("{each} bytes for each of {NODES} nodes");
    assert!(each <= MOST_BYTES, "{each} bytes for each node");
}
