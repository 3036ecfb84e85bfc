//! What polls prove, and what they cost.

use super::*;
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vpsie_api::{
    Accepted, Call, ClusterSummary, CreateGroup, DatacenterId, EffectError, GroupNumber, MockVpsieApi, Offer,
    Price, RequestId, VpsieApi,
};

fn cluster_id() -> ClusterId {
    ClusterId::new("c1")
}

fn reply(seconds: i64, machines: &[&str], count: u32) -> Reply {
    let nodes = machines
        .iter()
        .map(|machine| ClusterNode {
            identifier: Some(NodeUuid::new(*machine)),
            ..ClusterNode::default()
        })
        .collect();
    Reply {
        at: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
        cluster: Cluster {
            identifier: Some(cluster_id()),
            count: Some(count),
            nodes,
            ..Cluster::default()
        },
        groups: Vec::new(),
        summary: None,
    }
}

fn machine() -> Identity {
    Identity::Identifier(NodeUuid::new("m1"))
}

fn view(replies: Vec<Result<Reply, CallError>>) -> ClusterView {
    let wanted = BTreeSet::from([machine()]);
    let mut view = ClusterView::new(TimeDelta::seconds(30));
    for reply in replies {
        view.take(&cluster_id(), reply, &wanted);
    }
    view
}

/// LC-25: gone means absent from three complete replies at least 30 s apart.
#[test]
fn a_machine_is_gone_only_after_three_spaced_complete_replies() {
    let gone = |replies| view(replies).is_gone(&machine());
    assert!(gone(vec![
        Ok(reply(0, &[], 0)),
        Ok(reply(30, &[], 0)),
        Ok(reply(60, &[], 0))
    ]));
    assert!(
        !gone(vec![Ok(reply(0, &[], 0)), Ok(reply(30, &[], 0))]),
        "two are not three"
    );
    let close = [0, 10, 20, 29].map(|at| Ok(reply(at, &[], 0)));
    assert!(!gone(close.into()), "replies within 30 s count once");
    let truncated = [0, 30, 60, 90].map(|at| Ok(reply(at, &[], 1)));
    assert!(
        !gone(truncated.into()),
        "a reply that lacks a node it counts proves nothing"
    );
    let seen_again = [(0, &[][..]), (30, &[]), (60, &["m1"]), (90, &[]), (120, &[])].map(|(at, listed)| {
        let count = u32::try_from(listed.len()).unwrap();
        Ok(reply(at, listed, count))
    });
    assert!(!gone(seen_again.into()), "being listed starts the count anew");
}

/// D2, LC-25: where only the number of a machine is recorded, its absence is proven by number, if all have one.
#[test]
fn machine_without_an_identifier_is_gone_by_its_number() {
    let gone = |numbers: [Option<u64>; 2]| {
        let mut view = ClusterView::new(TimeDelta::seconds(30));
        for seconds in [0, 30, 60] {
            let mut reply = reply(seconds, &["m1", "m2"], 2);
            for (node, number) in reply.cluster.nodes.iter_mut().zip(numbers) {
                node.number = number.map(vpsie_api::NodeNumber::new);
            }
            let wanted = BTreeSet::from([Identity::Number(7)]);
            view.take(&cluster_id(), Ok(reply), &wanted);
        }
        view.is_gone(&Identity::Number(7))
    };
    assert!(gone([Some(8), Some(9)]));
    assert!(!gone([Some(7), Some(9)]), "it is listed");
    assert!(!gone([Some(8), None]), "it may be the one without a number");
}

/// NS-30: of two replies that say the same one is in memory, and a baseline is still the union of both.
#[test]
fn reply_that_repeats_the_last_is_kept_once() {
    let kept = |machines: [&[&str]; 3]| {
        let replies = machines.into_iter().zip([0, 10, 20]);
        let replies = replies.map(|(listed, at)| Ok(reply(at, listed, u32::try_from(listed.len()).unwrap())));
        let view = view(replies.collect());
        let [older, newer] = view.baseline_replies().unwrap();
        let count = [older, newer].map(|reply| reply.cluster.nodes.len());
        (std::ptr::eq(older, newer), count)
    };
    let (one, two): (&[&str], &[&str]) = (&["m1"], &["m1", "m2"]);
    assert_eq!(kept([one, one, one]), (true, [1, 1]));
    assert_eq!(kept([one, one, two]), (false, [1, 2]));
    assert_eq!(
        kept([two, one, one]),
        (true, [1, 1]),
        "the third last counts no longer"
    );
    assert_eq!(kept([two, two, one]), (false, [2, 1]));
}

/// R2b: a baseline is the union of two sane polls, the newest included.
#[test]
fn baseline_needs_two_complete_replies_and_a_sane_newest_one() {
    assert!(view(vec![Ok(reply(0, &["m1"], 1))]).baseline_replies().is_none());
    assert!(
        view(vec![Ok(reply(0, &["m1"], 1)), Ok(reply(9, &["m1"], 1))])
            .baseline_replies()
            .is_some()
    );
    let newest_truncated = view(vec![
        Ok(reply(0, &["m1"], 1)),
        Ok(reply(9, &["m1"], 1)),
        Ok(reply(18, &["m1"], 2)),
    ]);
    assert!(newest_truncated.baseline_replies().is_none());
}

/// The clusters `c1`, `c2` and `c3`, of which none has a recorded machine.
fn three_clusters() -> Wanted {
    ["c1", "c2", "c3"]
        .map(|id| (ClusterId::new(id), BTreeSet::new()))
        .into()
}

/// Asks for what is due and waits for every answer.
async fn refresh(polls: &mut Polls, poller: &mut Poller, seconds: i64, wanted: &Wanted) {
    let due = polls.due(at(seconds), INTERVAL, wanted);
    poller.start(at(seconds), &due);
    poller.finish().await;
    poller.take_in(polls);
}

const INTERVAL: Duration = Duration::from_secs(10);

fn failure(call: Call) -> CallError {
    CallError::TimedOut { call }
}

fn summary(id: &str) -> ClusterSummary {
    ClusterSummary {
        identifier: ClusterId::new(id),
        name: None,
        version: None,
        locked: Some(false),
        node_count: None,
        manager_count: Some(1),
        worker_count: None,
        price: Price::default(),
        created: None,
    }
}

/// What VPSie answers of one cluster: `c2` never, and the others with themselves.
fn answer(id: &ClusterId) -> Result<Cluster, CallError> {
    if id.as_str() == "c2" {
        return Err(failure(Call::GetCluster));
    }
    Ok(Cluster {
        identifier: Some(id.clone()),
        count: Some(0),
        ..Cluster::default()
    })
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// Error and summary of every cluster after one poll.
fn outcome(polls: &Polls) -> Vec<(&str, Option<CallError>, bool)> {
    polls
        .clusters()
        .map(|(id, view)| {
            let has_summary = view.latest().is_some_and(|reply| reply.summary.is_some());
            (id.as_str(), view.error().cloned(), has_summary)
        })
        .collect()
}

/// E1, D8: a cluster that fails stops no other, and costs at most two calls like each of them.
#[tokio::test]
async fn failing_cluster_stops_no_other() {
    let mut api = MockVpsieApi::new();
    api.expect_clusters()
        .times(1)
        .returning(|| Ok(vec![summary("c1"), summary("c9")]));
    api.expect_cluster().times(3).returning(answer);
    api.expect_node_groups().times(2).returning(|_| Ok(Vec::new()));
    let mut polls = Polls::new(TimeDelta::seconds(30));
    let mut poller = Poller::new(Arc::new(api));
    refresh(&mut polls, &mut poller, 0, &three_clusters()).await;
    assert_eq!(
        outcome(&polls),
        [
            ("c1", None, true),
            ("c2", Some(failure(Call::GetCluster)), false),
            ("c3", None, false)
        ]
    );
}

/// E1: neither an unreadable list of clusters nor unreadable groups of one stop the rest.
#[tokio::test]
async fn failing_lists_stop_no_cluster() {
    let mut api = MockVpsieApi::new();
    api.expect_clusters()
        .times(1)
        .returning(|| Err(failure(Call::ListClusters)));
    api.expect_cluster().times(3).returning(|id| {
        Ok(Cluster {
            identifier: Some(id.clone()),
            ..Cluster::default()
        })
    });
    api.expect_node_groups()
        .times(3)
        .returning(|id| match id.as_str() {
            "c3" => Err(failure(Call::ListNodeGroups)),
            _ => Ok(Vec::new()),
        });
    let mut polls = Polls::new(TimeDelta::seconds(30));
    let mut poller = Poller::new(Arc::new(api));
    refresh(&mut polls, &mut poller, 0, &three_clusters()).await;
    let groups = failure(Call::ListNodeGroups);
    assert_eq!(
        outcome(&polls),
        [
            ("c1", None, false),
            ("c2", None, false),
            ("c3", Some(groups), false)
        ]
    );
}

/// D8: without a cluster nothing is asked, and a cluster that nobody wants is forgotten.
#[tokio::test]
async fn unwanted_clusters_are_not_asked_and_forgotten() {
    let mut api = MockVpsieApi::new();
    api.expect_clusters().times(1).returning(|| Ok(Vec::new()));
    api.expect_cluster().times(3).returning(answer);
    api.expect_node_groups().times(2).returning(|_| Ok(Vec::new()));
    let mut polls = Polls::new(TimeDelta::seconds(30));
    let mut poller = Poller::new(Arc::new(api));
    refresh(&mut polls, &mut poller, 0, &three_clusters()).await;
    refresh(&mut polls, &mut poller, 10, &Wanted::new()).await;
    assert_eq!(outcome(&polls), []);
}

/// D8: one poll per interval, and at once for a new cluster.
#[tokio::test]
async fn poll_is_due_once_per_interval_or_for_a_new_cluster() {
    let mut api = MockVpsieApi::new();
    api.expect_clusters().returning(|| Ok(Vec::new()));
    api.expect_cluster().returning(answer);
    api.expect_node_groups().returning(|_| Ok(Vec::new()));
    let mut one = three_clusters();
    one.retain(|id, _| id.as_str() == "c2");
    let mut polls = Polls::new(TimeDelta::seconds(30));
    let mut poller = Poller::new(Arc::new(api));
    let due = |polls: &mut Polls, seconds: i64, wanted: &Wanted| {
        let due = polls.due(at(seconds), INTERVAL, wanted);
        due.into_keys().map(|id| id.to_string()).collect::<Vec<_>>()
    };
    assert!(due(&mut polls, 0, &Wanted::new()).is_empty(), "nothing is wanted");
    refresh(&mut polls, &mut poller, 10, &one).await;
    assert!(
        due(&mut polls, 19, &one).is_empty(),
        "a failed poll is a poll, too"
    );
    assert_eq!(
        due(&mut polls, 19, &three_clusters()),
        ["c1", "c3"],
        "only what is new"
    );
    assert_eq!(due(&mut polls, 20, &one), ["c2"], "the interval is over");
    assert!(due(&mut polls, 21, &one).is_empty(), "once per interval");
    assert_eq!(
        due(&mut polls, 5, &one),
        ["c2"],
        "a clock that was set back stops nothing"
    );
}

/// A VPSie whose cluster `c2` never answers; a mock cannot wait.
#[derive(Default)]
struct Simulated {
    others: MockVpsieApi,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl VpsieApi for Simulated {
    async fn clusters(&self) -> Result<Vec<ClusterSummary>, CallError> {
        Ok(Vec::new())
    }

    async fn cluster(&self, id: &ClusterId) -> Result<Cluster, CallError> {
        self.asked.lock().unwrap().push(id.to_string());
        if id.as_str() == "c2" {
            std::future::pending::<()>().await;
        }
        answer(id)
    }

    async fn node_groups(&self, _: &ClusterId) -> Result<Vec<NodeGroup>, CallError> {
        Ok(Vec::new())
    }

    async fn offers(&self, datacenter: &DatacenterId) -> Result<Vec<Offer>, CallError> {
        self.others.offers(datacenter).await
    }

    async fn create_group(&self, group: &CreateGroup) -> Result<(), EffectError> {
        self.others.create_group(group).await
    }

    async fn add_worker(
        &self,
        cluster: &ClusterId,
        group: GroupNumber,
        request: &RequestId,
    ) -> Result<Accepted, EffectError> {
        self.others.add_worker(cluster, group, request).await
    }
}

/// D7, E2: a cluster that does not answer keeps no other waiting, is not asked twice at once, and is given up in time.
#[tokio::test(start_paused = true)]
async fn slow_cluster_delays_no_other() {
    let simulated = Simulated::default();
    let asked = Arc::clone(&simulated.asked);
    let mut polls = Polls::new(TimeDelta::seconds(30));
    let mut poller = Poller::new(Arc::new(simulated));
    let started = tokio::time::Instant::now();
    poller.start(at(0), &three_clusters());
    while polls.clusters().count() < 2 {
        poller.answered().await;
        poller.take_in(&mut polls);
    }
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(outcome(&polls), [("c1", None, false), ("c3", None, false)]);

    poller.start(at(10), &three_clusters());
    poller.finish().await;
    poller.take_in(&mut polls);
    assert_eq!(started.elapsed(), Duration::from_secs(30), "D7");
    let timed_out = Some(failure(Call::GetCluster));
    assert_eq!(outcome(&polls)[1], ("c2", timed_out, false));
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked, ["c1", "c2", "c3", "c1", "c3"]);
}
