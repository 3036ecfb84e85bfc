//! How many VPSieNodes are made, and under which names.

use super::*;
use crate::resources::Phase::{
    Deleting, Failed, Joining, Pending, Provisioned, Provisioning, Ready, Terminating,
};
use crate::testing::{TestWorld, at, claim, group, world};

/// Makes one letter per member into members, oldest first.
///
/// `.` Pending, `p` Provisioning, `P` Provisioned, `j` Joining, `R` Ready, `F` Failed, `d` Ready and being deleted.
fn members(letters: &str) -> Vec<ClaimObject> {
    let member = |(index, letter): (usize, char)| {
        let number = i64::try_from(index).unwrap() + 1;
        let member = claim(&format!("web-{number}")).created(number - 1000);
        let member = match letter {
            '.' => member.in_phase(Pending),
            'p' => member.in_phase(Provisioning),
            'P' => member.in_phase(Provisioned),
            'j' => member.in_phase(Joining),
            'R' => member.in_phase(Ready),
            'F' => member.in_phase(Failed),
            'd' => member.in_phase(Ready).deleted(),
            't' => member.in_phase(Terminating),
            'D' => member.in_phase(Deleting),
            '?' => member.in_phase(Phase::Unrecognised("Draining".to_owned())),
            other => panic!("no phase is written {other}"),
        };
        member.build()
    };
    letters.chars().enumerate().map(member).collect()
}

#[track_caller]
fn check(minimum: i32, maximum: i32, letters: &str, expected: usize, why: &str) {
    let group = group("web").min(minimum).max(maximum).0;
    let members = members(letters);
    let members: Vec<&ClaimObject> = members.iter().collect();
    assert_eq!(
        missing(&group, &members),
        expected,
        "{letters:?} of {minimum} to {maximum}: {why}"
    );
    let reversed: Vec<&ClaimObject> = members.into_iter().rev().collect();
    assert_eq!(
        missing(&group, &reversed),
        expected,
        "{letters:?} in another order"
    );
}

/// S1: everything that is there or on its way counts towards the minimum, and nothing passes the maximum.
#[test]
fn group_is_filled_up_to_its_minimum() {
    check(0, 9, "", 0, "nothing is wanted");
    check(3, 9, "", 3, "all are missing");
    check(3, 9, "R", 2, "one is there");
    check(5, 9, ".pPjR", 0, "what is on its way counts");
    check(
        3,
        9,
        "tD?",
        0,
        "a phase that we do not write on a living object still counts",
    );
    check(
        3,
        9,
        "RRRR",
        0,
        "more than the minimum is not our decision to remove",
    );
    check(3, 9, "RRd", 1, "one that is being deleted does not count");
    check(
        3,
        3,
        "RRd",
        0,
        "its machine may still exist, so it counts towards the maximum",
    );
    check(3, 4, "RRd", 1, "the maximum leaves room for one");
    check(-1, 9, "", 0, "a negative minimum is none");
    check(3, 0, "", 0, "no maximum, no machine");
}

/// I4: one replacement for what has Failed, and no other until it joins or a person clears it.
#[test]
fn failed_ones_are_replaced_one_at_a_time() {
    check(
        3,
        9,
        "RRF",
        1,
        "the newest has failed and nothing replaces it yet",
    );
    check(3, 9, "FRR", 1, "a later one joined");
    check(3, 9, "RRF.", 0, "the replacement is wished for");
    check(3, 9, "RRFp", 0, "the replacement is asked for");
    check(3, 9, "RRFP", 0, "the replacement runs");
    check(3, 9, "RRFj", 0, "the replacement joins");
    check(
        3,
        9,
        "RRFF",
        0,
        "the replacement has failed too: a person must look",
    );
    check(3, 9, "RRFR", 0, "the replacement has joined, nothing is missing");
    check(3, 9, "FFF", 1, "all have failed, one is tried");
    check(3, 9, "FFFR", 1, "it joined, so the next is tried");
    check(3, 9, "FFFF", 0, "it failed, so nothing more is tried");
    check(3, 9, "FFFRF", 0, "the second replacement failed");
    check(
        3,
        9,
        "RRFd",
        1,
        "a replacement that a person deletes clears the way",
    );
    check(
        3,
        3,
        "RRF",
        0,
        "the machine of a failed one may exist, and the maximum is a bound",
    );
    check(2, 9, "RRF", 0, "the minimum is there without it");
}

/// S1, I4: what was never made is not a replacement.
#[test]
fn a_raised_minimum_is_filled_whatever_failed_before() {
    check(5, 9, "RRF", 2, "two were never made");
    check(5, 9, "RRFp", 1, "one was never made");
    check(
        5,
        9,
        "RRFpp",
        0,
        "what was made is on its way; the replacement has its turn later",
    );
    check(
        5,
        9,
        "RRFRR",
        1,
        "both have joined, so the failed one is replaced",
    );
    check(3, 9, "RF", 1, "a person deleted one, which clears it");
}

fn created(commands: &[Command]) -> Vec<String> {
    let name = |command: &Command| {
        let Command::CreateVpsieNode(object) = command else {
            return None;
        };
        Some(object.name_any())
    };
    commands.iter().filter_map(name).collect()
}

fn with_members(mut world: TestWorld, names: &[&str]) -> TestWorld {
    for name in names {
        world = world.claim(claim(name).in_phase(Ready));
    }
    world
}

#[track_caller]
fn check_names(world: TestWorld, expected: &[&str]) {
    assert_eq!(created(&world.polled(&[]).group_commands("web")), expected);
}

/// I1: names are those of the smallest free slots, so that a repetition meets what the first one made.
#[test]
fn smallest_free_slots_are_taken() {
    let three = || world().group(group("web").min(3));
    check_names(three(), &["web-1", "web-2", "web-3"]);
    check_names(with_members(three(), &["web-2"]), &["web-1", "web-3"]);
    check_names(with_members(three(), &["web-7", "web-1"]), &["web-2"]);
}

/// I1: a name is taken whoever has it, in the namespace.
#[test]
fn names_of_others_are_passed_over() {
    let of_another_group = claim("web-1").but(|claim| claim.spec.node_group_name = "web-blue".to_owned());
    check_names(
        world().group(group("web").min(1)).claim(of_another_group),
        &["web-2"],
    );
    let elsewhere = claim("web-1").in_namespace("elsewhere");
    check_names(world().group(group("web").min(1)).claim(elsewhere), &["web-1"]);
    let leaving = claim("web-1").in_phase(Ready).deleted();
    check_names(world().group(group("web").min(1)).claim(leaving), &["web-2"]);
}

#[test]
fn at_most_fifty_are_made_in_one_pass() {
    let made = created(
        &world()
            .group(group("web").min(60))
            .polled(&[])
            .group_commands("web"),
    );
    assert_eq!(
        (made.len(), made.last().map(String::as_str)),
        (50, Some("web-50"))
    );
}

/// L3: a name becomes the value of a label, which has at most 63 characters.
#[test]
fn name_longer_than_a_label_is_refused_and_said() {
    let name = "w".repeat(61);
    let fits = world().group(group(&name).min(9).max(10)).polled(&[]);
    assert_eq!(created(&fits.group_commands(&name)).len(), 9, "-1 to -9 fit");
    let tight = world()
        .group(group(&name).min(12))
        .polled(&[])
        .group_commands(&name);
    assert_eq!(created(&tight).len(), 9, "-10 does not");
    let Some(Command::WriteNodeGroupStatus(_, write)) = tight.last() else {
        panic!("no status: {tight:?}");
    };
    let conditions = write.status.conditions.clone().unwrap();
    assert_eq!(conditions[0].reason.as_deref(), Some("ValidationFailed"));
    assert!(
        conditions[0]
            .message
            .as_deref()
            .is_some_and(|text| text.contains("shorter name"))
    );
}

/// Rule 5: what was said is not written again, for each write wakes the next pass.
#[test]
fn name_longer_than_a_label_is_said_once() {
    let name = "w".repeat(62);
    let before = || group(&name).min(12).max(12);
    let first = world().group(before()).polled(&[]).group_commands(&name);
    let Some(Command::WriteNodeGroupStatus(_, write)) = first.last() else {
        panic!("no status: {first:?}");
    };
    let written = before().but(|group| group.status = Some(write.status.clone()));
    let mut later = world().group(written).polled(&[]);
    later.now = at(60);
    assert_eq!(later.group_commands(&name), []);
}

/// N2: a new VPSieNode is what the Go autoscaler would have made, finalizer included.
#[test]
fn new_vpsie_node_carries_what_its_group_says() {
    let group = group("web").but(|group| {
        group.spec.project = "shop".to_owned();
        group.spec.preferred_instance_type = Some("large".to_owned());
        group.spec.os_image_id = Some("debian".to_owned());
        group.spec.ssh_key_ids = Some(vec!["key".to_owned()]);
    });
    let made = new_member(&group.0, "web-1".to_owned(), 412);
    let labels = [
        ("autoscaler.vpsie.com/datacenter", "dc1"),
        ("autoscaler.vpsie.com/managed", "true"),
        ("autoscaler.vpsie.com/nodegroup", "web"),
    ];
    let mut expected = VPSieNode::new(
        "web-1",
        VPSieNodeSpec {
            vpsie_instance_id: 0,
            instance_type: "large".to_owned(),
            node_group_name: "web".to_owned(),
            datacenter_id: "dc1".to_owned(),
            resource_identifier: "c1".to_owned(),
            project: "shop".to_owned(),
            os_image_id: Some("debian".to_owned()),
            kubernetes_version: "v1.34.1".to_owned(),
            ssh_key_ids: Some(vec!["key".to_owned()]),
            vpsie_group_id: Some(412),
            ..VPSieNodeSpec::default()
        },
    );
    expected.metadata.namespace = Some("kube-system".to_owned());
    expected.metadata.finalizers = Some(vec!["vpsienode.autoscaler.vpsie.com/finalizer".to_owned()]);
    expected.metadata.labels = Some(
        labels
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    );
    assert_eq!(made, expected);
}
