//! Tests of repeating, in paused time.

use super::*;
use crate::Call;

const CALL: Call = Call::ListClusters;

fn server() -> CallError {
    CallError::Server {
        call: CALL,
        status: 503,
        message: "why".to_owned(),
        request_id: None,
    }
}

fn html(status: u16) -> CallError {
    CallError::Html {
        call: CALL,
        status,
        prefix: "why".to_owned(),
        request_id: None,
    }
}

fn limited(seconds: u64) -> CallError {
    CallError::RateLimited {
        call: CALL,
        retry_after: Some(Duration::from_secs(seconds)),
        request_id: None,
    }
}

/// Plays the answers, the last one for ever, each after `slow`; returns the end of the
/// story and when each attempt began.
async fn story(
    retry: &Retry,
    slow: Duration,
    answers: &[Result<(), CallError>],
) -> (Result<(), CallError>, Vec<Duration>) {
    let start = Instant::now();
    let mut began = vec![];
    let result = read(retry, || {
        let answer = answers[began.len().min(answers.len() - 1)].clone();
        began.push(start.elapsed());
        async move {
            tokio::time::sleep(slow).await;
            answer
        }
    });
    (result.await, began)
}

#[tokio::test(start_paused = true)]
async fn read_is_repeated_until_it_succeeds() {
    let (result, began) = story(
        &Retry::default(),
        Duration::ZERO,
        &[Err(server()), Err(server()), Ok(())],
    )
    .await;
    assert_eq!((result, began.len()), (Ok(()), 3));
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded() {
    for attempts in [1, 2, 5] {
        let retry = Retry {
            attempts,
            ..Retry::default()
        };
        let (result, began) = story(&retry, Duration::ZERO, &[Err(server())]).await;
        assert_eq!((result, began.len()), (Err(server()), attempts as usize));
    }
    assert_eq!(
        story(&Retry::never(), Duration::ZERO, &[Err(server())])
            .await
            .1
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_the_total() {
    let retry = Retry {
        attempts: u32::MAX,
        ..Retry::default()
    };
    for slow in [0, 3, 20, 30] {
        let (result, began) = story(&retry, Duration::from_secs(slow), &[Err(server())]).await;
        assert_eq!(result, Err(server()));
        assert!(began.iter().all(|at| *at <= retry.total), "{slow}: {began:?}");
        assert_eq!(began.len() > 1, slow < 20, "{slow}: {began:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_double_and_are_stretched_by_chance() {
    let waits = async |seed| {
        let retry = Retry {
            attempts: 6,
            total: Duration::from_secs(60),
            seed: Some(seed),
            ..Retry::default()
        };
        let (_, began) = story(&retry, Duration::ZERO, &[Err(server())]).await;
        began.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    let (first, again, other) = (waits(1).await, waits(1).await, waits(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    for (wait, shortest) in first.iter().zip([500, 1000, 2000, 4000, 5000]) {
        let shortest = Duration::from_millis(shortest);
        assert!(
            (shortest..=2 * shortest + Duration::from_millis(2)).contains(wait),
            "{first:?}"
        );
    }
    assert_eq!(first.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn wait_that_vpsie_asks_for_is_kept() {
    let (result, began) = story(&Retry::default(), Duration::ZERO, &[Err(limited(7)), Ok(())]).await;
    assert_eq!(result, Ok(()));
    let wait = began[1];
    assert!(
        (Duration::from_millis(7_500)..=Duration::from_millis(8_002)).contains(&wait),
        "{wait:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn wait_beyond_the_total_ends_the_call_at_once() {
    for error in [
        limited(20),
        limited(u64::MAX),
        CallError::RateLimited {
            call: CALL,
            retry_after: None,
            request_id: None,
        },
        CallError::BreakerOpen {
            call: CALL,
            retry_after: Duration::from_secs(30),
        },
    ] {
        let start = Instant::now();
        let (result, began) = story(&Retry::default(), Duration::ZERO, &[Err(error.clone())]).await;
        assert_eq!(
            (result, began.len(), start.elapsed()),
            (Err(error), 1, Duration::ZERO)
        );
    }
}

async fn attempts(error: CallError) -> usize {
    story(&Retry::default(), Duration::ZERO, &[Err(error)])
        .await
        .1
        .len()
}

fn refused(status: u16) -> CallError {
    CallError::Refused {
        call: CALL,
        status,
        code: None,
        message: text(),
        request_id: None,
    }
}

fn text() -> String {
    "why".to_owned()
}

/// What may be gone in a few seconds is tried again.
#[tokio::test(start_paused = true)]
async fn causes_that_pass_are_repeated() {
    let lost = CallError::ConnectionLost {
        call: CALL,
        reason: text(),
    };
    let not_sent = CallError::NotSent {
        call: CALL,
        reason: text(),
    };
    let timed_out = CallError::TimedOut { call: CALL };
    for error in [
        server(),
        html(502),
        refused(408),
        limited(1),
        timed_out,
        lost,
        not_sent,
    ] {
        assert_eq!(attempts(error.clone()).await, 3, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn causes_that_stay_are_not_repeated() {
    let (call, message, request_id) = (CALL, text(), None);
    let forbidden = CallError::Forbidden {
        call,
        message,
        request_id,
    };
    let (message, request_id) = (text(), None);
    let not_found = CallError::NotFound {
        call,
        message,
        request_id,
    };
    let undecodable = CallError::Undecodable {
        call,
        status: 200,
        problem: text(),
        request_id: None,
    };
    let held_back = CallError::HeldBack {
        call,
        retry_after: Duration::ZERO,
    };
    let request_id = None;
    for error in [
        html(200),
        html(404),
        refused(400),
        CallError::Unauthorized { call, request_id },
        forbidden,
        not_found,
        CallError::Absent { call },
        undecodable,
        CallError::BodyTooLarge { call },
        held_back,
    ] {
        assert_eq!(attempts(error.clone()).await, 1, "{error}");
    }
}
