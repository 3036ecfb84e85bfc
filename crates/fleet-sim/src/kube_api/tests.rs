//! Tests of the simulated API server through the client an operator uses, all with tokio's clock paused.

mod custom;
mod faults;
mod kit;
mod leaving;
mod locking;
mod patches;
mod reading;
mod surface;
mod watching;
