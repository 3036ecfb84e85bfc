//! Scenarios over real HTTP: a cloud on a loopback socket and a client that knows nothing but bytes.

#[path = "served/client.rs"]
mod client;
#[path = "served/endpoints.rs"]
mod endpoints;
#[path = "served/examples.rs"]
mod examples;
#[path = "served/faults.rs"]
mod faults;
#[path = "served/happenings.rs"]
mod happenings;
#[path = "served/serving.rs"]
mod serving;
