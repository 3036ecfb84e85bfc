//! RECORD: what has happened since the last pass, read off the stored objects.
//!
//! ```text
//!  objects before ─┐
//!                  ├─▶ Vec<Fact> ──▶ Notice ──▶ Kubernetes Event
//!  objects now ────┘        ├──────▶ counters and histograms
//!                           └──────▶ entries of the audit log
//! ```
//!
//! Facts are what the API server keeps, never what an effect is hoped to have done: what did not last is not told, and
//! what another process did before this one looked for the first time is not told again.

mod by_uid;
mod claim;
pub(crate) mod entry;
mod group;
pub mod news;
pub mod notice;
pub(crate) mod pods;
pub(crate) mod settings;

use crate::command::{Batch, Command, Kind};
use crate::decide::leaks;
use crate::growth::Cause;
use crate::intent::Outcome;
use crate::kept::{Node, VPSieNode};
use crate::resources::{Condition, NodeGroup, Phase, keys};
use crate::time::to_chrono;
use by_uid::ByUid;
use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{Resource as _, ResourceExt};
use node_lifecycle::Decider;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The objects that one pass looked at.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    groups: ByUid<NodeGroup>,
    claims: ByUid<VPSieNode>,
    nodes: ByUid<Node>,
    /// Uids of the VPSieNodes that the pass let go: nothing of them is at VPSie any longer, or ever was; and of the
    /// NodeGroups that it deleted.
    let_go: BTreeSet<String>,
}

/// Remembers what the last pass saw.
#[derive(Debug, Default)]
pub struct Chronicle {
    before: Option<Sight>,
}

/// Something that happened to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The object.
    pub about: About,
    /// What happened to it.
    pub what: What,
}

/// Names an object, and what it belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The object as Kubernetes refers to it.
    pub object: ObjectReference,
    /// Why it was made, where it is a VPSieNode.
    pub cause: Cause,
    /// Name of its NodeGroup.
    pub node_group: String,
    /// Identifier of its cluster at VPSie.
    pub cluster: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A NodeGroup was made for pods that no other could host.
    Founded,
    /// A NodeGroup that was made for pods is being deleted by us, because no pod needs it.
    Dismissed,
    /// VPSieNodes were made for a NodeGroup, all of them for one cause.
    Grown {
        /// The cause.
        cause: Cause,
        /// The VPSieNodes.
        members: Vec<ObjectReference>,
    },
    /// The group at VPSie has its number.
    ProviderGroupKnown {
        /// The number.
        number: i64,
        /// Whether it was made for this NodeGroup.
        is_made: bool,
    },
    /// A machine was asked for.
    Requested {
        /// What is known of the request's effect.
        outcome: Outcome,
        /// The error behind it.
        error: Option<String>,
    },
    /// A machine was recorded.
    Discovered {
        /// Its identifier, or its number.
        machine: String,
        /// The kind of evidence that tied it to the VPSieNode; none where nobody wrote it down.
        strategy: Option<String>,
        /// The links that led to it.
        evidence: Vec<String>,
        /// Time since the request.
        after: Option<TimeDelta>,
    },
    /// The Node of the machine appeared.
    Joined {
        /// The Node.
        node: String,
        /// Time since the machine was discovered.
        after: Option<TimeDelta>,
    },
    /// The Node became Ready for the first time.
    Ready {
        /// The Node.
        node: String,
        /// Time since the request.
        after: Option<TimeDelta>,
    },
    /// The phase changed.
    Phase {
        /// The phase before.
        from: Phase,
        /// The phase now.
        to: Phase,
    },
    /// A condition changed its status or its reason, or names another leaked machine.
    Condition {
        /// The condition now.
        condition: Condition,
        /// Whether it held before.
        was_true: bool,
        /// Whether the object is being deleted.
        is_leaving: bool,
        /// Time since the request, or since the object was made.
        elapsed: Option<TimeDelta>,
    },
    /// The removal of the machine was asked for.
    RemovalAsked {
        /// What is known of the request's effect.
        outcome: Outcome,
        /// The error behind it.
        error: Option<String>,
    },
    /// A VPSieNode is gone. Told of its NodeGroup, for the object itself can no longer be described.
    Ended {
        /// The VPSieNode.
        member: ObjectReference,
        /// Its machine, where one was recorded.
        machine: Option<String>,
        /// Whether the autoscaler had asked for the removal of the machine.
        was_asked: bool,
        /// Whether the autoscaler let it go, which it does once its machine is proven gone; else somebody took the
        /// finalizer off.
        was_let_go: bool,
        /// On whose decision, where that is written down.
        decided_by: Option<Decider>,
        /// Whether a request was open, so that a machine could still appear.
        was_open: bool,
        /// Time since its deletion.
        after: Option<TimeDelta>,
    },
    /// A Node was marked for its VPSieNode.
    Claimed {
        /// Namespace and name of the VPSieNode.
        vpsie_node: String,
    },
}

// === impl Sight ===

impl Sight {
    /// Notes the objects that a pass looks at.
    pub fn of(groups: &[Arc<NodeGroup>], claims: &[Arc<VPSieNode>], nodes: &[Arc<Node>]) -> Self {
        Self {
            groups: ByUid::of(groups),
            claims: ByUid::of(claims),
            nodes: ByUid::of(nodes),
            let_go: BTreeSet::new(),
        }
    }

    /// Lists what has happened between an earlier sight and this one, in order of kind and uid.
    ///
    /// # Guarantees
    /// Nothing happens between a sight and itself. What is unchanged in memory is not looked into. Each fact is made when it
    /// is asked for: together those of a large takeover would need as much memory as the objects that they are about.
    pub fn since<'s>(&'s self, before: &'s Self, now: DateTime<Utc>) -> impl Iterator<Item = Fact> + 's {
        let groups = self.groups.iter().flat_map(move |(uid, group)| {
            let earlier = before.groups.get(uid);
            let is_new = earlier.is_none_or(|earlier| !Arc::ptr_eq(earlier, group));
            let is_let_go = before.let_go.contains(uid);
            let facts = is_new.then(|| group::facts(earlier.map(AsRef::as_ref), group, is_let_go, now));
            let growth = self.growth(before, group);
            facts.into_iter().flatten().chain(growth)
        });
        let claims = self.claims.iter().flat_map(move |(uid, claim)| {
            let earlier = before.claims.get(uid);
            let is_new = earlier.is_none_or(|earlier| !Arc::ptr_eq(earlier, claim));
            let facts = is_new.then(|| claim::facts(earlier.map(AsRef::as_ref), claim, now));
            facts.into_iter().flatten()
        });
        let gone = before.claims.iter();
        let gone = gone.filter(|(uid, _)| self.claims.get(uid).is_none());
        let ended = gone.map(move |(uid, claim)| {
            let was_let_go = before.let_go.contains(uid);
            claim::ended(claim, was_let_go, self.group_of(claim), now)
        });
        let claimed = self.nodes.iter().filter_map(|(uid, node)| {
            let earlier = before.nodes.get(uid)?;
            claimed(earlier, node)
        });
        groups.chain(claims).chain(ended).chain(claimed)
    }

    /// Tells which VPSieNodes were made for a group, those of one cause together.
    fn growth(&self, before: &Self, group: &NodeGroup) -> impl Iterator<Item = Fact> + use<> {
        let is_new = |(uid, claim): &(&str, &Arc<VPSieNode>)| {
            group.metadata.name.as_deref() == Some(claim.spec.node_group_name())
                && claim.metadata.namespace() == group.metadata.namespace.as_deref()
                && before.claims.get(uid).is_none()
        };
        let mut grown: BTreeMap<Cause, Vec<ObjectReference>> = BTreeMap::new();
        for (_, claim) in self.claims.iter().filter(is_new) {
            let members = grown.entry(Cause::of(claim)).or_default();
            members.push(claim.object_ref());
        }
        let about = About::group(group);
        grown.into_iter().map(move |(cause, members)| Fact {
            about: about.clone(),
            what: What::Grown { cause, members },
        })
    }

    fn group_of(&self, claim: &VPSieNode) -> Option<&NodeGroup> {
        let mut groups = self.groups.iter().map(|(_, group)| group);
        let found = groups.find(|group| {
            group.name_any() == claim.spec.node_group_name() && group.namespace() == claim.namespace()
        });
        found.map(AsRef::as_ref)
    }
}

// === impl Chronicle ===

impl Chronicle {
    /// Takes in what a pass sees; tells one after the other what has happened since the last one, and nothing the first time.
    pub fn look(&mut self, sight: Sight, now: DateTime<Utc>, tell: impl FnMut(Fact)) {
        if let Some(before) = &self.before {
            sight.since(before, now).for_each(tell);
        }
        self.before = Some(sight);
    }

    /// Notes which VPSieNodes the pass lets go: only of these is it proven what became of their machines. So it notes which
    /// NodeGroups it deletes.
    pub fn let_go(&mut self, batches: &[Batch]) {
        let commands = batches.iter().flat_map(|batch| &batch.commands);
        let let_go = commands.filter_map(|command| {
            if let Command::RemoveFinalizer(Kind::VpsieNode, target, _) | Command::DeleteNodeGroup(target) =
                command
            {
                Some(target.uid.clone())
            } else {
                None
            }
        });
        if let Some(sight) = &mut self.before {
            sight.let_go = let_go.collect();
        }
    }

    /// Forgets what was seen: while another process led, it has told what happened.
    pub fn forget(&mut self) {
        self.before = None;
    }
}

// === impl About ===

impl About {
    /// Names a VPSieNode.
    pub fn claim(claim: &VPSieNode) -> Self {
        Self {
            object: claim.object_ref(),
            cause: Cause::of(claim),
            node_group: claim.spec.node_group_name().to_owned(),
            cluster: claim.spec.resource_identifier().to_owned(),
        }
    }

    /// Names a NodeGroup.
    pub fn group(group: &NodeGroup) -> Self {
        Self {
            object: group.object_ref(&()),
            cause: Cause::default(),
            node_group: group.name_any(),
            cluster: group.spec.resource_identifier.clone(),
        }
    }
}

fn label(node: &Node) -> Option<&str> {
    node.labels().get(keys::LABEL_VPSIE_NODE)
}

/// Tells that a Node got the label of its VPSieNode.
fn claimed(before: &Arc<Node>, now: &Arc<Node>) -> Option<Fact> {
    if Arc::ptr_eq(before, now) || label(before) == label(now) {
        return None;
    }
    let namespace = now.annotations().get(keys::ANNOTATION_NODE_GROUP_NAMESPACE);
    let namespace = namespace.map(|namespace| format!("{namespace}/"));
    let vpsie_node = format!("{}{}", namespace.unwrap_or_default(), label(now)?);
    let about = About {
        object: now.object_ref(),
        node_group: now
            .labels()
            .get(keys::LABEL_NODE_GROUP)
            .unwrap_or_default()
            .to_owned(),
        ..About::default()
    };
    Some(Fact {
        about,
        what: What::Claimed { vpsie_node },
    })
}

/// Lists the conditions of an object that changed their status or their reason, or name another leaked machine; `since` is
/// when its work began.
fn changed<'a>(
    is_leaving: bool,
    before: Option<&'a [Condition]>,
    now: Option<&'a [Condition]>,
    since: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> impl Iterator<Item = What> + use<'a> {
    let earlier = move |condition: &Condition| {
        let mut before = before.unwrap_or_default().iter();
        before.find(|earlier| earlier.type_ == condition.type_)
    };
    let is_changed = move |condition: &&Condition| {
        earlier(condition).is_none_or(|earlier| {
            (&earlier.status, &earlier.reason) != (&condition.status, &condition.reason)
                || leaks::names_another(earlier, condition)
        })
    };
    let now = now.unwrap_or_default().iter();
    now.filter(is_changed).map(move |condition| What::Condition {
        condition: condition.clone(),
        was_true: earlier(condition).is_some_and(Condition::is_true),
        is_leaving,
        elapsed: since.map(|since| at - since),
    })
}

/// Tells what happened to one object.
fn told(about: &About, happened: Vec<What>) -> Vec<Fact> {
    let happened = happened.into_iter();
    happened
        .map(|what| Fact {
            about: about.clone(),
            what,
        })
        .collect()
}

/// Returns when an object was made.
fn made_at(created: Option<&Time>) -> Option<DateTime<Utc>> {
    to_chrono(created?)
}

#[cfg(test)]
mod tests;
