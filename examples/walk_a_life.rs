//! Walks a node from the request for it to its end and prints the audit log of that: `cargo run -p examples --example
//! walk_a_life`.
//!
//! It ends with what a verification says, of the log as it is and of one in which somebody changed a word.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::audit::{Author, Chain, Draft, Log, Stored, Verifier};
use node_lifecycle::{Event, Life, PodUid, UnhealthyAfter};

/// Says what happens, and how many minutes after what happened before.
const fn events<'p>(one: &'p [PodUid], two: &'p [PodUid]) -> [(i64, Event<'p>); 8] {
    [
        (1, Event::MachineSeen),
        (2, Event::Ready),
        (5, Event::PodsListed(one)),
        (1, Event::PodsListed(two)),
        (60, Event::PodsListed(&[])),
        (30, Event::DecommissionAllowed),
        (1, Event::PodsListed(&[])),
        (2, Event::DeleteConfirmed),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    let epoch = DateTime::from_timestamp(1_769_241_600, 0).ok_or("the moment is out of range")?;
    Ok(std::io::stdout().write_all(story(epoch)?.as_bytes())?)
}

/// Lives the life and tells it.
fn story(epoch: DateTime<Utc>) -> Result<String, Box<dyn Error>> {
    let mut now = epoch;
    let mut life = Life::requested(now);
    let mut log = Log::new(1000);
    let pods = ["web-1", "web-2"].map(PodUid::of);
    for (minutes, event) in events(&pods[..1], &pods) {
        now += TimeDelta::minutes(minutes);
        for transition in life.apply("worker-1", event, &UnhealthyAfter::default(), now)? {
            log.record(Draft::transition(&transition, Author::Observation), now);
        }
    }
    let mut text = String::new();
    let mut stored: Vec<Stored> = Vec::new();
    let mut chain = Chain::new(1, None);
    for entry in log.ring().recent(0) {
        let minute = (entry.timestamp - epoch).num_minutes();
        let message = entry.message.as_deref().unwrap_or_default();
        writeln!(text, "{minute:>3} min  {message:<30} {}", entry.reason)?;
        stored.push(chain.bind(entry).stored().clone());
    }
    writeln!(text, "pods that it ever carried: {}", life.workloads_ever())?;
    writeln!(text, "the log: {}", verdict(&stored))?;
    let second = stored.get_mut(1).ok_or("a life has more than one step")?;
    second.body = second
        .body
        .replace("first_boot_completed", "second_boot_completed");
    writeln!(text, "the log with another word in it: {}", verdict(&stored))?;
    Ok(text)
}

/// Says what a verification finds.
fn verdict(stored: &[Stored]) -> String {
    let mut verifier = Verifier::new([], None);
    stored.iter().for_each(|stored| verifier.check(stored));
    let verified = verifier.finish();
    match verified.findings.first() {
        Some(finding) => finding.to_string(),
        None => format!("{} entries, and nothing was altered or removed", verified.entries),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn life_is_told_from_the_request_to_the_end() {
        let expected = "  \
  1 min  provisioning to initializing   machine_seen
  3 min  initializing to ready          first_boot_completed
  8 min  ready to active                first_workload_added
 69 min  active to idle                 last_workload_removed
 99 min  idle to draining               decommission_requested
102 min  draining to decommissioned     provider_delete_confirmed
pods that it ever carried: 2
the log: 6 entries, and nothing was altered or removed
the log with another word in it: entry 2 of term 1 was altered
";
        assert_eq!(story(DateTime::UNIX_EPOCH).unwrap(), expected);
    }
}
