//! Each answer as a value: success with an error in it, data that is false, web pages.
//!
//! ```text
//! status, headers, body ──▶ checked ──▶ the JSON object, or the CallError
//!                              └──▶ Reply ──▶ list · object · acceptance
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, Response};
use serde_json::value::RawValue;

use crate::fields::{Fields, Flaw, Interrupted, Scalar, entries, fields};
use crate::request::REQUEST_ID;
use crate::scrub::scrub;
use crate::{Call, CallError, Listing, RefusalReason, RequestId};

/// Longest wait we let VPSie ask for; beyond it a person should look.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// As much of a web page is looked at, in bytes.
const SCRUBBED: usize = 8192;

/// Holds the `data` of an answer that reports success, as it was written.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    call: Call,
    status: u16,
    /// A part of the body; `None` when there is none, or null.
    data: Option<Bytes>,
    request_id: Option<RequestId>,
    total: Option<u64>,
}

impl Reply {
    /// Reads an answer. `secrets` are taken out of whatever is repeated from it.
    pub(crate) fn read(call: Call, response: &Response<Bytes>, secrets: &[&str]) -> Result<Self, CallError> {
        let status = response.status().as_u16();
        let empty = Self {
            call,
            status,
            data: None,
            request_id: request_id(response.headers(), secrets),
            total: None,
        };
        let Some(object) = checked(call, response, secrets)? else {
            return Ok(empty);
        };
        match object.raw("data").map(RawValue::get) {
            Some("false") => Err(CallError::Absent { call }),
            None if object.raw("error").is_none() => {
                Err(empty.undecodable("neither `error` nor `data` is in it"))
            }
            None | Some("null") => Ok(empty),
            Some(data) => Ok(Self {
                data: Some(response.body().slice_ref(data.as_bytes())),
                total: total(&object),
                ..empty
            }),
        }
    }

    /// Decodes a list, each entry of which must have its key.
    ///
    /// An entry without it fails the whole: left out silently it would look absent.
    pub(crate) fn list<T>(
        &self,
        decode: impl Fn(&Fields<'_>) -> Result<T, Flaw>,
    ) -> Result<Vec<T>, CallError> {
        let data = self.data.as_ref();
        let data = data.ok_or(CallError::Absent { call: self.call })?;
        if !data.starts_with(b"[") {
            return Err(self.undecodable("`data` is no list"));
        }
        self.decode_list(data, decode)
    }

    /// Decodes a list that lies in `rows`, or bare, together with how long VPSie says it is.
    pub(crate) fn rows<T>(
        &self,
        decode: impl Fn(&Fields<'_>) -> Result<T, Flaw>,
    ) -> Result<Listing<T>, CallError> {
        let data = self.data.as_ref();
        let data = data.ok_or(CallError::Absent { call: self.call })?;
        let Ok(object) = fields(data) else {
            return self.listing(decode);
        };
        let rows = object.raw("rows").map(|rows| rows.get().as_bytes());
        let rows = rows.filter(|rows| rows.starts_with(b"["));
        let rows = rows.ok_or_else(|| self.undecodable("`data` holds no list of `rows`"))?;
        Ok(Listing {
            entries: self.decode_list(rows, decode)?,
            total: object.number(&["count", "total"]).or(self.total),
        })
    }

    fn decode_list<T>(
        &self,
        list: &[u8],
        decode: impl Fn(&Fields<'_>) -> Result<T, Flaw>,
    ) -> Result<Vec<T>, CallError> {
        let mut decoded = Vec::new();
        let taken = entries(list, |entry| {
            let index = decoded.len();
            let entry = entry.map_err(|_| self.undecodable(&format!("entry {index} is no object")))?;
            let entry = decode(&entry).map_err(|flaw| self.flawed(&format!("entry {index}"), flaw))?;
            decoded.push(entry);
            Ok(())
        });
        match taken {
            Ok(()) => Ok(decoded),
            Err(Interrupted::By(error)) => Err(error),
            Err(Interrupted::NotAList) => Err(self.undecodable("`data` cannot be read to its end")),
        }
    }

    /// Decodes a list together with how long VPSie says it is.
    pub(crate) fn listing<T>(
        &self,
        decode: impl Fn(&Fields<'_>) -> Result<T, Flaw>,
    ) -> Result<Listing<T>, CallError> {
        Ok(Listing {
            entries: self.list(decode)?,
            total: self.total,
        })
    }

    /// Decodes the object.
    pub(crate) fn object<T>(&self, decode: impl Fn(&Fields<'_>) -> Result<T, Flaw>) -> Result<T, CallError> {
        let data = self.data.as_ref();
        let data = data.ok_or(CallError::Absent { call: self.call })?;
        let object = fields(data).map_err(|_| self.undecodable("`data` is no object"))?;
        decode(&object).map_err(|flaw| self.flawed("`data`", flaw))
    }

    /// Returns the object if there is one; nothing and `true` are as good.
    pub(crate) fn acceptance(&self) -> Result<Option<Fields<'_>>, CallError> {
        match self.data.as_deref() {
            None | Some(b"true") => Ok(None),
            Some(data) => match fields(data) {
                Ok(object) => Ok(Some(object)),
                Err(_) => Err(self.undecodable("`data` is neither true nor an object")),
            },
        }
    }

    fn flawed(&self, what: &str, flaw: Flaw) -> CallError {
        self.undecodable(&match flaw {
            Flaw::Missing(key) => format!("{what} has no `{key}`"),
            Flaw::Unreadable(part) => format!("`{part}` of {what} cannot be read to its end"),
        })
    }

    fn undecodable(&self, problem: &str) -> CallError {
        let problem = problem.to_owned();
        CallError::Undecodable {
            call: self.call,
            status: self.status,
            problem,
            request_id: self.request_id.clone(),
        }
    }
}

/// Reads how long a list is: a number, or a list with a count in it.
fn total(object: &Fields<'_>) -> Option<u64> {
    let mut counts = Vec::new();
    let counted = object.for_each_object("total", |entry| counts.extend(entry.number::<u64>(&["count"])));
    let listed = counted.ok().and(counts.first().copied());
    object.number(&["total", "total "]).or(listed)
}

/// Returns the JSON object of an answer that reports no error; `None` for an empty one.
pub(crate) fn checked<'a>(
    call: Call,
    response: &'a Response<Bytes>,
    secrets: &[&str],
) -> Result<Option<Fields<'a>>, CallError> {
    unreferenced(call, response, secrets)
        .map_err(|error| error.under(request_id(response.headers(), secrets)))
}

/// Does what [`checked`] does, but the error does not know what VPSie calls the exchange.
fn unreferenced<'a>(
    call: Call,
    response: &'a Response<Bytes>,
    secrets: &[&str],
) -> Result<Option<Fields<'a>>, CallError> {
    let request_id = None;
    let status = response.status().as_u16();
    // These two mean the same whoever answers, VPSie or a gateway before it.
    if status == 401 {
        return Err(CallError::Unauthorized { call, request_id });
    }
    if status == 429 {
        return Err(CallError::RateLimited {
            call,
            retry_after: retry_after(response.headers()),
            request_id,
        });
    }
    let body = response.body().trim_ascii();
    if body.is_empty() && response.status().is_success() {
        return Ok(None);
    }
    let Ok(object) = fields(body) else {
        return Err(no_answer(call, response, body, secrets));
    };
    match complaint(status, &object) {
        None if response.status().is_success() => Ok(Some(object)),
        None => Err(unexplained(call, status)),
        Some(message) => Err(failure(call, status, &object, &scrub(&message, secrets))),
    }
}

/// Returns what VPSie complains about, if it does.
fn complaint(status: u16, object: &Fields<'_>) -> Option<String> {
    let word = match object.scalar("error") {
        Some(Scalar::Text(word)) => Some(word.into_owned()),
        Some(Scalar::Number(_) | Scalar::Flag(_)) | None => None,
    };
    let failed = match object.scalar("error") {
        Some(Scalar::Flag(failed)) => failed,
        Some(Scalar::Text(word)) => !word.is_empty(),
        Some(Scalar::Number(number)) => number.parse() != Ok(0.0),
        // A list or an object says more than a truth would.
        None => object.raw("error").is_some_and(|error| error.get() != "null"),
    };
    let message = spoken(object);
    let explained = status >= 400 && (message.is_some() || object.raw("code").is_some());
    let message = message.or_else(|| spoken(&object.object("error")?)).or(word);
    (failed || explained).then(|| message.unwrap_or_else(|| "no message".to_owned()))
}

fn spoken(object: &Fields<'_>) -> Option<String> {
    match object.scalar("message")? {
        Scalar::Text(message) => Some(message.into_owned()),
        Scalar::Number(_) | Scalar::Flag(_) => None,
    }
}

/// Sorts a failure that VPSie explains.
fn failure(call: Call, status: u16, object: &Fields<'_>, message: &str) -> CallError {
    let (message, request_id) = (message.to_owned(), None);
    if status >= 500 {
        return CallError::Server {
            call,
            status,
            message,
            request_id,
        };
    }
    let reason = RefusalReason::of(&message);
    if reason == RefusalReason::NotAuthenticated {
        return CallError::Unauthorized { call, request_id };
    }
    if status == 403 {
        return CallError::Forbidden {
            call,
            message,
            request_id,
        };
    }
    let not_found = matches!(reason, RefusalReason::NotFound | RefusalReason::ClusterNotFound);
    if status == 404 || (status < 300 && not_found) {
        return CallError::NotFound {
            call,
            message,
            request_id,
        };
    }
    let code = object.scalar("code").and_then(|code| match code {
        Scalar::Number(number) => number.parse().ok(),
        Scalar::Text(text) => text.parse().ok(),
        Scalar::Flag(_) => None,
    });
    CallError::Refused {
        call,
        status,
        code,
        message,
        request_id,
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
                request_id: None,
            };
        }
        300..400 => "it is a redirect, which is not followed",
        _ => "the status says failure, the body does not",
    };
    CallError::Undecodable {
        call,
        status,
        problem: problem.to_owned(),
        request_id: None,
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
            request_id: None,
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
                request_id: None,
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

/// Reads how long VPSie asks us to wait: seconds, or a date. A date is compared with the
/// date of the answer, since clocks differ; without one it says nothing.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    let wait = if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long wait all the same.
        Duration::from_secs(asked.parse().unwrap_or(u64::MAX))
    } else {
        let until = httpdate::parse_http_date(asked).ok()?;
        let now = httpdate::parse_http_date(text(DATE)?).ok()?;
        until.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

/// Reads what VPSie calls the exchange, unless it is a secret or nothing to show.
pub(crate) fn request_id(headers: &HeaderMap, secrets: &[&str]) -> Option<RequestId> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?.trim();
    if scrub(text, secrets) != text {
        return None;
    }
    RequestId::new(text).ok()
}

#[cfg(test)]
mod tests;
