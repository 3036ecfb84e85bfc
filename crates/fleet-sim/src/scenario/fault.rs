//! Faults as scenario files write them.

use serde::Deserialize;

use super::file::At;
use crate::cloud::text::{Span, Status, Times};
use crate::cloud::{CallKind, Fault, FaultEffect};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultPart {
    pub(super) call: CallKind,
    pub(super) nth: Option<At<u32>>,
    pub(super) times: Option<Times>,
    pub(super) every: Option<At<u32>>,
    pub(super) effect: At<EffectPart>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum EffectPart {
    LoseReplyAfterEffect,
    TimeOutBeforeEffect,
    #[serde(rename = "html_502")]
    Html502,
    #[serde(rename = "html_502_after_effect")]
    Html502AfterEffect,
    Status {
        code: Status,
        body: Option<String>,
    },
    Unauthorized,
    RateLimited {
        retry_after: Option<Span>,
    },
    StaleList,
    TruncatedList,
    NeverBoots,
    NeverJoins,
}

/// What a server that broke says.
const BROKEN: &str = r#"{"error":true,"message":"Something went wrong, your request is lost in the clouds"}"#;

// === impl FaultPart ===

impl FaultPart {
    pub(super) fn fault(&self) -> Fault {
        let number = |number: &Option<At<u32>>| number.as_ref().map_or(1, |number| number.value);
        Fault {
            call: self.call,
            nth: number(&self.nth),
            times: self.times.map_or(Some(1), |times| times.0),
            every: number(&self.every),
            effect: self.effect.value.effect(),
        }
    }
}

// === impl EffectPart ===

impl EffectPart {
    fn effect(&self) -> FaultEffect {
        match self {
            Self::LoseReplyAfterEffect => FaultEffect::LoseReplyAfterEffect,
            Self::TimeOutBeforeEffect => FaultEffect::TimeOutBeforeEffect,
            Self::Html502 => FaultEffect::Html502,
            Self::Html502AfterEffect => FaultEffect::Html502AfterEffect,
            Self::Status { code, body } => {
                FaultEffect::Status(code.0, body.clone().unwrap_or_else(|| BROKEN.to_owned()))
            }
            Self::Unauthorized => FaultEffect::Unauthorized,
            Self::RateLimited { retry_after } => FaultEffect::RateLimited {
                retry_after: retry_after.map(|wait| wait.0),
            },
            Self::StaleList => FaultEffect::StaleList,
            Self::TruncatedList => FaultEffect::TruncatedList,
            Self::NeverBoots => FaultEffect::NeverBoots,
            Self::NeverJoins => FaultEffect::NeverJoins,
        }
    }

    /// Says why this cannot happen to a call of this kind.
    pub(super) fn misfit(&self, call: CallKind) -> Option<&'static str> {
        match self {
            Self::NeverBoots | Self::NeverJoins if call != CallKind::AddWorker => {
                Some("only a call that makes a machine can make a broken one; use `call: add_worker`")
            }
            Self::StaleList | Self::TruncatedList if !call.lists() => {
                Some("this call lists nothing; use one that does, such as `call: cluster`")
            }
            Self::RateLimited {
                retry_after: Some(wait),
            } if wait.0.subsec_millis() > 0 => Some("Retry-After has whole seconds; leave out the rest"),
            Self::NeverBoots
            | Self::NeverJoins
            | Self::StaleList
            | Self::TruncatedList
            | Self::LoseReplyAfterEffect
            | Self::TimeOutBeforeEffect
            | Self::Html502
            | Self::Html502AfterEffect
            | Self::Status { .. }
            | Self::Unauthorized
            | Self::RateLimited { .. } => None,
        }
    }
}
