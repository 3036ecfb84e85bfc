//! Hand-made worlds, each wrong in one way.

mod labels;
mod purchases;
mod records;
mod removals;

use serde_json::{Value, json};

use super::{Counts, Report, examine};
use crate::cloud::testing::SmallCloud;

/// A world of claims as objects; its Nodes are those that the kubelets would have registered.
struct Story {
    world: SmallCloud,
    claims: Vec<Value>,
}

impl Story {
    /// Two claims, `web-1` and `web-2`, whose machines were made in this order and have joined.
    async fn of_two_claims() -> (Self, [String; 2]) {
        let world = SmallCloud::new();
        let machines = [world.buy("uid-1"), world.buy("uid-2")];
        world.settle().await;
        let mut story = Self {
            world,
            claims: Vec::new(),
        };
        for (index, machine) in machines.iter().enumerate() {
            let claim = story.claim(index + 1, machine);
            story.claims.push(claim);
        }
        (story, machines)
    }

    fn claim(&self, index: usize, machine: &str) -> Value {
        let node_name = self.world.cloud.machine(machine).unwrap().node_name();
        json!({
            "metadata": {"name": format!("web-{index}"), "uid": format!("uid-{index}")},
            "spec": {
                "resourceIdentifier": self.world.cluster, "vpsieGroupID": self.world.group,
                "nodeGroupName": "web", "datacenterID": "dc-1",
                "vpsieInstanceID": 0, "vpsieNodeIdentifier": machine,
            },
            "status": {"phase": "Ready", "nodeName": node_name},
        })
    }

    /// Nodes of every joined machine, labelled as the claims deserve it.
    fn nodes(&self) -> Vec<Value> {
        let joined = self
            .world
            .cloud
            .machines()
            .into_iter()
            .filter(|machine| machine.joined_at.is_some());
        joined
            .map(|machine| {
                let name = machine.node_name();
                let owner = self
                    .claims
                    .iter()
                    .find(|claim| claim["status"]["nodeName"] == name.as_str());
                let labels = owner.map_or(json!({}), |claim| {
                    json!({
                        "autoscaler.vpsie.com/managed": "true", "autoscaler.vpsie.com/nodegroup": "web",
                        "autoscaler.vpsie.com/vpsienode": claim["metadata"]["name"],
                        "autoscaler.vpsie.com/datacenter": "dc-1",
                    })
                });
                json!({"metadata": {"name": name, "labels": labels}, "spec": {}})
            })
            .collect()
    }

    fn report(&self) -> Report {
        examine(&self.world.cloud, &self.claims, &self.nodes(), &[])
    }

    /// Lets a claim forget its machine, as if it were still waiting.
    fn forget(&mut self, index: usize) {
        self.claims[index]["spec"]["vpsieNodeIdentifier"] = Value::Null;
        self.claims[index]["status"] = json!({"phase": "Provisioning"});
    }
}

const CLEAN: Counts = Counts {
    claims: 2,
    matched: 2,
    mismatched: 0,
    swapped: 0,
    bought_twice: 0,
    leaked: 0,
    labels_missing: 0,
    failed: 0,
    wrongly_removed: 0,
};

#[track_caller]
fn check(report: &Report, expected: Counts, is_clean: bool) {
    assert_eq!(report.counts(), expected, "{report:#?}");
    assert_eq!(report.is_clean(), is_clean);
}

#[tokio::test(start_paused = true)]
async fn world_without_mistakes_is_clean() {
    let (story, _) = Story::of_two_claims().await;
    check(&story.report(), CLEAN, true);
}
