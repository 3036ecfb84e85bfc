//! Who may see the API: whoever is on this machine, or the bearers of tokens that somebody vouches for.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use http::Method;

/// A bearer token. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// What the bearer of a token wants.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The token.
    pub token: Token,
    /// The method of the request.
    pub method: Method,
    /// The path, as it stands in the description of the API, behind `/vpsie-autoscaler`.
    pub path: String,
}

/// What a doorkeeper says to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The bearer may do it.
    Granted,
    /// Nobody knows the token.
    Unknown,
    /// The bearer is known and may not do it.
    Denied,
}

/// Nobody could be asked about a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(pub String);

/// Says who may do what.
#[async_trait]
pub trait Doorkeeper: Send + Sync + 'static {
    /// Decides about a visit.
    ///
    /// # Errors
    /// When it cannot be known now.
    async fn judge(&self, visit: &Visit) -> Result<Leave, Unanswered>;
}

/// Who may see the API.
#[derive(Clone)]
pub enum Access {
    /// Everybody on this machine, without a token.
    Loopback {
        /// Whether they may have discovery read anew, too.
        may_refresh: bool,
    },
    /// Whoever shows a token for which the doorkeeper gives leave.
    Tokens(Arc<dyn Doorkeeper>),
}

/// An address would open the API to other machines, and nobody checks tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} can be reached from other machines, and no tokens are checked here; use an address of loopback"
)]
pub struct AccessError {
    address: SocketAddr,
}

// === impl Token ===

impl Token {
    /// Takes what stands behind `Bearer` in a request.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, for whoever asks about it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

// === impl Access ===

impl Access {
    /// Decides by the address on which the API listens: without a token only on loopback.
    ///
    /// # Errors
    /// When other machines reach the address and there is no doorkeeper.
    pub fn at(
        address: SocketAddr,
        may_refresh: bool,
        doorkeeper: Option<Arc<dyn Doorkeeper>>,
    ) -> Result<Self, AccessError> {
        if address.ip().is_loopback() {
            return Ok(Self::Loopback { may_refresh });
        }
        doorkeeper.map(Self::Tokens).ok_or(AccessError { address })
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback { .. } => "Loopback",
            Self::Tokens(_) => "Tokens",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token is in no log, whatever is printed of a request.
    #[test]
    fn token_cannot_be_printed() {
        let visit = Visit {
            token: Token::new("ey-secret"),
            method: Method::GET,
            path: "/api/nodes".to_owned(),
        };
        assert!(!format!("{visit:?}").contains("secret"));
    }

    #[test]
    fn nobody_listens_to_other_machines_without_a_doorkeeper() {
        for address in ["0.0.0.0:8082", "[::]:8082", "10.0.0.1:8082"] {
            let error = Access::at(address.parse().unwrap(), false, None).unwrap_err();
            assert!(error.to_string().contains("loopback"), "{error}");
        }
        for address in ["127.0.0.1:8082", "127.9.9.9:1", "[::1]:8082"] {
            let access = Access::at(address.parse().unwrap(), true, None).unwrap();
            assert!(matches!(access, Access::Loopback { may_refresh: true }));
        }
    }
}
