//! Which answers prove that nothing was made.

use super::script::{Answer, Script, answer, with_secret, with_token};
use crate::{
    Accepted, ClusterId, CreateGroup, EffectError, GroupNumber, NextStep, NodeUuid, RemoveWorker, RequestId,
    SizeNumber, TransportError, VpsieApi,
};

const ACCEPTED: &str = "accepted";
const NOT_SENT: &str = "not_sent";
const UNKNOWN: &str = "unknown";

async fn add(client: crate::Client) -> Result<Accepted, EffectError> {
    let request = RequestId::new("slot-1").unwrap();
    client
        .add_worker(&ClusterId::new("0d6c"), GroupNumber::new(412), &request)
        .await
}

/// I2, row by row: outcome, cause, how the answer came, and its body. `page` stands for an
/// answer that calls itself HTML.
const TABLE: &str = r#"
accepted |                 | 200      | {"error":false,"data":true}
accepted |                 | 200      | {"error":false,"data":{"id":0}}
accepted |                 | 200      | {"data":true}
accepted |                 | 200      | {"error":false}
accepted |                 | 200      |
accepted |                 | 201      | {"error":false,"data":true}
accepted |                 | 204      |

refused  | refused         | 200      | {"error":true,"code":400,"message":"Worker nodes count exceeds the allowed limit"}
refused  | refused         | 200      | {"error":true,"message":"Group G has same selected Size, please select another size"}
refused  | not_found       | 200      | {"error":true,"message":"Not found"}
refused  | not_found       | 200      | {"error":true,"message":"Kubernetes not found"}
refused  | refused         | 400      | {"error":true,"message":"Worker nodes count exceeds the allowed limit"}
refused  | refused         | 400      | {"error":true,"message":"something odd happened"}
refused  | refused         | 402      | {"error":true,"message":"something odd happened"}
refused  | forbidden       | 403      | {"error":true,"message":"something odd happened"}
refused  | forbidden       | 403      | {"error":"QuotaExceeded","message":"VM quota exceeded"}
refused  | not_found       | 404      | {"error":true,"message":"something odd happened"}
refused  | refused         | 409      | {"code":409,"message":"being deleted"}
refused  | refused         | 422      | {"error":true}

not_sent | not_sent        | not sent |
not_sent | unauthorized    | 200      | {"error":true,"message":"Please authenticate"}
not_sent | unauthorized    | 401      | {"error":true,"message":"Please authenticate"}
not_sent | unauthorized    | 401      |
not_sent | unauthorized    | 401 page | Sign in
not_sent | rate_limited    | 429      | {"error":true,"message":"slow down"}
not_sent | rate_limited    | 429 page | Slow down

unknown  | timed_out       | timed out|
unknown  | connection_lost | lost     |
unknown  | body_too_large  | too large|
unknown  | absent          | 200      | {"error":false,"data":false}
unknown  | refused         | 200      | {"error":true,"code":17,"message":"something odd happened"}
unknown  | refused         | 200      | {"error":true,"message":"Lost in the clouds"}
unknown  | refused         | 200      | {"error":true}
unknown  | undecodable     | 200      | {"error":false,"data":"fine"}
unknown  | undecodable     | 200      | {"message":"created"}
unknown  | undecodable     | 200      | {"error":false,"da
unknown  | undecodable     | 200      | true
unknown  | html            | 200      | <!DOCTYPE html><title>Sign in</title>
unknown  | html            | 200 page | Sign in
unknown  | undecodable     | 302      |
unknown  | undecodable     | 400      | nope
unknown  | undecodable     | 400      | {"error":false,"data":true}
unknown  | undecodable     | 404      |
unknown  | html            | 404 page | Nothing here
unknown  | refused         | 408      | {"error":true,"message":"something odd happened"}
unknown  | server          | 500      | {"error":true,"message":"something odd happened"}
unknown  | server          | 500      | {"error":true,"message":"Worker nodes count exceeds the allowed limit"}
unknown  | server          | 500      | {"error":true,"message":"Please authenticate"}
unknown  | server          | 500      | boom
unknown  | html            | 502      | <html>502 Bad Gateway</html>
unknown  | server          | 503      |
unknown  | html            | 504 page | Gateway time-out
"#;

/// Holds a row of the table.
struct Case {
    row: &'static str,
    outcome: &'static str,
    cause: &'static str,
    answer: Answer,
}

fn cases() -> Vec<Case> {
    let read = |row: &'static str| {
        let columns: Vec<_> = row.splitn(4, '|').map(str::trim).collect();
        let &[outcome, cause, how, body] = columns.as_slice() else {
            panic!("{row}")
        };
        Case {
            row,
            outcome,
            cause,
            answer: came(how, body),
        }
    };
    TABLE.lines().filter(|row| !row.is_empty()).map(read).collect()
}

fn came(how: &str, body: &str) -> Answer {
    match how {
        "not sent" => return Err(TransportError::NotSent("connection refused".to_owned())),
        "timed out" => return Err(TransportError::TimedOut),
        "lost" => return Err(TransportError::ConnectionLost("reset".to_owned())),
        "too large" => return Err(TransportError::BodyTooLarge),
        _status => {}
    }
    let status: u16 = how.trim_end_matches(" page").parse().unwrap();
    let mut answer = answer(status, body)?;
    if how.ends_with("page") {
        answer
            .headers_mut()
            .insert("content-type", "text/html; charset=utf-8".parse().unwrap());
    }
    Ok(answer)
}

/// I2: accepted, refused, not sent, unknown; and only two of them allow another request.
#[tokio::test]
async fn every_answer_says_what_is_known_about_the_effect() {
    for Case {
        row,
        outcome,
        cause,
        answer,
    } in cases()
    {
        let script = Script::new([answer]);
        let result = add(with_token(&script)).await;
        let found = result.as_ref().map_or_else(|error| error.label(), |_| ACCEPTED);
        let why = result.as_ref().map_or_else(|error| error.cause().label(), |_| "");
        assert_eq!((found, why), (outcome, cause), "{row}");
        assert_eq!(script.seen().len(), 1, "sent more than once: {row}");
        if let Err(error) = &result {
            assert_eq!(
                error.next_step() == NextStep::AskTheWorld,
                outcome == UNKNOWN,
                "{row}"
            );
        }
    }
}

/// I2: the same holds for every call that changes something.
#[tokio::test]
async fn every_change_is_judged_alike() {
    let cluster = ClusterId::new("0d6c");
    let group = CreateGroup {
        cluster,
        name: "g".to_owned(),
        size: SizeNumber::new(1),
    };
    let node = NodeUuid::new("2a7e");
    for Case {
        row, outcome, answer, ..
    } in cases()
    {
        let created = with_token(&Script::new([answer.clone()]))
            .create_group(&group)
            .await;
        assert_eq!(
            created.as_ref().err().map_or(ACCEPTED, EffectError::label),
            outcome,
            "{row}"
        );
        let removed = with_token(&Script::new([answer]))
            .remove_worker(&group.cluster, &node)
            .await;
        assert_eq!(
            removed.as_ref().err().map_or(ACCEPTED, EffectError::label),
            outcome,
            "{row}"
        );
    }
}

/// Every status that has been seen or reported has a row above.
#[test]
fn every_known_status_is_in_the_table() {
    let statuses: Vec<u16> = cases()
        .iter()
        .filter_map(|case| Some(case.answer.as_ref().ok()?.status().as_u16()))
        .collect();
    for known in [
        200, 201, 204, 400, 401, 402, 403, 404, 409, 429, 500, 502, 503, 504,
    ] {
        assert!(statuses.contains(&known), "{known}");
    }
}

/// Whether it reads or changes something, a call that fails names the same cause.
#[tokio::test]
async fn reads_and_changes_name_the_same_cause() {
    for Case {
        row, cause, answer, ..
    } in cases()
    {
        if cause.is_empty() {
            continue;
        }
        let clusters = with_token(&Script::new([answer])).clusters().await;
        assert_eq!(clusters.map_err(|error| error.label()), Err(cause), "{row}");
    }
}

/// I2: whatever goes wrong with the exchange of the token, the request itself was not sent.
#[tokio::test]
async fn failed_exchange_leaves_the_request_unsent() {
    let page = || answer(502, "<html>502</html>");
    for failure in [
        Err(TransportError::TimedOut),
        page(),
        answer(500, "{}"),
        Err(TransportError::BodyTooLarge),
    ] {
        let script = Script::new([failure]);
        let error = add(with_secret(&script)).await.unwrap_err();
        assert_eq!(error.label(), NOT_SENT, "{error}");
        assert_eq!(script.seen().len(), 1);
    }
}
