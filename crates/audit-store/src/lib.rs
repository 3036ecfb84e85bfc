//! Durable stores of the audit log: JSON lines, SQLite and PostgreSQL behind one trait.
#![doc = include_str!("../README.md")]

mod error;
mod json_lines;
mod location;
mod mirror;
mod recorder;
mod sql;
mod store;

pub use error::{Cause, StoreError};
pub use json_lines::JsonLines;
pub use location::{InvalidLocation, Location};
pub use mirror::MIRROR_TARGET;
pub use recorder::{Recorder, RecorderState, StoreTrouble};
pub use sql::SqlStore;
pub use store::{Access, AuditStore, Selection, open};
