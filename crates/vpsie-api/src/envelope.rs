//! Each answer as a value: success with an error in it, data that is false, web pages.
//!
//! ```text
//! status, headers, body ──▶ checked ──▶ the JSON object, or the CallError
//!                              └──▶ Reply ──▶ list · object · done
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Response};
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::scrub::scrub;
use crate::{Call, CallError, RefusalReason};

/// Longest wait we let VPSie ask for; beyond it a person should look.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// As much of a web page is looked at, in bytes.
const SCRUBBED: usize = 8192;

/// Holds the `data` of an answer that reports success.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    call: Call,
    status: u16,
    /// `None` when there is none, or null.
    data: Option<Value>,
}

impl Reply {
    /// Reads an answer. `secrets` are taken out of whatever is repeated from it.
    pub(crate) fn read(call: Call, response: &Response<Bytes>, secrets: &[&str]) -> Result<Self, CallError> {
        let status = response.status().as_u16();
        let Some(mut object) = checked(call, response, secrets)? else {
            return Ok(Self {
                call,
                status,
                data: None,
            });
        };
        match object.remove("data") {
            Some(Value::Bool(false)) => Err(CallError::Absent { call }),
            None if !object.contains_key("error") => {
                let problem = "neither `error` nor `data` is in it".to_owned();
                Err(CallError::Undecodable {
                    call,
                    status,
                    problem,
                })
            }
            None | Some(Value::Null) => Ok(Self {
                call,
                status,
                data: None,
            }),
            data @ Some(_) => Ok(Self { call, status, data }),
        }
    }

    /// Decodes a list, each entry of which must have its key.
    ///
    /// An entry without it fails the whole: left out silently it would look absent.
    pub(crate) fn list<T>(
        &self,
        decode: impl Fn(Fields<'_>) -> Result<T, MissingKey>,
    ) -> Result<Vec<T>, CallError> {
        let entries = match &self.data {
            None => return Err(CallError::Absent { call: self.call }),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(self.undecodable("`data` is no list")),
        };
        let decoded = entries.iter().enumerate().map(|(index, entry)| {
            let object = entry.as_object();
            let object = object.ok_or_else(|| self.undecodable(&format!("entry {index} is no object")))?;
            decode(Fields(object))
                .map_err(|MissingKey(key)| self.undecodable(&format!("entry {index} has no `{key}`")))
        });
        decoded.collect()
    }

    /// Returns the object.
    pub(crate) fn object(&self) -> Result<Fields<'_>, CallError> {
        match &self.data {
            None => Err(CallError::Absent { call: self.call }),
            Some(Value::Object(object)) => Ok(Fields(object)),
            Some(_) => Err(self.undecodable("`data` is no object")),
        }
    }

    /// Returns the object if there is one; nothing and `true` are as good.
    pub(crate) fn acceptance(&self) -> Result<Option<Fields<'_>>, CallError> {
        match &self.data {
            None | Some(Value::Bool(true)) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(Fields(object))),
            Some(_) => Err(self.undecodable("`data` is neither true nor an object")),
        }
    }

    fn undecodable(&self, problem: &str) -> CallError {
        let problem = problem.to_owned();
        CallError::Undecodable {
            call: self.call,
            status: self.status,
            problem,
        }
    }
}

/// Names the key that an entry lacks.
pub(crate) struct MissingKey(pub(crate) &'static str);

/// Returns the JSON object of an answer that reports no error; `None` for an empty one.
pub(crate) fn checked(
    call: Call,
    response: &Response<Bytes>,
    secrets: &[&str],
) -> Result<Option<Map<String, Value>>, CallError> {
    let status = response.status().as_u16();
    // These two mean the same whoever answers, VPSie or a gateway before it.
    if status == 401 {
        return Err(CallError::Unauthorized { call });
    }
    if status == 429 {
        return Err(CallError::RateLimited {
            call,
            retry_after: retry_after(response.headers()),
        });
    }
    let body = response.body().trim_ascii();
    if body.is_empty() && response.status().is_success() {
        return Ok(None);
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return Err(no_answer(call, response, body, secrets));
    };
    match complaint(status, &object) {
        None if response.status().is_success() => Ok(Some(object)),
        None => Err(unexplained(call, status)),
        Some(message) => Err(failure(call, status, &object, &scrub(message, secrets))),
    }
}

/// Returns what VPSie complains about, if it does.
fn complaint(status: u16, object: &Map<String, Value>) -> Option<&str> {
    let error = object.get("error");
    let failed = match error {
        None | Some(Value::Null) => false,
        Some(Value::Bool(failed)) => *failed,
        Some(Value::String(word)) => !word.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Array(_) | Value::Object(_)) => true,
    };
    let message = object.get("message").and_then(Value::as_str);
    let explained = status >= 400 && (message.is_some() || object.contains_key("code"));
    let nested = error
        .and_then(|error| error.get("message"))
        .and_then(Value::as_str);
    let message = message.or(nested).or_else(|| error?.as_str());
    (failed || explained).then(|| message.unwrap_or("no message"))
}

/// Sorts a failure that VPSie explains.
fn failure(call: Call, status: u16, object: &Map<String, Value>, message: &str) -> CallError {
    let message = message.to_owned();
    if status >= 500 {
        return CallError::Server {
            call,
            status,
            message,
        };
    }
    let reason = RefusalReason::of(&message);
    if reason == RefusalReason::NotAuthenticated {
        return CallError::Unauthorized { call };
    }
    if status == 403 {
        return CallError::Forbidden { call, message };
    }
    let not_found = matches!(reason, RefusalReason::NotFound | RefusalReason::ClusterNotFound);
    if status == 404 || (status < 300 && not_found) {
        return CallError::NotFound { call, message };
    }
    let code = object
        .get("code")
        .and_then(|code| code.as_i64().or_else(|| code.as_str()?.parse().ok()));
    CallError::Refused {
        call,
        status,
        code,
        message,
    }
}

/// Sorts a status that says failure over a body that does not.
fn unexplained(call: Call, status: u16) -> CallError {
    let problem = match status {
        500.. => {
            let message = "no message".to_owned();
            return CallError::Server {
                call,
                status,
                message,
            };
        }
        300..400 => "it is a redirect, which is not followed",
        _ => "the status says failure, the body does not",
    };
    CallError::Undecodable {
        call,
        status,
        problem: problem.to_owned(),
    }
}

/// Sorts a body that is no JSON object. Only web pages are quoted: half a JSON reply
/// could hold a machine's initial password.
fn no_answer(call: Call, response: &Response<Bytes>, body: &[u8], secrets: &[&str]) -> CallError {
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let says_html = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    if body.starts_with(b"<") || (says_html && !body.is_empty()) {
        return CallError::Html {
            call,
            status,
            prefix: prefix(body, secrets),
        };
    }
    match status {
        300..400 | 500.. => unexplained(call, status),
        _ => {
            let problem = format!("{} bytes that are no JSON object", body.len());
            CallError::Undecodable {
                call,
                status,
                problem,
            }
        }
    }
}

/// Returns how a page begins. Far more is scrubbed than is kept, and a word that the cut
/// goes through is left out: a secret must be whole to be found.
fn prefix(page: &[u8], secrets: &[&str]) -> String {
    let cut = page.get(..SCRUBBED).unwrap_or(page);
    let text = String::from_utf8_lossy(cut);
    let whole = if cut.len() < page.len() {
        text.rsplit_once(char::is_whitespace)
            .map_or("", |(whole, _)| whole)
    } else {
        &text
    };
    scrub(whole, secrets)
}

/// Reads how many seconds VPSie asks us to wait.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests;
