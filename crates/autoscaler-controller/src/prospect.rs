//! What a pass plans for the pods that wait: the cluster as `fleet-plan` sees it, and what its plan asks of NodeGroups.
//!
//! ```text
//!  World, Backlog, Supplies ──▶ Cluster ──▶ plan ──┬─▶ Growth: new members, and who is awaited     (decide)
//!                                                  └─▶ Pending: what becomes of each pod           (told)
//! ```

mod capacity;
mod founding;
mod groups;
#[cfg(test)]
mod tests;
mod usage;

use crate::backlog::Backlog;
use crate::decide::free_names;
use crate::founding::{Founding, NotMade};
use crate::growth::{Growth, NewMember};
use crate::pending::{Fate, Pending, PendingPod};
use crate::planning::Volumes;
use crate::resources::GlobalSettings;
use crate::thresholds::Trends;
use crate::watches::{Place, Supplies, Watches};
use crate::world::World;
use fleet_plan::cluster::Standing;
use fleet_plan::group::GroupName;
use fleet_plan::pod::PodName;
use fleet_plan::{Cluster, Outcome, Plan};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use founding::Ground;
pub(crate) use groups::{pause, refusal};
pub(crate) use usage::takes_pods;

/// What is planned, and what is told of it.
#[derive(Debug, Default)]
pub(crate) struct Prospect {
    /// What NodeGroups are to do.
    pub(crate) growth: Growth,
    /// What becomes of each pod; nothing while nobody can tell.
    pub(crate) pending: Option<Arc<Pending>>,
}

/// Plans for the pods that wait, and looks at the thresholds of NodeGroups.
pub(crate) fn look(world: &World<'_>, watches: &Watches, trends: &mut Trends) -> Prospect {
    let mut prospect = for_pods(world, watches);
    usage::add(world, watches, trends, &mut prospect.growth);
    prospect
}

/// Plans for the pods that wait. Where nobody does, this costs next to nothing.
fn for_pods(world: &World<'_>, watches: &Watches) -> Prospect {
    let mut backlog = watches.backlog();
    let supplies = watches.supplies();
    let config = supplies.config();
    let settings = config.as_ref().map(|config| config.spec.settings());
    let ground = Ground::of(world, supplies, config.as_deref());
    let grace = grace(settings.as_ref());
    if !backlog.has_unschedulable() {
        let pods = backlog.pods(&Volumes::default(), grace, world.now);
        let pods = pods.into_iter().filter_map(|pod| match pod.standing {
            Standing::Ignored(ignored) => Some((pod.name, Fate::Ignored(ignored))),
            Standing::Waiting(_) | Standing::Unreadable(_) => None,
        });
        return Prospect {
            growth: Growth {
                founding: ground.idle(),
                ..Growth::none()
            },
            pending: Some(Arc::new(pending(pods, &backlog))),
        };
    }
    if groups::are_offers_awaited(world) || ground.is_awaited(world) {
        return Prospect::default();
    }
    let mut cluster = cluster(world, &mut backlog, supplies, grace, &ground);
    let limit = settings.and_then(|settings| settings.cluster_worker_limit());
    cluster.most_workers = limit.map(|limit| u32::try_from(limit).unwrap_or_default());
    let plan = planned(&cluster);
    let founding = ground.founding(world, &cluster, &plan);
    let not_made = ground.not_made(world, &plan, founding.as_ref());
    outlook(world, plan, founding, not_made, &backlog)
}

/// Plans in a span that says how much there was to plan for, and how many nodes are to be bought.
fn planned(cluster: &Cluster) -> Plan {
    let span = tracing::debug_span!(
        "plan",
        pods = cluster.pods.len(),
        nodes = cluster.nodes.len(),
        incoming = cluster.incoming.len(),
        groups = cluster.groups.len(),
        bought = tracing::field::Empty,
    );
    let plan = span.in_scope(|| fleet_plan::plan(cluster));
    let bought = plan.purchases.iter().map(|purchase| purchase.nodes.len());
    span.record("bought", bought.sum::<usize>());
    plan
}

/// Returns how long a pod must wait before nodes are bought for it.
pub(crate) fn grace(settings: Option<&GlobalSettings>) -> Duration {
    let usual = GlobalSettings::default();
    settings.unwrap_or(&usual).unschedulable_pod_grace_period()
}

/// Makes one value of everything that a plan is made from, but for limits of the cluster.
fn cluster(
    world: &World<'_>,
    backlog: &mut Backlog,
    supplies: &Supplies,
    grace: Duration,
    ground: &Ground,
) -> Cluster {
    let volumes = volumes(backlog, supplies);
    let coming = groups::coming(world);
    let arriving: BTreeSet<&str> = coming
        .iter()
        .flat_map(|claim| groups::nodes_of(world, claim))
        .collect();
    let mut nodes = Vec::new();
    let mut rooms = capacity::Rooms::default();
    for node in &world.nodes {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        // Until a VPSieNode is Ready its Node lacks labels and taints, and counts as what it will be.
        if arriving.contains(name) {
            continue;
        }
        match backlog.reader().node(node, supplies.drivers(name).as_deref()) {
            Ok(mut read) => {
                read.pods = backlog.residents(name, &volumes);
                rooms.learn(node, &read);
                nodes.push(read);
            }
            Err(error) => tracing::warn!(%error, "a Node is left out of planning"),
        }
    }
    let (groups, incoming, promises) = groups::read(world, backlog.reader(), &rooms, &coming);
    let daemons = supplies.daemon_sets();
    let daemons = daemons.iter().filter_map(|set| backlog.reader().daemon(set).ok());
    let daemons = daemons.collect();
    let namespaces = supplies.namespaces();
    let namespaces = namespaces.iter().map(|one| backlog.reader().namespace(one));
    Cluster {
        namespaces: namespaces.collect(),
        pods: backlog.pods(&volumes, grace, world.now),
        workers: groups::workers(world),
        nodes,
        daemons,
        groups,
        incoming,
        promises,
        most_workers: None,
        dynamic: ground.dynamic(world, backlog.reader(), &rooms.attachments),
    }
}

/// Gathers the volumes of pods, if any pod has some.
fn volumes(backlog: &Backlog, supplies: &Supplies) -> Volumes {
    let mut volumes = Volumes::default();
    if backlog.has_claims() {
        supplies
            .claims()
            .into_iter()
            .for_each(|claim| volumes.share_claim(claim));
        supplies
            .volumes()
            .into_iter()
            .for_each(|volume| volumes.share_volume(volume));
        supplies
            .classes()
            .into_iter()
            .for_each(|class| volumes.share_class(class));
    }
    volumes
}

/// Reads off a plan what NodeGroups are to do, and what becomes of each pod.
fn outlook(
    world: &World<'_>,
    plan: Plan,
    founding: Option<Founding>,
    not_made: Option<NotMade>,
    backlog: &Backlog,
) -> Prospect {
    let mut growth = Growth {
        founding,
        ..Growth::none()
    };
    for purchase in plan.purchases {
        let place = place(&purchase.group);
        let Some(group) = world
            .group_at(&place)
            .map(AsRef::as_ref)
            .or(growth.founded(&place))
        else {
            continue;
        };
        let members = free_names(world, group).zip(purchase.nodes);
        let members = members.map(|(name, pods)| NewMember { name, pods });
        growth.new.insert(place, members.collect());
    }
    let fates = plan.pods.into_iter().map(|answer| {
        let fate = fate(answer.outcome, &growth);
        (answer.pod, fate)
    });
    let pending = Pending {
        not_made,
        ..pending(fates, backlog)
    };
    for pod in &pending.pods {
        growth.unmet += usize::from(pod.fate.is_unmet());
        if let Fate::Incoming(place) = &pod.fate {
            growth.awaited.insert(place.clone());
        }
    }
    Prospect {
        growth,
        pending: Some(Arc::new(pending)),
    }
}

fn fate(outcome: Outcome, growth: &Growth) -> Fate {
    match outcome {
        Outcome::FitsNow(node) => Fate::FitsNow(node.to_string()),
        Outcome::Incoming(name) => Fate::Incoming(groups::place_of_incoming(&name)),
        Outcome::NewNode(group, number) => {
            let group = place(&group);
            let index = usize::try_from(number.saturating_sub(1)).unwrap_or_default();
            let members = growth.new.get(&group);
            let member = members.and_then(|members| members.get(index));
            Fate::NewNode {
                is_group_new: growth.founded(&group).is_some(),
                member: member.map(|member| member.name.clone()).unwrap_or_default(),
                group,
            }
        }
        Outcome::Unhelpable(refusals) => Fate::Unhelpable(refusals),
        Outcome::Unreadable(flaw) => Fate::Unreadable(flaw),
        Outcome::Ignored(ignored) => Fate::Ignored(ignored),
    }
}

fn pending(pods: impl Iterator<Item = (PodName, Fate)>, backlog: &Backlog) -> Pending {
    let pods = pods.map(|(name, fate)| {
        let place = (name.namespace.to_string(), name.name.to_string());
        let uid = backlog.uid(&place).unwrap_or_default().to_owned();
        let since = backlog.since(&place);
        PendingPod {
            name,
            uid,
            since,
            fate,
        }
    });
    Pending {
        pods: pods.collect(),
        not_made: None,
    }
}

fn place(group: &GroupName) -> Place {
    (group.namespace.to_string(), group.name.to_string())
}
