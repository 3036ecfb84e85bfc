//! A world in which pods wait for nodes.

use super::play::Play;
use anyhow::Context;
use fleet_sim::scheduler;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, ListParams, PostParams};
use serde_json::json;

/// How many pods come at once; each fits once on a worker that is there, and five times on a large node.
const PODS: usize = 12;

/// Two pods fit on the workers that are there; for the others two large nodes are cheaper than ten small ones.
pub(super) async fn burst_of_pods(play: &mut Play) -> anyhow::Result<()> {
    let (client, clock) = (play.world.client(), play.world.clock);
    let scheduler = tokio::spawn(async move { match scheduler::run(client, clock).await {} });
    play.world.start().await?;
    for (name, size) in [("small", 57), ("large", 59)] {
        let mut group = play.world.node_group(name, size, 0);
        group.spec.max_nodes = 12;
        // What is full of pods would grow by its use; this story is about those that wait.
        group.spec.scale_up_policy = Some(autoscaler_controller::resources::ScaleUpPolicy {
            cpu_threshold: Some(100),
            ..autoscaler_controller::resources::ScaleUpPolicy::default()
        });
        play.wish(group).await?;
    }
    let pods: Api<Pod> = play.api();
    for number in 0..PODS {
        let pod = json!({
            "metadata": { "name": format!("order-{number}") },
            "spec": { "containers": [{
                "name": "work", "image": "work", "resources": { "requests": { "cpu": "1500m" } },
            }]},
        });
        let pod: Pod = serde_json::from_value(pod)?;
        pods.create(&PostParams::default(), &pod)
            .await
            .context("creating a pod")?;
    }
    play.pass(20).await;
    let all = pods.list(&ListParams::default()).await?.items;
    let is_bound = |pod: &&Pod| pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
    play.must(
        all.iter().filter(is_bound).count() == PODS,
        "every pod is on a Node",
    );
    let claims = play.claims().await?;
    let are_large = claims.iter().all(|claim| claim.spec.node_group_name == "large");
    play.must(
        claims.len() == 2 && are_large,
        "exactly the two large nodes are made that serve at the lowest price",
    );
    let asked = play.world.cloud.ledger().len();
    play.must(asked == 2, "each was asked for once");
    scheduler.abort();
    let at_once = DeleteParams::default().grace_period(0);
    for number in 0..PODS {
        pods.delete(&format!("order-{number}"), &at_once).await?;
    }
    play.be_calm().await
}
