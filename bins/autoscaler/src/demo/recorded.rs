//! The life of one node as its audit log has it, as a table.

use super::world::World;
use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Entry, Filter};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest sentence of a row; the log itself has all of it.
const LONGEST: usize = 60;

/// Returns the life of the first node that went all the way, and how many entries there are in all; nothing when
/// none did.
pub(super) fn life(world: &World, since: DateTime<Utc>) -> Option<String> {
    let entries = world.recorder.select(&Filter::default());
    let mut lives: BTreeMap<&str, Vec<&Arc<Entry>>> = BTreeMap::new();
    for entry in &entries {
        if let Some(id) = &entry.request_id {
            lives.entry(id).or_default().push(entry);
        }
    }
    let is_whole = |life: &&Vec<&Arc<Entry>>| {
        let has = |reason| life.iter().any(|entry| entry.reason == reason);
        has("joined") && has("removed")
    };
    let life = lives
        .values()
        .filter(is_whole)
        .min_by_key(|life| life.first().map(|entry| entry.timestamp))?;
    let heading = format!("one node of {} entries in the audit log:", entries.len());
    let rows = life.iter().map(|entry| row(entry, since));
    Some(
        std::iter::once(heading)
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

fn row(entry: &Entry, since: DateTime<Utc>) -> String {
    let seconds = (entry.timestamp - since).num_seconds();
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let (action, reason, result) = (entry.action.as_str(), &entry.reason, entry.result.as_str());
    let message = entry.message.as_deref().unwrap_or_default();
    let mut sentence: String = message.chars().take(LONGEST).collect();
    if sentence.len() < message.len() {
        sentence.push('…');
    }
    format!("{minutes:02}:{seconds:02}  {action:20}  {result:8}  {reason:25}  {sentence}")
}
