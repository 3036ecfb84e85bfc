//! The process is killed with SIGKILL at eighteen kinds of write, before and after each, on a real API server; the next
//! process goes on, and what must hold holds.
#![cfg(debug_assertions)]

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, Phase, keys};
use fleet_sim::cloud::{CallKind, TOKEN};
use http::Method;
use kit::deploy;
use kit::fleet::{Fleet, Stored};
use kit::interceptor::{Interceptor, Moment};
use kit::wire::{Sent, Side};
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long it may take to any kill or rest: a discovery that times out after a minute, and two busy cores.
const LIMIT: Duration = Duration::from_secs(180);

/// One minute is the shortest time-out that a person may set.
const RUN: &str = "run --poll-interval-seconds 1 --vpsie-calls-per-minute 10000 --allow-plain-http-to-loopback \
                   --listen 127.0.0.1:0 --api-address 127.0.0.1:0 --no-leader-election \
                   --discovery-timeout-seconds 60 --proof-spacing-seconds 1 --settle-seconds 1 --first-removal-seconds 1 --effect-wait-seconds 10";

/// Where the process dies: a name, and which request it is.
type Death = (&'static str, fn(&Sent) -> bool);

/// On the way from the wish to a Node that is Ready.
const COMING: &[Death] = &[
    ("the finalizer of the group", |sent| {
        is_patch(sent, "nodegroups") && mentions(sent, "finalizers")
    }),
    ("the intent of the group at VPSie", |sent| {
        is_patch(sent, "nodegroups") && mentions(sent, keys::ANNOTATION_GROUP_INTENT)
    }),
    ("the group at VPSie", |sent| {
        sent.to == Side::Vpsie && sent.is_effect() && !sent.is_add()
    }),
    ("the VPSieNode", |sent| {
        sent.method == Method::POST && sent.is_about("vpsienodes")
    }),
    ("the baseline", |sent| {
        sent.is_effect() && sent.is_about("configmaps")
    }),
    ("the intent of the request", |sent| {
        is_patch(sent, "vpsienodes") && mentions(sent, keys::ANNOTATION_CREATION_INTENT)
    }),
    ("the POST for a worker", Sent::is_add),
    ("the record of the machine", |sent| {
        is_patch(sent, "vpsienodes") && mentions(sent, "vpsieInstanceID")
    }),
    ("the labels of the Node", |sent| {
        is_patch(sent, "nodes") && mentions(sent, keys::LABEL_VPSIE_NODE)
    }),
    ("the status of the VPSieNode", |sent| {
        is_patch(sent, "vpsienodes") && sent.path.ends_with("/status")
    }),
    ("the status of the group", |sent| {
        is_patch(sent, "nodegroups") && sent.path.ends_with("/status")
    }),
];

/// On the way from the deletion to nothing.
const GOING: &[Death] = &[
    ("the deletion of the VPSieNode", |sent| {
        sent.method == Method::DELETE && sent.is_about("vpsienodes")
    }),
    ("the cordon", |sent| {
        is_patch(sent, "nodes") && mentions(sent, "unschedulable")
    }),
    ("the intent of the removal", |sent| {
        is_patch(sent, "vpsienodes") && mentions(sent, keys::ANNOTATION_REMOVAL_INTENT)
    }),
    ("the DELETE of the machine", |sent| {
        sent.to == Side::Vpsie && sent.method == Method::DELETE
    }),
    ("the deletion of the Node", |sent| {
        sent.method == Method::DELETE && sent.is_about("nodes")
    }),
    ("the finalizer of the VPSieNode", |sent| {
        is_patch(sent, "vpsienodes") && mentions(sent, "finalizers")
    }),
    ("the finalizer of the group, at its end", |sent| {
        is_patch(sent, "nodegroups") && mentions(sent, "finalizers")
    }),
];

fn is_patch(sent: &Sent, resource: &str) -> bool {
    sent.method == Method::PATCH && sent.is_about(resource)
}

fn mentions(sent: &Sent, word: &str) -> bool {
    sent.body.to_string().contains(word)
}

/// The world of one story, with both wires of the process in hand.
struct Stage {
    fleet: Fleet,
    kubernetes: Interceptor,
    vpsie: Interceptor,
    folder: tempfile::TempDir,
}

// === impl Stage ===

impl Stage {
    async fn on(fleet: Fleet) -> Self {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": {"token": TOKEN},
            "metadata": {"name": keys::SECRET_NAME, "namespace": keys::SECRET_NAMESPACE},
        });
        deploy::apply(&fleet.nodes().into_client(), &[secret]).await;
        Self {
            kubernetes: Interceptor::kubernetes(fleet.operator_client()).await,
            vpsie: Interceptor::vpsie(fleet.cloud.transport()).await,
            folder: tempfile::tempdir().expect("a folder"),
            fleet,
        }
    }

    fn start(&self) -> Child {
        let kubeconfig = self.kubernetes.kubeconfig(self.folder.path());
        let mut log = std::fs::File::options();
        let log = log.create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("the log can be written");
        let url = format!("{}/apps/v2", self.vpsie.url());
        Command::new(env!("CARGO_BIN_EXE_autoscaler"))
            .args(RUN.split_whitespace())
            .args(["--vpsie-url", &url, "--kubeconfig"])
            .arg::<&Path>(&kubeconfig)
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program was built for this test")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Runs one process after the other, each until it is killed at its place.
    async fn die_at(&self, deaths: &[Death], moment: Moment) {
        for (what, fits) in deaths {
            let mut process = self.start();
            let id = process.id().expect("it runs");
            self.kubernetes.kill_at(moment, *fits, id);
            self.vpsie.kill_at(moment, *fits, id);
            let killed = timeout(LIMIT, async {
                tokio::select! {
                    () = self.kubernetes.killed() => {}
                    () = self.vpsie.killed() => {}
                }
            });
            if killed.await.is_err() {
                panic!(
                    "{moment:?} {what}: it never came\n{}\n{}",
                    self.fleet.stored().await,
                    self.log()
                );
            }
            let ended = process.wait().await.expect("it was started");
            assert_eq!(ended.signal(), Some(9), "{moment:?} {what}");
            let report = self.fleet.truth().await;
            let wrong = [report.mismatched, report.bought_twice, report.wrongly_removed].concat();
            assert!(wrong.is_empty(), "{moment:?} {what}: {wrong:?}");
        }
    }

    /// Runs a last process until the stored objects meet a condition.
    async fn until(&self, what: &str, is_so: fn(&Stored) -> bool) -> Child {
        let process = self.start();
        let come = timeout(LIMIT, async {
            while !is_so(&self.fleet.stored().await) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        if come.await.is_err() {
            panic!(
                "it did not come to this: {what}\n{}\n{}",
                self.fleet.stored().await,
                self.log()
            );
        }
        process
    }
}

/// One is Ready, beside at most one that failed.
fn is_at_rest(stored: &Stored) -> bool {
    let count = |wanted: Phase| {
        stored
            .claims
            .iter()
            .filter(|claim| claim.phase() == wanted)
            .count()
    };
    let (ready, failed) = (count(Phase::Ready), count(Phase::Failed));
    ready == 1 && failed <= 1 && stored.claims.len() == 1 + failed
}

fn is_gone(stored: &Stored) -> bool {
    stored.groups.is_empty() && stored.claims.is_empty()
}

/// Lives one life with a death at each place, and checks what must hold at its two ends.
async fn live_and_die(fleet: Fleet, moment: Moment) {
    let stage = Stage::on(fleet).await;
    let fleet = &stage.fleet;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    stage.die_at(COMING, moment).await;
    drop(stage.until("it is at rest", is_at_rest).await);
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}\n{}", stage.log());
    let ledger = fleet.cloud.ledger();
    let asked: BTreeSet<_> = ledger.iter().map(|posting| posting.request_id.clone()).collect();
    assert_eq!(asked.len(), ledger.len(), "no VPSieNode asks twice: {ledger:?}");
    assert_eq!(fleet.cloud.groups(&fleet.cluster).len(), 1, "one group at VPSie");

    fleet.delete::<NodeGroup>("web").await;
    stage.die_at(GOING, moment).await;
    drop(stage.until("all is gone", is_gone).await);
    let machines = fleet.cloud.machines().into_iter();
    let alive = machines.filter(|machine| machine.is_alive()).count();
    assert_eq!(
        (alive, fleet.stored().await.nodes.len()),
        (3, 3),
        "the first machines stay"
    );
    assert!((1..=2).contains(&fleet.cloud.calls_of(CallKind::RemoveWorker)));
    assert!(fleet.truth().await.is_clean());
}

/// I1, I2, I4, I6: killed before each kind of write, the next process ends the work, and nothing is bought twice.
#[tokio::test(flavor = "multi_thread")]
async fn process_killed_before_any_kind_of_write_leaves_nothing_wrong() {
    let control_plane = kit::real_control_plane!();
    live_and_die(Fleet::on(&control_plane).await, Moment::Before).await;
}

/// I1, I2, I4, I6: killed after each kind of write and before its reply, the next process ends the work.
#[tokio::test(flavor = "multi_thread")]
async fn process_killed_after_any_kind_of_write_leaves_nothing_wrong() {
    let control_plane = kit::real_control_plane!();
    live_and_die(Fleet::on(&control_plane).await, Moment::After).await;
}
