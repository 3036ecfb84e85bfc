//! Several replicas in a simulated world: one acts, another takes over, and nothing is bought twice.

mod deposed;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use autoscaler_controller::lease::Leadership;
use autoscaler_controller::resources::keys;
use http::Method;
use kit::fleet::{Fleet, Replica, Stored};
use kit::wire::{Sent, Side};
use kube::ResourceExt;
use node_state::store::Filter;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Looks at the replicas ten times a second and counts how many lead at once.
struct Referee {
    most: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Referee {
    fn watch(replicas: &[&Replica]) -> Self {
        let handles: Vec<Leadership> = replicas
            .iter()
            .map(|replica| replica.leadership.clone())
            .collect();
        let most = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&most);
        let task = tokio::spawn(async move {
            loop {
                let leaders = handles.iter().filter(|handle| handle.is_leader()).count();
                seen.fetch_max(leaders, Ordering::Relaxed);
                sleep(Duration::from_millis(100)).await;
            }
        });
        Self { most, task }
    }

    /// One led at some time, and never two at once.
    fn check(&self) {
        self.task.abort();
        assert_eq!(self.most.load(Ordering::Relaxed), 1, "one leader at a time");
    }
}

/// Waits until a replica leads, and returns how long it took.
async fn leads(replica: &Replica, limit: u64) -> Duration {
    let (start, mut leadership) = (Instant::now(), replica.leadership.clone());
    let gained = timeout(Duration::from_secs(limit), leadership.gained()).await;
    assert!(
        gained.is_ok_and(|mandate| mandate.is_some()),
        "it does not lead within {limit} s"
    );
    start.elapsed()
}

/// Two replicas, of which the first leads.
async fn two(fleet: &Fleet) -> (Replica, Replica) {
    let first = fleet.replica("first", 1.0).await;
    leads(&first, 5).await;
    let second = fleet.replica("second", 1.0).await;
    (first, second)
}

async fn ready(fleet: &Fleet, nodes: i32) -> Stored {
    let what = format!("{nodes} are Ready");
    fleet
        .until(&what, |stored| stored.counts("web", nodes, nodes))
        .await
}

/// What holds after any hand-over: every VPSieNode asked once, and every machine is explained.
async fn check_purchases(fleet: &Fleet) {
    let mut ids: Vec<_> = fleet
        .cloud
        .ledger()
        .iter()
        .map(|posting| posting.request_id.clone())
        .collect();
    let postings = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), postings, "no VPSieNode asks twice");
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}");
}

fn calls_to_vpsie(replica: &Replica) -> usize {
    replica
        .wire
        .sent()
        .iter()
        .filter(|sent| sent.to == Side::Vpsie)
        .count()
}

fn effects(replica: &Replica) -> usize {
    let sent = replica.wire.sent();
    let lease = |sent: &&Sent| sent.is_effect() && !sent.is_about("leases");
    sent.iter().filter(lease).count()
}

/// SC-25, NS-26: who stands by asks VPSie nothing, evaluates nothing and writes nothing; on a stop it takes over at once,
/// and evaluates everything first.
#[tokio::test(start_paused = true)]
async fn standby_does_nothing_until_the_leader_stops_and_then_takes_over_at_once() {
    let fleet = Fleet::in_memory(1);
    let (first, second) = two(&fleet).await;
    let referee = Referee::watch(&[&first, &second]);
    fleet.create(&fleet.node_group("web", 57, 2)).await;
    ready(&fleet, 2).await;
    assert_eq!((calls_to_vpsie(&second), effects(&second)), (0, 0));
    let mut told = first.states().await.subscribe("test", Filter::all());
    assert_eq!(
        (second.evaluations.take(), second.states_now().is_none()),
        (Vec::new(), true)
    );
    first.stop().await;
    let end = async { while told.next().await.is_some() {} };
    let end = timeout(Duration::from_secs(5), end).await;
    end.expect("who was told by the first hears that it is over");
    let waited = leads(&second, 5).await;
    assert!(waited < Duration::from_secs(3), "it took {waited:?}");
    let states = second.states().await.snapshot();
    let evaluations = second.evaluations.take();
    // The one effect before is the write of the Lease.
    let before = evaluations.iter().filter(|evaluation| evaluation.effects <= 1);
    assert!(
        before.count() >= states.count(),
        "all before it acts: {evaluations:?}"
    );
    fleet.create(&fleet.node_group("batch", 58, 1)).await;
    fleet
        .until("the new group is Ready", |stored| stored.counts("batch", 1, 1))
        .await;
    referee.check();
    check_purchases(&fleet).await;
}

fn is_add(sent: &Sent) -> bool {
    sent.is_add()
}

/// X-6: a leader dies while its purchase is under way; the next leaves the open intent alone for 35 s, finds the
/// machine, and buys no other.
#[tokio::test(start_paused = true)]
async fn open_intent_of_a_dead_leader_is_left_alone_and_its_machine_is_found() {
    let fleet = Fleet::in_memory(1);
    let (first, second) = two(&fleet).await;
    first.wire.hold(is_add);
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    first.wire.is_held().await;
    first.wire.release();
    while fleet.cloud.ledger().is_empty() {
        sleep(Duration::from_millis(1)).await;
    }
    drop(first);
    let written = fleet.stored().await.claims;
    let waited = leads(&second, 30).await;
    assert!(
        waited > Duration::from_secs(12),
        "the lease was not over after {waited:?}"
    );
    sleep(Duration::from_secs(34)).await;
    assert_eq!(fleet.stored().await.claims, written, "it is left alone");
    let claim = written[0].annotations()[keys::ANNOTATION_CREATION_INTENT].clone();
    assert!(
        claim.contains(r#""outcome":"open""#) && claim.contains(r#""term":1"#),
        "{claim}"
    );
    ready(&fleet, 1).await;
    assert_eq!(fleet.cloud.ledger().len(), 1);
    check_purchases(&fleet).await;
}

/// SC-25, X-6: a replica that is stopped while its first write of the Lease is under way lets go of what it may hold, although
/// it never led: the next one need not wait until a lease is over.
#[tokio::test(start_paused = true)]
async fn replica_that_stops_before_it_knows_that_it_leads_lets_go_of_the_lease() {
    let fleet = Fleet::in_memory(1);
    let (first, second) = two(&fleet).await;
    second
        .wire
        .hold_answer(|sent| sent.is_about("leases") && sent.method == Method::PUT);
    first.stop().await;
    second.wire.is_held().await;
    assert!(!second.leadership.is_leader());
    second.stop().await;
    let third = fleet.replica("third", 1.0).await;
    let waited = leads(&third, 30).await;
    assert!(waited < Duration::from_secs(5), "it waited {waited:?}");
}

/// NS-26, SC-25: a leader that no longer reaches the API server stops by its own clock, before another leads, even
/// when that clock is slow; afterwards it stands by.
#[tokio::test(start_paused = true)]
async fn leader_in_a_silent_partition_stops_by_its_own_slow_clock_and_comes_back_as_standby() {
    for rate in [1.0, 0.7] {
        let fleet = Fleet::in_memory(1);
        let first = fleet.replica("first", rate).await;
        leads(&first, 5).await;
        let second = fleet.replica("second", 1.0).await;
        let referee = Referee::watch(&[&first, &second]);
        fleet.create(&fleet.node_group("web", 57, 2)).await;
        ready(&fleet, 2).await;
        first.wire.cut_off(true);
        let waited = leads(&second, 30).await;
        assert!(waited > Duration::from_secs(10), "{waited:?}");
        let (asked, wrote) = (calls_to_vpsie(&first), effects(&first));
        fleet.create(&fleet.node_group("batch", 58, 1)).await;
        fleet
            .until("the work goes on", |stored| stored.counts("batch", 1, 1))
            .await;
        first.wire.cut_off(false);
        sleep(Duration::from_secs(120)).await;
        assert_eq!(
            (calls_to_vpsie(&first), effects(&first)),
            (asked, wrote),
            "clock {rate}"
        );
        assert!(second.leadership.is_leader() && !first.leadership.is_leader());
        let holder = first.leadership.standing().and_then(|standing| standing.holder);
        assert_eq!(holder.as_deref(), Some("second"), "it knows again who leads");
        referee.check();
        check_purchases(&fleet).await;
    }
}

/// A replica that was cut off in the middle of a pass leads again when nobody else is there.
#[tokio::test(start_paused = true)]
async fn replica_that_was_cut_off_alone_leads_again_and_goes_on() {
    let fleet = Fleet::in_memory(1);
    let only = fleet.replica("only", 1.0).await;
    leads(&only, 5).await;
    only.wire
        .hold(|sent| sent.is_about("vpsienodes") && sent.is_effect());
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    only.wire.is_held().await;
    only.wire.cut_off(true);
    sleep(Duration::from_secs(60)).await;
    assert!(!only.leadership.is_leader());
    only.wire.cut_off(false);
    leads(&only, 10).await;
    ready(&fleet, 1).await;
    check_purchases(&fleet).await;
}

/// NS-26, NS-6: whoever leads again evaluates everything anew before his first effect, and shows no states in between.
#[tokio::test(start_paused = true)]
async fn leader_of_a_second_term_evaluates_everything_first() {
    let fleet = Fleet::in_memory(1);
    let only = fleet.replica("only", 1.0).await;
    leads(&only, 5).await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    ready(&fleet, 1).await;
    let states = only.states().await.snapshot();
    let mut all: Vec<String> = states
        .all()
        .map(|state| state.subject.name().to_string())
        .collect();
    all.sort();
    only.wire.cut_off(true);
    sleep(Duration::from_secs(60)).await;
    assert!(!only.leadership.is_leader() && only.states_now().is_none());
    drop(only.evaluations.take());
    let effects = only.wire.effects();
    fleet.create(&fleet.node_group("batch", 58, 1)).await;
    only.wire.cut_off(false);
    leads(&only, 10).await;
    fleet
        .until("the new group is Ready", |stored| stored.counts("batch", 1, 1))
        .await;
    // The one effect before is the write of the Lease.
    let first = only.evaluations.take().into_iter();
    let first = first.take_while(|evaluation| evaluation.effects <= effects + 1);
    let mut first: Vec<String> = first.map(|evaluation| evaluation.name).collect();
    first.sort();
    assert_eq!(first, all, "each once, and nothing was done before");
    check_purchases(&fleet).await;
}
