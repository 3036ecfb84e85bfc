//! Where requests go and over what, without a thought of who is asking.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use url::Url;

use crate::request::Request;
use crate::{Call, CallError, Settings, SettingsError, Transport, TransportError};

/// Joins the base URL and the transport.
pub(super) struct Line {
    base: Url,
    user_agent: HeaderValue,
    transport: Arc<dyn Transport>,
}

impl Line {
    /// Checks the settings.
    pub(super) fn new(settings: &Settings, transport: Arc<dyn Transport>) -> Result<Self, SettingsError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| SettingsError::UserAgent)?;
        Ok(Self {
            base: base(&settings.base_url)?,
            user_agent,
            transport,
        })
    }

    /// Sends a request once.
    pub(super) async fn send(
        &self,
        request: &Request,
        authorization: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response<Bytes>, CallError> {
        let http = request.to_http(&self.base, &self.user_agent, authorization)?;
        self.transport
            .send(http)
            .await
            .map_err(|error| call_error(request.call, error))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Line")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// Reads the base URL. Whether plain HTTP may be spoken is for the transport to say.
fn base(text: &str) -> Result<Url, SettingsError> {
    let wrong = |reason: &str| SettingsError::BaseUrl {
        reason: reason.to_owned(),
    };
    let url = Url::parse(text.trim()).map_err(|error| wrong(&format!("cannot be read ({error})")))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong("is neither https nor http"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user name or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("holds a query or a fragment"));
    }
    Ok(url)
}

fn call_error(call: Call, error: TransportError) -> CallError {
    match error {
        TransportError::NotSent(reason) => CallError::NotSent { call, reason },
        TransportError::TimedOut => CallError::TimedOut { call },
        TransportError::ConnectionLost(reason) => CallError::ConnectionLost { call, reason },
        TransportError::BodyTooLarge => CallError::BodyTooLarge { call },
    }
}
