//! Tests of the cloud through its public doors.

mod access;
mod adding;
mod faults;
mod groups;
mod listing;
mod removing;
mod wire;
