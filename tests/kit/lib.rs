//! What the whole-system tests share.

pub mod access;
pub mod control_plane;
pub mod deploy;
pub mod fleet;
pub mod interceptor;
pub mod log;
pub mod proxy;
pub mod served;
mod stored;
pub mod visitor;
pub mod wire;
