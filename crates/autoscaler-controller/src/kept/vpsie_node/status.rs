//! What was observed of a VPSieNode.

use crate::kept::texts::Texts;
use crate::resources::{Condition, ConditionStatus, NodeResources, Phase, VPSieNodeStatus};
use chrono::{DateTime, Utc};

/// What was observed of a VPSieNode: everything, for what is written next starts from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// In the order of the constants, and behind them four of each condition.
    texts: Texts,
    /// Nothing where no list of conditions was ever written.
    conditions: Option<Box<[Stamps]>>,
    resources: Option<Box<NodeResources>>,
    /// Where the worker is in its life.
    pub phase: Option<Phase>,
    /// When the machine was asked for.
    pub created_at: Option<DateTime<Utc>>,
    /// When the machine was seen running.
    pub provisioned_at: Option<DateTime<Utc>>,
    /// When the Node appeared.
    pub joined_at: Option<DateTime<Utc>>,
    /// When the Node became ready.
    pub ready_at: Option<DateTime<Utc>>,
    /// When removal began.
    pub terminating_at: Option<DateTime<Utc>>,
    /// When the machine was gone.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Generation of the spec that this status is about.
    pub observed_generation: Option<i64>,
}

/// A condition, looked at where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'s> {
    /// What it is about.
    pub type_: &'s str,
    /// `True`, `False` or `Unknown`.
    pub status: &'s str,
    /// Why, in one word.
    pub reason: Option<&'s str>,
    /// Why, in a sentence.
    pub message: Option<&'s str>,
    stamps: Stamps,
}

/// What is no text of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamps {
    observed_generation: Option<i64>,
    last_transition_time: Option<DateTime<Utc>>,
    last_update_time: Option<DateTime<Utc>>,
}

const NODE_NAME: usize = 0;
const VPSIE_STATUS: usize = 1;
const HOSTNAME: usize = 2;
const LAST_ERROR: usize = 3;
const CONDITIONS: usize = 4;

// === impl Status ===

impl Status {
    /// Returns the name of the Kubernetes Node, once it joined.
    #[must_use]
    pub fn node_name(&self) -> Option<&str> {
        self.texts.get(NODE_NAME)
    }

    /// Returns the hostname of the machine.
    #[must_use]
    pub fn hostname(&self) -> Option<&str> {
        self.texts.get(HOSTNAME)
    }

    /// Returns what last went wrong.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.texts.get(LAST_ERROR)
    }

    /// Lists the conditions.
    pub fn conditions(&self) -> impl Iterator<Item = Told<'_>> {
        let stamps = self.conditions.iter().flatten();
        let mut texts = self.texts.iter().skip(CONDITIONS);
        stamps.map(move |stamps| {
            let mut text = || texts.next().flatten();
            Told {
                type_: text().unwrap_or_default(),
                status: text().unwrap_or_default(),
                reason: text(),
                message: text(),
                stamps: *stamps,
            }
        })
    }

    /// Puts the whole together, as it was stored.
    #[must_use]
    pub fn to_stored(&self) -> VPSieNodeStatus {
        let text = |place| self.texts.get(place).map(str::to_owned);
        let conditions = self.conditions.as_ref();
        VPSieNodeStatus {
            phase: self.phase.clone(),
            node_name: text(NODE_NAME),
            vpsie_status: text(VPSIE_STATUS),
            hostname: text(HOSTNAME),
            resources: self.resources.as_deref().cloned(),
            created_at: self.created_at,
            provisioned_at: self.provisioned_at,
            joined_at: self.joined_at,
            ready_at: self.ready_at,
            terminating_at: self.terminating_at,
            deleted_at: self.deleted_at,
            conditions: conditions.map(|_| self.conditions().map(Condition::from).collect()),
            last_error: text(LAST_ERROR),
            observed_generation: self.observed_generation,
        }
    }
}

impl From<&VPSieNodeStatus> for Status {
    fn from(status: &VPSieNodeStatus) -> Self {
        let head: [_; CONDITIONS] = [
            status.node_name.as_deref(),
            status.vpsie_status.as_deref(),
            status.hostname.as_deref(),
            status.last_error.as_deref(),
        ];
        let conditions = status.conditions.iter().flatten();
        let conditions = conditions.flat_map(|condition| {
            [
                Some(condition.type_.as_str()),
                Some(condition.status.as_str()),
                condition.reason.as_deref(),
                condition.message.as_deref(),
            ]
        });
        let stamps = |conditions: &Vec<Condition>| conditions.iter().map(Stamps::of).collect();
        Self {
            texts: head.into_iter().chain(conditions).collect(),
            conditions: status.conditions.as_ref().map(stamps),
            resources: status.resources.clone().map(Box::new),
            phase: status.phase.clone(),
            created_at: status.created_at,
            provisioned_at: status.provisioned_at,
            joined_at: status.joined_at,
            ready_at: status.ready_at,
            terminating_at: status.terminating_at,
            deleted_at: status.deleted_at,
            observed_generation: status.observed_generation,
        }
    }
}

// === impl Told ===

impl Told<'_> {
    /// Tells whether the condition holds.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == ConditionStatus::True.as_str()
    }

    /// Returns when the status last changed.
    #[must_use]
    pub const fn last_transition_time(&self) -> Option<DateTime<Utc>> {
        self.stamps.last_transition_time
    }
}

impl From<Told<'_>> for Condition {
    fn from(told: Told<'_>) -> Self {
        Self {
            type_: told.type_.to_owned(),
            status: told.status.to_owned(),
            observed_generation: told.stamps.observed_generation,
            last_transition_time: told.stamps.last_transition_time,
            last_update_time: told.stamps.last_update_time,
            reason: told.reason.map(str::to_owned),
            message: told.message.map(str::to_owned),
        }
    }
}

impl Stamps {
    const fn of(condition: &Condition) -> Self {
        Self {
            observed_generation: condition.observed_generation,
            last_transition_time: condition.last_transition_time,
            last_update_time: condition.last_update_time,
        }
    }
}
