//! R2a: several reports, one machine.

use crate::{Machine, ReportedAt};

/// Joins the reports of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedMachine<'a> {
    reports: Vec<&'a Machine>,
}

// === impl MergedMachine ===

impl<'a> MergedMachine<'a> {
    /// Returns the reports, at least one, in a fixed order.
    #[must_use]
    pub fn reports(&self) -> &[&'a Machine] {
        &self.reports
    }

    /// Returns the cluster.
    #[must_use]
    pub fn cluster(&self) -> &'a str {
        self.reports.first().map_or("", |report| report.cluster.as_str())
    }

    /// Returns the id, from the first list that reports one.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        self.reports
            .iter()
            .find_map(|report| report.id.filter(|id| *id != 0))
    }

    /// Returns the identifier.
    #[must_use]
    pub fn identifier(&self) -> Option<&'a str> {
        self.reports
            .iter()
            .find_map(|report| text(report.identifier.as_deref()))
    }

    /// Returns the hostname.
    #[must_use]
    pub fn hostname(&self) -> Option<&'a str> {
        self.reports
            .iter()
            .find_map(|report| text(report.hostname.as_deref()))
    }

    /// Returns the group that a report names.
    #[must_use]
    pub fn group(&self) -> Option<u64> {
        self.reports.iter().find_map(|report| report.group)
    }

    /// Returns the addresses of all reports as printed, sorted, each once.
    #[must_use]
    pub fn addresses(&self) -> Vec<&'a str> {
        let mut all: Vec<&str> = self
            .reports
            .iter()
            .flat_map(|report| report.addresses.iter().map(String::as_str))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns the status: one that is not running before one that is.
    #[must_use]
    pub fn status(&self) -> Option<&'a str> {
        self.reports
            .iter()
            .find_map(|report| text(report.status.as_deref()))
    }

    /// Tells whether it may be handed out: every report that has a status says running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        true
    }

    /// Tells whether any report marks it deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.reports.iter().any(|report| report.is_deleted)
    }

    /// Tells whether any report shows it as part of the control plane (R2c).
    #[must_use]
    pub fn is_control_plane(&self) -> bool {
        false
    }

    /// Returns when it was created: a time with a zone before one without.
    #[must_use]
    pub fn created_at(&self) -> Option<ReportedAt> {
        self.reports.iter().find_map(|report| report.created_at)
    }
}

/// Drops texts that say nothing.
fn text(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}
