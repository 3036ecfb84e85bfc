//! Asks the gate about one node until it may go: `cargo run -p examples --example may_it_go`.
//!
//! Each refusal on the way is put right, and the next one shows. The time is an argument, so half an hour takes none.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::gate::{Binding, Facts, Gate, Graces, GroupFacts, Identity};
use node_lifecycle::{Decider, Doubt, Event, Life, ProtectionFacts, UnhealthyAfter, Workload};

fn main() -> Result<(), Box<dyn Error>> {
    let epoch = DateTime::from_timestamp(1_769_241_600, 0).ok_or("the moment is out of range")?;
    Ok(std::io::stdout().write_all(story(epoch)?.as_bytes())?)
}

/// Tells what the gate said, line by line.
fn story(epoch: DateTime<Utc>) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let gate = Gate::new(Graces::default())?;
    let mut now = epoch;
    let mut life = Life::requested(now);
    let binding = Binding {
        cluster: "67094cea-8ca4-11f0-8db1-06d8fc0e8e6b".to_owned(),
        vpsie_node_uid: "5f0c".to_owned(),
        resource_version: "4711".to_owned(),
        node_uid: Some("91ab".to_owned()),
        machine: "0d6c".to_owned(),
    };
    let services = ["shop/web".to_owned()];
    let mut facts = Facts {
        protection: ProtectionFacts::default(),
        identity: Identity::Unproven(Doubt::Absent),
        life: &life.clone(),
        created_at: Some(now),
        failure: None,
        is_under_way: false,
        workload: None,
        group: GroupFacts {
            min_nodes: 1,
            capacity_nodes: 1,
            ..GroupFacts::default()
        },
        last_endpoints: &services,
    };
    let mut ask = |facts: &Facts<'_>, now| {
        let answer = gate.decide(Some(facts), Decider::ScaleDownPolicy, now);
        match &answer {
            Err(refusal) => writeln!(text, "{}: {refusal}", refusal.name())?,
            Ok(permit) => writeln!(
                text,
                "permit for machine {}: {}",
                permit.binding().machine,
                permit.ground()
            )?,
        }
        Ok::<_, std::fmt::Error>(answer.ok())
    };

    ask(&facts, now)?;
    facts.protection.has_owner = true;
    facts.protection.is_group_managed = true;
    ask(&facts, now)?;
    facts.identity = Identity::Linked(&binding);
    ask(&facts, now)?;
    facts.workload = Some(Workload::default());
    ask(&facts, now)?;

    life.apply("worker-1", Event::Ready, &UnhealthyAfter::default(), now)?;
    facts.life = &life;
    facts.workload = Some(Workload {
        pods: 2,
        ..Workload::default()
    });
    ask(&facts, now)?;
    facts.workload = Some(Workload::default());
    ask(&facts, now)?;
    now += TimeDelta::minutes(30);
    ask(&facts, now)?;
    facts.group.capacity_nodes = 2;
    ask(&facts, now)?;
    facts.last_endpoints = &[];
    let permit = ask(&facts, now)?.ok_or("nothing was left to refuse")?;
    let removal = permit.redeem(&binding, now)?;
    writeln!(text, "to be removed now: machine {}", removal.machine())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gate_refuses_in_its_order_until_nothing_is_left() {
        let expected = "\
not_managed_node: Node is not managed: no VPSieNode owns it
identity_unproven: Node and machine are not proven to be one: nothing was matched, or no identifier names the machine
workload_sync_in_progress: Pods of the Node were not listed completely yet
still_starting_up: Node is still starting up: provisioning
workload_pods: Node has 2 workload pods
ready_node_too_young: Ready node too young: ready for 0 s, 30 min remain
below_min_nodes: group would have 0 usable nodes, and needs 1
last_ready_endpoint: Node carries the last ready endpoint of 1 watched Services, first shop/web
permit for machine 0d6c: never_used
to be removed now: machine 0d6c
";
        assert_eq!(story(DateTime::UNIX_EPOCH).unwrap(), expected);
    }
}
