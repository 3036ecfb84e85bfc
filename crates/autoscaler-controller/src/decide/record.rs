//! What is written down of a discovered machine.

use super::draft::Draft;
use super::view::View;
use crate::command::{Batch, Command, MachineRecord};
use crate::convert::provider_group;
use crate::intent::Intent;
use crate::resources::{NodeResources, VPSieNodeStatus};
use node_match::{Link, Match, MergedMachine};
use std::net::IpAddr;

/// Records a discovered machine (`D2`, `D3`). What is already recorded and not reported again stays.
pub(super) fn record(
    view: &View<'_>,
    batch: &mut Batch,
    draft: &mut Draft<VPSieNodeStatus>,
    found: &Match<'_>,
    machine: &MergedMachine<'_>,
) {
    let addresses = usable_addresses(machine);
    let first =
        |is_wanted: fn(&IpAddr) -> bool| addresses.iter().find(|ip| is_wanted(ip)).map(IpAddr::to_string);
    let recorded_id = || view.object().instance_id().and_then(|id| u64::try_from(id).ok());
    let record = MachineRecord {
        instance_id: machine.id().or_else(recorded_id),
        identifier: machine.identifier().map(str::to_owned),
        group: provider_group(view.object(), view.world),
        ip_address: first(IpAddr::is_ipv4),
        ipv6_address: first(IpAddr::is_ipv6),
        intent: view
            .claim
            .requested
            .intent()
            .map(|intent| with_evidence(intent, found)),
        life: None,
    };
    batch.push(Command::RecordMachine(view.target.clone(), Box::new(record)));
    describe(draft, machine);
}

/// Adds what VPSie reports of a recorded machine only now, such as the addresses of one that has booted (`D3`).
///
/// What is recorded is a fact and is never replaced (`R0`).
pub(super) fn complete(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    let Some((_, machine)) = view.found_machine() else {
        return;
    };
    let spec = &view.object().spec;
    let addresses = usable_addresses(machine);
    let missing = |recorded: Option<&str>, is_wanted: fn(&IpAddr) -> bool| {
        let is_missing = recorded.is_none_or(str::is_empty);
        let reported = addresses.iter().find(|ip| is_wanted(ip)).map(IpAddr::to_string);
        reported.filter(|_| is_missing)
    };
    let recorded_id = view.object().instance_id().and_then(|id| u64::try_from(id).ok());
    let identifier = machine.identifier().map(str::to_owned);
    let addition = MachineRecord {
        instance_id: recorded_id.or(machine.id()),
        identifier: identifier.filter(|_| view.claim.machine().is_none()),
        ip_address: missing(spec.ip_address(), IpAddr::is_ipv4),
        ipv6_address: missing(spec.ipv6_address(), IpAddr::is_ipv6),
        ..MachineRecord::default()
    };
    let adds_something = addition.instance_id != recorded_id
        || addition.identifier.is_some()
        || addition.ip_address.is_some()
        || addition.ipv6_address.is_some();
    if adds_something {
        batch.push(Command::RecordMachine(view.target.clone(), Box::new(addition)));
    }
    describe(draft, machine);
}

/// Adds to the record of the request how its machine was found.
fn with_evidence(intent: &Intent, found: &Match<'_>) -> Intent {
    let links = found.evidence.iter();
    let evidence = links
        .clone()
        .map(|link| format!("{} by {}: {}", link.link, link.kind, link.detail));
    let kind = links
        .clone()
        .find(|link| link.link == Link::ClaimMachine)
        .map(|link| link.kind);
    Intent {
        evidence: evidence.collect(),
        recorded_by: kind.map(|kind| kind.to_string()),
        ..intent.clone()
    }
}

/// Reads the addresses that can identify a machine (`R5`); some are reported with the length of their network.
fn usable_addresses(machine: &MergedMachine<'_>) -> Vec<IpAddr> {
    let texts = machine.addresses().into_iter();
    texts
        .filter_map(|text| text.trim().split('/').next()?.parse().ok())
        .filter(|address: &IpAddr| {
            let is_link_local = match address {
                IpAddr::V4(address) => address.is_link_local(),
                IpAddr::V6(address) => address.is_unicast_link_local(),
            };
            !(is_link_local || address.is_unspecified() || address.is_loopback() || address.is_multicast())
        })
        .collect()
}

/// Copies what VPSie says of the machine into the status.
fn describe(draft: &mut Draft<VPSieNodeStatus>, machine: &MergedMachine<'_>) {
    let report = |size: fn(&node_match::Machine<'_>) -> Option<u64>| {
        machine
            .reports()
            .iter()
            .find_map(|report| size(report))
            .and_then(|size| i64::try_from(size).ok())
    };
    let cpu = report(|machine| machine.cpu.map(u64::from));
    if let (Some(cpu), Some(memory_mb), Some(disk_gb)) = (cpu, report(|m| m.ram_mb), report(|m| m.disk_gb)) {
        draft.status.resources = Some(NodeResources {
            cpu,
            memory_mb,
            disk_gb,
            bandwidth_gb: None,
        });
    }
    draft.status.hostname = machine
        .hostname()
        .map(str::to_lowercase)
        .or(draft.status.hostname.take());
    draft.status.vpsie_status = machine
        .status()
        .map(str::to_owned)
        .or(draft.status.vpsie_status.take());
}
