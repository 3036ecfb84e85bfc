//! What the whole-system tests share.

pub mod control_plane;
