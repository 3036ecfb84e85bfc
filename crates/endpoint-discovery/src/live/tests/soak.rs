//! Ten minutes of churn with trouble in between, on a paused clock (EP-45). `benches/soak.rs` does it with a real one.

use std::time::Duration;

use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};

use super::kit::{Cluster, web};
use crate::testing::logs::Logs;

/// How many times the Service changes.
const STEPS: usize = 500;
/// How many times its view is read after each change.
const READS: usize = 20;

/// EP-45: ten minutes of churn and 10,000 reads: no read finds nothing, the list is exact in the end, and no storm of
/// warnings comes of the trouble.
#[tokio::test(start_paused = true)]
async fn ten_minutes_of_churn_end_exact() {
    let (logs, _guard) = Logs::collect();
    let names: Vec<String> = (0..9).map(|number| format!("web-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cluster = Cluster::with_pods(&names[..1]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &names[..1]).await;
    let (mut reads, mut failed) = (0, 0);
    for step in 0..STEPS {
        // Each trouble comes now and then, and the churn goes on through it.
        match step % 50 {
            10 => cluster.server.cut_watches(),
            20 => cluster.server.compact(),
            30 => fail_once(&cluster, 500),
            40 => fail_once(&cluster, 410),
            _ => {}
        }
        cluster.set_slice(&names[..1 + step * 7 % 9], true).await;
        for _ in 0..READS {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let views = discovery.views();
            reads += 1;
            failed += usize::from(views.get(&web()).is_none_or(|view| view.instances().is_empty()));
        }
    }
    assert_eq!((reads, failed), (STEPS * READS, 0));
    cluster.set_slice(&names[..5], true).await;
    cluster.ready_are(&discovery, &names[..5]).await;
    cluster.view_is(&discovery, |view| view.stale.is_none()).await;
    let warnings = logs.lines("WARN");
    assert!(warnings.len() <= 10, "{warnings:#?}");
    assert_eq!(logs.lines("ERROR").len(), 0);
}

fn fail_once(cluster: &Cluster, code: u16) {
    let effect = if code == 410 {
        KubeFaultEffect::Gone410
    } else {
        KubeFaultEffect::Status(code)
    };
    for verb in [Verb::Watch, Verb::List] {
        cluster
            .server
            .fault(KubeFault::new(effect).on(verb).resource("endpointslices"));
    }
    cluster.server.cut_watches();
}
