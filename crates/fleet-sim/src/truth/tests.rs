//! Hand-made worlds, each wrong in one way.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Counts, Expected, Extras, Objects, Report, Taint, examine, examine_expecting};
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

#[tokio::test(start_paused = true)]
async fn foreign_machine_is_nobodys() {
    let (mut story, _) = Story::of_two_claims().await;
    let foreign = story
        .world
        .cloud
        .add_foreign_machine(&story.world.cluster, Some(story.world.group));
    story.world.settle().await;
    story.claims[0] = story.claim(1, &foreign);
    // The Node carries our labels, too, and the machine that was bought is left alone.
    check(
        &story.report(),
        Counts {
            matched: 1,
            mismatched: 2,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn control_plane_is_nobodys() {
    let (mut story, _) = Story::of_two_claims().await;
    story.forget(0);
    let manager = story.world.cloud.machines()[0].node_name();
    story.claims[0]["status"]["nodeName"] = json!(manager);
    let report = story.report();
    check(
        &report,
        Counts {
            matched: 1,
            mismatched: 2,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn machine_of_another_group_is_a_mismatch() {
    let (mut story, _) = Story::of_two_claims().await;
    let other_group = story
        .world
        .cloud
        .add_group(&story.world.cluster, "GRP-Professional-1d2e", 58);
    let other = story.world.buy_in(other_group, "uid-3");
    story.world.settle().await;
    story.claims[0] = story.claim(1, &other);
    let mut third = story.claim(3, &other);
    third["spec"]["vpsieGroupID"] = json!(other_group);
    third["metadata"]["uid"] = json!("uid-3");
    third["spec"]["vpsieNodeIdentifier"] = Value::Null;
    third["status"] = json!({});
    story.claims.push(third);
    let report = story.report();
    check(
        &report,
        Counts {
            claims: 3,
            matched: 1,
            mismatched: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
    let expected = format!("which was made for group {other_group}");
    assert!(report.mismatched[0].sentence.contains(&expected), "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn machine_recorded_twice_is_a_mismatch_of_both() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims[1] = story.claim(2, &machines[0]);
    check(
        &story.report(),
        Counts {
            matched: 0,
            mismatched: 2,
            leaked: 1,
            labels_missing: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn node_of_another_machine_is_a_mismatch() {
    let (mut story, _) = Story::of_two_claims().await;
    let stolen = story.claims[1]["status"]["nodeName"].clone();
    let nodes = story.nodes();
    story.claims[0]["status"]["nodeName"] = stolen;
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[]);
    check(
        &report,
        Counts {
            matched: 1,
            mismatched: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn identifier_and_number_of_two_machines_are_a_mismatch() {
    let (mut story, machines) = Story::of_two_claims().await;
    let number = story.world.cloud.machine(&machines[0]).unwrap().number;
    story.claims[0]["spec"]["vpsieInstanceID"] = json!(number);
    check(&story.report(), CLEAN, true);
    story.claims[0]["spec"]["vpsieInstanceID"] = json!(number + 1);
    check(
        &story.report(),
        Counts {
            matched: 1,
            mismatched: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn swapped_machines_of_one_group_are_told_but_no_fault() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims = vec![story.claim(1, &machines[1]), story.claim(2, &machines[0])];
    check(&story.report(), Counts { swapped: 2, ..CLEAN }, true);
}

#[tokio::test(start_paused = true)]
async fn second_accepted_request_of_one_claim_is_bought_twice() {
    let (story, _) = Story::of_two_claims().await;
    story.world.buy("uid-1");
    check(
        &story.report(),
        Counts {
            bought_twice: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn refused_request_buys_nothing() {
    let (story, _) = Story::of_two_claims().await;
    story
        .world
        .cloud
        .behaviour(|behaviour| behaviour.worker_cap = Some(2));
    story.world.post(story.world.group, "uid-1");
    check(&story.report(), CLEAN, true);
}

#[tokio::test(start_paused = true)]
async fn request_of_nobody_is_bought_in_vain() {
    let (story, _) = Story::of_two_claims().await;
    story.world.buy("uid-nobody");
    check(
        &story.report(),
        Counts {
            bought_twice: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn machine_of_an_open_claim_is_not_leaked_until_the_claim_is_gone() {
    let (mut story, _) = Story::of_two_claims().await;
    story.forget(0);
    check(&story.report(), Counts { matched: 1, ..CLEAN }, true);
    let gone = story.claims.remove(0);
    let report = examine(&story.world.cloud, &story.claims, &story.nodes(), &[gone]);
    check(
        &report,
        Counts {
            claims: 1,
            matched: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn open_claim_that_bought_nothing_explains_no_machine() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims[0] = story.claim(3, &machines[0]);
    story.forget(0);
    let gone = story.claim(1, &machines[0]);
    let report = examine(&story.world.cloud, &story.claims, &story.nodes(), &[gone]);
    check(
        &report,
        Counts {
            matched: 1,
            leaked: 1,
            ..CLEAN
        },
        false,
    );
}

/// L1, L2, L3: every label and taint is looked for.
#[tokio::test(start_paused = true)]
async fn missing_and_wrong_marks_are_named() {
    let (story, _) = Story::of_two_claims().await;
    let mut nodes = story.nodes();
    let first = nodes
        .iter_mut()
        .find(|node| node["metadata"]["labels"]["autoscaler.vpsie.com/vpsienode"] == "web-1");
    let labels = first.unwrap()["metadata"]["labels"].as_object_mut().unwrap();
    labels.remove("autoscaler.vpsie.com/managed");
    labels.insert("autoscaler.vpsie.com/datacenter".to_owned(), json!("elsewhere"));
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[]);
    check(
        &report,
        Counts {
            labels_missing: 1,
            ..CLEAN
        },
        false,
    );
    assert_eq!(
        report.labels_missing[0].sentence,
        "label autoscaler.vpsie.com/managed is missing; label autoscaler.vpsie.com/datacenter is elsewhere, not dc-1"
    );
}

/// L3: the group's own labels and taints.
#[tokio::test(start_paused = true)]
async fn extras_of_the_group_are_looked_for() {
    let (story, _) = Story::of_two_claims().await;
    let taint = Taint {
        key: "gpu".to_owned(),
        value: "yes".to_owned(),
        effect: "NoSchedule".to_owned(),
    };
    let labels = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
    let expected = Expected {
        groups: BTreeMap::from([(
            "web".to_owned(),
            Extras {
                labels,
                taints: vec![taint],
            },
        )]),
    };
    let mut nodes = story.nodes();
    let look = |nodes: &[Value]| {
        let objects = Objects {
            vpsie_nodes: &story.claims,
            nodes,
            ever: &[],
        };
        examine_expecting(&story.world.cloud, &objects, &expected)
    };
    check(
        &look(&nodes),
        Counts {
            labels_missing: 2,
            ..CLEAN
        },
        false,
    );
    for node in &mut nodes {
        node["metadata"]["labels"]["tier"] = json!("web");
        node["spec"]["taints"] = json!([{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]);
    }
    check(&look(&nodes), CLEAN, true);
}

#[tokio::test(start_paused = true)]
async fn failed_claims_are_listed_but_break_nothing() {
    let (mut story, _) = Story::of_two_claims().await;
    story.claims[0]["status"]["phase"] = json!("Failed");
    story.claims[0]["status"]["lastError"] = json!("DiscoveryTimeout");
    let report = story.report();
    check(&report, Counts { failed: 1, ..CLEAN }, true);
    assert_eq!(report.failed[0].sentence, "failed: DiscoveryTimeout");
}

#[tokio::test(start_paused = true)]
async fn removal_needs_a_claim_that_gave_up() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.world.remove(&machines[0]);
    check(
        &story.report(),
        Counts {
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
    story.claims[0]["metadata"]["deletionTimestamp"] = json!("2026-01-24T09:00:00Z");
    check(&story.report(), CLEAN, true);
    let gone = story.claims.remove(0);
    let report = examine(&story.world.cloud, &story.claims, &story.nodes(), &[gone]);
    check(
        &report,
        Counts {
            claims: 1,
            matched: 1,
            ..CLEAN
        },
        true,
    );
}

#[tokio::test(start_paused = true)]
async fn removal_of_the_wrong_machine_is_found_though_a_claim_gave_up() {
    let (mut story, machines) = Story::of_two_claims().await;
    story.claims[0]["metadata"]["deletionTimestamp"] = json!("2026-01-24T09:00:00Z");
    story.world.remove(&machines[1]);
    check(
        &story.report(),
        Counts {
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
}

#[tokio::test(start_paused = true)]
async fn removal_of_a_foreign_machine_is_always_wrong() {
    let (mut story, _) = Story::of_two_claims().await;
    let foreign = story
        .world
        .cloud
        .add_foreign_machine(&story.world.cluster, Some(story.world.group));
    story.world.settle().await;
    story.world.remove(&foreign);
    let gone = story.claim(3, &foreign);
    let nodes = story.nodes();
    let report = examine(&story.world.cloud, &story.claims, &nodes, &[gone]);
    check(
        &report,
        Counts {
            wrongly_removed: 1,
            ..CLEAN
        },
        false,
    );
    story.claims.clear();
}

#[tokio::test(start_paused = true)]
async fn removal_by_a_persons_hand_is_nobodys_fault() {
    let (story, machines) = Story::of_two_claims().await;
    story.world.cloud.remove_by_hand(&machines[0]);
    check(&story.report(), CLEAN, true);
}

#[tokio::test(start_paused = true)]
async fn report_prints_in_camel_case() {
    let (story, _) = Story::of_two_claims().await;
    let printed = serde_json::to_value(story.report().counts()).unwrap();
    let keys: Vec<&String> = printed.as_object().unwrap().keys().collect();
    let expected = [
        "boughtTwice",
        "claims",
        "failed",
        "labelsMissing",
        "leaked",
        "matched",
        "mismatched",
        "swapped",
        "wronglyRemoved",
    ];
    assert_eq!(keys, expected);
}
