//! When NodeGroups are made for pods, and when they go.

use super::*;
use crate::founding::Founding;
use crate::growth::Growth;
use crate::intent::Outcome;
use crate::resources::{Condition, Phase};
use crate::skew::Skew;
use crate::testing::{CLUSTER, GroupBuilder, NAMESPACE, TestWorld, at, claim, group, intent, node, world};
use crate::tombstone::Tombstone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Makes the NodeGroup `web` as one that was made for pods, an hour ago.
fn made() -> GroupBuilder {
    group("web").but(|group| {
        let made = at(-3600);
        let time = serde_json::to_value(made).expect("a time");
        group.metadata.creation_timestamp = Some(serde_json::from_value::<Time>(time).expect("a time"));
        group.metadata.generation = Some(1);
        let (mark, value) = (keys::LABEL_MADE_FOR_PODS.to_owned(), keys::TRUE.to_owned());
        group.labels_mut().insert(mark, value);
        let time = made.to_rfc3339_opts(SecondsFormat::Secs, true);
        let (key, value) = (
            keys::ANNOTATION_MADE.to_owned(),
            format!("{NAMESPACE}/web {time}"),
        );
        group.annotations_mut().insert(key, value);
    })
}

/// Says that it is unused since so many seconds from now.
fn unused(seconds: i64) -> GroupBuilder {
    made().but(|group| {
        let condition = Condition {
            type_: UNUSED.to_owned(),
            status: "True".to_owned(),
            last_transition_time: Some(at(seconds)),
            reason: Some("Unused".to_owned()),
            ..Condition::default()
        };
        let status = group.status.get_or_insert_default();
        status.conditions.get_or_insert_default().push(condition);
    })
}

/// Puts it in a world in which VPSie answers, and in which such NodeGroups are allowed and nobody needs one.
fn alone(group: GroupBuilder) -> TestWorld {
    let mut world = world().group(group).polled(&[]);
    world.growth = Growth {
        founding: Some(Founding::default()),
        ..Growth::none()
    };
    world
}

/// Tells whether it is deleted, and since when it says that it is unused, in seconds from now.
fn decided(world: &TestWorld) -> (bool, Option<i64>) {
    let commands = world.group_commands("web");
    let is_deleted = commands
        .iter()
        .any(|command| matches!(command, Command::DeleteNodeGroup(_)));
    let written = commands.iter().find_map(|command| {
        if let Command::WriteNodeGroupStatus(_, write) = command {
            Some(write.status.clone())
        } else {
            None
        }
    });
    let status = written.or_else(|| world.groups[0].status.clone());
    let conditions = status.and_then(|status| status.conditions);
    let condition = find_condition(conditions.as_deref(), UNUSED).cloned();
    let since = condition
        .filter(Condition::is_true)
        .and_then(|one| one.last_transition_time);
    (is_deleted, since.map(|since| (since - at(0)).num_seconds()))
}

/// SC-10: a NodeGroup that was made for pods goes once nobody has needed it for its cool-down, and not before.
#[test]
fn unused_group_goes_after_its_cool_down() {
    assert_eq!(decided(&alone(made())), (false, Some(0)), "it is said first");
    assert_eq!(decided(&alone(unused(-599))), (false, Some(-599)));
    assert_eq!(decided(&alone(unused(-600))), (true, Some(-600)));
    let patient = unused(-600).but(|group| {
        group
            .spec
            .scale_down_policy
            .get_or_insert_default()
            .cooldown_seconds = Some(900);
    });
    assert_eq!(decided(&alone(patient)), (false, Some(-600)), "by its own policy");
}

/// SC-10: the deletion names the object at the version that was looked at, and comes last.
#[test]
fn deletion_is_of_the_version_that_was_looked_at() {
    let world = alone(unused(-600));
    let target = Target::of(world.groups[0].as_ref());
    let last = world.group_commands("web").pop();
    assert_eq!(last, Some(Command::DeleteNodeGroup(target)));
}

/// SC-10: what is in use, or may be, is neither removed nor called unused.
#[test]
fn used_group_stays() {
    type Change = fn(TestWorld) -> TestWorld;
    let uses: [(&str, Change); 6] = [
        ("it has a member", |world| {
            world.claim(claim("web-1").in_phase(Phase::Failed))
        }),
        ("a Node bears its name", |world| {
            let mut node = node("stranger");
            node.metadata
                .labels
                .insert(keys::LABEL_NODE_GROUP.to_owned(), "web".to_owned());
            world.node(node)
        }),
        (
            "a person's pods are on a machine of its group at VPSie",
            |world| {
                let mut reply = crate::testing::reply(-1, &[]);
                reply.groups[0].nodes_count = Some(1);
                world.answered(Ok(reply))
            },
        ),
        ("a machine may come late", |mut world| {
            let tombstone = Tombstone {
                uid: "late".to_owned(),
                namespace: NAMESPACE.to_owned(),
                node_group: "web".to_owned(),
                cluster: CLUSTER.to_owned(),
                group: None,
                requested_at: at(-3000),
                released_at: at(-2000),
                baseline: None,
            };
            world.tombstones.insert("late".to_owned(), tombstone);
            world
        }),
        ("such NodeGroups are not allowed any longer", |mut world| {
            world.growth.founding = None;
            world
        }),
        ("a VPSieNode cannot be read", |mut world| {
            let hidden = (NAMESPACE.to_owned(), "other".to_owned());
            world.unreadable.vpsie_nodes.insert(hidden, [].into());
            world
        }),
    ];
    for (what, change) in uses {
        assert_eq!(decided(&change(alone(unused(-9000)))), (false, None), "{what}");
    }
}

/// SC-10: what pods need, or a person has made his own, is neither removed nor called unused.
#[test]
fn group_of_a_person_stays() {
    let place = (NAMESPACE.to_owned(), "web".to_owned());
    let mut needed = alone(unused(-9000));
    needed.growth.founding = Some(Founding {
        needed: [place].into(),
        ..Founding::default()
    });
    assert_eq!(decided(&needed), (false, None), "pods need it");
    for (what, group) in [
        (
            "its spec was changed",
            unused(-9000).but(|group| group.metadata.generation = Some(2)),
        ),
        (
            "it may not shrink",
            unused(-9000).but(|group| {
                let (key, value) = (keys::ANNOTATION_SCALE_DOWN.to_owned(), keys::DISABLED.to_owned());
                group.annotations_mut().insert(key, value);
            }),
        ),
        (
            "VPSie is being asked for its group",
            unused(-9000).but(|group| {
                let (key, intent) = (
                    keys::ANNOTATION_GROUP_INTENT.to_owned(),
                    intent(Outcome::Open, -1),
                );
                group.annotations_mut().insert(key, intent.to_annotation());
            }),
        ),
        (
            "it is not ours",
            unused(-9000).but(|group| {
                group.labels_mut().remove(keys::LABEL_MADE_FOR_PODS);
            }),
        ),
    ] {
        assert_eq!(decided(&alone(group)), (false, None), "{what}");
    }
}

/// SC-10, SC-17: in the dark nothing is removed, and the wait goes on from when it began.
#[test]
fn nothing_goes_in_the_dark() {
    type Change = fn(&mut TestWorld);
    let darkness: [(&str, Change); 4] = [
        ("nobody planned", |world| world.growth.is_known = false),
        ("the clock is wrong", |world| world.skew = Some(Skew::Ahead)),
        ("a Node cannot be read", |world| {
            let hidden = (String::new(), "n1".to_owned());
            world.unreadable.nodes.insert(hidden, [].into());
        }),
        ("this process has just begun", |world| {
            world.began_at = Some(at(-60))
        }),
    ];
    for (what, change) in darkness {
        let mut world = alone(unused(-9000));
        change(&mut world);
        assert_eq!(decided(&world), (false, Some(-9000)), "{what}");
    }
    let mut unanswered = world().group(unused(-9000));
    unanswered.growth = alone(made()).growth;
    assert_eq!(
        decided(&unanswered),
        (false, Some(-9000)),
        "VPSie has not answered"
    );
}

/// SC-10: what the plan asks for is made, once for each name, and nothing by a wrong clock.
#[test]
fn planned_group_is_made() {
    let mut world = world();
    world.growth.founding = Some(Founding {
        new: vec![group("size-9").0],
        ..Founding::default()
    });
    let subjects = |world: &TestWorld| -> Vec<(String, Vec<&str>)> {
        let batches = world.decide().into_iter();
        batches
            .map(|batch| (batch.subject, batch.commands.iter().map(Command::label).collect()))
            .collect()
    };
    let expected = (format!("NodeGroup {NAMESPACE}/size-9"), vec!["create-nodegroup"]);
    assert_eq!(subjects(&world), [expected]);
    world.skew = Some(Skew::Behind);
    assert_eq!(subjects(&world), []);
}
