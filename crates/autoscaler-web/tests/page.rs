//! The live page in a real browser: how it hears of changes, what it makes of them, and whether everybody can read it.

#[path = "page/accessible.rs"]
mod accessible;
#[path = "page/browser.rs"]
mod browser;
#[path = "page/files.rs"]
mod files;
#[path = "page/heard.rs"]
mod heard;
#[path = "page/instances.rs"]
mod instances;
#[path = "page/pods.rs"]
mod pods;
#[path = "page/refused.rs"]
mod refused;
#[path = "page/seen.rs"]
mod seen;
#[path = "page/waits.rs"]
mod waits;
#[path = "page/wire.rs"]
mod wire;
#[path = "api/world.rs"]
#[expect(dead_code, reason = "the tests of the API use all of it")]
mod world;
