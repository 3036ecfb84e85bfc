//! Whose each line of the log is. A test of its own process: which lines are wanted is asked once for all threads.

use std::collections::BTreeSet;

use autoscaler_controller::resources::VPSieNode;
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use k8s_openapi::api::core::v1::Pod;
use kit::fleet::Fleet;
use kit::log::Log;
use kube::ResourceExt;
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;

/// The lines of the log, as JSON.
struct Lines(Log);

impl Lines {
    fn find(&self, message: &str) -> Value {
        self.find_where(message, |_| true)
    }

    fn find_where(&self, message: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let text = self.0.text();
        let mut lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let found = lines.find(|line| line["fields"]["message"] == message && fits(&line["fields"]));
        found.unwrap_or_else(|| panic!("no line {message:?} in:\n{text}"))
    }
}

/// NS-24: what node states are needed by is said when they are there, and before anything is done.
fn check_needs(lines: &Lines) {
    let line = lines.find("everything was evaluated once; node states are kept from now on");
    assert_eq!(
        line["fields"]["needed_by"],
        "lifecycle, metrics, node_group_status"
    );
}

/// NS-29: every evaluation has a span that says of what, why and in which run; that of a notification has the same id.
fn check_spans(lines: &Lines) {
    let text = lines.0.text();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let begun = lines.filter(|line| line["fields"]["message"] == "new");
    let spans: Vec<Value> = begun.map(|line| line["span"].clone()).collect();
    let named = |name: &str| {
        spans
            .iter()
            .filter(|span| span["name"] == name)
            .cloned()
            .collect::<Vec<_>>()
    };
    let ids = |spans: &[Value]| {
        spans
            .iter()
            .map(|span| span["evaluation"].as_u64())
            .collect::<BTreeSet<_>>()
    };
    let (evaluations, notifications) = (named("evaluation"), named("notification"));
    for evaluation in &evaluations {
        for field in ["node", "operation", "trigger"] {
            assert!(evaluation[field].is_string(), "{field} in {evaluation}");
        }
    }
    let of_a_member =
        |span: &&Value| span["node_group"] == "default/web" && span["resource_version"].is_string();
    assert!(
        evaluations.iter().any(|span| of_a_member(&span)),
        "{evaluations:?}"
    );
    assert!(!ids(&notifications).contains(&None), "{notifications:?}");
    // Of what is looked at for the first time, somebody is always told.
    let is_first = |span: &&Value| span["operation"] == "first";
    let first: Vec<Value> = evaluations.iter().filter(is_first).cloned().collect();
    assert!(
        !first.is_empty() && ids(&first).is_subset(&ids(&notifications)),
        "{first:?}"
    );
}

/// E1, NS-24, NS-29, SC-4: a line about an error says whose it is, how long it took and under which id, alone and without its
/// spans.
#[tokio::test(start_paused = true)]
async fn error_lines_say_whose_they_are() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_writer(log.clone())
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let lines = Lines(log);
    let mut fleet = Fleet::in_memory(1);
    fleet
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins));
    fleet
        .cloud
        .fault(Fault::on(CallKind::RemoveWorker, FaultEffect::Html502));
    fleet.start().await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let stored = fleet
        .until("web-1 failed", |stored| stored.claim_problem("web-1").is_some())
        .await;
    let uid = stored
        .claim("web-1")
        .and_then(ResourceExt::uid)
        .expect("it has one");
    check_needs(&lines);
    fleet.polls(2).await;
    fleet.delete::<VPSieNode>("web-1").await;
    fleet
        .until("web-1 is gone", |stored| {
            stored
                .claims
                .iter()
                .all(|claim| claim.uid().as_ref() != Some(&uid))
        })
        .await;
    check_leaked(&fleet, &lines).await;
    let trouble = lines.find("it needs attention")["fields"].clone();
    assert_eq!(
        (&trouble["name"], &trouble["node_group"]),
        (&"web-1".into(), &"web".into())
    );
    assert_eq!(trouble["reason"], "JoiningTimeout");
    assert!(trouble["elapsed_seconds"].as_i64() > Some(900), "{trouble}");
    let failed = lines.find("not done")["fields"].clone();
    assert_eq!(failed["subject"], "VPSieNode default/web-1");
    assert!(
        failed["elapsed_ms"].is_number() && failed["error"].is_string(),
        "{failed}"
    );
    for line in [&trouble, &failed] {
        assert_eq!(line["request_id"], uid.as_str(), "{line}");
        assert_eq!(line["cluster"], fleet.cluster.as_str(), "{line}");
        assert_eq!(line["node_group"], "web", "{line}");
    }

    let asked = lines.find("worker asked for");
    let spans = asked["spans"].as_array().expect("spans").clone();
    let names: Vec<&Value> = spans.iter().map(|span| &span["name"]).collect();
    assert_eq!(names, ["pass", "effect"]);
    assert!(
        spans[0]["id"].as_str().is_some_and(|id| id.contains('-')),
        "{asked}"
    );
    assert_eq!(spans[1]["request_id"], asked["fields"]["request_id"], "{asked}");
    check_spans(&lines);
    check_plan(&fleet, &lines).await;
}

/// SC-4: a plan has a span that says how many pods were planned for, and how many nodes are to be bought.
async fn check_plan(fleet: &Fleet, lines: &Lines) {
    // Two fit on the workers that are there, and one on the node of the minimum; the last one needs a node of its own.
    for number in 0..4 {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": format!("job-{number}") },
            "spec": { "containers": [
                { "name": "work", "resources": { "requests": { "cpu": "1800m" } } },
            ] },
            "status": { "phase": "Pending", "conditions": [
                { "type": "PodScheduled", "status": "False", "reason": "Unschedulable" },
            ] },
        }))
        .expect("a pod");
        fleet.create(&pod).await;
    }
    fleet
        .until("a second VPSieNode", |stored| stored.claims.len() == 2)
        .await;
    let text = lines.0.text();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let ended = lines.filter(|line| line["fields"]["message"] == "close");
    let mut plans = ended
        .map(|line| line["span"].clone())
        .filter(|span| span["name"] == "plan");
    let bought = plans.find(|span| span["bought"] == 1);
    let plan = bought.unwrap_or_else(|| panic!("no plan that buys in:\n{text}"));
    // Nodes of a manager and two workers, and that of the minimum, which is there or coming.
    let known = plan["nodes"].as_u64().zip(plan["incoming"].as_u64());
    assert_eq!(known.map(|(nodes, incoming)| nodes + incoming), Some(4), "{plan}");
    assert_eq!((&plan["pods"], &plan["groups"]), (&4.into(), &1.into()), "{plan}");
}

/// Leaked: a machine that nobody asked for has a line, with the NodeGroup that it is of.
async fn check_leaked(fleet: &Fleet, lines: &Lines) {
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    fleet
        .until("a machine is leaked", |stored| {
            stored.group_condition("web", "MachinesLeaked").is_some()
        })
        .await;
    fleet.polls(1).await;

    let leaked = lines.find_where("it needs attention", |fields| fields["reason"] == "LeakedMachine");
    assert_eq!(
        (&leaked["fields"]["kind"], &leaked["fields"]["name"]),
        (&"NodeGroup".into(), &"web".into())
    );
}
