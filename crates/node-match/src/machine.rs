//! A machine as one of the provider's lists reports it.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::Text;

/// Holds a time as the provider printed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportedAt {
    /// The moment; read as UTC when no zone was given.
    pub at: DateTime<Utc>,
    /// Whether an explicit zone was given. Without one it proves nothing.
    pub zoned: bool,
}

/// Describes a machine as one provider list reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Machine<'s> {
    /// Which list reported it: ids are comparable only within one list.
    pub list: u8,
    /// Its number in that list; 0 means none.
    pub id: Option<u64>,
    /// Its UUID.
    pub identifier: Option<Text<'s>>,
    /// The provider's identifier of its cluster.
    pub cluster: Text<'s>,
    /// The number of its node group, where the list tells.
    pub group: Option<u64>,
    /// Its hostname.
    pub hostname: Option<Text<'s>>,
    /// Its addresses, as printed.
    pub addresses: Vec<Text<'s>>,
    /// Its status; absent or empty counts as running.
    pub status: Option<Text<'s>>,
    /// Whether the provider marks it deleted.
    pub is_deleted: bool,
    /// Its role in the cluster.
    pub role: Option<Text<'s>>,
    /// When it was created.
    pub created_at: Option<ReportedAt>,
    /// Its virtual CPUs.
    pub cpu: Option<u32>,
    /// Its memory in MB.
    pub ram_mb: Option<u64>,
    /// Its disk in GB.
    pub disk_gb: Option<u64>,
}

// === impl ReportedAt ===

impl ReportedAt {
    /// Reads RFC 3339, or a date and time without a zone.
    ///
    /// Anything else is no time at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Self {
                at: at.with_timezone(&Utc),
                zoned: true,
            });
        }
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(|naive| Self {
                at: naive.and_utc(),
                zoned: false,
            })
    }
}
