//! What the flags of `run` set.

use super::*;
use crate::args::{Arguments, Command};
use autoscaler_controller::{Brakes, Graces, UnhealthyAfter};
use clap::Parser;

fn settings_with(words: &[&str]) -> Settings {
    let arguments = Arguments::try_parse_from([&["autoscaler", "run"], words].concat());
    let Command::Run(options) = arguments.expect("the words are right").command else {
        panic!("it is `run`");
    };
    settings(&options)
}

/// LC-11, LC-13a, LC-17 to LC-21: each field sets the limit that it names and no other, and the defaults are those of the
/// crates.
#[test]
fn every_limit_of_a_removal_has_its_field() {
    let minutes = TimeDelta::minutes;
    let usual = settings_with(&[]);
    assert_eq!(usual.gate, Settings::default().gate);
    assert_eq!(usual.brakes, Brakes::default());
    assert_eq!(usual.unhealthy_after, UnhealthyAfter::default());
    assert_eq!(
        (usual.settle, usual.first_removal),
        (TimeDelta::seconds(5), minutes(2))
    );
    let set = settings_with(&[
        "--ready-grace-seconds=60",
        "--idle-grace-seconds=120",
        "--ready-grace-manual-seconds=180",
        "--idle-grace-manual-seconds=240",
        "--post-sync-grace-seconds=300",
        "--stuck-pod-grace-seconds=360",
        "--settle-seconds=420",
        "--first-removal-seconds=480",
        "--unhealthy-after-seconds=540",
        "--unhealthy-after-observations=4",
        "--brake-observations=5",
        "--brake-nodes=6",
        "--brake-share-percent=7",
    ]);
    let graces = Graces {
        ready: minutes(1),
        idle_scale_down: minutes(2),
        ready_manual: minutes(3),
        idle_manual: minutes(4),
        post_sync: minutes(5),
        stuck_pod: minutes(6),
        ..Graces::default()
    };
    assert_eq!(*set.gate.graces(), graces);
    assert_eq!((set.settle, set.first_removal), (minutes(7), minutes(8)));
    let broken = UnhealthyAfter::new(4, minutes(9)).expect("it makes sense");
    assert_eq!(set.unhealthy_after, broken);
    let brakes = Brakes {
        observations: 5,
        nodes: 6,
        share_percent: 7,
    };
    assert_eq!(set.brakes, brakes);
}

/// LC-11, LC-13a: a limit at which a blip is a broken node, or a brake is none, is refused by the name of its field.
#[test]
fn limits_that_make_no_sense_are_refused_by_their_field() {
    for word in [
        "--unhealthy-after-seconds=2592001",
        "--unhealthy-after-observations=1",
        "--brake-observations=2",
        "--brake-nodes=1001",
        "--brake-share-percent=101",
    ] {
        let refused = Arguments::try_parse_from(["autoscaler", "run", word]);
        let said = refused.expect_err(word).to_string();
        let (field, value) = word.split_once('=').expect("a flag and its value");
        assert!(
            said.contains(field) && said.contains(&format!("'{value}'")),
            "{said}"
        );
    }
}
