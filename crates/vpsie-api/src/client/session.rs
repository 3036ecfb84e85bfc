//! Who is asking: a token for good, or tokens that are exchanged and renewed.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Response};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::line::Line;
use crate::envelope::{checked, request_id};
use crate::request::Request;
use crate::settings::Now;
use crate::{AuthHeader, Call, CallError, Credentials, Settings, SettingsError, Timestamp};

/// The header that is VPSie's own.
const VPSIE_AUTH: HeaderName = HeaderName::from_static("vpsie-auth");

/// Renewed this long before the end, so that no request is under way with a dying token.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// Assumed life of a token that does not say; VPSie's live about an hour.
const ASSUMED_LIFE: TimeDelta = TimeDelta::hours(1);

/// Proves who is asking, with one request.
pub(super) struct Key {
    name: HeaderName,
    value: HeaderValue,
    secret: SecretString,
    /// `None` when it has no end that we know.
    use_until: Option<DateTime<Utc>>,
}

impl Key {
    fn new(header: AuthHeader, secret: SecretString) -> Option<Self> {
        let (name, scheme) = match header {
            AuthHeader::VpsieAuth => (VPSIE_AUTH, ""),
            AuthHeader::Bearer => (AUTHORIZATION, "Bearer "),
        };
        let mut value = HeaderValue::from_str(&format!("{scheme}{}", secret.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(Self {
            name,
            value,
            secret,
            use_until: None,
        })
    }

    /// Returns the header to send.
    pub(super) fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// Returns what must not be printed.
    pub(super) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// Holds the credentials and, where they are exchanged, the current token.
pub(super) enum Session {
    /// A personal access token.
    Fixed(Arc<Key>),
    /// A client id and secret.
    Exchanged(Exchanged),
}

/// Exchanges a client id and secret for tokens.
pub(super) struct Exchanged {
    id: String,
    secret: SecretString,
    header: AuthHeader,
    now: Now,
    /// Locked during an exchange, so that there is one at a time.
    current: Mutex<Option<Arc<Key>>>,
}

impl Session {
    /// Checks the credentials. Mounted files end in line breaks, so they are trimmed.
    pub(super) fn new(credentials: Credentials, settings: &Settings) -> Result<Self, SettingsError> {
        match credentials {
            Credentials::Token(token) => {
                let token = filled(token.expose_secret(), "token")?;
                let key = Key::new(settings.token_header, token.into());
                Ok(Self::Fixed(Arc::new(
                    key.ok_or(SettingsError::TokenNotPrintable)?,
                )))
            }
            Credentials::Client { id, secret } => Ok(Self::Exchanged(Exchanged {
                id: filled(&id, "client id")?.to_owned(),
                secret: filled(secret.expose_secret(), "client secret")?.into(),
                header: settings.client_header,
                now: Arc::clone(&settings.now),
                current: Mutex::new(None),
            })),
        }
    }

    /// Returns a key that should be accepted.
    pub(super) async fn key(&self, line: &Line) -> Result<Arc<Key>, CallError> {
        match self {
            Self::Fixed(key) => Ok(Arc::clone(key)),
            Self::Exchanged(exchanged) => exchanged.key(line, None).await,
        }
    }

    /// Tells whether a key that is not accepted can be replaced.
    pub(super) const fn can_renew(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Exchanged(_) => true,
        }
    }

    /// Returns another key than `rejected`, unless there is no other.
    pub(super) async fn renewed(&self, line: &Line, rejected: &Arc<Key>) -> Result<Arc<Key>, CallError> {
        match self {
            Self::Fixed(key) => Ok(Arc::clone(key)),
            Self::Exchanged(exchanged) => exchanged.key(line, Some(rejected)).await,
        }
    }

    /// Tells whether both ask in the same name with the same secret.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let id = |session: &Self| match session {
            Self::Fixed(_) => None,
            Self::Exchanged(exchanged) => Some(exchanged.id.clone()),
        };
        id(self) == id(other) && self.secret() == other.secret()
    }

    /// Returns what must not be printed.
    pub(super) fn secret(&self) -> &str {
        match self {
            Self::Fixed(key) => key.secret(),
            Self::Exchanged(exchanged) => exchanged.secret.expose_secret(),
        }
    }
}

fn filled<'a>(text: &'a str, part: &'static str) -> Result<&'a str, SettingsError> {
    let text = text.trim();
    if text.is_empty() {
        Err(SettingsError::EmptyCredential { part })
    } else {
        Ok(text)
    }
}

impl Exchanged {
    /// Returns the current key while it is good, else a new one. Whoever waited for
    /// somebody else's exchange takes its result.
    async fn key(&self, line: &Line, rejected: Option<&Arc<Key>>) -> Result<Arc<Key>, CallError> {
        let mut current = self.current.lock().await;
        if let Some(key) = current.as_ref() {
            let in_time = key.use_until.is_none_or(|end| (self.now)() < end);
            if in_time && !rejected.is_some_and(|rejected| Arc::ptr_eq(rejected, key)) {
                return Ok(Arc::clone(key));
            }
        }
        let key = Arc::new(self.exchange(line).await?);
        *current = Some(Arc::clone(&key));
        Ok(key)
    }

    /// Tries JSON, as the official clients do, and then a form, as the older ones do.
    async fn exchange(&self, line: &Line) -> Result<Key, CallError> {
        let secret = self.secret.expose_secret();
        let first = match self
            .attempt(line, &Request::authenticate_json(&self.id, secret))
            .await
        {
            Err(error) if may_dislike_the_encoding(&error) => error,
            result => return result,
        };
        let second = self
            .attempt(line, &Request::authenticate_form(&self.id, secret))
            .await;
        // Whichever attempt was understood says why it was refused.
        let understood = |error: &CallError| {
            matches!(
                error,
                CallError::Unauthorized { .. } | CallError::Forbidden { .. }
            )
        };
        second.map_err(|error| if understood(&error) { error } else { first })
    }

    async fn attempt(&self, line: &Line, request: &Request) -> Result<Key, CallError> {
        let sent = line.send(request, None, None).await;
        let key = sent.and_then(|response| self.read(&response));
        line.count(request.call, &key);
        key
    }

    /// Reads both shapes of the answer.
    fn read(&self, response: &Response<Bytes>) -> Result<Key, CallError> {
        let call = Call::Authenticate;
        let status = response.status().as_u16();
        let object = checked(call, response, &[self.secret.expose_secret()])?;
        let fields = object.unwrap_or_default();
        let token = fields.object("accessToken");
        let token = token.or_else(|| fields.object("token")?.object("access"));
        let key = token.and_then(|token| {
            let secret = SecretString::from(token.text(&["token"])?);
            let mut key = Key::new(self.header, secret)?;
            key.use_until = Some(self.use_until(token.time(&["expires"])));
            Some(key)
        });
        let problem = "there is no usable token in it".to_owned();
        key.ok_or(CallError::Undecodable {
            call,
            status,
            problem,
            request_id: request_id(response.headers(), &[self.secret.expose_secret()]),
        })
    }

    fn use_until(&self, expires: Option<Timestamp>) -> DateTime<Utc> {
        expires.map_or_else(|| (self.now)() + ASSUMED_LIFE, |stamp| stamp.at) - MARGIN
    }
}

/// Tells whether another encoding of the same request could do better: after a 4xx or
/// an answer that makes no sense, but not when VPSie is busy or out of reach.
fn may_dislike_the_encoding(error: &CallError) -> bool {
    match error {
        CallError::Unauthorized { .. }
        | CallError::Forbidden { .. }
        | CallError::NotFound { .. }
        | CallError::Refused { .. }
        | CallError::Undecodable { .. } => true,
        CallError::Html { status, .. } => *status < 500,
        CallError::Absent { .. }
        | CallError::RateLimited { .. }
        | CallError::Server { .. }
        | CallError::BodyTooLarge { .. }
        | CallError::NotSent { .. }
        | CallError::HeldBack { .. }
        | CallError::BreakerOpen { .. }
        | CallError::TimedOut { .. }
        | CallError::ConnectionLost { .. } => false,
    }
}
