//! Measures which of a thousand nodes go, and why the others stay: where pods fit elsewhere at once, where all nodes are
//! busy, and where none is and yet no pod fits elsewhere.

#[path = "../../node-match/benches/fleets/cpu_time.rs"]
mod cpu_time;

use std::hint::black_box;
use std::sync::Arc;

use cpu_time::CpuTime;
use criterion::{Criterion, criterion_group, criterion_main};
use fleet_plan::cluster::Cluster;
use fleet_plan::group::GroupName;
use fleet_plan::removal::{Candidate, Fleet, Tenant, Thresholds, removals};
use fleet_plan::testing::{demand, node, pod_name};
use fleet_plan::{Demand, Plan};

const NODES: i64 = 1_000;

/// Is how many pods each Node has.
const PODS: i64 = 20;

/// Makes nodes of 4 CPUs with pods of a hundred kinds, each of about so many thousandths of a CPU; from so many percent on
/// they are busy.
fn fleet(cpu_m: i64, percent: u32) -> (Cluster, Fleet) {
    let kinds: Vec<Arc<Demand>> = (0..100)
        .map(|kind| {
            let kind_of = demand("shop").cpu(cpu_m + kind % 7).memory_mib(100 + kind);
            Arc::new(kind_of.label("app", &kind.to_string()))
        })
        .collect();
    let group = GroupName {
        namespace: "kube-system".into(),
        name: "workers".into(),
    };
    let (mut cluster, mut fleet) = (Cluster::default(), Fleet::default());
    fleet.most = 10;
    for number in 0..NODES {
        let name = format!("n{number:04}");
        let mut planned = node(&name);
        let mut candidate = Candidate {
            node: name.as_str().into(),
            group: Some(group.clone()),
            is_capacity: true,
            thresholds: Thresholds {
                cpu_percent: percent,
                memory_percent: percent,
            },
            ..Candidate::default()
        };
        for pod in 0..PODS {
            let index = usize::try_from((number * PODS + pod) % 100).unwrap_or_default();
            planned = planned.with((*kinds[index]).clone());
            candidate.tenants.push(Tenant {
                name: pod_name(&format!("{name}-{pod}")),
                demand: kinds[index].clone(),
                stays: Vec::new(),
                budgets: Vec::new(),
            });
        }
        cluster.nodes.push(planned);
        fleet.candidates.push(candidate);
    }
    (cluster, fleet)
}

fn choices(c: &mut Criterion<CpuTime>) {
    let mut bench = c.benchmark_group("removals of 1,000 nodes with 20,000 pods");
    bench.sample_size(10);
    for (name, cpu_m, percent, going) in [
        ("ten go", 50, 50, 10),
        ("all are busy", 195, 50, 0),
        ("no pod fits elsewhere", 195, 101, 0),
    ] {
        let (cluster, fleet) = fleet(cpu_m, percent);
        let plan = Plan::default();
        let found = removals(&cluster, &plan, &fleet);
        assert_eq!(found.removals.len(), going, "{name}");
        bench.bench_function(name, |bencher| {
            bencher.iter(|| removals(black_box(&cluster), &plan, &fleet));
        });
    }
    bench.finish();
}

criterion_group!(name = benches; config = Criterion::default().with_measurement(CpuTime); targets = choices);
criterion_main!(benches);
