//! That what was placed and lifted again leaves no trace.

use std::sync::Arc;

use super::*;
use crate::site::Site;
use crate::testing::{demand, node, pods_of, spread};

/// SC-4: a pod that was lifted out leaves the scene as it was.
#[test]
fn lifted_pod_leaves_no_trace() {
    let shop = &[("app", "shop")];
    let pod = demand("shop")
        .cpu(500)
        .label("app", "shop")
        .port(80)
        .attaches("csi", "data")
        .near(pods_of("shop", "zone", shop))
        .far(pods_of("shop", HOST, shop))
        .spread(spread(HOST, 1, shop));
    let nodes = [node("one").label("zone", "a"), node("two").label("zone", "b")];
    let sites = nodes.iter().map(Site::of_node).collect();
    let rules = Rules::new(vec![Arc::new(pod)], |_| true, sites, &BTreeMap::new());
    let mut scene = Scene::new(&rules);
    for (site, node) in nodes.iter().enumerate() {
        scene.open(site, &node.room);
    }
    let ask = |scene: &Scene<'_>| {
        (
            scene.misfits(&scene.bins[0], 0),
            scene.misfits(&scene.bins[1], 0),
            scene.bins[0].free.clone(),
        )
    };
    let before = ask(&scene);

    scene.place(0, 0, 1, false);
    assert_eq!(scene.chance(0, 0, 1), Chance::Never);
    assert_eq!(
        scene.chance(1, 0, 1),
        Chance::Later,
        "the affinity wants the zone of the first"
    );
    scene.lift(0, 0, 1, false);

    assert_eq!(ask(&scene), before);
    assert_eq!(scene.chance(1, 0, 1), Chance::Now(1));
}

const HOST: &str = "kubernetes.io/hostname";
