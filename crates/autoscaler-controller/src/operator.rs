//! The operator: one pass after the other, woken by changes and by the clock.

mod beside;
mod debounce;
mod made;
mod numbers;
mod pass;
mod unfound;
mod waking;

use crate::act::{ActError, Actor};
use crate::board::{Board, Boards};
use crate::clock::Clock;
use crate::credentials::Standing;
use crate::decide::Round;
use crate::endpoints::Endpoints;
use crate::founding::Founder;
use crate::lease::{Leadership, Mandate, Rule};
use crate::lives::Lives;
use crate::metrics::Measured;
use crate::metrics::labels::Part;
use crate::poll::{Absences, Poller, Polls};
use crate::settings::{Settings, SettingsError};
use crate::skew::Comparison;
use crate::states::States;
use crate::telemetry::Telemetry;
use crate::thresholds::Trends;
use crate::watches::{WatchError, Watches};
use crate::world::{arrivals, departures, wanted};
use chrono::{DateTime, Utc};
use debounce::Debounce;
use kube::Client;
use made::Made;
use node_state::Evaluator;
use node_state::store::Reader;
use numbers::Numbers;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vpsie_api::{ClusterId, RemoveWorker, VpsieApi};

/// The node autoscaler: watches, polls, and the actor.
pub struct Operator {
    settings: Settings,
    clock: Clock,
    comparison: Comparison,
    watches: Watches,
    poller: Poller,
    polls: Polls,
    without_candidate: Absences<String>,
    lives: Lives,
    states: States,
    /// When the first lists were there, or the present term began.
    began_at: DateTime<Utc>,
    actor: Actor,
    leadership: Leadership,
    telemetry: Telemetry,
    credentials: Standing,
    endpoints: Endpoints,
    /// What hands node states on; ends with the operator.
    followers: JoinSet<()>,
    numbers: Numbers,
    boards: Boards,
    /// What was made: nothing is planned before the watch shows it.
    made: Made,
    debounce: Debounce,
    /// Where the next pass goes on.
    round: Round,
    /// When time alone changes what the last pass decided.
    look_at: Option<DateTime<Utc>>,
    /// Since when NodeGroups are above their thresholds.
    trends: Trends,
}

/// Why a term came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The operator was told to stop.
    Told,
    /// Another replica leads, or nobody can tell.
    Deposed,
    /// A watch ended by itself.
    Broken,
}

/// Why the operator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings do not fit together.
    #[error("a setting cannot work")]
    Settings(#[from] SettingsError),
    /// A watch did not start.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The stored baselines could not be read.
    #[error("the ConfigMap of baselines could not be read; grant get, create and patch on it")]
    Baselines(#[source] ActError),
}

// === impl Operator ===

impl Operator {
    /// Starts the watches and reads what an earlier process left.
    ///
    /// # Errors
    ///
    /// When a setting cannot work, a kind is not installed or may not be listed, or the API server does not answer.
    pub async fn start<A>(
        client: Client,
        api: Arc<A>,
        clock: Clock,
        settings: Settings,
    ) -> Result<Self, StartError>
    where
        A: VpsieApi + RemoveWorker + 'static,
    {
        settings.check()?;
        let comparison = Comparison::default();
        let client = comparison.listening(client);
        let watches = Watches::start(&client).await?;
        let mut actor = Actor::new(
            client,
            Arc::clone(&api) as _,
            Arc::clone(&api) as _,
            clock.clone(),
            &settings,
        );
        actor.load_baselines().await.map_err(StartError::Baselines)?;
        let polls = Polls::new(settings.absence_spacing);
        let without_candidate = Absences::spaced(settings.candidate_spacing);
        let numbers = Numbers::since(clock.now());
        Ok(Self {
            began_at: clock.now(),
            settings,
            comparison,
            watches,
            poller: Poller::new(api),
            polls,
            without_candidate,
            lives: Lives::default(),
            states: States::default(),
            actor,
            leadership: Leadership::alone(),
            telemetry: Telemetry::default(),
            credentials: Standing::default(),
            endpoints: Endpoints::default(),
            followers: JoinSet::new(),
            numbers,
            boards: Boards::default(),
            made: Made::default(),
            debounce: Debounce::default(),
            round: Round::default(),
            look_at: None,
            trends: Trends::default(),
            clock,
        })
    }

    /// Acts only while this leadership lasts; without it the operator takes itself to be alone.
    #[must_use]
    pub fn led_by(self, leadership: Leadership) -> Self {
        Self { leadership, ..self }
    }

    /// Says on NodeGroups when the followed Secret cannot be used.
    #[must_use]
    pub fn with_credentials(self, credentials: Standing) -> Self {
        Self { credentials, ..self }
    }

    /// Heeds the endpoints of watched Services before a machine goes, and lets discovery know of Nodes.
    #[must_use]
    pub fn watching(mut self, endpoints: Endpoints) -> Self {
        endpoints.follow(self.states.readers(), &mut self.followers);
        self.actor.heed(endpoints.clone());
        Self { endpoints, ..self }
    }

    /// Tells of its work from now on, to whoever reads the telemetry.
    #[must_use]
    pub fn telling(mut self, telemetry: Telemetry) -> Self {
        self.actor.tell(&telemetry);
        let measured = Measured::new(self.poller.api(), Arc::clone(&telemetry.metrics));
        self.poller = Poller::new(Arc::new(measured));
        Self { telemetry, ..self }
    }

    /// Evaluates nodes in another way from now on, as a test does that counts evaluations (`NS-2`).
    #[must_use]
    pub fn evaluating(mut self, evaluator: impl Evaluator + Send + Sync + 'static) -> Self {
        self.states.evaluate_with(Box::new(evaluator));
        self
    }

    /// Returns where the states of nodes can be read and subscribed to: nothing before everything was evaluated, and while
    /// another replica leads. A subscription ends with the term in which it began.
    pub fn states(&self) -> watch::Receiver<Option<Reader>> {
        self.states.readers()
    }

    /// Returns where it is shown what each pass sees besides the states: nothing while another replica leads.
    pub fn boards(&self) -> watch::Receiver<Arc<Board>> {
        self.boards.subscribe()
    }

    /// Runs passes until a watch ends by itself, which none should.
    pub async fn run(self) {
        self.run_until(std::future::pending()).await;
    }

    /// Runs passes until told to stop; returns whether it was told.
    ///
    /// A pass is made when something changed, and at the latest when the next poll of VPSie is due. A poll is dropped
    /// when told to stop; a pass that has effects is finished first, so that what it asked of VPSie is still written
    /// down, and requests that are still on their way are waited for. A process that dies all the same leaves an open
    /// intent, which is safe.
    ///
    /// While another replica leads, the watches go on, nothing is asked of VPSie and nothing is written.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) -> bool {
        let mut stop = std::pin::pin!(stop);
        loop {
            self.telemetry.stand_by();
            if !self.leadership.is_leader() {
                // Who stands by evaluates nothing, and is as ready as he can be (`NS-26`).
                self.telemetry.pulse.synced();
            }
            let mandate = tokio::select! {
                biased;
                () = &mut stop => return true,
                mandate = self.leadership.gained() => mandate,
            };
            let Some(mandate) = mandate else {
                tracing::error!("the leader election ended by itself; the operator stops");
                return false;
            };
            let end = self.lead(&mandate, stop.as_mut()).await;
            self.land(&mandate).await;
            match end {
                End::Told => return true,
                End::Broken => return false,
                End::Deposed => {
                    self.states.forget();
                    self.boards.clear();
                    tracing::info!(term = mandate.term(), "standing by; another replica may lead")
                }
            }
        }
    }

    /// Runs passes for one term.
    async fn lead(&mut self, mandate: &Mandate, mut stop: Pin<&mut impl Future<Output = ()>>) -> End {
        self.forget();
        self.telemetry.lead(mandate.term());
        let mut is_ready = mandate.term().is_none();
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return End::Told,
                () = mandate.ended() => return End::Deposed,
                () = async {
                    self.woken().await;
                    is_ready = is_ready || self.catch_up().await;
                } => {}
            }
            self.take_in();
            self.ask();
            if is_ready && !self.pass_within(mandate).await {
                return End::Deposed;
            }
            if self.watches.is_broken() {
                tracing::error!("a watch ended by itself; the operator stops");
                return End::Broken;
            }
        }
    }

    /// Makes a pass; tells whether it came to its end.
    ///
    /// One that outlives its term by more than any request may take waits for an answer that never comes, as in a
    /// partition. It is dropped, as a process that dies would drop it.
    async fn pass_within(&mut self, mandate: &Mandate) -> bool {
        let overdue = self.overdue(mandate);
        tokio::select! {
            biased;
            _ = self.pass(mandate) => true,
            () = overdue => false,
        }
    }

    /// Waits for the requests that had left, so that what came of them is written down; as long as for a pass.
    async fn land(&mut self, mandate: &Mandate) {
        let overdue = self.overdue(mandate);
        tokio::select! {
            biased;
            () = self.actor.all_landed() => {}
            () = overdue => self.actor.abandon(),
        }
    }

    /// Waits until a term is over for longer than any request may take.
    fn overdue(&self, mandate: &Mandate) -> impl Future<Output = ()> + Send + use<> {
        let (clock, mandate) = (self.clock.clone(), mandate.clone());
        let patience = Rule::REAL.patience(self.settings.request_timeout);
        async move {
            mandate.ended().await;
            clock.sleep(patience).await;
        }
    }

    /// Forgets what an earlier term has seen: between two terms anything may have happened.
    ///
    /// Lives go on from their records, and every node is evaluated anew.
    fn forget(&mut self) {
        self.poller.forget();
        self.polls = Polls::new(self.settings.absence_spacing);
        self.without_candidate = Absences::spaced(self.settings.candidate_spacing);
        self.lives = Lives::default();
        self.trends = Trends::default();
        self.round = Round::default();
        self.states.forget();
        self.watches.mark_all();
        self.began_at = self.clock.now();
    }

    /// Reads the baselines that the last leader stored; tells whether that worked.
    async fn catch_up(&mut self) -> bool {
        let loaded = self.actor.load_baselines().await;
        if let Err(error) = &loaded {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(%error, cause, "the stored baselines are not read yet; nothing is done before");
        }
        loaded.is_ok()
    }

    /// Makes one pass: observe, match, decide, act, and settles every request. Returns how many commands had an effect.
    ///
    /// Without leadership it does nothing.
    pub async fn tick(&mut self) -> usize {
        let Some(mandate) = self.leadership.mandate() else {
            return 0;
        };
        self.ask();
        self.poller.finish().await;
        self.take_in();
        let done = self.pass(&mandate).await;
        self.actor.all_landed().await;
        done
    }

    /// Asks VPSie for what is due; the answers are taken in when they are there.
    fn ask(&mut self) {
        let now = self.clock.now();
        let (groups, claims) = (self.watches.groups(), self.claims());
        let mut wanted = wanted(&groups, &claims);
        let mut priced = departures(&groups, &claims);
        if self.watches.backlog().has_unschedulable() {
            priced.extend(arrivals(&groups));
            let config = self.watches.supplies().config();
            let groups = groups.iter().map(AsRef::as_ref);
            if let Ok(Some(founder)) = Founder::of(config.as_deref(), groups) {
                wanted
                    .entry(ClusterId::new(founder.cluster.as_str()))
                    .or_default();
                priced.insert(founder.datacenter());
            }
        }
        let due = self.polls.due(now, self.settings.poll_interval, &wanted);
        let prices = self.polls.due_prices(priced, now);
        self.telemetry.pulse.beat();
        self.numbers.span().in_scope(|| {
            self.poller.start(now, &due);
            self.poller.ask_prices(prices);
        });
    }

    /// Takes in what VPSie has answered.
    fn take_in(&mut self) {
        self.actor.take_in();
        let has_any = self.poller.take_in(&mut self.polls);
        if let Some(began) = self.poller.ended() {
            self.telemetry.metrics.took(Part::Poll, began);
        }
        if has_any {
            self.telemetry.pulse.polled(&self.polls, self.clock.now());
        }
    }
}
