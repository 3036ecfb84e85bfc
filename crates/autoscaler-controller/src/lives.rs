//! The life of every VPSieNode: what was seen of it goes in, and what changed is recorded on the object.
//!
//! A life is kept in memory while the operator leads, and in an annotation for the time after. Only what matters is
//! worth a write: a new state, a stamp, the health. Counts of pods alone are written at most once a minute.

mod record;
mod sight;
mod wrong;

use crate::kept::VPSieNode;
use crate::pods::{Load, PodIndex};
use crate::world::{ClaimObject, World};
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::audit::{Author, Draft};
use node_lifecycle::{Event, Life, Transition};
use node_match::Matching;
use record::Recorded;
use sight::Sights;
pub(crate) use sight::{failure, is_on_its_way_out};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
pub(crate) use wrong::Wrong;

/// The lives of all VPSieNodes, by uid; boxed, because a tree has room for more entries than it holds.
#[derive(Clone, Debug, Default)]
pub struct Lives(BTreeMap<Arc<str>, Box<Kept>>);

/// A transition, and of which VPSieNode.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What happened.
    pub transition: Transition,
    /// Its NodeGroup, as `namespace/name`.
    pub group: String,
    /// The uid of the VPSieNode.
    pub request_id: String,
}

/// One life, and what is written of it.
#[derive(Clone, Debug)]
struct Kept {
    life: Life,
    recorded: Recorded,
    /// When the annotation was last seen to change.
    recorded_at: DateTime<Utc>,
    /// When its Node was last counted as not Ready.
    missed_at: Option<DateTime<Utc>>,
    /// What its Node carries; nothing while it has none.
    load: Option<Load>,
    /// What is wrong with its Node.
    wrong: Wrong,
}

// === impl Lives ===

impl Lives {
    /// Takes one observation in and returns the transitions that followed, in order of the VPSieNodes.
    ///
    /// A Node that is not Ready counts as seen once more only after the time between two polls, so that a burst of
    /// changes is not three observations (`LC-11`).
    pub fn look(&mut self, world: &World<'_>, matching: &Matching<'_>, pods: &PodIndex) -> Vec<Step> {
        let sights = Sights::of(world, matching);
        let mut steps = Vec::new();
        for claim in world.claims.iter().filter(|claim| !claim.uid().is_empty()) {
            let kept = match self.0.get_mut(claim.uid()) {
                Some(kept) => {
                    kept.heed_record(&claim.object, world.now);
                    kept
                }
                None => {
                    let begun = || Box::new(Kept::begin(claim, world.now));
                    self.0.entry(claim.uid().into()).or_insert_with(begun)
                }
            };
            let sight = sights.of_claim(claim);
            let uids = sight.uids(pods);
            let is_due = kept.is_due(world);
            for event in sight.events(&kept.life, &uids, is_due) {
                let transitions = kept.apply(&sight.name, event, world).into_iter();
                steps.extend(transitions.map(|transition| Step::of(claim, transition)));
            }
            kept.load = sight.load(&world.settings.gate, &kept.life, pods, world.now);
            kept.wrong.look(kept.life.state(), &sight, world);
        }
        self.forget_others(&world.claims);
        steps
    }

    /// Forgets the lives of VPSieNodes that are gone.
    fn forget_others(&mut self, claims: &[ClaimObject]) {
        let is_stored = |uid: &&str| !uid.is_empty();
        let stored = || claims.iter().map(ClaimObject::uid).filter(is_stored);
        if self.0.len() > stored().count() {
            let present: BTreeSet<&str> = stored().collect();
            self.0.retain(|uid, _| present.contains(&**uid));
        }
    }

    /// Returns the life of a VPSieNode, once it was looked at.
    pub fn of(&self, uid: &str) -> Option<&Life> {
        self.0.get(uid).map(|kept| &kept.life)
    }

    /// Returns the uid of a VPSieNode as it is kept here, once it was looked at, so that others need not keep it as well.
    pub(crate) fn shared_uid(&self, uid: &str) -> Arc<str> {
        let known = self.0.get_key_value(uid);
        known.map_or_else(|| uid.into(), |(uid, _)| Arc::clone(uid))
    }

    /// Returns what the Node of a VPSieNode carries; nothing when it has no Node.
    pub fn load(&self, uid: &str) -> Option<&Load> {
        self.0.get(uid)?.load.as_ref()
    }

    /// Returns what is wrong with the Node of a VPSieNode, once it was looked at.
    pub(crate) fn wrong(&self, uid: &str) -> Option<&Wrong> {
        self.0.get(uid).map(|kept| &kept.wrong)
    }

    /// Returns the record to write on a VPSieNode, when what is written there is out of date.
    pub fn to_record(&self, uid: &str, now: DateTime<Utc>) -> Option<String> {
        let kept = self.0.get(uid)?;
        let is_due = kept.recorded.is_outdated(&kept.life, kept.recorded_at, now);
        is_due.then(|| kept.life.to_json())
    }
}

// === impl Step ===

impl Step {
    fn of(claim: &ClaimObject, transition: Transition) -> Self {
        let object = &claim.object;
        let namespace = object.namespace().unwrap_or_default();
        Self {
            transition,
            group: format!("{namespace}/{}", object.spec.node_group_name()),
            request_id: object.uid().unwrap_or_default(),
        }
    }

    /// Returns it as an entry of the audit log.
    pub(crate) fn entry(&self) -> Draft {
        Draft::transition(&self.transition, Author::Observation)
            .group(&self.group)
            .request_id(&self.request_id)
    }
}

// === impl Kept ===

impl Kept {
    /// Begins a life from what is recorded.
    fn begin(claim: &ClaimObject, now: DateTime<Utc>) -> Self {
        let (recorded, life) = Recorded::read(&claim.object);
        // A foreign word says nothing, so it may be in service.
        let phase = || {
            let phase = claim.object.phase().in_life();
            phase.unwrap_or(node_lifecycle::Phase::Ready)
        };
        let begun = || phase().life_without_record(now);
        Self {
            life: life.unwrap_or_else(begun),
            recorded,
            recorded_at: now,
            missed_at: None,
            load: None,
            wrong: Wrong::default(),
        }
    }

    /// Goes on with a life, and notes when another record is on its VPSieNode.
    fn heed_record(&mut self, object: &Arc<VPSieNode>, now: DateTime<Utc>) {
        if !self.recorded.is_of(object) {
            (self.recorded, _) = Recorded::read(object);
            self.recorded_at = now;
        }
    }

    /// Tells whether a Node that is not Ready counts as seen once more.
    fn is_due(&self, world: &World<'_>) -> bool {
        let interval = TimeDelta::from_std(world.settings.poll_interval).unwrap_or(TimeDelta::MAX);
        self.missed_at
            .is_none_or(|missed_at| world.now - missed_at >= interval)
    }

    fn apply(&mut self, name: &str, event: Event<'_>, world: &World<'_>) -> Vec<Transition> {
        if matches!(event, Event::NotReady { .. }) {
            self.missed_at = Some(world.now);
        }
        let applied = self
            .life
            .apply(name, event, &world.settings.unhealthy_after, world.now);
        applied.unwrap_or_else(|error| {
            tracing::error!(node = name, %error, "a defect: what was observed fits no life; it changes nothing");
            Vec::new()
        })
    }
}

#[cfg(test)]
mod tests;
