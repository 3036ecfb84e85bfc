//! Tests of the client over a transport that answers from a script.

mod effects;
mod inventory;
mod inventory_wire;
mod limits;
mod recorded;
mod replaced;
mod script;
mod secrets;
mod sessions;
mod settings;
mod state;
mod wire;
