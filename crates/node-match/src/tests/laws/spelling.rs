//! How a thing is written, or how often it is reported, changes nothing.

use proptest::prelude::*;

use super::everywhere;
use crate::testing::told;
use crate::{Machine, Snapshot, Text, match_fleet};

/// Writes an address in another form of the same: mapped into IPv6 or spelled out, with a length and space around it.
fn respelled(address: &str) -> String {
    match address.trim().parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => format!(" {}/128", address.to_ipv6_mapped()),
        Ok(std::net::IpAddr::V6(address)) => {
            let parts: Vec<String> = address.segments().map(|part| format!("{part:04X}")).to_vec();
            format!("{}/64 ", parts.join(":"))
        }
        Err(_) => address.to_owned(),
    }
}

fn addresses<'a, 's>(fleet: &'a mut Snapshot<'s>) -> impl Iterator<Item = &'a mut Text<'s>> {
    let claims = fleet.claims.iter_mut().map(|claim| &mut claim.addresses);
    let machines = fleet.machines.iter_mut().map(|machine| &mut machine.addresses);
    let nodes = fleet.nodes.iter_mut().map(|node| &mut node.addresses);
    claims.chain(machines).chain(nodes).flatten()
}

/// R5: an address is what it means, not how it is written.
#[test]
fn form_of_an_address_changes_nothing() {
    everywhere(|fleet| {
        let mut other = fleet.clone();
        addresses(&mut other).for_each(|address| *address = respelled(address).into());
        prop_assert_eq!(told(&match_fleet(&other)), told(&match_fleet(fleet)));
        Ok(())
    });
}

/// R4: a name is the same in capitals.
#[test]
fn capitals_change_nothing() {
    everywhere(|fleet| {
        let mut other = fleet.clone();
        let machines = other.machines.iter_mut().map(|machine| &mut machine.hostname);
        let nodes = other.nodes.iter_mut().map(|node| &mut node.hostname);
        for name in machines.chain(nodes).flatten() {
            *name = name.to_uppercase().into();
        }
        prop_assert_eq!(told(&match_fleet(&other)), told(&match_fleet(fleet)));
        Ok(())
    });
}

/// R2a: a machine that another list reports again, under its identifier, is no further machine.
#[test]
fn second_report_of_a_machine_changes_nothing() {
    everywhere(|fleet| {
        let mut other = fleet.clone();
        let identified = fleet
            .machines
            .iter()
            .filter(|machine| machine.identifier.is_some());
        let again = identified.map(|machine| Machine {
            list: 9,
            id: None,
            ..machine.clone()
        });
        other.machines.extend(again);
        prop_assert_eq!(told(&match_fleet(&other)), told(&match_fleet(fleet)));
        Ok(())
    });
}
