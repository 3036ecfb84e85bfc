//! What an operator may tune, with the reason for each default.

use crate::lease::Rule;
use chrono::TimeDelta;
use node_lifecycle::{Brakes, Gate, InvalidBrake, UnhealthyAfter};
use std::time::Duration;

/// How the autoscaler behaves, apart from where its APIs are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Namespace of the autoscaler's own objects (the ConfigMap of baselines).
    pub namespace: String,
    /// Time between two polls of VPSie. Every cluster is asked once per poll, whatever its size.
    pub poll_interval: Duration,
    /// Longest time a machine may stay undiscovered after its request (`D1`, `P2`).
    pub discovery_timeout: TimeDelta,
    /// Longest time a known machine may need until its Node joins (`I4`).
    pub joining_timeout: TimeDelta,
    /// How far the clocks of VPSie, Kubernetes and this process may differ.
    pub clock_skew: TimeDelta,
    /// Longest time a request to VPSie may be under way: the time limit of the transport that carries it.
    ///
    /// A new leader waits so long, and five seconds more, before it concludes anything from an open intent.
    pub request_timeout: Duration,
    /// Wait before a removal or a group creation that VPSie may have taken, but that shows no effect, is asked for
    /// again. Both name what they are about, so a repetition does not do more than the first request.
    ///
    /// It is never shorter than the time in which the first request may still be under way (`X-6`).
    pub effect_wait: TimeDelta,
    /// How far apart complete replies of VPSie must be to count as separate proof that a machine is gone.
    ///
    /// One slow or stale page of VPSie must not count three times. Only tests make it shorter.
    pub absence_spacing: TimeDelta,
    /// The same for the proof that an open request made nothing (`I6`).
    pub candidate_spacing: TimeDelta,
    /// When a Node that was Ready and is not any longer counts as broken (`LC-11`).
    ///
    /// Observations are at least as far apart as two polls.
    pub unhealthy_after: UnhealthyAfter,
    /// When nothing is done by itself about nodes that are broken or short of disk (`LC-13a`).
    pub brakes: Brakes,
    /// What lets a machine go, with its graces (`LC-14` to `LC-23`).
    pub gate: Gate,
    /// How long a Node takes no new pods before its pods are looked at once more and its machine goes (`LC-25`).
    pub settle: TimeDelta,
    /// How long nothing is removed after the first lists are there, or leadership began (`LC-29`).
    pub first_removal: TimeDelta,
    /// How long no removal is asked for in a cluster after VPSie refused one for good (`LC-25b`).
    ///
    /// The refused one is then the first to be asked for again.
    pub refusal_pause: TimeDelta,
    /// Whether machines that no name and no address links to a claim are matched at all (`R7`).
    pub anonymous: bool,
}

/// Why the autoscaler cannot work with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A request could be repeated while the first one is still under way.
    #[error(
        "effect_wait of {wait} s is too short; use at least {least} s, in which the last request has ended: 5 s until it starts, and request_timeout"
    )]
    EffectWait {
        /// The wait, in seconds.
        wait: i64,
        /// The least wait, in seconds.
        least: u64,
    },
    /// A brake would never hold, or always.
    #[error(transparent)]
    Brakes(#[from] InvalidBrake),
    /// A time runs backwards, or is a mistake in the unit.
    #[error("{field} must be between 0 s and {most} s, and is {found} s")]
    Duration {
        /// Name of the field.
        field: &'static str,
        /// The most that it may be, in seconds.
        most: i64,
        /// What it is, in seconds.
        found: i64,
    },
    /// VPSie would be asked without a pause.
    #[error("poll_interval must be longer than nothing")]
    PollInterval,
}

/// Longest time that anything waits: longer is a mistake in the unit, and would mean never.
const LONGEST: TimeDelta = TimeDelta::days(30);

// === impl Settings ===

impl Settings {
    /// Checks what safety rests on.
    ///
    /// # Errors
    ///
    /// Names the field, and what it must cover.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.brakes.validate()?;
        if self.poll_interval.is_zero() {
            return Err(SettingsError::PollInterval);
        }
        self.check_durations()?;
        let least = Rule::REAL.patience(self.request_timeout);
        match self.effect_wait.to_std() {
            Ok(wait) if wait >= least => Ok(()),
            Ok(_) | Err(_) => Err(SettingsError::EffectWait {
                wait: self.effect_wait.num_seconds(),
                least: least.as_secs(),
            }),
        }
    }

    fn check_durations(&self) -> Result<(), SettingsError> {
        let durations = [
            ("discovery_timeout", self.discovery_timeout),
            ("joining_timeout", self.joining_timeout),
            ("clock_skew", self.clock_skew),
            ("absence_spacing", self.absence_spacing),
            ("candidate_spacing", self.candidate_spacing),
            ("settle", self.settle),
            ("first_removal", self.first_removal),
            ("refusal_pause", self.refusal_pause),
        ];
        let is_possible = |duration: TimeDelta| (TimeDelta::zero()..=LONGEST).contains(&duration);
        let mut wrong = durations
            .into_iter()
            .filter(|(_, duration)| !is_possible(*duration));
        wrong.next().map_or(Ok(()), |(field, found)| {
            Err(SettingsError::Duration {
                field,
                most: LONGEST.num_seconds(),
                found: found.num_seconds(),
            })
        })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: "kube-system".to_owned(),
            // Six polls a minute of three calls each leave most of VPSie's 100 calls a minute to effects.
            poll_interval: Duration::from_secs(10),
            discovery_timeout: TimeDelta::minutes(15),
            joining_timeout: TimeDelta::minutes(15),
            clock_skew: TimeDelta::minutes(2),
            request_timeout: Duration::from_secs(30),
            effect_wait: TimeDelta::minutes(2),
            absence_spacing: TimeDelta::seconds(30),
            candidate_spacing: TimeDelta::minutes(1),
            unhealthy_after: UnhealthyAfter::default(),
            brakes: Brakes::default(),
            gate: Gate::default(),
            // A scheduler that has not heard of the cordon has bound its pod by then.
            settle: TimeDelta::seconds(5),
            first_removal: TimeDelta::minutes(2),
            // A right that somebody grants again is noticed within the hour, and nothing is asked for in a loop.
            refusal_pause: TimeDelta::hours(1),
            anonymous: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LC-13a: a brake that makes no sense is named.
    #[test]
    fn brakes_must_make_sense() {
        let mut settings = Settings::default();
        settings.brakes.share_percent = 101;
        let refused = settings.check().expect_err("more than all").to_string();
        assert_eq!(
            refused,
            "brakes.sharePercent must be between 0 and 100, and is 101"
        );
    }

    /// Bad input: a time that cannot be is refused by the name of its field.
    #[test]
    fn impossible_durations_are_refused_by_their_field() {
        type Set = fn(&mut Settings) -> &mut TimeDelta;
        let fields: [(&str, Set); 8] = [
            ("discovery_timeout", |settings| &mut settings.discovery_timeout),
            ("joining_timeout", |settings| &mut settings.joining_timeout),
            ("clock_skew", |settings| &mut settings.clock_skew),
            ("absence_spacing", |settings| &mut settings.absence_spacing),
            ("candidate_spacing", |settings| &mut settings.candidate_spacing),
            ("settle", |settings| &mut settings.settle),
            ("first_removal", |settings| &mut settings.first_removal),
            ("refusal_pause", |settings| &mut settings.refusal_pause),
        ];
        let with = |set: Set, duration| {
            let mut settings = Settings::default();
            *set(&mut settings) = duration;
            settings.check()
        };
        for (field, set) in fields {
            assert_eq!(with(set, TimeDelta::zero()), Ok(()));
            assert_eq!(with(set, TimeDelta::days(30)), Ok(()));
            let (most, longer) = (2_592_000, TimeDelta::seconds(2_592_001));
            for wrong in [TimeDelta::seconds(-1), longer] {
                let found = wrong.num_seconds();
                let refused = SettingsError::Duration { field, most, found };
                assert_eq!(with(set, wrong), Err(refused));
                assert!(
                    refused
                        .to_string()
                        .starts_with(&format!("{field} must be between"))
                );
            }
        }
        let unpaused = Settings {
            poll_interval: Duration::ZERO,
            ..Settings::default()
        };
        assert_eq!(unpaused.check(), Err(SettingsError::PollInterval));
    }

    /// a removal or a group creation is not repeated while the first request may be under way.
    #[test]
    fn effect_wait_must_outlast_the_request_before_it() {
        let with = |seconds, request_timeout| Settings {
            effect_wait: TimeDelta::seconds(seconds),
            request_timeout: Duration::from_secs(request_timeout),
            ..Settings::default()
        };
        assert_eq!(Settings::default().check(), Ok(()));
        assert_eq!(with(35, 30).check(), Ok(()));
        assert_eq!(with(7, 2).check(), Ok(()));
        let too_short = [with(34, 30), with(6, 2), with(-1, 2)];
        let words = too_short.map(|settings| settings.check().unwrap_err().to_string());
        assert!(words[0].starts_with("effect_wait of 34 s is too short; use at least 35 s"));
        assert!(words.iter().all(|words| words.contains("effect_wait")));
    }
}
