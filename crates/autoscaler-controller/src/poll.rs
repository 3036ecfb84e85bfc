//! One shared poll of VPSie per cycle: every cluster is asked once, whatever the number of its nodes (`D8`).

mod poller;
mod prices;

use crate::planning::Size;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use vpsie_api::{
    CallError, Cluster, ClusterId, ClusterNode, ClusterSummary, DatacenterId, Decimal, NodeGroup, NodeUuid,
    Offer, SizeNumber,
};

pub use poller::Poller;
use prices::Prices;

/// How many complete replies must lack a machine before it counts as gone.
pub const ABSENCES_NEEDED: u32 = 3;

/// What names a machine in the lists of VPSie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// Its identifier.
    Identifier(NodeUuid),
    /// Its number, where no identifier is recorded.
    Number(u64),
}

/// The clusters to ask for, and in each the recorded machines whose absence matters.
pub type Wanted = BTreeMap<ClusterId, BTreeSet<Identity>>;

/// What one poll of one cluster answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// When the poll began.
    pub at: DateTime<Utc>,
    /// The cluster with its nodes.
    pub cluster: Cluster,
    /// The node groups of the cluster.
    pub groups: Vec<NodeGroup>,
    /// The entry of the cluster in the list of all clusters, when that list was readable.
    pub summary: Option<ClusterSummary>,
}

/// All that is known of one cluster at VPSie.
#[derive(Debug)]
pub struct ClusterView {
    /// The newest reply, or why there is none.
    latest: Option<Result<Arc<Reply>, CallError>>,
    /// The two newest complete replies, older first; together they make a baseline (`R2b`).
    complete: Vec<Arc<Reply>>,
    /// Machines that were asked about and not listed.
    absences: Absences<Identity>,
    /// Places of the machines in the newest reply, by identifier.
    places: BTreeMap<NodeUuid, Vec<usize>>,
}

/// A machine in a reply of VPSie.
#[derive(Clone, Debug)]
pub struct Listing<'r> {
    /// The reply.
    pub reply: &'r Reply,
    /// Every entry of the machine in it.
    pub entries: Vec<&'r ClusterNode>,
}

/// What one reply lists, to look up.
struct Listed<'r> {
    identifiers: BTreeSet<&'r NodeUuid>,
    /// `None` when some machine is listed without a number: then a missing number proves nothing.
    numbers: Option<BTreeSet<u64>>,
}

/// What complete replies lacked, how often, and when last; replies that are close together count once.
#[derive(Debug)]
pub struct Absences<K> {
    spacing: TimeDelta,
    seen: BTreeMap<K, (u32, DateTime<Utc>)>,
}

/// The poll of all clusters, and when the next is due.
#[derive(Debug)]
pub struct Polls {
    absence_spacing: TimeDelta,
    clusters: BTreeMap<ClusterId, ClusterView>,
    polled_at: Option<DateTime<Utc>>,
    prices: Prices,
}

// === impl Reply ===

impl Reply {
    /// Tells whether the reply speaks of the cluster that was asked for and lists all of its nodes.
    pub fn is_complete(&self, requested: &ClusterId) -> bool {
        self.cluster.is_complete(requested)
    }

    /// Tells whether another reply says just this, whenever it came.
    fn says_what(&self, other: &Self) -> bool {
        (&self.cluster, &self.groups, &self.summary) == (&other.cluster, &other.groups, &other.summary)
    }
}

// === impl Listed ===

impl<'r> Listed<'r> {
    fn of(reply: &'r Reply) -> Self {
        let nodes = &reply.cluster.nodes;
        Self {
            identifiers: nodes.iter().filter_map(|node| node.identifier.as_ref()).collect(),
            numbers: nodes.iter().map(|node| Some(node.number?.get())).collect(),
        }
    }

    fn lacks(&self, machine: &Identity) -> bool {
        match machine {
            Identity::Identifier(identifier) => !self.identifiers.contains(identifier),
            Identity::Number(number) => self
                .numbers
                .as_ref()
                .is_some_and(|numbers| !numbers.contains(number)),
        }
    }
}

// === impl ClusterView ===

impl ClusterView {
    fn new(spacing: TimeDelta) -> Self {
        Self {
            latest: None,
            complete: Vec::new(),
            absences: Absences::spaced(spacing),
            places: BTreeMap::new(),
        }
    }

    /// Returns the newest reply if the newest poll succeeded.
    pub fn latest(&self) -> Option<&Reply> {
        self.latest.as_ref()?.as_deref().ok()
    }

    /// Returns why the newest poll failed.
    pub fn error(&self) -> Option<&CallError> {
        self.latest.as_ref()?.as_ref().err()
    }

    /// Returns the two newest complete replies, once there are two and the newest poll is one of them.
    pub fn baseline_replies(&self) -> Option<[&Reply; 2]> {
        let latest = self.latest()?;
        match self.complete.as_slice() {
            [older, newer] if newer.at == latest.at => Some([&**older, &**newer]),
            _ => None,
        }
    }

    /// Tells whether enough complete replies, far enough apart, lacked a machine.
    pub fn is_gone(&self, machine: &Identity) -> bool {
        self.absences.is_proven(machine)
    }

    /// Finds a machine in the newest reply, if the newest poll succeeded.
    pub fn listing(&self, machine: &NodeUuid) -> Option<Listing<'_>> {
        let reply = self.latest()?;
        let places = self.places.get(machine).into_iter().flatten();
        let entries = places.filter_map(|place| reply.cluster.nodes.get(*place));
        Some(Listing {
            reply,
            entries: entries.collect(),
        })
    }

    /// Takes in the answer to one poll; `wanted` are the recorded machines whose absence matters.
    fn take(&mut self, id: &ClusterId, answer: Result<Reply, CallError>, wanted: &BTreeSet<Identity>) {
        let answer = answer.map(Arc::new);
        if let Ok(reply) = &answer
            && reply.is_complete(id)
        {
            self.count_absences(reply, wanted);
            self.keep(reply);
        }
        self.places.clear();
        let nodes = answer.iter().flat_map(|reply| &reply.cluster.nodes);
        for (place, node) in nodes.enumerate() {
            if let Some(identifier) = &node.identifier {
                self.places.entry(identifier.clone()).or_default().push(place);
            }
        }
        self.latest = Some(answer);
    }

    /// Keeps the two newest complete replies. Where both say the same, the newer one stands for both: of a large cluster a
    /// reply is large, and nearly every one repeats the last.
    fn keep(&mut self, reply: &Arc<Reply>) {
        if self.complete.last().is_some_and(|last| last.says_what(reply)) {
            self.complete.clear();
            self.complete.push(Arc::clone(reply));
        }
        self.complete.push(Arc::clone(reply));
        if self.complete.len() > 2 {
            self.complete.remove(0);
        }
    }

    fn count_absences(&mut self, reply: &Reply, wanted: &BTreeSet<Identity>) {
        let listed = Listed::of(reply);
        let absent: BTreeSet<Identity> = wanted
            .iter()
            .filter(|machine| listed.lacks(machine))
            .cloned()
            .collect();
        self.absences.observe(absent, reply.at);
    }
}

// === impl Absences ===

impl<K: Ord> Absences<K> {
    /// Starts with nothing absent; replies closer together than `spacing` count once.
    pub fn spaced(spacing: TimeDelta) -> Self {
        Self {
            spacing,
            seen: BTreeMap::new(),
        }
    }

    /// Takes in what one complete reply lacked; what it did not lack is forgotten.
    pub fn observe(&mut self, absent: BTreeSet<K>, at: DateTime<Utc>) {
        self.observe_each(absent.into_iter().map(|key| (key, at)).collect());
    }

    /// Takes in what several complete replies lacked, each with its time; looking at one of them twice counts once.
    pub fn observe_each(&mut self, absent: BTreeMap<K, DateTime<Utc>>) {
        self.seen.retain(|key, _| absent.contains_key(key));
        for (key, at) in absent {
            let (count, last) = self.seen.entry(key).or_insert((0, at - self.spacing));
            if at - *last >= self.spacing {
                *count = count.saturating_add(1);
                *last = at;
            }
        }
    }

    /// Tells whether enough replies, far enough apart, lacked it.
    pub fn is_proven(&self, key: &K) -> bool {
        self.seen
            .get(key)
            .is_some_and(|(count, _)| *count >= ABSENCES_NEEDED)
    }
}

// === impl Polls ===

impl Polls {
    /// Starts with nothing polled; replies closer together than `absence_spacing` prove an absence only once.
    pub fn new(absence_spacing: TimeDelta) -> Self {
        Self {
            absence_spacing,
            clusters: BTreeMap::new(),
            polled_at: None,
            prices: Prices::default(),
        }
    }

    /// Lists the data centres whose prices are due to be asked for: once an hour each.
    pub(crate) fn due_prices(
        &mut self,
        wanted: BTreeSet<DatacenterId>,
        now: DateTime<Utc>,
    ) -> Vec<DatacenterId> {
        self.prices.due(wanted, now)
    }

    /// Takes in what a data centre offers.
    pub(crate) fn take_offers(&mut self, datacenter: &DatacenterId, answer: Result<Vec<Offer>, CallError>) {
        self.prices.take(datacenter, answer);
    }

    /// Returns what an hour of a machine of a size costs; nothing while VPSie has not said.
    pub(crate) fn hourly_cost(&self, datacenter: &DatacenterId, size: SizeNumber) -> Option<Decimal> {
        self.prices.hourly(datacenter, size)
    }

    /// Says what is offered of the size of a group.
    pub(crate) fn size(&self, group: &crate::resources::NodeGroup) -> Size<'_> {
        let datacenter = DatacenterId::new(group.spec.datacenter_id.as_str());
        let Some(offers) = self.prices.offers(&datacenter) else {
            return Size::Unknown;
        };
        let number = group.spec.kube_size_id.and_then(|size| u64::try_from(size).ok());
        let offer = number.and_then(|number| offers.get(&SizeNumber::new(number)));
        offer.map_or(Size::NotOffered, Size::Offered)
    }

    /// Lists what a data centre offers, as far as VPSie has said.
    pub(crate) fn offers(&self, datacenter: &DatacenterId) -> impl Iterator<Item = &Offer> + use<'_> {
        let offers = self.prices.offers(datacenter);
        offers.into_iter().flat_map(BTreeMap::values)
    }

    /// Tells whether a data centre was asked what it offers, and has not answered yet.
    pub(crate) fn are_offers_awaited(&self, datacenter: &DatacenterId) -> bool {
        self.prices.are_awaited(datacenter)
    }

    /// Returns what is known of a cluster.
    pub fn cluster(&self, id: &ClusterId) -> Option<&ClusterView> {
        self.clusters.get(id)
    }

    /// Returns every polled cluster in order of its identifier.
    pub fn clusters(&self) -> impl Iterator<Item = (&ClusterId, &ClusterView)> {
        self.clusters.iter()
    }

    /// Lists what is due to be asked: everything once per interval, and at once what was never asked for.
    ///
    /// What nobody wants any more is forgotten.
    pub fn due(&mut self, now: DateTime<Utc>, interval: Duration, wanted: &Wanted) -> Wanted {
        self.clusters.retain(|id, _| wanted.contains_key(id));
        if self.due_in(now, interval).is_zero() {
            self.polled_at = Some(now);
            return wanted.clone();
        }
        let is_new = |(id, _): &(&ClusterId, _)| !self.clusters.contains_key(*id);
        let new = wanted.iter().filter(is_new);
        new.map(|(id, machines)| (id.clone(), machines.clone())).collect()
    }

    /// Returns how long it is until everything is due to be asked again.
    pub fn due_in(&self, now: DateTime<Utc>, interval: Duration) -> Duration {
        // A clock that was set back must not stop the polls.
        let passed = self.polled_at.and_then(|at| (now - at).to_std().ok());
        passed.map_or(Duration::ZERO, |passed| interval.saturating_sub(passed))
    }

    /// Takes in the answer to one poll of one cluster.
    pub(crate) fn take(
        &mut self,
        id: &ClusterId,
        answer: Result<Reply, CallError>,
        wanted: &BTreeSet<Identity>,
    ) {
        let spacing = self.absence_spacing;
        let view = self
            .clusters
            .entry(id.clone())
            .or_insert_with(|| ClusterView::new(spacing));
        view.take(id, answer, wanted);
    }
}

#[cfg(test)]
mod tests;
