//! How many nodes a large backlog needs.

use fleet_plan::plan;

#[expect(dead_code, reason = "the benchmark plans other backlogs, too")]
#[path = "../benches/plans/backlogs.rs"]
mod backlogs;

/// SC-5: pods that find no room on the nodes that others force make these larger, and get hardly any of their own.
#[test]
fn leftover_pods_make_nodes_larger_instead_of_more() {
    let made = plan(&backlogs::mixed(3_000));
    let nodes: u32 = made.purchases.iter().map(|one| one.count).sum();
    // A fifth of the pods must each be alone on its host.
    assert_eq!(nodes, 600);
}
