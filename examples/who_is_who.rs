//! Tells which machine belongs to which claim, and why: `cargo run -p examples --example who_is_who`.
//!
//! Three claims ask for machines, and four cycles pass. Everything is a value: no cluster, no token, no clock.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use node_match::{Baseline, Claim, Machine, Node, Snapshot, explain, match_fleet};

fn main() -> Result<(), Box<dyn Error>> {
    let start = DateTime::from_timestamp(1_769_241_900, 0).ok_or("the moment is out of range")?;
    Ok(std::io::stdout().write_all(story(start)?.as_bytes())?)
}

/// Lets four cycles pass and writes down what matching says of each.
fn story(start: DateTime<Utc>) -> Result<String, std::fmt::Error> {
    let mut snapshot = Snapshot::new(start + TimeDelta::minutes(1));
    // What was there before the request: nothing of it is ever handed out.
    let before = Arc::new(Baseline::new(true, ["71001"]));
    snapshot
        .claims
        .extend(["pool-1", "pool-2"].map(|name| asked(name, start, &before)));
    snapshot.claims.push(Claim {
        instance_id: Some(71001),
        ..asked("old", start - TimeDelta::days(3), &before)
    });
    snapshot.machines.push(machine(71001, "running"));

    let mut text = String::new();
    tell(
        &mut text,
        "Two claims wait, and the only machine belongs to a third.",
        &snapshot,
    )?;

    snapshot.now += TimeDelta::minutes(2);
    snapshot.machines.push(machine(71002, "installing"));
    tell(
        &mut text,
        "A machine appears. VPSie named it, and it is being installed.",
        &snapshot,
    )?;

    snapshot.now += TimeDelta::minutes(2);
    snapshot.machines[1].status = None;
    snapshot.machines.push(machine(71003, "running"));
    snapshot.nodes.push(Node {
        name: "hel-kubernetes-49ab-slave-71002".into(),
        addresses: vec!["10.0.0.2".into()],
        ..Node::default()
    });
    tell(
        &mut text,
        "As many new machines as claims: the earliest request gets the oldest.",
        &snapshot,
    )?;

    snapshot.now += TimeDelta::minutes(1);
    snapshot.machines.push(machine(71004, "running"));
    tell(
        &mut text,
        "One machine too many: somebody else adds machines, so nobody can tell.",
        &snapshot,
    )?;
    Ok(text)
}

/// Makes a claim for which a machine was asked.
fn asked(name: &'static str, at: DateTime<Utc>, before: &Arc<Baseline>) -> Claim<'static> {
    Claim {
        uid: name.into(),
        name: name.into(),
        cluster: "0d6c".into(),
        group: Some(412),
        creation_requested: true,
        requested_at: Some(at),
        baseline: Some(Arc::clone(before)),
        ..Claim::default()
    }
}

/// Makes a machine as VPSie reports it.
fn machine(id: u64, status: &'static str) -> Machine<'static> {
    Machine {
        id: Some(id),
        cluster: "0d6c".into(),
        hostname: Some(format!("hel-kubernetes-49ab-slave-{id}").into()),
        addresses: vec![format!("10.0.0.{}", id % 1000).into()],
        status: Some(status.into()),
        ..Machine::default()
    }
}

/// Matches, and says of each claim why it has what it has.
fn tell(text: &mut String, title: &str, snapshot: &Snapshot<'_>) -> std::fmt::Result {
    writeln!(text, "{}  {title}", snapshot.now.format("%H:%M"))?;
    let matching = match_fleet(snapshot);
    for why in explain(snapshot, &matching) {
        for (place, sentence) in why.sentences().iter().enumerate() {
            let name = if place == 0 { &*why.claim.name } else { "" };
            writeln!(text, "  {name:7} {sentence}")?;
        }
    }
    writeln!(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The story ends as it is told: nobody, nobody, both, nobody.
    #[test]
    fn story_is_told_to_its_end() {
        let text = story(DateTime::UNIX_EPOCH).expect("text takes any text");
        let verdicts = |name: &str| -> Vec<String> {
            let of = |line: &str| {
                Some(
                    line.trim()
                        .strip_prefix(name)?
                        .trim()
                        .split(':')
                        .next()?
                        .to_owned(),
                )
            };
            text.lines().filter_map(of).collect()
        };
        assert_eq!(verdicts("pool-1"), ["Waiting", "Waiting", "Matched", "Ambiguous"]);
        assert_eq!(verdicts("old"), ["Matched"; 4]);
    }
}
