//! Tests of reading answers.

use super::*;

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
    let data = read(status, &[], body).map(|reply| reply.data);
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

#[test]
fn retry_after_is_read_in_seconds_and_bounded() {
    for (value, expected) in [
        ("7", Some(7)),
        ("999999999", Some(LONGEST_RETRY_AFTER.as_secs())),
        ("99999999999999999999999", None),
        ("-1", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ] {
        let retry_after = expected.map(Duration::from_secs);
        let limited = CallError::RateLimited {
            call: CALL,
            retry_after,
        };
        assert_eq!(read(429, &[("retry-after", value)], ""), Err(limited), "{value}");
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
    assert_eq!(json.map(|reply| reply.data), Ok(Some(Value::Bool(true))));
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
    let key = |fields: Fields<'_>| fields.text(&["identifier"]).ok_or(MissingKey("identifier"));
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
                problem
            }),
            "{data}"
        );
    }
    assert_eq!(list("null"), Err(CallError::Absent { call: CALL }));
    assert_eq!(list("false"), Err(CallError::Absent { call: CALL }));
}

/// Deep nesting is refused by the parser, not by the stack.
#[test]
fn deeply_nested_json_is_undecodable() {
    let body = format!("{{\"data\":{}", "[".repeat(100_000));
    assert_eq!(read(200, &[], &body).unwrap_err().label(), "undecodable");
}
