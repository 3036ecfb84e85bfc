//! The filters that look at what is on the Nodes, by the documented semantics of the scheduler.

mod rare;

use super::*;
use crate::labels::Selector;
use crate::pod::{PodTerm, Spread};
use crate::taint::Effect;
use crate::testing::{any_of, demand, labels, node, none_of, pods_of, resources, spread, taint};

const HOST: &str = "kubernetes.io/hostname";

/// Is a label that many pods have.
const WEB: &[(&str, &str)] = &[("app", "web")];

fn web() -> Demand {
    demand("shop").label("app", "web")
}

/// Asks for the words of the misfits of each Node.
#[track_caller]
fn check(pod: &Demand, nodes: &[Node], expected: &[&[&str]]) {
    let mut namespaces = BTreeMap::new();
    namespaces.insert("shop".into(), labels(&[("team", "sales")]));
    namespaces.insert("bank".into(), labels(&[("team", "money")]));
    let answers = fit(pod, nodes, &namespaces);
    let words: Vec<Vec<&str>> = answers
        .iter()
        .map(|misfits| misfits.iter().map(Misfit::word).collect())
        .collect();
    assert_eq!(words, expected);
}

fn zones() -> [Node; 2] {
    [node("one").label("zone", "a"), node("two").label("zone", "b")]
}

/// SC-2: what pods on the Node request is not free, and each shortage is told with its numbers.
#[test]
fn requests_of_pods_take_room() {
    let busy = node("busy").with(demand("shop").cpu(3000).memory_mib(15 * 1024));
    check(
        &demand("shop").cpu(1000).memory_mib(1024),
        std::slice::from_ref(&busy),
        &[&[]],
    );
    let large = demand("shop").cpu(1001).memory_mib(1025);
    check(
        &large,
        std::slice::from_ref(&busy),
        &[&["insufficient-cpu", "insufficient-memory"]],
    );
    let answers = fit(&large, &[busy], &BTreeMap::new());
    assert_eq!(answers[0][0].to_string(), "insufficient-cpu: needs 1001m, has 1");
}

/// SC-2: extended resources and ephemeral storage count, and a Node without them has none.
#[test]
fn other_resources_count() {
    let mut gpu = node("gpu");
    gpu.room.allocatable = resources(4000, 16 << 30).with("example.com/gpu", 1);
    let mut pod = demand("shop");
    pod.requests = resources(0, 0).with("example.com/gpu", 1);
    check(
        &pod,
        &[gpu.clone(), node("plain")],
        &[&[], &["insufficient-resource"]],
    );
    check(
        &pod.clone(),
        &[gpu.with(pod.clone())],
        &[&["insufficient-resource"]],
    );
    pod.requests = resources(0, 0);
    pod.requests.storage_bytes = 1;
    check(&pod, &[node("plain")], &[&["insufficient-ephemeral-storage"]]);
}

/// SC-2: a Node takes so many pods, also of those that request nothing.
#[test]
fn number_of_pods_is_limited() {
    let mut full = node("full").with(demand("shop"));
    full.room.pods = 1;
    check(&demand("shop"), &[full], &[&["too-many-pods"]]);
}

/// SC-2: a pod that is on its way out still takes its room.
#[test]
fn terminating_pod_takes_room() {
    check(
        &demand("shop").cpu(2000),
        &[node("one").with_terminating(demand("shop").cpu(3000))],
        &[&["insufficient-cpu"]],
    );
}

/// SC-2: a port of the Node is had by one pod.
#[test]
fn host_port_is_had_once() {
    check(
        &demand("shop").port(80),
        &[
            node("one").with(demand("bank").port(80)),
            node("two").with(demand("bank").port(81)),
        ],
        &[&["host-port"], &[]],
    );
}

/// SC-2: affinity wants a pod in the domain; without the label there is no domain.
#[test]
fn affinity_wants_a_pod_in_the_domain() {
    let [one, two] = zones();
    let nodes = [
        one.with(web()),
        two,
        node("three").label("zone", "a"),
        node("four"),
    ];
    let pod = demand("shop").near(pods_of("shop", "zone", WEB));
    check(&pod, &nodes, &[&[], &["pod-affinity"], &[], &["topology-label"]]);
}

/// SC-2: where nobody matches, a pod that matches its own affinity may be the first, and no other.
#[test]
fn first_of_its_kind_needs_no_other() {
    let near_itself = web().near(pods_of("shop", "zone", WEB));
    check(&near_itself, &zones(), &[&[], &[]]);
    let near_others = demand("shop").near(pods_of("shop", "zone", WEB));
    check(&near_others, &zones(), &[&["pod-affinity"], &["pod-affinity"]]);
    let [one, two] = zones();
    check(&near_itself, &[one.with(web()), two], &[&[], &["pod-affinity"]]);
}

/// SC-2: of several terms of affinity, a pod counts that matches all of them.
#[test]
fn one_pod_must_match_every_term() {
    let pod =
        demand("shop")
            .near(pods_of("shop", "zone", WEB))
            .near(pods_of("shop", HOST, &[("tier", "front")]));
    let [one, two] = zones();
    let apart = one.with(web()).with(demand("shop").label("tier", "front"));
    check(
        &pod,
        &[apart, two],
        &[
            &["pod-affinity", "pod-affinity"],
            &["pod-affinity", "pod-affinity"],
        ],
    );
    let [one, two] = zones();
    let both = one.with(web().label("tier", "front"));
    let in_zone = node("three").label("zone", "a");
    check(
        &pod,
        &[both, two, in_zone],
        &[&[], &["pod-affinity", "pod-affinity"], &["pod-affinity"]],
    );
}

/// SC-2: anti-affinity holds for the whole domain, and a Node without the label is in none.
#[test]
fn anti_affinity_keeps_the_domain_clear() {
    let [one, two] = zones();
    let nodes = [
        one.with(web()),
        two,
        node("three").label("zone", "a"),
        node("four").with(web()),
    ];
    let pod = demand("shop").far(pods_of("shop", "zone", WEB));
    check(
        &pod,
        &nodes,
        &[&["pod-anti-affinity"], &[], &["pod-anti-affinity"], &[]],
    );
}

/// SC-2: pods that are there shun newcomers by their own anti-affinity.
#[test]
fn pods_that_are_there_shun_newcomers() {
    let hermit = demand("bank").far(PodTerm {
        namespace_selector: Some(Selector::default()),
        ..pods_of("none", "zone", WEB)
    });
    let [one, two] = zones();
    check(
        &web(),
        &[one.with(hermit.clone()), two],
        &[&["shunned-by-pods"], &[]],
    );
    let [one, two] = zones();
    check(&demand("shop"), &[one.with(hermit), two], &[&[], &[]]);
}

/// SC-2: namespaces are those named, and those whose labels are selected; an empty selector selects all.
#[test]
fn namespaces_are_named_or_selected() {
    let far = |namespaces: &[&str], selector: Option<Selector>| {
        demand("shop").far(PodTerm {
            namespaces: namespaces.iter().map(|name| (*name).into()).collect(),
            namespace_selector: selector,
            ..pods_of("", HOST, WEB)
        })
    };
    let nodes = [node("one").with(demand("bank").label("app", "web"))];
    let money = Selector(vec![any_of("team", &["money"])]);
    let sales = Selector(vec![none_of("team", &["money"])]);
    for (pod, fits) in [
        (far(&["shop"], None), true),
        (far(&["bank"], None), false),
        (far(&["shop", "bank"], None), false),
        (far(&[], Some(Selector::default())), false),
        (far(&[], Some(money)), false),
        (far(&["shop"], Some(sales)), true),
    ] {
        check(
            &pod,
            &nodes,
            if fits { &[&[]] } else { &[&["pod-anti-affinity"]] },
        );
    }
}

/// SC-2: the emptiest domain bounds the others; a Node without the label takes none.
#[test]
fn spread_is_bounded_by_the_emptiest_domain() {
    let [one, two] = zones();
    let pod = web().spread(spread("zone", 1, WEB));
    check(
        &pod,
        &[one.clone().with(web()), two.clone(), node("three")],
        &[&["topology-spread"], &[], &["topology-label"]],
    );
    let loose = web().spread(spread("zone", 2, WEB));
    check(&loose, &[one.clone().with(web()), two.clone()], &[&[], &[]]);
    check(&pod, &[one.with(web()), two.with(web())], &[&[], &[]]);
}

/// SC-2: pods that do not match, of another namespace, or on their way out are not counted.
#[test]
fn spread_counts_matching_living_pods_of_the_namespace() {
    let [one, two] = zones();
    let pod = web().spread(spread("zone", 1, WEB));
    let one = one
        .with(demand("shop"))
        .with(demand("bank").label("app", "web"))
        .with_terminating(web());
    check(&pod, &[one, two], &[&[], &[]]);
}

/// SC-2: a pod that its own spread does not select adds nothing to it.
#[test]
fn pod_outside_its_own_spread_adds_nothing() {
    let [one, two] = zones();
    let pod = demand("shop").spread(spread("zone", 1, WEB));
    check(&pod, &[one.clone().with(web()), two.clone()], &[&[], &[]]);
    check(
        &pod,
        &[one.with(web()).with(web()), two],
        &[&["topology-spread"], &[]],
    );
}

/// SC-2: with fewer domains than `minDomains`, the emptiest counts as empty.
#[test]
fn too_few_domains_count_as_an_empty_one() {
    let [one, two] = zones();
    let nodes = [one.with(web()), two.with(web())];
    let asks = |min_domains| {
        web().spread(Spread {
            min_domains,
            ..spread("zone", 1, WEB)
        })
    };
    check(&asks(2), &nodes, &[&[], &[]]);
    check(&asks(3), &nodes, &[&["topology-spread"], &["topology-spread"]]);
}

/// SC-2: Nodes that the pod's own affinity excludes are no domain, unless the policy says so.
#[test]
fn policy_says_whether_excluded_nodes_are_domains() {
    let [one, two] = zones();
    let nodes = [one.label("disk", "ssd").with(web()), two];
    let asks = |honours_affinity| {
        web().selects("disk", "ssd").spread(Spread {
            honours_affinity,
            ..spread("zone", 1, WEB)
        })
    };
    check(&asks(true), &nodes, &[&[], &["node-selector"]]);
    check(&asks(false), &nodes, &[&["topology-spread"], &["node-selector"]]);
}

/// SC-2: Nodes with taints that the pod does not tolerate are domains, unless the policy says otherwise.
#[test]
fn policy_says_whether_tainted_nodes_are_domains() {
    let [one, two] = zones();
    let nodes = [one.with(web()), two.taint(taint("gpu", "", Effect::NoSchedule))];
    let asks = |honours_taints| {
        web().spread(Spread {
            honours_taints,
            ..spread("zone", 1, WEB)
        })
    };
    check(&asks(false), &nodes, &[&["topology-spread"], &["taint"]]);
    check(&asks(true), &nodes, &[&[], &["taint"]]);
}

/// SC-2: of two spreads both must hold, and a Node without one of the labels counts for neither.
#[test]
fn several_spreads_must_all_hold() {
    let pod = web().spread(spread("zone", 1, WEB)).spread(spread(HOST, 1, WEB));
    let [one, two] = zones();
    let second = node("three").label("zone", "a");
    check(
        &pod,
        &[one.clone().with(web()), two.with(web()), second],
        &[&["topology-spread"], &["topology-spread"], &[]],
    );
    let bare = node("bare").with(web()).with(web());
    check(&pod, &[one, bare], &[&[], &["topology-label"]]);
}

/// SC-2: each driver takes so many volumes on a Node; one that is shared is attached once.
#[test]
fn volumes_are_limited_by_driver() {
    let mut one = node("one").with(demand("shop").attaches("csi", "data"));
    one.room.attachments.insert("csi".into(), 1);
    for (pod, words) in [
        (demand("shop").attaches("csi", "logs"), &["attach-limit"][..]),
        (demand("shop").attaches("csi", "data"), &[]),
        (demand("shop").attaches("other", "logs"), &[]),
        (demand("shop"), &[]),
    ] {
        check(&pod, std::slice::from_ref(&one), &[words]);
    }
}
