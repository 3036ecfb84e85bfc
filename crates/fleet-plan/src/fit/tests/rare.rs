//! What is rarely asked for, or rarely there, and what the scheduler does then.

use super::*;

/// SC-2: a pod that is on its way out still draws others near, and keeps others away.
#[test]
fn terminating_pod_attracts_and_shuns() {
    let [one, two] = zones();
    let near = demand("shop").near(pods_of("shop", "zone", WEB));
    check(
        &near,
        &[one.with_terminating(web()), two],
        &[&[], &["pod-affinity"]],
    );
    let [one, two] = zones();
    let far = demand("shop").far(pods_of("shop", "zone", WEB));
    check(
        &far,
        &[one.with_terminating(web()), two],
        &[&["pod-anti-affinity"], &[]],
    );
    let [one, two] = zones();
    let hermit = demand("shop").far(pods_of("shop", "zone", WEB));
    check(
        &web(),
        &[one.with_terminating(hermit), two],
        &[&["shunned-by-pods"], &[]],
    );
}

/// SC-2: a pod on a Node without the label is in no domain: it draws nobody near, and the next may be the first.
#[test]
fn pod_outside_every_domain_attracts_nobody() {
    let bare = node("bare").with(web());
    let [one, two] = zones();
    let near = web().near(pods_of("shop", "zone", WEB));
    check(&near, &[bare, one, two], &[&["topology-label"], &[], &[]]);
}

/// SC-2: a term without a selector selects nobody, and one with an empty selector everybody of its namespaces.
#[test]
fn missing_selector_selects_nobody_and_an_empty_one_all() {
    let term = |selector: Option<Selector>| PodTerm {
        selector,
        ..pods_of("shop", "zone", &[])
    };
    let none = || term(None);
    let all = || term(Some(Selector::default()));
    let [one, two] = zones();
    let nodes = [one.with(web()), two.with(demand("bank"))];
    check(&demand("shop").far(none()), &nodes, &[&[], &[]]);
    check(&demand("shop").far(all()), &nodes, &[&["pod-anti-affinity"], &[]]);
    check(
        &demand("shop").near(none()),
        &nodes,
        &[&["pod-affinity"], &["pod-affinity"]],
    );
    check(&demand("shop").near(all()), &nodes, &[&[], &["pod-affinity"]]);
    let spread_over = |selector: Option<Selector>| Spread {
        selector,
        ..spread("zone", 1, &[])
    };
    check(&web().spread(spread_over(None)), &nodes, &[&[], &[]]);
    let everybody = web().spread(spread_over(Some(Selector::default())));
    check(&everybody, &nodes, &[&["topology-spread"], &[]]);
}

/// SC-2: pods on Nodes that the policy leaves out are not counted in their domain.
#[test]
fn pods_on_excluded_nodes_are_not_counted() {
    let [one, two] = zones();
    let tainted = node("three")
        .label("zone", "a")
        .taint(taint("gpu", "", Effect::NoSchedule));
    let nodes = [one, two, tainted.with(web())];
    let asks = |honours_taints| {
        web().spread(Spread {
            honours_taints,
            ..spread("zone", 1, WEB)
        })
    };
    check(&asks(true), &nodes, &[&[], &[], &["taint"]]);
    check(
        &asks(false),
        &nodes,
        &[&["topology-spread"], &[], &["taint", "topology-spread"]],
    );
}

/// SC-2: where more is asked for than there is, a pod that asks for nothing of it still fits.
#[test]
fn overcommitted_node_takes_pods_that_ask_for_nothing() {
    let over = node("over").with(demand("shop").cpu(5000));
    check(&demand("shop").memory_mib(1), std::slice::from_ref(&over), &[&[]]);
    check(&demand("shop").cpu(1), &[over], &[&["insufficient-cpu"]]);
}

/// SC-2: a cordoned Node takes a pod that tolerates just that, and none that tolerates something else.
#[test]
fn cordon_is_a_taint_that_can_be_tolerated() {
    const CORDON: &str = "node.kubernetes.io/unschedulable";
    let nodes = [node("one").taint(taint(CORDON, "", Effect::NoSchedule))];
    check(&demand("shop").tolerates(CORDON), &nodes, &[&[]]);
    check(&demand("shop").tolerates("gpu"), &nodes, &[&["taint"]]);
}
