//! Which NodeGroups may be made for pods, as a pass sees it (`SC-10`).

use super::place;
use crate::command::Batch;
use crate::founding::{Founder, Founding, NotMade};
use crate::planning::{Gap, Reader};
use crate::poll::Reply;
use crate::resources::{AutoscalerConfig, NodeGroup};
use crate::watches::Supplies;
use crate::world::World;
use fleet_plan::dynamic::{Dynamic, NewGroup, Size};
use fleet_plan::{Cluster, Name, Outcome, Plan};
use std::collections::BTreeMap;
use vpsie_api::ClusterId;

/// What a pass knows of NodeGroups that are made for pods.
#[derive(Debug, Default)]
pub(super) struct Ground {
    /// Whether the settings allow them.
    is_on: bool,
    /// What makes them.
    founder: Option<Founder>,
    /// Why nothing does, although the settings allow it.
    gap: Option<Gap>,
}

// === impl Ground ===

impl Ground {
    /// Reads the settings.
    pub(super) fn of(world: &World<'_>, supplies: &Supplies, config: Option<&AutoscalerConfig>) -> Self {
        let is_lost = |founder: &Founder| {
            let namespaces = supplies.namespaces();
            let namespaces = namespaces.iter().map(AsRef::as_ref);
            !founder.new_groups.have_namespace(namespaces)
        };
        let (founder, gap) = match Founder::of(config, world.groups.iter().map(AsRef::as_ref)) {
            Ok(Some(founder)) if is_lost(&founder) => (None, Some(Gap::Namespace)),
            Ok(founder) => (founder, None),
            Err(gap) => (None, Some(gap)),
        };
        Self {
            is_on: config.is_some_and(|config| config.spec.settings().creates_node_groups()),
            founder,
            gap,
        }
    }

    /// Returns why no NodeGroup is made for the pods of a plan that none can host, although the settings allow it: what is
    /// in the way, or why the last try came to nothing.
    pub(super) fn not_made(
        &self,
        world: &World<'_>,
        plan: &Plan,
        founding: Option<&Founding>,
    ) -> Option<NotMade> {
        let is_unhelped = |outcome: &Outcome| matches!(outcome, Outcome::Unhelpable(_));
        let mut pods = plan.pods.iter();
        let gap = self.gap.filter(|_| pods.any(|pod| is_unhelped(&pod.outcome)));
        let tried = founding.into_iter().flat_map(|founding| &founding.new);
        let mut troubles = tried.filter_map(|group| world.troubles.of(&Batch::about(group).subject));
        let refused = || {
            troubles
                .next()
                .map(|trouble| NotMade::Refused(trouble.message.clone()))
        };
        gap.map(NotMade::Gap).or_else(refused)
    }

    /// Tells whether VPSie is being asked for the first time of what they could be. An error is an answer.
    pub(super) fn is_awaited(&self, world: &World<'_>) -> bool {
        self.founder.as_ref().is_some_and(|founder| {
            let cluster = world.cluster(&founder.cluster);
            let is_answered = cluster.is_some_and(|view| view.latest().is_some() || view.error().is_some());
            !is_answered || world.polls.are_offers_awaited(&founder.datacenter())
        })
    }

    /// Says of what they may be made: of each size that VPSie offers, and of which it has no group yet.
    ///
    /// Nothing where that is not known as a whole: a NodeGroup that cannot be read has a size, too, and a reply that is
    /// not complete may lack groups.
    pub(super) fn dynamic(
        &self,
        world: &World<'_>,
        reader: &mut Reader,
        attachments: &BTreeMap<Name, i64>,
    ) -> Option<Dynamic> {
        let founder = self.founder.as_ref()?;
        if world.skew.is_some() || !world.unreadable.groups.is_empty() {
            return None;
        }
        let cluster = ClusterId::new(founder.cluster.as_str());
        let reply = world.polls.cluster(&cluster)?.latest()?;
        if !reply.is_complete(&cluster) {
            return None;
        }
        let offers = world.polls.offers(&founder.datacenter());
        let mut dynamic = reader.dynamic(&founder.new_groups, offers, attachments);
        dynamic.sizes.retain(|size| !is_taken(reply, size));
        Some(dynamic)
    }

    /// Says which NodeGroups a plan makes, and which of those that there are it needs.
    pub(super) fn founding(&self, world: &World<'_>, cluster: &Cluster, plan: &Plan) -> Option<Founding> {
        let needed = cluster.groups.iter().filter(|group| !plan.leaves_unused(group));
        let new = plan.new_groups.iter();
        self.is_on.then(|| Founding {
            new: new.filter_map(|new| self.make(world, new)).collect(),
            needed: needed.map(|group| place(&group.name)).collect(),
        })
    }

    /// Says that no pod needs any NodeGroup.
    pub(super) fn idle(&self) -> Option<Founding> {
        self.is_on.then(Founding::default)
    }

    fn make(&self, world: &World<'_>, new: &NewGroup) -> Option<NodeGroup> {
        let founder = self.founder.as_ref()?;
        let mut offers = world.polls.offers(&founder.datacenter());
        let offer = offers.find(|offer| i64::try_from(offer.number.get()).ok() == new.group.size);
        Some(founder.make(new, offer, world.now))
    }
}

/// Tells whether VPSie's one group of a size is another than that which we would make or take.
///
/// An empty group of our name and size is what an earlier NodeGroup of ours has left: VPSie keeps it.
fn is_taken(reply: &Reply, size: &Size) -> bool {
    let name = size.group_name();
    let mut groups = reply.groups.iter().filter(|group| !group.is_deleted);
    groups.any(|group| {
        let is_of_size = group
            .size
            .is_none_or(|other| i64::try_from(other.get()) == Ok(size.id));
        let has_machines = group.nodes_count.is_some_and(|count| count > 0);
        if *group.name == *name {
            !is_of_size || has_machines
        } else {
            is_of_size && group.size.is_some()
        }
    })
}
