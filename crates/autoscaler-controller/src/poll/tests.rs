//! What polls prove, and what they cost.

use super::*;
use vpsie_api::ClusterNode;

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

fn view(replies: Vec<Result<Reply, CallError>>) -> ClusterView {
    let wanted = BTreeSet::from([NodeUuid::new("m1")]);
    let mut view = ClusterView::new(TimeDelta::seconds(30));
    for reply in replies {
        view.take(&cluster_id(), reply, &wanted);
    }
    view
}

/// LC-25: gone means absent from three complete replies at least 30 s apart.
#[test]
fn a_machine_is_gone_only_after_three_spaced_complete_replies() {
    let machine = NodeUuid::new("m1");
    let gone = |replies| view(replies).is_gone(&machine);
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
