//! One VPSieNode with everything that a decision about it looks at.

use super::draft::{Draft, announce, is_at_rest};
use super::request::Turn;
use crate::command::{Batch, Kind};
use crate::intent::Intent;
use crate::kept::{Node, VPSieNode};
use crate::lives::{Lives, Wrong};
use crate::pods::Load;
use crate::poll::ClusterView;
use crate::resources::{NodeGroup, VPSieNodeStatus, keys};
use crate::skew::Skew;
use crate::target::Target;
use crate::trouble::Trouble;
use crate::world::{ClaimObject, World};
use node_match::{Match, MergedMachine, Verdict};
use std::sync::Arc;

/// One VPSieNode with all that a decision about it needs.
pub(super) struct View<'w> {
    /// The observation that the VPSieNode is part of.
    pub(super) world: &'w World<'w>,
    /// The VPSieNode and its request.
    pub(super) claim: &'w ClaimObject,
    /// What matching says of it.
    pub(super) verdict: Option<&'w Verdict<'w>>,
    /// Whether it may ask for a machine now; `None` when it does not want one.
    pub(super) turn: Option<Turn>,
    /// Its NodeGroup.
    pub(super) group: Option<&'w Arc<NodeGroup>>,
    /// What VPSie answered last of its cluster.
    pub(super) cluster: Option<&'w ClusterView>,
    /// The lives of all VPSieNodes.
    pub(super) lives: &'w Lives,
    /// What its Node carries; nothing while it has none.
    pub(super) load: Option<&'w Load>,
    /// The VPSieNode at the version that is decided on.
    pub(super) target: Target,
}

// === impl View ===

impl<'w> View<'w> {
    /// Gathers what a decision about a VPSieNode needs.
    pub(super) fn new(
        world: &'w World<'w>,
        claim: &'w ClaimObject,
        verdict: Option<&'w Verdict<'w>>,
        turn: Option<Turn>,
        lives: &'w Lives,
    ) -> Self {
        let object = &claim.object;
        let group = world.group_of(object);
        let cluster = world.cluster(object.spec.resource_identifier());
        Self {
            world,
            claim,
            verdict,
            turn,
            group,
            cluster,
            lives,
            load: object.metadata.uid().and_then(|uid| lives.load(uid)),
            target: Target::of(object.as_ref()),
        }
    }

    /// Returns the stored object.
    pub(super) fn object(&self) -> &'w VPSieNode {
        &self.claim.object
    }

    /// Reads the record of the request to remove its machine, if there is one.
    ///
    /// # Errors
    ///
    /// When somebody edited it: then nobody knows what was asked (`I2`).
    pub(super) fn removal(&self) -> Result<Option<Intent>, serde_json::Error> {
        Intent::read(self.object(), keys::ANNOTATION_REMOVAL_INTENT)
    }

    /// Tells whether its Node left service for its disk, or does so now (`LC-13`).
    pub(super) fn is_drained_for_disk(&self) -> bool {
        self.lives.wrong(&self.target.uid).is_some_and(Wrong::is_drained)
    }

    /// Returns what is matched to it.
    pub(super) fn found(&self) -> Option<&'w Match<'w>> {
        self.verdict?.matched()
    }

    /// Returns the Kubernetes Node that is matched to it.
    pub(super) fn node(&self) -> Option<&'w Arc<Node>> {
        self.world.node(&self.found()?.node?.uid)
    }

    /// Returns the Kubernetes Node of its machine where it may not have it, as where another has marked it (`L5`).
    pub(super) fn withheld(&self) -> Option<&'w Arc<Node>> {
        self.world.node(&self.found()?.withheld?.uid)
    }

    /// Starts its new status.
    pub(super) fn draft(&self) -> Draft<VPSieNodeStatus> {
        let mut draft = Draft::of_claim(self.object(), self.world.now);
        draft.say_blocked(self.skew(), self.trouble());
        draft
    }

    /// Returns in which way our clock cannot be believed, where the VPSieNode waits for that.
    fn skew(&self) -> Option<Skew> {
        let is_waiting = self.claim.is_deleted() || !is_at_rest(Some(&self.object().phase()));
        self.world.skew.filter(|_| is_waiting)
    }

    /// Returns what Kubernetes does not let us do about it.
    fn trouble(&self) -> Option<&'w Trouble> {
        self.world.troubles.of(&Batch::about(self.object()).subject)
    }

    /// Says first what holds its batch up.
    pub(super) fn announce(&self, batch: Batch) -> Batch {
        let notice = self.trouble().and_then(|_| self.draft().finish(&self.target));
        announce(batch, notice)
    }

    /// Starts a batch with its finalizer, which comes before anything else.
    pub(super) fn batch(&self) -> Batch {
        let mut batch = Batch::about(self.object());
        if !Kind::VpsieNode.is_kept(self.object()) {
            batch.push(Kind::VpsieNode.keep(self.object()));
        }
        batch
    }

    /// Returns the match with its machine, when a machine is matched.
    pub(super) fn found_machine(&self) -> Option<(&'w Match<'w>, &'w MergedMachine<'w>)> {
        let found = self.found()?;
        Some((found, found.machine.as_ref()?))
    }

    /// Tells whether VPSie answered the newest poll of the cluster; without an answer, no time-out proves anything.
    pub(super) fn has_reply(&self) -> bool {
        self.cluster.is_some_and(|cluster| cluster.latest().is_some())
    }

    /// Tells whether its recorded machine is proven gone at VPSie.
    pub(super) fn is_machine_gone(&self) -> bool {
        let identity = self.claim.identity();
        identity.is_some_and(|machine| self.cluster.is_some_and(|cluster| cluster.is_gone(&machine)))
    }

    /// Tells whether the recorded Node still exists, whatever matching says of it.
    pub(super) fn is_node_listed(&self) -> bool {
        let status = self.object().status.as_ref();
        let name = status.and_then(|status| status.node_name());
        name.is_some_and(|name| self.world.has_node(name))
    }
}
