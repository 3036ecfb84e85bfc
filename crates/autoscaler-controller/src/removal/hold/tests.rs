//! What VPSie's lists say against a removal, and the words of every hold.

use super::*;
use crate::poll::Reply;
use node_lifecycle::{Doubt, Protection, State};
use vpsie_api::{Cluster, ClusterNode, NodeUuid};

fn reply(hostname: &str, count: u32) -> Reply {
    let node = ClusterNode {
        identifier: Some(NodeUuid::new("m1")),
        hostname: Some(hostname.into()),
        ..ClusterNode::default()
    };
    let cluster = Cluster {
        identifier: Some(ClusterId::new("c1")),
        count: Some(count),
        nodes: vec![node],
        ..Cluster::default()
    };
    Reply {
        at: DateTime::UNIX_EPOCH,
        cluster,
        groups: Vec::new(),
        summary: None,
    }
}

#[track_caller]
fn check(machine: &str, reply: Option<&Reply>, seconds: i64, expected: Option<Obstacle>) {
    let listing = reply.map(|reply| Listing {
        reply,
        entries: reply
            .cluster
            .nodes
            .iter()
            .filter(|node| node.identifier == Some(NodeUuid::new(machine)))
            .collect(),
    });
    let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
    assert_eq!(Obstacle::find(&ClusterId::new("c1"), listing, now), expected);
}

/// LC-24, R2c: the first obstacle decides.
#[test]
fn a_machine_is_removed_only_on_fresh_and_unambiguous_evidence() {
    let worker = reply("hel-kubernetes-49ab-slave-11cc", 1);
    check("m1", Some(&worker), 0, None);
    check("m1", None, 0, Some(Obstacle::ReplyIncomplete));
    let cut = reply("hel-kubernetes-49ab-slave-11cc", 2);
    check("m1", Some(&cut), 0, Some(Obstacle::ReplyIncomplete));
    check("m2", Some(&worker), 0, Some(Obstacle::NotListed));
    let master = reply("HEL-Kubernetes-49ab-Master-01aa", 1);
    check("m1", Some(&master), 0, Some(Obstacle::ControlPlane));
}

/// Rule 8, LC-24: what VPSie said a minute ago is no leave to remove anything now.
#[test]
fn an_old_reply_permits_nothing() {
    let worker = reply("w", 1);
    check("m1", Some(&worker), 59, None);
    check("m1", Some(&worker), 60, Some(Obstacle::ReplyIncomplete));
}

fn refusals() -> Vec<Refusal> {
    let (age, remaining) = (TimeDelta::minutes(2), TimeDelta::minutes(28));
    let state = State::Idle;
    vec![
        Refusal::NodeNotFound,
        Refusal::NotManagedNode {
            protection: Protection::OptedOut,
        },
        Refusal::IdentityUnproven {
            doubt: Doubt::RecordOnly,
        },
        Refusal::WorkloadSyncInProgress,
        Refusal::PostSyncGracePeriod { remaining },
        Refusal::StillStartingUp { state },
        Refusal::WorkloadPods { pods: 3 },
        Refusal::WorkloadRequests {
            cpu_m: 1,
            memory_bytes: 0,
        },
        Refusal::ReadyNodeTooYoung { age, remaining },
        Refusal::TimestampMissing { state },
        Refusal::IdleTooShort { idle: age, remaining },
        Refusal::InvalidState { state },
        Refusal::ManualCleanupRequired {
            failure: "DiscoveryTimeout".into(),
        },
        Refusal::BelowMinNodes {
            remaining: 1,
            floor: 2,
        },
        Refusal::LastNodeOfWorkload { pods: 4 },
        Refusal::LastReadyEndpoint {
            service: "shop/web".into(),
            services: 2,
        },
    ]
}

/// LC-14 to LC-23: the word of a condition is the stable name of the refusal, in CamelCase.
#[test]
fn every_refusal_has_the_reason_of_its_name() {
    let names: Vec<RefusalName> = refusals().iter().map(Refusal::name).collect();
    assert_eq!(names, RefusalName::ALL);
    for refusal in refusals() {
        let (name, word) = (refusal.name(), Hold::from(refusal).reason().as_str());
        let snake: String = word
            .char_indices()
            .flat_map(|(place, letter)| {
                let gap = (place > 0 && letter.is_uppercase()).then_some('_');
                gap.into_iter().chain(letter.to_lowercase())
            })
            .collect();
        assert_eq!(snake, name.as_str());
    }
}

/// A condition is not written again while the same thing holds: its sentence has no number that changes by itself.
#[test]
fn sentences_stay_the_same_while_a_hold_lasts() {
    for refusal in refusals() {
        let (advice, remaining) = (refusal.name().advice(), refusal.remaining());
        let sentence = Hold::from(refusal).sentence();
        assert!(sentence.ends_with(advice), "{sentence}");
        assert!(
            remaining.is_none() || !sentence.contains(char::is_numeric),
            "{sentence}"
        );
    }
}
