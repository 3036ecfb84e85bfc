//! The asking: in the background, several clusters at once, so that a slow one keeps nobody waiting.

use super::{Identity, Polls, Reply, Wanted};
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument as _;
use vpsie_api::{Call, CallError, ClusterId, ClusterSummary, DatacenterId, Offer, VpsieApi};

/// Longest wait for one cluster (`D7`); its own repetitions and the local rate limit included.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How many clusters are asked at once: enough that a slow one keeps nobody waiting, few enough for the rate limit.
const AT_ONCE: usize = 4;
/// How many answers may wait to be taken in; a round that has more waits with its next question.
const MOST_WAITING: usize = 64;

/// Asks VPSie for clusters and keeps their answers until they are taken in.
pub struct Poller {
    api: Arc<dyn VpsieApi>,
    sender: mpsc::Sender<Answered>,
    receiver: mpsc::Receiver<Answered>,
    arrived: Vec<Answered>,
    /// What data centres have answered.
    offered: Vec<Offered>,
    /// The clusters that are being asked, and the machines in each whose absence matters.
    under_way: BTreeMap<ClusterId, BTreeSet<Identity>>,
    /// Since when something is under way.
    began: Option<Instant>,
    rounds: JoinSet<()>,
    /// What data centres offer, as it comes in.
    offers: (mpsc::Sender<Offered>, mpsc::Receiver<Offered>),
}

/// What one data centre offers.
type Offered = (DatacenterId, Result<Vec<Offer>, CallError>);

/// The answer of one cluster.
struct Answered {
    cluster: ClusterId,
    answer: Result<Reply, CallError>,
}

// === impl Poller ===

impl Poller {
    /// Starts with nothing asked.
    pub fn new(api: Arc<dyn VpsieApi>) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        Self {
            api,
            sender,
            receiver,
            arrived: Vec::new(),
            offered: Vec::new(),
            under_way: BTreeMap::new(),
            began: None,
            rounds: JoinSet::new(),
            offers: mpsc::channel(MOST_WAITING),
        }
    }

    /// Forgets every question that is under way; its answer is dropped.
    pub fn forget(&mut self) {
        *self = Self::new(Arc::clone(&self.api));
    }

    /// Asks once for the list of clusters, and once for each wanted cluster and its groups.
    ///
    /// A cluster that has not answered an earlier question yet is not asked another one. Must be called inside a
    /// tokio runtime.
    pub fn start(&mut self, now: DateTime<Utc>, wanted: &Wanted) {
        let is_new = |(id, _): &(&ClusterId, _)| !self.under_way.contains_key(*id);
        let new: Wanted = wanted
            .iter()
            .filter(is_new)
            .map(|(id, machines)| (id.clone(), machines.clone()))
            .collect();
        if new.is_empty() {
            return;
        }
        let clusters: Vec<ClusterId> = new.keys().cloned().collect();
        self.under_way.extend(new);
        self.began = self.began.or_else(|| Some(Instant::now()));
        let (api, sender) = (Arc::clone(&self.api), self.sender.clone());
        self.rounds
            .spawn(round(api, now, clusters, sender).in_current_span());
        while self.rounds.try_join_next().is_some() {}
    }

    /// Asks each data centre once for what it offers, one after the other.
    pub(crate) fn ask_prices(&mut self, datacenters: Vec<DatacenterId>) {
        if datacenters.is_empty() {
            return;
        }
        let (api, offers) = (Arc::clone(&self.api), self.offers.0.clone());
        let asking = async move {
            for datacenter in datacenters {
                let answer = tokio::time::timeout(ANSWER_LIMIT, api.offers(&datacenter)).await;
                let call = Call::ListOffers;
                let answer = answer.unwrap_or(Err(CallError::TimedOut { call }));
                if offers.send((datacenter, answer)).await.is_err() {
                    return;
                }
            }
        };
        self.rounds.spawn(asking.in_current_span());
    }

    /// Waits until a cluster or a data centre has answered; safe to give up waiting.
    pub async fn answered(&mut self) {
        tokio::select! {
            biased;
            Some(answered) = self.receiver.recv() => self.arrived.push(answered),
            Some(offered) = self.offers.1.recv() => self.offered.push(offered),
        }
    }

    /// Takes in all answers that have arrived; tells whether there were any.
    pub fn take_in(&mut self, polls: &mut Polls) -> bool {
        while let Ok(answered) = self.receiver.try_recv() {
            self.arrived.push(answered);
        }
        while let Ok(offered) = self.offers.1.try_recv() {
            self.offered.push(offered);
        }
        for (datacenter, answer) in self.offered.drain(..) {
            polls.take_offers(&datacenter, answer);
        }
        let has_any = !self.arrived.is_empty();
        for Answered { cluster, answer } in self.arrived.drain(..) {
            let machines = self.under_way.remove(&cluster).unwrap_or_default();
            polls.take(&cluster, answer, &machines);
        }
        has_any
    }

    /// Returns when the questions began of which the last has just been answered; once.
    pub(crate) fn ended(&mut self) -> Option<Instant> {
        self.began.take_if(|_| self.under_way.is_empty())
    }

    /// Waits for every question that is under way.
    pub async fn finish(&mut self) {
        while self.arrived.len() < self.under_way.len() {
            self.answered().await;
        }
    }

    /// Returns what is asked.
    pub(crate) fn api(&self) -> Arc<dyn VpsieApi> {
        Arc::clone(&self.api)
    }
}

/// Asks for some clusters; each has its own limit, and its answer is sent as soon as it is there.
async fn round(
    api: Arc<dyn VpsieApi>,
    now: DateTime<Utc>,
    clusters: Vec<ClusterId>,
    answers: mpsc::Sender<Answered>,
) {
    let mut summaries = summaries(api.as_ref()).await;
    let questions = clusters.into_iter().map(|cluster| {
        let (api, summary) = (Arc::clone(&api), summaries.remove(&cluster));
        async move {
            let answer = ask_in_time(api.as_ref(), &cluster, now, summary).await;
            Answered { cluster, answer }
        }
    });
    let questions: Vec<_> = questions.collect();
    let mut answered = futures::stream::iter(questions).buffer_unordered(AT_ONCE);
    while let Some(answer) = answered.next().await {
        if answers.send(answer).await.is_err() {
            return;
        }
    }
}

/// Reads the list of clusters; without it their replies lack what only the list says.
async fn summaries(api: &dyn VpsieApi) -> BTreeMap<ClusterId, ClusterSummary> {
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
    summaries
        .into_iter()
        .map(|summary| (summary.identifier.clone(), summary))
        .collect()
}

async fn ask_in_time(
    api: &dyn VpsieApi,
    id: &ClusterId,
    at: DateTime<Utc>,
    summary: Option<ClusterSummary>,
) -> Result<Reply, CallError> {
    let answer = tokio::time::timeout(ANSWER_LIMIT, ask(api, id, at, summary)).await;
    let answer = answer.unwrap_or(Err(CallError::TimedOut {
        call: Call::GetCluster,
    }));
    if let Err(error) = &answer {
        tracing::warn!(cluster = %id, %error, "the cluster could not be polled");
    }
    answer
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
