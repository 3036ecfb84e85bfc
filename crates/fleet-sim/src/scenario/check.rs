//! Whether a scenario makes sense as a whole: names that exist, numbers within bounds.

use std::collections::BTreeSet;
use std::fmt::Display;

use chrono::Datelike;

use super::error::ScenarioError;
use super::fault::FaultPart;
use super::file::{At, ClusterPart, File, WhatPart};
use crate::cloud::OfferSpec;

/// More managers than any control plane has.
const MANAGERS: u32 = 9;
/// As many workers as have names and addresses of their own.
const WORKERS: u32 = 50_000;
/// Larger than any machine: 1,024 CPUs, 16 TB of memory, 1 PB of disk.
const LARGEST: (u32, u64, u64) = (1024, 16 << 20, 1 << 20);
/// Years in which no sum of dates leaves the calendar.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

type Checked = Result<(), ScenarioError>;

/// Finds the first thing that makes no sense.
pub(super) fn check(file: &File) -> Checked {
    if let Some(start) = &file.start
        && !YEARS.contains(&start.value.year())
    {
        return Err(wrong(start, "start", "use a year from 1970 to 2200".to_owned()));
    }
    check_access(file)?;
    let sizes = check_sizes(file)?;
    check_clusters(file, &sizes)?;
    for (place, vm) in file.vms.iter().enumerate() {
        check_size(vm.size.as_ref(), &sizes, &format!("vms[{place}].size"))?;
    }
    for (place, fault) in file.faults.iter().enumerate() {
        check_fault(fault, &format!("faults[{place}]"))?;
    }
    for (place, happening) in file.happenings.iter().enumerate() {
        check_happening(file, &happening.what, &format!("happenings[{place}].what"))?;
    }
    Ok(())
}

fn check_access(file: &File) -> Checked {
    let access = &file.access;
    check_header(access.token.as_ref(), "access.token")?;
    check_header(access.client_id.as_ref(), "access.client_id")?;
    check_header(access.client_secret.as_ref(), "access.client_secret")
}

/// A token that cannot stand in a header can never be sent.
fn check_header(text: Option<&At<String>>, field: &str) -> Checked {
    let fits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    match text {
        Some(text) if !fits(&text.value) => {
            let message = "use letters, digits and signs without spaces, at least one".to_owned();
            Err(wrong(text, field, message))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_sizes(file: &File) -> Result<BTreeSet<u64>, ScenarioError> {
    if file.sizes.is_empty() {
        return Ok(OfferSpec::standard().iter().map(|size| size.number).collect());
    }
    let mut numbers = BTreeSet::new();
    for (place, size) in file.sizes.iter().enumerate() {
        let at = |field: &str| format!("sizes[{place}].{field}");
        check_amount(&size.cpu, LARGEST.0, &at("cpu"))?;
        check_amount(&size.ram_mb, LARGEST.1, &at("ram_mb"))?;
        check_amount(&size.disk_gb, LARGEST.2, &at("disk_gb"))?;
        let number = size.number.value;
        if !numbers.insert(number) {
            let field = at("number");
            return Err(wrong(
                &size.number,
                &field,
                format!("{number} is there twice; use another number"),
            ));
        }
    }
    Ok(numbers)
}

fn check_size(size: Option<&At<u64>>, sizes: &BTreeSet<u64>, field: &str) -> Checked {
    match size {
        Some(size) if !sizes.contains(&size.value) => {
            let known: Vec<String> = sizes.iter().map(u64::to_string).collect();
            let message = format!(
                "no size has the number {}; use one of {}",
                size.value,
                known.join(", ")
            );
            Err(wrong(size, field, message))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_clusters(file: &File, sizes: &BTreeSet<u64>) -> Checked {
    let mut names = BTreeSet::new();
    let mut workers: u64 = 0;
    for (place, cluster) in file.clusters.iter().enumerate() {
        let at = |field: &str| format!("clusters[{place}].{field}");
        check_name(&cluster.name, &mut names, &at("name"))?;
        check_size(cluster.size.as_ref(), sizes, &at("size"))?;
        check_count(&cluster.managers, MANAGERS, &at("managers"))?;
        if let Some(count) = &cluster.workers_without_group {
            check_count(count, WORKERS, &at("workers_without_group"))?;
            workers += u64::from(count.value);
        }
        let mut groups = BTreeSet::new();
        for (place, group) in cluster.groups.iter().enumerate() {
            let at = |field: &str| at(&format!("groups[{place}].{field}"));
            check_name(&group.name, &mut groups, &at("name"))?;
            check_size(Some(&group.size), sizes, &at("size"))?;
            if let Some(count) = &group.workers {
                check_count(count, WORKERS, &at("workers"))?;
                workers += u64::from(count.value);
            }
        }
        if workers > u64::from(WORKERS) {
            let message = format!("all clusters together have more than {WORKERS} workers; use fewer");
            return Err(wrong(&cluster.name, &at("name"), message));
        }
    }
    Ok(())
}

/// A name is there, can stand in a hostname, and is there once.
fn check_name(name: &At<String>, known: &mut BTreeSet<String>, field: &str) -> Checked {
    let text = &name.value;
    let fits = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if text.is_empty() || text.len() > 40 || !fits {
        let message = format!("`{text}` is no name; use 1 to 40 letters, digits and `-`");
        return Err(wrong(name, field, message));
    }
    if !known.insert(text.clone()) {
        return Err(wrong(
            name,
            field,
            format!("`{text}` is there twice; use another name"),
        ));
    }
    Ok(())
}

/// An amount of which a machine has at least one.
fn check_amount<T>(amount: &At<T>, most: T, field: &str) -> Checked
where
    T: Copy + Display + From<u8> + PartialOrd,
{
    if amount.value < T::from(1) {
        return Err(wrong(amount, field, "a machine has at least 1".to_owned()));
    }
    check_count(amount, most, field)
}

fn check_count<T: Display + PartialOrd>(count: &At<T>, most: T, field: &str) -> Checked {
    if count.value > most {
        return Err(wrong(
            count,
            field,
            format!("{} is too many; use at most {most}", count.value),
        ));
    }
    Ok(())
}

fn check_fault(fault: &FaultPart, field: &str) -> Checked {
    for (number, name) in [(&fault.nth, "nth"), (&fault.every, "every")] {
        if let Some(number) = number
            && number.value == 0
        {
            let message = "calls are counted from 1; use 1 or more".to_owned();
            return Err(wrong(number, &format!("{field}.{name}"), message));
        }
    }
    match fault.effect.value.misfit(fault.call) {
        Some(message) => Err(wrong(
            &fault.effect,
            &format!("{field}.effect"),
            message.to_owned(),
        )),
        None => Ok(()),
    }
}

fn check_happening(file: &File, what: &WhatPart, field: &str) -> Checked {
    match what {
        WhatPart::Upgrade { cluster, .. } => {
            check_cluster(file, cluster, &format!("{field}.upgrade"))?;
        }
        WhatPart::AddMachine { cluster, group } => {
            check_group(file, cluster, group.as_ref(), &format!("{field}.add_machine"))?;
        }
        WhatPart::RemoveMachine { cluster, group, .. } => {
            check_group(file, cluster, group.as_ref(), &format!("{field}.remove_machine"))?;
        }
        WhatPart::Lock { cluster } => {
            check_cluster(file, cluster, &format!("{field}.lock"))?;
        }
        WhatPart::Unlock { cluster } => {
            check_cluster(file, cluster, &format!("{field}.unlock"))?;
        }
        WhatPart::Behave(_) => {}
        WhatPart::Fault(fault) => check_fault(fault, &format!("{field}.fault"))?,
        WhatPart::AcceptOnlyToken(token) => {
            check_header(Some(token), &format!("{field}.accept_only_token"))?;
        }
    }
    Ok(())
}

fn check_cluster<'a>(
    file: &'a File,
    name: &At<String>,
    field: &str,
) -> Result<&'a ClusterPart, ScenarioError> {
    let mut clusters = file.clusters.iter();
    let found = clusters.find(|cluster| cluster.name.value == name.value);
    found.ok_or_else(|| {
        let message = format!("no cluster is named `{}`; name one of `clusters`", name.value);
        wrong(name, &format!("{field}.cluster"), message)
    })
}

fn check_group(file: &File, cluster: &At<String>, group: Option<&At<String>>, field: &str) -> Checked {
    let home = check_cluster(file, cluster, field)?;
    match group {
        Some(group) if !home.groups.iter().any(|known| known.name.value == group.value) => {
            let message = format!(
                "no group of this cluster is named `{}`; name one of its `groups`",
                group.value
            );
            Err(wrong(group, &format!("{field}.group"), message))
        }
        Some(_) | None => Ok(()),
    }
}

fn wrong<T>(value: &At<T>, field: &str, message: String) -> ScenarioError {
    let place = value.referenced;
    ScenarioError::new(place.line(), place.column(), field, message)
}
