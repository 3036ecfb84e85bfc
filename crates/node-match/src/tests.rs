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
fn check(snapshot: &Snapshot, expected: &[&str]) {
    assert_eq!(snapshot.told(), expected);
}

/// Compares the answer and what nobody claims.
#[track_caller]
fn check_all(snapshot: &Snapshot, expected: &[&str], unexplained: &[&str]) {
    check(snapshot, expected);
    assert_eq!(told_unexplained(&crate::match_fleet(snapshot)), unexplained);
}
