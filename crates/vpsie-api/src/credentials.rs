//! How we prove who we are. Nothing here can be printed.

use std::fmt;

use secrecy::SecretString;

/// Proves to VPSie who is asking.
#[derive(Clone)]
pub enum Credentials {
    /// A personal access token, sent with every call as `Vpsie-Auth`.
    Token(SecretString),
    /// A client id and secret, exchanged for tokens that live about an hour.
    Client {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretString,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Token(_) => "Credentials::Token",
            Self::Client { .. } => "Credentials::Client",
        })
    }
}
