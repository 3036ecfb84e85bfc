//! Tests of the cloud through its public doors.

mod access;
mod account;
mod adding;
mod faults;
mod groups;
mod limits;
mod listing;
mod removing;
mod vms;
mod wire;
