//! What stands before every handler: how often, from which page, and with whose leave.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::uri::Authority;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::State as Shared;
use super::access::{Access, Leave, Token, Visit};
use super::problem::Problem;
use crate::server::Peer;

/// Longest token that is looked at; those of Kubernetes have a thousand characters.
const LONGEST_TOKEN: usize = 8 << 10;

/// What stands before a path where rights are asked for: Kubernetes grants get on `/api/*` to everybody it knows.
const RIGHTS: &str = "/vpsie-autoscaler";

/// What every answer carries: it is data of one origin, and no page, script or frame.
const SECURITY: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "private, no-cache"),
];

/// Lets a request through, or says why not.
pub(super) async fn guarded(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match admitted(&shared, &parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

/// Adds the headers of security to an answer.
pub(super) async fn secured(mut response: Response) -> Response {
    for (name, value) in SECURITY {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn admitted(shared: &Shared, request: &Parts) -> Result<(), Problem> {
    shared.quotas.ask(client(&request.extensions))?;
    refusal_of_another_origin(&request.headers)?;
    match &shared.access {
        Access::Loopback { may_refresh } => {
            refusal_of_another_host(request)?;
            let only_reads = [Method::GET, Method::HEAD].contains(&request.method);
            if only_reads || *may_refresh {
                return Ok(());
            }
            let detail = "without a token this API only reads";
            Err(Problem::new(StatusCode::FORBIDDEN, detail))
        }
        Access::Tokens(doorkeeper) => {
            let visit = Visit {
                token: token(&request.headers)?,
                method: request.method.clone(),
                path: path(request),
            };
            match doorkeeper.judge(&visit).await {
                Ok(Leave::Granted) => Ok(()),
                Ok(Leave::Unknown) => Err(unauthorized("the API server does not know this token")),
                Ok(Leave::Denied) => Err(denied(&visit)),
                Err(error) => {
                    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
                    Err(problem.retry_after(5))
                }
            }
        }
    }
}

fn denied(visit: &Visit) -> Problem {
    let verb = visit.method.as_str().to_lowercase();
    let detail = format!(
        "the bearer of this token lacks the verb {verb} on the non-resource URL {}",
        visit.path
    );
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// Takes the path as the description has it, so that what is asked of the doorkeeper is one of few things.
fn path(request: &Parts) -> String {
    let matched = request.extensions.get::<MatchedPath>();
    format!("{RIGHTS}{}", matched.map_or("/api", MatchedPath::as_str))
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

fn token(headers: &HeaderMap) -> Result<Token, Problem> {
    let value = headers.get(header::AUTHORIZATION);
    let text = value.and_then(|value| value.to_str().ok());
    let token = text.and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim());
    match token.filter(|token| !token.is_empty() && token.len() <= LONGEST_TOKEN) {
        Some(token) => Ok(Token::new(token)),
        None => Err(unauthorized(
            "send a token of Kubernetes as `Authorization: Bearer …`",
        )),
    }
}

/// Refuses what a page of somebody else has a browser send: such a page cannot set this header.
fn refusal_of_another_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| Some(origin.split_once("://")?.1));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if origin.is_some() && origin == host {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "pages of another origin may not use this API",
    ))
}

/// Refuses a name that is not of this machine: somebody may have bound a name of his own to our address.
fn refusal_of_another_host(request: &Parts) -> Result<(), Problem> {
    let in_header = request.headers.get(header::HOST);
    let in_header = in_header.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let host = request.uri.authority().cloned().or(in_header);
    if host.as_ref().is_some_and(|host| is_of_loopback(host.host())) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "ask for localhost or an address of loopback; another name is not answered here",
    ))
}

fn is_of_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Names the client of a request: its address, of IPv6 the network, of which one client has as many as it likes.
pub(super) fn client(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<Peer>();
    match peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0.to_canonical()) {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(HeaderName, &str)]) -> Parts {
        let mut request = http::Request::builder().uri("/api/nodes");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// DNS rebinding: a page whose name leads to loopback sends that name as the host.
    #[test]
    fn only_names_of_this_machine_are_answered_without_a_token() {
        for host in [
            "localhost",
            "LOCALHOST:8082",
            "127.0.0.1:8082",
            "127.1.2.3",
            "[::1]:8082",
        ] {
            let request = request(&[(header::HOST, host)]);
            assert_eq!(refusal_of_another_host(&request), Ok(()), "{host}");
        }
        for host in [
            "evil.example:8082",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "127.0.0.1.evil",
        ] {
            let request = request(&[(header::HOST, host)]);
            let refusal = refusal_of_another_host(&request).expect_err(host);
            assert_eq!(refusal.into_response().status(), StatusCode::MISDIRECTED_REQUEST);
        }
        refusal_of_another_host(&request(&[])).expect_err("no host at all");
    }

    #[test]
    fn pages_of_others_are_refused() {
        let host = (header::HOST, "localhost:8082");
        let check = |origin: &str| {
            let request = request(&[host.clone(), (header::ORIGIN, origin)]);
            refusal_of_another_origin(&request.headers).is_ok()
        };
        assert!(check("http://localhost:8082"));
        for origin in ["http://localhost:3000", "https://evil.example", "null", ""] {
            assert!(!check(origin), "{origin}");
        }
        assert_eq!(refusal_of_another_origin(&request(&[host]).headers), Ok(()));
    }

    #[test]
    fn token_is_what_stands_behind_bearer() {
        let read = |text: &str| token(&request(&[(header::AUTHORIZATION, text)]).headers).ok();
        assert_eq!(read("Bearer abc"), Some(Token::new("abc")));
        assert_eq!(read("bearer  abc"), Some(Token::new("abc")));
        for text in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read(&format!("Bearer {}", "a".repeat(LONGEST_TOKEN + 1))), None);
    }

    #[test]
    fn client_is_an_address_or_a_network_of_ipv6() {
        let of = |ip: &str| {
            let mut request = request(&[]);
            request.extensions.insert(Peer(ip.parse().unwrap()));
            client(&request.extensions).to_string()
        };
        assert_eq!(of("10.1.2.3"), "10.1.2.3");
        assert_eq!(of("::ffff:10.1.2.3"), "10.1.2.3");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
