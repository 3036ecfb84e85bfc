//! Tests of the cloud through its public doors.

mod access;
mod account;
mod adding;
mod faults;
mod groups;
mod listing;
mod removing;
mod vms;
mod wire;
