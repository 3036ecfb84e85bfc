//! The options of the HTTP API.

use crate::site::Listen;
use clap::{ArgAction, Args};

/// Options of the HTTP API.
#[derive(Debug, Args)]
#[command(next_help_heading = "HTTP API")]
pub(crate) struct ApiOptions {
    /// Address and port of the HTTP API (`/api/…`); empty to serve none. Beyond loopback every request needs a token of
    /// Kubernetes whose bearer has the verb on the non-resource URL.
    #[arg(
        long,
        default_value = "127.0.0.1:8082",
        value_name = "ADDR",
        env = "AUTOSCALER_API_ADDRESS"
    )]
    pub(crate) api_address: Listen,
    /// Lets everybody on this machine have the watched Services read anew, by `POST /api/instances/refresh`. Beyond loopback
    /// the verb `post` on the non-resource URL does.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_name = "BOOL")]
    pub(crate) api_refresh: bool,
}
