//! Where the pods of a node go.

use super::*;
use crate::testing::{pods_of, spread};

/// SC-2: pods that keep apart do so in their new places.
#[test]
fn pods_keep_their_distance_in_their_new_places() {
    let apart = || {
        demand("shop").cpu(10).label("app", "web").far(pods_of(
            "shop",
            "kubernetes.io/hostname",
            &[("app", "web")],
        ))
    };
    let world = world()
        .node_with("a", vec![apart()])
        .node_with("b", vec![apart()])
        .most(9);
    assert_eq!(world.words("a"), ["unmovable-pod"]);
    let third = world.node("c", &[2500]);
    assert_eq!(third.going(), ["a"]);
    assert_eq!(third.words("b"), ["unmovable-pod"]);
}

/// SC-2: a node that goes is no domain any longer over which pods must be spread.
#[test]
fn node_that_goes_counts_for_no_spread() {
    let even = || {
        let even = spread("kubernetes.io/hostname", 1, &[("app", "web")]);
        demand("shop").cpu(10).label("app", "web").spread(even)
    };
    let pair = world().node_with("a", vec![even()]).node_with("b", vec![even()]);
    let crowd = world()
        .node_with("a", vec![even()])
        .node_with("b", vec![even(), even()]);
    assert_eq!(pair.going(), ["a"]);
    assert_eq!(crowd.going(), ["a"]);
    let third = crowd.node("c", &[2500]);
    let moves = third.decide().removals.into_iter().flat_map(|one| one.moves);
    assert!(moves.into_iter().all(|one| &*one.to == "c"));
}

/// SC-11: pods go where the node would go last.
#[test]
fn pods_go_where_the_node_would_go_last() {
    let three = world()
        .node("a", &[10])
        .node("b", &[10, 10])
        .node("c", &[10, 10, 10]);
    let found = three.decide();
    assert_eq!(found.removals[0].moves[0].to, "c".into());
}
