//! One shared poll of VPSie per cycle: every cluster is asked once, whatever the number of its nodes (`D8`).

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use vpsie_api::{Call, CallError, Cluster, ClusterId, ClusterSummary, NodeGroup, NodeUuid, VpsieApi};

/// Longest wait for one cluster (`D7`); its own repetitions and the local rate limit included.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How many complete replies must lack a machine before it counts as gone.
pub const ABSENCES_NEEDED: u32 = 3;

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
    latest: Option<Result<Reply, CallError>>,
    /// The two newest complete replies, older first; together they make a baseline (`R2b`).
    complete: Vec<Reply>,
    /// Machines that were asked about and not listed.
    absences: Absences<NodeUuid>,
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
}

// === impl Reply ===

impl Reply {
    /// Tells whether the reply speaks of the cluster that was asked for and lists all of its nodes.
    pub fn is_complete(&self, requested: &ClusterId) -> bool {
        self.cluster.is_complete(requested)
    }

    /// Tells whether a machine is listed.
    pub fn lists(&self, machine: &NodeUuid) -> bool {
        self.cluster
            .nodes
            .iter()
            .any(|node| node.identifier.as_ref() == Some(machine))
    }
}

// === impl ClusterView ===

impl ClusterView {
    fn new(spacing: TimeDelta) -> Self {
        Self {
            latest: None,
            complete: Vec::new(),
            absences: Absences::spaced(spacing),
        }
    }

    /// Returns the newest reply if the newest poll succeeded.
    pub fn latest(&self) -> Option<&Reply> {
        self.latest.as_ref()?.as_ref().ok()
    }

    /// Returns why the newest poll failed.
    pub fn error(&self) -> Option<&CallError> {
        self.latest.as_ref()?.as_ref().err()
    }

    /// Returns the two newest complete replies, once there are two and the newest poll is one of them.
    pub fn baseline_replies(&self) -> Option<[&Reply; 2]> {
        let latest = self.latest()?;
        match self.complete.as_slice() {
            [older, newer] if newer.at == latest.at => Some([older, newer]),
            _ => None,
        }
    }

    /// Tells whether enough complete replies, far enough apart, lacked a machine.
    pub fn is_gone(&self, machine: &NodeUuid) -> bool {
        self.absences.is_proven(machine)
    }

    /// Takes in the answer to one poll; `wanted` are the recorded machines whose absence matters.
    fn take(&mut self, id: &ClusterId, answer: Result<Reply, CallError>, wanted: &BTreeSet<NodeUuid>) {
        if let Ok(reply) = &answer
            && reply.is_complete(id)
        {
            self.count_absences(reply, wanted);
            self.complete.push(reply.clone());
            if self.complete.len() > 2 {
                self.complete.remove(0);
            }
        }
        self.latest = Some(answer);
    }

    fn count_absences(&mut self, reply: &Reply, wanted: &BTreeSet<NodeUuid>) {
        let absent: BTreeSet<NodeUuid> = wanted
            .iter()
            .filter(|machine| !reply.lists(machine))
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
        self.seen.retain(|key, _| absent.contains(key));
        for key in absent {
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
        }
    }

    /// Returns what is known of a cluster.
    pub fn cluster(&self, id: &ClusterId) -> Option<&ClusterView> {
        self.clusters.get(id)
    }

    /// Returns every polled cluster in order of its identifier.
    pub fn clusters(&self) -> impl Iterator<Item = (&ClusterId, &ClusterView)> {
        self.clusters.iter()
    }

    /// Tells whether a poll is due, or a cluster is wanted that was never asked for.
    pub fn is_due(
        &self,
        now: DateTime<Utc>,
        interval: TimeDelta,
        wanted: &BTreeMap<ClusterId, BTreeSet<NodeUuid>>,
    ) -> bool {
        // A clock that was set back must not stop the polls.
        let is_old = self.polled_at.is_none_or(|at| now < at || now - at >= interval);
        let asks_for_new = wanted.keys().any(|id| !self.clusters.contains_key(id));
        !wanted.is_empty() && (is_old || asks_for_new)
    }

    /// Asks VPSie once for the list of clusters and once for each wanted cluster and its groups.
    ///
    /// A failure is kept as the answer of its cluster and stops no other.
    pub async fn refresh(
        &mut self,
        api: &dyn VpsieApi,
        now: DateTime<Utc>,
        wanted: &BTreeMap<ClusterId, BTreeSet<NodeUuid>>,
    ) {
        self.clusters.retain(|id, _| wanted.contains_key(id));
        self.polled_at = Some(now);
        if wanted.is_empty() {
            return;
        }
        let summaries = match tokio::time::timeout(ANSWER_LIMIT, api.clusters()).await {
            Ok(Ok(summaries)) => summaries,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the list of clusters could not be read");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!("the list of clusters was not answered in time");
                Vec::new()
            }
        };
        for (id, machines) in wanted {
            let summary = summaries
                .iter()
                .find(|summary| &summary.identifier == id)
                .cloned();
            let answer = tokio::time::timeout(ANSWER_LIMIT, ask(api, id, now, summary)).await;
            let answer = answer.unwrap_or(Err(CallError::TimedOut {
                call: Call::GetCluster,
            }));
            if let Err(error) = &answer {
                tracing::warn!(cluster = %id, %error, "the cluster could not be polled");
            }
            self.take(id, answer, machines);
        }
    }

    /// Takes in the answer to one poll of one cluster.
    pub(crate) fn take(
        &mut self,
        id: &ClusterId,
        answer: Result<Reply, CallError>,
        wanted: &BTreeSet<NodeUuid>,
    ) {
        let spacing = self.absence_spacing;
        let view = self
            .clusters
            .entry(id.clone())
            .or_insert_with(|| ClusterView::new(spacing));
        view.take(id, answer, wanted);
    }
}

async fn ask(
    api: &dyn VpsieApi,
    id: &ClusterId,
    at: DateTime<Utc>,
    summary: Option<ClusterSummary>,
) -> Result<Reply, CallError> {
    let cluster = api.cluster(id).await?;
    let groups = api.node_groups(id).await?;
    Ok(Reply {
        at,
        cluster,
        groups,
        summary,
    })
}

#[cfg(test)]
mod tests;
