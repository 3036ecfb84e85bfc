//! Tests of the rules over whole snapshots.

mod anonymous;
mod cases;
mod components;
mod cost;
mod explanations;
mod facts;
mod fleets;
mod laws;
mod model;
mod newness;
mod records;
mod reports;
mod settled;
mod ties;
mod twice;
mod worlds;

use crate::Snapshot;
use crate::testing::told_unexplained;

/// Compares the answer, and checks what must hold for every answer.
#[track_caller]
fn check(snapshot: &Snapshot<'_>, expected: &[&str]) {
    assert_eq!(snapshot.told(), expected);
}

/// Compares the answer and what nobody claims.
#[track_caller]
fn check_all(snapshot: &Snapshot<'_>, expected: &[&str], unexplained: &[&str]) {
    check(snapshot, expected);
    assert_eq!(told_unexplained(&crate::match_fleet(snapshot)), unexplained);
}

/// Each rule is taught with a picture and an example that runs.
#[test]
fn every_rule_has_a_picture_and_an_example() {
    let taught: Vec<&str> = include_str!("rules.rs").split("//! # ").skip(1).collect();
    for rule in 0..=9 {
        let heading = format!("R{rule} ");
        let about = taught.iter().find(|part| part.starts_with(&heading));
        let about = about.unwrap_or_else(|| panic!("no section about R{rule}"));
        for part in ["//! ```text\n", "//! ```\n//! use "] {
            assert!(about.contains(part), "R{rule} has no {part:?}");
        }
    }
}
