//! Who may call: personal tokens, client credentials, and the tokens they are exchanged for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// The personal token that every simulated cloud accepts at first.
pub const TOKEN: &str = "simulated-personal-token";
/// The client id that every simulated cloud accepts.
pub const CLIENT_ID: &str = "simulated-client";
/// The secret of [`CLIENT_ID`].
pub const CLIENT_SECRET: &str = "simulated-client-secret";

/// More tokens than one client needs at a time.
pub(super) const TOKENS_KEPT: usize = 1_000;

/// Keeps the credentials that are good now.
pub(super) struct Access {
    personal: BTreeSet<String>,
    exchanged: BTreeMap<String, DateTime<Utc>>,
    exchanges: u64,
    mints: u64,
    client_id: String,
    client_secret: String,
}

// === impl Access ===

impl Access {
    pub(super) fn new() -> Self {
        Self {
            personal: BTreeSet::from([TOKEN.to_owned()]),
            exchanged: BTreeMap::new(),
            exchanges: 0,
            mints: 0,
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
        }
    }

    pub(super) fn accept_only_client(&mut self, id: &str, secret: &str) {
        id.clone_into(&mut self.client_id);
        secret.clone_into(&mut self.client_secret);
        self.exchanged.clear();
    }

    /// Makes a further personal token and accepts it, or has made too many.
    pub(super) fn mint(&mut self) -> Option<String> {
        if self.personal.len() >= TOKENS_KEPT {
            return None;
        }
        self.mints += 1;
        let token = format!("minted-token-{}", self.mints);
        self.personal.insert(token.clone());
        Some(token)
    }

    pub(super) fn accept_only_token(&mut self, token: &str) {
        self.personal = BTreeSet::from([token.to_owned()]);
        self.exchanged.clear();
    }

    /// Exchanges client credentials for a token, or refuses them.
    pub(super) fn exchange(
        &mut self,
        id: &str,
        secret: &str,
        now: DateTime<Utc>,
        expires: DateTime<Utc>,
    ) -> Option<String> {
        if id != self.client_id || secret != self.client_secret {
            return None;
        }
        self.exchanged.retain(|_, expires| *expires > now);
        if self.exchanged.len() >= TOKENS_KEPT {
            self.exchanged.clear();
        }
        self.exchanges += 1;
        let token = format!("exchanged-token-{}", self.exchanges);
        self.exchanged.insert(token.clone(), expires);
        Some(token)
    }

    /// Decides on the headers of a call: a personal token in its own header, an exchanged one as bearer.
    pub(super) fn permits(&self, headers: &HeaderMap, now: DateTime<Utc>) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let personal = text("vpsie-auth").is_some_and(|token| self.personal.contains(token));
        let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let exchanged = bearer.and_then(|token| self.exchanged.get(token));
        personal || exchanged.is_some_and(|expires| now < *expires)
    }
}
