//! The HTTP API over real connections: what it shows, to whom, and how it keeps within its limits.

#[path = "api/described.rs"]
mod described;
#[path = "api/doors.rs"]
mod doors;
#[path = "api/fleet.rs"]
mod fleet;
#[path = "api/golden.rs"]
mod golden;
#[path = "api/log.rs"]
mod log;
#[path = "api/services.rs"]
mod services;
#[path = "api/told.rs"]
mod told;
#[path = "api/world.rs"]
mod world;
