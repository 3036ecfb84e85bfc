//! Plans of small clusters against first-fit, and against trying everything.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// CPU in thousandths and memory in MiB.
type Size = (i64, i64);

/// Is an instance without constraints: pods, and what nodes hold and cost.
#[derive(Debug, Clone)]
struct Instance {
    pods: Vec<Size>,
    groups: Vec<(Size, u64)>,
}

fn any_instance(pods: usize) -> impl Strategy<Value = Instance> {
    let pod = (
        select(vec![100, 250, 300, 500, 700, 900]),
        select(vec![64, 200, 512, 900]),
    );
    let group = ((1..5_i64, 1..5_i64), 8..14_u64).prop_map(|((cpu, memory), price)| {
        (
            (cpu * 1000, memory * 1024),
            price * (cpu as u64 * 3 + memory as u64),
        )
    });
    (
        proptest::collection::vec(pod, 1..=pods),
        proptest::collection::vec(group, 1..4),
    )
        .prop_map(|(pods, groups)| Instance { pods, groups })
}

const NAMES: [&str; 3] = ["a", "b", "c"];

impl Instance {
    fn cluster(&self) -> Cluster {
        let mut cluster = Cluster::default();
        for (((cpu, memory), price), name) in self.groups.iter().zip(NAMES) {
            cluster = cluster.group(group(name, *cpu, *memory, *price));
        }
        for (number, (cpu, memory)) in self.pods.iter().enumerate() {
            cluster = cluster.waiting(&format!("p{number:02}"), 1, shop().cpu(*cpu).memory_mib(*memory));
        }
        cluster
    }

    fn planned(&self) -> u64 {
        let plan = plan(&self.cluster());
        let prices = plan
            .purchases
            .iter()
            .map(|one| one.price.expect("prices are known").0);
        prices.sum()
    }

    /// Returns the least price of a node that holds so much.
    fn cheapest(&self, (cpu, memory): Size) -> Option<u64> {
        let fitting = self
            .groups
            .iter()
            .filter(|((has, bytes), _)| *has >= cpu && *bytes >= memory);
        fitting.map(|(_, price)| *price).min()
    }

    /// Puts each pod into the first node with room, else buys the cheapest that takes it.
    fn first_fit(&self) -> u64 {
        let mut nodes: Vec<Size> = Vec::new();
        let mut sum = 0;
        for (cpu, memory) in &self.pods {
            if let Some(node) = nodes.iter_mut().find(|free| free.0 >= *cpu && free.1 >= *memory) {
                *node = (node.0 - cpu, node.1 - memory);
                continue;
            }
            let fitting = self
                .groups
                .iter()
                .filter(|((has, bytes), _)| has >= cpu && bytes >= memory);
            let (size, price) = fitting
                .min_by_key(|(_, price)| *price)
                .expect("every pod fits somewhere");
            nodes.push((size.0 - cpu, size.1 - memory));
            sum += price;
        }
        sum
    }

    /// Tries every way to share the pods out, from this one on.
    fn least(&self, from: usize, nodes: &mut Vec<Size>) -> Option<u64> {
        let Some((cpu, memory)) = self.pods.get(from) else {
            return nodes.iter().map(|used| self.cheapest(*used)).sum();
        };
        let mut best: Option<u64> = None;
        for index in 0..=nodes.len() {
            if index == nodes.len() {
                nodes.push((0, 0));
            }
            nodes[index] = (nodes[index].0 + cpu, nodes[index].1 + memory);
            if self.cheapest(nodes[index]).is_some()
                && let Some(found) = self.least(from + 1, nodes)
            {
                best = Some(best.map_or(found, |best| best.min(found)));
            }
            nodes[index] = (nodes[index].0 - cpu, nodes[index].1 - memory);
            if nodes[index] == (0, 0) {
                nodes.pop();
                break;
            }
        }
        best
    }
}

proptest! {
    /// SC-5: a plan is never dearer than first-fit in the order of names.
    #[test]
    fn plan_is_never_dearer_than_first_fit(instance in any_instance(14)) {
        prop_assert!(instance.planned() <= instance.first_fit());
    }
}

/// SC-5: against trying everything, plans of up to seven pods are rarely dearer, and never by much.
#[test]
fn plan_is_near_the_optimum() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut dearer, mut paid, mut needed, mut worst) = (0, 0, 0, 0.0_f64);
    let instances = 400;
    for _ in 0..instances {
        let tree = any_instance(7)
            .new_tree(&mut runner)
            .expect("nothing is filtered");
        let instance = tree.current();
        let least = instance
            .least(0, &mut Vec::new())
            .expect("every pod fits somewhere");
        let planned = instance.planned();
        assert!(planned >= least, "{instance:?} cannot cost {planned}");
        dearer += u32::from(planned > least);
        worst = worst.max(planned as f64 / least as f64 - 1.0);
        (paid, needed) = (paid + planned, needed + least);
    }
    let gap = paid as f64 / needed as f64 - 1.0;
    println!(
        "{instances} instances: {dearer} dearer than the optimum, {:.2} % on the whole, {:.1} % at worst",
        gap * 100.0,
        worst * 100.0
    );
    assert!(gap < 0.01, "plans cost {gap} more than they must");
}
