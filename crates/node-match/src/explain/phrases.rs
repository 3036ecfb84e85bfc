//! Times, names and counts, as a person reads them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::explain::{BaselineState, Named};
use crate::{Claim, MergedMachine, Subject};

/// Names a machine by all that a person may know it by.
pub(super) fn machine(machine: &MergedMachine<'_>) -> String {
    let id = machine.id().map(|id| id.to_string());
    let names = [machine.hostname(), machine.identifier()];
    let known: Vec<String> = id
        .into_iter()
        .chain(names.into_iter().flatten().map(str::to_owned))
        .collect();
    match known.as_slice() {
        [] => "machine without a name".to_owned(),
        [only] => format!("machine {only}"),
        [first, others @ ..] => format!("machine {first} ({})", others.join(", ")),
    }
}

/// Names a machine or a Node.
pub(super) fn subject(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Machine(found) => machine(found),
        Subject::Node(node) => format!("Node {}", node.name),
    }
}

/// Names another claim.
pub(super) fn named(claim: &Named<'_>) -> String {
    if claim.namespace.is_empty() {
        format!("VPSieNode {}", claim.name)
    } else {
        format!("VPSieNode {}/{}", claim.namespace, claim.name)
    }
}

/// Says where a claim's machine is awaited.
pub(super) fn place(claim: &Claim<'_>) -> String {
    match claim.group {
        Some(group) => format!("group {group}"),
        None => format!("cluster {}", claim.cluster),
    }
}

/// Says when something was, and how long ago: `08:05:00 UTC (5 min ago)`.
#[must_use]
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{} UTC ({})", time(at, now), ago(now.signed_duration_since(at)))
}

/// Says when something was, with the day where it is another one.
pub(super) fn time(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if at.date_naive() == now.date_naive() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    at.format(form).to_string()
}

fn ago(passed: TimeDelta) -> String {
    if passed < TimeDelta::zero() {
        format!("in {}", duration(-passed))
    } else {
        format!("{} ago", duration(passed))
    }
}

/// Says how long something takes, in its two largest units at most.
#[must_use]
pub fn duration(length: TimeDelta) -> String {
    let (days, hours) = (length.num_days(), length.num_hours() % 24);
    let (minutes, seconds) = (length.num_minutes() % 60, length.num_seconds() % 60);
    let units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")];
    let mut parts = units.iter().skip_while(|(count, _)| *count == 0).take(2);
    let first = parts
        .next()
        .map_or("0 s".to_owned(), |(count, unit)| format!("{count} {unit}"));
    match parts.next() {
        Some((count, unit)) if *count > 0 => format!("{first} {count} {unit}"),
        Some(_) | None => first,
    }
}

/// Counts things: `1 machine`, `2 machines`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Joins words: `a`, `a and b`, `a, b and c`.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Says what is known of the time before a request.
pub(super) const fn baseline(state: BaselineState) -> &'static str {
    match state {
        BaselineState::Absent => "nothing was noted of what was there before the request",
        BaselineState::Incomplete => "what was there before the request is known only in part",
        BaselineState::Complete => "all that was there before the request is known",
    }
}

/// Makes one line of a sentence: names come from outside, and must not steer a terminal.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars().filter(|letter| !letter.is_control());
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
