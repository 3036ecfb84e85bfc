//! Joins VPSie and Kubernetes: observe, match, decide, act, record.

pub mod resources;
