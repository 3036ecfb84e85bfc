//! Carries out commands, one outside effect each, and keeps going when one fails.

mod asking;
mod baselines;
mod creation;
mod dynamic;
mod effect;
mod error;
mod flight;
mod node;
mod objects;
mod provider_group;
mod removal;
mod request;
mod writer;

use crate::baseline::Stored;
use crate::clock::Clock;
use crate::command::{Batch, Command, Context};
use crate::endpoints::Endpoints;
use crate::journal::Journal;
use crate::lease::{EFFECT_START, Mandate};
use crate::metrics::{Measured, Metrics};
use crate::poll::Polls;
use crate::pulse::Pulse;
use crate::remover::Remover;
use crate::settings::Settings;
use crate::target::Target;
use crate::telemetry::Telemetry;
use crate::trouble::{Trouble, Troubles};
use crate::watches::{Place, Watches};
use baselines::BaselineStore;
pub(crate) use creation::Creation;
pub use error::ActError;
use flight::{Flight, Flights};
use kube::Client;
use node_lifecycle::Gate;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument as _;
use vpsie_api::{Call, ClusterId, GroupNumber, RemoveWorker, VpsieApi};
use writer::Writer;

/// Carries out what was decided.
pub struct Actor {
    client: Client,
    api: Arc<dyn VpsieApi>,
    remover: Remover,
    gate: Gate,
    baselines: BaselineStore,
    troubles: Troubles,
    has_conflicts: bool,
    clock: Clock,
    metrics: Arc<Metrics>,
    pulse: Pulse,
    journal: Journal,
    endpoints: Endpoints,
    flights: Flights,
    /// The VPSieNodes that were made since somebody asked.
    made: Vec<Creation>,
    /// The NodeGroups that were made since somebody asked.
    founded: Vec<Place>,
    /// Clusters that get no further request in this pass.
    paused: BTreeSet<ClusterId>,
}

/// What one pass knows beyond its commands.
struct Pass<'a> {
    polls: &'a Polls,
    watches: &'a Watches,
    /// Leave to act, looked at before every effect.
    mandate: &'a Mandate,
    /// Writes under the versions of objects that this pass itself has made since they were looked at.
    writer: Writer,
    /// How many requests for machines may be on their way at once.
    seats: usize,
    /// Baselines that this pass has stored, by cluster and group: one serves all requests of the pass.
    baselines: BTreeMap<(ClusterId, GroupNumber), String>,
    /// The VPSieNodes that this pass has made, at the versions that it made.
    made: Vec<Target>,
}

// === impl Actor ===

impl Actor {
    /// Makes an actor; the only holder of the power to remove machines.
    pub fn new(
        client: Client,
        api: Arc<dyn VpsieApi>,
        remove: Arc<dyn RemoveWorker>,
        clock: Clock,
        settings: &Settings,
    ) -> Self {
        let baselines = BaselineStore::new(client.clone(), &settings.namespace);
        let telemetry = Telemetry::default();
        Self {
            client,
            api,
            remover: Remover::new(remove),
            gate: settings.gate.clone(),
            baselines,
            troubles: Troubles::default(),
            has_conflicts: false,
            clock,
            metrics: Arc::clone(&telemetry.metrics),
            pulse: telemetry.pulse.clone(),
            journal: telemetry.journal().clone(),
            endpoints: Endpoints::default(),
            flights: Flights::default(),
            made: Vec::new(),
            founded: Vec::new(),
            paused: BTreeSet::new(),
        }
    }

    /// Looks at these endpoints once more right before a machine goes.
    pub(crate) fn heed(&mut self, endpoints: Endpoints) {
        self.endpoints = endpoints;
    }

    /// Measures every call of VPSie from now on, and gives a sign of life between two commands.
    pub(crate) fn tell(&mut self, telemetry: &Telemetry) {
        self.metrics = Arc::clone(&telemetry.metrics);
        self.pulse = telemetry.pulse.clone();
        self.journal = telemetry.journal().clone();
        let measured = Measured::new(Arc::clone(&self.api), Arc::clone(&self.metrics));
        self.api = Arc::new(measured);
    }

    /// Reads the stored baselines.
    ///
    /// # Errors
    ///
    /// When the ConfigMap cannot be read.
    pub async fn load_baselines(&mut self) -> Result<(), ActError> {
        self.baselines.load().await
    }

    /// Returns the stored baselines and tombstones.
    pub fn stored(&self) -> &Stored {
        self.baselines.stored()
    }

    /// Returns what Kubernetes did not let us do, and does not yet.
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Tells whether a write of the last pass met a newer version or an object of its name: it is decided on anew, soon.
    pub fn has_conflicts(&self) -> bool {
        self.has_conflicts
    }

    /// Waits until a request that had left is settled; for ever when none is on its way.
    pub(crate) async fn landed(&mut self) {
        self.flights.one_landed().await;
    }

    /// Waits until every request that had left is settled.
    pub(crate) async fn all_landed(&mut self) {
        self.flights.all_landed().await;
        self.take_in();
    }

    /// Drops the requests on their way, as a process that dies would drop them: their intents stay open.
    pub(crate) fn abandon(&mut self) {
        self.flights = Flights::default();
        self.paused.clear();
    }

    /// Takes in what came of requests that had left: the next pass, or the rest of this one, heeds it.
    pub(crate) fn take_in(&mut self) {
        for landed in self.flights.take_landed() {
            if !landed.is_accepted {
                self.paused.insert(landed.cluster);
            }
            self.conclude(&landed.subject, landed.label, landed.written.as_ref().err());
        }
    }

    /// Carries out batches and returns how many commands had an effect: first those that stay in Kubernetes, then those
    /// that ask VPSie, each in their order.
    ///
    /// The latter only as long as there is room in the rate limit and nothing new to look at; what is left is decided
    /// again in the next pass. A command that fails ends its own batch and no other. Requests for machines leave, and what
    /// comes of them is settled while later passes go on; batches about them are left to these. When leadership ends,
    /// nothing further is begun; what came of a request that had left is still written down.
    pub async fn act(
        &mut self,
        batches: Vec<Batch>,
        polls: &Polls,
        watches: &Watches,
        mandate: &Mandate,
    ) -> usize {
        let mut pass = Pass {
            polls,
            watches,
            mandate,
            writer: Writer::new(self.client.clone()),
            seats: asking::seats(watches),
            baselines: BTreeMap::new(),
            made: Vec::new(),
        };
        let subjects = batches.iter().map(|batch| batch.subject.as_str()).collect();
        self.troubles.keep_only(&subjects);
        self.has_conflicts = false;
        let free = batches
            .into_iter()
            .filter(|batch| !self.flights.is_of(&batch.subject));
        let (staying, asking) = asking::part(free);
        let done = self.act_in_order(staying, asking, &mut pass).await;
        self.paused.clear();
        done
    }

    async fn act_in_order(
        &mut self,
        staying: Vec<Batch>,
        asking: Vec<(Call, Batch)>,
        pass: &mut Pass<'_>,
    ) -> usize {
        let mut done = 0;
        for batch in staying {
            let Some(carried_out) = self.carry_out_led(batch, pass).await else {
                return done;
            };
            done += carried_out;
        }
        for (place, (call, mut batch)) in asking.into_iter().enumerate() {
            if !batch.settle_target(&pass.made) {
                continue;
            }
            if !self.may_ask(call, place, pass).await {
                return done;
            }
            let Some(carried_out) = self.carry_out_led(batch, pass).await else {
                return done;
            };
            done += carried_out;
        }
        done
    }

    /// Carries out one batch unless its trouble is waited for; nothing once leadership may end.
    async fn carry_out_led(&mut self, batch: Batch, pass: &mut Pass<'_>) -> Option<usize> {
        if !pass.mandate.covers(EFFECT_START) {
            tracing::info!("not led any longer; the pass ends");
            return None;
        }
        if self.troubles.is_waiting(&batch.subject) {
            return Some(0);
        }
        Some(self.carry_out_all(batch, pass).await)
    }

    /// Carries out one batch up to the first failure, or to the end of leadership.
    async fn carry_out_all(&mut self, batch: Batch, pass: &mut Pass<'_>) -> usize {
        let mut done = 0;
        for command in batch.commands {
            let label = command.label();
            if !pass.mandate.covers(EFFECT_START) {
                return done;
            }
            self.pulse.beat();
            let began = Instant::now();
            let span = span(&batch.subject, label, &batch.context);
            match self.carry_out(command, pass).instrument(span.clone()).await {
                Ok(None) => {
                    done += 1;
                    tracing::debug!(subject = batch.subject, command = label, "done");
                }
                Ok(Some(flight)) => {
                    self.note_asked(&flight.request.target);
                    // The rest, if any, is decided anew once it is known what came of it.
                    span.in_scope(|| self.flights.launch(flight, &batch.subject, label, &batch.context));
                    return done + 1;
                }
                Err(error) => {
                    span.in_scope(|| report(&batch.subject, label, &batch.context, began.elapsed(), &error));
                    self.conclude(&batch.subject, label, Some(&error));
                    return done;
                }
            }
        }
        self.troubles.is_over(&batch.subject);
        done
    }

    /// Keeps the trouble of a batch, or that it is over.
    fn conclude(&mut self, subject: &str, label: &'static str, error: Option<&ActError>) {
        self.has_conflicts |= matches!(error, Some(ActError::Conflict));
        match error.and_then(|error| Trouble::of(label, error)) {
            Some(trouble) => self.troubles.note(subject, trouble),
            None => self.troubles.is_over(subject),
        }
    }

    /// Carries out one command; a request for a machine is returned when nothing is missing but the request itself.
    async fn carry_out(&mut self, command: Command, pass: &mut Pass<'_>) -> Result<Option<Flight>, ActError> {
        let done = match command {
            Command::AddFinalizer(kind, target, finalizers)
            | Command::RemoveFinalizer(kind, target, finalizers) => {
                pass.writer.set_finalizers(kind, target, &finalizers).await
            }
            Command::CreateProviderGroup(target, request, attempt) => {
                self.create_provider_group(target, &request, attempt, pass).await
            }
            Command::CreateNodeGroup(object) => self.create_node_group(&object).await,
            Command::DeleteNodeGroup(target) => self.delete_node_group(target, pass).await,
            Command::CreateVpsieNode(object) => self.create_vpsie_node(&object, pass).await,
            Command::DeleteVpsieNode(target) => self.delete_vpsie_node(&target).await,
            Command::RequestMachine(request) => return self.prepare_request(request, pass).await.map(Some),
            Command::RecordMachine(target, record) => pass.writer.record_machine(target, &record).await,
            Command::LabelNode(target, marks) => self.label_node(target, marks).await,
            Command::DrainNode(target, drain) => self.drain_node(&target, drain).await,
            Command::ReturnNode(target, drain) => self.return_node(&target, &drain).await,
            Command::RemoveMachine(permit, case, attempt) => {
                self.remove_machine(permit, *case, attempt, pass).await
            }
            Command::DeleteNode(target) => self.delete_node(&target).await,
            Command::Bury(tombstone) => self.baselines.bury(*tombstone, self.clock.now()).await,
            Command::WriteLife(target, life) => pass.writer.write_life(target, &life).await,
            Command::WriteVpsieNodeStatus(target, write) => {
                pass.writer.write_vpsie_node_status(target, &write).await
            }
            Command::WriteNodeGroupStatus(target, write) => {
                pass.writer.write_node_group_status(target, &write).await
            }
        };
        done.map(|()| None)
    }
}

/// Opens the span of one command: every line in it says whose it is.
fn span(subject: &str, command: &'static str, context: &Context) -> tracing::Span {
    let Context {
        node_group,
        cluster,
        request_id,
    } = context;
    tracing::info_span!("effect", subject, command, node_group, cluster, request_id)
}

/// Conflicts are the normal way of two writers; everything else is worth a person's look (`E1`).
fn report(subject: &str, command: &'static str, context: &Context, elapsed: Duration, error: &ActError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    if matches!(
        error,
        ActError::Conflict | ActError::ClusterPaused | ActError::NotLeading
    ) {
        tracing::debug!(subject, command, %error, "not done");
        return;
    }
    tracing::warn!(
        subject,
        command,
        node_group = context.node_group,
        cluster = context.cluster,
        request_id = context.request_id,
        elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        %error,
        cause,
        "not done"
    );
}
