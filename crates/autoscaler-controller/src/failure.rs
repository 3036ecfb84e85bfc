//! What conditions say of a failed call to VPSie: a failure that lasts is said, and written, once.

use vpsie_api::{CallError, EffectError};

/// Says why a poll failed.
///
/// While VPSie is in trouble, one poll runs into a time limit, the next into a web page, the third into the breaker.
/// They share a sentence, since a condition that changes with every poll would be written with every poll.
pub(crate) fn of_poll(error: &CallError) -> String {
    match error {
        CallError::Unauthorized { .. }
        | CallError::Forbidden { .. }
        | CallError::NotFound { .. }
        | CallError::Absent { .. }
        | CallError::Refused { .. }
        | CallError::Undecodable { .. }
        | CallError::BodyTooLarge { .. } => of_call(error),
        CallError::RateLimited { .. }
        | CallError::Html { .. }
        | CallError::Server { .. }
        | CallError::NotSent { .. }
        | CallError::HeldBack { .. }
        | CallError::BreakerOpen { .. }
        | CallError::TimedOut { .. }
        | CallError::ConnectionLost { .. } => {
            "VPSie does not answer as it should; it is asked again, and the log and /readyz say what came instead"
                .to_owned()
        }
    }
}

/// Says what came of a request that should have changed something.
pub(crate) fn of_effect(error: &EffectError) -> String {
    let cause = of_call(error.cause());
    match error {
        EffectError::Refused(_) => format!("refused, nothing was changed: {cause}"),
        EffectError::NotSent(_) => format!("not sent, nothing was changed: {cause}"),
        EffectError::Unknown(_) => format!("outcome unknown, so it is not repeated blindly: {cause}"),
    }
}

/// Says it without what differs from one exchange to the next: their ids, and how long to wait.
fn of_call(error: &CallError) -> String {
    let call = error.call();
    match error {
        CallError::RateLimited { .. } => format!("{call}: VPSie asks for fewer calls"),
        CallError::HeldBack { .. } => {
            format!("{call}: our own rate limit holds it back; allow more calls in a minute if that lasts")
        }
        CallError::BreakerOpen { .. } => {
            format!("{call}: VPSie failed too often and is left alone for a while")
        }
        CallError::Unauthorized { .. }
        | CallError::Forbidden { .. }
        | CallError::NotFound { .. }
        | CallError::Absent { .. }
        | CallError::Refused { .. }
        | CallError::Html { .. }
        | CallError::Server { .. }
        | CallError::Undecodable { .. }
        | CallError::BodyTooLarge { .. }
        | CallError::NotSent { .. }
        | CallError::TimedOut { .. }
        | CallError::ConnectionLost { .. } => error.clone().without_request_id().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use vpsie_api::{Call, RequestId};

    fn refused(id: &str) -> CallError {
        CallError::Refused {
            call: Call::AddWorker,
            status: 400,
            code: None,
            message: "Worker nodes count exceeds the allowed limit".to_owned(),
            request_id: RequestId::new(id).ok(),
        }
    }

    fn held_back(seconds: u64) -> CallError {
        CallError::HeldBack {
            call: Call::AddWorker,
            retry_after: Duration::from_secs(seconds),
        }
    }

    /// E1: the same failure reads the same whatever VPSie calls the exchange, and keeps VPSie's own words.
    #[test]
    fn same_failure_reads_the_same_in_every_exchange() {
        assert_eq!(of_poll(&refused("a")), of_poll(&refused("b")));
        assert!(of_poll(&refused("a")).contains("count exceeds the allowed limit"));
        let effect = |cause: CallError| of_effect(&EffectError::from(cause));
        assert_eq!(effect(refused("a")), effect(refused("b")));
        assert!(effect(refused("a")).starts_with("refused, nothing was changed: "));
        assert_eq!(effect(held_back(3)), effect(held_back(4)));
        assert!(effect(held_back(3)).starts_with("not sent, nothing was changed: "));
    }

    /// E1: trouble of VPSie that changes its face from poll to poll reads the same.
    #[test]
    fn trouble_of_vpsie_reads_the_same_whatever_its_face() {
        let call = Call::GetCluster;
        let server = |status| CallError::Server {
            call,
            status,
            message: String::new(),
            request_id: RequestId::new("a").ok(),
        };
        let faces = [
            server(500),
            server(503),
            CallError::TimedOut { call },
            CallError::BreakerOpen {
                call,
                retry_after: Duration::from_secs(9),
            },
        ];
        for face in &faces {
            assert_eq!(of_poll(face), of_poll(&faces[0]));
        }
        assert_ne!(of_poll(&CallError::Absent { call }), of_poll(&faces[0]));
    }
}
