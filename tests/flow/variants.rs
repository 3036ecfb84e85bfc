//! Every way in which VPSie may tell of a machine: the whole life under each of them.

use autoscaler_controller::resources::{NodeGroup, VPSieNode};
use fleet_sim::cloud::{AddReply, Behaviour, CallKind, Casing};
use kit::fleet::{Fleet, Stored};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{bought, check_node, end, ready_web, replace_one};

/// A way to tell: its name, and what is different from the usual one.
type Variant = (&'static str, fn(&mut Behaviour));

const VARIANTS: &[Variant] = &[
    ("the number is 0", |cloud| cloud.reports_numbers = false),
    ("volume hosts have identifiers of their own", |cloud| {
        cloud.volume_hosts_share_identifiers = false;
    }),
    ("Nodes bear provider ids", |cloud| cloud.sets_provider_ids = true),
    ("nodes have status, role and size", |cloud| {
        cloud.reports_status = true;
        cloud.reports_roles = true;
        cloud.reports_sizes = true;
    }),
    ("addresses come before the machine runs", |cloud| {
        cloud.reports_addresses_early = true;
    }),
    ("nodes have no dates", |cloud| cloud.reports_created_on = false),
    ("hostnames in capitals", |cloud| {
        cloud.node_hostnames = Casing::Upper
    }),
    ("an add is answered with an object", |cloud| {
        cloud.add_reply = AddReply::Object;
    }),
];

/// D2, D4, D5, M2, M4, I2: whatever VPSie tells of its machines and leaves out, each VPSieNode comes to its own, is
/// replaced when a person deletes it, and leaves nothing behind.
#[tokio::test(start_paused = true)]
async fn life_is_whole_whatever_vpsie_tells_of_its_machines() {
    for (name, change) in VARIANTS {
        println!("{name}");
        let mut fleet = Fleet::in_memory(1);
        fleet.cloud.behaviour(change);
        let stored = ready_web(&mut fleet, 2).await;
        let report = fleet.truth().await;
        assert_eq!(
            (report.matched, report.is_clean()),
            (2, true),
            "{name}: {report:?}"
        );
        assert_eq!(fleet.cloud.ledger().len(), 2, "{name}");
        for claim in &stored.claims {
            check_node(&stored, claim);
        }
        replace_one(&fleet, &stored).await;
        end(&fleet).await;
    }
}

/// D2: the id 0 is a legal end: nothing is asked for again because of it.
#[tokio::test(start_paused = true)]
async fn machine_without_a_number_is_recorded_with_none() {
    let mut fleet = Fleet::in_memory(1);
    fleet.cloud.behaviour(|cloud| cloud.reports_numbers = false);
    let stored = ready_web(&mut fleet, 1).await;
    let spec = &stored.claim("web-1").expect("it is Ready").spec;
    assert_eq!(spec.vpsie_instance_id, 0);
    assert!(spec.vpsie_node_identifier.is_some());
}

/// D2, LC-24: a machine whose identifier nobody tells is used, but cannot be named in a removal: it stays, and says so.
#[tokio::test(start_paused = true)]
async fn machine_without_an_identifier_is_not_removed() {
    let mut fleet = Fleet::in_memory(1);
    fleet.cloud.behaviour(|cloud| cloud.reports_identifiers = false);
    ready_web(&mut fleet, 1).await;
    fleet.delete::<VPSieNode>("web-1").await;
    let says_so = |stored: &Stored| {
        let told = ["Error", "VPSReady"].map(|condition| stored.claim_condition("web-1", condition).cloned());
        told.into_iter()
            .flatten()
            .any(|it| it.reason.as_deref() == Some("IdentifierUnknown"))
    };
    fleet.until("it says so", says_so).await;
    fleet.polls(10).await;
    assert_eq!(fleet.cloud.removals(), []);
    fleet.cloud.behaviour(|cloud| cloud.reports_identifiers = true);
    fleet
        .until("the machine goes once its identifier is told", |_| {
            !fleet.cloud.removals().is_empty()
        })
        .await;
}

/// I2: a refusal that comes as a success with `error: true` is one: it is shown, and asked again when it may succeed.
#[tokio::test(start_paused = true)]
async fn refusal_in_a_success_is_a_refusal() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.cloud.behaviour(|cloud| {
        cloud.refusal_status = 200;
        cloud.worker_cap = Some(3);
    });
    let more = Patch::Merge(json!({ "spec": { "minNodes": 3, "maxNodes": 4 } }));
    let groups = fleet.api::<NodeGroup>();
    let raised = groups.patch("web", &PatchParams::default(), &more).await;
    raised.expect("a person may ask for more");
    let refused = |stored: &Stored| {
        let problem = |name: &str| stored.claim_problem(name).as_deref() == Some("VPSieRefused");
        problem("web-2") || problem("web-3")
    };
    fleet.until("it is refused", refused).await;
    assert!(bought(&fleet.cloud).len() < 3);
    fleet.cloud.behaviour(|cloud| cloud.worker_cap = None);
    fleet
        .until("all are Ready", |stored| stored.counts("web", 3, 3))
        .await;
    assert_eq!(bought(&fleet.cloud).len(), 3);
    assert!(
        fleet.cloud.calls_of(CallKind::AddWorker) > 3,
        "it was asked again"
    );
}
