//! Tests of reading answers.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Accepted, Cluster, ClusterSummary, EffectError, NodeGroup, Offer};

const CALL: Call = Call::ListClusters;

fn read(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Reply, CallError> {
    let response = headers
        .iter()
        .fold(Response::builder().status(status), |response, (name, value)| {
            response.header(*name, *value)
        });
    Reply::read(
        CALL,
        &response.body(Bytes::from(body.to_owned())).unwrap(),
        &["s3cr3t"],
    )
}

#[track_caller]
fn check(status: u16, body: &str, expected: Result<Option<Value>, CallError>) {
    let value = |data: Bytes| serde_json::from_slice(&data).expect("data is JSON");
    let data = read(status, &[], body).map(|reply| reply.data.map(value));
    assert_eq!(data, expected, "{status} {body}");
}

#[test]
fn success_comes_in_many_shapes() {
    check(
        200,
        r#"{"error":false,"data":[]}"#,
        Ok(Some(Value::Array(vec![]))),
    );
    check(
        200,
        r#"{"error":false,"data":[],"total":[{"count":7}]}"#,
        Ok(Some(Value::Array(vec![]))),
    );
    check(200, r#"{"data":true}"#, Ok(Some(Value::Bool(true))));
    check(201, r#"{"error":null,"data":true}"#, Ok(Some(Value::Bool(true))));
    check(200, r#"{"error":"","data":true}"#, Ok(Some(Value::Bool(true))));
    check(200, r#"{"error":0,"data":true}"#, Ok(Some(Value::Bool(true))));
    check(200, r#"{"error":false}"#, Ok(None));
    check(204, "", Ok(None));
}

/// The code may be a number or text; the message may be missing.
#[test]
fn refusal_keeps_code_and_message() {
    let refused = |status, code, message: &str| {
        Err(CallError::Refused {
            call: CALL,
            status,
            code,
            message: message.to_owned(),
            request_id: None,
        })
    };
    check(
        200,
        r#"{"error":true,"code":7,"message":"odd"}"#,
        refused(200, Some(7), "odd"),
    );
    check(
        400,
        r#"{"code":"7","message":"odd","stack":"at x.js"}"#,
        refused(400, Some(7), "odd"),
    );
    check(409, r#"{"error":{"message":"odd"}}"#, refused(409, None, "odd"));
    check(400, r#"{"error":"OddWord"}"#, refused(400, None, "OddWord"));
    check(200, r#"{"error":1}"#, refused(200, None, "no message"));
}

/// E31.
#[test]
fn error_as_a_word_is_understood() {
    let body = r#"{"error":"QuotaExceeded","message":"VM quota exceeded. Limit: 10, Used: 10","code":403}"#;
    let error = read(403, &[], body).unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::PlanLimit));
    assert_eq!(error.label(), "forbidden");
}

#[track_caller]
fn check_retry_after(headers: &[(&str, &str)], expected: Option<u64>) {
    let limited = CallError::RateLimited {
        call: CALL,
        retry_after: expected.map(Duration::from_secs),
        request_id: None,
    };
    assert_eq!(read(429, headers, ""), Err(limited), "{headers:?}");
}

#[test]
fn retry_after_is_read_in_seconds_and_bounded() {
    for (value, expected) in [
        ("7", Some(7)),
        ("999999999", Some(3600)),
        ("99999999999999999999999", Some(3600)),
        ("-1", None),
        ("", None),
        ("soon", None),
        // Without the date of the answer a date says nothing.
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ] {
        check_retry_after(&[("retry-after", value)], expected);
    }
}

#[test]
fn retry_after_is_read_as_a_date_and_bounded() {
    let answered = "Wed, 21 Oct 2026 07:28:00 GMT";
    for (value, expected) in [
        ("Wed, 21 Oct 2026 07:28:45 GMT", Some(45)),
        ("Wednesday, 21-Oct-26 07:28:45 GMT", Some(45)),
        ("Wed Oct 21 07:28:45 2026", Some(45)),
        ("Wed, 21 Oct 2026 07:00:00 GMT", Some(0)),
        ("Wed, 21 Oct 2037 07:28:45 GMT", Some(3600)),
        ("Wed, 99 Oct 2026 07:28:45 GMT", None),
    ] {
        check_retry_after(&[("date", answered), ("retry-after", value)], expected);
    }
    let date = ("retry-after", answered);
    check_retry_after(&[("date", "yesterday"), date], None);
}

/// VPSie's support finds a request by what VPSie calls it.
#[test]
fn error_keeps_what_vpsie_calls_the_exchange() {
    let no = r#"{"error":true,"message":"no"}"#;
    for (status, body) in [
        (400, no),
        (401, no),
        (403, no),
        (404, no),
        (429, no),
        (500, no),
        (200, r#"{"error":true,"message":"Please authenticate"}"#),
        (200, r#"{"data":7}"#),
        (200, "garbage"),
        (302, ""),
        (502, "<html>"),
    ] {
        let reply = read(status, &[("x-request-id", " 3f2a-1 ")], body);
        let error = reply.and_then(|reply| reply.object(|_| Ok(()))).expect_err(body);
        assert_eq!(
            error.request_id().map(RequestId::as_str),
            Some("3f2a-1"),
            "{error}"
        );
        assert!(error.to_string().contains(" [request 3f2a-1]; "), "{error}");
        let error = read(status, &[], body).and_then(|reply| reply.object(|_| Ok(())));
        assert_eq!(error.expect_err(body).request_id(), None);
    }
}

#[test]
fn name_of_the_exchange_that_cannot_be_shown_is_left_out() {
    for odd in ["", "a b", &"x".repeat(129), "my-s3cr3t-id", "token=hunter2"] {
        let error = read(500, &[("x-request-id", odd)], "").unwrap_err();
        assert_eq!(error.request_id(), None, "{odd}");
    }
}

/// Half a reply could hold an initial password, so nothing of it is quoted.
#[test]
fn broken_json_is_never_quoted() {
    for status in [200, 400, 500] {
        let error = read(status, &[], r#"{"data":{"initial_password":"hunter2","#).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn web_pages_are_known_by_type_or_by_look() {
    let page = |status, prefix: &str| {
        Err(CallError::Html {
            call: CALL,
            status,
            prefix: prefix.to_owned(),
            request_id: None,
        })
    };
    assert_eq!(
        read(200, &[("content-type", "Text/HTML; charset=utf-8")], "Hello"),
        page(200, "Hello")
    );
    assert_eq!(read(503, &[], " <html>"), page(503, "<html>"));
    assert_eq!(
        read(404, &[], "<a href=\"?token=x\">"),
        page(404, "<a href=\"?token=[redacted]\">")
    );
    // JSON under a wrong type is still JSON.
    let json = read(
        200,
        &[("content-type", "text/html")],
        r#"{"error":false,"data":true}"#,
    );
    assert_eq!(json.map(|reply| reply.data), Ok(Some(Bytes::from("true"))));
}

#[test]
fn secret_at_the_cut_of_a_page_does_not_pass() {
    for padding in 180..210 {
        let body = format!("<{} s3cr3t", "x".repeat(padding));
        let error = read(502, &[], &body).unwrap_err();
        assert!(!error.to_string().contains("s3c"), "{error}");
    }
}

#[test]
fn list_entries_must_have_their_key() {
    let key = |fields: &Fields<'_>| fields.text(&["identifier"]).ok_or(Flaw::Missing("identifier"));
    let list = |data: &str| read(200, &[], &format!(r#"{{"error":false,"data":{data}}}"#))?.list(key);
    assert_eq!(
        list(r#"[{"identifier":"a"},{"identifier":7}]"#),
        Ok(vec!["a".to_owned(), "7".to_owned()])
    );
    for (data, part) in [
        (r#"[{"identifier":"a"},{}]"#, "entry 1 has no `identifier`"),
        (r#"[{"identifier":""}]"#, "entry 0 has no `identifier`"),
        ("[null]", "entry 0 is no object"),
        (r#"{"rows":[]}"#, "`data` is no list"),
        ("true", "`data` is no list"),
    ] {
        let problem = part.to_owned();
        assert_eq!(
            list(data),
            Err(CallError::Undecodable {
                call: CALL,
                status: 200,
                problem,
                request_id: None
            }),
            "{data}"
        );
    }
    assert_eq!(list("null"), Err(CallError::Absent { call: CALL }));
    assert_eq!(list("false"), Err(CallError::Absent { call: CALL }));
}

/// White space shrinks, so even the end of what is looked at can come into view.
#[test]
fn word_at_the_end_of_what_is_looked_at_is_left_out() {
    let blank = " ".repeat(SCRUBBED - 5);
    let error = read(502, &[], &format!("<a {blank}s3cr3t")).unwrap_err();
    assert_eq!(
        error,
        CallError::Html {
            call: CALL,
            status: 502,
            prefix: "<a".to_owned(),
            request_id: None
        }
    );
}

/// The base URL is wrong then, and the message should not send a reader elsewhere.
#[test]
fn redirect_is_named_as_such() {
    for body in ["", "moved", "{}"] {
        let error = read(301, &[("location", "https://elsewhere.example")], body).unwrap_err();
        let problem = "it is a redirect, which is not followed".to_owned();
        assert_eq!(
            error,
            CallError::Undecodable {
                call: CALL,
                status: 301,
                problem,
                request_id: None
            }
        );
    }
}

/// Deep nesting is refused by the parser, not by the stack.
#[test]
fn deeply_nested_json_is_undecodable() {
    let body = format!("{{\"data\":{}", "[".repeat(100_000));
    assert_eq!(read(200, &[], &body).unwrap_err().label(), "undecodable");
}

/// Makes JSON out of the names and values that our decoders look at.
fn any_json() -> impl Strategy<Value = Value> {
    let names =
        "identifier|id|error|data|message|code|count|nodes|masters|slaves|hostname|created_on|private_ip";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}|s3cr3t|2026-01-20 08:00:00".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    /// Whatever comes, an answer comes out, without a panic and without our secret.
    #[test]
    fn every_answer_is_read(status in 100..600_u16, body in any_json(), cut in 0..400_usize) {
        let whole = body.to_string();
        let cut: String = whole.chars().take(cut).collect();
        for body in [&whole, &cut] {
            let Ok(reply) = read(status, &[], body).map_err(|error| {
                assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
            }) else { continue };
            let _all_of_them = (
                reply.list(ClusterSummary::decode).is_ok(),
                reply.list(NodeGroup::decode).is_ok(),
                reply.list(Offer::decode).is_ok(),
                reply.object(Cluster::decode).is_ok(),
                reply.acceptance().is_ok_and(|told| Accepted::decode(told.as_ref()) == Accepted::default()),
            );
        }
    }

    /// Bytes that are no text at all are read as well.
    #[test]
    fn every_body_is_read(status in 100..600_u16, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let response = Response::builder().status(status).body(Bytes::from(body)).unwrap();
        let read = Reply::read(CALL, &response, &["s3cr3t"]);
        prop_assert!(read.is_err() || response.status().is_success());
    }
}

/// E22: an account password that is missing or wrong is answered with success and an error in it.
#[test]
fn wrong_password_is_a_refusal_in_spite_of_the_status() {
    let error = read(
        200,
        &[],
        r#"{"error":true,"message":"You entered the wrong password"}"#,
    )
    .unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::WrongPassword));
    assert!(matches!(EffectError::from(error), EffectError::Refused(_)));
}

/// E32: an answer without an envelope, which only a mock gives, proves neither success nor failure.
#[test]
fn answer_without_an_envelope_leaves_the_outcome_unknown() {
    let error = read(200, &[], r#"{"message":"VPS deleted successfully","vmId":1000}"#).unwrap_err();
    assert_eq!(error.label(), "undecodable");
    assert!(matches!(EffectError::from(error), EffectError::Unknown(_)));
}

/// A list that is longer than any could be, or an object with more fields, is refused as a whole.
#[test]
fn lists_and_objects_have_a_largest_size() {
    let list = |entries: usize| {
        let entries = vec![r#"{"identifier":"a"}"#; entries].join(",");
        let reply = read(200, &[], &format!(r#"{{"data":[{entries}]}}"#)).unwrap();
        reply.list(ClusterSummary::decode).map(|list| list.len())
    };
    assert_eq!(list(100_000), Ok(100_000));
    assert_eq!(list(100_001).unwrap_err().label(), "undecodable");
    let fields = |count: usize| {
        let fields = vec![r#""a":0"#; count].join(",");
        let reply = read(200, &[], &format!(r#"{{"data":{{{fields}}}}}"#)).unwrap();
        reply.object(Cluster::decode)
    };
    assert_eq!(fields(1000), Ok(Cluster::default()));
    assert_eq!(fields(1001).unwrap_err().label(), "undecodable");
}

/// Nodes that cannot be read to their end must not look like fewer nodes.
#[test]
fn cluster_with_too_many_nodes_is_undecodable() {
    let nodes = vec!["{}"; 100_001].join(",");
    let reply = read(200, &[], &format!(r#"{{"data":{{"nodes":[{nodes}]}}}}"#)).unwrap();
    let error = reply.object(Cluster::decode).unwrap_err();
    assert!(error.to_string().contains("`nodes` of `data`"), "{error}");
}
