//! Which nodes go, and every reason why one stays that other nodes or its pods give.

mod laws;
mod places;

use std::sync::Arc;

use chrono::TimeDelta;

use super::*;
use crate::cluster::{Cluster, Ignored, Pod, Standing};
use crate::plan;
use crate::testing::{any_of, demand, group, node, node_term, pod_name};

/// Is a cluster whose every Node is of the group `workers`, which needs none of them.
#[derive(Debug, Clone)]
struct World {
    cluster: Cluster,
    fleet: Fleet,
}

fn workers() -> GroupName {
    GroupName {
        namespace: "kube-system".into(),
        name: "workers".into(),
    }
}

fn world() -> World {
    World {
        cluster: Cluster::default(),
        fleet: Fleet {
            most: 1,
            ..Fleet::default()
        },
    }
}

impl World {
    /// Adds a Node of 4 CPUs with pods of so many thousandths of a CPU each, `NODE-0` and on.
    fn node(self, name: &str, pods: &[i64]) -> Self {
        let demands = pods.iter().map(|cpu| demand("shop").cpu(*cpu));
        self.node_with(name, demands.collect())
    }

    fn node_with(mut self, name: &str, demands: Vec<Demand>) -> Self {
        let mut planned = node(name);
        let mut tenants = Vec::new();
        for (number, demand) in demands.into_iter().enumerate() {
            planned = planned.with(demand.clone());
            tenants.push(Tenant {
                name: pod_name(&format!("{name}-{number}")),
                demand: Arc::new(demand),
                stays: Vec::new(),
                budgets: Vec::new(),
            });
        }
        self.cluster.nodes.push(planned);
        self.fleet.candidates.push(Candidate {
            node: name.into(),
            group: Some(workers()),
            is_capacity: true,
            rests_since: tenants.is_empty().then_some(DateTime::UNIX_EPOCH),
            tenants,
            price: Some(Price(5)),
            ..Candidate::default()
        });
        self
    }

    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn most(self, most: u32) -> Self {
        self.but(|world| world.fleet.most = most)
    }

    fn floor(self, least: u32) -> Self {
        self.but(|world| world.fleet.floors = [(workers(), least)].into())
    }

    /// Changes the Node that was added last.
    fn last(self, change: impl FnOnce(&mut Candidate)) -> Self {
        self.but(|world| change(world.fleet.candidates.last_mut().expect("there is one")))
    }

    fn decide(&self) -> Removals {
        removals(&self.cluster, &plan(&self.cluster), &self.fleet)
    }

    /// Names the nodes that go.
    fn going(&self) -> Vec<String> {
        let removals = self.decide().removals;
        removals.iter().map(|one| one.node.to_string()).collect()
    }

    /// Lists the words of why a Node stays.
    fn words(&self, name: &str) -> Vec<&'static str> {
        let removals = self.decide();
        let stays = removals.kept.get(name).into_iter().flatten();
        stays.map(MustStay::word).collect()
    }
}

/// SC-11: a node goes whose pods have another place, and each of them is told with what is saved.
#[test]
fn node_whose_pods_fit_elsewhere_goes() {
    let found = world().node("a", &[500, 600]).node("b", &[2500]).decide();
    let to_b = |pod| Move {
        pod: pod_name(pod),
        to: "b".into(),
    };
    let expected = Removal {
        node: "a".into(),
        group: workers(),
        moves: vec![to_b("a-0"), to_b("a-1")],
        saves: Some(Price(5)),
    };
    assert_eq!(found.removals, [expected]);
    assert_eq!(found.kept.keys().collect::<Vec<_>>(), [&Name::from("b")]);
}

/// SC-11, SC-12: a pod that no Node that stays takes keeps its own, with what keeps it away.
#[test]
fn pod_that_fits_nowhere_keeps_its_node() {
    let pinned = demand("shop")
        .cpu(100)
        .node_affinity(vec![node_term(vec![any_of("kubernetes.io/hostname", &["a"])])]);
    let world = world()
        .node_with("a", vec![pinned])
        .node("b", &[3000])
        .node("c", &[2500]);
    let expected = MustStay::UnmovablePod {
        pod: pod_name("a-0"),
        nodes: 2,
        misfits: [("node-affinity", 2)].into(),
    };
    assert_eq!(world.decide().kept["a"], std::slice::from_ref(&expected));
    assert_eq!(
        expected.to_string(),
        "shop/a-0 fits on none of 2 other nodes: node-affinity on 2"
    );
}

/// SC-11: what is not Ready, on its way out or cordoned takes no pods.
#[test]
fn only_nodes_in_service_take_pods() {
    let pair = || world().node("a", &[500]).node("b", &[]);
    let busy = |world: World| world.last(|last| last.stays.push(MustStay::Protected));
    assert_eq!(busy(pair()).going(), ["a"]);
    let not_ready = busy(pair()).but(|world| world.cluster.nodes[1].is_ready = false);
    assert_eq!(not_ready.words("a"), ["unmovable-pod"]);
    let leaving = pair().most(2).last(|last| last.is_leaving = true);
    assert_eq!(leaving.words("a"), ["unmovable-pod"]);
    let cordon = crate::testing::taint(
        "node.kubernetes.io/unschedulable",
        "",
        crate::taint::Effect::NoSchedule,
    );
    let cordoned = busy(pair()).but(|world| world.cluster.nodes[1].taints.push(cordon));
    assert_eq!(cordoned.words("a"), ["unmovable-pod"]);
}

/// SC-18: no more go at once than may, those included that go already; the others that could go say so.
#[test]
fn others_that_could_go_wait() {
    let three = || world().node("a", &[]).node("b", &[]).node("c", &[2500]);
    assert_eq!(three().going(), ["a"]);
    assert_eq!(three().words("b"), ["one-at-a-time"]);
    assert_eq!(three().most(2).going(), ["a", "b"]);
    let one_goes = three().but(|world| world.fleet.candidates[0].is_leaving = true);
    assert_eq!(one_goes.words("b"), ["one-at-a-time"]);
    assert_eq!(three().most(0).words("a"), ["one-at-a-time"]);
    let gone = three().but(|world| world.fleet.vanishing = 1);
    assert_eq!(gone.words("a"), ["one-at-a-time"]);
}

/// LC-23: the floor of a group is judged by what is left once others have gone.
#[test]
fn floor_is_judged_after_those_that_go() {
    let three = || world().node("a", &[]).node("b", &[]).node("c", &[2500]).most(9);
    assert_eq!(three().floor(2).going(), ["a"]);
    assert_eq!(three().floor(2).words("b"), ["at-minimum"]);
    assert_eq!(three().floor(3).words("a"), ["at-minimum"]);
    let uncounted = three()
        .floor(3)
        .but(|world| world.fleet.candidates[0].is_capacity = false);
    assert_eq!(uncounted.going(), ["a"], "what does not count may go");
    // The last node may go when its pods go to another group, and not while pods are on nodes that do not count.
    let last = || {
        world()
            .node("a", &[500])
            .node("z", &[2500])
            .last(|last| last.group = None)
    };
    assert_eq!(last().going(), ["a"]);
    let other = last().node("b", &[500]).last(|last| {
        last.is_capacity = false;
        last.stays.push(MustStay::Protected);
    });
    assert_eq!(other.words("a"), ["at-minimum"]);
}

/// SC-11: a node whose pods request half of its CPU or memory is busy; an empty one is not.
#[test]
fn busy_node_stays() {
    let with = |cpu: i64, memory: i64| {
        let pod = demand("shop").cpu(cpu).memory_mib(memory);
        world()
            .node_with("a", vec![pod])
            .node("b", &[])
            .last(|last| last.stays.push(MustStay::Protected))
    };
    assert_eq!(with(1999, 8191).going(), ["a"]);
    assert_eq!(with(2000, 0).words("a"), ["utilisation-above-threshold"]);
    assert_eq!(with(0, 8192).words("a"), ["utilisation-above-threshold"]);
    let found = with(3000, 0).decide();
    assert_eq!(
        found.kept["a"][0].to_string(),
        "its pods request 75 % of its CPU, and below 50 % it could go"
    );
    let nothing = |last: &mut Candidate| last.thresholds.cpu_percent = 0;
    assert_eq!(world().node("b", &[]).last(nothing).going(), ["b"]);
    assert_eq!(
        world().node("b", &[]).node("a", &[10]).last(nothing).words("a"),
        ["utilisation-above-threshold", "one-at-a-time"][..1]
    );
}

/// LC-42: while pods wait or nodes come nobody goes, be it that they fit by our rules or wait for a moment only.
#[test]
fn demand_and_coming_nodes_keep_everybody() {
    let two = || world().node("a", &[]).node("b", &[2500]);
    let waiting = two().but(|world| {
        world.cluster = world.cluster.clone().waiting("big", 1, demand("shop").cpu(9000));
    });
    assert_eq!(waiting.words("a"), ["unschedulable-demand"]);
    let coming = two().but(|world| {
        world.cluster = world
            .cluster
            .clone()
            .group(group("workers", 4000, 1000, 1))
            .coming("w-1", "workers");
    });
    assert_eq!(coming.words("a"), ["incoming-capacity"]);
    let idle = || world().node("a", &[]).node("b", &[]).most(2);
    assert_eq!(idle().going(), ["a", "b"]);
    let fits = idle().but(|world| {
        world.cluster = world.cluster.clone().waiting("small", 1, demand("shop").cpu(100));
    });
    for name in ["a", "b"] {
        assert_eq!(fits.words(name), ["unschedulable-demand"]);
        let first = &fits.decide().kept[name][0];
        assert_eq!(first.to_string(), "pods wait: 1, first shop/small-0");
    }
    let fresh = idle().but(|world| {
        world.cluster.pods.push(Pod {
            name: pod_name("small"),
            standing: Standing::Ignored(Ignored::WithinGrace),
        });
    });
    assert!(fresh.going().is_empty());
    let gated = fresh.but(|world| {
        world.cluster.pods[0].standing = Standing::Ignored(Ignored::SchedulingGated);
    });
    assert_eq!(gated.going(), ["a", "b"]);
}

/// SC-12: a budget that allows one disruption is enough for one pod, and once only.
#[test]
fn budget_allows_what_it_says() {
    let budget = pod_name("web");
    let with = |allowed: u32, pods: &[i64]| {
        let covered = |last: &mut Candidate| {
            for tenant in &mut last.tenants {
                tenant.budgets.push(pod_name("web"));
            }
        };
        let world = world()
            .node("a", pods)
            .last(covered)
            .node("b", &[100])
            .last(covered);
        world.node("c", &[2500]).most(9).but(|world| {
            world.fleet.budgets.insert(budget.clone(), allowed);
        })
    };
    assert_eq!(with(0, &[100]).words("a"), ["pod-disruption-budget"]);
    assert_eq!(
        with(0, &[100]).decide().kept["a"][0].to_string(),
        "shop/web allows 0 disruptions"
    );
    assert_eq!(with(1, &[100, 100]).words("a"), ["pod-disruption-budget"]);
    assert_eq!(with(1, &[100]).going(), ["a"]);
    assert_eq!(with(1, &[100]).words("b"), ["pod-disruption-budget"]);
    assert_eq!(with(2, &[100]).going(), ["a", "b"]);
    let twice = world().node("a", &[100]).last(|last| {
        last.tenants[0].budgets = vec![pod_name("web"), pod_name("all")];
    });
    assert!(twice.decide().kept["a"].contains(&MustStay::SeveralBudgets { pod: pod_name("a-0") }));
}

/// SC-12: the last ready endpoint of a Service stays, where the others go as well.
#[test]
fn last_endpoint_of_a_service_stays() {
    let with = |nodes: &[&str], is_elsewhere| {
        let service = Service {
            nodes: nodes.iter().map(|node| Name::from(*node)).collect(),
            is_elsewhere,
        };
        let world = world().node("a", &[]).node("b", &[]).node("c", &[2500]).most(9);
        world.but(|world| drop(world.fleet.services.insert(pod_name("web"), service)))
    };
    assert_eq!(with(&["a"], false).words("a"), ["last-ready-endpoint"]);
    assert_eq!(with(&["a", "gone"], false).words("a"), ["last-ready-endpoint"]);
    assert_eq!(with(&["a"], true).going(), ["a", "b"]);
    assert_eq!(with(&["a", "b"], false).going(), ["a"]);
    assert_eq!(with(&["a", "b"], false).words("b"), ["last-ready-endpoint"]);
    assert_eq!(with(&["a", "b", "c"], false).going(), ["a", "b"]);
}

/// SC-11: who takes the pods of another stays; pods go first where nobody goes in any case.
#[test]
fn node_that_takes_pods_stays() {
    let two = world().node("a", &[500]).node("b", &[500]).most(9);
    assert_eq!(two.going(), ["a"]);
    assert_eq!(two.words("b"), ["one-at-a-time"]);
    let three = two.node("c", &[2500]);
    assert_eq!(three.going(), ["a", "b"]);
    let moves = three.decide().removals.into_iter().flat_map(|one| one.moves);
    assert!(moves.into_iter().all(|one| &*one.to == "c"));
}

/// SC-11: who is drained already goes first, then who rests longest, then who has the fewest pods.
#[test]
fn those_that_cost_least_to_empty_go_first() {
    let four = || {
        world()
            .node("a", &[10, 10])
            .node("b", &[10])
            .node("c", &[])
            .last(|last| last.rests_since = Some(DateTime::UNIX_EPOCH + TimeDelta::hours(1)))
            .node("d", &[])
            .node("e", &[3500])
            .most(9)
    };
    assert_eq!(four().going(), ["d", "c", "b", "a"]);
    let drained = four().but(|world| world.fleet.candidates[0].is_marked = true);
    assert_eq!(drained.going(), ["a", "d", "c", "b"]);
}

/// SC-12: what is said of a node, and of its pods, is kept; where a busy one's pods could go is not asked; what is nobody's
/// has its reason alone.
#[test]
fn reasons_that_are_given_are_told() {
    let with = |cpu| {
        world().node("a", &[cpu]).last(|last| {
            last.stays.push(MustStay::Protected);
            last.tenants[0]
                .stays
                .push(MustStay::PodWithoutController { pod: pod_name("a-0") });
        })
    };
    let small = ["protected", "pod-without-controller", "unmovable-pod"];
    assert_eq!(with(100).words("a"), small);
    let busy = [
        "protected",
        "utilisation-above-threshold",
        "pod-without-controller",
    ];
    assert_eq!(with(2500).words("a"), busy);
    let stranger = with(100).last(|last| (last.group, last.stays) = (None, vec![MustStay::NotManaged]));
    assert_eq!(stranger.words("a"), ["not-managed"]);
}

/// SC-12: words are stable and distinct.
#[test]
fn words_are_stable_and_distinct() {
    let distinct: BTreeSet<&str> = MustStay::WORDS.into_iter().collect();
    assert_eq!(distinct.len(), MustStay::WORDS.len());
    let is_kebab = |word: &str| word.chars().all(|one| one == '-' || one.is_ascii_lowercase());
    assert!(distinct.into_iter().all(is_kebab));
}
